/* billing_rows: the endpoint table's rows about what is billed. For endpoints.c alone. */
#pragma once

#include "api/look_ups.h"
#include "api/schemas.h"
#include "model/plan.h"

/* clang-format off */
#define BILLING_ROW .tags = account_tags, .kind = ENDPOINT_ACCOUNT, .caller = CALLER_KEY_OR_SESSION

static const struct parameter period_id = {
    .name = TEXT_INITIAL("id"),
    .type = TEXT_INITIAL("string"),
    .kind = PARAMETER_TEXT,
    .minimum = 7,
    .maximum = 7,
    .is_required = true,
    .refusal = TEXT_INITIAL("must be a billing period of the account that has begun, as YYYY-MM"),
    .example = TEXT_INITIAL("2026-04"),
    .description = TEXT_INITIAL("Year and month in which the billing period began")};

static const struct parameter periods_parameters[] = {
    [PERIODS_LIMIT] = {.name = TEXT_INITIAL("limit"),
                       .aliases = {"size", "per_page", "page_size", "count"},
                       .type = TEXT_INITIAL("integer"),
                       .kind = PARAMETER_CLAMPED,
                       .minimum = 1,
                       .maximum = 24,
                       .absent = 12,
                       .refusal = TEXT_INITIAL("must be an integer (it is clamped to 1-24)"),
                       .example = TEXT_INITIAL("12"),
                       .description = TEXT_INITIAL("How many periods at most")},
};

static const struct parameter preview_parameters[] = {
    [PREVIEW_PLAN] = {.name = TEXT_INITIAL("plan"),
                      .aliases = {"name", "to"},
                      .type = TEXT_INITIAL("string"),
                      .kind = PARAMETER_TEXT,
                      .minimum = 1,
                      .maximum = PLAN_NAME_BYTES_MAX,
                      .is_required = true,
                      .refusal = TEXT_INITIAL("must be a plan of GET /api/v1/billing/plans"),
                      .example = TEXT_INITIAL("Growth"),
                      .description = TEXT_INITIAL("The plan to change to")},
};

static const struct parameter estimate_parameters[] = {
    [ESTIMATE_CALLS] = {.name = TEXT_INITIAL("calls"),
                        .aliases = {"requests", "count", "n"},
                        .type = TEXT_INITIAL("integer"),
                        .kind = PARAMETER_CLAMPED,
                        .minimum = 0,
                        .maximum = ESTIMATE_CALLS_MAX,
                        .absent = 0,
                        .refusal = TEXT_INITIAL(
                            "must be an integer (it is clamped to 0-1000000000)"),
                        .example = TEXT_INITIAL("5000"),
                        .description = TEXT_INITIAL("Successful calls a billing period")},
};

#define BILLING_ROWS \
    {.path = TEXT_INITIAL("/api/v1/billing/me/periods"), \
     .operation_id = TEXT_INITIAL("billing-me-periods"), \
     .summary = TEXT_INITIAL("List the account's billing periods, the newest first"), \
     .description = TEXT_INITIAL( \
         "Tells of each period what was used and what it comes to; the open one as far as it " \
         "has come. Costs no credits and takes no call of the minute."), \
     BILLING_ROW, \
     .parameters = periods_parameters, \
     .parameter_count = LENGTH_OF(periods_parameters), \
     .answer = &periods_schema, \
     .look_up = periods_look_up}, \
    {.path = TEXT_INITIAL("/api/v1/billing/me/periods/{id}"), \
     .operation_id = TEXT_INITIAL("billing-me-period"), \
     .summary = TEXT_INITIAL("Tell one billing period"), \
     .description = TEXT_INITIAL("The same as an item of the list of periods. Costs no " \
                                 "credits and takes no call of the minute."), \
     BILLING_ROW, \
     .path_parameter = &period_id, \
     .answer = &period_schema, \
     .look_up = period_look_up}, \
    {.path = TEXT_INITIAL("/api/v1/billing/me/periods/{id}/statement"), \
     .operation_id = TEXT_INITIAL("billing-me-period-statement"), \
     .summary = TEXT_INITIAL("Tell what a billing period comes to, line by line"), \
     .description = TEXT_INITIAL( \
         "The statement of a closed period never changes; that of the open one is a " \
         "projection. Costs no credits and takes no call of the minute."), \
     BILLING_ROW, \
     .path_parameter = &period_id, \
     .answer = &statement_schema, \
     .look_up = statement_look_up}, \
    {.path = TEXT_INITIAL("/api/v1/billing/me/periods/{id}/statement/download"), \
     .operation_id = TEXT_INITIAL("billing-me-period-statement-download"), \
     .summary = TEXT_INITIAL("Give a statement as its canonical JSON"), \
     .description = TEXT_INITIAL( \
         "The very bytes whose SHA-256 the statement tells, without the envelope of other " \
         "answers. Costs no credits and takes no call of the minute."), \
     BILLING_ROW, \
     .path_parameter = &period_id, \
     .answer = &download_schema, \
     .look_up = download_look_up}, \
    {.path = TEXT_INITIAL("/api/v1/billing/me/preview"), \
     .operation_id = TEXT_INITIAL("billing-me-preview"), \
     .summary = TEXT_INITIAL("Tell what a change of plan would bill"), \
     .description = TEXT_INITIAL( \
         "Gives the very lines that the change would add now, and those that the next period " \
         "begins with. Changes nothing, costs no credits and takes no call of the minute."), \
     BILLING_ROW, \
     .parameters = preview_parameters, \
     .parameter_count = LENGTH_OF(preview_parameters), \
     .answer = &preview_schema, \
     .look_up = preview_look_up}, \
    {.path = TEXT_INITIAL("/api/v1/billing/plans"), \
     .operation_id = TEXT_INITIAL("billing-plans"), \
     .summary = TEXT_INITIAL("List the plans on sale"), \
     .description = TEXT_INITIAL( \
         "Tells price, credits, limits and overage of each plan, and from how many credits on " \
         "the next one costs less. Costs no credits and takes no call of the minute."), \
     BILLING_ROW, \
     .answer = &plans_schema, \
     .look_up = plans_look_up}, \
    {.path = TEXT_INITIAL("/api/v1/billing/estimate"), \
     .operation_id = TEXT_INITIAL("billing-estimate"), \
     .summary = TEXT_INITIAL("Tell what so many calls a billing period cost on each plan"), \
     .description = TEXT_INITIAL( \
         "Reckoned by the lines that an invoice would have; overage that a plan leaves open " \
         "counts as switched on. Costs no credits and takes no call of the minute."), \
     BILLING_ROW, \
     .parameters = estimate_parameters, \
     .parameter_count = LENGTH_OF(estimate_parameters), \
     .answer = &estimate_schema, \
     .look_up = estimate_look_up}
/* clang-format on */
