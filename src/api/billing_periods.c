/* What billing periods come to, and what others would: statements, previews, plans, estimates. */
#include "api/account_look.h"
#include "api/look_ups.h"
#include "api/parameter_words.h"
#include "base/json_read.h"
#include "call/answer_headers.h"
#include "ledger/billing.h"
#include "model/estimate.h"

const struct parameter period_id = {
    .name = TEXT_INITIAL("id"),
    .type = STRING,
    .kind = PARAMETER_TEXT,
    .minimum = 7,
    .maximum = 7,
    .is_required = true,
    .refusal = TEXT_INITIAL(
        "must be a billing period of the account that has begun, as YYYY-MM"),
    .example = TEXT_INITIAL("2026-04"),
    .description = TEXT_INITIAL("Year and month in which the billing period began")};

const struct parameter periods_parameters[PERIODS_PARAMETERS] = {
    [PERIODS_LIMIT] = {.name = TEXT_INITIAL("limit"),
                       .aliases = {"size", "per_page", "page_size", "count"},
                       .type = INTEGER,
                       .kind = PARAMETER_CLAMPED,
                       .minimum = 1,
                       .maximum = 24,
                       .absent = 12,
                       .refusal = TEXT_INITIAL("must be an integer (it is clamped to 1-24)"),
                       .example = TEXT_INITIAL("12"),
                       .description = TEXT_INITIAL("How many periods at most")},
};

const struct parameter preview_parameters[PREVIEW_PARAMETERS] = {
    [PREVIEW_PLAN] = {.name = TEXT_INITIAL("plan"),
                      .aliases = {"name", "to"},
                      .type = STRING,
                      .kind = PARAMETER_TEXT,
                      .minimum = 1,
                      .maximum = PLAN_NAME_BYTES_MAX,
                      .is_required = true,
                      .refusal = TEXT_INITIAL("must be a plan of GET /api/v1/billing/plans"),
                      .example = TEXT_INITIAL("Growth"),
                      .description = TEXT_INITIAL("The plan to change to")},
};

const struct parameter estimate_parameters[ESTIMATE_PARAMETERS] = {
    [ESTIMATE_CALLS] = {.name = TEXT_INITIAL("calls"),
                        .aliases = {"requests", "count", "n"},
                        .type = INTEGER,
                        .kind = PARAMETER_CLAMPED,
                        .minimum = 0,
                        .maximum = ESTIMATE_CALLS_MAX,
                        .absent = 0,
                        .refusal = TEXT_INITIAL(
                            "must be an integer (it is clamped to 0-1000000000)"),
                        .example = TEXT_INITIAL("5000"),
                        .description = TEXT_INITIAL("Successful calls a billing period")},
};

static struct ledger *ledger_of(const struct account_look *look)
{
    return look->call->pipeline->ledger;
}

/* ---- Periods ---- */

static int64_t cents_of(const json_t *statement, const char *kind, const char *other)
{
    const json_t *lines = json_object_get(statement, "lines");
    int64_t sum = 0;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        struct text word = TEXT("");
        int64_t cents = 0;
        (void)json_read_text(line, "kind", &word);
        (void)json_read_integer(line, "cents", &cents);
        if (text_equals(word, text_of(kind)) || text_equals(word, text_of(other)))
            sum += cents;
    }
    return sum;
}

static int64_t whole_of(const json_t *statement, const char *name)
{
    int64_t value = 0;
    (void)json_read_integer(statement, name, &value);
    return value;
}

static struct text payment_word(enum payment_state payment)
{
    switch (payment) {
    case PAYMENT_NONE: return TEXT("none");
    case PAYMENT_DUE: return TEXT("due");
    case PAYMENT_PAID: return TEXT("paid");
    }
    check(false);
}

static void period_members(struct json_writer *writer, const struct statement_view *view)
{
    char key[PERIOD_KEY_BYTES], date[INSTANT_TEXT_BYTES];
    period_key_write(&view->period, key);
    json_member_text(writer, TEXT("period_key"), text_of(key));
    json_member_text(writer, TEXT("period_start"), instant_rfc3339(view->period.start, date));
    json_member_text(writer, TEXT("period_end"), instant_rfc3339(view->period.end, date));
    json_member_text(writer, TEXT("status"), view->is_closed ? TEXT("closed") : TEXT("open"));
    json_member_text(writer, TEXT("payment"), payment_word(view->payment));
    if (view->payment == PAYMENT_PAID)
        json_member_text(writer, TEXT("paid_at"), instant_rfc3339(view->paid_at, date));
    if (view->is_kept)
        json_member_text(writer, TEXT("closed_at"), instant_rfc3339(view->closed_at, date));
}

static enum status ledger_members(struct json_writer *writer, const struct statement_view *view,
                                  struct reason *reason)
{
    CLEANUP(json_document_finish) json_t *statement = NULL;
    struct text plan = TEXT("");
    TRY(json_document_read(buffer_text(&view->json), &statement, reason));
    (void)json_read_text(statement, "plan", &plan);
    period_members(writer, view);
    json_member_text(writer, TEXT("plan"), plan);
    json_member_integer(writer, TEXT("included_credits"),
                        whole_of(statement, "credits_included") +
                            whole_of(statement, "credits_granted"));
    json_member_integer(writer, TEXT("credits_used"), whole_of(statement, "credits_used"));
    json_member_integer(writer, TEXT("overage_credits"),
                        whole_of(statement, "credits_overage"));
    json_member_integer(writer, TEXT("overage_amount_cents"),
                        cents_of(statement, "overage", "refund"));
    json_member_integer(writer, TEXT("subscription_price_cents"),
                        cents_of(statement, "subscription", "proration"));
    json_member_integer(writer, TEXT("expected_total_amount_cents"), view->total_cents);
    json_member_text(writer, TEXT("currency"), TEXT("usd"));
    json_member_text(writer, TEXT("pricing_source"), TEXT("plan_default"));
    return STATUS_OK;
}

static enum status item_write(struct account_look *look, int64_t number, struct reason *reason)
{
    CLEANUP(statement_view_finish) struct statement_view view = {0};
    TRY(ledger_statement(ledger_of(look), look->call->key.account_id, number, &view, reason));
    json_object_open(&look->writer);
    TRY(ledger_members(&look->writer, &view, reason));
    json_object_close(&look->writer);
    return STATUS_OK;
}

/* The newest first. */
static enum status periods_read(struct account_look *look, struct reason *reason)
{
    int64_t first, present;
    int64_t limit = look->call->arguments.values[PERIODS_LIMIT];
    TRY(ledger_periods_of(ledger_of(look), look->call->key.account_id, &first, &present,
                          reason));
    json_name(&look->writer, TEXT("items"));
    json_array_open(&look->writer);
    for (int64_t number = present; number >= first && limit > 0; number--, limit--)
        TRY(item_write(look, number, reason));
    json_array_close(&look->writer);
    return STATUS_OK;
}

void periods_look_up(struct call *call)
{
    account_look_start(account_look_take(call, sizeof(struct account_look)), call, periods_read,
                       NULL);
}

/* ---- One period, named by the path ---- */

#define REFUSED_BYTES_MAX (128 * 1024) /* the longest request line, with each byte escaped */

static void refuse_value(struct call *call, struct text name, struct text value,
                         struct text reason)
{
    CLEANUP(buffer_finish) struct buffer message;
    CLEANUP(buffer_finish) struct buffer errors;
    buffer_init(&message, REFUSED_BYTES_MAX);
    buffer_init(&errors, REFUSED_BYTES_MAX);
    buffer_append_format(&message, "Invalid input: %.*s %.*s", TEXT_PRINT(name),
                         TEXT_PRINT(reason));
    buffer_append(&errors, TEXT("\"errors\":["));
    struct json_writer writer = json_writer_on(&errors);
    json_object_open(&writer);
    json_member_text(&writer, TEXT("parameter"), name);
    json_member_text(&writer, TEXT("value"), value);
    json_member_text(&writer, TEXT("reason"), reason);
    json_object_close(&writer);
    buffer_append(&errors, TEXT("],"));
    check(!errors.overflowed);
    call_refuse(call, &(struct refusal){.failure = &failures[FAILURE_INVALID_INPUT],
                                        .message = buffer_text(&message),
                                        .extra = buffer_text(&errors)});
}

static void refuse_period(struct call *call)
{
    refuse_value(call, TEXT("id"), call->id,
                 TEXT("must be a billing period of the account that has begun, as YYYY-MM"));
}

struct period_look {
    struct account_look look;
    int64_t number;
    bool is_missing;
    struct statement_view view;
    char disposition[128]; /* the header line of a download */
};

static enum status view_read(struct account_look *look, struct period_look **asked,
                             struct reason *reason)
{
    *asked = CONTAINER_OF(look, struct period_look, look);
    enum status status = ledger_statement(ledger_of(look), look->call->key.account_id,
                                          (*asked)->number, &(*asked)->view, reason);
    (*asked)->is_missing = status == STATUS_MISSING;
    return status;
}

static enum status period_read(struct account_look *look, struct reason *reason)
{
    struct period_look *asked;
    TRY(view_read(look, &asked, reason));
    enum status status = ledger_members(&look->writer, &asked->view, reason);
    statement_view_finish(&asked->view);
    return status;
}

/* With the digest of the very bytes that the download gives. */
static enum status statement_read(struct account_look *look, struct reason *reason)
{
    struct period_look *asked;
    TRY(view_read(look, &asked, reason));
    struct json_writer *writer = &look->writer;
    const struct statement_view *view = &asked->view;
    struct digest digest = secret_digest(buffer_text(&view->json));
    char hex[2 * sizeof(digest.bytes)];
    secret_hex(digest.bytes, sizeof(digest.bytes), hex);
    json_name(writer, TEXT("period"));
    json_object_open(writer);
    period_members(writer, view);
    json_object_close(writer);
    json_name(writer, TEXT("snapshot"));
    json_object_open(writer);
    json_member_text(writer, TEXT("canonical_json_sha256"), (struct text){hex, sizeof(hex)});
    json_member_text(writer, TEXT("snapshot_status"),
                     view->is_closed ? TEXT("frozen") : TEXT("projected"));
    json_member_text(writer, TEXT("statement_version"), TEXT("v1"));
    json_object_close(writer);
    json_name(writer, TEXT("statement"));
    json_write_raw(writer, buffer_text(&view->json));
    statement_view_finish(&asked->view);
    return STATUS_OK;
}

static void period_start(struct call *call,
                         enum status (*read)(struct account_look *look, struct reason *reason))
{
    struct period_look *asked = account_look_take(call, sizeof(*asked));
    if (!period_number_read(call->id, &asked->number)) {
        refuse_period(call);
        return;
    }
    asked->look.refuse_missing = refuse_period;
    account_look_start(&asked->look, call, read, NULL);
}

void period_look_up(struct call *call)
{
    period_start(call, period_read);
}

void statement_look_up(struct call *call)
{
    period_start(call, statement_read);
}

static void disposition_write(struct period_look *asked)
{
    char key[PERIOD_KEY_BYTES];
    struct buffer line;
    period_key_write(&asked->view.period, key);
    buffer_init_on(&line, asked->disposition, sizeof(asked->disposition));
    answer_header_begin(&line, HEADER_DISPOSITION);
    buffer_append_format(&line, "attachment; filename=\"trendgate-statement-%s.json\"\r\n",
                         key);
    check(!line.overflowed);
    asked->look.headers = buffer_text(&line);
}

/* The canonical JSON as it is, without the envelope. */
static enum status download_read(struct account_look *look, struct reason *reason)
{
    struct period_look *asked;
    TRY(view_read(look, &asked, reason));
    disposition_write(asked);
    buffer_clear(&look->body);
    buffer_append(&look->body, buffer_text(&asked->view.json));
    look->is_whole = true;
    statement_view_finish(&asked->view);
    return STATUS_OK;
}

void download_look_up(struct call *call)
{
    period_start(call, download_read);
}

/* ---- Previews ---- */

static void line_write(struct json_writer *writer, const struct invoice_line *line)
{
    char key[PERIOD_KEY_BYTES];
    period_number_write(line->period, key);
    json_object_open(writer);
    json_member_text(writer, TEXT("kind"), text_of(invoice_line_word(line->kind)));
    json_member_text(writer, TEXT("plan"), text_of(line->plan));
    json_member_text(writer, TEXT("period_key"), text_of(key));
    json_member_integer(writer, TEXT("credits"), line->credits);
    json_member_integer(writer, TEXT("cents"), line->cents);
    json_object_close(writer);
}

static void lines_write(struct json_writer *writer, struct text name,
                        const struct invoice *invoice)
{
    json_name(writer, name);
    json_array_open(writer);
    for (size_t i = 0; i < invoice->count; i++)
        line_write(writer, &invoice->lines[i]);
    json_array_close(writer);
}

void billing_preview_write(struct json_writer *writer, const struct plan_preview *preview)
{
    char date[INSTANT_TEXT_BYTES];
    json_member_text(writer, TEXT("plan"), text_of(preview->plan->name));
    json_member_text(writer, TEXT("plan_before"), text_of(preview->before->name));
    json_member_boolean(writer, TEXT("is_at_once"), preview->is_at_once);
    json_member_text(writer, TEXT("in_force_at"), instant_rfc3339(preview->from, date));
    json_member_integer(writer, TEXT("included_credits"), preview->included);
    json_member_boolean(writer, TEXT("use_is_over_plan"), preview->is_over);
    lines_write(writer, TEXT("lines_now"), &preview->now);
    json_member_integer(writer, TEXT("total_now_cents"), preview->now.total_cents);
    lines_write(writer, TEXT("lines_next"), &preview->next);
    json_member_integer(writer, TEXT("total_next_cents"), preview->next.total_cents);
    json_member_text(writer, TEXT("preview_digest"), text_of(preview->digest));
}

static void refuse_plan(struct call *call)
{
    refuse_value(call, TEXT("plan"), call->arguments.texts[PREVIEW_PLAN],
                 TEXT("must be a plan of GET /api/v1/billing/plans"));
}

static enum status preview_read(struct account_look *look, struct reason *reason)
{
    CLEANUP(plan_preview_finish) struct plan_preview preview = {0};
    enum status status = ledger_plan_preview(
        ledger_of(look), look->call->key.account_id,
        &(struct plan_request){.plan = look->call->arguments.texts[PREVIEW_PLAN]}, &preview,
        reason);
    if (status == STATUS_INVALID)
        return STATUS_MISSING;
    if (status == STATUS_OK)
        billing_preview_write(&look->writer, &preview);
    return status;
}

void preview_look_up(struct call *call)
{
    struct account_look *look = account_look_take(call, sizeof(*look));
    look->refuse_missing = refuse_plan;
    account_look_start(look, call, preview_read, NULL);
}

/* ---- Plans and estimates: from the plans in force alone ---- */

static void overage_text_append(struct buffer *out, const struct plan *plan)
{
    if (plan->overage == OVERAGE_NONE) {
        buffer_append(out, TEXT("No overage"));
        return;
    }
    buffer_append_format(out, "$%lld.%02lld/1,000 overage credits%s",
                         (long long)plan->overage_cents_per_1000 / 100,
                         (long long)plan->overage_cents_per_1000 % 100,
                         plan->overage == OVERAGE_OPT_IN ? " when enabled" : "");
}

/* What the cheapest priced call costs, for "calls". */
static credits call_credits(const struct account_look *look)
{
    return call_price(look->call->pipeline, &look->call->pipeline->endpoints[0]);
}

static void break_even_write(struct json_writer *writer, const struct plans *plans, size_t i,
                             credits call)
{
    int64_t found = i + 1 < plans->plan_count && call.count > 0
                        ? estimate_break_even(&plans->plans[i], &plans->plans[i + 1], call)
                        : -1;
    if (found >= 0)
        json_member_integer(writer, TEXT("next_plan_cheaper_from_credits"), found);
}

static void plan_write(struct json_writer *writer, const struct plans *plans, size_t i,
                       credits call)
{
    const struct plan *plan = &plans->plans[i];
    char room[128];
    struct buffer overage;
    buffer_init_on(&overage, room, sizeof(room));
    overage_text_append(&overage, plan);
    json_object_open(writer);
    json_member_text(writer, TEXT("name"), text_of(plan->name));
    json_member_integer(writer, TEXT("price_cents"), plan->price_cents);
    json_member_integer(writer, TEXT("included_credits"), plan->included_credits);
    json_member_integer(writer, TEXT("included_calls"),
                        call.count > 0 ? plan->included_credits / call.count : 0);
    json_member_integer(writer, TEXT("daily_credit_limit"), plan->daily_credit_cap);
    json_member_integer(writer, TEXT("rate_limit_per_minute"), plan->rate_limit_per_minute);
    json_member_text(writer, TEXT("overage"), text_of(overage_word(plan->overage)));
    json_member_integer(writer, TEXT("overage_cents_per_1000"), plan->overage_cents_per_1000);
    json_member_text(writer, TEXT("overage_text"), buffer_text(&overage));
    break_even_write(writer, plans, i, call);
    json_object_close(writer);
}

static void plans_complete(struct account_look *look)
{
    const struct plans *plans = &ledger_terms(ledger_of(look))->plans;
    credits call = call_credits(look);
    json_member_integer(&look->writer, TEXT("credits_per_call"), call.count);
    json_name(&look->writer, TEXT("plans"));
    json_array_open(&look->writer);
    for (size_t i = 0; i < plans->plan_count; i++)
        plan_write(&look->writer, plans, i, call);
    json_array_close(&look->writer);
}

void plans_look_up(struct call *call)
{
    account_look_start(account_look_take(call, sizeof(struct account_look)), call, NULL,
                       plans_complete);
}

static void estimate_write(struct json_writer *writer, const struct plan *plan, credits used,
                           int days)
{
    struct estimate estimate = estimate_of(plan, used, days);
    json_object_open(writer);
    json_member_text(writer, TEXT("plan"), text_of(plan->name));
    json_member_integer(writer, TEXT("included_credits"), estimate.included_credits);
    json_member_integer(writer, TEXT("overage_credits"), estimate.overage_credits);
    json_member_integer(writer, TEXT("subscription_price_cents"), estimate.included_cents);
    json_member_integer(writer, TEXT("overage_amount_cents"), estimate.overage_cents);
    json_member_integer(writer, TEXT("total_cents"), estimate.total_cents);
    json_member_boolean(writer, TEXT("has_room"), estimate.has_room);
    json_member_boolean(writer, TEXT("fits_daily_limit"), estimate.fits_days);
    json_object_close(writer);
}

static void estimate_complete(struct account_look *look)
{
    const struct plans *plans = &ledger_terms(ledger_of(look))->plans;
    struct json_writer *writer = &look->writer;
    int64_t calls = look->call->arguments.values[ESTIMATE_CALLS];
    credits used = credits_of(calls * call_credits(look).count);
    int days = (int)(instant_day(look->period.end) - instant_day(look->period.start));
    const struct plan *cheapest = estimate_cheapest(plans->plans, plans->plan_count, used,
                                                    days);
    json_member_integer(writer, TEXT("calls"), calls);
    json_member_integer(writer, TEXT("credits"), used.count);
    json_member_integer(writer, TEXT("days"), days);
    if (cheapest)
        json_member_text(writer, TEXT("cheapest_plan"), text_of(cheapest->name));
    json_name(writer, TEXT("plans"));
    json_array_open(writer);
    for (size_t i = 0; i < plans->plan_count; i++)
        estimate_write(writer, &plans->plans[i], used, days);
    json_array_close(writer);
}

void estimate_look_up(struct call *call)
{
    account_look_start(account_look_take(call, sizeof(struct account_look)), call, NULL,
                       estimate_complete);
}
