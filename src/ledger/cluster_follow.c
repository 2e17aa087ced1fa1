/* Following what other nodes change: their events name the accounts. */
#include "ledger/cluster.h"
#include "ledger/embedded_billing.h"
#include "ledger/embedded_sessions.h"
#include "ledger/embedded_terms.h"

/* A number of our own, beside those of migrations and of the catalogue's writers. */
#define VERBS_LOCK_SQL "SELECT CAST(pg_advisory_xact_lock(8390880580549960054) AS TEXT)"

#define CHANGED_ACCOUNTS "(SELECT account_id FROM audit_event WHERE id > $1 AND id <= $2)"

/* ---- Accounts and keys ---- */

struct changes { /* the events after one and up to another */
    int64_t after, up_to;
};

static void changes_bind(struct db_statement *statement, const struct changes *changes)
{
    db_bind_integer(statement, 1, changes->after);
    db_bind_integer(statement, 2, changes->up_to);
}

static enum status accounts_follow(struct ledger *ledger, const struct changes *changes,
                                   struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    if (!ledger->meter)
        return STATUS_OK;
    TRY(db_statement_take(ledger->db,
                          "SELECT " METER_ACCOUNT_COLUMNS
                          " FROM account WHERE id IN " CHANGED_ACCOUNTS,
                          &select, reason));
    changes_bind(select, changes);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        /* What is known of the others is read whenever they are held: not beside who does. */
        struct meter_account known;
        if (!meter_account_find(ledger->meter, db_column_integer(select, 0), &known))
            TRY(ledger_meter_account_put(ledger, select, reason));
    }
}

static void key_put(struct ledger *ledger, const struct digest *digest,
                    const struct directory_entry *entry)
{
    struct directory_entry known;
    if (!directory_find(ledger->directory, digest, &known)) {
        directory_add(ledger->directory, digest, entry);
        return;
    }
    if (entry->is_revoked && !known.is_revoked)
        directory_revoke(ledger->directory, digest);
    if (entry->is_rotated)
        directory_stop(ledger->directory, digest, entry->stops_at);
    if (entry->refusal != known.refusal)
        directory_refuse(ledger->directory, digest, entry->refusal);
}

static enum status keys_follow(struct ledger *ledger, const struct changes *changes,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT " DIRECTORY_COLUMNS ", a.suspended_at IS NOT NULL,"
                          " a.unpaid_at IS NOT NULL FROM api_key k JOIN account a"
                          " ON a.bucket = k.bucket AND a.id = k.account_id"
                          " WHERE k.account_id IN " CHANGED_ACCOUNTS,
                          &select, reason));
    changes_bind(select, changes);
    for (;;) {
        bool row;
        struct digest digest;
        struct directory_entry entry;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(ledger_directory_entry_read(ledger, select, &digest, &entry, reason));
        entry.refusal = account_refusal(db_column_integer(select, DIRECTORY_COLUMN_COUNT) != 0,
                                        db_column_integer(select, DIRECTORY_COLUMN_COUNT + 1) !=
                                            0);
        key_put(ledger, &digest, &entry);
    }
}

/* ---- Sessions ---- */

static enum status sessions_doubt(struct ledger *ledger, const struct changes *changes,
                                  struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        ledger->db, "SELECT DISTINCT account_id FROM audit_event WHERE id > $1 AND id <= $2",
        &select, reason));
    changes_bind(select, changes);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        session_table_doubt_account(ledger->sessions, db_column_integer(select, 0));
    }
}

static enum status sessions_follow(struct ledger *ledger, const struct changes *changes,
                                   struct reason *reason)
{
    TRY(sessions_doubt(ledger, changes, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT " SESSION_COLUMNS
                          " FROM session WHERE account_id IN " CHANGED_ACCOUNTS,
                          &select, reason));
    changes_bind(select, changes);
    TRY(ledger_sessions_add(ledger, select, reason));
    session_table_remove_doubted(ledger->sessions);
    return STATUS_OK;
}

/* ---- Following ---- */

static enum status closings_follow(struct ledger *ledger, struct reason *reason)
{
    int64_t closed_us;
    TRY(ledger_number(ledger, "SELECT coalesce(max(at), 0) FROM closing", &closed_us, reason));
    if (closed_us <= atomic_load(&ledger->closed_us))
        return STATUS_OK;
    if (ledger->meter)
        meter_decide_by(ledger->meter, (instant){closed_us});
    atomic_store(&ledger->closed_us, closed_us);
    atomic_store(&ledger->has_statements_due, true);
    return STATUS_OK;
}

enum status cluster_follow(struct ledger *ledger, struct reason *reason)
{
    struct changes changes = {.after = ledger->cluster->followed_id};
    if (ledger->meter)
        TRY(ledger_loads_read(ledger, reason));
    TRY(closings_follow(ledger, reason));
    TRY(ledger_number(ledger, "SELECT coalesce(max(id), 0) FROM audit_event", &changes.up_to,
                      reason));
    if (changes.up_to == changes.after)
        return STATUS_OK;
    TRY(accounts_follow(ledger, &changes, reason));
    TRY(keys_follow(ledger, &changes, reason));
    TRY(sessions_follow(ledger, &changes, reason));
    ledger->cluster->followed_id = changes.up_to;
    return STATUS_OK;
}

enum status cluster_follow_from_here(struct ledger *ledger, struct reason *reason)
{
    int64_t clock_us, is_spread, event_id;
    TRY(ledger_number(ledger, "SELECT to_regproc('hold_bucket') IS NOT NULL", &is_spread,
                      reason));
    ledger->cluster->is_spread = is_spread != 0;
    TRY(ledger_number(ledger,
                      "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000000)"
                      " AS BIGINT)",
                      &clock_us, reason));
    cluster_clock_note(ledger->cluster, (instant){clock_us});
    TRY(ledger_number(ledger, "SELECT coalesce(max(id), 0) FROM audit_event", &event_id,
                      reason));
    ledger->cluster->followed_id = event_id;
    return STATUS_OK;
}

enum status cluster_begin(struct ledger *ledger, struct db_transaction *transaction,
                          struct reason *reason)
{
    TRY(db_begin(ledger->db, transaction, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db, VERBS_LOCK_SQL, &select, reason));
    TRY(db_run(select, reason));
    return cluster_follow(ledger, reason);
}

/* ---- What rows have beside those of a file ---- */

enum status cluster_account_write(struct ledger *ledger, int64_t account_id,
                                  struct text email_folded, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *window = NULL, *email = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO account_window (bucket, account_id, newest_at, calls)"
                          " VALUES ($1, $2, 0, '')",
                          &window, reason));
    db_bind_integer(window, 1, account_bucket(account_id));
    db_bind_integer(window, 2, account_id);
    TRY(db_run(window, reason));
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO account_email (bucket, email_folded, account_id)"
                          " VALUES ($1, $2, $3)",
                          &email, reason));
    db_bind_integer(email, 1, secret_digest(email_folded).bytes[0] % ACCOUNT_BUCKETS);
    db_bind_text(email, 2, email_folded);
    db_bind_integer(email, 3, account_id);
    return db_run(email, reason);
}

static enum status caps_note(struct ledger *ledger, int64_t account_id, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE account_window SET has_caps = 1"
                          " WHERE bucket = $1 AND account_id = $2",
                          &update, reason));
    db_bind_integer(update, 1, account_bucket(account_id));
    db_bind_integer(update, 2, account_id);
    return db_run(update, reason);
}

enum status cluster_cap_write(struct ledger *ledger, const struct meter_key *key,
                              struct reason *reason)
{
    TRY(caps_note(ledger, key->account_id, reason));
    return cluster_key_day_write(
        ledger->db,
        &(struct meter_key_day){key->account_id, key->cap_family, key->day, key->used}, reason);
}
