/* Accounts over fourteen months of injected time: every frozen statement against a plain
 * re-computation, and against itself.
 *
 * TRENDGATE_PROPERTY_ACCOUNTS says how many (a sample otherwise), TRENDGATE_PROPERTY_SEED which
 * months they live through. On a database that nodes share its clock decides, which keeps a full window
 * full while it is behind: there it goes on alone, and nothing comes late. */
#include "ledger/billing.h"

#include "base/json_read.h"
#include "ledger/audit.h"
#include "property/billing_model.h"
#include "sql/db.h"
#include "unit/ledger/changes_harness.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define SAMPLE 40
#define SAMPLE_SHARED 4 /* each statement is a journey to the server */
#define FULL "1000"
#define MONTHS 14
#define STEPS_A_MONTH 4 /* of an account */
#define HOUR_US (INT64_C(3600) * SECOND_US)

static uint64_t dice_state;

static int64_t below(int64_t bound)
{
    dice_state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = (dice_state ^ dice_state >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return (int64_t)((mixed ^ mixed >> 31) % (uint64_t)bound);
}

static const char *const operations[] = {"tiktok-popular-trend-hashtag",
                                         "tiktok-popular-trend-hashtag-history",
                                         "tiktok-popular-trend-hashtag-movers"};
static const uint8_t endpoint_numbers[] = {1, 3, 4};

struct life {
    struct caller caller;
    struct model_account model;
    bool exists;
    char digests[MODEL_PERIODS][65]; /* as first seen; by place of the period */
};

static struct model model;
static int64_t latest_us; /* how far the wall clock has been */
static struct life *lives;
static size_t life_count;

/* ---- Time and plans ---- */

static void clock_on(int64_t us)
{
    char written[INSTANT_TEXT_BYTES];
    struct text text = instant_rfc3339((instant){clock_now().us + us}, written);
    char room[INSTANT_TEXT_BYTES + 1];
    (void)snprintf(room, sizeof(room), "%.*s", TEXT_PRINT(text));
    clock_to(room);
    latest_us = clock_now().us > latest_us ? clock_now().us : latest_us;
}

static void model_reload(void)
{
    struct model_plan told[MODEL_PLANS];
    for (size_t i = 0; i < MODEL_PLANS; i++)
        told[i] = (struct model_plan){.price_cents = plans.plans[i].price_cents,
                                      .included = plans.plans[i].included_credits,
                                      .daily_cap = plans.plans[i].daily_credit_cap,
                                      .rate = plans.plans[i].overage_cents_per_1000,
                                      .overage = (int)plans.plans[i].overage};
    model_load_add(&model, clock_now().us, told);
}

static void plans_change(void)
{
    struct plan *plan = &plans.plans[1 + below(5)];
    plan->overage_cents_per_1000 = 1 + below(200);
    if (below(3) == 0)
        plan->price_cents += 1 + below(100);
    if (below(3) == 0)
        plan->included_credits += 8 * below(1000);
    DONE(ledger_terms_set(ledger, &plans, &reason));
    model_reload();
}

/* ---- Present ---- */

/* A wall clock that was stepped back takes nobody out of a day that he has entered: which one that
 * is, the ledger says. False: the model has seen a later period already. */
static bool present_of(struct life *life, int64_t *at_us)
{
    *at_us = standing_of(&life->caller).now.us;
    assert_true(*at_us >= clock_now().us && *at_us <= latest_us);
    return !model_is_past(&life->model, *at_us);
}

/* Of changes beside calls: these happen in no closed period. */
static int64_t change_time(struct life *life)
{
    int64_t at_us;
    (void)present_of(life, &at_us);
    return at_us < model.closed_us ? model.closed_us : at_us;
}

/* ---- One call ---- */

struct call {
    struct charge charge;
    pthread_mutex_t lock;
    pthread_cond_t settled;
    bool is_settled;
    enum status status;
};

static void call_settled(struct charge *charge, enum status status)
{
    struct call *call = CONTAINER_OF(charge, struct call, charge);
    (void)pthread_mutex_lock(&call->lock);
    call->is_settled = true;
    call->status = status;
    (void)pthread_cond_signal(&call->settled);
    (void)pthread_mutex_unlock(&call->lock);
}

static void call_play(struct life *life)
{
    size_t which = (size_t)below(3);
    int64_t cost = plans.prices[which].credits;
    struct call call = {.charge = {.account_id = life->caller.account_id,
                                   .key_id = life->caller.key_id,
                                   .operation_id = text_of(operations[which]),
                                   .endpoint = endpoint_numbers[which],
                                   .outcome = CALL_CHARGED,
                                   .request_id = TEXT_INITIAL("test"),
                                   .settled = call_settled},
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .settled = PTHREAD_COND_INITIALIZER};
    int64_t at_us;
    if (!present_of(life, &at_us))
        return;
    bool wanted = model_charge(&model, &life->model, at_us, cost);
    enum status status = ledger_charge(ledger, &call.charge);
    if (status == STATUS_BUSY) {
        (void)pthread_mutex_lock(&call.lock);
        while (!call.is_settled)
            (void)pthread_cond_wait(&call.settled, &call.lock);
        (void)pthread_mutex_unlock(&call.lock);
        status = call.status;
    }
    if ((status == STATUS_OK) != wanted)
        fail_msg("%s: a call of %lld was %s", life->caller.email, (long long)cost,
                 wanted ? "refused" : "charged");
    if (!wanted)
        return;
    char id[2 * CHARGE_ID_BYTES + 1] = "";
    secret_hex(call.charge.charge_id, CHARGE_ID_BYTES, id);
    model_charge_named(&life->model, id);
    const struct model_charge *kept = &life->model.charges[life->model.charge_count - 1];
    assert_int_equal(call.charge.standing.overage.count, kept->overage);
}

/* ---- Other steps ---- */

static void life_begin(struct life *life, size_t number)
{
    char email[40];
    int plan = (int)below(MODEL_PLANS);
    (void)snprintf(email, sizeof(email), "p%zu@example.com", number);
    life->caller = caller_make(email, plans.plans[plan].name);
    int64_t now_us = clock_now().us;
    model_account_begin(&model, &life->model,
                        now_us < model.closed_us ? model.closed_us : now_us, plan);
    life->exists = true;
}

static void overage_play(struct life *life)
{
    int64_t at_us;
    if (!present_of(life, &at_us))
        return;
    model_follow(&model, &life->model, at_us);
    bool is_on = below(4) > 0;
    int64_t limit = below(2) ? below(3000) : NO_SPEND_LIMIT;
    const struct overage_change change = {
        .is_on = is_on, .sets_limit = true, .spend_limit_cents = limit};
    if (ledger_account_overage(ledger, text_of(life->caller.email), &change, &reason) !=
        STATUS_OK)
        return;
    if (plans.plans[life->model.plan].overage == OVERAGE_OPT_IN)
        life->model.has_opted_in = is_on;
    life->model.spend_limit_cents = limit;
}

static void grant_play(struct life *life)
{
    struct adjustment_made made;
    int64_t at_us = change_time(life), count = 1 + below(5000);
    if (model_is_past(&life->model, at_us))
        return;
    DONE(ledger_account_grant(ledger, text_of(life->caller.email), count, TEXT("test"), &made,
                              &reason));
    model_grant(&model, &life->model, at_us, count);
}

static void refund_play(struct life *life)
{
    struct adjustment_made made;
    int64_t at_us = change_time(life);
    if (life->model.charge_count == 0 || model_is_past(&life->model, at_us))
        return;
    struct model_charge *charge =
        &life->model.charges[below((int64_t)life->model.charge_count)];
    enum status status = ledger_account_refund(
        ledger, text_of(life->caller.email), text_of(charge->id), TEXT("test"), &made, &reason);
    assert_int_equal(status, charge->is_refunded ? STATUS_CONFLICT : STATUS_OK);
    if (!charge->is_refunded)
        model_refund(&model, &life->model, at_us, charge);
}

static void plan_play(struct life *life)
{
    struct plan_change change;
    int plan = (int)below(MODEL_PLANS);
    int64_t at_us = change_time(life);
    if (model_is_past(&life->model, at_us))
        return;
    DONE(plan_to(&life->caller, plans.plans[plan].name, &change));
    model_plan_change(&model, &life->model, at_us, plan);
}

static void tend(void)
{
    bool has_more = true;
    while (has_more)
        DONE(ledger_billing_tend(ledger, NEVER_SUSPENDS, &has_more, &reason));
    int64_t day_us = (clock_now().us - SECOND_US) / DAY_US * DAY_US;
    model.closed_us = day_us > model.closed_us ? day_us : model.closed_us;
}

static void step(void)
{
    struct life *life = &lives[below((int64_t)life_count)];
    if (!life->exists)
        life_begin(life, (size_t)(life - lives));
    int64_t what = below(100);
    if (what < 70)
        call_play(life);
    else if (what < 78)
        plan_play(life);
    else if (what < 84)
        overage_play(life);
    else if (what < 90)
        grant_play(life);
    else
        refund_play(life);
}

/* Somebody sets the clock back by up to two days, and right again after a while: what was closed
 * meanwhile stays so, and what comes to it is late. */
static void clock_goes_back(void)
{
    int64_t before_us = clock_now().us;
    tend();
    clock_on(-below(2 * DAY_US));
    for (int64_t i = below(12); i > 0; i--) {
        clock_on(below(HOUR_US));
        if (below(8) == 0)
            tend();
        step();
    }
    if (clock_now().us < before_us)
        clock_on(before_us - clock_now().us);
}

/* ---- Comparing ---- */

static char kind_of(struct text kind, bool has_rate)
{
    if (text_equals(kind, TEXT("refund")))
        return has_rate ? 'r' : 'b';
    return kind.at[0];
}

/* Whether the model has that very line. */
static bool has_line(const struct model_period *period, const json_t *line)
{
    struct text kind = TEXT(""), key = TEXT("");
    int64_t cents = 0, count = 0, rate = 0, number = 0;
    (void)json_read_text(line, "kind", &kind);
    (void)json_read_text(line, "period_key", &key);
    (void)json_read_integer(line, "cents", &cents);
    (void)json_read_integer(line, "credits", &count);
    bool has_rate = json_read_integer(line, "cents_per_1000", &rate);
    number = (key.at[0] - '0') * 1000 + (key.at[1] - '0') * 100 + (key.at[2] - '0') * 10 +
             (key.at[3] - '0');
    number = number * 12 + (key.at[5] - '0') * 10 + (key.at[6] - '0') - 1;
    for (size_t i = 0; i < period->line_count; i++) {
        const struct model_line *wanted = &period->lines[i];
        if (wanted->kind == kind_of(kind, has_rate) && wanted->period == number &&
            wanted->rate == rate && wanted->credits == count && wanted->cents == cents)
            return true;
    }
    return false;
}

static void statement_check(const struct life *life, const struct model_period *period,
                            const struct statement_view *view)
{
    CLEANUP(json_document_finish) json_t *statement = NULL;
    int64_t total = model_total(period), sum = 0, used = 0;
    DONE(json_document_read(buffer_text(&view->json), &statement, &reason));
    const json_t *lines = json_object_get(statement, "lines");
    (void)json_read_integer(statement, "credits_used", &used);
    int64_t late = period->late_used + period->late_overage;
    bool is_empty = view->is_closed && !view->is_kept;
    if (is_empty)
        assert_true(total == 0 && period->used == period->late_used && period->line_count == 1);
    else if (json_array_size(lines) != period->line_count || view->total_cents != total ||
             used != period->used + period->overage - late)
        fail_msg("%s: %zu lines of %lld cents wanted: %.*s", life->caller.email,
                 period->line_count, (long long)total, TEXT_PRINT(buffer_text(&view->json)));
    for (size_t i = 0; i < json_array_size(lines); i++) {
        int64_t cents = 0;
        (void)json_read_integer(json_array_get(lines, i), "cents", &cents);
        sum += cents;
        if (!has_line(period, json_array_get(lines, i)))
            fail_msg("%s: line %zu is not the plain one: %.*s", life->caller.email, i,
                     TEXT_PRINT(buffer_text(&view->json)));
    }
    assert_int_equal(sum, view->total_cents);
}

/* Of a closed one: the same bytes as when it was seen first. */
static void frozen_check(struct life *life, size_t place, const struct statement_view *view)
{
    char digest[65] = "";
    struct digest made = secret_digest(buffer_text(&view->json));
    secret_hex(made.bytes, sizeof(made.bytes), digest);
    if (!view->is_closed)
        return;
    if (life->digests[place][0] == '\0')
        memcpy(life->digests[place], digest, sizeof(digest));
    assert_string_equal(life->digests[place], digest);
}

static int64_t statements_seen, late_seen;

static void life_check(struct life *life)
{
    if (!life->exists)
        return;
    model_follow(&model, &life->model, change_time(life));
    for (size_t i = 0; i < life->model.period_count; i++) {
        CLEANUP(statement_view_finish) struct statement_view view = {0};
        DONE(ledger_statement(ledger, life->caller.account_id, life->model.periods[i].number,
                              &view, &reason));
        statement_check(life, &life->model.periods[i], &view);
        frozen_check(life, i, &view);
        statements_seen += view.is_kept;
        late_seen += life->model.periods[i].late_used + life->model.periods[i].late_overage;
    }
}

static void lives_check(void)
{
    for (size_t i = 0; i < life_count; i++)
        life_check(&lives[i]);
}

static void differs(void *owner, const struct audit_difference *difference)
{
    (void)owner;
    print_error("audit: %.*s: %.*s (%lld, %lld)\n", TEXT_PRINT(difference->account),
                TEXT_PRINT(difference->what), (long long)difference->journal,
                (long long)difference->table);
}

static void passed(void *owner, int64_t rows, int64_t of_rows)
{
    (void)owner;
    (void)rows;
    (void)of_rows;
}

static void audit_check(void)
{
    struct db *db = NULL;
    struct audit_totals totals;
    struct audit_price prices[3];
    for (size_t i = 0; i < 3; i++)
        prices[i] = (struct audit_price){endpoint_numbers[i], operations[i], 8};
    const struct db_options options = {.busy_timeout_ms = 1000, .schema = LEDGER_SCHEMA};
    DONE(db_open_to_read(text_of(ledger_path()), &options, &db, &reason));
    DONE(ledger_audit(db, &(struct audit_prices){prices, 3},
                      &(struct audit_watch){differs, passed, NULL}, &totals, &reason));
    db_close(db);
    assert_int_equal(totals.differences, 0);
}

/* ---- The whole ---- */

static void every_invoice_is_the_plain_one(void **state)
{
    (void)state;
    const char *full = getenv("TRENDGATE_TEST_FULL");
    const char *written = getenv("TRENDGATE_PROPERTY_ACCOUNTS");
    if (!written && full && full[0] == '1' && !ledger_is_shared())
        written = FULL;
    const char *seed = getenv("TRENDGATE_PROPERTY_SEED");
    life_count = written              ? (size_t)strtoul(written, NULL, 10)
                 : ledger_is_shared() ? SAMPLE_SHARED
                                      : SAMPLE;
    dice_state = seed ? strtoull(seed, NULL, 10) : 7;
    print_message("seed %llu, %zu accounts\n", (unsigned long long)dice_state, life_count);
    lives = memory_take_zeroed(life_count, sizeof(lives[0]));
    const int64_t costs[] = {8, 960, 40000};
    for (size_t i = 0; i < 3; i++)
        plans.prices[i].credits = costs[i];
    clock_to("2024-02-01T00:00:10Z");
    DONE(ledger_terms_set(ledger, &plans, &reason));
    model_reload();
    int64_t steps = (int64_t)life_count * MONTHS * STEPS_A_MONTH;
    int64_t pace_us = MONTHS * 30 * DAY_US / steps * 2;
    for (int64_t i = 0; i < steps; i++) {
        clock_on(SECOND_US + below(pace_us));
        if (below(steps / 20 + 1) == 0)
            plans_change();
        if (below(steps / 12 + 1) == 0)
            between[below(3)]();
        if (below(40) == 0)
            tend();
        if (below(steps / 60 + 1) == 0 && !ledger_is_shared())
            clock_goes_back();
        step();
        if (i % (steps / 8 + 1) == 0)
            lives_check();
    }
    clock_on(40 * DAY_US);
    tend();
    lives_check();
    audit_check();
    print_message("%lld statements, %lld credits late\n", (long long)statements_seen,
                  (long long)late_seen);
    assert_true(statements_seen > (int64_t)life_count * 5);
    assert_int_equal(late_seen > 0, !ledger_is_shared());
    for (size_t i = 0; i < life_count; i++)
        model_account_end(&lives[i].model);
    free(lives);
    free(model.loads);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {FRESH(every_invoice_is_the_plain_one)};
    return changes_main(tests, argc, argv);
}
