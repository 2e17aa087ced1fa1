#include "api/docs_parts.h"
#include "model/money.h"
#include "model/rate_limit.h"

#include <inttypes.h>

/* ---- The plans ---- */

static void plan_cell(struct docs_page *page, const struct plan *plan,
                      void (*write)(const struct plan *plan, struct buffer *out))
{
    char room[DOCS_FORMATTED_BYTES_MAX];
    struct buffer words;
    buffer_init_on(&words, room, sizeof(room));
    write(plan, &words);
    check(!words.overflowed);
    docs_cell(page, DOCS_WORDS, buffer_text(&words));
}

static void plan_table(struct docs_page *page)
{
    static const struct text columns[] = {
        TEXT_INITIAL("Plan"),      TEXT_INITIAL("Price"),      TEXT_INITIAL("Included credits"),
        TEXT_INITIAL("Daily cap"), TEXT_INITIAL("Rate limit"), TEXT_INITIAL("Overage")};
    const struct plans *plans = page->facts->plans;
    docs_table_open(page, &(struct docs_table){.caption = TEXT("Plans"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns),
                                               .form = DOCS_SHORT});
    for (size_t i = 0; i < plans->plan_count; i++) {
        const struct plan *plan = &plans->plans[i];
        docs_row_open(page);
        docs_cell(page, DOCS_WORDS, text_of(plan->name));
        plan_cell(page, plan, describe_plan_price);
        plan_cell(page, plan, describe_plan_included);
        plan_cell(page, plan, describe_plan_daily_cap);
        plan_cell(page, plan, describe_plan_rate_limit);
        plan_cell(page, plan, describe_plan_overage);
        docs_row_close(page);
    }
    docs_table_close(page);
}

/* ---- The plans in calls ---- */

static void count_cell(struct docs_page *page, int64_t count)
{
    char room[DOCS_FORMATTED_BYTES_MAX];
    struct buffer words;
    buffer_init_on(&words, room, sizeof(room));
    describe_count(count, &words);
    docs_cell(page, DOCS_WORDS, buffer_text(&words));
}

#define MICROS_A_DOLLAR INT64_C(1000000)

/* To the last micro-dollar, but with two decimals at least: "$0.006". */
static void extra_call_cell(struct docs_page *page, const struct plan *plan)
{
    if (plan->overage == OVERAGE_NONE) {
        docs_cell(page, DOCS_WORDS, TEXT("Refused"));
        return;
    }
    int64_t micros =
        micros_of_overage(credits_of(page->price), plan->overage_cents_per_1000).count;
    int64_t fraction = micros % MICROS_A_DOLLAR;
    int digits = 6;
    for (; digits > 2 && fraction % 10 == 0; digits--)
        fraction /= 10;
    docs_cell_format(page, DOCS_WORDS, "$%" PRId64 ".%0*" PRId64 "%s", micros / MICROS_A_DOLLAR,
                     digits, fraction, plan->overage == OVERAGE_OPT_IN ? " when enabled" : "");
}

/* Whole calls: what is left of the credits pays for none. */
static void call_row(struct docs_page *page, const struct plan *plan)
{
    docs_row_open(page);
    docs_cell(page, DOCS_WORDS, text_of(plan->name));
    count_cell(page, plan->included_credits / page->price);
    if (plan->daily_credit_cap > 0)
        count_cell(page, plan->daily_credit_cap / page->price);
    else
        docs_cell(page, DOCS_WORDS, TEXT("No daily cap"));
    count_cell(page, plan->rate_limit_per_minute);
    extra_call_cell(page, plan);
    docs_row_close(page);
}

static void call_table(struct docs_page *page)
{
    static const struct text columns[] = {
        TEXT_INITIAL("Plan"), TEXT_INITIAL("Calls a month"), TEXT_INITIAL("Calls a day"),
        TEXT_INITIAL("Calls a minute"), TEXT_INITIAL("A call past the included credits")};
    const struct plans *plans = page->facts->plans;
    docs_heading(page, TEXT("The plans in calls"));
    docs_paragraph_format(page,
                          "What the credits come to in calls of this endpoint, at %" PRId64
                          " credits each:",
                          page->price);
    docs_table_open(page, &(struct docs_table){.caption = TEXT("The plans in calls"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns),
                                               .form = DOCS_SHORT});
    for (size_t i = 0; i < plans->plan_count; i++)
        call_row(page, &plans->plans[i]);
    docs_table_close(page);
}

/* ---- What is charged, and when limits reset ---- */

/* What an outcome takes. */
static const struct {
    struct text outcome;
    bool is_charged, takes_slot;
} outcomes[] = {
    {TEXT_INITIAL("`200` with hashtags"), true, true},
    {TEXT_INITIAL("`200` with an empty list: a page past the end"), false, true},
    {TEXT_INITIAL("`200` with `Idempotent-Replayed`: a retry of a charged call"), false, true},
    {TEXT_INITIAL("`304`, or any answer to `HEAD`"), false, true},
    {TEXT_INITIAL("`400`, `402`, `422`, `503`"), false, true},
    {TEXT_INITIAL("`429`"), false, false},
    {TEXT_INITIAL("`401`, `403`, `404`, `405`, `413`, `414`, `431`, and any answer to "
                  "`OPTIONS`"),
     false, false},
};

static void outcome_table(struct docs_page *page)
{
    static const struct text columns[] = {TEXT_INITIAL("Answer"), TEXT_INITIAL("Credits"),
                                          TEXT_INITIAL("Counts as a call of the minute")};
    docs_heading(page, TEXT("What is charged"));
    docs_paragraph(page,
                   TEXT("A call is charged once, when its answer is ready, and never for an "
                        "answer that brings nothing. `X-Credits-Charged` says what it cost, "
                        "and `X-Charge-Id` names the charge."));
    docs_table_open(page, &(struct docs_table){.caption = TEXT("What is charged"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns)});
    for (size_t i = 0; i < LENGTH_OF(outcomes); i++) {
        docs_row_open(page);
        docs_cell(page, DOCS_MARKED, outcomes[i].outcome);
        docs_cell_format(page, DOCS_WORDS, "%" PRId64,
                         outcomes[i].is_charged ? page->price : 0);
        docs_cell(page, DOCS_WORDS, outcomes[i].takes_slot ? TEXT("Yes") : TEXT("No"));
        docs_row_close(page);
    }
    docs_table_close(page);
}

static void limits(struct docs_page *page)
{
    docs_heading(page, TEXT("When limits reset"));
    docs_paragraph_format(
        page,
        "The rate limit counts the calls of all of the account's keys in any %d seconds, "
        "exactly: a slot returns %d seconds after the call that took it. The daily cap "
        "begins anew at 00:00 UTC. Included credits are those of one billing period: a month "
        "from the account's anchor day, its first, at 00:00 UTC. "
        "Past the included credits a call is refused "
        "with `402`, unless the plan has overage and it is switched on; a spend limit may "
        "bound "
        "what that costs.",
        RATE_WINDOW_MS / 1000, RATE_WINDOW_MS / 1000);
}

void docs_billing(struct docs_page *page)
{
    char room[DOCS_FORMATTED_BYTES_MAX];
    docs_paragraph(page, TEXT("Endpoint usage is metered in credits. The plan prices, included "
                              "credits, limits, and overage rates below match the active "
                              "backend billing configuration."));
    page->face->facts_open(page);
    page->face->fact(page, TEXT("Credit cost"), docs_price_words(page, room));
    page->face->fact(page, TEXT("Charged response"), TEXT("Successful 2xx responses"));
    page->face->facts_close(page);
    plan_table(page);
    if (page->price > 0)
        call_table(page);
    outcome_table(page);
    limits(page);
}
