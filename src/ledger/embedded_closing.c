/* Closing periods. One small transaction moves the mark until which all are closed, with all of
 * their charges folded. From then on nothing that a statement is made of changes, because what
 * comes later is billed in an open period; so the statements themselves are written afterwards, a
 * few at a time, and come out the same whenever that is. */
#include "ledger/billing.h"
#include "ledger/cluster_closing.h"
#include "ledger/committer_parts.h"
#include "ledger/embedded_billing.h"

#define ACCOUNTS_A_BATCH 512 /* looked at in one transaction */
#define STATEMENTS_A_BATCH 32

instant ledger_change_time(const struct ledger *ledger)
{
    instant now = time_now(ledger->time);
    int64_t closed_us = atomic_load(&ledger->closed_us);
    return now.us < closed_us ? (instant){closed_us} : now;
}

int32_t ledger_billed_in(const struct ledger *ledger, int64_t account_id,
                         const struct billing_period *period)
{
    instant closed = {atomic_load(&ledger->closed_us)};
    struct meter_account account = {.anchor = period->start};
    if (period->end.us <= closed.us)
        check(meter_account_find(ledger->meter, account_id, &account));
    return statement_period(account.anchor, closed, period);
}

/* ---- The mark ---- */

enum status ledger_closings_load(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT coalesce(max(at), 0), count(account_id) > 0 FROM closing",
                          &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    atomic_store(&ledger->closed_us, db_column_integer(select, 0));
    atomic_store(&ledger->has_statements_due, db_column_integer(select, 1) != 0);
    atomic_store(&ledger->unpaid_looked_at_us, INT64_MIN);
    ledger->clock_offset_us = time_now(ledger->time).us - time_elapsed(ledger->time).us;
    return STATUS_OK;
}

/* ---- The clock ---- */

/* More than a machine's clock drifts in years. */
#define AHEAD_MAX_US DAY_US

/* What is closed, a change of plan that was carried out, and who is refused for an old invoice, stays so when the clock
 * comes back. So none follows a wall clock that has got further than time went by since the opening. */
static int64_t clock_ahead_us(const struct ledger *ledger)
{
    return time_now(ledger->time).us - time_elapsed(ledger->time).us - ledger->clock_offset_us;
}

bool ledger_clock_is_ahead(const struct ledger *ledger)
{
    return clock_ahead_us(ledger) > AHEAD_MAX_US;
}

static enum status clock_check(const struct ledger *ledger, struct reason *reason)
{
    instant now = time_now(ledger->time);
    int64_t ahead_us = clock_ahead_us(ledger);
    char date[INSTANT_TEXT_BYTES];
    if (ahead_us <= AHEAD_MAX_US)
        return STATUS_OK;
    return reason_set(reason, STATUS_UNAVAILABLE,
                      "the clock was set %lld days ahead, to %.*s, and no billing period is "
                      "closed by that: set it right, or restart the server if it is right",
                      (long long)(ahead_us / DAY_US), TEXT_PRINT(instant_rfc3339(now, date)));
}

/* Rows that come later are behind the closing: nobody else writes one meanwhile. */
enum status ledger_closing_write(struct ledger *ledger, instant until, struct reason *reason)
{
    int64_t last_row;
    TRY(ledger_number(ledger, "SELECT coalesce(max(id), 0) FROM journal", &last_row, reason));
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO closing (id, at, closed_at, journal_id, account_id)"
                          " SELECT coalesce(max(id), 0) + 1, $1, $2, $3, 0 FROM closing",
                          &insert, reason));
    db_bind_integer(insert, 1, until.us);
    db_bind_integer(insert, 2, time_now(ledger->time).us);
    db_bind_integer(insert, 3, last_row);
    return db_run(insert, reason);
}

static enum status closing_transact(struct ledger *held, instant until, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    TRY(cohorts_write(&held->committer.cohorts, held->db, time_now(held->time), reason));
    if (until.us > atomic_load(&held->closed_us))
        TRY(ledger_closing_write(held, until, reason));
    meter_decide_by(held->meter, until);
    TRY(db_commit(&transaction, reason));
    if (until.us > atomic_load(&held->closed_us))
        atomic_store(&held->closed_us, until.us);
    atomic_store(&held->has_statements_due, true);
    return STATUS_OK;
}

enum status ledger_close_until(struct ledger *ledger, instant until, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    struct committer *committer = &held->committer;
    addresses_lock(&committer->addresses);
    enum status status = closing_transact(held, until, reason);
    if (status == STATUS_OK)
        committer_slice_done(committer, time_elapsed(held->time));
    addresses_unlock(&committer->addresses);
    return status;
}

/* ---- Statements ---- */

/* The oldest closing whose statements are not all written. */
struct closing {
    int64_t id; /* 0: there is none */
    instant before, at;
    int64_t account_id; /* up to which they are */
};

static enum status closing_find(struct ledger *ledger, struct closing *closing,
                                struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT id, at, account_id, coalesce((SELECT b.at FROM closing b"
                          " WHERE b.id = c.id - 1), 0) FROM closing c"
                          " WHERE account_id IS NOT NULL ORDER BY id LIMIT 1",
                          &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    *closing = (struct closing){0};
    if (row)
        *closing = (struct closing){.id = db_column_integer(select, 0),
                                    .before = {db_column_integer(select, 3)},
                                    .at = {db_column_integer(select, 1)},
                                    .account_id = db_column_integer(select, 2)};
    return STATUS_OK;
}

static enum status statement_insert(struct ledger *ledger,
                                    const struct statement_account *account,
                                    const struct statement *statement, struct reason *reason)
{
    CLEANUP(buffer_finish) struct buffer json;
    buffer_init(&json, STATEMENT_BYTES_MAX);
    statement_write(statement, account, &json);
    if (json.overflowed)
        return reason_set(reason, STATUS_TOO_LARGE,
                          "a statement of account %s is over %d bytes", account->outward_id,
                          STATEMENT_BYTES_MAX);
    struct digest digest = secret_digest(buffer_text(&json));
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO billing_period (bucket, account_id, period, ends_at,"
                          " closed_at, total_cents, statement, digest)"
                          " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                          &insert, reason));
    db_bind_integer(insert, 1, account_bucket(account->id));
    db_bind_integer(insert, 2, account->id);
    db_bind_integer(insert, 3, period_number(&statement->period));
    db_bind_integer(insert, 4, statement->period.end.us);
    db_bind_integer(insert, 5, time_now(ledger->time).us);
    db_bind_integer(insert, 6, statement->invoice.total_cents);
    db_bind_text(insert, 7, buffer_text(&json));
    db_bind_blob(insert, 8, (struct text){(const char *)digest.bytes, sizeof(digest.bytes)});
    return db_run(insert, reason);
}

static enum status open_invoice_insert(struct ledger *ledger, int64_t account_id,
                                       const struct statement *statement, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    if (statement->invoice.total_cents <= 0)
        return STATUS_OK;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO open_invoice (bucket, account_id, period, ends_at,"
                          " total_cents) VALUES ($1, $2, $3, $4, $5)",
                          &insert, reason));
    db_bind_integer(insert, 1, account_bucket(account_id));
    db_bind_integer(insert, 2, account_id);
    db_bind_integer(insert, 3, period_number(&statement->period));
    db_bind_integer(insert, 4, statement->period.end.us);
    db_bind_integer(insert, 5, statement->invoice.total_cents);
    return db_run(insert, reason);
}

static enum status statement_freeze(struct ledger *ledger,
                                    const struct statement_account *account,
                                    const struct billing_period *period, struct reason *reason)
{
    CLEANUP(statement_finish) struct statement statement = {0};
    TRY(statement_make(ledger->db, &ledger->terms, account, period, NULL, &statement, reason));
    if (statement_is_empty(&statement))
        return STATUS_OK;
    TRY(statement_insert(ledger, account, &statement, reason));
    return open_invoice_insert(ledger, account->id, &statement, reason);
}

/* All periods of one account that this closing closed. */
static enum status account_close(struct ledger *ledger, const struct closing *closing,
                                 const struct statement_account *account, size_t *written,
                                 struct reason *reason)
{
    struct billing_period period = billing_period_at(account->created_at, closing->before);
    while (period.end.us <= closing->at.us) {
        TRY(statement_freeze(ledger, account, &period, reason));
        period = billing_period_at(account->created_at, period.end);
        ++*written;
    }
    return STATUS_OK;
}

static enum status progress_write(struct ledger *ledger, const struct closing *closing,
                                  bool is_done, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db, "UPDATE closing SET account_id = $2 WHERE id = $1",
                          &update, reason));
    db_bind_integer(update, 1, closing->id);
    if (is_done)
        db_bind_null(update, 2);
    else
        db_bind_integer(update, 2, closing->account_id);
    return db_run(update, reason);
}

/* *is_done: no account is left. */
static enum status accounts_close(struct ledger *ledger, struct closing *closing, bool *is_done,
                                  struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT id, created_at, outward_id, plan FROM account WHERE id > $1"
                          " ORDER BY id LIMIT $2",
                          &select, reason));
    db_bind_integer(select, 1, closing->account_id);
    db_bind_integer(select, 2, ACCOUNTS_A_BATCH);
    size_t written = 0, looked_at = 0;
    for (; written < STATEMENTS_A_BATCH; looked_at++) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            break;
        struct statement_account account = {.id = db_column_integer(select, 0),
                                            .created_at = {db_column_integer(select, 1)}};
        ledger_copy_text(account.outward_id, sizeof(account.outward_id),
                         db_column_text(select, 2));
        ledger_copy_text(account.plan, sizeof(account.plan), db_column_text(select, 3));
        TRY(account_close(ledger, closing, &account, &written, reason));
        closing->account_id = account.id;
    }
    *is_done = looked_at < ACCOUNTS_A_BATCH && written < STATEMENTS_A_BATCH;
    return STATUS_OK;
}

static enum status statements_write(struct ledger *ledger, bool *has_more,
                                    struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    struct closing closing;
    bool is_done;
    TRY(ledger_transact(held, &transaction, reason));
    TRY(closing_find(held, &closing, reason));
    if (closing.id == 0) {
        atomic_store(&held->has_statements_due, false);
        return STATUS_OK;
    }
    TRY(accounts_close(held, &closing, &is_done, reason));
    TRY(progress_write(held, &closing, is_done, reason));
    TRY(db_commit(&transaction, reason));
    *has_more = true;
    return STATUS_OK;
}

/* ---- One step ---- */

enum status ledger_billing_tend(struct ledger *ledger, int64_t grace_days, bool *has_more,
                                struct reason *reason)
{
    *has_more = false;
    TRY(clock_check(ledger, reason));
    int64_t now_us = time_now(ledger->time).us - CLOSING_DELAY_US;
    instant until = {instant_day((instant){now_us > 0 ? now_us : 0}) * DAY_US};
    if (until.us > atomic_load(&ledger->closed_us))
        TRY(ledger->cluster ? cluster_close_periods(ledger, until, reason)
                            : committer_close_periods(&ledger->committer, until, reason));
    if (atomic_load(&ledger->has_statements_due))
        TRY(statements_write(ledger, has_more, reason));
    return *has_more ? STATUS_OK : ledger_unpaid_suspend(ledger, grace_days, has_more, reason);
}
