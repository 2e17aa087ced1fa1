/* schema_words: how the tables of schemas write their rows. Literals alone. */
#pragma once

#include "api/schemas.h"

/* clang-format off */
#define FIELD(way, kind, ...) {.path = TEXT_INITIAL(way), .type = TEXT_INITIAL(kind), ##__VA_ARGS__}
#define SAYS(words) .description = TEXT_INITIAL(words)
#define FORMAT(name) .format = TEXT_INITIAL(name)
#define EXAMPLE(value) .example = TEXT_INITIAL(value)
#define ONE_OF(values) .one_of = TEXT_INITIAL(values)
#define FROM(least) .minimum = TEXT_INITIAL(least)
#define TO(most) .maximum = TEXT_INITIAL(most)
#define OPTIONAL .is_optional = true

#define REQUEST_ID                                                                             \
    FIELD("data.request_id", "string", EXAMPLE("\"0f3c6b2a9d\""),                              \
          SAYS("The X-Request-Id of the answer."))
#define ENVELOPE                                                                               \
    FIELD("code", "integer", EXAMPLE("200"), SAYS("The HTTP status."))
#define ENVELOPE_END                                                                           \
    FIELD("msg", "string", EXAMPLE("\"OK\""), SAYS("OK, or a sentence that says what is wrong."))
#define COUNT(way, value, words)                                                               \
    FIELD(way, "integer", FORMAT("int64"), FROM("0"), EXAMPLE(value), SAYS(words))

/* Where an account stands: what GET /billing/me tells. */
#define BILLING_STATE(way) \
    FIELD(way "plan", "string", EXAMPLE("\"Growth\""), SAYS("The plan's name.")), \
    FIELD(way "period_key", "string", EXAMPLE("\"2026-04\""), \
          SAYS("Year and month in which the billing period began.")), \
    FIELD(way "period_start", "string", FORMAT("date-time"), SAYS("Its first moment.")), \
    FIELD(way "period_end", "string", FORMAT("date-time"), SAYS("The first moment after it.")), \
    COUNT(way "included_credits", "100000", "Credits that the period includes."), \
    COUNT(way "credits_used", "160", "Credits charged in it, overage among them."), \
    COUNT(way "credits_remaining", "99840", "Included credits that are left."), \
    COUNT(way "overage_credits", "0", "Credits charged past the included ones."), \
    FIELD(way "allow_overage", "boolean", SAYS("Whether calls go on past the included credits.")), \
    FIELD(way "hard_limit", "boolean", SAYS("Whether they end there.")), \
    FIELD(way "daily_key", "string", FORMAT("date"), SAYS("Today, in UTC.")), \
    COUNT(way "daily_credit_limit", "25000", "The plan's daily cap; 0 for none."), \
    COUNT(way "daily_credits_used", "160", "Credits charged since 00:00 UTC."), \
    COUNT(way "daily_credits_remaining", "24840", "What is left of the cap; 0 without one."), \
    COUNT(way "subscription_price_cents", "2900", "What the plans of the period cost, in cents."), \
    COUNT(way "expected_total_amount_cents", "2900", "The sum of the open statement's lines, in cents."), \
    FIELD(way "currency", "string", ONE_OF("\"usd\""), SAYS("Of both amounts.")), \
    COUNT(way "overage_amount_cents", "0", "What overage costs so far, less refunds of it."), \
    FIELD(way "spend_limit_cents", "integer", FORMAT("int64"), FROM("0"), OPTIONAL, EXAMPLE("2900"), \
          SAYS("What it may cost in a billing period; left out without a limit.")), \
    FIELD(way "next_plan", "string", OPTIONAL, EXAMPLE("\"Starter\""), SAYS("The plan that waits for the next period.")), \
    FIELD(way "stopped_by", "string", OPTIONAL, \
          ONE_OF("\"insufficient_credits\", \"daily_credit_limit\", \"key_daily_limit\", \"spend_limit\""), \
          SAYS("The reason with which the next call would be refused.")), \
    FIELD(way "stopped_until", "string", FORMAT("date-time"), OPTIONAL, SAYS("Until when that holds.")), \
    FIELD(way "pricing_source", "string", EXAMPLE("\"plan_default\""), SAYS("Whose prices they are.")), \
    FIELD(way "user_id", "string", SAYS("The account's outward id.")), \
    FIELD(way "created_at", "string", FORMAT("date-time"), SAYS("When the account was made.")), \
    FIELD(way "updated_at", "string", FORMAT("date-time"), SAYS("When it was last changed."))

/* The same in examples; way: what stands before each line. */
#define BILLING_STATE_EXAMPLE(way)                                                             \
    way "\"plan\": \"Growth\",\n"                                                              \
    way "\"period_key\": \"2026-04\",\n"                                                       \
    way "\"period_start\": \"2026-04-12T00:00:00Z\",\n"                                        \
    way "\"period_end\": \"2026-05-12T00:00:00Z\",\n"                                          \
    way "\"included_credits\": 100000,\n"                                                      \
    way "\"credits_used\": 160,\n"                                                             \
    way "\"credits_remaining\": 99840,\n"                                                      \
    way "\"overage_credits\": 0,\n"                                                            \
    way "\"allow_overage\": false,\n"                                                          \
    way "\"hard_limit\": true,\n"                                                              \
    way "\"overage_amount_cents\": 0,\n"                                                       \
    way "\"daily_key\": \"2026-04-21\",\n"                                                     \
    way "\"daily_credit_limit\": 25000,\n"                                                     \
    way "\"daily_credits_used\": 160,\n"                                                       \
    way "\"daily_credits_remaining\": 24840,\n"                                                \
    way "\"subscription_price_cents\": 2900,\n"                                                \
    way "\"expected_total_amount_cents\": 2900,\n"                                             \
    way "\"currency\": \"usd\",\n"                                                             \
    way "\"pricing_source\": \"plan_default\",\n"                                              \
    way "\"user_id\": \"acc_8fQ2x7Kd\",\n"                                                     \
    way "\"created_at\": \"2026-04-12T09:30:00Z\",\n"                                          \
    way "\"updated_at\": \"2026-04-12T09:30:00Z\""
/* clang-format on */
