#include "cli/audit.h"

#include "api/endpoints.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/read_only.h"
#include "settings/plans.h"

#define LINE_BYTES_MAX 8192 /* a mail and a sentence with every byte escaped */

struct audit_view {
    const struct cli_context *context;
    struct progress progress;
};

static void passed(void *owner, int64_t rows, int64_t of_rows)
{
    struct audit_view *view = owner;
    view->progress.total = of_rows;
    progress_show(&view->progress, rows);
}

static void sum_write(struct buffer *line, const struct audit_difference *difference,
                      int64_t sum)
{
    buffer_append_byte(line, '\t');
    if (difference->has_sums)
        buffer_append_integer(line, sum);
    else
        buffer_append_byte(line, '-');
}

static void difference_json(struct buffer *line, const struct audit_difference *difference)
{
    struct json_writer writer = json_writer_on(line);
    json_object_open(&writer);
    json_member_text(&writer, TEXT("account"), difference->account);
    json_member_text(&writer, TEXT("what"), difference->what);
    if (difference->has_sums) {
        json_member_integer(&writer, TEXT("journal"), difference->journal);
        json_member_integer(&writer, TEXT("table"), difference->table);
    }
    json_object_close(&writer);
}

static void differs(void *owner, const struct audit_difference *difference)
{
    struct audit_view *view = owner;
    char room[LINE_BYTES_MAX];
    struct buffer line;
    buffer_init_on(&line, room, sizeof(room));
    if (view->context->json) {
        difference_json(&line, difference);
    } else {
        buffer_append(&line, difference->account);
        buffer_append_byte(&line, '\t');
        buffer_append(&line, difference->what);
        sum_write(&line, difference, difference->journal);
        sum_write(&line, difference, difference->table);
    }
    check(!line.overflowed);
    progress_finish(&view->progress);
    cli_print(buffer_text(&line));
}

/* Every endpoint that has a number in journals. */
static struct audit_prices prices_of(struct audit_price at[ENDPOINT_PRICES_MAX])
{
    struct audit_prices prices = {.at = at};
    for (size_t i = 0; i < endpoint_count; i++) {
        const struct endpoint *endpoint = &endpoints[i];
        if (endpoint->kind != ENDPOINT_PRODUCT)
            continue;
        check(prices.count < ENDPOINT_PRICES_MAX);
        at[prices.count++] = (struct audit_price){.endpoint = endpoint->number,
                                                  .operation_id = endpoint->operation_id.at,
                                                  .otherwise = endpoint->credits};
    }
    return prices;
}

enum status cli_audit_run(const struct cli_context *context, struct db *db,
                          struct audit_totals *totals, struct reason *reason)
{
    struct audit_view view = {.context = context};
    progress_init(&view.progress, "journal rows", 0);
    const struct audit_watch watch = {differs, passed, &view};
    struct audit_price known[ENDPOINT_PRICES_MAX];
    const struct audit_prices prices = prices_of(known);
    enum status status = ledger_audit(db, &prices, &watch, totals, reason);
    progress_finish(&view.progress);
    return status;
}

static void summary_json(struct buffer *line, const struct audit_totals *totals)
{
    struct json_writer writer = json_writer_on(line);
    json_object_open(&writer);
    json_member_integer(&writer, TEXT("differences"), totals->differences);
    json_member_integer(&writer, TEXT("journal_rows"), totals->rows);
    json_member_integer(&writer, TEXT("calls"), totals->calls);
    json_member_integer(&writer, TEXT("charges"), totals->charges);
    json_member_integer(&writer, TEXT("credits"), totals->credits);
    json_member_integer(&writer, TEXT("overage_credits"), totals->overage);
    json_member_integer(&writer, TEXT("overage_micros"), totals->overage_micros);
    json_member_integer(&writer, TEXT("unfolded_rows"), totals->unfolded_rows);
    json_member_integer(&writer, TEXT("unfolded_calls"), totals->unfolded_calls);
    json_object_close(&writer);
}

static void summary_print(const struct cli_context *context, const struct audit_totals *totals)
{
    char room[LINE_BYTES_MAX];
    struct buffer line;
    buffer_init_on(&line, room, sizeof(room));
    if (context->json)
        summary_json(&line, totals);
    else
        buffer_append_format(&line,
                             "%lld journal rows: %lld calls, %lld charges, %lld credits "
                             "(%lld rows not folded yet); %lld differences",
                             (long long)totals->rows, (long long)totals->calls,
                             (long long)totals->charges, (long long)totals->credits,
                             (long long)totals->unfolded_rows, (long long)totals->differences);
    check(!line.overflowed);
    cli_print(buffer_text(&line));
}

enum cli_exit cli_audit(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "audit",
        .sentence =
            "Re-adds the whole journal, compares every balance, usage row and activity range "
            "with it,\nholds every charge against its plan version, and looks for charge ids "
            "used twice, overage\nwhile included credits were left, and entries that cannot be "
            "right. Changes nothing and may run\nwhile the server does. One line a difference: "
            "account, what, the journal's sum, the table's;\nparted by tabs; then a summary. "
            "Exits with 1 on any difference. Takes 22 to 43 bytes of memory\na charge.",
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    struct reason reason = {""};
    struct audit_totals totals;
    CLEANUP(cli_read_finish) struct read_only file = {.db = NULL};
    if (cli_read_ledger(context, &file, &reason) != STATUS_OK ||
        cli_check_version(&file, &migrations_ledger, &reason) != STATUS_OK ||
        cli_audit_run(context, file.db, &totals, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    summary_print(context, &totals);
    return totals.differences == 0 ? CLI_DONE : CLI_REFUSED;
}
