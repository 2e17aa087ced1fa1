#include "ledger/billing.h"
#include "ledger/embedded_billing.h"

#define LOOK_INTERVAL_US (60 * SECOND_US) /* between two looks at open invoices */
#define SUSPENDED_A_BATCH 64

/* ---- Unpaid ---- */

/* *account_id: 0 when there is none. is_suspended: by the operator. */
static enum status overdue_find(struct ledger *ledger, instant ended, int64_t *account_id,
                                bool *is_suspended, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT i.account_id, a.suspended_at IS NOT NULL"
                          " FROM open_invoice i JOIN account a"
                          " ON a.bucket = i.bucket AND a.id = i.account_id"
                          " WHERE i.ends_at <= $1 AND a.unpaid_at IS NULL"
                          " ORDER BY i.ends_at LIMIT 1",
                          &select, reason));
    db_bind_integer(select, 1, ended.us);
    bool row;
    TRY(db_step(select, &row, reason));
    *account_id = row ? db_column_integer(select, 0) : 0;
    *is_suspended = row && db_column_integer(select, 1) != 0;
    return STATUS_OK;
}

static enum status unpaid_write(struct ledger *ledger, int64_t account_id, bool is_unpaid,
                                struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE account SET unpaid_at = $3, updated_at = $4"
                          " WHERE bucket = $1 AND id = $2",
                          &update, reason));
    int64_t now = time_now(ledger->time).us;
    db_bind_integer(update, 1, account_bucket(account_id));
    db_bind_integer(update, 2, account_id);
    if (is_unpaid)
        db_bind_integer(update, 3, now);
    else
        db_bind_null(update, 3);
    db_bind_integer(update, 4, now);
    TRY(db_run(update, reason));
    struct event event;
    ledger_event_open(&event);
    return ledger_event_write(ledger, account_id,
                              is_unpaid ? "account_unpaid" : "account_paid_up", &event, reason);
}

/* Looked for inside the transaction: another node may record a payment until then. */
static enum status overdue_refuse(struct ledger *ledger, instant ended, int64_t *account_id,
                                  struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    bool is_suspended;
    TRY(ledger_transact(ledger, &transaction, reason));
    TRY(overdue_find(ledger, ended, account_id, &is_suspended, reason));
    if (*account_id == 0)
        return STATUS_OK;
    TRY(unpaid_write(ledger, *account_id, true, reason));
    TRY(db_commit(&transaction, reason));
    return ledger_refusal_publish(ledger, *account_id, account_refusal(is_suspended, true),
                                  reason);
}

enum status ledger_unpaid_suspend(struct ledger *ledger, int64_t grace_days, bool *has_more,
                                  struct reason *reason)
{
    int64_t elapsed_us = time_elapsed(ledger->time).us;
    int64_t looked_us = atomic_load(&ledger->unpaid_looked_at_us);
    instant day_begun = {instant_day(time_now(ledger->time)) * DAY_US};
    bool is_new_day = atomic_load(&ledger->unpaid_day_us) != day_begun.us;
    if (grace_days == NEVER_SUSPENDS ||
        (!is_new_day && looked_us != INT64_MIN && elapsed_us - looked_us < LOOK_INTERVAL_US))
        return STATUS_OK;
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    instant ended = {time_now(held->time).us - grace_days * DAY_US};
    for (int i = 0; i < SUSPENDED_A_BATCH; i++) {
        int64_t account_id;
        TRY(overdue_refuse(held, ended, &account_id, reason));
        if (account_id == 0) {
            atomic_store(&held->unpaid_looked_at_us, elapsed_us);
            atomic_store(&held->unpaid_day_us, day_begun.us);
            return STATUS_OK;
        }
    }
    *has_more = true;
    return STATUS_OK;
}

/* ---- Paid ---- */

static enum status number_select(struct db_statement *select, int64_t account_id,
                                 int64_t number, int64_t *value, struct reason *reason)
{
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    db_bind_integer(select, 3, number);
    bool row;
    TRY(db_step(select, &row, reason));
    *value = row ? db_column_integer(select, 0) : -1;
    return STATUS_OK;
}

/* *cents: what is owed; the refusal when nothing is. */
static enum status owed_read(struct ledger *ledger, const struct account *account,
                             int64_t number, int64_t *cents, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *owed = NULL;
    CLEANUP(db_statement_release) struct db_statement *paid = NULL;
    char key[PERIOD_KEY_BYTES];
    int64_t paid_at;
    period_number_write(number, key);
    TRY(db_statement_take(ledger->db,
                          "SELECT total_cents FROM open_invoice WHERE bucket = $1"
                          " AND account_id = $2 AND period = $3",
                          &owed, reason));
    TRY(number_select(owed, account->id, number, cents, reason));
    if (*cents > 0)
        return STATUS_OK;
    TRY(db_statement_take(ledger->db,
                          "SELECT paid_at FROM payment WHERE bucket = $1 AND account_id = $2"
                          " AND period = $3",
                          &paid, reason));
    TRY(number_select(paid, account->id, number, &paid_at, reason));
    if (paid_at < 0)
        return reason_set(reason, STATUS_MISSING,
                          "%s owes nothing for %s: `trendgate invoice` shows what a period "
                          "comes to",
                          account->email, key);
    char date[INSTANT_TEXT_BYTES];
    return reason_set(reason, STATUS_CONFLICT, "the invoice of %s was paid already, at %.*s",
                      key, TEXT_PRINT(instant_rfc3339((instant){paid_at}, date)));
}

static enum status payment_write(struct ledger *ledger, int64_t account_id, int64_t number,
                                 int64_t cents, const char *adapter, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    CLEANUP(db_statement_release) struct db_statement *remove = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO payment (bucket, account_id, period, paid_at,"
                          " total_cents, adapter) VALUES ($1, $2, $3, $4, $5, $6)",
                          &insert, reason));
    db_bind_integer(insert, 1, account_bucket(account_id));
    db_bind_integer(insert, 2, account_id);
    db_bind_integer(insert, 3, number);
    db_bind_integer(insert, 4, time_now(ledger->time).us);
    db_bind_integer(insert, 5, cents);
    db_bind_text(insert, 6, text_of(adapter));
    TRY(db_run(insert, reason));
    TRY(db_statement_take(ledger->db,
                          "DELETE FROM open_invoice WHERE bucket = $1 AND account_id = $2"
                          " AND period = $3",
                          &remove, reason));
    db_bind_integer(remove, 1, account_bucket(account_id));
    db_bind_integer(remove, 2, account_id);
    db_bind_integer(remove, 3, number);
    TRY(db_run(remove, reason));
    char key[PERIOD_KEY_BYTES];
    period_number_write(number, key);
    struct event event;
    ledger_event_open(&event);
    json_member_text(&event.detail, TEXT("period_key"), text_of(key));
    json_member_integer(&event.detail, TEXT("total_cents"), cents);
    json_member_text(&event.detail, TEXT("adapter"), text_of(adapter));
    return ledger_event_write(ledger, account_id, "invoice_paid", &event, reason);
}

/* Older invoices than the one that was paid keep the account refused; newer ones are looked at
 * anew, with their own grace. */
static enum status has_older_invoice(struct ledger *ledger, int64_t account_id, int64_t number,
                                     bool *has, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT period FROM open_invoice WHERE bucket = $1"
                          " AND account_id = $2 AND period < $3 LIMIT 1",
                          &select, reason));
    int64_t period;
    TRY(number_select(select, account_id, number, &period, reason));
    *has = period >= 0;
    return STATUS_OK;
}

enum status ledger_invoice_pay(struct ledger *ledger, struct text email, int64_t number,
                               const char *adapter, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    struct account account;
    int64_t cents;
    bool has_older;
    TRY(ledger_transact(held, &transaction, reason));
    TRY(ledger_find_account(held, email, &account, reason));
    TRY(owed_read(held, &account, number, &cents, reason));
    TRY(payment_write(held, account.id, number, cents, adapter, reason));
    TRY(has_older_invoice(held, account.id, number, &has_older, reason));
    bool is_unpaid = account.is_unpaid && has_older;
    if (account.is_unpaid && !is_unpaid)
        TRY(unpaid_write(held, account.id, false, reason));
    TRY(db_commit(&transaction, reason));
    atomic_store(&held->unpaid_looked_at_us, INT64_MIN);
    return ledger_refusal_publish(held, account.id,
                                  account_refusal(account.is_suspended, is_unpaid), reason);
}
