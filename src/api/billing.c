#include "ledger/billing.h"

#include "api/account_look.h"
#include "api/look_ups.h"

static void period_write(struct json_writer *writer, const struct billing_period *period)
{
    char key[PERIOD_KEY_BYTES], date[INSTANT_TEXT_BYTES];
    period_key_write(period, key);
    json_member_text(writer, TEXT("period_key"), text_of(key));
    json_member_text(writer, TEXT("period_start"), instant_rfc3339(period->start, date));
    json_member_text(writer, TEXT("period_end"), instant_rfc3339(period->end, date));
}

static void credits_write(struct json_writer *writer, const struct charge_standing *standing)
{
    const struct quota *quota = &standing->quota;
    json_member_integer(writer, TEXT("included_credits"), quota->included.count);
    json_member_integer(writer, TEXT("credits_used"),
                        credits_add(quota->used, quota->overage_used).count);
    json_member_integer(writer, TEXT("credits_remaining"), quota_remaining(quota).count);
    json_member_integer(writer, TEXT("overage_credits"), quota->overage_used.count);
    json_member_boolean(writer, TEXT("allow_overage"), quota->has_overage);
    json_member_boolean(writer, TEXT("hard_limit"), !quota->has_overage);
}

static void day_write(struct json_writer *writer, const struct charge_standing *standing)
{
    const struct quota *quota = &standing->quota;
    bool is_capped = quota->daily_cap.count < CREDITS_MAX;
    char date[INSTANT_TEXT_BYTES];
    json_member_text(writer, TEXT("daily_key"), instant_date(standing->now, date));
    json_member_integer(writer, TEXT("daily_credit_limit"),
                        is_capped ? quota->daily_cap.count : 0);
    json_member_integer(writer, TEXT("daily_credits_used"), quota->daily_used.count);
    json_member_integer(writer, TEXT("daily_credits_remaining"),
                        is_capped ? credits_left(quota->daily_cap, quota->daily_used).count
                                  : 0);
}

static void money_write(struct json_writer *writer, const struct account_look *look,
                        const struct charge_standing *standing)
{
    json_member_integer(writer, TEXT("subscription_price_cents"), standing->subscription.cents);
    json_member_integer(writer, TEXT("expected_total_amount_cents"), look->total_cents);
    json_member_text(writer, TEXT("currency"), TEXT("usd"));
    json_member_text(writer, TEXT("pricing_source"), TEXT("plan_default"));
}

enum status billing_total_read(struct account_look *look, struct reason *reason)
{
    const struct call *call = look->call;
    CLEANUP(statement_view_finish) struct statement_view view = {0};
    TRY(ledger_statement(call->pipeline->ledger, call->key.account_id, PRESENT_PERIOD, &view,
                         reason));
    look->total_cents = view.total_cents;
    return STATUS_OK;
}

void billing_state_write(struct account_look *look, const struct charge_standing *standing)
{
    struct json_writer *writer = &look->writer;
    const struct account_identity *identity = &look->identity;
    char date[INSTANT_TEXT_BYTES];
    json_member_text(writer, TEXT("plan"), text_of(standing->plan->name));
    period_write(writer, &standing->period);
    credits_write(writer, standing);
    day_write(writer, standing);
    money_write(writer, look, standing);
    json_member_text(writer, TEXT("user_id"), text_of(identity->outward_id));
    json_member_text(writer, TEXT("created_at"), instant_rfc3339(identity->created_at, date));
    json_member_text(writer, TEXT("updated_at"), instant_rfc3339(identity->updated_at, date));
}

/* Who the account is came from the disk; where it stands comes from the meter, on the loop, so
 * that the next call finds the same numbers. */
static void state_complete(struct account_look *look)
{
    struct call *call = look->call;
    struct charge charge = {.account_id = call->key.account_id, .key_id = call->key.key_id};
    ledger_look(call->pipeline->ledger, &charge);
    billing_state_write(look, &charge.standing);
}

void billing_look_up(struct call *call)
{
    account_look_start(account_look_take(call, sizeof(struct account_look)), call,
                       billing_total_read, state_complete);
}
