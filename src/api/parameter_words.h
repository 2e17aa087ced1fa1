/* parameter_words: what parameters of several endpoints have in common; for the tables of
 * parameters beside the look-ups alone. */
#pragma once

#include "api/account_look.h"
#include "api/endpoints.h"
#include "api/look_ups.h"
#include "api/usage_range.h"
#include "model/country.h"

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

#define INSTANT_REFUSAL                                                                        \
    "must be a date such as 2025-10-01, or a time such as 2025-10-01T21:00:00Z"

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
