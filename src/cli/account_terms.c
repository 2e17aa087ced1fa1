#include "cli/account_terms.h"

#include "cli/verb.h"

enum cli_exit cli_account_plan(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "account plan",
        .operands = "EMAIL NAME",
        .operands_min = 2,
        .operands_max = 2,
        .sentence =
            "Moves an account to another plan of the plan file: at once when that stands "
            "behind\n"
            "the present one there (an upgrade; the added credits are prorated over the rest "
            "of\n"
            "the billing period), else with the next period. Naming the present plan takes a\n"
            "waiting change back. Prints email, plan in force, plan that waits, and from when "
            "on\n"
            "the named plan counts; parted by tabs.",
    };
    static const char *const members[] = {"email", "plan", "next_plan", "from"};
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    const struct verb_argument arguments[] = {{"email", given.operands[0]},
                                              {"plan", given.operands[1]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    if (given.operands[1][0] == '\0')
        return cli_misuse("the name of the plan is empty");
    if (cli_verb(context, "account_plan", arguments, LENGTH_OF(arguments), &result, &reason) !=
        STATUS_OK)
        return cli_refuse_for(&reason);
    cli_print_members(context, result, members, LENGTH_OF(members));
    return CLI_DONE;
}

enum cli_exit cli_account_overage(struct cli_context *context, int argc, char **argv)
{
    enum { LIMIT };
    static const struct cli_option options[] = {
        {"limit", "CENTS", "At most that much overage a billing period, in US cents; or none."},
        {NULL, NULL, NULL},
    };
    static const struct cli_usage usage = {
        .command = "account overage",
        .operands = "EMAIL on|off",
        .operands_min = 2,
        .operands_max = 2,
        .sentence =
            "Lets an account go past its included credits at the plan's price, or not, "
            "where the plan\nleaves that open. Without --limit the spend limit stays as "
            "it is. Prints email, plan,\noverage, spend limit; parted by tabs.",
        .options = options,
    };
    static const char *const members[] = {"email", "plan", "overage", "spend_limit_cents"};
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    if (strcmp(given.operands[1], "on") != 0 && strcmp(given.operands[1], "off") != 0)
        return cli_misuse("overage is switched on or off, not '%s'", given.operands[1]);
    if (given.values[LIMIT] && given.values[LIMIT][0] == '\0')
        return cli_misuse("--limit is empty: give US cents, or none");
    const struct verb_argument arguments[] = {{"email", given.operands[0]},
                                              {"switch", given.operands[1]},
                                              {"limit", given.values[LIMIT]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    if (cli_verb(context, "account_overage", arguments, LENGTH_OF(arguments), &result,
                 &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    cli_print_members(context, result, members, LENGTH_OF(members));
    return CLI_DONE;
}

/* grant and refund: what is given, and why. */
static enum cli_exit adjust(struct cli_context *context, const struct cli_usage *usage,
                            const char *verb, const char *operand, int argc, char **argv)
{
    enum { REASON };
    static const char *const members[] = {"email", "period_key", "credits", "credits_included",
                                          "overage_micros"};
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, usage, argc, argv, &given, &over))
        return over;
    if (!given.values[REASON] || given.values[REASON][0] == '\0')
        return cli_misuse("say why with --reason TEXT: it is kept with what is given");
    const struct verb_argument arguments[] = {{"email", given.operands[0]},
                                              {operand, given.operands[1]},
                                              {"reason", given.values[REASON]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    if (cli_verb(context, verb, arguments, LENGTH_OF(arguments), &result, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    cli_print_members(context, result, members, LENGTH_OF(members));
    return CLI_DONE;
}

static const struct cli_option adjust_options[] = {
    {"reason", "TEXT", "Why; kept in the journal and with the account's events."},
    {NULL, NULL, NULL},
};

enum cli_exit cli_account_grant(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "account grant",
        .operands = "EMAIL CREDITS",
        .operands_min = 2,
        .operands_max = 2,
        .sentence = "Adds credits to what an account may use in its present billing period. "
                    "Prints email, period,\ncredits, credits included with them; parted by "
                    "tabs.",
        .options = adjust_options,
    };
    return adjust(context, &usage, "account_grant", "credits", argc, argv);
}

enum cli_exit cli_account_refund(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "account refund",
        .operands = "EMAIL CHARGE_ID",
        .operands_min = 2,
        .operands_max = 2,
        .sentence =
            "Gives back, once, what one charge took: its included credits to the present "
            "period, the\nprice of its overage on the present period's invoice. CHARGE_ID is "
            "the answer's X-Charge-Id.\nPrints email, period, credits, credits included with "
            "them, millionths of a dollar; parted by\ntabs.",
        .options = adjust_options,
    };
    return adjust(context, &usage, "account_refund", "charge_id", argc, argv);
}
