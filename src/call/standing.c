#include "call/call.h"

/* ---- Headers ---- */

static int64_t whole_seconds(int64_t ms)
{
    return (ms + 999) / 1000;
}

static void header_number(struct buffer *headers, struct text name, int64_t value)
{
    buffer_append(headers, name);
    buffer_append_integer(headers, value);
    buffer_append(headers, TEXT("\r\n"));
}

static bool has_daily_cap(const struct quota *quota)
{
    return quota->daily_cap.count < CREDITS_MAX;
}

static void charge_id_header(const uint8_t *charge_id, struct buffer *headers)
{
    char id[2 * CHARGE_ID_BYTES];
    secret_hex(charge_id, CHARGE_ID_BYTES, id);
    buffer_append(headers, TEXT("X-Charge-Id: "));
    buffer_append(headers, (struct text){id, sizeof(id)});
    buffer_append(headers, TEXT("\r\n"));
}

/* draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4: Lists of quoted Strings, which
 * name a policy, with Integer parameters. */
static void rate_headers(const struct rate_standing *rate, struct buffer *headers)
{
    int64_t reset = whole_seconds(rate->reset_ms);
    buffer_append(headers, TEXT("RateLimit-Policy: \"minute\";q="));
    buffer_append_integer(headers, rate->limit);
    buffer_append(headers, TEXT(";w=60\r\n"));
    buffer_append(headers, TEXT("RateLimit: \"minute\";r="));
    buffer_append_integer(headers, rate->remaining);
    header_number(headers, TEXT(";t="), reset);
    header_number(headers, TEXT("X-RateLimit-Limit: "), rate->limit);
    header_number(headers, TEXT("X-RateLimit-Remaining: "), rate->remaining);
    header_number(headers, TEXT("X-RateLimit-Reset: "), reset);
}

/* A key that was rotated works until then. */
static void stop_header(instant stops_at, struct buffer *headers)
{
    char written[INSTANT_TEXT_BYTES];
    buffer_append(headers, TEXT("X-Key-Stops-At: "));
    buffer_append(headers, instant_rfc3339(stops_at, written));
    buffer_append(headers, TEXT("\r\n"));
}

void call_standing_headers(const struct call *call, struct buffer *headers)
{
    const struct charge_standing *standing = &call->charge.standing;
    const struct quota *quota = &standing->quota;
    rate_headers(&standing->rate, headers);
    header_number(headers, TEXT("X-Credits-Charged: "), standing->charged.count);
    header_number(headers, TEXT("X-Credits-Remaining: "), quota_remaining(quota).count);
    if (has_daily_cap(quota))
        header_number(headers, TEXT("X-Credits-Daily-Remaining: "),
                      credits_left(quota->daily_cap, quota->daily_used).count);
    if (call->key.stops_at.us != 0)
        stop_header(call->key.stops_at, headers);
    if (standing->charged.count > 0)
        charge_id_header(call->charge.charge_id, headers);
    if (call->is_replay && standing->verdict == CHARGE_TAKEN) {
        charge_id_header(call->idempotent.charge_id, headers);
        buffer_append(headers, TEXT("Idempotent-Replayed: true\r\n"));
    }
}

/* ---- Refusals ---- */

/* What each refusal is called, by which clock it ends, and what a person reads. */
struct refusal_kind {
    unsigned status;
    struct text reason;
    struct text scope;
    struct text message;
};

static const struct refusal_kind rate_limited = {
    429, TEXT_INITIAL("rate_limited"), TEXT_INITIAL("minute"),
    TEXT_INITIAL(
        "The plan's calls of this minute are used up; try again when a slot returns.")};

static const struct refusal_kind quota_kinds[] = {
    [QUOTA_KEY_DAILY] = {402, TEXT_INITIAL("key_daily_limit"), TEXT_INITIAL("daily"),
                         TEXT_INITIAL(
                             "This API key's own daily credits are used up until 00:00 "
                             "UTC; use another key, or raise its cap.")},
    [QUOTA_DAILY] = {402, TEXT_INITIAL("daily_credit_limit"), TEXT_INITIAL("daily"),
                     TEXT_INITIAL("The plan's daily credits are used up until 00:00 UTC.")},
    [QUOTA_INSUFFICIENT] = {402, TEXT_INITIAL("insufficient_credits"), TEXT_INITIAL("monthly"),
                            TEXT_INITIAL(
                                "The billing period's credits are used up; upgrade, or "
                                "wait for the next period.")},
    [QUOTA_SPEND_LIMIT] = {402, TEXT_INITIAL("spend_limit"), TEXT_INITIAL("monthly"),
                           TEXT_INITIAL("The spend limit for overage is reached; raise it, or "
                                        "wait for the next period.")},
};

static const struct refusal_kind *kind_of(const struct charge_standing *standing)
{
    return standing->verdict == CHARGE_RATE_LIMITED ? &rate_limited
                                                    : &quota_kinds[standing->quota_verdict];
}

/* When a call like this one may be admitted again, by the wall clock: after that was stepped
 * back, the day and the period that the account has entered last longer. */
static instant resets_at(const struct charge *charge, const struct refusal_kind *kind)
{
    const struct charge_standing *standing = &charge->standing;
    if (kind->status == 429)
        return (instant){charge->order.now.us + 1000 * standing->rate.retry_ms};
    return text_equals(kind->scope, TEXT("daily")) ? day_end(standing->now)
                                                   : standing->period.end;
}

/* Rounded up, so that whoever waits that long does not come too early. */
static int64_t seconds_up(int64_t us)
{
    int64_t seconds = (us + SECOND_US - 1) / SECOND_US;
    return seconds > 1 ? seconds : 1;
}

/* The cheapest plan, in the order of the plan file, that would have admitted this very call. */
static const struct plan *suggested_plan(const struct charge_standing *standing, credits cost)
{
    const struct plans *plans = &standing->terms->plans;
    for (size_t i = 0; i < plans->plan_count; i++)
        if (meter_would_admit(standing, &plans->plans[i], cost))
            return &plans->plans[i];
    return NULL;
}

static void credits_write(struct json_writer *writer, const struct charge *charge)
{
    const struct quota *quota = &charge->standing.quota;
    bool is_capped = has_daily_cap(quota);
    json_member_integer(writer, TEXT("credit_cost"), charge->cost.count);
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
                          const struct refusal_kind *kind, int64_t seconds)
{
    const struct charge_standing *standing = &call->charge.standing;
    instant shown = instant_of_seconds(seconds_up(resets_at(&call->charge, kind).us));
    char date[INSTANT_TEXT_BYTES];
    json_member_text(writer, TEXT("reset_scope"), kind->scope);
    json_member_text(writer, TEXT("resets_at"), instant_rfc3339(shown, date));
    json_member_integer(writer, TEXT("retry_after_seconds"), seconds);
    json_member_text(writer, TEXT("plan"), text_of(standing->plan->name));
    json_member_text(writer, TEXT("message"), kind->message);
    const struct plan *suggested = suggested_plan(standing, call->charge.cost);
    if (suggested)
        json_member_text(writer, TEXT("suggested_plan"), text_of(suggested->name));
    json_member_text(writer, TEXT("upgrade_url"), call->pipeline->upgrade_url);
    if (kind->status == 402)
        credits_write(writer, &call->charge);
    else
        json_member_integer(writer, TEXT("rate_limit_per_minute"), standing->rate.limit);
}

/* For an agent, which waits better when it is told so in words. */
static void advice_write(const struct call *call, const struct refusal_kind *kind,
                         int64_t seconds, struct buffer *advice)
{
    const struct charge_standing *standing = &call->charge.standing;
    instant shown = instant_of_seconds(seconds_up(resets_at(&call->charge, kind).us));
    char room[INSTANT_TEXT_BYTES];
    struct text date = instant_rfc3339(shown, room);
    buffer_append_format(advice, "Come back in %lld %s, at %.*s.", (long long)seconds,
                         seconds == 1 ? "second" : "seconds", TEXT_PRINT(date));
    const struct plan *suggested = suggested_plan(standing, call->charge.cost);
    if (suggested)
        buffer_append_format(advice, " The plan %s would have admitted this call: %.*s",
                             suggested->name, TEXT_PRINT(call->pipeline->upgrade_url));
}

#define EXTRA_BYTES_MAX 2048
#define RETRY_HEADER_BYTES 48

void call_refuse_standing(struct call *call)
{
    const struct charge *charge = &call->charge;
    const struct refusal_kind *kind = kind_of(&charge->standing);
    int64_t seconds = seconds_up(resets_at(charge, kind).us - charge->order.now.us);
    char extra_room[EXTRA_BYTES_MAX];
    struct buffer extra;
    buffer_init_on(&extra, extra_room, sizeof(extra_room));
    struct json_writer writer = json_writer_on(&extra);
    refusal_write(&writer, call, kind, seconds);
    buffer_append_byte(&extra, ',');
    check(!extra.overflowed);
    char header_room[RETRY_HEADER_BYTES];
    struct buffer header;
    buffer_init_on(&header, header_room, sizeof(header_room));
    header_number(&header, TEXT("Retry-After: "), seconds);
    char advice_room[EXTRA_BYTES_MAX]; /* names nothing that extra does not */
    struct buffer advice;
    buffer_init_on(&advice, advice_room, sizeof(advice_room));
    if (call->tool)
        advice_write(call, kind, seconds, &advice);
    check(!advice.overflowed);
    call_refuse(call, &(struct refusal){.status = kind->status,
                                        .reason = kind->reason,
                                        .message = kind->message,
                                        .extra = buffer_text(&extra),
                                        .headers = buffer_text(&header),
                                        .advice = buffer_text(&advice)});
}
