#include "ledger/ledger_copy.h"

#include "base/secret.h"
#include "ledger/journal.h"
#include "model/account.h"
#include "sql/table_copy.h"

/* In an order that references allow. */
static const struct table_copy tables[] = {
    TABLE_COPY("account",
               "bucket, id, outward_id, email, email_folded, name, plan, next_plan, "
               "next_plan_at, has_opted_in, spend_limit_cents, suspended_at, unpaid_at, "
               "password_hash, active_key_id, created_at, updated_at",
               "iittttttiiiiitiii", PARAMETERS_17),
    TABLE_COPY("api_key",
               "bucket, account_id, id, outward_id, digest, prefix, suffix, name, "
               "daily_credit_cap, cap_family, created_at, rotated_at, replaced_by, stops_at, "
               "expires_at, revoked_at, source, last_used_at, last_used_ip, updated_at",
               "iiitbtttiiiiiiiititi", PARAMETERS_20),
    TABLE_COPY("plan_version", "id, loaded_at, digest, plans", "iibt", PARAMETERS_4),
    TABLE_COPY("audit_event", "bucket, account_id, id, at, verb, detail", "iiiitt",
               PARAMETERS_6),
    TABLE_COPY(
        "balance",
        "bucket, account_id, period, day, day_used, included, used, overage, overage_micros, "
        "plan, plan_version, subscription_cents, granted, refunded_micros",
        "iiiiiiiiitiiii", PARAMETERS_14),
    TABLE_COPY("usage_hour",
               "bucket, account_id, key_id, endpoint, hour, charged, unchanged, head, "
               "empty_page, replayed, free, invalid, conflict, key_daily, daily, insufficient, "
               "spend_limit, unavailable, rate_limited, credits, overage, overage_micros",
               "iiiiiiiiiiiiiiiiiiiiii", PARAMETERS_22),
    TABLE_COPY("activity", "bucket, account_id, first_id, last_id, first_at, last_at", "iiiiii",
               PARAMETERS_6),
    TABLE_COPY("plan_load", "id, at, plan_version", "iii", PARAMETERS_3),
    TABLE_COPY("session",
               "bucket, account_id, id, outward_id, digest, created_at, last_seen_at, ip, "
               "user_agent, by_link",
               "iiitbiitti", PARAMETERS_10),
    TABLE_COPY("sign_in_link", "bucket, account_id, digest, expires_at", "iibi", PARAMETERS_4),
    TABLE_COPY("recent_address",
               "bucket, account_id, day, address, first_seen, last_seen, succeeded, failed, "
               "user_agent",
               "iiitiiiit", PARAMETERS_9),
    TABLE_COPY("billed", "bucket, account_id, billed_in, period, kind, cents_per_1000, credits",
               "iiiiiii", PARAMETERS_7),
    TABLE_COPY("closing", "id, at, closed_at, journal_id, account_id", "iiiii", PARAMETERS_5),
    TABLE_COPY("billing_period",
               "bucket, account_id, period, ends_at, closed_at, total_cents, statement, digest",
               "iiiiiitb", PARAMETERS_8),
    TABLE_COPY("open_invoice", "bucket, account_id, period, ends_at, total_cents", "iiiii",
               PARAMETERS_5),
    TABLE_COPY("payment", "bucket, account_id, period, paid_at, total_cents, adapter", "iiiiit",
               PARAMETERS_6),
    TABLE_COPY("refund", "bucket, account_id, charge_id", "iib", PARAMETERS_3),
};

static enum status number_select(struct db *db, const char *sql, int64_t *number,
                                 struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, sql, &select, reason));
    bool row;
    *number = 0;
    TRY(db_step(select, &row, reason));
    if (row)
        *number = db_column_integer(select, 0);
    return STATUS_OK;
}

enum status ledger_copy_check(struct db *from, struct db *to, struct reason *reason)
{
    int64_t unfolded, there;
    TRY(number_select(from,
                      "SELECT count(*) FROM journal WHERE calls > 0"
                      " AND id > (SELECT journal_id FROM fold_mark)",
                      &unfolded, reason));
    if (unfolded > 0)
        return reason_set(reason, STATUS_CONFLICT,
                          "%lld journal rows of %s are not folded, as a server that was killed "
                          "leaves them: start `trendgate serve` with it once, and stop it",
                          (long long)unfolded, db_path(from));
    TRY(number_select(to,
                      "SELECT (SELECT count(*) FROM account) + (SELECT count(*) FROM journal)"
                      " + (SELECT count(*) FROM plan_version)",
                      &there, reason));
    if (there > 0)
        return reason_set(reason, STATUS_EXISTS,
                          "%s has accounts, plans or calls already: name an empty database, or "
                          "drop what an interrupted copy left there",
                          db_path(to));
    return STATUS_OK;
}

/* ---- The journal ---- */

#define NO_NODE 0 /* of those that share the ledger wrote it */
#define SEVERAL (-1)

static enum status bucket_of(int64_t id, struct text body, instant at, int64_t *bucket,
                             struct reason *reason)
{
    struct adjustment adjustment;
    bool is_one = false;
    if (journal_adjustment_read(body, at, &adjustment, &is_one) != STATUS_OK)
        return reason_set(reason, STATUS_CORRUPT,
                          "journal row %lld does not unpack: see `trendgate audit`",
                          (long long)id);
    *bucket = is_one ? account_bucket(adjustment.account_id) : SEVERAL;
    return STATUS_OK;
}

static enum status row_copy(struct db_statement *row, struct db_statement *insert,
                            struct reason *reason)
{
    uint8_t batch_id[CHARGE_ID_BYTES];
    int64_t bucket = SEVERAL;
    secret_fill(batch_id, sizeof(batch_id));
    TRY(bucket_of(db_column_integer(row, 0), db_column_blob(row, 3),
                  (instant){db_column_integer(row, 1)}, &bucket, reason));
    db_bind_integer(insert, 1, db_column_integer(row, 0));
    db_bind_integer(insert, 2, db_column_integer(row, 1));
    db_bind_integer(insert, 3, db_column_integer(row, 2));
    db_bind_blob(insert, 4, db_column_blob(row, 3));
    db_bind_integer(insert, 5, bucket);
    db_bind_integer(insert, 6, NO_NODE);
    db_bind_blob(insert, 7, (struct text){(const char *)batch_id, sizeof(batch_id)});
    return db_run(insert, reason);
}

static enum status journal_copy(struct db *from, struct db *to, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL, *insert = NULL;
    TRY(db_statement_take(from, "SELECT id, at, calls, body FROM journal ORDER BY id", &select,
                          reason));
    TRY(db_statement_take(to,
                          "INSERT INTO journal (id, at, calls, body, bucket, node, batch_id)"
                          " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                          &insert, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(row_copy(select, insert, reason));
    }
}

/* ---- What a file has not ---- */

/* The next row comes behind all that there were. */
static enum status sequence_set(struct db *from, struct db *to, struct reason *reason)
{
    int64_t last;
    TRY(number_select(from, "SELECT seq FROM sqlite_sequence WHERE name = 'journal'", &last,
                      reason));
    if (last == 0)
        return STATUS_OK;
    CLEANUP(db_statement_release) struct db_statement *set = NULL;
    TRY(db_statement_take(to, "SELECT setval('journal_id', $1)", &set, reason));
    db_bind_integer(set, 1, last);
    return db_run(set, reason);
}

/* What keys that share a daily cap were charged on the present day. */
static enum status key_days_make(struct db *to, instant now, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(
        to,
        "INSERT INTO key_day (bucket, account_id, cap_family, day, used)"
        " SELECT k.bucket, k.account_id, coalesce(k.cap_family, k.id), $1,"
        " CAST(sum(u.credits) AS BIGINT) FROM api_key k JOIN usage_hour u"
        " ON u.bucket = k.bucket AND u.account_id = k.account_id AND u.key_id = k.id"
        " WHERE u.hour / 24 = $1 AND EXISTS (SELECT 1 FROM api_key c WHERE c.bucket = k.bucket"
        " AND c.account_id = k.account_id AND c.daily_credit_cap IS NOT NULL"
        " AND coalesce(c.cap_family, c.id) = coalesce(k.cap_family, k.id))"
        " GROUP BY k.bucket, k.account_id, coalesce(k.cap_family, k.id)",
        &insert, reason));
    db_bind_integer(insert, 1, instant_day(now));
    return db_run(insert, reason);
}

static enum status admission_make(struct db *to, instant now, struct reason *reason)
{
    TRY(db_execute(
        to,
        "INSERT INTO account_email (bucket, email_folded, account_id)"
        " SELECT get_byte(sha256(convert_to(email_folded, 'UTF8')), 0) % 64, email_folded, id"
        " FROM account;"
        "INSERT INTO account_window (bucket, account_id, newest_at, calls, has_caps)"
        " SELECT a.bucket, a.id, coalesce((SELECT max(v.last_at) FROM activity v"
        " WHERE v.bucket = a.bucket AND v.account_id = a.id), 0), '',"
        " CASE WHEN EXISTS (SELECT 1 FROM api_key k WHERE k.bucket = a.bucket"
        " AND k.account_id = a.id AND k.daily_credit_cap IS NOT NULL) THEN 1 ELSE 0 END"
        " FROM account a",
        reason));
    return key_days_make(to, now, reason);
}

enum status ledger_copy(struct db *from, struct db *to, instant now, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction view = {NULL}, writing = {NULL};
    TRY(db_begin_reading(from, &view, reason));
    TRY(db_begin(to, &writing, reason));
    for (size_t i = 0; i < LENGTH_OF(tables); i++)
        TRY(table_copy(from, to, &tables[i], reason));
    TRY(journal_copy(from, to, reason));
    TRY(sequence_set(from, to, reason));
    TRY(admission_make(to, now, reason));
    return db_commit(&writing, reason);
}
