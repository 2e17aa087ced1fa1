#include "collector/known_files.h"

#include "collector/jobs.h"

struct known {
    bool is_there;
    bool is_same; /* size and times */
    enum file_outcome outcome;
    int64_t holder;
    instant leased_at, lease_until;
};

/* Makes the row, of no content that a file has, or updates one that is there by nothing: so it stays as
 * it is read, until the end of the transaction. */
static enum status row_lock(struct db *db, struct text source, const struct seen_file *file,
                            struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(
        db,
        "INSERT INTO source_file VALUES ($1, $2, -1, 0, 0, 0, 0, '', 0, 0, 0, 0) "
        "ON CONFLICT (source, name) DO UPDATE SET holder = source_file.holder",
        &insert, reason));
    db_bind_text(insert, 1, source);
    db_bind_text(insert, 2, text_of(file->name));
    return db_run(insert, reason);
}

static enum status row_read(struct db *db, struct text source, const struct seen_file *file,
                            struct known *known, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT bytes, modified_ns, changed_ns, outcome, holder, leased_at, "
                          "lease_until FROM source_file WHERE source = $1 AND name = $2",
                          &select, reason));
    db_bind_text(select, 1, source);
    db_bind_text(select, 2, text_of(file->name));
    TRY(db_step(select, &known->is_there, reason));
    if (!known->is_there)
        return STATUS_OK;
    known->is_same = db_column_integer(select, 0) == file->bytes &&
                     db_column_integer(select, 1) == file->modified_ns &&
                     db_column_integer(select, 2) == file->changed_ns;
    known->outcome = (enum file_outcome)db_column_integer(select, 3);
    known->holder = db_column_integer(select, 4);
    known->leased_at = (instant){db_column_integer(select, 5)};
    known->lease_until = (instant){db_column_integer(select, 6)};
    return STATUS_OK;
}

/* As for lists: a clock that was set back holds nobody up. */
static enum status row_check(const struct known *known, int64_t holder, instant now,
                             instant *until, struct reason *reason)
{
    if (!known->is_there)
        return STATUS_OK;
    bool is_held = known->holder != 0 && known->holder != holder &&
                   now.us >= known->leased_at.us - FILE_LEASE_US &&
                   now.us < known->lease_until.us;
    if (is_held) {
        *until = known->lease_until;
        return reason_set(reason, STATUS_BUSY, "another collector reads that file");
    }
    if (known->is_same && known->outcome != FILE_IS_BEING_READ)
        return reason_set(reason, STATUS_EXISTS, "that file was read");
    return STATUS_OK;
}

static enum status row_hold(struct db *db, struct text source, const struct seen_file *file,
                            int64_t holder, instant now, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(db,
                          "INSERT INTO source_file VALUES ($1, $2, $3, $4, $5, 0, 0, '', 0, "
                          "$6, $7, $8) ON CONFLICT (source, name) DO UPDATE SET bytes = $3, "
                          "modified_ns = $4, changed_ns = $5, outcome = 0, lists = 0, "
                          "sentence = '', read_at = 0, holder = $6, leased_at = $7, "
                          "lease_until = $8",
                          &insert, reason));
    db_bind_text(insert, 1, source);
    db_bind_text(insert, 2, text_of(file->name));
    db_bind_integer(insert, 3, file->bytes);
    db_bind_integer(insert, 4, file->modified_ns);
    db_bind_integer(insert, 5, file->changed_ns);
    db_bind_integer(insert, 6, holder);
    db_bind_integer(insert, 7, now.us);
    db_bind_integer(insert, 8, now.us + FILE_LEASE_US);
    return db_run(insert, reason);
}

enum status known_file_take(struct db *db, struct text source, const struct seen_file *file,
                            int64_t holder, instant now, instant *until, struct reason *reason)
{
    check(holder != 0);
    struct known known = {0};
    TRY(row_read(db, source, file, &known,
                 reason)); /* most are known: no lock is taken for them */
    TRY(row_check(&known, holder, now, until, reason));
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin(db, &transaction, reason));
    TRY(row_lock(db, source, file, reason));
    TRY(row_read(db, source, file, &known, reason));
    TRY(row_check(&known, holder, now, until, reason));
    TRY(row_hold(db, source, file, holder, now, reason));
    return db_commit(&transaction, reason);
}

enum status known_file_end(struct db *db, struct text source, const struct seen_file *file,
                           int64_t holder, const struct file_end *end, struct reason *reason)
{
    static const struct file_end unread = {.outcome = FILE_IS_BEING_READ};
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(db,
                          "UPDATE source_file SET outcome = $4, lists = $5, sentence = $6, "
                          "read_at = $7, holder = 0, leased_at = 0, lease_until = 0 "
                          "WHERE source = $1 AND name = $2 AND holder = $3",
                          &update, reason));
    if (!end)
        end = &unread;
    db_bind_text(update, 1, source);
    db_bind_text(update, 2, text_of(file->name));
    db_bind_integer(update, 3, holder);
    db_bind_integer(update, 4, end->outcome);
    db_bind_integer(update, 5, end->lists);
    db_bind_text(update, 6, end->sentence.at ? end->sentence : TEXT(""));
    db_bind_integer(update, 7, end->at.us);
    return db_run(update, reason);
}

enum status known_files_refused(struct db *db, struct text source,
                                struct refused_files *refused, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT sentence FROM source_file WHERE source = $1 AND outcome = 2 "
                          "ORDER BY read_at DESC, name",
                          &select, reason));
    db_bind_text(select, 1, source);
    struct refused_files found = {0};
    bool row;
    TRY(db_step(select, &row, reason));
    while (row) {
        struct text sentence = text_slice(db_column_text(select, 0), 0,
                                          sizeof(found.sentence) - 1);
        if (found.count++ == 0 && sentence.length > 0)
            memcpy(found.sentence, sentence.at, sentence.length);
        TRY(db_step(select, &row, reason));
    }
    *refused = found;
    return STATUS_OK;
}

static enum status row_forget(struct db *db, struct text source, const char *name,
                              struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *remove = NULL;
    TRY(db_statement_take(db, "DELETE FROM source_file WHERE source = $1 AND name = $2",
                          &remove, reason));
    db_bind_text(remove, 1, source);
    db_bind_text(remove, 2, text_of(name));
    return db_run(remove, reason);
}

/* The next known name after this one; false: there is none. */
static enum status name_after(struct db *db, struct text source, char *name, bool *row,
                              struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT name FROM source_file WHERE source = $1 AND name > $2 "
                          "ORDER BY name LIMIT 1",
                          &select, reason));
    db_bind_text(select, 1, source);
    db_bind_text(select, 2, text_of(name));
    TRY(db_step(select, row, reason));
    if (!*row)
        return STATUS_OK;
    struct text found = text_slice(db_column_text(select, 0), 0, SEEN_NAME_BYTES_MAX - 1);
    memcpy(name, found.at, found.length);
    name[found.length] = '\0';
    return STATUS_OK;
}

enum status known_files_sweep(struct db *db, struct text source,
                              bool (*is_gone)(const void *owner, const char *name),
                              const void *owner, struct reason *reason)
{
    bool row;
    char name[SEEN_NAME_BYTES_MAX] = "";
    TRY(name_after(db, source, name, &row, reason));
    while (row) {
        if (is_gone(owner, name))
            TRY(row_forget(db, source, name, reason));
        TRY(name_after(db, source, name, &row, reason));
    }
    return STATUS_OK;
}
