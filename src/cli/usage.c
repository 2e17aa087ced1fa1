#include "ledger/usage.h"

#include "cli/commands.h"
#include "cli/verb.h"

#include <stdio.h>

#define LINE_BYTES_MAX 4096

/* A column is shown when a row of the answer has something in it; calls and credits always. */
struct shown {
    bool columns[USAGE_COLUMNS];
};

static int64_t member(const json_t *row, const char *name)
{
    int64_t value = 0;
    (void)json_read_integer(row, name, &value);
    return value;
}

static struct shown columns_choose(const json_t *totals)
{
    struct shown shown = {.columns = {[CALL_CHARGED] = true, [USAGE_CREDITS] = true}};
    for (size_t i = 0; i < USAGE_COLUMNS; i++)
        shown.columns[i] = shown.columns[i] || member(totals, usage_column_names[i]) != 0;
    return shown;
}

static void heading_print(const struct shown *shown)
{
    char room[LINE_BYTES_MAX];
    struct buffer line;
    buffer_init_on(&line, room, sizeof(room));
    buffer_append(&line, TEXT("day\tkey\tcalls"));
    for (size_t i = 0; i < USAGE_COLUMNS; i++)
        if (shown->columns[i])
            buffer_append_format(&line, "\t%s", usage_column_names[i]);
    check(!line.overflowed);
    cli_print(buffer_text(&line));
}

static void row_print(const struct shown *shown, const json_t *row, struct text day,
                      struct text key)
{
    char room[LINE_BYTES_MAX];
    struct buffer line;
    buffer_init_on(&line, room, sizeof(room));
    buffer_append(&line, day);
    buffer_append_byte(&line, '\t');
    buffer_append(&line, key);
    buffer_append_format(&line, "\t%lld", (long long)member(row, "calls"));
    for (size_t i = 0; i < USAGE_COLUMNS; i++)
        if (shown->columns[i])
            buffer_append_format(&line, "\t%lld",
                                 (long long)member(row, usage_column_names[i]));
    check(!line.overflowed);
    cli_print(buffer_text(&line));
}

static void table_print(const json_t *result)
{
    const json_t *rows = json_object_get(result, "rows");
    const json_t *totals = json_object_get(result, "totals");
    struct shown shown = columns_choose(totals);
    heading_print(&shown);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct text day = TEXT("-"), key = TEXT("-");
        (void)json_read_text(row, "day", &day);
        (void)json_read_text(row, "masked_key", &key);
        row_print(&shown, row, day, key);
    }
    row_print(&shown, totals, TEXT("total"), TEXT("-"));
}

enum cli_exit cli_account_usage(struct cli_context *context, int argc, char **argv)
{
    enum { FROM, TO };
    static const struct cli_option options[] = {
        {"from", "DATE",
         "First day (UTC), 2025-10-01; that of the billing period unless given."},
        {"to", "DATE", "Last day (UTC); that of the billing period unless given."},
        {NULL, NULL, NULL},
    };
    static const struct cli_usage usage = {
        .command = "usage",
        .operands = "EMAIL",
        .operands_min = 1,
        .operands_max = 1,
        .sentence =
            "Shows what an account's keys did: one line a day and key, calls by outcome, "
            "credits, overage, and\na line of totals; parted by tabs. Counted to the last "
            "call that was charged, and to a second\nago for others. Columns of which nothing "
            "happened are left out; --json has them all.\noverage_micros are millionths of a "
            "dollar.",
        .options = options,
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    const struct verb_argument arguments[] = {
        {"email", given.operands[0]}, {"from", given.values[FROM]}, {"to", given.values[TO]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    if (cli_verb(context, "usage", arguments, LENGTH_OF(arguments), &result, &reason) !=
        STATUS_OK)
        return cli_refuse_for(&reason);
    if (context->json)
        cli_print_members(context, result, NULL, 0);
    else
        table_print(result);
    return CLI_DONE;
}
