#include "cli/account_import.h"
#include "cli/account_terms.h"
#include "cli/commands.h"
#include "cli/table.h"

static const char *const account_members[] = {"email", "plan", "status", "created_at"};

static enum cli_exit account_create(struct cli_context *context, int argc, char **argv)
{
    enum { PLAN, NAME };
    static const struct cli_option options[] = {
        {"plan", "NAME", "Plan of the plan file; its first one unless given."},
        {"name", "NAME", "Name of the customer."},
        {NULL, NULL, NULL},
    };
    static const struct cli_usage usage = {
        .command = "account create",
        .operands = "EMAIL",
        .operands_min = 1,
        .operands_max = 1,
        .sentence = "Makes an account with its first key and prints the key: it is shown this "
                    "once and kept nowhere.",
        .options = options,
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    const struct verb_argument arguments[] = {{"email", given.operands[0]},
                                              {"plan", given.values[PLAN]},
                                              {"name", given.values[NAME]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    context->makes_database = true;
    if (cli_verb(context, "account_create", arguments, LENGTH_OF(arguments), &result,
                 &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    cli_print_new_key(context, result);
    return CLI_DONE;
}

/* One page of accounts; *after becomes the last mail of it, empty when there is no more. */
static enum status page_print(struct cli_context *context, struct admin *admin,
                              struct cli_table *table, char after[ACCOUNT_EMAIL_BYTES_MAX + 1],
                              struct reason *reason)
{
    CLEANUP(buffer_finish) struct buffer arguments;
    buffer_init(&arguments, REASON_BYTES_MAX * 8);
    struct json_writer writer = json_writer_on(&arguments);
    json_object_open(&writer);
    json_member_text(&writer, TEXT("after"), text_of(after));
    json_object_close(&writer);
    CLEANUP(json_document_finish) json_t *result = NULL;
    TRY(admin_call(admin, TEXT("account_list"), buffer_text(&arguments), &result, reason));
    const json_t *accounts = json_object_get(result, "accounts");
    size_t count = json_array_size(accounts);
    cli_table_print(table, context, accounts);
    bool has_more = false;
    struct text last = TEXT("");
    after[0] = '\0';
    (void)json_read_boolean(result, "has_more", &has_more);
    if (has_more && json_read_text(json_array_get(accounts, count - 1), "email", &last) &&
        last.length <= ACCOUNT_EMAIL_BYTES_MAX) {
        memcpy(after, last.at, last.length);
        after[last.length] = '\0';
    }
    return STATUS_OK;
}

static enum cli_exit account_list(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "account list",
        .sentence =
            "Lists all accounts by mail address: email, plan, status, time of creation; "
            "parted by tabs.",
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    struct reason reason = {""};
    struct admin *admin;
    if (cli_admin_open(context, &admin, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    struct cli_table table = {.members = account_members, .count = LENGTH_OF(account_members)};
    char after[ACCOUNT_EMAIL_BYTES_MAX + 1] = "";
    enum status status;
    do
        status = page_print(context, admin, &table, after, &reason);
    while (status == STATUS_OK && after[0] != '\0');
    admin_close(admin);
    return status == STATUS_OK ? CLI_DONE : cli_refuse_for(&reason);
}

/* What one account has used goes behind what all are listed by. */
static const char *const shown_members[] = {
    "email",
    "plan",
    "status",
    "created_at",
    "next_plan",
    "next_plan_at",
    "overage",
    "spend_limit_cents",
    "credits_used",
    "credits_remaining",
    "period_end",
    "daily_credits_used",
    "daily_credits_remaining",
    "name",
    "id",
    "live_keys",
};

/* show, suspend and resume: one verb on one account, which is then printed. */
static enum cli_exit on_account(struct cli_context *context, const struct cli_usage *usage,
                                const char *verb, int argc, char **argv)
{
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, usage, argc, argv, &given, &over))
        return over;
    const struct verb_argument arguments[] = {{"email", given.operands[0]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    if (cli_verb(context, verb, arguments, LENGTH_OF(arguments), &result, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    cli_print_object(context, result, shown_members, LENGTH_OF(shown_members));
    return CLI_DONE;
}

static enum cli_exit account_show(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "account show",
        .operands = "EMAIL",
        .operands_min = 1,
        .operands_max = 1,
        .sentence =
            "Shows one account: email, plan, status, time of creation, plan that waits "
            "and from\n"
            "when, overage (none, off, on, always), spend limit in cents, credits used "
            "and left in\n"
            "the billing period, its end, credits used and left today, name, id, live keys; "
            "parted by tabs.",
    };
    return on_account(context, &usage, "account_show", argc, argv);
}

static enum cli_exit account_suspend(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "account suspend",
        .operands = "EMAIL",
        .operands_min = 1,
        .operands_max = 1,
        .sentence = "Refuses all calls of an account from now on, until it is resumed.",
    };
    return on_account(context, &usage, "account_suspend", argc, argv);
}

static enum cli_exit account_resume(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "account resume",
        .operands = "EMAIL",
        .operands_min = 1,
        .operands_max = 1,
        .sentence = "Ends the suspension of an account.",
    };
    return on_account(context, &usage, "account_resume", argc, argv);
}

static enum cli_exit account_import(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "account import",
        .operands = "FILE.csv",
        .operands_min = 1,
        .operands_max = 1,
        .sentence = "Makes one account and one key for each row and prints email,key. The file "
                    "has a header with\nemail, plan and name (the last two may be missing); a "
                    "file with a fault is refused whole.",
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    struct reason reason = {""};
    if (cli_import_accounts(context, given.operands[0], &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    return CLI_DONE;
}

static enum cli_exit account_sign_in_link(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "account sign-in-link",
        .operands = "EMAIL",
        .operands_min = 1,
        .operands_max = 1,
        .sentence =
            "Prints a link that signs in to the console once, within an hour, where a "
            "password can then be\nset. Links made before for that account work no more.",
    };
    static const char *const members[] = {"link"};
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    const struct verb_argument arguments[] = {{"email", given.operands[0]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    if (cli_verb(context, "account_sign_in_link", arguments, LENGTH_OF(arguments), &result,
                 &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    cli_print_members(context, result, members, LENGTH_OF(members));
    return CLI_DONE;
}

enum cli_exit cli_account(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"create", "Make an account and its first key.", account_create},
        {"import", "Make many from a CSV file.", account_import},
        {"list", "List all accounts.", account_list},
        {"show", "Show one account.", account_show},
        {"plan", "Move an account to another plan.", cli_account_plan},
        {"overage", "Switch overage on or off, and bound it.", cli_account_overage},
        {"grant", "Give an account credits.", cli_account_grant},
        {"refund", "Give back one charge.", cli_account_refund},
        {"sign-in-link", "Make a link that signs in once.", account_sign_in_link},
        {"suspend", "Refuse the calls of an account.", account_suspend},
        {"resume", "End a suspension.", account_resume},
        {NULL, NULL, NULL},
    };
    return cli_group(context, "account", commands, "Makes, shows and changes accounts.", argc,
                     argv);
}
