#include "call/answer_headers.h"
#include "call/call.h"

/* ---- Headers ---- */

static int64_t whole_seconds(int64_t ms)
{
    return (ms + 999) / 1000;
}

static bool has_daily_cap(const struct quota *quota)
{
    return quota->daily_cap.count < CREDITS_MAX;
}

static void charge_id_header(const uint8_t *charge_id, struct buffer *headers)
{
    char id[2 * CHARGE_ID_BYTES];
    secret_hex(charge_id, CHARGE_ID_BYTES, id);
    answer_header_text(headers, HEADER_CHARGE_ID, (struct text){id, sizeof(id)});
}

static void rate_headers(const struct rate_standing *rate, struct buffer *headers)
{
    char limit_room[TEXT_INTEGER_BYTES], remaining_room[TEXT_INTEGER_BYTES],
        reset_room[TEXT_INTEGER_BYTES];
    struct text limit = text_of_integer(rate->limit, limit_room);
    struct text remaining = text_of_integer(rate->remaining, remaining_room);
    struct text reset = text_of_integer(whole_seconds(rate->reset_ms), reset_room);
    answer_header_begin(headers, HEADER_RATE_POLICY);
    buffer_append(headers, TEXT("\"minute\";q="));
    buffer_append(headers, limit);
    buffer_append(headers, TEXT(";w=60\r\n"));
    answer_header_begin(headers, HEADER_RATE);
    buffer_append(headers, TEXT("\"minute\";r="));
    buffer_append(headers, remaining);
    buffer_append(headers, TEXT(";t="));
    buffer_append(headers, reset);
    buffer_append(headers, TEXT("\r\n"));
    answer_header_text(headers, HEADER_RATE_LIMIT, limit);
    answer_header_text(headers, HEADER_RATE_REMAINING, remaining);
    answer_header_text(headers, HEADER_RATE_RESET, reset);
}

/* A key that was rotated works until then. */
static void stop_header(instant stops_at, struct buffer *headers)
{
    char written[INSTANT_TEXT_BYTES];
    answer_header_text(headers, HEADER_KEY_STOPS_AT, instant_rfc3339(stops_at, written));
}

void call_standing_headers(const struct call *call, struct buffer *headers)
{
    const struct charge_standing *standing = &call->charge.standing;
    const struct quota *quota = &standing->quota;
    rate_headers(&standing->rate, headers);
    answer_header_number(headers, HEADER_CREDITS_CHARGED, standing->charged.count);
    answer_header_number(headers, HEADER_CREDITS_REMAINING, quota_remaining(quota).count);
    if (has_daily_cap(quota))
        answer_header_number(headers, HEADER_CREDITS_DAILY_REMAINING,
                             credits_left(quota->daily_cap, quota->daily_used).count);
    if (call->key.stops_at.us != 0)
        stop_header(call->key.stops_at, headers);
    if (standing->charged.count > 0)
        charge_id_header(call->charge.charge_id, headers);
    if (call->is_replay && standing->verdict == CHARGE_TAKEN) {
        charge_id_header(call->idempotent.charge_id, headers);
        answer_header_text(headers, HEADER_REPLAYED, TEXT("true"));
    }
}

/* ---- Refusals ---- */

static const enum failure_id quota_failures[] = {
    [QUOTA_KEY_DAILY] = FAILURE_KEY_DAILY_LIMIT,
    [QUOTA_DAILY] = FAILURE_DAILY_CREDIT_LIMIT,
    [QUOTA_INSUFFICIENT] = FAILURE_INSUFFICIENT_CREDITS,
    [QUOTA_SPEND_LIMIT] = FAILURE_SPEND_LIMIT,
};

static const struct failure *failure_of(const struct charge_standing *standing)
{
    return &failures[standing->verdict == CHARGE_RATE_LIMITED
                         ? FAILURE_RATE_LIMITED
                         : quota_failures[standing->quota_verdict]];
}

/* When a call like this one may be admitted again, by the wall clock: after that was stepped
 * back, the day and the period that the account has entered last longer. */
static instant resets_at(const struct charge *charge, const struct failure *failure)
{
    const struct charge_standing *standing = &charge->standing;
    if (failure->status == 429)
        return (instant){charge->order.now.us + 1000 * standing->rate.retry_ms};
    return text_equals(failure->scope, TEXT("daily")) ? day_end(standing->now)
                                                      : standing->period.end;
}

/* Rounded up, so that whoever waits that long does not come too early. */
static int64_t seconds_up(int64_t us)
{
    int64_t seconds = (us + SECOND_US - 1) / SECOND_US;
    return seconds > 1 ? seconds : 1;
}

/* The cheapest plan, in the order of the plan file, that would have admitted this very call. */
static const struct plan *suggested_plan(const struct charge_standing *standing)
{
    const struct plans *plans = &standing->terms->plans;
    for (size_t i = 0; i < plans->plan_count; i++)
        if (meter_would_admit(standing, &plans->plans[i], standing->cost))
            return &plans->plans[i];
    return NULL;
}

static void credits_write(struct json_writer *writer, const struct charge *charge)
{
    const struct quota *quota = &charge->standing.quota;
    bool is_capped = has_daily_cap(quota);
    json_member_integer(writer, TEXT("credit_cost"), charge->standing.cost.count);
    json_member_integer(writer, TEXT("credits_included"), quota->included.count);
    json_member_integer(writer, TEXT("credits_used"),
                        credits_add(quota->used, quota->overage_used).count);
    json_member_integer(writer, TEXT("credits_remaining"), quota_remaining(quota).count);
    json_member_integer(writer, TEXT("daily_credit_limit"),
                        is_capped ? quota->daily_cap.count : 0);
    json_member_integer(writer, TEXT("daily_credits_used"), quota->daily_used.count);
    json_member_integer(writer, TEXT("daily_credits_remaining"),
                        is_capped ? credits_left(quota->daily_cap, quota->daily_used).count
                                  : 0);
}

static void refusal_write(struct json_writer *writer, const struct call *call,
                          const struct failure *failure, int64_t seconds)
{
    const struct charge_standing *standing = &call->charge.standing;
    instant shown = instant_of_seconds(seconds_up(resets_at(&call->charge, failure).us));
    char date[INSTANT_TEXT_BYTES];
    json_member_text(writer, TEXT("reset_scope"), failure->scope);
    json_member_text(writer, TEXT("resets_at"), instant_rfc3339(shown, date));
    json_member_integer(writer, TEXT("retry_after_seconds"), seconds);
    json_member_text(writer, TEXT("plan"), text_of(standing->plan->name));
    json_member_text(writer, TEXT("message"), failure->message);
    const struct plan *suggested = suggested_plan(standing);
    if (suggested)
        json_member_text(writer, TEXT("suggested_plan"), text_of(suggested->name));
    json_member_text(writer, TEXT("upgrade_url"), call->pipeline->upgrade_url);
    if (failure->status == 402)
        credits_write(writer, &call->charge);
    else
        json_member_integer(writer, TEXT("rate_limit_per_minute"), standing->rate.limit);
}

/* For an agent, which waits better when it is told so in words. */
static void advice_write(const struct call *call, const struct failure *failure,
                         int64_t seconds, struct buffer *advice)
{
    const struct charge_standing *standing = &call->charge.standing;
    instant shown = instant_of_seconds(seconds_up(resets_at(&call->charge, failure).us));
    char room[INSTANT_TEXT_BYTES];
    struct text date = instant_rfc3339(shown, room);
    buffer_append_format(advice, "Come back in %lld %s, at %.*s.", (long long)seconds,
                         seconds == 1 ? "second" : "seconds", TEXT_PRINT(date));
    const struct plan *suggested = suggested_plan(standing);
    if (suggested)
        buffer_append_format(advice, " The plan %s would have admitted this call: %.*s",
                             suggested->name, TEXT_PRINT(call->pipeline->upgrade_url));
}

#define EXTRA_BYTES_MAX 2048
#define RETRY_HEADER_BYTES 48

void call_refuse_standing(struct call *call)
{
    const struct charge *charge = &call->charge;
    const struct failure *failure = failure_of(&charge->standing);
    int64_t seconds = seconds_up(resets_at(charge, failure).us - charge->order.now.us);
    char extra_room[EXTRA_BYTES_MAX];
    struct buffer extra;
    buffer_init_on(&extra, extra_room, sizeof(extra_room));
    struct json_writer writer = json_writer_on(&extra);
    refusal_write(&writer, call, failure, seconds);
    buffer_append_byte(&extra, ',');
    check(!extra.overflowed);
    char header_room[RETRY_HEADER_BYTES];
    struct buffer header;
    buffer_init_on(&header, header_room, sizeof(header_room));
    answer_header_number(&header, HEADER_RETRY_AFTER, seconds);
    char advice_room[EXTRA_BYTES_MAX]; /* names nothing that extra does not */
    struct buffer advice;
    buffer_init_on(&advice, advice_room, sizeof(advice_room));
    if (call->tool)
        advice_write(call, failure, seconds, &advice);
    check(!advice.overflowed);
    call_refuse(call, &(struct refusal){.failure = failure,
                                        .extra = buffer_text(&extra),
                                        .headers = buffer_text(&header),
                                        .advice = buffer_text(&advice)});
}
