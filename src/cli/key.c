#include "cli/commands.h"
#include "cli/table.h"

#include <stdio.h>

static enum cli_exit key_create(struct cli_context *context, int argc, char **argv)
{
    enum { NAME, DAILY_CAP };
    static const struct cli_option options[] = {
        {"name", "NAME", "What the key is for; no two live keys of an account share one."},
        {"daily-cap", "CREDITS", "At most that many credits a day (UTC) with this key."},
        {NULL, NULL, NULL},
    };
    static const struct cli_usage usage = {
        .command = "key create",
        .operands = "EMAIL",
        .operands_min = 1,
        .operands_max = 1,
        .sentence = "Makes another key for an account and prints it: it is shown this once and "
                    "kept nowhere.",
        .options = options,
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    if (given.values[DAILY_CAP] && given.values[DAILY_CAP][0] == '\0')
        return cli_misuse("--daily-cap is empty: give credits");
    const struct verb_argument arguments[] = {{"email", given.operands[0]},
                                              {"name", given.values[NAME]},
                                              {"daily_credit_cap", given.values[DAILY_CAP]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    if (cli_verb(context, "key_create", arguments, LENGTH_OF(arguments), &result, &reason) !=
        STATUS_OK)
        return cli_refuse_for(&reason);
    cli_print_new_key(context, result);
    return CLI_DONE;
}

static enum cli_exit key_list(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "key list",
        .operands = "EMAIL",
        .operands_min = 1,
        .operands_max = 1,
        .sentence = "Lists the keys of an account, newest first: id, masked key, name, status, "
                    "time of creation,\nwhen it stops to work, its own daily cap in credits; "
                    "parted by tabs.",
    };
    static const char *const members[] = {
        "id", "masked_key", "name", "status", "created_at", "stops_at", "daily_credit_cap"};
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    const struct verb_argument arguments[] = {{"email", given.operands[0]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    if (cli_verb(context, "key_list", arguments, LENGTH_OF(arguments), &result, &reason) !=
        STATUS_OK)
        return cli_refuse_for(&reason);
    struct cli_table table = {.members = members, .count = LENGTH_OF(members)};
    cli_table_print(&table, context, json_object_get(result, "keys"));
    return CLI_DONE;
}

static enum cli_exit key_rotate(struct cli_context *context, int argc, char **argv)
{
    enum { GRACE };
    static const struct cli_option options[] = {
        {"grace", "TIME", "How long the old key goes on working: now, 1h, 24h (default), 7d."},
        {NULL, NULL, NULL},
    };
    static const struct cli_usage usage = {
        .command = "key rotate",
        .operands = "KEY_ID",
        .operands_min = 1,
        .operands_max = 1,
        .sentence =
            "Makes a new key in the place of an active one, with its name, and prints it: it "
            "is "
            "shown\nthis once and kept nowhere. Both work until the grace is over (any time up "
            "to 7d), share one\ndaily cap, and count among the 20 live keys of the account.",
        .options = options,
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    if (given.values[GRACE] && given.values[GRACE][0] == '\0')
        return cli_misuse("--grace is empty: give now, 1h, 24h or 7d");
    const struct verb_argument arguments[] = {{"id", given.operands[0]},
                                              {"grace", given.values[GRACE]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    if (cli_verb(context, "key_rotate", arguments, LENGTH_OF(arguments), &result, &reason) !=
        STATUS_OK)
        return cli_refuse_for(&reason);
    cli_print_new_key(context, result);
    return CLI_DONE;
}

static enum cli_exit key_cap(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "key cap",
        .operands = "KEY_ID CREDITS|none",
        .operands_min = 2,
        .operands_max = 2,
        .sentence =
            "Bounds the credits that one key may take a day (UTC), or ends that; what it took\n"
            "today counts. It shares the cap with the keys whose place it took by rotation, "
            "and\n"
            "with the one that took its own. Prints id, masked key, name, status, daily cap; "
            "parted by tabs.",
    };
    static const char *const members[] = {"id", "masked_key", "name", "status",
                                          "daily_credit_cap"};
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    const struct verb_argument arguments[] = {{"id", given.operands[0]},
                                              {"daily_credit_cap", given.operands[1]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    if (cli_verb(context, "key_cap", arguments, LENGTH_OF(arguments), &result, &reason) !=
        STATUS_OK)
        return cli_refuse_for(&reason);
    cli_print_object(context, result, members, LENGTH_OF(members));
    return CLI_DONE;
}

static void revocation_print(const struct cli_context *context, const json_t *result)
{
    static const char *const members[] = {"masked_key", "email"};
    if (context->json) {
        cli_print_members(context, result, members, LENGTH_OF(members));
        return;
    }
    CLEANUP(buffer_finish) struct buffer line;
    buffer_init(&line, REASON_BYTES_MAX);
    bool was_revoked = false;
    (void)json_read_boolean(result, "was_revoked", &was_revoked);
    buffer_append(&line, was_revoked ? TEXT("") : TEXT("revoked "));
    cli_write_member(result, "masked_key", &line);
    buffer_append(&line, TEXT(" of "));
    cli_write_member(result, "email", &line);
    buffer_append(&line, was_revoked ? TEXT(" was revoked already") : TEXT(""));
    cli_print(buffer_text(&line));
}

static enum cli_exit key_revoke(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "key revoke",
        .operands = "KEY_ID",
        .operands_min = 1,
        .operands_max = 1,
        .sentence = "Ends a key for good; calls with it are refused from now on. Says which "
                    "key of whom "
                    "it was.\n`trendgate key list` shows the ids.",
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    const struct verb_argument arguments[] = {{"id", given.operands[0]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    if (cli_verb(context, "key_revoke", arguments, LENGTH_OF(arguments), &result, &reason) !=
        STATUS_OK)
        return cli_refuse_for(&reason);
    revocation_print(context, result);
    return CLI_DONE;
}

enum cli_exit cli_key(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"create", "Make another key for an account.", key_create},
        {"list", "List the keys of an account.", key_list},
        {"rotate", "Put a new key in the place of one.", key_rotate},
        {"cap", "Bound the credits a key may take a day.", key_cap},
        {"revoke", "End a key.", key_revoke},
        {NULL, NULL, NULL},
    };
    return cli_group(context, "key", commands, "Makes, lists and changes API keys.", argc,
                     argv);
}
