#include "api/look_ups.h"
#include "base/log.h"
#include "base/pool.h"
#include "ledger/reader.h"

/* One look at an account: who it is comes from the disk, on a pool thread; where it stands comes
 * from the meter, on the loop again, so that the next call finds the same numbers. */
struct look {
    struct pool_job job;
    struct http_task task;
    struct call *call;
    struct account_identity identity;
    enum status status;
};

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

static void money_write(struct json_writer *writer, const struct charge_standing *standing)
{
    int64_t cents = standing->subscription.cents;
    json_member_integer(writer, TEXT("subscription_price_cents"), cents);
    json_member_integer(writer, TEXT("expected_total_amount_cents"),
                        cents + micros_to_cents(standing->overage_spent));
    json_member_text(writer, TEXT("currency"), TEXT("usd"));
    json_member_text(writer, TEXT("pricing_source"), TEXT("plan_default"));
}

static void state_write(struct json_writer *writer, const struct look *look,
                        const struct charge_standing *standing)
{
    char date[INSTANT_TEXT_BYTES];
    json_member_text(writer, TEXT("plan"), text_of(standing->plan->name));
    period_write(writer, &standing->period);
    credits_write(writer, standing);
    day_write(writer, standing);
    money_write(writer, standing);
    json_member_text(writer, TEXT("user_id"), text_of(look->identity.outward_id));
    json_member_text(writer, TEXT("created_at"),
                     instant_rfc3339(look->identity.created_at, date));
    json_member_text(writer, TEXT("updated_at"),
                     instant_rfc3339(look->identity.updated_at, date));
}

#define BILLING_BYTES_MAX 4096

static void look_answer(struct look *look)
{
    struct call *call = look->call;
    struct charge charge = {.account_id = call->key.account_id, .key_id = call->key.key_id};
    ledger_look(call->pipeline->ledger, &charge);
    char room[BILLING_BYTES_MAX];
    struct buffer body;
    buffer_init_on(&body, room, sizeof(room));
    struct json_writer writer = json_writer_on(&body);
    json_object_open(&writer);
    json_member_integer(&writer, TEXT("code"), 200);
    json_member_text(&writer, TEXT("msg"), TEXT("OK"));
    json_name(&writer, TEXT("data"));
    json_object_open(&writer);
    state_write(&writer, look, &charge.standing);
    json_member_text(&writer, TEXT("request_id"), call->request_id);
    json_object_close(&writer);
    json_object_close(&writer);
    check(!body.overflowed);
    call_answer_body(call, 200, (struct text){0}, buffer_text(&body));
}

static void refuse_unread(struct call *call)
{
    call_refuse_overloaded(call, TEXT("The account cannot be read at the moment; try again "
                                      "shortly."));
}

/* On the call's loop again. */
static void look_resumed(struct http_task *task)
{
    struct look *look = CONTAINER_OF(task, struct look, task);
    if (look->status == STATUS_OK)
        look_answer(look);
    else
        refuse_unread(look->call);
}

/* On a pool thread. */
static void look_read(struct pool_job *job)
{
    struct look *look = CONTAINER_OF(job, struct look, job);
    struct call *call = look->call;
    struct reason reason = {""};
    look->status = ledger_account_identity(call->pipeline->ledger, call->key.account_id,
                                           &look->identity, &reason);
    if (look->status != STATUS_OK)
        log_line(LOG_ERROR, "ledger", "an account cannot be read: %s", reason.sentence);
    http_loop_post(http_exchange_loop(call->exchange), &look->task);
}

void billing_look_up(struct call *call)
{
    struct look *look = arena_take(http_exchange_arena(call->exchange), sizeof(*look));
    check(look != NULL);
    *look = (struct look){.job = {.run = look_read}, .task = {.run = look_resumed}};
    look->call = call;
    if (pool_submit(call->pipeline->readers, &look->job) != STATUS_OK)
        refuse_unread(call);
}
