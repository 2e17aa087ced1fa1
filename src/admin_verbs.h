/* admin_verbs: what the files that hold verbs share; see admin.h for the verbs themselves. */
#pragma once

#include "admin.h"

/* A text argument that must be there, or may be missing (then empty). */
enum status admin_argument(const json_t *arguments, const char *name, struct text *value,
                           struct reason *reason);
struct text admin_argument_or_empty(const json_t *arguments, const char *name);

/* The plan's name as the plan file writes it; an empty one is the first plan. STATUS_INVALID
 * names those that there are. */
enum status admin_plan_name(const struct plans *plans, struct text asked, struct text *name,
                            struct reason *reason);

/* The members of an account that need no meter, without the braces. */
void admin_account_members(struct json_writer *result, const struct account *account);

/* ---- Verbs: admin_account_verbs.c, admin_billing_verbs.c, admin_key_verbs.c, admin_usage.c ---- */

enum status admin_account_show(const struct admin_context *context, const json_t *arguments,
                               struct json_writer *result, struct reason *reason);
enum status admin_account_plan(const struct admin_context *context, const json_t *arguments,
                               struct json_writer *result, struct reason *reason);
enum status admin_account_overage(const struct admin_context *context, const json_t *arguments,
                                  struct json_writer *result, struct reason *reason);

/* Brings the plan file into force where no server has. */
enum status admin_metering_begin(const struct admin_context *context, struct reason *reason);

enum status admin_account_grant(const struct admin_context *context, const json_t *arguments,
                                struct json_writer *result, struct reason *reason);
enum status admin_account_refund(const struct admin_context *context, const json_t *arguments,
                                 struct json_writer *result, struct reason *reason);
enum status admin_invoice(const struct admin_context *context, const json_t *arguments,
                          struct json_writer *result, struct reason *reason);
enum status admin_invoice_paid(const struct admin_context *context, const json_t *arguments,
                               struct json_writer *result, struct reason *reason);

enum status admin_account_sign_in_link(const struct admin_context *context,
                                       const json_t *arguments, struct json_writer *result,
                                       struct reason *reason);

enum status admin_key_create(const struct admin_context *context, const json_t *arguments,
                             struct json_writer *result, struct reason *reason);
enum status admin_key_list(const struct admin_context *context, const json_t *arguments,
                           struct json_writer *result, struct reason *reason);
enum status admin_key_rotate(const struct admin_context *context, const json_t *arguments,
                             struct json_writer *result, struct reason *reason);
enum status admin_key_cap(const struct admin_context *context, const json_t *arguments,
                          struct json_writer *result, struct reason *reason);
enum status admin_key_revoke(const struct admin_context *context, const json_t *arguments,
                             struct json_writer *result, struct reason *reason);

enum status admin_usage(const struct admin_context *context, const json_t *arguments,
                        struct json_writer *result, struct reason *reason);
