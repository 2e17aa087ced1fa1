#include "ledger/embedded_terms.h"

#include "base/log.h"
#include "ledger/cluster_closing.h"
#include "ledger/embedded_billing.h"
#include "ledger/plan_json.h"

#define LOAD_TAKES_AT_MOST_US (10 * SECOND_US)

/* The version that holds these very plans, kept or made. */
static enum status version_find(struct ledger *ledger, const struct plans *plans,
                                int64_t *version, struct reason *reason)
{
    struct buffer json CLEANUP(buffer_finish);
    buffer_init(&json, PLAN_JSON_BYTES_MAX);
    plan_json_write(&json, plans);
    struct digest digest = secret_digest(buffer_text(&json));
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(
        ledger->db,
        "INSERT INTO plan_version (id, loaded_at, digest, plans)"
        " SELECT coalesce(max(id), 0) + 1, $1, $2, $3 FROM plan_version"
        " WHERE TRUE ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest"
        " RETURNING id",
        &insert, reason));
    db_bind_integer(insert, 1, time_now(ledger->time).us);
    db_bind_blob(insert, 2, (struct text){(const char *)digest.bytes, sizeof(digest.bytes)});
    db_bind_text(insert, 3, buffer_text(&json));
    bool row;
    TRY(db_step(insert, &row, reason));
    check(row);
    *version = db_column_integer(insert, 0);
    return db_run(insert, reason);
}

/* Every plan that an account is on, or will be, must be among them. */
static enum status plans_cover_accounts(struct ledger *ledger, const struct plans *plans,
                                        struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT name, count(*) FROM (SELECT plan AS name FROM account"
                          " UNION ALL SELECT next_plan FROM account WHERE next_plan <> '')"
                          " AS used GROUP BY name",
                          &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        struct text name = db_column_text(select, 0);
        int64_t count = db_column_integer(select, 1);
        if (!plans_find(plans, name))
            return reason_set(
                reason, STATUS_CONFLICT,
                "the plan file lacks the plan %.*s, which %lld account%s on; keep "
                "it, or move them first",
                TEXT_PRINT(name), (long long)count, count == 1 ? " is" : "s are");
    }
}

/* A plan that waited is in force when the account has a balance of its period: the meter must not
 * wait for yet another one. */
static bool has_entered_next_plan(struct db_statement *row, instant anchor)
{
    int64_t next_plan_at = db_column_integer(row, 6);
    if (next_plan_at == 0)
        return false;
    struct billing_period period = billing_period_at(anchor, (instant){next_plan_at});
    return db_column_integer(row, 7) >= period.year * 12 + period.month - 1;
}

enum status ledger_meter_account_put(struct ledger *ledger, struct db_statement *row,
                                     struct reason *reason)
{
    struct meter_account account = {.id = db_column_integer(row, 0),
                                    .has_opted_in = db_column_integer(row, 3) != 0,
                                    .spend_limit_cents = db_column_integer(row, 4),
                                    .anchor = {db_column_integer(row, 5)}};
    struct text next = db_column_text(row, 2);
    struct text plan = has_entered_next_plan(row, account.anchor) ? next
                                                                  : db_column_text(row, 1);
    if (terms_slot(&ledger->terms, plan, &account.plan_slot) != STATUS_OK ||
        terms_slot(&ledger->terms, next.length > 0 ? next : plan, &account.next_plan_slot) !=
            STATUS_OK)
        return reason_set(reason, STATUS_CORRUPT,
                          "%s names over %d plans: restore it from a backup",
                          db_path(ledger->db), TERMS_SLOTS_MAX);
    meter_account_put(ledger->meter, &account);
    return STATUS_OK;
}

enum status ledger_meter_accounts(struct ledger *ledger, int64_t after, struct reason *reason)
{
    if (!ledger->meter)
        return STATUS_OK;
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT " METER_ACCOUNT_COLUMNS " FROM account WHERE id > $1",
                          &select, reason));
    db_bind_integer(select, 1, after);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(ledger_meter_account_put(ledger, select, reason));
    }
}

static void late_load_tell(instant at)
{
    char date[INSTANT_TEXT_BYTES];
    log_line(LOG_WARNING, "ledger",
             "what the plan file says of prices and allowances counts for periods that begin "
             "after %.*s: the clock was ahead, and by it the ledger has decided until then",
             TEXT_PRINT(instant_rfc3339(at, date)));
}

/* A version that is in force already is not loaded again. No load counts for a period that an
 * account has entered, or that is closed, however the wall clock was stepped; nor for one that
 * begins while it is written down, which calls enter by what is in force. */
static enum status load_write(struct ledger *ledger, int64_t version, struct reason *reason)
{
    int64_t now_us = time_now(ledger->time).us, at = now_us;
    if (ledger->meter && at <= meter_decided_by(ledger->meter).us)
        at = meter_decided_by(ledger->meter).us + 1;
    int64_t midnight_us = (instant_day((instant){at}) + 1) * DAY_US;
    if (midnight_us - at < LOAD_TAKES_AT_MOST_US)
        at = midnight_us + 1;
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(
        ledger->db,
        "INSERT INTO plan_load (id, at, plan_version)"
        " SELECT coalesce(max(id), 0) + 1, CASE WHEN coalesce(max(at), 0) > $1"
        " THEN max(at) ELSE $1 END, $2"
        " FROM plan_load HAVING $2 <> coalesce((SELECT plan_version FROM"
        " plan_load ORDER BY id DESC LIMIT 1), 0) RETURNING at",
        &insert, reason));
    db_bind_integer(insert, 1, at);
    db_bind_integer(insert, 2, version);
    bool is_new;
    TRY(db_step(insert, &is_new, reason));
    if (is_new && db_column_integer(insert, 0) - now_us > DAY_US)
        late_load_tell((instant){db_column_integer(insert, 0)});
    return STATUS_OK;
}

/* Whoever reads every load there ever was, as the audit and a node that runs all along do, has a slot for each name. A version
 * that cannot be read has none: the audit tells of it. */
static enum status names_fit(struct ledger *ledger, const struct plans *plans,
                             struct reason *reason)
{
    CLEANUP(terms_book_finish) struct terms_book names;
    terms_book_init(&names);
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db, "SELECT plans FROM plan_version ORDER BY id", &select,
                          reason));
    for (;;) {
        bool row;
        struct plans old;
        TRY(db_step(select, &row, reason));
        if (!row)
            break;
        if (plan_json_read(db_column_text(select, 0), &old, NULL) == STATUS_OK)
            (void)terms_name(&names, &old);
    }
    if (terms_name(&names, plans) == STATUS_OK)
        return STATUS_OK;
    return reason_set(
        reason, STATUS_CONFLICT,
        "the plan file brings new names of plans, and with those that were ever in "
        "force they are over %d; give a plan one of the names that it had before",
        TERMS_SLOTS_MAX);
}

static enum status terms_write(struct ledger *ledger, const struct plans *plans,
                               struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(ledger, &transaction, reason));
    TRY(names_fit(ledger, plans, reason));
    if (ledger->cluster)
        TRY(cluster_batches_halt(ledger, reason)); /* each decides before it, or knows it */
    TRY(plans_cover_accounts(ledger, plans, reason));
    int64_t version;
    TRY(version_find(ledger, plans, &version, reason));
    TRY(load_write(ledger, version, reason));
    return db_commit(&transaction, reason);
}

static enum status load_read(struct ledger *ledger, struct db_statement *row,
                             struct reason *reason)
{
    struct plans plans;
    struct reason fault = {""};
    int64_t version = db_column_integer(row, 2);
    if (plan_json_read(db_column_text(row, 3), &plans, &fault) != STATUS_OK)
        return reason_set(reason, STATUS_CORRUPT,
                          "%s: plan version %lld cannot be read (%s): restore it from a backup",
                          db_path(ledger->db), (long long)version, fault.sentence);
    if (terms_add(&ledger->terms, version, (instant){db_column_integer(row, 1)}, &plans) !=
        STATUS_OK)
        return reason_set(reason, STATUS_CORRUPT,
                          "%s names over %d plans: restore it from a backup",
                          db_path(ledger->db), TERMS_SLOTS_MAX);
    ledger->loaded_id = db_column_integer(row, 0);
    return STATUS_OK;
}

/* What is in force, and at the first time what was when the oldest period began that may still be
 * told: that before the present one, which a change of plan keeps, or before that of a charge that
 * is not folded yet, or of a statement that is not written yet. */
enum status ledger_loads_read(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        ledger->db,
        "SELECT l.id, l.at, l.plan_version, v.plans FROM plan_load l"
        " JOIN plan_version v ON v.id = l.plan_version WHERE l.id > $1 AND l.id >="
        " coalesce((SELECT max(id) FROM plan_load WHERE at <= (SELECT min(at) FROM (SELECT $2 "
        "AS at"
        " UNION ALL SELECT at FROM unfolded"
        " UNION ALL SELECT coalesce(max(at), 0) FROM closing WHERE id < coalesce((SELECT "
        "min(id)"
        " FROM closing WHERE account_id IS NOT NULL), (SELECT max(id) + 1 FROM closing), 0)"
        ") AS earliest) - $3), 0)"
        " ORDER BY l.id",
        &select, reason));
    db_bind_integer(select, 1, ledger->loaded_id);
    db_bind_integer(select, 2, time_now(ledger->time).us);
    db_bind_integer(select, 3, 2 * PERIOD_DAYS_MAX * DAY_US);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(load_read(ledger, select, reason));
    }
}

static enum status metering_begin(struct ledger *ledger, struct reason *reason)
{
    ledger->meter = meter_open(&ledger->terms);
    meter_decide_by(ledger->meter, (instant){atomic_load(&ledger->closed_us)});
    TRY(ledger_meter_accounts(ledger, 0, reason));
    if (!ledger->cluster)
        TRY(ledger_restore(ledger, reason));
    TRY(ledger_follow_plans(ledger, reason));
    if (ledger->cluster)
        return cluster_start(ledger->cluster, reason);
    committer_start(&ledger->committer);
    return STATUS_OK;
}

/* A server that begins goes on with what was in force when the last one ended, and then loads its plan file as one that runs. */
enum status ledger_terms_set(struct ledger *ledger, const struct plans *plans,
                             struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    TRY(ledger_loads_read(held, reason));
    if (!held->meter && terms_now(&held->terms))
        TRY(metering_begin(held, reason));
    else if (held->meter && !ledger_clock_is_ahead(held))
        TRY(ledger_follow_plans(held, reason)); /* what a period left is no longer in use */
    TRY(terms_write(held, plans, reason));
    TRY(ledger_loads_read(held, reason));
    return held->meter ? STATUS_OK : metering_begin(held, reason);
}

enum status ledger_terms_join(struct ledger *ledger, const struct plans *plans,
                              struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    TRY(ledger_loads_read(held, reason));
    if (!terms_now(&held->terms)) {
        TRY(terms_write(held, plans, reason));
        TRY(ledger_loads_read(held, reason));
    }
    return held->meter ? STATUS_OK : metering_begin(held, reason);
}

const struct terms *ledger_terms(const struct ledger *ledger)
{
    return terms_now(&ledger->terms);
}
