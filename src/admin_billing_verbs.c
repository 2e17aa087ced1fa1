#include "admin_verbs.h"
#include "ledger/billing.h"

/* Periods that have ended while nobody served are closed before anything is said of them. */
static enum status periods_settle(const struct admin_context *context, struct reason *reason)
{
    bool has_more = true;
    TRY(admin_metering_begin(context, reason));
    while (has_more)
        TRY(ledger_billing_tend(context->ledger, NEVER_SUSPENDS, &has_more, reason));
    return STATUS_OK;
}

static void made_write(struct json_writer *result, struct text email,
                       const struct adjustment_made *made, bool is_refund)
{
    char key[PERIOD_KEY_BYTES];
    period_number_write(made->period, key);
    json_object_open(result);
    json_member_text(result, TEXT("email"), email);
    json_member_text(result, TEXT("period_key"), text_of(key));
    json_member_integer(result, TEXT("credits"), made->credits);
    json_member_integer(result, TEXT("credits_included"), made->allowance);
    if (is_refund)
        json_member_integer(result, TEXT("overage_micros"), made->overage_micros);
    json_object_close(result);
}

enum status admin_account_grant(const struct admin_context *context, const json_t *arguments,
                                struct json_writer *result, struct reason *reason)
{
    struct text email, written, why;
    struct adjustment_made made;
    int64_t count = 0;
    TRY(admin_argument(arguments, "email", &email, reason));
    TRY(admin_argument(arguments, "credits", &written, reason));
    TRY(admin_argument(arguments, "reason", &why, reason));
    if (!text_is_digits(written) || text_read_integer(written, &count) != STATUS_OK)
        return reason_set(reason, STATUS_INVALID,
                          "'%.*s' is no number of credits: give 1 to %lld",
                          TEXT_PRINT(text_slice(written, 0, 40)), (long long)GRANT_CREDITS_MAX);
    TRY(periods_settle(context, reason));
    TRY(ledger_account_grant(context->ledger, email, count, why, &made, reason));
    made_write(result, email, &made, false);
    return STATUS_OK;
}

enum status admin_account_refund(const struct admin_context *context, const json_t *arguments,
                                 struct json_writer *result, struct reason *reason)
{
    struct text email, charge_id, why;
    struct adjustment_made made;
    TRY(admin_argument(arguments, "email", &email, reason));
    TRY(admin_argument(arguments, "charge_id", &charge_id, reason));
    TRY(admin_argument(arguments, "reason", &why, reason));
    TRY(periods_settle(context, reason));
    TRY(ledger_account_refund(context->ledger, email, charge_id, why, &made, reason));
    made_write(result, email, &made, true);
    return STATUS_OK;
}

/* ---- Invoices ---- */

static enum status period_read(const json_t *arguments, int64_t *number, struct reason *reason)
{
    struct text key = admin_argument_or_empty(arguments, "period");
    *number = PRESENT_PERIOD;
    if (key.length == 0 || period_number_read(key, number))
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID, "'%.*s' is no period: write YYYY-MM of its start",
                      TEXT_PRINT(text_slice(key, 0, 40)));
}

static const char *payment_word(enum payment_state payment)
{
    switch (payment) {
    case PAYMENT_NONE: return "none";
    case PAYMENT_DUE: return "due";
    case PAYMENT_PAID: return "paid";
    }
    check(false);
}

static void view_write(struct json_writer *result, const struct account *account,
                       const struct statement_view *view)
{
    char key[PERIOD_KEY_BYTES], date[INSTANT_TEXT_BYTES];
    char digest[2 * sizeof(view->digest.bytes)];
    period_key_write(&view->period, key);
    json_object_open(result);
    json_member_text(result, TEXT("email"), text_of(account->email));
    json_member_text(result, TEXT("name"), text_of(account->name));
    json_member_text(result, TEXT("period_key"), text_of(key));
    json_member_text(result, TEXT("status"), view->is_closed ? TEXT("closed") : TEXT("open"));
    json_member_text(result, TEXT("payment"), text_of(payment_word(view->payment)));
    if (view->payment == PAYMENT_PAID)
        json_member_text(result, TEXT("paid_at"), instant_rfc3339(view->paid_at, date));
    if (view->is_kept) {
        secret_hex(view->digest.bytes, sizeof(view->digest.bytes), digest);
        json_member_text(result, TEXT("closed_at"), instant_rfc3339(view->closed_at, date));
        json_member_text(result, TEXT("sha256"), (struct text){digest, sizeof(digest)});
    }
    json_name(result, TEXT("statement"));
    json_write_raw(result, buffer_text(&view->json));
    json_object_close(result);
}

enum status admin_invoice(const struct admin_context *context, const json_t *arguments,
                          struct json_writer *result, struct reason *reason)
{
    struct text email;
    struct account account;
    int64_t number;
    TRY(admin_argument(arguments, "email", &email, reason));
    TRY(period_read(arguments, &number, reason));
    TRY(periods_settle(context, reason));
    TRY(ledger_account_find(context->ledger, email, &account, reason));
    CLEANUP(statement_view_finish) struct statement_view view = {0};
    TRY(ledger_statement(context->ledger, account.id, number, &view, reason));
    view_write(result, &account, &view);
    return STATUS_OK;
}

enum status admin_invoice_paid(const struct admin_context *context, const json_t *arguments,
                               struct json_writer *result, struct reason *reason)
{
    struct text email;
    int64_t number;
    TRY(admin_argument(arguments, "email", &email, reason));
    TRY(period_read(arguments, &number, reason));
    if (number == PRESENT_PERIOD)
        return reason_set(reason, STATUS_INVALID,
                          "say which invoice is paid: --period YYYY-MM");
    TRY(periods_settle(context, reason));
    TRY(ledger_invoice_pay(context->ledger, email, number, PAYMENT_MANUAL, reason));
    return admin_invoice(context, arguments, result, reason);
}
