#include "ledger/embedded_billing.h"
#include "ledger/embedded_sessions.h"
#include "ledger/key_uses.h"
#include "sql/migrate.h"

#include <errno.h>

/* The lock file keeps others out: whoever still holds the file is a backup or a person's sqlite3
 * shell, and is given the time to finish. */
#define LEDGER_BUSY_TIMEOUT_MS 5000

struct ledger *ledger_lock(struct ledger *ledger)
{
    check(pthread_mutex_lock(&ledger->lock) == 0);
    return ledger;
}

void ledger_unlock(struct ledger **held)
{
    check(pthread_mutex_unlock(&(*held)->lock) == 0);
}

static enum status digest_read(struct ledger *ledger, struct text blob, struct digest *digest,
                               struct reason *reason)
{
    if (blob.length != sizeof(digest->bytes))
        return reason_set(reason, STATUS_CORRUPT,
                          "%s holds a digest of %zu bytes: restore it from a backup",
                          db_path(ledger->db), blob.length);
    memcpy(digest->bytes, blob.at, sizeof(digest->bytes));
    return STATUS_OK;
}

/* A key that was rotated without grace counts as revoked: a clock that steps back must not bring
 * it back to life. */
static enum status keys_load(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT digest, id, account_id, stops_at, revoked_at IS NOT NULL"
                          " OR coalesce(stops_at <= rotated_at, FALSE), expires_at,"
                          " rotated_at IS NOT NULL FROM api_key",
                          &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        struct digest digest;
        TRY(digest_read(ledger, db_column_blob(select, 0), &digest, reason));
        directory_add(ledger->directory, &digest,
                      &(struct directory_entry){
                          .key_id = db_column_integer(select, 1),
                          .account_id = db_column_integer(select, 2),
                          .stops_at = ledger_key_end((instant){db_column_integer(select, 3)},
                                                     (instant){db_column_integer(select, 5)}),
                          .is_revoked = db_column_integer(select, 4) != 0,
                          .is_rotated = db_column_integer(select, 6) != 0,
                      });
    }
}

static enum status suspensions_load(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT k.digest, a.suspended_at IS NOT NULL,"
                          " a.unpaid_at IS NOT NULL FROM account a JOIN api_key k"
                          " ON k.bucket = a.bucket AND k.account_id = a.id"
                          " WHERE a.suspended_at IS NOT NULL OR a.unpaid_at IS NOT NULL",
                          &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        struct digest digest;
        TRY(digest_read(ledger, db_column_blob(select, 0), &digest, reason));
        directory_refuse(ledger->directory, &digest,
                         account_refusal(db_column_integer(select, 1) != 0,
                                         db_column_integer(select, 2) != 0));
    }
}

static enum status load(struct ledger *ledger, struct text path, struct reason *reason)
{
    const struct db_options options = {.journal = DB_JOURNAL_WAL,
                                       .busy_timeout_ms = LEDGER_BUSY_TIMEOUT_MS};
    TRY(db_open(path, &options, &ledger->db, reason));
    TRY(db_migrate(ledger->db, &migrations_ledger, reason));
    TRY(ledger_closings_load(ledger, reason));
    TRY(keys_load(ledger, reason));
    TRY(ledger_sessions_load(ledger, reason));
    return suspensions_load(ledger, reason);
}

enum status ledger_open(struct text path, const struct time_source *time,
                        struct ledger **ledger, struct reason *reason)
{
    struct owner_lock owner;
    TRY(owner_lock_take(path, &owner, reason));
    struct ledger *opened = memory_take(sizeof(*opened));
    *opened = (struct ledger){.owner = owner,
                              .time = time,
                              .directory = directory_open(),
                              .sessions = session_table_open(),
                              .uses = key_uses_open()};
    check(pthread_mutex_init(&opened->lock, NULL) == 0);
    terms_book_init(&opened->terms);
    committer_init(&opened->committer, opened);
    reader_init(&opened->reader);
    opened->idempotency = idempotency_open();
    enum status status = load(opened, text_of(opened->owner.path), reason);
    if (status != STATUS_OK) {
        ledger_close(opened);
        return status;
    }
    opened->is_loaded = true;
    *ledger = opened;
    return STATUS_OK;
}

/* Of one that was opened whole; what fails is told by who closes the file next. */
static void seen_keep(struct ledger *ledger)
{
    if (ledger->is_loaded)
        (void)!ledger_seen_write(ledger, NULL);
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    committer_stop(&ledger->committer);
    committer_finish(&ledger->committer);
    idempotency_close(ledger->idempotency);
    meter_close(ledger->meter);
    terms_book_finish(&ledger->terms);
    seen_keep(ledger);
    reader_finish(&ledger->reader); /* before the writer, which may checkpoint as the last */
    db_close(ledger->db);
    owner_lock_release(&ledger->owner);
    directory_close(ledger->directory);
    session_table_close(ledger->sessions);
    key_uses_close(ledger->uses);
    check(pthread_mutex_destroy(&ledger->lock) == 0);
    free(ledger);
}

enum status ledger_health(struct ledger *ledger, struct reason *reason)
{
    /* A verb at work is a sign of life: a long import must not make the server look ill. */
    int code = pthread_mutex_trylock(&ledger->lock);
    if (code == EBUSY)
        return STATUS_OK;
    check(code == 0);
    CLEANUP(ledger_unlock) struct ledger *held = ledger;
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(held->db, "SELECT version FROM schema_version LIMIT 1", &select,
                          reason));
    return db_run(select, reason);
}

enum status ledger_next_id(struct ledger *ledger, const char *sql, int64_t *id,
                           struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db, sql, &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *id = db_column_integer(select, 0);
    return STATUS_OK;
}

void ledger_outward_id(char outward_id[OUTWARD_ID_LENGTH + 1])
{
    uint8_t bits[OUTWARD_ID_LENGTH / 2];
    secret_fill(bits, sizeof(bits));
    secret_hex(bits, sizeof(bits), outward_id);
    outward_id[OUTWARD_ID_LENGTH] = '\0';
}

void ledger_copy_text(char *room, size_t room_bytes, struct text value)
{
    check(value.length < room_bytes);
    if (value.length > 0)
        memcpy(room, value.at, value.length);
    room[value.length] = '\0';
}

enum status ledger_check_label(struct text label, size_t bytes_max, const char *what,
                               struct reason *reason)
{
    if (label.length > bytes_max)
        return reason_set(reason, STATUS_INVALID, "the %s has %zu bytes; at most %zu are kept",
                          what, label.length, bytes_max);
    if (!text_is_plain(label))
        return reason_set(reason, STATUS_INVALID,
                          "the %s is not plain text: write it in UTF-8 on one line", what);
    return STATUS_OK;
}

enum status ledger_find_key(struct ledger *ledger, const struct digest *digest,
                            struct key_standing *standing)
{
    struct directory_entry entry;
    if (!directory_find(ledger->directory, digest, &entry))
        return STATUS_MISSING;
    *standing = (struct key_standing){
        .key_id = entry.key_id,
        .account_id = entry.account_id,
        .is_live = !entry.is_revoked &&
                   (entry.stops_at.us == 0 || time_now(ledger->time).us < entry.stops_at.us),
        .stops_at = entry.is_rotated ? entry.stops_at : (instant){0},
        .refusal = entry.refusal,
    };
    return STATUS_OK;
}
