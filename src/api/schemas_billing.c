#include "api/schema_words.h"

/* clang-format off */
#define PERIOD(way)                                                                            \
    FIELD(way "period_key", "string", EXAMPLE("\"2026-04\""),                                  \
          SAYS("Year and month in which the period began.")),                                  \
    FIELD(way "period_start", "string", FORMAT("date-time"), SAYS("Its first moment.")),       \
    FIELD(way "period_end", "string", FORMAT("date-time"), SAYS("The first moment after it.")), \
    FIELD(way "status", "string", ONE_OF("\"open\", \"closed\""),                              \
          SAYS("Whether its statement is frozen.")),                                           \
    FIELD(way "payment", "string", ONE_OF("\"none\", \"due\", \"paid\""),                      \
          SAYS("Whether its invoice is paid; none where nothing is owed, or not yet.")),       \
    FIELD(way "paid_at", "string", FORMAT("date-time"), OPTIONAL, SAYS("When that was recorded.")), \
    FIELD(way "closed_at", "string", FORMAT("date-time"), OPTIONAL, SAYS("When it was closed."))

#define LEDGER(way)                                                                            \
    PERIOD(way),                                                                               \
    FIELD(way "plan", "string", EXAMPLE("\"Pro\""), SAYS("Its last plan.")),                   \
    COUNT(way "included_credits", "400000", "Credits before overage, granted ones among them."), \
    COUNT(way "credits_used", "1250", "Credits charged in it."),                               \
    COUNT(way "overage_credits", "0", "Of them, those past the included ones."),               \
    FIELD(way "overage_amount_cents", "integer", FORMAT("int64"), EXAMPLE("0"),                \
          SAYS("What overage costs, less refunds.")),                                          \
    COUNT(way "subscription_price_cents", "7900", "The plan, and changes of it."),             \
    FIELD(way "expected_total_amount_cents", "integer", FORMAT("int64"), EXAMPLE("7900"),      \
          SAYS("The sum of the statement's lines; below 0 where refunds are more.")),          \
    FIELD(way "currency", "string", ONE_OF("\"usd\""), SAYS("Of the amounts.")),               \
    FIELD(way "pricing_source", "string", EXAMPLE("\"plan_default\""), SAYS("Whose prices they are."))

#define STATEMENT(way)                                                                         \
    FIELD(way "account_id", "string", SAYS("The account's outward id.")),                      \
    COUNT(way "credits_granted", "0", "Added by grants and refunds."),                         \
    COUNT(way "credits_included", "400000", "By the plans."),                                  \
    COUNT(way "credits_late", "0", "Of earlier periods, counted in this one."),                \
    COUNT(way "credits_overage", "0", "Charged past the included ones."),                      \
    COUNT(way "credits_refunded", "0", "Given back."),                                         \
    COUNT(way "credits_used", "1250", "All that were charged in the period."),                 \
    FIELD(way "currency", "string", ONE_OF("\"usd\""), SAYS("Of the amounts.")),               \
    FIELD(way "lines", "array", SAYS("What is billed; each line is rounded once.")),           \
    FIELD(way "lines[].cents", "integer", FORMAT("int64"), EXAMPLE("7900"), SAYS("Its amount.")), \
    FIELD(way "lines[].cents_per_1000", "integer", FORMAT("int64"), OPTIONAL, EXAMPLE("30"),   \
          SAYS("Price of 1,000 credits, where it has one.")),                                  \
    COUNT(way "lines[].credits", "400000", "Credits that it is about."),                       \
    FIELD(way "lines[].description", "string", SAYS("The same in words.")),                    \
    FIELD(way "lines[].from_plan", "string", OPTIONAL, SAYS("The plan before an upgrade.")),   \
    FIELD(way "lines[].in_force_at", "string", FORMAT("date-time"), OPTIONAL,                  \
          SAYS("Since when an upgrade is in force.")),                                         \
    FIELD(way "lines[].kind", "string",                                                        \
          ONE_OF("\"subscription\", \"proration\", \"grant\", \"overage\", \"refund\""),       \
          SAYS("What it is for.")),                                                            \
    FIELD(way "lines[].period_key", "string", EXAMPLE("\"2026-04\""),                          \
          SAYS("The period of the use: an earlier one, where it came late.")),                 \
    FIELD(way "lines[].plan", "string", OPTIONAL, SAYS("The plan that it is for.")),           \
    FIELD(way "period_end", "string", FORMAT("date-time"), SAYS("The first moment after the period.")), \
    FIELD(way "period_key", "string", EXAMPLE("\"2026-04\""), SAYS("Year and month of its beginning.")), \
    FIELD(way "period_start", "string", FORMAT("date-time"), SAYS("Its first moment.")),       \
    FIELD(way "plan", "string", EXAMPLE("\"Pro\""), SAYS("Its last plan.")),                   \
    FIELD(way "total_cents", "integer", FORMAT("int64"), EXAMPLE("7900"), SAYS("The sum of the lines.")), \
    FIELD(way "version", "integer", EXAMPLE("1"), SAYS("Of this form."))

static const struct schema_field periods_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("The account's billing periods.")),
    FIELD("data.items", "array", SAYS("One item a period, the newest first.")),
    LEDGER("data.items[]."),
    REQUEST_ID,
    ENVELOPE_END,
};

static const struct schema_field period_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("One billing period.")),
    LEDGER("data."),
    REQUEST_ID,
    ENVELOPE_END,
};

static const struct schema_field statement_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("What a billing period comes to.")),
    FIELD("data.period", "object", SAYS("Which it is.")),
    PERIOD("data.period."),
    FIELD("data.snapshot", "object", SAYS("How the statement is kept.")),
    FIELD("data.snapshot.canonical_json_sha256", "string",
          SAYS("SHA-256 of the statement's canonical JSON, which the download gives.")),
    FIELD("data.snapshot.snapshot_status", "string", ONE_OF("\"frozen\", \"projected\""),
          SAYS("frozen: it never changes; projected: as far as the period has come.")),
    FIELD("data.snapshot.statement_version", "string", EXAMPLE("\"v1\""), SAYS("Of its form.")),
    FIELD("data.statement", "object", SAYS("The statement.")),
    STATEMENT("data.statement."),
    REQUEST_ID,
    ENVELOPE_END,
};

static const struct schema_field download_fields[] = {STATEMENT("")};

#define LINES(way)                                                                             \
    FIELD(way "[].kind", "string", EXAMPLE("\"proration\""), SAYS("What it is for.")),         \
    FIELD(way "[].plan", "string", EXAMPLE("\"Growth\""), SAYS("The plan.")),                  \
    FIELD(way "[].period_key", "string", EXAMPLE("\"2026-04\""), SAYS("Of which period.")),    \
    COUNT(way "[].credits", "40000", "Credits that it adds."),                                 \
    COUNT(way "[].cents", "1000", "Its amount.")

static const struct schema_field preview_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("What a change of plan would bill.")),
    FIELD("data.plan", "string", EXAMPLE("\"Growth\""), SAYS("The plan asked about.")),
    FIELD("data.plan_before", "string", EXAMPLE("\"Starter\""), SAYS("The present one.")),
    FIELD("data.is_at_once", "boolean", SAYS("Whether it would be in force at once.")),
    FIELD("data.in_force_at", "string", FORMAT("date-time"), SAYS("From when on.")),
    COUNT("data.included_credits", "60000", "Credits of the present period after it."),
    FIELD("data.use_is_over_plan", "boolean",
          SAYS("Whether more was used in the period than the plan includes.")),
    FIELD("data.lines_now", "array", SAYS("Lines that the present period gets at once.")),
    LINES("data.lines_now"),
    COUNT("data.total_now_cents", "1000", "Their sum."),
    FIELD("data.lines_next", "array", SAYS("Lines that the next period begins with.")),
    LINES("data.lines_next"),
    COUNT("data.total_next_cents", "2900", "Their sum."),
    FIELD("data.preview_digest", "string", EXAMPLE("\"1777248000-5f9c\""),
          SAYS("Names these numbers; the console changes a plan by it, so that what it showed is billed.")),
    REQUEST_ID,
    ENVELOPE_END,
};

static const struct schema_field plans_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("The plans on sale.")),
    COUNT("data.credits_per_call", "8", "What a call costs."),
    FIELD("data.plans", "array", SAYS("The cheapest first.")),
    FIELD("data.plans[].name", "string", EXAMPLE("\"Starter\""), SAYS("Its name.")),
    COUNT("data.plans[].price_cents", "900", "A billing period."),
    COUNT("data.plans[].included_credits", "20000", "A billing period."),
    COUNT("data.plans[].included_calls", "2500", "The same in whole calls."),
    COUNT("data.plans[].daily_credit_limit", "5000", "Credits a day; 0 for no limit."),
    COUNT("data.plans[].rate_limit_per_minute", "15", "Calls in any 60 seconds."),
    FIELD("data.plans[].overage", "string", ONE_OF("\"none\", \"opt_in\", \"always\""),
          SAYS("Whether calls go on past the included credits.")),
    COUNT("data.plans[].overage_cents_per_1000", "75", "What 1,000 of those cost."),
    FIELD("data.plans[].overage_text", "string",
          EXAMPLE("\"$0.75/1,000 overage credits when enabled\""), SAYS("The same in words.")),
    FIELD("data.plans[].next_plan_cheaper_from_credits", "integer", FORMAT("int64"), FROM("0"), OPTIONAL,
          EXAMPLE("46672"), SAYS("From so many credits a period on the next plan costs less.")),
    REQUEST_ID,
    ENVELOPE_END,
};

static const struct schema_field estimate_fields[] = {
    ENVELOPE,
    FIELD("data", "object", SAYS("What so many calls cost.")),
    COUNT("data.calls", "5000", "A billing period."),
    COUNT("data.credits", "40000", "What those take."),
    COUNT("data.days", "30", "Days of the present period."),
    FIELD("data.cheapest_plan", "string", OPTIONAL, EXAMPLE("\"Growth\""),
          SAYS("The plan that lets it happen and costs least.")),
    FIELD("data.plans", "array", SAYS("One item a plan.")),
    FIELD("data.plans[].plan", "string", EXAMPLE("\"Growth\""), SAYS("Its name.")),
    COUNT("data.plans[].included_credits", "40000", "Of the credits, those that it includes."),
    COUNT("data.plans[].overage_credits", "0", "The others."),
    COUNT("data.plans[].subscription_price_cents", "2900", "The plan."),
    COUNT("data.plans[].overage_amount_cents", "0", "Its overage."),
    COUNT("data.plans[].total_cents", "2900", "Both."),
    FIELD("data.plans[].has_room", "boolean", SAYS("Whether it lets so much be used.")),
    FIELD("data.plans[].fits_daily_limit", "boolean",
          SAYS("Whether its daily limit does, spread over the days.")),
    REQUEST_ID,
    ENVELOPE_END,
};

#define EXAMPLE_OPEN "{\n  \"code\": 200,\n  \"msg\": \"OK\",\n  \"data\": {\n"
#define EXAMPLE_CLOSE "    \"request_id\": \"0f3c6b2a9d\"\n  }\n}"
#define EXAMPLE_PERIOD                                                                         \
    "\"period_key\": \"2026-04\",\n"                                                           \
    "      \"period_start\": \"2026-04-12T00:00:00Z\", \"period_end\": \"2026-05-12T00:00:00Z\",\n" \
    "      \"status\": \"closed\", \"payment\": \"paid\", \"paid_at\": \"2026-05-13T09:00:00Z\",\n" \
    "      \"closed_at\": \"2026-05-12T00:00:01Z\""
#define EXAMPLE_LEDGER                                                                         \
    EXAMPLE_PERIOD ",\n"                                                                       \
    "      \"plan\": \"Pro\", \"included_credits\": 400000, \"credits_used\": 1250,\n"         \
    "      \"overage_credits\": 0, \"overage_amount_cents\": 0,\n"                             \
    "      \"subscription_price_cents\": 7900, \"expected_total_amount_cents\": 7900,\n"       \
    "      \"currency\": \"usd\", \"pricing_source\": \"plan_default\""
#define EXAMPLE_STATEMENT                                                                      \
    "{ \"account_id\": \"5d41402abc4b2a76b9719d911017c592\", \"credits_granted\": 0,\n"        \
    "      \"credits_included\": 400000, \"credits_late\": 0, \"credits_overage\": 0,\n"       \
    "      \"credits_refunded\": 0, \"credits_used\": 1250, \"currency\": \"usd\",\n"          \
    "      \"lines\": [\n"                                                                     \
    "        { \"cents\": 7900, \"credits\": 400000,\n"                                        \
    "          \"description\": \"Pro, 2026-04-12 to 2026-05-12\",\n"                          \
    "          \"kind\": \"subscription\", \"period_key\": \"2026-04\", \"plan\": \"Pro\" }\n" \
    "      ],\n"                                                                               \
    "      \"period_end\": \"2026-05-12T00:00:00Z\", \"period_key\": \"2026-04\",\n"           \
    "      \"period_start\": \"2026-04-12T00:00:00Z\", \"plan\": \"Pro\",\n"                   \
    "      \"total_cents\": 7900, \"version\": 1 }"

static const char periods_example[] =
    EXAMPLE_OPEN "    \"items\": [\n      { " EXAMPLE_LEDGER " }\n    ],\n" EXAMPLE_CLOSE;
static const char period_example[] =
    EXAMPLE_OPEN "    " EXAMPLE_LEDGER ",\n" EXAMPLE_CLOSE;
static const char statement_example[] =
    EXAMPLE_OPEN "    \"period\": { " EXAMPLE_PERIOD " },\n"
    "    \"snapshot\": {\n"
    "      \"canonical_json_sha256\": \"7f83b1657ff1fc53b92dc18148a1d65dfa1355e5545b1e8d2b0e9f8c9e48a5d8\",\n"
    "      \"snapshot_status\": \"frozen\", \"statement_version\": \"v1\" },\n"
    "    \"statement\": " EXAMPLE_STATEMENT ",\n" EXAMPLE_CLOSE;
static const char download_example[] = EXAMPLE_STATEMENT;
static const char preview_example[] =
    EXAMPLE_OPEN
    "    \"plan\": \"Growth\", \"plan_before\": \"Starter\", \"is_at_once\": true,\n"
    "    \"in_force_at\": \"2026-04-27T00:00:00Z\", \"included_credits\": 60000,\n"
    "    \"use_is_over_plan\": false,\n"
    "    \"lines_now\": [ { \"kind\": \"proration\", \"plan\": \"Growth\", \"period_key\": \"2026-04\",\n"
    "      \"credits\": 40000, \"cents\": 1000 } ],\n"
    "    \"total_now_cents\": 1000,\n"
    "    \"lines_next\": [ { \"kind\": \"subscription\", \"plan\": \"Growth\", \"period_key\": \"2026-05\",\n"
    "      \"credits\": 100000, \"cents\": 2900 } ],\n"
    "    \"total_next_cents\": 2900, \"preview_digest\": \"1777248000-5f9c\",\n" EXAMPLE_CLOSE;
static const char plans_example[] =
    EXAMPLE_OPEN
    "    \"credits_per_call\": 8,\n"
    "    \"plans\": [ { \"name\": \"Starter\", \"price_cents\": 900, \"included_credits\": 20000,\n"
    "      \"included_calls\": 2500, \"daily_credit_limit\": 5000, \"rate_limit_per_minute\": 15,\n"
    "      \"overage\": \"opt_in\", \"overage_cents_per_1000\": 75,\n"
    "      \"overage_text\": \"$0.75/1,000 overage credits when enabled\",\n"
    "      \"next_plan_cheaper_from_credits\": 46672 } ],\n" EXAMPLE_CLOSE;
static const char estimate_example[] =
    EXAMPLE_OPEN
    "    \"calls\": 5000, \"credits\": 40000, \"days\": 30, \"cheapest_plan\": \"Starter\",\n"
    "    \"plans\": [ { \"plan\": \"Starter\", \"included_credits\": 20000, \"overage_credits\": 20000,\n"
    "      \"subscription_price_cents\": 900, \"overage_amount_cents\": 1500, \"total_cents\": 2400,\n"
    "      \"has_room\": true, \"fits_daily_limit\": true } ],\n" EXAMPLE_CLOSE;

#define SCHEMA(title, what, words)                                                             \
    const struct schema what##_schema = {.name = TEXT_INITIAL(title),                          \
                                         .description = TEXT_INITIAL(words),                   \
                                         .fields = what##_fields,                              \
                                         .field_count = LENGTH_OF(what##_fields),              \
                                         .example = TEXT_INITIAL(what##_example)}
/* clang-format on */

SCHEMA("billing.billingPeriodLedgersResponseDoc", periods, "The account's billing periods.");
SCHEMA("billing.billingPeriodLedgerResponseDoc", period, "One billing period.");
SCHEMA("billing.billingPeriodStatementResponseDoc", statement,
       "What a billing period comes to.");
SCHEMA("billing.statementDoc", download, "A statement as canonical JSON (RFC 8785).");
SCHEMA("billing.previewResponseDoc", preview, "What a change of plan would bill.");
SCHEMA("billing.plansResponseDoc", plans, "The plans on sale.");
SCHEMA("billing.estimateResponseDoc", estimate, "What so many calls cost on each plan.");
