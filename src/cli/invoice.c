#include "base/html_write.h"
#include "cli/commands.h"
#include "cli/verb.h"

#define PAGE_BYTES_MAX (4 * 1024 * 1024) /* of the longest statement */

/* ---- What is in a result ---- */

static struct text member(const json_t *object, const char *name)
{
    struct text value = TEXT("");
    (void)json_read_text(object, name, &value);
    return value;
}

static int64_t number(const json_t *object, const char *name)
{
    int64_t value = 0;
    (void)json_read_integer(object, name, &value);
    return value;
}

static void dollars_append(struct buffer *out, int64_t cents)
{
    int64_t amount = cents < 0 ? -cents : cents;
    buffer_append_format(out, "%s%lld.%02lld", cents < 0 ? "-" : "", (long long)amount / 100,
                         (long long)amount % 100);
}

/* ---- As text ---- */

static void line_print(struct text kind, struct text description, int64_t count, int64_t cents)
{
    CLEANUP(buffer_finish) struct buffer line;
    buffer_init(&line, PAGE_BYTES_MAX);
    buffer_append_format(&line, "%.*s\t%.*s\t%lld\t", TEXT_PRINT(kind), TEXT_PRINT(description),
                         (long long)count);
    dollars_append(&line, cents);
    cli_print(buffer_text(&line));
}

static void text_print(const json_t *result)
{
    const json_t *statement = json_object_get(result, "statement");
    const json_t *lines = json_object_get(statement, "lines");
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        line_print(member(line, "kind"), member(line, "description"), number(line, "credits"),
                   number(line, "cents"));
    }
    CLEANUP(buffer_finish) struct buffer sum;
    buffer_init(&sum, PAGE_BYTES_MAX);
    buffer_append_format(
        &sum, "%.*s, %.*s, payment %.*s", TEXT_PRINT(member(result, "period_key")),
        TEXT_PRINT(member(result, "status")), TEXT_PRINT(member(result, "payment")));
    line_print(TEXT("total"), buffer_text(&sum), number(statement, "credits_used"),
               number(statement, "total_cents"));
}

/* ---- As a page to print ---- */

static void cell(struct html_writer *page, enum html_element element, struct text text)
{
    html_element_text(page, element, text);
}

static void amount_cell(struct html_writer *page, int64_t cents)
{
    char room[32];
    struct buffer amount;
    buffer_init_on(&amount, room, sizeof(room));
    buffer_append_byte(&amount, '$');
    dollars_append(&amount, cents);
    cell(page, HTML_TD, buffer_text(&amount));
}

static void count_cell(struct html_writer *page, int64_t count)
{
    char room[32];
    struct buffer digits;
    buffer_init_on(&digits, room, sizeof(room));
    buffer_append_integer(&digits, count);
    cell(page, HTML_TD, buffer_text(&digits));
}

static void row_write(struct html_writer *page, struct text description, int64_t count,
                      int64_t cents)
{
    html_open(page, HTML_TR);
    cell(page, HTML_TD, description);
    count_cell(page, count);
    amount_cell(page, cents);
    html_close(page, HTML_TR);
}

static void lines_write(struct html_writer *page, const json_t *statement)
{
    const json_t *lines = json_object_get(statement, "lines");
    html_open(page, HTML_TABLE);
    html_open(page, HTML_THEAD);
    html_open(page, HTML_TR);
    cell(page, HTML_TH, TEXT("Item"));
    cell(page, HTML_TH, TEXT("Credits"));
    cell(page, HTML_TH, TEXT("US dollars"));
    html_close(page, HTML_TR);
    html_close(page, HTML_THEAD);
    html_open(page, HTML_TBODY);
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        row_write(page, member(line, "description"), number(line, "credits"),
                  number(line, "cents"));
    }
    row_write(page, TEXT("Total, and credits used"), number(statement, "credits_used"),
              number(statement, "total_cents"));
    html_close(page, HTML_TBODY);
    html_close(page, HTML_TABLE);
}

static void fact_write(struct html_writer *page, struct text name, struct text value)
{
    if (value.length == 0)
        return;
    cell(page, HTML_DT, name);
    cell(page, HTML_DD, value);
}

static void head_write(struct html_writer *page, struct text title)
{
    html_open(page, HTML_HEAD);
    html_open(page, HTML_META);
    html_attribute(page, TEXT("charset"), TEXT("utf-8"));
    html_element_text(page, HTML_TITLE, title);
    html_close(page, HTML_HEAD);
}

static void page_write(struct buffer *out, const json_t *result)
{
    const json_t *statement = json_object_get(result, "statement");
    bool is_open = text_equals(member(result, "status"), TEXT("open"));
    char room[64];
    struct buffer title;
    buffer_init_on(&title, room, sizeof(room));
    buffer_append_format(&title, "Invoice of %.*s%s", TEXT_PRINT(member(result, "period_key")),
                         is_open ? " (so far)" : "");
    struct html_writer page = html_writer_on(out);
    html_open(&page, HTML_HTML);
    html_attribute(&page, TEXT("lang"), TEXT("en"));
    head_write(&page, buffer_text(&title));
    html_open(&page, HTML_BODY);
    html_element_text(&page, HTML_H1, buffer_text(&title));
    html_open(&page, HTML_DL);
    fact_write(&page, TEXT("Customer"), member(result, "name"));
    fact_write(&page, TEXT("Account"), member(result, "email"));
    fact_write(&page, TEXT("Plan"), member(statement, "plan"));
    fact_write(&page, TEXT("From"), member(statement, "period_start"));
    fact_write(&page, TEXT("Until"), member(statement, "period_end"));
    fact_write(&page, TEXT("Payment"), member(result, "payment"));
    fact_write(&page, TEXT("Paid at"), member(result, "paid_at"));
    fact_write(&page, TEXT("SHA-256 of the statement"), member(result, "sha256"));
    html_close(&page, HTML_DL);
    lines_write(&page, statement);
    html_close(&page, HTML_BODY);
    html_close(&page, HTML_HTML);
    html_finish(&page);
}

static void page_print(const json_t *result)
{
    CLEANUP(buffer_finish) struct buffer page;
    buffer_init(&page, PAGE_BYTES_MAX);
    page_write(&page, result);
    check(!page.overflowed);
    cli_print(buffer_text(&page));
}

/* ---- The command ---- */

enum cli_exit cli_invoice(struct cli_context *context, int argc, char **argv)
{
    enum { PERIOD, FORMAT, PAID };
    static const struct cli_option options[] = {
        {"period", "YYYY-MM",
         "The month in which the period began; the present one if absent."},
        {"format", "text|json|html", "text unless given; html is a page to print."},
        {"paid", NULL, "Records that the invoice of --period was paid."},
        {NULL, NULL, NULL},
    };
    static const struct cli_usage usage = {
        .command = "invoice",
        .operands = "EMAIL",
        .operands_min = 1,
        .operands_max = 1,
        .sentence =
            "Shows what a billing period comes to, the present one as far as it has come: one "
            "line an\nitem: kind, description, credits, US dollars; parted by tabs; then their "
            "sum. A closed\nperiod's statement never changes. --paid ends a suspension for "
            "that invoice.",
        .options = options,
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    const char *format = given.values[FORMAT] ? given.values[FORMAT]
                         : context->json      ? "json"
                                              : "text";
    bool is_json = strcmp(format, "json") == 0, is_html = strcmp(format, "html") == 0;
    if (!is_json && !is_html && strcmp(format, "text") != 0)
        return cli_misuse("there is no format '%s': it is text, json or html", format);
    if (given.values[PAID] && !given.values[PERIOD])
        return cli_misuse("say which invoice is paid: --period YYYY-MM");
    const struct verb_argument arguments[] = {{"email", given.operands[0]},
                                              {"period", given.values[PERIOD]}};
    CLEANUP(json_document_finish) json_t *result = NULL;
    struct reason reason = {""};
    if (cli_verb(context, given.values[PAID] ? "invoice_paid" : "invoice", arguments,
                 LENGTH_OF(arguments), &result, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    context->json = context->json || is_json;
    if (is_json)
        cli_print_members(context, result, NULL, 0);
    else if (is_html)
        page_print(result);
    else
        text_print(result);
    return CLI_DONE;
}
