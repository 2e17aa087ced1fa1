#include "call/answer_headers.h"

#define NAME(written) .name = TEXT_INITIAL(written), .opening = TEXT_INITIAL(written ": ")
#define INTEGER .type = TEXT_INITIAL("integer")
#define STRING .type = TEXT_INITIAL("string")

/* clang-format off */
const struct answer_header answer_headers[HEADER_COUNT] = {
    [HEADER_REQUEST_ID] =
        {NAME("X-Request-Id"), STRING,
         .example = TEXT_INITIAL("0f3c6b2a9d"),
         .meaning = TEXT_INITIAL("The request's own X-Request-Id, if it is 1 to 128 of A-Z a-z 0-9 . _ -, else a "
                                 "fresh one; also data.request_id."),
         .place = HEADER_ON_EVERY, .is_always = true},
    /* draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4: Lists of quoted Strings, which
     * name a policy, with Integer parameters. */
    [HEADER_RATE_POLICY] =
        {NAME("RateLimit-Policy"), STRING,
         .example = TEXT_INITIAL("\"minute\";q=5;w=60"),
         .meaning = TEXT_INITIAL("The plan's rate limit: q calls in any w seconds."),
         .place = HEADER_ON_CALLS, .is_always = true},
    [HEADER_RATE] =
        {NAME("RateLimit"), STRING,
         .example = TEXT_INITIAL("\"minute\";r=4;t=60"),
         .meaning = TEXT_INITIAL("r calls are left; in t seconds the oldest one counts no longer."),
         .place = HEADER_ON_CALLS, .is_always = true},
    [HEADER_RATE_LIMIT] =
        {NAME("X-RateLimit-Limit"), INTEGER,
         .example = TEXT_INITIAL("5"),
         .meaning = TEXT_INITIAL("Calls that the plan allows in any 60 seconds."),
         .place = HEADER_ON_CALLS, .is_always = true},
    [HEADER_RATE_REMAINING] =
        {NAME("X-RateLimit-Remaining"), INTEGER,
         .example = TEXT_INITIAL("4"),
         .meaning = TEXT_INITIAL("Calls that are left of them."),
         .place = HEADER_ON_CALLS, .is_always = true},
    [HEADER_RATE_RESET] =
        {NAME("X-RateLimit-Reset"), INTEGER,
         .example = TEXT_INITIAL("60"),
         .meaning = TEXT_INITIAL("Seconds until the oldest call counts no longer."),
         .place = HEADER_ON_CALLS, .is_always = true},
    [HEADER_CREDITS_CHARGED] =
        {NAME("X-Credits-Charged"), INTEGER,
         .example = TEXT_INITIAL("8"),
         .meaning = TEXT_INITIAL("Credits that this call cost; 0 for everything but a delivered list."),
         .place = HEADER_ON_CALLS, .is_always = true},
    [HEADER_CREDITS_REMAINING] =
        {NAME("X-Credits-Remaining"), INTEGER,
         .example = TEXT_INITIAL("1992"),
         .meaning = TEXT_INITIAL("Included credits that are left in this billing period."),
         .place = HEADER_ON_CALLS, .is_always = true},
    [HEADER_CREDITS_DAILY_REMAINING] =
        {NAME("X-Credits-Daily-Remaining"), INTEGER,
         .example = TEXT_INITIAL("492"),
         .meaning = TEXT_INITIAL("Credits that are left until 00:00 UTC, where the plan has a daily cap."),
         .place = HEADER_ON_CALLS},
    [HEADER_KEY_STOPS_AT] =
        {NAME("X-Key-Stops-At"), STRING,
         .format = TEXT_INITIAL("date-time"),
         .example = TEXT_INITIAL("2026-04-22T00:00:00Z"),
         .meaning = TEXT_INITIAL("When this key stops working: it was rotated and is in its grace."),
         .place = HEADER_ON_CALLS},
    [HEADER_CHARGE_ID] =
        {NAME("X-Charge-Id"), STRING,
         .example = TEXT_INITIAL("9f86d081884c7d659a2feaa0c55ad015"),
         .meaning = TEXT_INITIAL("The charge's own id, 128 bits in hexadecimal; a replay has that of the first."),
         .place = HEADER_ON_SUCCESSES},
    [HEADER_REPLAYED] =
        {NAME("Idempotent-Replayed"), STRING,
         .example = TEXT_INITIAL("true"),
         .meaning = TEXT_INITIAL("true: the answer to an earlier call with this Idempotency-Key, at no charge."),
         .place = HEADER_ON_SUCCESSES},
    [HEADER_ETAG] =
        {NAME("ETag"), STRING,
         .example = TEXT_INITIAL("W/\"3f2a9c\""),
         .meaning = TEXT_INITIAL("Stands for data.data; send it as If-None-Match, and the same list is a 304 "
                                 "that costs no credits."),
         .place = HEADER_ON_LISTS, .is_always = true},
    [HEADER_LAST_MODIFIED] =
        {NAME("Last-Modified"), STRING,
         .example = TEXT_INITIAL("Tue, 21 Apr 2026 06:00:00 GMT"),
         .meaning = TEXT_INITIAL("When the list was captured."),
         .place = HEADER_ON_LISTS, .is_always = true},
    [HEADER_TREND_AS_OF] =
        {NAME("X-Trend-As-Of"), STRING,
         .format = TEXT_INITIAL("date"),
         .example = TEXT_INITIAL("2026-04-21"),
         .meaning = TEXT_INITIAL("The date of the newest trend point, else of the capture."),
         .place = HEADER_ON_LISTS, .is_always = true},
    [HEADER_TREND_SOURCE] =
        {NAME("X-Trend-Source"), STRING,
         .example = TEXT_INITIAL("creative-center"),
         .meaning = TEXT_INITIAL("Where the list comes from: creative-center, business-api, import, sample."),
         .place = HEADER_ON_LISTS, .is_always = true},
    [HEADER_TREND_STALE] =
        {NAME("X-Trend-Stale"), STRING,
         .example = TEXT_INITIAL("1"),
         .meaning = TEXT_INITIAL("1: the list is older than its time to live, or suddenly is of less than half of its "
                                 "length before."),
         .place = HEADER_ON_LISTS},
    [HEADER_RETRY_AFTER] =
        {NAME("Retry-After"), INTEGER,
         .example = TEXT_INITIAL("41"),
         .meaning = TEXT_INITIAL("Seconds after which the same call may succeed; at 402 and 429 the same as "
                                 "data.retry_after_seconds."),
         .place = HEADER_ON_RETRIES, .is_always = true},
    [HEADER_CHALLENGE] =
        {NAME("WWW-Authenticate"), STRING,
         .example = TEXT_INITIAL("ApiKey realm=\"trendgate\", header=\"x-api-key\""),
         .meaning = TEXT_INITIAL("Which key is asked for, and in which header."),
         .place = HEADER_ON_CHALLENGES, .is_always = true},
    [HEADER_DISPOSITION] =
        {NAME("Content-Disposition"), STRING,
         .example = TEXT_INITIAL("attachment; filename=\"trendgate-statement-2026-04.json\""),
         .meaning = TEXT_INITIAL("The name under which the file is kept."),
         .place = HEADER_ON_FILES, .is_always = true},
};
/* clang-format on */

bool answer_header_is_on(const struct answer_header *header, const struct endpoint *endpoint,
                         unsigned status)
{
    bool is_product = endpoint->kind == ENDPOINT_PRODUCT;
    /* Not a call, or nothing that was counted as one. */
    bool is_uncounted = status == 401 || status == 403 || status == 413 || status == 414 ||
                        status == 431 || status == 500 ||
                        (status == 503 && !endpoint->answers_list);
    switch (header->place) {
    case HEADER_ON_EVERY: return true;
    case HEADER_ON_CALLS: return is_product && !is_uncounted;
    case HEADER_ON_SUCCESSES: /* a replay may be a 304 */
        return endpoint->credits > 0 &&
               (status == 200 || (status == 304 && endpoint->answers_list));
    case HEADER_ON_LISTS: return endpoint->answers_list && (status == 200 || status == 304);
    case HEADER_ON_RETRIES: return status == 402 || status == 429 || status == 503;
    case HEADER_ON_CHALLENGES: return status == 401;
    case HEADER_ON_FILES: return endpoint->gives_file && status == 200;
    }
    check_failed(__FILE__, __LINE__, "place is in the list");
}

struct text answer_header_place_words(enum answer_header_place place)
{
    switch (place) {
    case HEADER_ON_EVERY: return TEXT("every answer");
    case HEADER_ON_CALLS: return TEXT("every answer to a call");
    case HEADER_ON_SUCCESSES:
    case HEADER_ON_LISTS: return TEXT("200 and 304");
    case HEADER_ON_RETRIES: return TEXT("402, 429 and 503");
    case HEADER_ON_CHALLENGES: return TEXT("401");
    case HEADER_ON_FILES: return TEXT("200 that gives a file");
    }
    check_failed(__FILE__, __LINE__, "place is in the list");
}
