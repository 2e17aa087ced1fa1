#include "ledger/embedded_billing.h"
#include "ledger/fold_marks.h"

/* How far back rows are looked through for calls that still count in a window or may be replayed,
 * before the fold mark: wall clocks are stepped, so more than the ten minutes that it takes. */
#define LOOK_BACK_US (INT64_C(15) * 60 * SECOND_US)

/* Terms of long ago are not loaded any more, but then that period is over as well: any plan will
 * do until the account enters its next one. */
static struct subscription subscription_read(struct ledger *ledger, struct db_statement *row)
{
    const struct terms *terms = terms_of_version(&ledger->terms, db_column_integer(row, 8));
    const struct plan *plan = terms ? plans_find(&terms->plans, db_column_text(row, 7)) : NULL;
    if (!plan) {
        terms = terms_now(&ledger->terms);
        plan = &terms->plans.plans[0];
    }
    return (struct subscription){.plan = plan,
                                 .plan_version = terms->version,
                                 .included = db_column_integer(row, 9),
                                 .cents = db_column_integer(row, 10),
                                 .granted = db_column_integer(row, 11),
                                 .refunded_micros = db_column_integer(row, 12)};
}

static enum status balances_restore(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT account_id, max(period), day, day_used, used, overage,"
                          " overage_micros, plan, plan_version, included, subscription_cents,"
                          " granted, refunded_micros FROM balance GROUP BY bucket, account_id",
                          &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        meter_restore_balance(ledger->meter,
                              &(struct meter_balance){
                                  .account_id = db_column_integer(select, 0),
                                  .period = (int32_t)db_column_integer(select, 1),
                                  .day = (int32_t)db_column_integer(select, 2),
                                  .day_used = db_column_integer(select, 3),
                                  .used = db_column_integer(select, 4),
                                  .overage = db_column_integer(select, 5),
                                  .overage_micros = db_column_integer(select, 6),
                                  .subscription = subscription_read(ledger, select),
                              });
    }
}

static enum status key_caps_restore(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT account_id, id, coalesce(cap_family, id), daily_credit_cap"
                          " FROM api_key WHERE daily_credit_cap IS NOT NULL",
                          &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        meter_key_cap_put(ledger->meter,
                          &(struct meter_key){.account_id = db_column_integer(select, 0),
                                              .key_id = db_column_integer(select, 1),
                                              .cap_family = db_column_integer(select, 2),
                                              .cap = credits_of(db_column_integer(select, 3))});
    }
}

/* From the account's last day on, whatever the wall clock says now. Hours without a charge are passed over: a day that
 * saw none is not entered by a key, as it is not by its account. */
static enum status key_uses_restore(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT u.account_id, u.key_id, u.hour / 24, sum(u.credits)"
                          " FROM api_key k JOIN usage_hour u ON u.bucket = k.bucket"
                          " AND u.account_id = k.account_id AND u.key_id = k.id"
                          " WHERE k.daily_credit_cap IS NOT NULL AND u.credits > 0"
                          " AND u.hour >= 24 * (SELECT b.day FROM balance b"
                          " WHERE b.bucket = k.bucket AND b.account_id = k.account_id"
                          " ORDER BY b.period DESC LIMIT 1)"
                          " GROUP BY u.account_id, u.key_id, u.hour / 24 ORDER BY 3",
                          &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        meter_restore_key(ledger->meter, db_column_integer(select, 0),
                          db_column_integer(select, 1), (int32_t)db_column_integer(select, 2),
                          db_column_integer(select, 3));
    }
}

/* What is needed of one row to place its calls in time. */
struct row {
    int64_t id;
    instant at;
    instant admitted; /* by the present wall clock: at, corrected for its steps since */
    int64_t boot;
    int64_t elapsed_us;
    int64_t gathered_us; /* its calls were decided at most that long before at */
};

/* Within one boot the clock that never steps tells the age, else the wall clock must. */
static instant admitted_at(const struct ledger *ledger, int64_t boot, int64_t elapsed_us,
                           instant at)
{
    int64_t age_us = boot == ledger->time->boot ? time_elapsed(ledger->time).us - elapsed_us
                                                : time_now(ledger->time).us - at.us;
    return (instant){time_now(ledger->time).us - (age_us > 0 ? age_us : 0)};
}

/* A change of plan makes a row of its period, which may be newer than charges that were not folded
 * yet: those count where they belong. */
static bool is_of_earlier_period(const struct ledger *ledger, const struct journal_entry *entry,
                                 struct fold_period *period)
{
    struct meter_account account;
    check(meter_account_find(ledger->meter, entry->account_id, &account));
    struct meter_balance balance = meter_balance_of(ledger->meter, entry->account_id);
    struct billing_period of_entry = billing_period_at(account.anchor, entry->at);
    period->period = of_entry.year * 12 + of_entry.month - 1;
    period->subscription = balance.subscription; /* not needed: its own period has a row */
    period->billed_in = ledger_billed_in(ledger, entry->account_id, &of_entry);
    return period->period < balance.period;
}

/* A call was decided before its row's commit began, and mostly after that of the row before; else its slot comes back
 * later than it might. */
static instant entry_admitted(const struct row *row, const struct journal_entry *entry)
{
    int64_t before_us = row->at.us - entry->at.us;
    if (before_us > row->gathered_us)
        before_us = row->gathered_us;
    return (instant){row->admitted.us - (before_us > 0 ? before_us : 0)};
}

static void entry_restore(struct ledger *ledger, const struct row *row,
                          const struct journal_entry *entry, bool counts)
{
    instant admitted = entry_admitted(row, entry);
    struct fold_period period;
    bool is_past = is_of_earlier_period(ledger, entry, &period);
    meter_restore_entry(ledger->meter, entry, counts && !is_past, admitted,
                        time_now(ledger->time), time_elapsed(ledger->time));
    idempotency_restore(ledger->idempotency, entry,
                        (duration){time_now(ledger->time).us - admitted.us},
                        time_elapsed(ledger->time));
    if (!counts)
        return;
    if (!is_past)
        period.subscription = meter_balance_of(ledger->meter, entry->account_id).subscription;
    cohorts_add(&ledger->committer.cohorts, row->id, entry, &period);
}

static enum status row_restore(struct ledger *ledger, const struct row *row, struct text body,
                               const struct fold_marks *marks, struct reason *reason)
{
    struct journal_reader reader;
    bool more = true;
    enum status status = journal_body_read(body, row->at, &reader);
    while (status == STATUS_OK && more) {
        struct journal_entry entry;
        status = journal_body_next(&reader, &entry, &more);
        if (status != STATUS_OK || !more)
            continue;
        entry_restore(ledger, row, &entry, row->id > fold_marks_of(marks, entry.account_id));
    }
    if (status != STATUS_OK)
        return reason_set(reason, status,
                          "%s: journal row %lld does not unpack: restore it "
                          "from a backup",
                          db_path(ledger->db), (long long)row->id);
    return STATUS_OK;
}

/* last_journal_id: of the rows that were read, or the furthest mark. */
static enum status rows_restore(struct ledger *ledger, const struct fold_marks *marks,
                                int64_t *last_journal_id, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT id, at, boot, elapsed_us, body FROM journal WHERE id >"
                          " min($1, coalesce((SELECT id FROM journal WHERE at < $2"
                          " AND (boot <> $3 OR elapsed_us < $4) ORDER BY id DESC LIMIT 1), 0))"
                          " ORDER BY id",
                          &select, reason));
    db_bind_integer(select, 1, marks->all);
    db_bind_integer(select, 2, time_now(ledger->time).us - LOOK_BACK_US);
    db_bind_integer(select, 3, ledger->time->boot);
    db_bind_integer(select, 4, time_elapsed(ledger->time).us - LOOK_BACK_US);
    struct row before = {0};
    *last_journal_id = marks->furthest;
    for (;;) {
        bool more;
        TRY(db_step(select, &more, reason));
        if (!more)
            return STATUS_OK;
        bool is_adjustment;
        struct adjustment adjustment; /* which balances have already */
        if (journal_adjustment_read(db_column_blob(select, 4), (instant){0}, &adjustment,
                                    &is_adjustment) == STATUS_OK &&
            is_adjustment)
            continue;
        struct row row = {.id = db_column_integer(select, 0),
                          .at = {db_column_integer(select, 1)},
                          .boot = db_column_integer(select, 2),
                          .elapsed_us = db_column_integer(select, 3)};
        row.admitted = admitted_at(ledger, row.boot, row.elapsed_us, row.at);
        if (before.id > 0 && before.boot == row.boot)
            row.gathered_us = row.elapsed_us - before.elapsed_us;
        before = row;
        TRY(row_restore(ledger, &row, db_column_blob(select, 4), marks, reason));
        if (row.id > *last_journal_id)
            *last_journal_id = row.id;
    }
}

static enum status journal_restore(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(fold_marks_finish) struct fold_marks marks;
    TRY(fold_marks_read(ledger->db, &marks, reason));
    if (marks.rows != 1)
        return reason_set(reason, STATUS_CORRUPT,
                          "%s lacks its fold mark: restore it from a "
                          "backup",
                          db_path(ledger->db));
    struct committer *committer = &ledger->committer;
    int64_t last_journal_id;
    cohorts_lock(&committer->cohorts);
    enum status status = rows_restore(ledger, &marks, &last_journal_id, reason);
    if (status == STATUS_OK)
        cohorts_begin(&committer->cohorts, &marks, last_journal_id);
    cohorts_unlock(&committer->cohorts);
    return status;
}

enum status ledger_restore(struct ledger *ledger, struct reason *reason)
{
    TRY(balances_restore(ledger, reason));
    TRY(key_caps_restore(ledger, reason));
    TRY(key_uses_restore(ledger, reason));
    return journal_restore(ledger, reason);
}
