#include "api/endpoints.h"

#include "api/look_ups.h"
#include "api/schemas.h"
#include "api/usage_range.h"

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
                                 "newest captures are listed; `total` counts all, and "
                                 "`has_more` tells where some are left out."),
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
    {.path = TEXT_INITIAL("/api/v1/billing/me/periods"),
     .operation_id = TEXT_INITIAL("billing-me-periods"),
     .summary = TEXT_INITIAL("List the account's billing periods, the newest first"),
     .description = TEXT_INITIAL(
         "Tells of each period what was used and what it comes to; the open one as far as it "
         "has come. Costs no credits and takes no call of the minute."),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .parameters = periods_parameters,
     .parameter_count = LENGTH_OF(periods_parameters),
     .answer = &periods_schema,
     .look_up = periods_look_up},
    {.path = TEXT_INITIAL("/api/v1/billing/me/periods/{id}"),
     .operation_id = TEXT_INITIAL("billing-me-period"),
     .summary = TEXT_INITIAL("Tell one billing period"),
     .description = TEXT_INITIAL("The same as an item of the list of periods. Costs no "
                                 "credits and takes no call of the minute."),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .path_parameter = &period_id,
     .answer = &period_schema,
     .look_up = period_look_up},
    {.path = TEXT_INITIAL("/api/v1/billing/me/periods/{id}/statement"),
     .operation_id = TEXT_INITIAL("billing-me-period-statement"),
     .summary = TEXT_INITIAL("Tell what a billing period comes to, line by line"),
     .description = TEXT_INITIAL(
         "The statement of a closed period never changes; that of the open one is a "
         "projection. Costs no credits and takes no call of the minute."),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .path_parameter = &period_id,
     .answer = &statement_schema,
     .look_up = statement_look_up},
    {.path = TEXT_INITIAL("/api/v1/billing/me/periods/{id}/statement/download"),
     .operation_id = TEXT_INITIAL("billing-me-period-statement-download"),
     .summary = TEXT_INITIAL("Give a statement as its canonical JSON"),
     .description = TEXT_INITIAL(
         "The very bytes whose SHA-256 the statement tells, without the envelope of other "
         "answers. Costs no credits and takes no call of the minute."),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .path_parameter = &period_id,
     .gives_file = true,
     .answer = &download_schema,
     .look_up = download_look_up},
    {.path = TEXT_INITIAL("/api/v1/billing/me/preview"),
     .operation_id = TEXT_INITIAL("billing-me-preview"),
     .summary = TEXT_INITIAL("Tell what a change of plan would bill"),
     .description = TEXT_INITIAL(
         "Gives the very lines that the change would add now, and those that the next period "
         "begins with. Changes nothing, costs no credits and takes no call of the minute."),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .parameters = preview_parameters,
     .parameter_count = LENGTH_OF(preview_parameters),
     .answer = &preview_schema,
     .look_up = preview_look_up},
    {.path = TEXT_INITIAL("/api/v1/billing/plans"),
     .operation_id = TEXT_INITIAL("billing-plans"),
     .summary = TEXT_INITIAL("List the plans on sale"),
     .description = TEXT_INITIAL(
         "Tells price, credits, limits and overage of each plan, and from how many credits on "
         "the next one costs less. Costs no credits and takes no call of the minute."),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .answer = &plans_schema,
     .look_up = plans_look_up},
    {.path = TEXT_INITIAL("/api/v1/billing/estimate"),
     .operation_id = TEXT_INITIAL("billing-estimate"),
     .summary = TEXT_INITIAL("Tell what so many calls a billing period cost on each plan"),
     .description = TEXT_INITIAL(
         "Reckoned by the lines that an invoice would have; overage that a plan leaves open "
         "counts as switched on. Costs no credits and takes no call of the minute."),
     .tags = account_tags,
     .kind = ENDPOINT_ACCOUNT,
     .caller = CALLER_KEY_OR_SESSION,
     .parameters = estimate_parameters,
     .parameter_count = LENGTH_OF(estimate_parameters),
     .answer = &estimate_schema,
     .look_up = estimate_look_up},
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
         "Counts calls and credits of a range, to the last call that was charged, and to "
         "a second ago for others; and tells where the account stands in its "
         "period." ACCOUNT_IS_FREE),
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
         "touches. Addresses are kept for 30 days; after a crash the last seconds may be "
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
