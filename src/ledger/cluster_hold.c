#include "ledger/cluster.h"
#include "ledger/embedded.h"
#include "ledger/meter_held.h"
#include "ledger/sql_array.h"

/* The columns of what is read of an account. */
enum column {
    LOAD_ID,
    EVENT_ID,
    ACCOUNT,
    STAMP,
    WRITTEN_BY,
    CALLS,
    HAS_CAPS,
    PLAN,
    NEXT_PLAN,
    NEXT_PLAN_AT,
    HAS_OPTED_IN,
    SPEND_LIMIT,
    CREATED_AT,
    IS_REFUSED,
    PERIOD,
    DAY,
    DAY_USED,
    USED,
    OVERAGE,
    OVERAGE_MICROS,
    PERIOD_PLAN,
    PLAN_VERSION,
    INCLUDED,
    CENTS,
    GRANTED,
    REFUNDED,
};

/* Accounts by their ids. */
struct wanted {
    const int64_t *ids;
    size_t count;
    struct text accounts; /* an array in SQL */
    bool is_of_bucket; /* all of them: where buckets are spread, each statement is to name it */
    int64_t bucket;
};

/* Another node may have loaded a plan file since this one followed. */
static enum status subscription_read(struct ledger *ledger, struct db_statement *row,
                                     struct subscription *subscription, struct reason *reason)
{
    int64_t version = db_column_integer(row, PLAN_VERSION);
    const struct terms *terms = terms_of_version(&ledger->terms, version);
    const struct plan *plan = terms
                                  ? plans_find(&terms->plans, db_column_text(row, PERIOD_PLAN))
                                  : NULL;
    if (!plan)
        return reason_set(reason, STATUS_CONFLICT, "plan version %lld is not loaded yet",
                          (long long)version);
    *subscription = (struct subscription){.plan = plan,
                                          .plan_version = version,
                                          .included = db_column_integer(row, INCLUDED),
                                          .cents = db_column_integer(row, CENTS),
                                          .granted = db_column_integer(row, GRANTED),
                                          .refunded_micros = db_column_integer(row, REFUNDED)};
    return STATUS_OK;
}

static enum status balance_read(struct ledger *ledger, struct db_statement *row,
                                struct meter_balance *balance, struct reason *reason)
{
    *balance = (struct meter_balance){.account_id = db_column_integer(row, ACCOUNT)};
    if (db_column_is_null(row, PERIOD))
        return STATUS_OK;
    balance->period = (int32_t)db_column_integer(row, PERIOD);
    balance->day = (int32_t)db_column_integer(row, DAY);
    balance->day_used = db_column_integer(row, DAY_USED);
    balance->used = db_column_integer(row, USED);
    balance->overage = db_column_integer(row, OVERAGE);
    balance->overage_micros = db_column_integer(row, OVERAGE_MICROS);
    return subscription_read(ledger, row, &balance->subscription, reason);
}

/* A plan that waited is in force from the first balance of its period on. */
static struct text plan_in_force(struct db_statement *row, const struct meter_balance *balance)
{
    int64_t next_at = db_column_integer(row, NEXT_PLAN_AT);
    instant created = {db_column_integer(row, CREATED_AT)};
    if (next_at == 0)
        return db_column_text(row, PLAN);
    struct billing_period period = billing_period_at(created, (instant){next_at});
    bool is_entered = balance->period >= period.year * 12 + period.month - 1;
    return db_column_text(row, is_entered ? NEXT_PLAN : PLAN);
}

static struct held row_read(struct db_statement *row, instant present)
{
    instant stamp = {db_column_integer(row, STAMP)};
    return (struct held){.account_id = db_column_integer(row, ACCOUNT),
                         .stamp = stamp,
                         .now = stamp.us > present.us ? stamp : present,
                         .is_refused = db_column_integer(row, IS_REFUSED) != 0,
                         .event_id = db_column_integer(row, EVENT_ID)};
}

/* Into the meter. */
static enum status row_put(struct ledger *ledger, struct db_statement *row,
                           const struct held *held, struct reason *reason)
{
    if (db_column_integer(row, LOAD_ID) > atomic_load(&ledger->loaded_id))
        return reason_set(reason, STATUS_CONFLICT, "another node has loaded a plan file");
    struct meter_held state = {
        .account = {.id = held->account_id,
                    .has_opted_in = db_column_integer(row, HAS_OPTED_IN) != 0,
                    .spend_limit_cents = db_column_integer(row, SPEND_LIMIT),
                    .anchor = {db_column_integer(row, CREATED_AT)}},
        .stamp = held->stamp,
        .writing = db_column_integer(row, WRITTEN_BY),
        .has_calls = !db_column_is_null(row, CALLS),
        .calls = db_column_blob(row, CALLS)};
    TRY(balance_read(ledger, row, &state.balance, reason));
    struct text plan = plan_in_force(row, &state.balance);
    struct text next = db_column_text(row, NEXT_PLAN);
    TRY(terms_slot(&ledger->terms, plan, &state.account.plan_slot));
    TRY(terms_slot(&ledger->terms, next.length > 0 ? next : plan,
                   &state.account.next_plan_slot));
    if (!terms_now(&ledger->terms)->by_slot[state.account.plan_slot])
        return reason_set(reason, STATUS_CONFLICT, "the plan %.*s is not loaded yet",
                          TEXT_PRINT(plan));
    enum status status = meter_held_put(ledger->meter, &state, held->now);
    if (status == STATUS_BUSY)
        return reason_set(reason, STATUS_CONFLICT,
                          "the window of account %lld changed while it was read",
                          (long long)held->account_id);
    if (status != STATUS_OK)
        return reason_set(
            reason, status,
            "%s: the calls of account %lld are no window: restore it from a backup",
            db_path(ledger->db), (long long)held->account_id);
    return STATUS_OK;
}

/* ---- Daily caps of keys ---- */

#define CAPS_SQL(bucket)                                                                       \
    "SELECT k.account_id, k.id, coalesce(k.cap_family, k.id), k.daily_credit_cap,"             \
    " coalesce(d.day, 0), coalesce(d.used, 0)"                                                 \
    " FROM unnest(CAST($1 AS BIGINT[])) AS v (id)"                                             \
    " JOIN api_key k ON k.bucket = " bucket " AND k.account_id = v.id"                         \
    " LEFT JOIN key_day d ON d.bucket = k.bucket AND d.account_id = k.account_id"              \
    " AND d.cap_family = coalesce(k.cap_family, k.id)"                                         \
    " WHERE k.daily_credit_cap IS NOT NULL OR d.day IS NOT NULL"

static enum status caps_hold(struct ledger *ledger, struct db *db, const struct wanted *wanted,
                             struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, wanted->is_of_bucket ? CAPS_SQL("$2") : CAPS_SQL("v.id % 64"),
                          &select, reason));
    db_bind_text(select, 1, wanted->accounts);
    if (wanted->is_of_bucket)
        db_bind_integer(select, 2, wanted->bucket);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        struct meter_key key = {.account_id = db_column_integer(select, 0),
                                .key_id = db_column_integer(select, 1),
                                .cap_family = db_column_integer(select, 2),
                                .cap = db_column_is_null(select, 3)
                                           ? NO_LIMIT
                                           : credits_of(db_column_integer(select, 3)),
                                .day = (int32_t)db_column_integer(select, 4),
                                .used = db_column_integer(select, 5)};
        meter_key_cap_put(ledger->meter, &key);
        meter_key_day_put(ledger->meter, &(struct meter_key_day){key.account_id, key.cap_family,
                                                                 key.day, key.used});
    }
}

/* ---- Keys that work no more ---- */

#define ENDED_SQL(bucket)                                                                      \
    "SELECT v.number FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[]))"                  \
    " WITH ORDINALITY AS v (account_id, id, number)"                                           \
    " JOIN api_key k ON k.bucket = " bucket " AND k.account_id = v.account_id AND k.id = v.id" \
    " WHERE k.revoked_at IS NOT NULL OR k.stops_at <= $3 OR k.expires_at <= $3"

enum status cluster_ended_keys(struct ledger *ledger, struct db *db, struct sql_array *accounts,
                               struct sql_array *keys, const struct held *held,
                               void (*found)(void *owner, int64_t number), void *owner,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    bool is_spread = ledger->cluster->is_spread;
    TRY(db_statement_take(db, is_spread ? ENDED_SQL("$4") : ENDED_SQL("v.account_id % 64"),
                          &select, reason));
    db_bind_text(select, 1, sql_array_text(accounts));
    db_bind_text(select, 2, sql_array_text(keys));
    db_bind_integer(select, 3, held->now.us);
    if (is_spread)
        db_bind_integer(select, 4, account_bucket(held->account_id));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        found(owner, db_column_integer(select, 0));
    }
}

enum status cluster_key_day_write(struct db *db, const struct meter_key_day *key,
                                  struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *upsert = NULL;
    TRY(db_statement_take(db,
                          "INSERT INTO key_day (bucket, account_id, cap_family, day, used)"
                          " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (bucket, account_id,"
                          " cap_family) DO UPDATE SET day = excluded.day, used = excluded.used",
                          &upsert, reason));
    db_bind_integer(upsert, 1, account_bucket(key->account_id));
    db_bind_integer(upsert, 2, key->account_id);
    db_bind_integer(upsert, 3, key->cap_family);
    db_bind_integer(upsert, 4, key->day);
    db_bind_integer(upsert, 5, key->used);
    return db_run_soon(upsert, reason);
}

/* ---- Holding ---- */

/* Once it returns nobody else decides about the accounts: only then is it read what they may do. */
static enum status accounts_lock(struct cluster *cluster, struct db *db,
                                 const struct wanted *wanted, instant *present,
                                 struct reason *reason)
{
    bool is_real = cluster->base == time_source_system();
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          wanted->is_of_bucket
                              ? "SELECT hold_bucket($3, CAST($1 AS BIGINT[]), $2)"
                              : "SELECT hold(CAST($1 AS BIGINT[]), $2)",
                          &select, reason));
    db_bind_text(select, 1, wanted->accounts);
    db_bind_integer(select, 2, is_real ? 0 : time_now(cluster->base).us);
    if (wanted->is_of_bucket)
        db_bind_integer(select, 3, wanted->bucket);
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *present = (instant){db_column_integer(select, 0)};
    cluster_clock_note(cluster, *present);
    return STATUS_OK;
}

#define ROWS_SQL(bucket, events)                                                               \
    "SELECT (SELECT max(l.id) FROM plan_load l), e.id, w.account_id, w.newest_at,"             \
    " w.written_by, CASE WHEN w.written_by = v.writing AND v.writing > 0"                      \
    " THEN NULL ELSE w.calls END,"                                                             \
    " w.has_caps, a.plan, a.next_plan, a.next_plan_at, a.has_opted_in,"                        \
    " a.spend_limit_cents, a.created_at,"                                                      \
    " a.suspended_at IS NOT NULL OR a.unpaid_at IS NOT NULL, b.period, b.day, b.day_used,"     \
    " b.used, b.overage, b.overage_micros, b.plan, b.plan_version, b.included,"                \
    " b.subscription_cents, b.granted, b.refunded_micros"                                      \
    " FROM unnest(CAST($1 AS BIGINT[]), CAST($2 AS BIGINT[])) AS v (id, writing)"              \
    " JOIN account_window w ON w.bucket = " bucket " AND w.account_id = v.id"                  \
    " JOIN account a ON a.bucket = " bucket " AND a.id = v.id"                                 \
    " LEFT JOIN LATERAL (SELECT * FROM balance c WHERE c.bucket = " bucket                     \
    " AND c.account_id = v.id ORDER BY c.period DESC LIMIT 1) b ON TRUE"                       \
    " CROSS JOIN (SELECT max(id) AS id FROM audit_event" events ") e"                          \
    " ORDER BY w.account_id"

static void writings_add(struct ledger *ledger, const struct wanted *wanted,
                         struct sql_array *writings)
{
    for (size_t i = 0; i < wanted->count; i++)
        sql_array_add(writings,
                      ledger->meter ? meter_held_writing(ledger->meter, wanted->ids[i]) : 0);
}

/* writings: those that the windows in memory equal; lives until the statement is released. */
static enum status rows_select(struct db *db, const struct wanted *wanted,
                               struct sql_array *writings, struct db_statement **select,
                               struct reason *reason)
{
    TRY(db_statement_take(db,
                          wanted->is_of_bucket ? ROWS_SQL("$3", " WHERE bucket = $3")
                                               : ROWS_SQL("v.id % 64", ""),
                          select, reason));
    db_bind_text(*select, 1, wanted->accounts);
    db_bind_text(*select, 2, sql_array_text(writings));
    if (wanted->is_of_bucket)
        db_bind_integer(*select, 3, wanted->bucket);
    return STATUS_OK;
}

static enum status rows_hold(struct ledger *ledger, struct db *db, const struct wanted *wanted,
                             struct held *held, size_t *count, struct sql_array *with_caps,
                             struct reason *reason)
{
    instant present;
    TRY(accounts_lock(ledger->cluster, db, wanted, &present, reason));
    struct sql_array writings CLEANUP(sql_array_finish);
    sql_array_init(&writings);
    writings_add(ledger, wanted, &writings);
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(rows_select(db, wanted, &writings, &select, reason));
    for (*count = 0;; ++*count) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        held[*count] = row_read(select, present);
        if (ledger->meter) /* else it is the lock alone that a command wants */
            TRY(row_put(ledger, select, &held[*count], reason));
        if (db_column_integer(select, HAS_CAPS) != 0)
            sql_array_add(with_caps, held[*count].account_id);
    }
}

enum status cluster_hold(struct ledger *ledger, struct db *db, const int64_t *accounts,
                         size_t count, struct held *held, struct reason *reason)
{
    struct sql_array ids CLEANUP(sql_array_finish), with_caps CLEANUP(sql_array_finish);
    sql_array_init(&ids);
    sql_array_init(&with_caps);
    for (size_t i = 0; i < count; i++)
        sql_array_add(&ids, accounts[i]);
    struct wanted wanted = {.ids = accounts,
                            .count = count,
                            .accounts = sql_array_text(&ids),
                            .is_of_bucket = ledger->cluster->is_spread,
                            .bucket = account_bucket(accounts[0])};
    size_t found = 0;
    TRY(rows_hold(ledger, db, &wanted, held, &found, &with_caps, reason));
    if (found != count)
        return reason_set(reason, STATUS_MISSING, "an account is not there");
    if (!ledger->meter || with_caps.count == 0)
        return STATUS_OK;
    wanted.accounts = sql_array_text(&with_caps);
    return caps_hold(ledger, db, &wanted, reason);
}
