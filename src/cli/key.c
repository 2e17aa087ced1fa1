#include "cli/commands.h"
#include "cli/verb.h"

static enum cli_exit key_create(struct cli_context *context, int argc, char **argv)
{
    enum { NAME };
    static const struct cli_option options[] = {
        {"name", "NAME", "What the key is for; no two live keys of an account share one."},
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
    const struct verb_argument arguments[] = {{"email", given.operands[0]},
                                              {"name", given.values[NAME]}};
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
                    "time of creation;\nparted by tabs.",
    };
    static const char *const members[] = {"id", "masked_key", "name", "status", "created_at"};
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
    const json_t *keys = json_object_get(result, "keys");
    for (size_t i = 0; i < json_array_size(keys); i++)
        cli_print_members(context, json_array_get(keys, i), members, LENGTH_OF(members));
    return CLI_DONE;
}

static enum cli_exit key_revoke(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "key revoke",
        .operands = "KEY_ID",
        .operands_min = 1,
        .operands_max = 1,
        .sentence =
            "Ends a key for good; calls with it are refused from now on. `trendgate key "
            "list` shows the ids.",
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
    return CLI_DONE;
}

enum cli_exit cli_key(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"create", "Make another key for an account.", key_create},
        {"list", "List the keys of an account.", key_list},
        {"revoke", "End a key.", key_revoke},
        {NULL, NULL, NULL},
    };
    return cli_group(context, "key", commands, "Makes, lists and revokes API keys.", argc,
                     argv);
}
