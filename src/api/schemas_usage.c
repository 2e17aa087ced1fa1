#include "api/schema_words.h"

/* clang-format off */
#define COUNTS(way)                                                                            \
    COUNT(way "requests", "25", "All calls, 429 among them."),                                 \
    COUNT(way "charged_requests", "20", "Those that were charged."),                           \
    COUNT(way "non_billable_requests", "2",                                                    \
          "Those answered as asked without a charge: 304, HEAD, empty pages, retries, free endpoints."), \
    COUNT(way "failed_requests", "3", "Those that were refused."),                             \
    COUNT(way "credits", "160", "Credits charged."),                                           \
    COUNT(way "overage", "0", "Of them, those past the included ones.")

#define RANGE                                                                                  \
    FIELD("data.range", "string", ONE_OF("\"period\", \"day\", \"week\", \"month\", \"custom\""), \
          SAYS("Which range it is.")),                                                         \
    FIELD("data.from", "string", FORMAT("date-time"),                                          \
          SAYS("Its first moment; earlier than the period's where calls of a clock that was "  \
               "set back count in it.")),                                                      \
    FIELD("data.to", "string", FORMAT("date-time"), SAYS("The first moment after it."))

#define ADDRESS(way)                                                                           \
    COUNT(way "request_count", "25", "Calls from it."),                                        \
    COUNT(way "success_count", "22", "Those answered as asked."),                              \
    COUNT(way "error_count", "3", "Those that were refused."),                                 \
    FIELD(way "first_seen_at", "string", FORMAT("date-time"), SAYS("Its first call.")),        \
    FIELD(way "last_seen_at", "string", FORMAT("date-time"), SAYS("Its last one."))

static const struct schema_field overview_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("What the account did, and where it stands.")),
    RANGE,
    FIELD("data.usage", "object", SAYS("Calls and credits.")),
    COUNTS("data.usage."),
    FIELD("data.requests", "object", SAYS("The calls as their senders see them.")),
    COUNT("data.requests.requests", "25", "All calls."),
    COUNT("data.requests.success_requests", "22", "Those answered as asked."),
    COUNT("data.requests.error_requests", "3", "Those that were refused."),
    FIELD("data.requests.distinct_ip_count", "integer", FORMAT("int64"), FROM("0"), EXAMPLE("3"), OPTIONAL,
          SAYS("Addresses seen on the days of the range; left out where those of its first days are "
               "kept no more.")),
    FIELD("data.requests.last_request_at", "string", FORMAT("date-time"), OPTIONAL,
          SAYS("When the last call was made.")),
    FIELD("data.billing", "object", SAYS("The same as GET /api/v1/billing/me.")),
    BILLING_STATE("data.billing."),
    REQUEST_ID,
    ENVELOPE_END,
};

static const struct schema_field endpoints_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("What the account did, by endpoint.")),
    RANGE,
    FIELD("data.items", "array", SAYS("One item an endpoint, the most called first.")),
    FIELD("data.items[].endpoint", "string", EXAMPLE("\"tiktok/popular-trend/hashtag\""),
          SAYS("Its path after /api/v1/.")),
    COUNTS("data.items[]."),
    REQUEST_ID,
    ENVELOPE_END,
};

#define REFUSALS(reason, words) COUNT("data.items[].refusals." reason, "1", words)

static const struct schema_field timeseries_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("What the account did, by time.")),
    RANGE,
    FIELD("data.bucket", "string", ONE_OF("\"hour\", \"day\""), SAYS("How long each item is.")),
    FIELD("data.daily_credit_limits", "array",
          SAYS("The plan's daily cap on the days of the range: one for the first, and one for each day on "
               "which another began.")),
    FIELD("data.daily_credit_limits[].from", "string", FORMAT("date-time"), SAYS("00:00 UTC of the first such day.")),
    COUNT("data.daily_credit_limits[].daily_credit_limit", "5000", "Credits a day; 0 for none."),
    FIELD("data.items", "array",
          SAYS("By time; buckets without a call are left out. With group_by=key one for each bucket "
               "and key.")),
    FIELD("data.items[].bucket_start", "string", FORMAT("date-time"), SAYS("Its first moment, UTC.")),
    FIELD("data.items[].bucket_end", "string", FORMAT("date-time"), SAYS("The first moment after it.")),
    FIELD("data.items[].key_id", "string", OPTIONAL, EXAMPLE("\"2f8c3c7c4d8f4a4bb4bcb2d2f9e7f8f1\""),
          SAYS("With group_by=key: the key's outward id.")),
    COUNTS("data.items[]."),
    FIELD("data.items[].refusals", "object", SAYS("The failed ones by reason.")),
    REFUSALS("invalid", "400."),
    REFUSALS("conflict", "422."),
    REFUSALS("key_daily", "402: the key's own daily cap."),
    REFUSALS("daily", "402: the plan's daily cap."),
    REFUSALS("insufficient", "402: the period's credits."),
    REFUSALS("spend_limit", "402: the spend limit for overage."),
    REFUSALS("unavailable", "503."),
    REFUSALS("rate_limited", "429."),
    REQUEST_ID,
    ENVELOPE_END,
};

static const struct schema_field recent_ips_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("Where the account's calls came from.")),
    RANGE,
    FIELD("data.items", "array", SAYS("Addresses, the last one seen first.")),
    FIELD("data.items[].ip", "string", EXAMPLE("\"203.0.113.10\""), SAYS("The address.")),
    ADDRESS("data.items[]."),
    FIELD("data.items[].last_user_agent", "string", OPTIONAL, EXAMPLE("\"curl/8.5.0\""),
          SAYS("What its last charged call said in User-Agent; the first 256 bytes.")),
    FIELD("data.others", "object", OPTIONAL,
          SAYS("Further addresses than 64 on one day, all together.")),
    ADDRESS("data.others."),
    REQUEST_ID,
    ENVELOPE_END,
};

#define ITEM "data.items[]."

static const struct schema_field events_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("Single calls.")),
    FIELD("data.items", "array", SAYS("The newest first.")),
    FIELD(ITEM "charge_id", "string", OPTIONAL, EXAMPLE("\"5d41402abc4b2a76b9719d911017c592\""),
          SAYS("The X-Charge-Id of the answer; of charged calls.")),
    FIELD(ITEM "request_id", "string", OPTIONAL, EXAMPLE("\"0f3c6b2a9d\""),
          SAYS("The X-Request-Id of the answer; of charged calls.")),
    FIELD(ITEM "idempotency_key", "string", OPTIONAL, SAYS("The one that the call carried; of charged calls.")),
    FIELD(ITEM "event_status", "string", ONE_OF("\"charged\", \"non_billable\", \"failed\""),
          SAYS("What became of it.")),
    FIELD(ITEM "billable", "boolean", SAYS("Whether it was charged.")),
    FIELD(ITEM "status_code", "integer", FORMAT("int64"), EXAMPLE("200"), SAYS("The HTTP status.")),
    FIELD(ITEM "non_billable_reason", "string", OPTIONAL,
          ONE_OF("\"unchanged\", \"head\", \"empty_page\", \"replayed\", \"free\""),
          SAYS("Why it cost nothing.")),
    FIELD(ITEM "failure_reason", "string", OPTIONAL,
          ONE_OF("\"invalid\", \"conflict\", \"key_daily\", \"daily\", \"insufficient\", \"spend_limit\", "
                 "\"unavailable\""),
          SAYS("Why it was refused.")),
    FIELD(ITEM "endpoint", "string", EXAMPLE("\"tiktok/popular-trend/hashtag\""),
          SAYS("Its path after /api/v1/.")),
    COUNT(ITEM "credit_cost", "8", "Credits charged."),
    COUNT(ITEM "overage_credits_delta", "0", "Of them, those past the included ones."),
    COUNT(ITEM "plan_version", "1", "Which plan file set price and limits."),
    FIELD(ITEM "key_id", "string", OPTIONAL, EXAMPLE("\"2f8c3c7c4d8f4a4bb4bcb2d2f9e7f8f1\""),
          SAYS("The outward id of the key.")),
    FIELD(ITEM "created_at", "string", FORMAT("date-time"), SAYS("When the call was admitted.")),
    FIELD(ITEM "daily_key", "string", FORMAT("date"), SAYS("The day that it counts in.")),
    FIELD(ITEM "period_key", "string", EXAMPLE("\"2026-04\""), SAYS("The billing period that it counts in.")),
    FIELD("data.next", "string", OPTIONAL, EXAMPLE("\"84-2\""),
          SAYS("What cursor takes to go on; left out at the end.")),
    REQUEST_ID,
    ENVELOPE_END,
};

#define EXAMPLE_OPEN "{\n  \"code\": 200,\n  \"msg\": \"OK\",\n  \"data\": {\n"
#define EXAMPLE_CLOSE "    \"request_id\": \"0f3c6b2a9d\"\n  }\n}"
#define EXAMPLE_RANGE                                                                          \
    "    \"range\": \"period\",\n"                                                             \
    "    \"from\": \"2026-04-12T00:00:00Z\",\n"                                                \
    "    \"to\": \"2026-05-12T00:00:00Z\",\n"
#define EXAMPLE_COUNTS                                                                         \
    "\"requests\": 25, \"charged_requests\": 20, \"non_billable_requests\": 2,\n"              \
    "        \"failed_requests\": 3, \"credits\": 160, \"overage\": 0"

static const char overview_example[] =
    EXAMPLE_OPEN EXAMPLE_RANGE
    "    \"usage\": {\n"
    "        " EXAMPLE_COUNTS "\n"
    "    },\n"
    "    \"requests\": {\n"
    "      \"requests\": 25,\n"
    "      \"success_requests\": 22,\n"
    "      \"error_requests\": 3,\n"
    "      \"distinct_ip_count\": 1,\n"
    "      \"last_request_at\": \"2026-04-21T12:00:00Z\"\n"
    "    },\n"
    "    \"billing\": {\n"
    BILLING_STATE_EXAMPLE("      ") "\n"
    "    },\n" EXAMPLE_CLOSE;

static const char endpoints_example[] =
    EXAMPLE_OPEN EXAMPLE_RANGE
    "    \"items\": [\n"
    "      { \"endpoint\": \"tiktok/popular-trend/hashtag\",\n"
    "        " EXAMPLE_COUNTS " }\n"
    "    ],\n" EXAMPLE_CLOSE;

static const char timeseries_example[] =
    EXAMPLE_OPEN EXAMPLE_RANGE
    "    \"bucket\": \"day\",\n"
    "    \"daily_credit_limits\": [ { \"from\": \"2026-04-12T00:00:00Z\", \"daily_credit_limit\": 5000 } ],\n"
    "    \"items\": [\n"
    "      { \"bucket_start\": \"2026-04-21T00:00:00Z\", \"bucket_end\": \"2026-04-22T00:00:00Z\",\n"
    "        " EXAMPLE_COUNTS ",\n"
    "        \"refusals\": { \"invalid\": 2, \"conflict\": 0, \"key_daily\": 0, \"daily\": 0,\n"
    "          \"insufficient\": 0, \"spend_limit\": 0, \"unavailable\": 0, \"rate_limited\": 1 } }\n"
    "    ],\n" EXAMPLE_CLOSE;

static const char recent_ips_example[] =
    EXAMPLE_OPEN EXAMPLE_RANGE
    "    \"items\": [\n"
    "      { \"ip\": \"203.0.113.10\", \"request_count\": 25, \"success_count\": 22, \"error_count\": 3,\n"
    "        \"first_seen_at\": \"2026-04-21T09:12:44Z\", \"last_seen_at\": \"2026-04-21T12:00:00Z\",\n"
    "        \"last_user_agent\": \"curl/8.5.0\" }\n"
    "    ],\n" EXAMPLE_CLOSE;

static const char events_example[] =
    EXAMPLE_OPEN
    "    \"items\": [\n"
    "      {\n"
    "        \"charge_id\": \"5d41402abc4b2a76b9719d911017c592\",\n"
    "        \"request_id\": \"0f3c6b2a9d\",\n"
    "        \"event_status\": \"charged\",\n"
    "        \"billable\": true,\n"
    "        \"status_code\": 200,\n"
    "        \"endpoint\": \"tiktok/popular-trend/hashtag\",\n"
    "        \"credit_cost\": 8,\n"
    "        \"overage_credits_delta\": 0,\n"
    "        \"plan_version\": 1,\n"
    "        \"key_id\": \"2f8c3c7c4d8f4a4bb4bcb2d2f9e7f8f1\",\n"
    "        \"created_at\": \"2026-04-21T12:00:00Z\",\n"
    "        \"daily_key\": \"2026-04-21\",\n"
    "        \"period_key\": \"2026-04\"\n"
    "      }\n"
    "    ],\n"
    "    \"next\": \"84-2\",\n" EXAMPLE_CLOSE;

#define SCHEMA(title, what, words)                                                             \
    const struct schema what##_schema = {.name = TEXT_INITIAL(title),                          \
                                         .description = TEXT_INITIAL(words),                   \
                                         .fields = what##_fields,                              \
                                         .field_count = LENGTH_OF(what##_fields),              \
                                         .example = TEXT_INITIAL(what##_example)}
/* clang-format on */

SCHEMA("usage.usageOverviewResponseDoc", overview,
       "What the account did, and where it stands.");
SCHEMA("usage.usageEndpointsResponseDoc", endpoints, "What the account did, by endpoint.");
SCHEMA("usage.usageTimeseriesResponseDoc", timeseries, "What the account did, by time.");
SCHEMA("usage.usageRecentIPsResponseDoc", recent_ips, "Where the account's calls came from.");
SCHEMA("billing.billingEventsResponseDoc", events, "Single calls, the newest first.");
