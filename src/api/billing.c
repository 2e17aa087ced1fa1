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

static void overage_write(struct json_writer *writer, const struct charge_standing *standing)
{
    micros_usd spent = standing->overage_spent;
    json_member_integer(writer, TEXT("overage_amount_cents"),
                        spent.count > 0 ? micros_to_cents(spent) : 0);
    if (standing->spend_limit_cents != NO_SPEND_LIMIT)
        json_member_integer(writer, TEXT("spend_limit_cents"), standing->spend_limit_cents);
}

static void waiting_write(struct json_writer *writer, const struct account_identity *identity,
                          const struct charge_standing *standing)
{
    if (identity->next_plan[0] && standing->now.us < identity->next_plan_at.us)
        json_member_text(writer, TEXT("next_plan"), text_of(identity->next_plan));
}

/* What the next call would meet, and until when. */
static void stop_write(struct json_writer *writer, const struct charge_standing *standing)
{
    static const enum failure_id ids[] = {[QUOTA_KEY_DAILY] = FAILURE_KEY_DAILY_LIMIT,
                                          [QUOTA_DAILY] = FAILURE_DAILY_CREDIT_LIMIT,
                                          [QUOTA_INSUFFICIENT] = FAILURE_INSUFFICIENT_CREDITS,
                                          [QUOTA_SPEND_LIMIT] = FAILURE_SPEND_LIMIT};
    enum quota_verdict verdict = standing->quota_verdict;
    char date[INSTANT_TEXT_BYTES];
    if (verdict == QUOTA_GRANTED)
        return;
    bool is_daily = verdict == QUOTA_KEY_DAILY || verdict == QUOTA_DAILY;
    json_member_text(writer, TEXT("stopped_by"), failures[ids[verdict]].reason);
    json_member_text(
        writer, TEXT("stopped_until"),
        instant_rfc3339(is_daily ? day_end(standing->now) : standing->period.end, date));
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

static void standing_write(struct account_look *look, const struct charge_standing *standing)
{
    struct json_writer *writer = &look->writer;
    const struct account_identity *identity = &look->identity;
    char date[INSTANT_TEXT_BYTES];
    json_member_text(writer, TEXT("plan"), text_of(standing->plan->name));
    period_write(writer, &standing->period);
    credits_write(writer, standing);
    day_write(writer, standing);
    money_write(writer, look, standing);
    overage_write(writer, standing);
    waiting_write(writer, identity, standing);
    stop_write(writer, standing);
    json_member_text(writer, TEXT("user_id"), text_of(identity->outward_id));
    json_member_text(writer, TEXT("created_at"), instant_rfc3339(identity->created_at, date));
    json_member_text(writer, TEXT("updated_at"), instant_rfc3339(identity->updated_at, date));
}

void billing_state_write(struct account_look *look)
{
    const struct call *call = look->call;
    const struct endpoint *endpoint = &call->pipeline->endpoints[0];
    struct charge charge = {.account_id = call->key.account_id,
                            .key_id = call->key.key_id,
                            .cost = credits_of(endpoint->credits),
                            .operation_id = endpoint->operation_id};
    ledger_look(call->pipeline->ledger, &charge);
    standing_write(look, &charge.standing);
}

void billing_look_up(struct call *call)
{
    account_look_start(account_look_take(call, sizeof(struct account_look)), call,
                       billing_total_read, billing_state_write);
}
