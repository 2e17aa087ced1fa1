#include "ledger/embedded_billing.h"
#include "ledger/embedded_sessions.h"
#include "ledger/embedded_terms.h"
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

enum status ledger_transact(struct ledger *ledger, struct db_transaction *transaction,
                            struct reason *reason)
{
    return ledger->cluster ? cluster_begin(ledger, transaction, reason)
                           : db_begin(ledger->db, transaction, reason);
}

enum status ledger_hold(struct ledger *ledger, int64_t account_id, struct reason *reason)
{
    struct held held;
    if (!ledger->cluster)
        return STATUS_OK;
    enum status status = cluster_hold(ledger, ledger->db, &account_id, 1, &held, reason);
    return status == STATUS_CONFLICT ? STATUS_BUSY
                                     : status; /* it is over when this is tried again */
}

enum status ledger_hold_to_look(struct ledger *ledger, struct db_transaction *transaction,
                                int64_t account_id, struct reason *reason)
{
    if (!ledger->cluster)
        return STATUS_OK;
    TRY(db_begin(ledger->db, transaction, reason));
    return ledger_hold(ledger, account_id, reason);
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

enum status ledger_directory_entry_read(struct ledger *ledger, struct db_statement *row,
                                        struct digest *digest, struct directory_entry *entry,
                                        struct reason *reason)
{
    *entry = (struct directory_entry){
        .key_id = db_column_integer(row, 1),
        .account_id = db_column_integer(row, 2),
        .stops_at = ledger_key_end((instant){db_column_integer(row, 3)},
                                   (instant){db_column_integer(row, 5)}),
        .is_revoked = db_column_integer(row, 4) != 0,
        .is_rotated = db_column_integer(row, 6) != 0,
    };
    return digest_read(ledger, db_column_blob(row, 0), digest, reason);
}

static enum status keys_load(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db, "SELECT " DIRECTORY_COLUMNS " FROM api_key k", &select,
                          reason));
    for (;;) {
        bool row;
        struct digest digest;
        struct directory_entry entry;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(ledger_directory_entry_read(ledger, select, &digest, &entry, reason));
        directory_add(ledger->directory, &digest, &entry);
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
                                       .busy_timeout_ms = LEDGER_BUSY_TIMEOUT_MS,
                                       .schema = LEDGER_SCHEMA};
    TRY(db_open(path, &options, &ledger->db, reason));
    TRY(db_migrate(ledger->db, &migrations_ledger, reason));
    if (ledger->cluster)
        TRY(cluster_follow_from_here(ledger, reason));
    TRY(ledger_closings_load(ledger, reason));
    TRY(keys_load(ledger, reason));
    TRY(ledger_sessions_load(ledger, reason));
    return suspensions_load(ledger, reason);
}

static void cluster_join(struct ledger *ledger)
{
    ledger->cluster = cluster_make(ledger, ledger->time);
    ledger->time = &ledger->cluster->time;
}

enum status ledger_open(struct text path, const struct time_source *time,
                        struct ledger **ledger, struct reason *reason)
{
    bool is_shared = db_kind_of(path) == DB_POSTGRES;
    struct owner_lock owner = {0};
    if (!is_shared)
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
    if (is_shared)
        cluster_join(opened);
    enum status status = load(opened, path, reason);
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
    cluster_stop(ledger->cluster);
    committer_stop(&ledger->committer);
    committer_finish(&ledger->committer);
    idempotency_close(ledger->idempotency);
    meter_close(ledger->meter);
    terms_book_finish(&ledger->terms);
    seen_keep(ledger);
    reader_finish(&ledger->reader); /* before the writer, which may checkpoint as the last */
    db_close(ledger->db);
    if (!ledger->cluster)
        owner_lock_release(&ledger->owner);
    cluster_close(ledger->cluster);
    directory_close(ledger->directory);
    session_table_close(ledger->sessions);
    key_uses_close(ledger->uses);
    check(pthread_mutex_destroy(&ledger->lock) == 0);
    free(ledger);
}

enum status ledger_health(struct ledger *ledger, struct reason *reason)
{
    if (ledger->cluster && ledger->cluster->has_follower)
        return cluster_health(ledger->cluster, reason);
    if (!atomic_load(&ledger->committer.admits))
        return reason_set(reason, STATUS_UNAVAILABLE,
                          "%s takes no charges; see what its disk says", db_path(ledger->db));
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

enum status ledger_number(struct ledger *ledger, const char *sql, int64_t *id,
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
    if (ledger->meter)
        meter_expect(ledger->meter, entry.account_id);
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
