#include "api/endpoints.h"

#include "api/look_ups.h"
#include "api/schemas.h"
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
