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

/* In threes: 1,234,567. count: not negative. */
static void digits_append(struct buffer *out, int64_t count)
{
    int64_t unit = 1;
    while (count / unit >= 1000)
        unit *= 1000;
    buffer_append_integer(out, count / unit);
    for (count %= unit; unit > 1; count %= unit) {
        unit /= 1000;
        buffer_append_format(out, ",%03d", (int)(count / unit));
    }
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

/* For paper first: black on white, no colour that has to be printed, no page torn in a row. */
static const char sheet[] =
    "@page{margin:20mm}"
    "body{margin:2rem auto;max-width:46rem;padding:0 1rem;color:#111;background:#fff;"
    "font:15px/1.5 system-ui,sans-serif}"
    "h1{margin:0 0 1.5rem;font-size:1.75rem}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.5rem;margin:0 0 2rem}"
    "dt{color:#555}dd{margin:0;overflow-wrap:anywhere}"
    "table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "th,td{padding:.5rem 0 .5rem 1rem;border-bottom:1px solid #ccc;text-align:right;"
    "vertical-align:top;white-space:nowrap}"
    "th:first-child,td:first-child{padding-left:0;text-align:left;white-space:normal}"
    "th{border-bottom-color:#111}tr{break-inside:avoid}"
    ".total td{border-bottom:0;font-weight:bold}"
    "p{color:#555;font-size:.8rem;overflow-wrap:anywhere}"
    "@media print{body{margin:0;max-width:none;padding:0;font-size:11pt}}";

static void cell(struct html_writer *page, enum html_element element, struct text text)
{
    html_element_text(page, element, text);
}

static void amount_cell(struct html_writer *page, int64_t cents)
{
    char room[40];
    struct buffer amount;
    buffer_init_on(&amount, room, sizeof(room));
    buffer_append(&amount, cents < 0 ? TEXT("-$") : TEXT("$"));
    digits_append(&amount, (cents < 0 ? -cents : cents) / 100);
    buffer_append_format(&amount, ".%02d", (int)((cents < 0 ? -cents : cents) % 100));
    cell(page, HTML_TD, buffer_text(&amount));
}

static void count_cell(struct html_writer *page, int64_t count)
{
    char room[40];
    struct buffer digits;
    buffer_init_on(&digits, room, sizeof(room));
    digits_append(&digits, count);
    cell(page, HTML_TD, buffer_text(&digits));
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
        html_open(page, HTML_TR);
        cell(page, HTML_TD, member(line, "description"));
        count_cell(page, number(line, "credits"));
        amount_cell(page, number(line, "cents"));
        html_close(page, HTML_TR);
    }
    html_open(page, HTML_TR);
    html_attribute(page, TEXT("class"), TEXT("total"));
    cell(page, HTML_TD, TEXT("Total"));
    cell(page, HTML_TD, TEXT(""));
    amount_cell(page, number(statement, "total_cents"));
    html_close(page, HTML_TR);
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

#define DATE_LENGTH 10 /* of 2025-10-21T14:22:31Z */

static struct text day_of(const json_t *object, const char *name)
{
    struct text at = member(object, name);
    return text_slice(at, 0, at.length < DATE_LENGTH ? at.length : DATE_LENGTH);
}

/* As its lines say it: the day of the end is the next period's first. */
static void days_write(struct html_writer *page, const json_t *statement)
{
    char room[64];
    struct buffer days;
    buffer_init_on(&days, room, sizeof(room));
    buffer_append_format(&days, "%.*s to %.*s, 00:00 UTC",
                         TEXT_PRINT(day_of(statement, "period_start")),
                         TEXT_PRINT(day_of(statement, "period_end")));
    fact_write(page, TEXT("Period"), buffer_text(&days));
}

static struct text payment_sentence(const json_t *result)
{
    struct text payment = member(result, "payment");
    if (text_equals(member(result, "status"), TEXT("open")))
        return TEXT("not yet due: the period is open");
    return text_equals(payment, TEXT("none")) ? TEXT("nothing is owed") : payment;
}

static void facts_write(struct html_writer *page, const json_t *result)
{
    const json_t *statement = json_object_get(result, "statement");
    char room[40];
    struct buffer used;
    buffer_init_on(&used, room, sizeof(room));
    digits_append(&used, number(statement, "credits_used"));
    html_open(page, HTML_DL);
    fact_write(page, TEXT("Customer"), member(result, "name"));
    fact_write(page, TEXT("Account"), member(result, "email"));
    fact_write(page, TEXT("Account id"), member(statement, "account_id"));
    fact_write(page, TEXT("Plan"), member(statement, "plan"));
    days_write(page, statement);
    fact_write(page, TEXT("Closed on"), day_of(result, "closed_at"));
    fact_write(page, TEXT("Credits used"), buffer_text(&used));
    fact_write(page, TEXT("Payment"), payment_sentence(result));
    fact_write(page, TEXT("Paid on"), day_of(result, "paid_at"));
    html_close(page, HTML_DL);
}

static void head_write(struct html_writer *page, struct text title)
{
    html_open(page, HTML_HEAD);
    html_open(page, HTML_META);
    html_attribute(page, TEXT("charset"), TEXT("utf-8"));
    html_open(page, HTML_META);
    html_attribute(page, TEXT("name"), TEXT("viewport"));
    html_attribute(page, TEXT("content"), TEXT("width=device-width, initial-scale=1"));
    html_element_text(page, HTML_TITLE, title);
    html_sheet(page, text_of(sheet));
    html_close(page, HTML_HEAD);
}

static void digest_write(struct html_writer *page, struct text digest)
{
    if (digest.length == 0)
        return;
    html_open(page, HTML_P);
    html_text(page, TEXT("SHA-256 of the statement, which never changes: "));
    html_text(page, digest);
    html_close(page, HTML_P);
}

static void page_write(struct buffer *out, const json_t *result)
{
    bool is_open = text_equals(member(result, "status"), TEXT("open"));
    char room[64];
    struct buffer title;
    buffer_init_on(&title, room, sizeof(room));
    buffer_append_format(&title, "Invoice %.*s%s", TEXT_PRINT(member(result, "period_key")),
                         is_open ? " (so far)" : "");
    struct html_writer page = html_writer_on(out);
    html_open(&page, HTML_HTML);
    html_attribute(&page, TEXT("lang"), TEXT("en"));
    head_write(&page, buffer_text(&title));
    html_open(&page, HTML_BODY);
    html_element_text(&page, HTML_H1, buffer_text(&title));
    facts_write(&page, result);
    lines_write(&page, json_object_get(result, "statement"));
    digest_write(&page, member(result, "sha256"));
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
