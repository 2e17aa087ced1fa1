#include "api/endpoints.h"

#include "api/account_look.h"
#include "api/billing_rows.h"
#include "api/look_ups.h"
#include "api/schemas.h"
#include "api/usage_range.h"
#include "model/country.h"
#include "model/industry.h"
#include "model/ranking.h"

static enum status industry_known(struct text written, unsigned *index)
{
    int64_t id;
    TRY(text_read_integer(written, &id));
    return industry_find(id, index);
}

#define INTEGER TEXT_INITIAL("integer")
#define STRING TEXT_INITIAL("string")
#define BOOLEAN TEXT_INITIAL("boolean")

/* clang-format off */
#define PERIOD_PARAMETER                                                                       \
    {.name = TEXT_INITIAL("period"),                                                           \
    .aliases = {"days", "window"},                                                             \
    .type = INTEGER,                                                                           \
    .kind = PARAMETER_ONE_OF,                                                                  \
    .one_of = {7, 30, 120},                                                                    \
    .absent = 7,                                                                               \
    .refusal = TEXT_INITIAL("must be 7, 30 or 120"),                                           \
    .description = TEXT_INITIAL("Trend window in days")}

#define COUNTRY_PARAMETER                                                                      \
    {.name = TEXT_INITIAL("country_code"),                                                     \
    .aliases = {"country", "region", "geo", "cc"},                                             \
    .type = STRING,                                                                            \
    .kind = PARAMETER_KNOWN,                                                                   \
    .known = country_find,                                                                     \
    .absent = COUNTRY_ALL,                                                                     \
    .without = TEXT_INITIAL("the global list"),                                                \
    .refusal = TEXT_INITIAL("must be the code of a known country, or ALL "                     \
    "(GET " META_PATH " lists them)"),                                                         \
    .example = TEXT_INITIAL("US"),                                                             \
    .description = TEXT_INITIAL("Country code filter")}
/* clang-format on */

const struct parameter hashtag_parameters[HASHTAG_PARAMETERS] = {
    [HASHTAG_PAGE] = {.name = TEXT_INITIAL("page"),
                      .aliases = {"page_number", "page_no", "p"},
                      .type = INTEGER,
                      .kind = PARAMETER_CLAMPED,
                      .minimum = 1,
                      .maximum = 10,
                      .absent = 1,
                      .refusal = TEXT_INITIAL("must be an integer (it is clamped to 1-10)"),
                      .description = TEXT_INITIAL("Page number")},
    [HASHTAG_LIMIT] = {.name = TEXT_INITIAL("limit"),
                       .aliases = {"size", "per_page", "page_size", "count"},
                       .type = INTEGER,
                       .kind = PARAMETER_CLAMPED,
                       .minimum = 1,
                       .maximum = 100,
                       .absent = 20,
                       .refusal = TEXT_INITIAL("must be an integer (it is clamped to 1-100)"),
                       .example = TEXT_INITIAL("50"),
                       .description = TEXT_INITIAL("Number of results per page")},
    [HASHTAG_PERIOD] = PERIOD_PARAMETER,
    [HASHTAG_INDUSTRY] = {.name = TEXT_INITIAL("industry_id"),
                          .aliases = {"industry", "category"},
                          .type = INTEGER,
                          .kind = PARAMETER_KNOWN,
                          .known = industry_known,
                          .absent = INDUSTRY_ALL,
                          .without = TEXT_INITIAL("all industries"),
                          .refusal = TEXT_INITIAL(
                              "must be the id of a known industry (GET " META_PATH
                              " lists them)"),
                          .description = TEXT_INITIAL("Industry ID to filter trends")},
    [HASHTAG_COUNTRY] = COUNTRY_PARAMETER,
    [HASHTAG_FILTER] = {.name = TEXT_INITIAL("filter_by"),
                        .aliases = {"filter"},
                        .type = STRING,
                        .kind = PARAMETER_WORD,
                        .word = TEXT_INITIAL("new_on_board"),
                        .absent = 0,
                        .without = TEXT_INITIAL("every hashtag"),
                        .refusal = TEXT_INITIAL("must be new_on_board"),
                        .description = TEXT_INITIAL(
                            "Filter criteria, only 'new_on_board' is allowed")},
};

const struct parameter history_parameters[HISTORY_PARAMETERS] = {
    [HISTORY_NAME] = {.name = TEXT_INITIAL("hashtag_name"),
                      .aliases = {"hashtag", "name", "tag", "keyword", "q"},
                      .type = STRING,
                      .kind = PARAMETER_TEXT,
                      .minimum = 1,
                      .maximum = HASHTAG_NAME_BYTES_MAX,
                      .prefix = TEXT_INITIAL("#"),
                      .is_required = true,
                      .refusal = TEXT_INITIAL("must be a hashtag of 1 to 512 bytes, with or "
                                              "without #"),
                      .example = TEXT_INITIAL("prom"),
                      .description = TEXT_INITIAL("Hashtag to look for, in any script")},
    [HISTORY_COUNTRY] = COUNTRY_PARAMETER,
    [HISTORY_PERIOD] = PERIOD_PARAMETER,
};
_Static_assert(HASHTAG_NAME_BYTES_MAX == 512, "the sentence above says so");

static const struct parameter movers_parameters[] = {
    [MOVERS_COUNTRY] = COUNTRY_PARAMETER,
    [MOVERS_PERIOD] = PERIOD_PARAMETER,
    [MOVERS_SINCE] = {.name = TEXT_INITIAL("since"),
                      .aliases = {"from", "start", "date", "after"},
                      .type = STRING,
                      .kind = PARAMETER_INSTANT,
                      .absent = -1,
                      .without = TEXT_INITIAL("the capture before the newest"),
                      .refusal = TEXT_INITIAL("must be a date such as 2025-10-01, or a time "
                                              "such as 2025-10-01T21:30:09Z"),
                      .example = TEXT_INITIAL("2025-10-01"),
                      .description = TEXT_INITIAL("Compare with the capture nearest to it")},
};

/* ---- The account ---- */

#define RANGE_PARAMETERS                                                                       \
    [USAGE_RANGE] = {.name = TEXT_INITIAL("range"),                                            \
                     .aliases = {"period", "window"},                                          \
                     .type = STRING,                                                           \
                     .kind = PARAMETER_CHOICE,                                                 \
                     .words = USAGE_RANGE_WORDS,                                               \
                     .absent = RANGE_ABSENT,                                                   \
                     .without = TEXT_INITIAL("period, or custom where from or to is given"),   \
                     .refusal = TEXT_INITIAL("must be period, day, week, month or custom"),    \
                     .description = TEXT_INITIAL(                                              \
                         "The billing period, today, the last 7 or 30 days "                   \
                         "(today among them), or from and to")},                               \
    [USAGE_FROM] = {.name = TEXT_INITIAL("from"),                                              \
                    .aliases = {"since", "start", "after"},                                    \
                    .type = STRING,                                                            \
                    .kind = PARAMETER_INSTANT,                                                 \
                    .absent = RANGE_ABSENT,                                                    \
                    .refusal = TEXT_INITIAL(INSTANT_REFUSAL),                                  \
                    .description = TEXT_INITIAL("First hour of a custom range, UTC")},         \
    [USAGE_TO] = {                                                                             \
        .name = TEXT_INITIAL("to"),                                                            \
        .aliases = {"until", "end", "before"},                                                 \
        .type = STRING,                                                                        \
        .kind = PARAMETER_INSTANT,                                                             \
        .absent = RANGE_ABSENT,                                                                \
        .without = TEXT_INITIAL("the end of today"),                                           \
        .refusal = TEXT_INITIAL(INSTANT_REFUSAL),                                              \
        .description = TEXT_INITIAL("The hour after the last one of a custom range")}

#define INSTANT_REFUSAL                                                                        \
    "must be a date such as 2025-10-01, or a time such as 2025-10-01T21:00:00Z"

#define LIMIT_PARAMETER                                                                        \
    {                                                                                          \
        .name = TEXT_INITIAL("limit"), .aliases = {"size", "per_page", "page_size", "count"},  \
        .type = INTEGER, .kind = PARAMETER_CLAMPED, .minimum = 1, .maximum = 100,              \
        .absent = 20, .refusal = TEXT_INITIAL("must be an integer (it is clamped to 1-100)"),  \
        .example = TEXT_INITIAL("50"), .description = TEXT_INITIAL("How many items at most")   \
    }

#define ENDPOINT_PARAMETER                                                                     \
    {                                                                                          \
        .name = TEXT_INITIAL("endpoint"), .aliases = {"operation", "path", "route"},           \
        .type = STRING, .kind = PARAMETER_KNOWN, .known = account_endpoint_find, .absent = -1, \
        .without = TEXT_INITIAL("all of them"),                                                \
        .refusal = TEXT_INITIAL("must be a product endpoint such as "                          \
                                "tiktok/popular-trend/hashtag"),                               \
        .example = TEXT_INITIAL("tiktok/popular-trend/hashtag"),                               \
        .description = TEXT_INITIAL("One endpoint")                                            \
    }

static const struct parameter range_parameters[] = {RANGE_PARAMETERS};

static const struct parameter range_limit_parameters[] = {
    RANGE_PARAMETERS, [USAGE_OWN] = LIMIT_PARAMETER};

static const struct parameter timeseries_parameters[] = {
    RANGE_PARAMETERS,
    [TIMESERIES_BUCKET] = {.name = TEXT_INITIAL("bucket"),
                           .aliases = {"interval", "granularity", "step"},
                           .type = STRING,
                           .kind = PARAMETER_CHOICE,
                           .words = {[BUCKET_HOUR] = "hour", [BUCKET_DAY] = "day"},
                           .absent = BUCKET_DAY,
                           .without = TEXT_INITIAL("day"),
                           .refusal = TEXT_INITIAL("must be hour or day"),
                           .description = TEXT_INITIAL("How long each item is; hours for at "
                                                       "most 31 days, days for at most 400")},
    [TIMESERIES_ENDPOINT] = ENDPOINT_PARAMETER,
    [TIMESERIES_GROUP] = {.name = TEXT_INITIAL("group_by"),
                          .aliases = {"group", "by"},
                          .type = STRING,
                          .kind = PARAMETER_CHOICE,
                          .words = {"key"},
                          .absent = -1,
                          .without = TEXT_INITIAL("all keys together"),
                          .refusal = TEXT_INITIAL("must be key"),
                          .description = TEXT_INITIAL("One item for each bucket and key")},
};

static const struct parameter events_parameters[] = {
    [EVENTS_LIMIT] = LIMIT_PARAMETER,
    [EVENTS_FROM] = {.name = TEXT_INITIAL("from"),
                     .aliases = {"since", "start", "after"},
                     .type = STRING,
                     .kind = PARAMETER_INSTANT,
                     .absent = -1,
                     .without = TEXT_INITIAL("from the first one"),
                     .refusal = TEXT_INITIAL(INSTANT_REFUSAL),
                     .description = TEXT_INITIAL("Calls of this moment and later ones")},
    [EVENTS_TO] = {.name = TEXT_INITIAL("to"),
                   .aliases = {"until", "end", "before"},
                   .type = STRING,
                   .kind = PARAMETER_INSTANT,
                   .absent = -1,
                   .without = TEXT_INITIAL("up to now"),
                   .refusal = TEXT_INITIAL(INSTANT_REFUSAL),
                   .description = TEXT_INITIAL("Calls before this moment")},
    [EVENTS_ENDPOINT] = ENDPOINT_PARAMETER,
    [EVENTS_REQUEST_ID] = {.name = TEXT_INITIAL("request_id"),
                           .aliases = {"request", "id"},
                           .type = STRING,
                           .kind = PARAMETER_TEXT,
                           .minimum = 1,
                           .maximum = REQUEST_ID_LENGTH_MAX,
                           .refusal = TEXT_INITIAL("must be 1 to 128 bytes"),
                           .example = TEXT_INITIAL("0f3c6b2a9d"),
                           .description = TEXT_INITIAL("The X-Request-Id of charged calls")},
    [EVENTS_STATUS] = {.name = TEXT_INITIAL("event_status"),
                       .aliases = {"status"},
                       .type = STRING,
                       .kind = PARAMETER_CHOICE,
                       .words = {"charged", "non_billable", "failed"},
                       .absent = -1,
                       .without = TEXT_INITIAL("all of them"),
                       .refusal = TEXT_INITIAL("must be charged, non_billable or failed"),
                       .description = TEXT_INITIAL("What became of the call")},
    [EVENTS_BILLABLE] = {.name = TEXT_INITIAL("billable"),
                         .aliases = {"charged"},
                         .type = BOOLEAN,
                         .kind = PARAMETER_CHOICE,
                         .words = {[BILLABLE_TRUE] = "true", [BILLABLE_FALSE] = "false"},
                         .absent = -1,
                         .without = TEXT_INITIAL("both"),
                         .refusal = TEXT_INITIAL("must be true or false"),
                         .description = TEXT_INITIAL("Whether it was charged")},
    [EVENTS_CURSOR] = {.name = TEXT_INITIAL("cursor"),
                       .aliases = {"next", "page_token", "page"},
                       .type = STRING,
                       .kind = PARAMETER_TEXT,
                       .minimum = 1,
                       .maximum = 48,
                       .refusal = TEXT_INITIAL("must be next of an answer before"),
                       .example = TEXT_INITIAL("84-2"),
                       .description = TEXT_INITIAL("Goes on where that answer ended")},
};
_Static_assert(REQUEST_ID_LENGTH_MAX == 128, "the sentence above says so");
_Static_assert((int)TIMESERIES_BUCKET == (int)USAGE_OWN, "the range stands before");

static const char *const list_tags[] = {"TikTok", "TikTok Popular Trend", NULL};
static const char *const account_tags[] = {"Account", NULL};
static const char *const health_tags[] = {"Health", NULL};

const struct endpoint_tag endpoint_tags[] = {
    {TEXT_INITIAL("TikTok"), TEXT_INITIAL("What is popular on TikTok.")},
    {TEXT_INITIAL("TikTok Popular Trend"),
     TEXT_INITIAL("Ranked lists of TikTok Creative Center.")},
    {TEXT_INITIAL("Account"), TEXT_INITIAL("What the account has used and has left.")},
    {TEXT_INITIAL("Health"), TEXT_INITIAL("Whether the service runs.")},
};

const size_t endpoint_tag_count = LENGTH_OF(endpoint_tags);

#define ACCOUNT_IS_FREE " Costs no credits and takes no call of the minute."

#define PING                                                                                   \
    .summary = TEXT_INITIAL("Tell that the service runs, and its version"),                    \
    .description = TEXT_INITIAL("Answers as long as the service runs. Needs no key."),         \
    .tags = health_tags, .caller = CALLER_ANYONE, .answer = &ping_schema,                      \
    .look_up = ping_look_up

#define READY                                                                                  \
    .summary = TEXT_INITIAL("Tell whether every part of the service works"),                   \
    .description = TEXT_INITIAL("503 while a part does not, with the name of the part. Needs " \
                                "no key."),                                                    \
    .tags = health_tags, .caller = CALLER_ANYONE, .answer = &ready_schema,                     \
    .unready = &ready_schema, .look_up = ready_look_up

const struct endpoint endpoints[] = {
    {.path = TEXT_INITIAL("/api/v1/tiktok/popular-trend/hashtag"),
     .operation_id = TEXT_INITIAL("tiktok-popular-trend-hashtag"),
     .summary = TEXT_INITIAL("Retrieve TikTok popular-trend hashtags"),
     .description = TEXT_INITIAL(
         "Returns trending hashtags from TikTok Creative Center. The service clamps `page` to "
         "1-10, `limit` to at most 100, and defaults `period` to 7."),
     .tags = list_tags,
     .number = 1,
     .credits = 8,
     .kind = ENDPOINT_PRODUCT,
     .parameters = hashtag_parameters,
     .parameter_count = LENGTH_OF(hashtag_parameters),
     .answers_list = true,
     .answer = &hashtag_schema,
     .look_up = hashtag_look_up},
    {.path = TEXT_INITIAL("/api/v1/tiktok/popular-trend/hashtag/history"),
     .operation_id = TEXT_INITIAL("tiktok-popular-trend-hashtag-history"),
     .summary = TEXT_INITIAL("Tell where a hashtag stood in each capture of a list"),
     .description = TEXT_INITIAL("Tells rank, posts and views of a hashtag by capture, the "
                                 "oldest first, and when it was "
                                 "first and last seen on the list. Names are compared without "
                                 "the case of A-Z. A hashtag "
                                 "that was never on the list has an empty history, which costs "
                                 "nothing. At most the 1,000 "
                                 "newest captures are listed; `total` counts all."),
     .tags = list_tags,
     .number = 3,
     .credits = 8,
     .kind = ENDPOINT_PRODUCT,
     .parameters = history_parameters,
     .parameter_count = LENGTH_OF(history_parameters),
     .answers_list = true,
     .answer = &history_schema,
     .look_up = history_look_up},
    {.path = TEXT_INITIAL("/api/v1/tiktok/popular-trend/hashtag/movers"),
     .operation_id = TEXT_INITIAL("tiktok-popular-trend-hashtag-movers"),
     .summary = TEXT_INITIAL("Tell what moved between two captures of a list"),
     .description = TEXT_INITIAL(
         "Compares the newest capture of a list with the one nearest to `since`, or with the "
         "one "
         "before it: what is new, gone, up and down, the biggest moves first, and how many "
         "posts "
         "and views a day each gained. While there is one capture alone every list is empty, "
         "which costs nothing."),
     .tags = list_tags,
     .number = 4,
     .credits = 8,
     .kind = ENDPOINT_PRODUCT,
     .parameters = movers_parameters,
     .parameter_count = LENGTH_OF(movers_parameters),
     .answers_list = true,
     .answer = &movers_schema,
     .look_up = movers_look_up},
    {.path = TEXT_INITIAL(META_PATH),
     .operation_id = TEXT_INITIAL("tiktok-popular-trend-country-industry-meta"),
     .summary = TEXT_INITIAL("List countries, industries, periods and capture times"),
     .description = TEXT_INITIAL(
         "Lists the countries and industries that may be asked for, the periods that have a "
         "list, and when each list was captured. Costs no credits, but takes a call of the "
         "minute."),
     .tags = list_tags,
     .number = 2,
     .kind = ENDPOINT_PRODUCT,
     .answer = &meta_schema,
     .look_up = meta_look_up},
    {.path = TEXT_INITIAL("/api/v1/billing/me"),
     .operation_id = TEXT_INITIAL("billing-me"),
     .summary = TEXT_INITIAL("Tell where the account stands in its billing period"),
     .description = TEXT_INITIAL(
         "Tells the plan, the billing period, and what is used and left of the credits. Costs "
         "no credits and takes no call of the minute."),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .answer = &billing_schema,
     .look_up = billing_look_up},
    BILLING_ROWS,
    {.path = TEXT_INITIAL("/api/v1/billing/me/events"),
     .operation_id = TEXT_INITIAL("billing-me-events"),
     .summary = TEXT_INITIAL("List single calls, the newest first"),
     .description = TEXT_INITIAL(
         "Lists every call that took a slot: charged ones with charge id and request id, and "
         "those that cost nothing or were refused; a 429 takes no slot and is counted in "
         "`/usage/me/timeseries` alone. Ask again with `cursor` set to `next` until there is "
         "no "
         "`next`; an answer may have one though it lists fewer than `limit`." ACCOUNT_IS_FREE),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .parameters = events_parameters,
     .parameter_count = LENGTH_OF(events_parameters),
     .answer = &events_schema,
     .examine = events_examine,
     .look_up = events_look_up},
    {.path = TEXT_INITIAL("/api/v1/usage/me/overview"),
     .operation_id = TEXT_INITIAL("usage-me-overview"),
     .summary = TEXT_INITIAL("Tell what the account did in a range of time"),
     .description = TEXT_INITIAL(
         "Counts calls and credits of a range, to the last call that was answered, and tells "
         "where the account stands in its billing period." ACCOUNT_IS_FREE),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .parameters = range_parameters,
     .parameter_count = LENGTH_OF(range_parameters),
     .answer = &overview_schema,
     .examine = usage_examine,
     .look_up = overview_look_up},
    {.path = TEXT_INITIAL("/api/v1/usage/me/endpoints"),
     .operation_id = TEXT_INITIAL("usage-me-endpoints"),
     .summary = TEXT_INITIAL("Count calls and credits by endpoint"),
     .description = TEXT_INITIAL("Counts calls and credits of a range by endpoint, the most "
                                 "called first." ACCOUNT_IS_FREE),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .parameters = range_limit_parameters,
     .parameter_count = LENGTH_OF(range_limit_parameters),
     .answer = &endpoints_schema,
     .examine = usage_examine,
     .look_up = endpoints_look_up},
    {.path = TEXT_INITIAL("/api/v1/usage/me/timeseries"),
     .operation_id = TEXT_INITIAL("usage-me-timeseries"),
     .summary = TEXT_INITIAL("Count calls and credits by hour or day"),
     .description = TEXT_INITIAL(
         "Counts calls and credits of a range by hour or day of UTC, and refusals by reason; "
         "buckets in which nothing was called are left out." ACCOUNT_IS_FREE),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .parameters = timeseries_parameters,
     .parameter_count = LENGTH_OF(timeseries_parameters),
     .answer = &timeseries_schema,
     .examine = timeseries_examine,
     .look_up = timeseries_look_up},
    {.path = TEXT_INITIAL("/api/v1/usage/me/recent-ips"),
     .operation_id = TEXT_INITIAL("usage-me-recent-ips"),
     .summary = TEXT_INITIAL("List the addresses that calls came from"),
     .description = TEXT_INITIAL(
         "Lists addresses by their last call, with the calls of every day that the range "
         "touches. Addresses are kept for 30 days; after a crash the last second may be "
         "missing." ACCOUNT_IS_FREE),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .parameters = range_limit_parameters,
     .parameter_count = LENGTH_OF(range_limit_parameters),
     .answer = &recent_ips_schema,
     .examine = usage_examine,
     .look_up = recent_ips_look_up},
    {.path = TEXT_INITIAL("/mcp"),
     .operation_id = TEXT_INITIAL("mcp"),
     .summary = TEXT_INITIAL("Answer a message of the Model Context Protocol"),
     .method = ENDPOINT_POST,
     .kind = ENDPOINT_RPC,
     .caller = CALLER_ANYONE,
     .look_up = mcp_look_up},
    {.path = TEXT_INITIAL("/ping"), .operation_id = TEXT_INITIAL("ping"), PING},
    {.path = TEXT_INITIAL("/api/v1/ping"), .operation_id = TEXT_INITIAL("api-ping"), PING},
    {.path = TEXT_INITIAL("/ready"), .operation_id = TEXT_INITIAL("ready"), READY},
    {.path = TEXT_INITIAL("/api/v1/ready"), .operation_id = TEXT_INITIAL("api-ready"), READY},
};

const size_t endpoint_count = LENGTH_OF(endpoints);

const char *const priced_operations[] = {"tiktok-popular-trend-hashtag",
                                         "tiktok-popular-trend-hashtag-history",
                                         "tiktok-popular-trend-hashtag-movers", NULL};
