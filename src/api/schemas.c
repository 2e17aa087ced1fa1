#include "api/schema_words.h"

/* ---- Hashtags: the order of the customer's page ---- */

#define ITEM "data.data.list[]."
#define PAGINATION "data.data.pagination"

/* clang-format off */
static const struct schema_field hashtag_fields[] = {
    ENVELOPE,
    FIELD("data", "object", .definition = TEXT_INITIAL("popularTrend.HashtagTrendResp"),
          SAYS("The list in the envelope of its source, and the request's id.")),
    FIELD("data.code", "integer", SAYS("0: the list was delivered.")),
    FIELD("data.data", "object", SAYS("What the ETag stands for.")),
    FIELD("data.data.list", "array", SAYS("The hashtags of this page, by rank.")),
    FIELD(ITEM "country_info", "object", SAYS("The country of the list; id ALL for the global one.")),
    FIELD(ITEM "country_info.id", "string", SAYS("The country's code, or ALL.")),
    FIELD(ITEM "country_info.label", "string", SAYS("The same as id.")),
    FIELD(ITEM "country_info.value", "string", SAYS("The country's name.")),
    FIELD(ITEM "creators", "array", OPTIONAL,
          SAYS("Creators that stand for the hashtag; left out where there are none.")),
    FIELD(ITEM "creators[].avatar_url", "string", SAYS("Where the creator's picture is.")),
    FIELD(ITEM "creators[].nick_name", "string", SAYS("The creator's name.")),
    FIELD(ITEM "hashtag_id", "string",
          SAYS("Up to 19 digits: text, because a JSON number may lose some of them.")),
    FIELD(ITEM "hashtag_name", "string", SAYS("Without the #; any script, emoji too.")),
    FIELD(ITEM "industry_info", "object", OPTIONAL,
          SAYS("The hashtag's industry; left out where it has none.")),
    FIELD(ITEM "industry_info.id", "integer", FORMAT("int64"), SAYS("The industry's id.")),
    FIELD(ITEM "industry_info.label", "string", SAYS("label_ and the id.")),
    FIELD(ITEM "industry_info.value", "string", SAYS("The industry's name.")),
    FIELD(ITEM "is_promoted", "boolean", SAYS("Whether the hashtag is advertised.")),
    FIELD(ITEM "publish_cnt", "integer", FORMAT("int64"), FROM("0"),
          SAYS("Videos published with it in the period.")),
    FIELD(ITEM "rank", "integer", FROM("1"),
          SAYS("The place in the unfiltered list, also under a filter.")),
    FIELD(ITEM "rank_diff", "integer", FROM("0"),
          SAYS("By how many places it moved, without a sign; rank_diff_type says which way.")),
    FIELD(ITEM "rank_diff_type", "integer", ONE_OF("1, 2, 3, 4"),
          SAYS("1: up. 2: unchanged, or nothing is known. 3: down. 4: new on the list.")),
    FIELD(ITEM "trend", "array", SAYS("How popular it was, by time; empty where nothing is known.")),
    FIELD(ITEM "trend[].time", "integer", FORMAT("int64"),
          SAYS("Seconds since 1970-01-01; always 00:00 UTC.")),
    FIELD(ITEM "trend[].value", "number", FROM("0"), TO("1"),
          SAYS("In parts of the period's highest, two decimals.")),
    FIELD(ITEM "video_views", "integer", FORMAT("int64"), FROM("0"),
          SAYS("Views of those videos; passes 2^32.")),
    FIELD(PAGINATION, "object", SAYS("Which part of the list this is.")),
    FIELD(PAGINATION ".has_more", "boolean",
          SAYS("Whether the next page has hashtags; false on page 10.")),
    FIELD(PAGINATION ".page", "integer", FROM("1"), TO("10"), SAYS("The page, as clamped.")),
    FIELD(PAGINATION ".size", "integer", FROM("1"), TO("100"), SAYS("The limit, as clamped.")),
    FIELD(PAGINATION ".total", "integer", FROM("0"), SAYS("Hashtags in the whole filtered list.")),
    FIELD("data.msg", "string", SAYS("OK.")),
    /* Always there, but not in the example of the customer's page. */
    FIELD("data.request_id", "string", OPTIONAL, SAYS("The X-Request-Id of the answer.")),
    ENVELOPE_END,
};
/* clang-format on */

/* Letter by letter that of the customer's page. */
static const char hashtag_example[] = "{\n"
                                      "  \"code\": 200,\n"
                                      "  \"msg\": \"OK\",\n"
                                      "  \"data\": {\n"
                                      "    \"code\": 0,\n"
                                      "    \"msg\": \"OK\",\n"
                                      "    \"data\": {\n"
                                      "      \"list\": [\n"
                                      "        {\n"
                                      "          \"hashtag_id\": \"4777\",\n"
                                      "          \"hashtag_name\": \"prom\",\n"
                                      "          \"country_info\": {\n"
                                      "            \"id\": \"US\",\n"
                                      "            \"value\": \"United States\",\n"
                                      "            \"label\": \"US\"\n"
                                      "          },\n"
                                      "          \"industry_info\": {\n"
                                      "            \"id\": 22000000000,\n"
                                      "            \"value\": \"Apparel & Accessories\",\n"
                                      "            \"label\": \"label_22000000000\"\n"
                                      "          },\n"
                                      "          \"is_promoted\": false,\n"
                                      "          \"trend\": [\n"
                                      "            {\n"
                                      "              \"time\": 1776729600,\n"
                                      "              \"value\": 1\n"
                                      "            }\n"
                                      "          ],\n"
                                      "          \"publish_cnt\": 179872,\n"
                                      "          \"video_views\": 766182036,\n"
                                      "          \"rank\": 1,\n"
                                      "          \"rank_diff\": 0,\n"
                                      "          \"rank_diff_type\": 4\n"
                                      "        }\n"
                                      "      ],\n"
                                      "      \"pagination\": {\n"
                                      "        \"page\": 1,\n"
                                      "        \"size\": 1,\n"
                                      "        \"total\": 100,\n"
                                      "        \"has_more\": true\n"
                                      "      }\n"
                                      "    }\n"
                                      "  }\n"
                                      "}";

const struct schema hashtag_schema = {
    .name = TEXT_INITIAL("populartrend.hashtagTrendResponseDoc"),
    .description = TEXT_INITIAL("One page of one list."),
    .fields = hashtag_fields,
    .field_count = LENGTH_OF(hashtag_fields),
    .example = TEXT_INITIAL(hashtag_example),
    .is_from_page = true,
};

/* ---- Countries and industries ---- */

/* clang-format off */
static const struct schema_field meta_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("What may be asked for, and what there is.")),
    FIELD("data.countries", "array", SAYS("Every known country, and ALL for the global list.")),
    FIELD("data.countries[].id", "string", EXAMPLE("\"US\""), SAYS("What country_code takes.")),
    FIELD("data.countries[].value", "string", EXAMPLE("\"United States\""), SAYS("Its name.")),
    FIELD("data.countries[].label", "string", EXAMPLE("\"US\""), SAYS("The same as id.")),
    FIELD("data.industries", "array", SAYS("Every known industry.")),
    FIELD("data.industries[].id", "integer", FORMAT("int64"), EXAMPLE("22000000000"),
          SAYS("What industry_id takes.")),
    FIELD("data.industries[].value", "string", EXAMPLE("\"Apparel & Accessories\""),
          SAYS("Its name.")),
    FIELD("data.industries[].label", "string", EXAMPLE("\"label_22000000000\""),
          SAYS("label_ and the id.")),
    FIELD("data.periods", "array", SAYS("The periods that have a list.")),
    FIELD("data.periods[]", "integer", ONE_OF("7, 30, 120"), SAYS("Days.")),
    FIELD("data.lists", "array", SAYS("Every list that was captured.")),
    FIELD("data.lists[].country_code", "string", EXAMPLE("\"US\""), SAYS("Its country, or ALL.")),
    FIELD("data.lists[].period", "integer", ONE_OF("7, 30, 120"), SAYS("Its period in days.")),
    FIELD("data.lists[].industry_id", "integer", FORMAT("int64"), OPTIONAL,
          SAYS("Its industry; left out for a list over all of them.")),
    FIELD("data.lists[].captured_at", "string", FORMAT("date-time"), SAYS("When it was captured.")),
    FIELD("data.lists[].as_of", "string", FORMAT("date"),
          SAYS("The date of its newest trend point, else of the capture.")),
    FIELD("data.lists[].source", "string", EXAMPLE("\"creative-center\""),
          SAYS("Where it comes from.")),
    FIELD("data.lists[].stale", "boolean", SAYS("Whether it is marked as stale.")),
    REQUEST_ID,
    ENVELOPE_END,
};

static const char meta_example[] =
    "{\n"
    "  \"code\": 200,\n"
    "  \"msg\": \"OK\",\n"
    "  \"data\": {\n"
    "    \"countries\": [{ \"id\": \"US\", \"value\": \"United States\", \"label\": \"US\" }],\n"
    "    \"industries\": [\n"
    "      { \"id\": 22000000000, \"value\": \"Apparel & Accessories\", \"label\": \"label_22000000000\" }\n"
    "    ],\n"
    "    \"periods\": [7],\n"
    "    \"lists\": [\n"
    "      {\n"
    "        \"country_code\": \"US\",\n"
    "        \"period\": 7,\n"
    "        \"captured_at\": \"2026-04-21T06:00:00Z\",\n"
    "        \"as_of\": \"2026-04-21\",\n"
    "        \"source\": \"creative-center\",\n"
    "        \"stale\": false\n"
    "      }\n"
    "    ],\n"
    "    \"request_id\": \"0f3c6b2a9d\"\n"
    "  }\n"
    "}";
/* clang-format on */

const struct schema meta_schema = {
    .name = TEXT_INITIAL("populartrend.countryIndustryMetaResponseDoc"),
    .description = TEXT_INITIAL("What may be asked for, and which lists there are."),
    .fields = meta_fields,
    .field_count = LENGTH_OF(meta_fields),
    .example = TEXT_INITIAL(meta_example),
};

/* ---- The account ---- */

/* clang-format off */
static const struct schema_field billing_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("Where the account stands in its billing period.")),
    BILLING_STATE("data."),
    REQUEST_ID,
    ENVELOPE_END,
};

static const char billing_example[] =
    "{\n"
    "  \"code\": 200,\n"
    "  \"msg\": \"OK\",\n"
    "  \"data\": {\n"
    BILLING_STATE_EXAMPLE("    ") ",\n"
    "    \"request_id\": \"0f3c6b2a9d\"\n"
    "  }\n"
    "}";
/* clang-format on */

const struct schema billing_schema = {
    .name = TEXT_INITIAL("billing.meResponseDoc"),
    .description = TEXT_INITIAL("Where the account stands in its billing period."),
    .fields = billing_fields,
    .field_count = LENGTH_OF(billing_fields),
    .example = TEXT_INITIAL(billing_example),
};

/* ---- Health ---- */

/* clang-format off */
static const struct schema_field ping_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("What runs.")),
    FIELD("data.api", "string", ONE_OF("\"v1\""), SAYS("The version of the paths.")),
    FIELD("data.commit", "string", SAYS("The commit it was built from.")),
    FIELD("data.commit_short", "string", SAYS("Its first 12 digits.")),
    FIELD("data.service", "string", ONE_OF("\"trendgate\""), SAYS("The program's name.")),
    FIELD("data.status", "string", ONE_OF("\"ok\""), SAYS("It answers.")),
    FIELD("data.version", "string", EXAMPLE("\"0.1.0\""), SAYS("The program's version.")),
    REQUEST_ID,
    ENVELOPE_END,
};

static const struct schema_field ready_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("Whether every part works.")),
    FIELD("data.checked_at", "string", FORMAT("date-time"), OPTIONAL, SAYS("When that was seen.")),
    FIELD("data.components", "object", OPTIONAL, SAYS("Part by part.")),
    FIELD("data.components.catalog", "object", SAYS("The lists.")),
    FIELD("data.components.catalog.ready", "boolean", SAYS("Whether it works.")),
    FIELD("data.components.catalog.error", "string", OPTIONAL, SAYS("What is wrong, if anything is.")),
    FIELD("data.components.ledger", "object", SAYS("Accounts, keys and charges.")),
    FIELD("data.components.ledger.ready", "boolean", SAYS("Whether it works.")),
    FIELD("data.components.ledger.error", "string", OPTIONAL, SAYS("What is wrong, if anything is.")),
    FIELD("data.sources", "array", OPTIONAL, SAYS("Where lists come from; none makes it unready.")),
    FIELD("data.sources[].name", "string", EXAMPLE("\"creative-center\""), SAYS("As in X-Trend-Source.")),
    FIELD("data.sources[].state", "string", ONE_OF("\"works\", \"pauses\", \"shut\""),
          SAYS("It is asked, is left alone for a moment, or failed again and again.")),
    FIELD("data.sources[].until", "string", FORMAT("date-time"), OPTIONAL, SAYS("When it is asked again.")),
    FIELD("data.sources[].last_success", "string", FORMAT("date-time"), OPTIONAL,
          SAYS("When it last gave a list.")),
    FIELD("data.sources[].lists", "integer", SAYS("Lists that it gave since the server began.")),
    FIELD("data.sources[].failures", "integer", SAYS("How often it failed since then.")),
    FIELD("data.sources[].short_lists", "integer",
          SAYS("Its lists that suddenly are of less than half of their length before.")),
    FIELD("data.sources[].refused_files", "integer",
          SAYS("Its files that are refused until they change.")),
    FIELD("data.ready", "boolean", OPTIONAL, SAYS("Whether all of them work.")),
    FIELD("data.reason", "string", OPTIONAL, EXAMPLE("\"upstream_unavailable\""),
          SAYS("With 503: the reason word.")),
    REQUEST_ID,
    ENVELOPE_END,
};

static const char ping_example[] =
    "{\n"
    "  \"code\": 200,\n"
    "  \"msg\": \"OK\",\n"
    "  \"data\": {\n"
    "    \"api\": \"v1\",\n"
    "    \"commit\": \"3b1f0c55d1c0a4f0b6f3a8b8f6a3f1de2c9b7a10\",\n"
    "    \"commit_short\": \"3b1f0c55d1c0\",\n"
    "    \"service\": \"trendgate\",\n"
    "    \"status\": \"ok\",\n"
    "    \"version\": \"0.1.0\",\n"
    "    \"request_id\": \"0f3c6b2a9d\"\n"
    "  }\n"
    "}";

static const char ready_example[] =
    "{\n"
    "  \"code\": 200,\n"
    "  \"msg\": \"OK\",\n"
    "  \"data\": {\n"
    "    \"checked_at\": \"2026-04-21T06:00:00Z\",\n"
    "    \"components\": { \"catalog\": { \"ready\": true }, \"ledger\": { \"ready\": true } },\n"
    "    \"ready\": true,\n"
    "    \"request_id\": \"0f3c6b2a9d\"\n"
    "  }\n"
    "}";
/* clang-format on */

const struct schema ping_schema = {
    .name = TEXT_INITIAL("health.pingResponseDoc"),
    .description = TEXT_INITIAL("What runs."),
    .fields = ping_fields,
    .field_count = LENGTH_OF(ping_fields),
    .example = TEXT_INITIAL(ping_example),
};

const struct schema ready_schema = {
    .name = TEXT_INITIAL("health.readyResponseDoc"),
    .description = TEXT_INITIAL("Whether every part works."),
    .fields = ready_fields,
    .field_count = LENGTH_OF(ready_fields),
    .example = TEXT_INITIAL(ready_example),
};

/* ---- Whatever is not a success ---- */

#define SOMETIMES(way, kind, words, ...)                                                       \
    FIELD("data." way, kind, OPTIONAL, SAYS(words), ##__VA_ARGS__)
#define SOME_COUNT(way, words) SOMETIMES(way, "integer", words, FORMAT("int64"), FROM("0"))

/* clang-format off */
static const struct schema_field failure_fields[] = {
    FIELD("code", "integer", FROM("400"), TO("599"), SAYS("The HTTP status.")),
    FIELD("data", "object", SAYS("What is wrong, for programs.")),
    SOMETIMES("errors", "array", "With invalid_input: every fault that was found."),
    FIELD("data.errors[].parameter", "string", SAYS("The parameter's name, or request.")),
    FIELD("data.errors[].value", "string", SAYS("What was given.")),
    FIELD("data.errors[].reason", "string", SAYS("What is wrong with it.")),
    SOMETIMES("reset_scope", "string", "With 402 and 429: which limit's clock it is.",
              ONE_OF("\"monthly\", \"daily\", \"minute\"")),
    SOMETIMES("resets_at", "string", "When the same call may be admitted.", FORMAT("date-time")),
    SOMETIMES("retry_after_seconds", "integer", "The same, in seconds; as Retry-After.", FROM("1")),
    SOMETIMES("plan", "string", "The account's plan."),
    SOMETIMES("message", "string", "The same as msg."),
    SOMETIMES("suggested_plan", "string", "The cheapest plan in which this very call would have "
              "been admitted; left out where there is none."),
    SOMETIMES("upgrade_url", "string", "Where plans are changed.", FORMAT("uri-reference")),
    SOME_COUNT("credit_cost", "With 402: what the call would have cost."),
    SOME_COUNT("credits_included", "Credits that the billing period includes."),
    SOME_COUNT("credits_used", "Credits charged in it, overage among them."),
    SOME_COUNT("credits_remaining", "Included credits that are left."),
    SOME_COUNT("daily_credit_limit", "The plan's daily cap; 0 for none."),
    SOME_COUNT("daily_credits_used", "Credits charged since 00:00 UTC."),
    SOME_COUNT("daily_credits_remaining", "What is left of the cap; 0 without one."),
    SOMETIMES("rate_limit_per_minute", "integer", "With 429: calls the plan allows in any 60 seconds.",
              FROM("1")),
    FIELD("data.reason", "string", EXAMPLE("\"invalid_input\""),
          SAYS("One stable word for what is wrong.")),
    REQUEST_ID,
    FIELD("msg", "string", SAYS("A sentence for people: what is wrong and what to do.")),
};
/* clang-format on */

const struct schema failure_schema = {
    .name = TEXT_INITIAL("app.Response"),
    .description = TEXT_INITIAL("Whatever is not a success."),
    .fields = failure_fields,
    .field_count = LENGTH_OF(failure_fields),
};

/* ---- Questions about a field ---- */

/* Where its own name begins. */
static size_t name_start(struct text path)
{
    size_t start = path.length;
    while (start > 0 && path.at[start - 1] != '.' && path.at[start - 1] != ']')
        start--;
    return start;
}

static bool is_item(struct text path)
{
    return path.length > 2 && path.at[path.length - 1] == ']';
}

struct text schema_field_name(const struct schema_field *field)
{
    struct text path = field->path;
    size_t start = is_item(path) ? path.length - 2 : name_start(path);
    return text_slice(path, start, path.length);
}

struct text schema_field_parent(const struct schema_field *field)
{
    struct text path = field->path;
    size_t start = is_item(path) ? path.length - 2 : name_start(path);
    bool has_dot = start > 0 && path.at[start - 1] == '.';
    return text_slice(path, 0, start - has_dot);
}

bool schema_field_is_required(const struct schema *schema, const struct schema_field *field)
{
    return !schema->is_from_page && !field->is_optional;
}
