#include "ledger/billing.h"
#include "ledger/embedded_billing.h"

void statement_view_finish(struct statement_view *view)
{
    buffer_finish(&view->json);
}

/* ---- What is asked about ---- */

static enum status account_read(struct db *db, int64_t account_id,
                                struct statement_account *account, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT created_at, outward_id, plan FROM account"
                          " WHERE bucket = $1 AND id = $2",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return reason_set(reason, STATUS_MISSING, "there is no account %lld",
                          (long long)account_id);
    *account = (struct statement_account){.id = account_id,
                                          .created_at = {db_column_integer(select, 0)}};
    ledger_copy_text(account->outward_id, sizeof(account->outward_id),
                     db_column_text(select, 1));
    ledger_copy_text(account->plan, sizeof(account->plan), db_column_text(select, 2));
    return STATUS_OK;
}

/* Until when periods are closed in this view, and until when all of their statements are written. */
struct closed {
    instant at, written;
};

static enum status closed_read(struct db *db, struct closed *closed, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT coalesce(max(at), 0), coalesce((SELECT max(at) FROM closing"
                          " WHERE id < coalesce((SELECT min(id) FROM closing"
                          " WHERE account_id IS NOT NULL), 9223372036854775807)), 0)"
                          " FROM closing",
                          &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *closed = (struct closed){{db_column_integer(select, 0)}, {db_column_integer(select, 1)}};
    return STATUS_OK;
}

static struct billing_period present_of(const struct ledger *ledger,
                                        const struct statement_account *account,
                                        const struct closed *closed)
{
    instant now = ledger_present(ledger, account->id);
    return billing_period_at(account->created_at, now.us < closed->at.us ? closed->at : now);
}

/* ---- What is kept ---- */

static enum status kept_read(struct db *db, const struct statement_account *account,
                             struct statement_view *view, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        db,
        "SELECT closed_at, total_cents, statement, digest,"
        " (SELECT paid_at FROM payment p WHERE p.bucket = b.bucket"
        " AND p.account_id = b.account_id AND p.period = b.period) FROM billing_period b"
        " WHERE bucket = $1 AND account_id = $2 AND period = $3",
        &select, reason));
    db_bind_integer(select, 1, account_bucket(account->id));
    db_bind_integer(select, 2, account->id);
    db_bind_integer(select, 3, period_number(&view->period));
    TRY(db_step(select, &view->is_kept, reason));
    if (!view->is_kept)
        return STATUS_OK;
    struct text digest = db_column_blob(select, 3);
    if (digest.length != sizeof(view->digest.bytes))
        return reason_set(reason, STATUS_CORRUPT,
                          "%s holds a digest of %zu bytes: restore it from a backup",
                          db_path(db), digest.length);
    memcpy(view->digest.bytes, digest.at, digest.length);
    view->closed_at = (instant){db_column_integer(select, 0)};
    view->total_cents = db_column_integer(select, 1);
    view->payment = !db_column_is_null(select, 4) ? PAYMENT_PAID
                    : view->total_cents > 0       ? PAYMENT_DUE
                                                  : PAYMENT_NONE;
    view->paid_at = (instant){db_column_integer(select, 4)};
    buffer_append(&view->json, db_column_text(select, 2));
    return STATUS_OK;
}

/* ---- What is made ---- */

/* A closed period whose statement was not kept had nothing in it, whatever its plan cost: no load
 * is asked for that, as it may be gone. One whose statement is still to be written is told as it
 * will be. */
static enum status statement_find(struct ledger *ledger, struct db *db,
                                  const struct statement_account *account,
                                  const struct closed *closed,
                                  const struct statement_view *view,
                                  struct statement *statement, struct reason *reason)
{
    CLEANUP(statement_tail_finish) struct statement_tail tail = {0};
    if (view->period.end.us <= closed->written.us)
        return statement_make_empty(db, account, &view->period, statement, reason);
    TRY(statement_tail_read(ledger, db, account, closed->at, &tail, reason));
    TRY(statement_make(db, &ledger->terms, account, &view->period, &tail, statement, reason));
    if (!view->is_closed || !statement_is_empty(statement))
        return STATUS_OK;
    statement_finish(statement);
    return statement_make_empty(db, account, &view->period, statement, reason);
}

static enum status made_write(struct ledger *ledger, struct db *db,
                              const struct statement_account *account,
                              const struct closed *closed, struct statement_view *view,
                              struct reason *reason)
{
    CLEANUP(statement_finish) struct statement statement = {0};
    TRY(statement_find(ledger, db, account, closed, view, &statement, reason));
    view->total_cents = statement.invoice.total_cents;
    statement_write(&statement, account, &view->json);
    return STATUS_OK;
}

static enum status view_make(struct ledger *ledger, struct db *db,
                             const struct statement_account *account, int64_t number,
                             struct statement_view *view, struct reason *reason)
{
    struct closed closed = {0};
    TRY(closed_read(db, &closed, reason));
    struct billing_period present = present_of(ledger, account, &closed);
    view->period = number == PRESENT_PERIOD ? present
                                            : period_of_number(account->created_at, number);
    if (view->period.start.us > present.start.us ||
        (number != PRESENT_PERIOD && period_number(&view->period) != number))
        return reason_set(reason, STATUS_MISSING,
                          "the account has no such billing period so far");
    view->is_closed = view->period.end.us <= closed.at.us;
    TRY(kept_read(db, account, view, reason));
    if (!view->is_kept)
        TRY(made_write(ledger, db, account, &closed, view, reason));
    return view->json.overflowed
               ? reason_set(reason, STATUS_TOO_LARGE, "the statement is over %d bytes",
                            STATEMENT_BYTES_MAX)
               : STATUS_OK;
}

enum status ledger_statement(struct ledger *ledger, int64_t account_id, int64_t number,
                             struct statement_view *view, struct reason *reason)
{
    CLEANUP(reader_release) struct reader_view held = {.reader = NULL};
    TRY(reader_take(&ledger->reader, ledger->db, &held, reason));
    struct statement_account account = {0};
    TRY(account_read(held.reader->db, account_id, &account, reason));
    struct statement_view made = {0};
    buffer_init(&made.json, STATEMENT_BYTES_MAX);
    enum status status = view_make(ledger, held.reader->db, &account, number, &made, reason);
    if (status == STATUS_OK)
        *view = made;
    else
        statement_view_finish(&made);
    return status;
}

enum status ledger_periods_of(struct ledger *ledger, int64_t account_id, int64_t *first,
                              int64_t *present, struct reason *reason)
{
    CLEANUP(reader_release) struct reader_view held = {.reader = NULL};
    TRY(reader_take(&ledger->reader, ledger->db, &held, reason));
    struct statement_account account = {0};
    struct closed closed = {0};
    TRY(account_read(held.reader->db, account_id, &account, reason));
    TRY(closed_read(held.reader->db, &closed, reason));
    struct billing_period begun = billing_period_at(account.created_at, account.created_at);
    struct billing_period now = present_of(ledger, &account, &closed);
    *first = period_number(&begun);
    *present = period_number(&now);
    return STATUS_OK;
}
