/* Which plan would have admitted a refused call: every kind of plan against every refusal, and for
 * dearer plans what really becomes of the same call after the upgrade. */
#include "ledger/meter_changes.h"
#include "support/unit.h"

#include <stdio.h>

#define ACCOUNT 7
#define KEY 1
#define KEY_CAP 48
#define PERIOD_START INT64_C(1706659200) /* 2024-01-31, the account's first day */

enum { QUICK, FREE, CAPPED, OPEN, ALWAYS, PLANS };

/* Cheapest first. A credit of overage costs a cent. */
static const struct plans plans = {
    .plans =
        {
            [QUICK] = {.name = "Quick", .included_credits = 60, .rate_limit_per_minute = 1000},
            [FREE] = {.name = "Free",
                      .included_credits = 100,
                      .daily_credit_cap = 40,
                      .rate_limit_per_minute = 5},
            [CAPPED] = {.name = "Capped",
                        .included_credits = 200,
                        .daily_credit_cap = 80,
                        .rate_limit_per_minute = 5},
            [OPEN] = {.name = "Open",
                      .included_credits = 400,
                      .rate_limit_per_minute = 6,
                      .overage = OVERAGE_OPT_IN,
                      .overage_cents_per_1000 = 1000},
            [ALWAYS] = {.name = "Always",
                        .included_credits = 400,
                        .rate_limit_per_minute = 20,
                        .overage = OVERAGE_ALWAYS,
                        .overage_cents_per_1000 = 1000},
        },
    .plan_count = PLANS,
};

#define CALLS_MAX 8
#define ON(plan) (1U << (plan))

struct refusal {
    unsigned plan; /* that the account is on */
    bool has_opted_in;
    bool has_key_cap;
    int64_t spend_limit_cents; /* 0: none */
    int64_t
        calls[CALLS_MAX]; /* costs of those before, and of the refused one; 0: a slot alone */
    size_t count;
    enum charge_verdict verdict;
    enum quota_verdict quota_verdict;
    unsigned admit; /* of all plans */
};

#define REFUSED(verdict) CHARGE_REFUSED, verdict
#define LIMITED CHARGE_RATE_LIMITED, QUOTA_GRANTED

static const struct refusal refusals[] = {
    /* The day is used up. */
    {FREE,
     false,
     false,
     0,
     {40, 8},
     2,
     REFUSED(QUOTA_DAILY),
     ON(QUICK) | ON(CAPPED) | ON(OPEN) | ON(ALWAYS)},
    {FREE, false, false, 0, {40, 41}, 2, REFUSED(QUOTA_DAILY), ON(OPEN) | ON(ALWAYS)},
    {FREE,
     false,
     false,
     0,
     {41},
     1,
     REFUSED(QUOTA_DAILY),
     ON(QUICK) | ON(CAPPED) | ON(OPEN) | ON(ALWAYS)},
    {CAPPED, false, false, 0, {40, 41}, 2, REFUSED(QUOTA_DAILY), ON(OPEN) | ON(ALWAYS)},
    /* The period is used up: overage only where it is on, and as far as its limit. */
    {FREE, false, false, 0, {150}, 1, REFUSED(QUOTA_INSUFFICIENT), ON(OPEN) | ON(ALWAYS)},
    {FREE, false, false, 0, {500}, 1, REFUSED(QUOTA_INSUFFICIENT), ON(ALWAYS)},
    {FREE, true, false, 0, {500}, 1, REFUSED(QUOTA_INSUFFICIENT), ON(OPEN) | ON(ALWAYS)},
    {FREE, true, false, 99, {500}, 1, REFUSED(QUOTA_INSUFFICIENT), 0},
    {FREE, true, false, 100, {500}, 1, REFUSED(QUOTA_INSUFFICIENT), ON(OPEN) | ON(ALWAYS)},
    {QUICK,
     false,
     false,
     0,
     {60, 1},
     2,
     REFUSED(QUOTA_INSUFFICIENT),
     ON(CAPPED) | ON(OPEN) | ON(ALWAYS)},
    {OPEN, false, false, 0, {400, 1}, 2, REFUSED(QUOTA_INSUFFICIENT), ON(ALWAYS)},
    {ALWAYS, false, false, 50, {400, 50, 1}, 3, REFUSED(QUOTA_SPEND_LIMIT), 0},
    {OPEN, true, false, 50, {400, 51}, 2, REFUSED(QUOTA_SPEND_LIMIT), 0},
    /* A key's own cap goes with it into every plan. */
    {FREE, false, true, 0, {40, 9}, 2, REFUSED(QUOTA_KEY_DAILY), 0},
    /* The minute is used up; the credits must be there as well. */
    {FREE, false, false, 0, {0, 0, 0, 0, 0, 8}, 6, LIMITED, ON(QUICK) | ON(OPEN) | ON(ALWAYS)},
    {FREE, false, false, 0, {0, 0, 0, 0, 0, 90}, 6, LIMITED, ON(OPEN) | ON(ALWAYS)},
    {FREE, false, false, 0, {0, 0, 0, 0, 0, 500}, 6, LIMITED, ON(ALWAYS)},
    {FREE, false, false, 0, {0, 0, 0, 0, 0, 0}, 6, LIMITED, ON(QUICK) | ON(OPEN) | ON(ALWAYS)},
    {OPEN, false, false, 0, {0, 0, 0, 0, 0, 0, 8}, 7, LIMITED, ON(QUICK) | ON(ALWAYS)},
    /* The refused call's own slot does not count against it. */
    {FREE,
     false,
     false,
     0,
     {0, 0, 0, 0, 41},
     5,
     REFUSED(QUOTA_DAILY),
     ON(QUICK) | ON(CAPPED) | ON(OPEN) | ON(ALWAYS)},
};

static struct terms_book book;
static struct meter *meter;

static void begin(const struct refusal *refusal)
{
    terms_book_init(&book);
    assert_int_equal(terms_add(&book, 1, (instant){0}, &plans), STATUS_OK);
    meter = meter_open(&book);
    uint8_t slot;
    assert_int_equal(terms_slot(&book, text_of(plans.plans[refusal->plan].name), &slot),
                     STATUS_OK);
    int64_t limit = refusal->spend_limit_cents;
    meter_account_put(
        meter, &(struct meter_account){.id = ACCOUNT,
                                       .plan_slot = slot,
                                       .next_plan_slot = slot,
                                       .has_opted_in = refusal->has_opted_in,
                                       .spend_limit_cents = limit ? limit : NO_SPEND_LIMIT,
                                       .anchor = instant_of_seconds(PERIOD_START)});
    if (refusal->has_key_cap)
        meter_key_cap_put(meter, &(struct meter_key){.account_id = ACCOUNT,
                                                     .key_id = KEY,
                                                     .cap_family = KEY,
                                                     .cap = credits_of(KEY_CAP)});
}

static void end(void)
{
    meter_close(meter);
    terms_book_finish(&book);
}

static struct charge_standing call(int64_t cost)
{
    const struct charge_order order = {.account_id = ACCOUNT,
                                       .key_id = KEY,
                                       .cost = credits_of(cost),
                                       .now = instant_of_seconds(PERIOD_START),
                                       .elapsed = {SECOND_US}};
    struct charge_standing standing;
    meter_charge(meter, &order, &standing);
    return standing;
}

static void calls_before(const struct refusal *refusal)
{
    for (size_t i = 0; i + 1 < refusal->count; i++)
        assert_int_equal(call(refusal->calls[i]).verdict, CHARGE_TAKEN);
}

static int64_t cost_of(const struct refusal *refusal)
{
    return refusal->calls[refusal->count - 1];
}

static void every_plan_is_held_against_every_refusal(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(refusals); i++) {
        const struct refusal *refusal = &refusals[i];
        begin(refusal);
        calls_before(refusal);
        struct charge_standing standing = call(cost_of(refusal));
        assert_int_equal(standing.verdict, refusal->verdict);
        assert_int_equal(standing.quota_verdict, standing.verdict == CHARGE_REFUSED
                                                     ? refusal->quota_verdict
                                                     : standing.quota_verdict);
        unsigned admit = 0;
        for (unsigned plan = 0; plan < PLANS; plan++)
            if (meter_would_admit(&standing, &standing.terms->plans.plans[plan],
                                  credits_of(cost_of(refusal))))
                admit |= ON(plan);
        if (admit != refusal->admit)
            fail_msg("row %zu: plans %#x admit it, not %#x", i, admit, refusal->admit);
        end();
    }
}

/* A look at the account takes no slot, so none is its own. */
static void a_look_is_told_the_same(void **state)
{
    (void)state;
    const struct refusal refusal = {.plan = FREE};
    begin(&refusal);
    const struct charge_order order = {.account_id = ACCOUNT,
                                       .key_id = KEY,
                                       .cost = credits_of(41),
                                       .now = instant_of_seconds(PERIOD_START),
                                       .elapsed = {SECOND_US}};
    struct charge_standing standing;
    meter_look(meter, &order, &standing);
    assert_int_equal(standing.verdict, CHARGE_REFUSED);
    const struct plan *all = standing.terms->plans.plans;
    assert_false(meter_would_admit(&standing, &all[FREE], order.cost));
    assert_true(meter_would_admit(&standing, &all[CAPPED], order.cost));
    end();
}

static bool is_admitted_after_upgrade(const struct refusal *refusal, unsigned plan)
{
    begin(refusal);
    calls_before(refusal);
    struct meter_plan changed;
    uint8_t slot;
    meter_plan_look(meter, ACCOUNT, instant_of_seconds(PERIOD_START), &changed);
    assert_int_equal(terms_slot(&book, text_of(plans.plans[plan].name), &slot), STATUS_OK);
    assert_true(meter_plan_change(terms_now(&book), &changed, slot));
    assert_true(meter_plan_put(meter, &changed));
    bool is_admitted = call(cost_of(refusal)).verdict == CHARGE_TAKEN;
    end();
    return is_admitted;
}

static void an_upgrade_admits_what_was_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(refusals); i++)
        for (unsigned plan = refusals[i].plan + 1; plan < PLANS; plan++)
            if (is_admitted_after_upgrade(&refusals[i], plan) !=
                ((refusals[i].admit & ON(plan)) != 0))
                fail_msg("row %zu: %s does otherwise", i, plans.plans[plan].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_plan_is_held_against_every_refusal),
        cmocka_unit_test(a_look_is_told_the_same),
        cmocka_unit_test(an_upgrade_admits_what_was_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
