/* verb: what the commands that change accounts and keys share: one session, one verb a call. */
#pragma once

#include "admin.h"
#include "cli/cli.h"

/* Takes the ledger of the settings or reaches its owner. */
enum status cli_admin_open(struct cli_context *context, struct admin **admin,
                           struct reason *reason);

/* One argument of a verb; absent ones (a NULL value) are left out. */
struct verb_argument {
    const char *name;
    const char *value;
};

/* Calls one verb in a session of its own. STATUS_INVALID: an argument is not UTF-8. *result is the
 * caller's (json_document_finish). */
enum status cli_verb(struct cli_context *context, const char *verb,
                     const struct verb_argument *arguments, size_t count, json_t **result,
                     struct reason *reason);

/* Prints "api_key" of a result alone on a line, or with --json that, "id" and, of a rotation,
 * "previous_id" and "stops_at". */
void cli_print_new_key(const struct cli_context *context, const json_t *result);

/* A member of an object as people read it: a text or a number; "-" when empty or missing. */
void cli_write_member(const json_t *object, const char *name, struct buffer *record);

/* Prints the named members of an object in this order, parted by tabs; with --json the object. An
 * empty or missing member is "-". */
void cli_print_members(const struct cli_context *context, const json_t *object,
                       const char *const *names, size_t count);
