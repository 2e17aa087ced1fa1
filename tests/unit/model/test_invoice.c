#include "model/estimate.h"
#include "model/invoice.h"
#include "support/unit.h"

/* The shipped plans, as the customers' page has them. */
static const struct plan shipped[] = {
    {"Free", 0, 2000, 500, 5, OVERAGE_NONE, 0},
    {"Starter", 900, 20000, 5000, 15, OVERAGE_OPT_IN, 75},
    {"Growth", 2900, 100000, 25000, 45, OVERAGE_OPT_IN, 45},
    {"Pro", 7900, 400000, 0, 120, OVERAGE_ALWAYS, 30},
    {"Business", 19900, 1200000, 0, 300, OVERAGE_ALWAYS, 20},
    {"Enterprise", 49900, 5000000, 0, 1000, OVERAGE_ALWAYS, 12},
};

static void a_line_is_rounded_once(void **state)
{
    (void)state;
    struct invoice invoice;
    invoice_init(&invoice);
    invoice_add_overage(&invoice, 0, credits_of(16), 30);  /* 0.48 cents */
    invoice_add_overage(&invoice, 0, credits_of(17), 30);  /* 0.51 */
    invoice_add_overage(&invoice, 0, credits_of(1000), 5); /* 5 */
    invoice_add_overage(&invoice, 0, credits_of(50), 10);  /* half a cent */
    invoice_add_refund(&invoice, 0, credits_of(50), 10);
    invoice_add_return(&invoice, 0, credits_of(8));
    invoice_add_grant(&invoice, 0, credits_of(8));
    const int64_t wanted[] = {0, 1, 5, 1, -1, 0, 0};
    int64_t sum = 0;
    assert_int_equal(invoice.count, LENGTH_OF(wanted));
    for (size_t i = 0; i < invoice.count; i++) {
        assert_int_equal(invoice.lines[i].cents, wanted[i]);
        sum += wanted[i];
    }
    assert_int_equal(invoice.total_cents, sum);
    invoice_finish(&invoice);
}

static void break_evens_are_those_of_the_page(void **state)
{
    (void)state;
    const int64_t wanted[] = {46672, 211112, 800008, 2700008};
    for (size_t i = 0; i < LENGTH_OF(wanted); i++)
        assert_int_equal(estimate_break_even(&shipped[i + 1], &shipped[i + 2], credits_of(8)),
                         wanted[i]);
    assert_int_equal(estimate_break_even(&shipped[0], &shipped[1], credits_of(8)), -1);
    assert_int_equal(estimate_break_even(&shipped[5], &shipped[4], credits_of(8)), 0);
}

static void plans_that_include_as_much_part_at_their_rates(void **state)
{
    (void)state;
    const struct plan dear = {"Dear", 1000, 20000, 0, 5, OVERAGE_ALWAYS, 100};
    const struct plan low = {"Low", 1000, 20000, 0, 5, OVERAGE_ALWAYS, 50};
    assert_int_equal(estimate_break_even(&dear, &low, credits_of(8)), 20008);
    assert_int_equal(estimate_break_even(&low, &dear, credits_of(8)), -1);
}

/* Past what it includes the plan would cost more, but there it lets nothing be used. */
static void a_plan_without_room_has_no_break_even(void **state)
{
    (void)state;
    const struct plan shut = {"Shut", 1000, 20000, 0, 5, OVERAGE_NONE, 100};
    const struct plan other = {"Other", 1500, 40000, 0, 5, OVERAGE_ALWAYS, 50};
    assert_int_equal(estimate_break_even(&shut, &other, credits_of(8)), -1);
}

/* More than an invoice begins with room for, and a plan whose name is not known. */
static void an_invoice_may_have_many_lines(void **state)
{
    (void)state;
    struct invoice invoice;
    invoice_init(&invoice);
    for (int32_t i = 0; i < 20; i++)
        invoice_add_subscription(&invoice, i, i % 2 ? text_of("Pro") : TEXT(""), 8, 100);
    assert_int_equal(invoice.count, 20);
    assert_int_equal(invoice.total_cents, 2000);
    for (size_t i = 0; i < invoice.count; i++) {
        assert_int_equal(invoice.lines[i].period, i);
        assert_string_equal(invoice.lines[i].plan, i % 2 ? "Pro" : "");
    }
    invoice_finish(&invoice);
}

/* In plain numbers: what an invoice of a whole period has. */
static int64_t plain_total(const struct plan *plan, int64_t used)
{
    int64_t over = used > plan->included_credits ? used - plan->included_credits : 0;
    int64_t micros = over * plan->overage_cents_per_1000 * 10;
    return plan->price_cents + (micros + 5000) / 10000;
}

static void estimates_agree_around_each_edge(void **state)
{
    (void)state;
    const int64_t evens[] = {46672, 211112, 800008, 2700008};
    for (size_t i = 0; i < LENGTH_OF(shipped); i++) {
        int64_t edges[LENGTH_OF(shipped) + LENGTH_OF(evens) + 1] = {0};
        for (size_t j = 0; j < LENGTH_OF(shipped); j++)
            edges[j + 1] = shipped[j].included_credits;
        memcpy(&edges[LENGTH_OF(shipped) + 1], evens, sizeof(evens));
        for (size_t j = 0; j < LENGTH_OF(edges); j++)
            for (int64_t used = edges[j] - 8; used <= edges[j] + 8; used += 8) {
                if (used < 0)
                    continue;
                struct estimate estimate = estimate_of(&shipped[i], credits_of(used), 30);
                assert_int_equal(estimate.total_cents, plain_total(&shipped[i], used));
                assert_int_equal(estimate.included_credits + estimate.overage_credits, used);
                assert_int_equal(estimate.has_room, i > 0 || used <= 2000);
            }
    }
}

static const char *cheapest(int64_t used)
{
    return estimate_cheapest(shipped, LENGTH_OF(shipped), credits_of(used), 30)->name;
}

static void the_cheapest_plan_changes_at_each_break_even(void **state)
{
    (void)state;
    assert_string_equal(cheapest(0), "Free");
    assert_string_equal(cheapest(2000), "Free");
    assert_string_equal(cheapest(2008), "Starter");
    assert_string_equal(cheapest(46664), "Starter");
    assert_string_equal(cheapest(46672), "Growth");
    assert_string_equal(cheapest(211104), "Growth");
    assert_string_equal(cheapest(211112), "Pro");
    assert_string_equal(cheapest(800000), "Pro");
    assert_string_equal(cheapest(800008), "Business");
    assert_string_equal(cheapest(2700000), "Business");
    assert_string_equal(cheapest(2700008), "Enterprise");
}

static void a_daily_cap_may_put_an_amount_out_of_reach(void **state)
{
    (void)state;
    assert_true(estimate_of(&shipped[1], credits_of(150000), 30).fits_days);
    assert_false(estimate_of(&shipped[1], credits_of(150008), 30).fits_days);
    assert_true(estimate_of(&shipped[3], credits_of(150008), 30).fits_days);
}

/* The lines themselves, where money holds them. */
static void estimates_are_what_an_invoice_has(void **state)
{
    (void)state;
    const int64_t uses[] = {0, 8, 2000, 2016, 20017, 1234567, INT64_C(1000000000000)};
    for (size_t i = 0; i < LENGTH_OF(shipped); i++)
        for (size_t j = 0; j < LENGTH_OF(uses); j++) {
            struct estimate estimate = estimate_of(&shipped[i], credits_of(uses[j]), 30);
            struct invoice invoice;
            invoice_init(&invoice);
            invoice_add_subscription(&invoice, 0, text_of(shipped[i].name),
                                     shipped[i].included_credits, shipped[i].price_cents);
            invoice_add_overage(&invoice, 0, credits_of(estimate.overage_credits),
                                shipped[i].overage_cents_per_1000);
            assert_int_equal(estimate.included_cents, invoice.lines[0].cents);
            assert_int_equal(estimate.overage_cents, invoice.lines[1].cents);
            assert_int_equal(estimate.total_cents, invoice.total_cents);
            assert_true(estimate.exact ==
                        invoice.lines[0].amount.count + invoice.lines[1].amount.count);
            invoice_finish(&invoice);
        }
}

/* The most that a plan file may ask for: settings/plans.c. */
#define PRICE_MOST 100000000
#define RATE_MOST 1000000
#define INCLUDED_MOST INT64_C(1000000000000)
#define CALL_MOST 1000000

static const struct plan dearest = {"Dearest", PRICE_MOST, 0, 0, 1, OVERAGE_ALWAYS, RATE_MOST};

static void the_dearest_plan_has_an_exact_estimate(void **state)
{
    (void)state;
    struct estimate most = estimate_of(&dearest, credits_of(CREDITS_MAX), 31);
    assert_int_equal(most.overage_credits, CREDITS_MAX);
    assert_int_equal(most.included_cents, PRICE_MOST);
    assert_int_equal(most.overage_cents, INT64_C(1000000000000000000));
    assert_int_equal(most.total_cents, INT64_C(1000000000100000000));
    /* The first that int64 does not hold in micro-dollars, and the last that it does. */
    assert_int_equal(estimate_of(&dearest, credits_of(922337203686), 31).overage_cents,
                     INT64_C(922337203686000));
    assert_int_equal(estimate_of(&dearest, credits_of(922337203685), 31).overage_cents,
                     INT64_C(922337203685000));
    const struct plan odd = {"Odd", 0, 0, 0, 1, OVERAGE_ALWAYS, RATE_MOST - 1};
    assert_int_equal(estimate_of(&odd, credits_of(CREDITS_MAX - 500), 31).overage_cents,
                     INT64_C(999998999999500001)); /* ...500,000.5 */
    const struct plan roomy = {"Roomy", 0, INCLUDED_MOST, INCLUDED_MOST, 1, OVERAGE_ALWAYS, 0};
    assert_true(estimate_of(&roomy, credits_of(31 * INCLUDED_MOST), 31).fits_days);
    const struct plan pair[] = {dearest, odd};
    assert_ptr_equal(estimate_cheapest(pair, LENGTH_OF(pair), credits_of(CREDITS_MAX), 31),
                     &pair[1]);
}

static void the_dearest_plans_have_break_evens(void **state)
{
    (void)state;
    const struct plan dear = {"Dear", 0, 0, 0, 1, OVERAGE_ALWAYS, RATE_MOST};
    const struct plan less = {"Less", PRICE_MOST, 0, 0, 1, OVERAGE_ALWAYS, RATE_MOST - 1};
    const int64_t calls[] = {1, 8, CALL_MOST};
    const int64_t wanted[] = {INT64_C(100000000001), INT64_C(100000000008),
                              INT64_C(100001000000)};
    for (size_t i = 0; i < LENGTH_OF(calls); i++) {
        credits call = credits_of(calls[i]);
        assert_int_equal(estimate_break_even(&dear, &dearest, call), -1);
        assert_int_equal(estimate_break_even(&dear, &less, call), wanted[i]);
        assert_int_equal(estimate_break_even(&less, &dear, call), 0);
    }
}

/* Past what the largest plan includes, too. */
static void a_break_even_may_lie_past_the_largest_plan(void **state)
{
    (void)state;
    const struct plan large = {"Large", 0, INCLUDED_MOST, 0, 1, OVERAGE_ALWAYS, RATE_MOST};
    const struct plan less = {"Less", PRICE_MOST, INCLUDED_MOST, 0, 1, OVERAGE_ALWAYS, 1};
    assert_int_equal(estimate_break_even(&large, &less, credits_of(1)), INCLUDED_MOST + 100001);
    const struct plan cheap = {"Cheap", 0, 0, 0, 1, OVERAGE_ALWAYS, 2};
    const struct plan just = {"Just", PRICE_MOST, 0, 0, 1, OVERAGE_ALWAYS, 1};
    assert_int_equal(estimate_break_even(&cheap, &just, credits_of(1)), INT64_C(100000000001));
    const struct plan far = {"Far", PRICE_MOST, INCLUDED_MOST, 0, 1, OVERAGE_ALWAYS, 1};
    const struct plan farther = {"Farther", 0, INCLUDED_MOST, 0, 1, OVERAGE_ALWAYS, 2};
    assert_int_equal(estimate_break_even(&farther, &far, credits_of(1)),
                     INT64_C(1100000000001));
    const struct plan gratis = {"Gratis", 0, 0, 0, 1, OVERAGE_ALWAYS, 0};
    assert_int_equal(estimate_break_even(&gratis, &dearest, credits_of(1)), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_rounded_once),
        cmocka_unit_test(break_evens_are_those_of_the_page),
        cmocka_unit_test(plans_that_include_as_much_part_at_their_rates),
        cmocka_unit_test(a_plan_without_room_has_no_break_even),
        cmocka_unit_test(an_invoice_may_have_many_lines),
        cmocka_unit_test(estimates_agree_around_each_edge),
        cmocka_unit_test(the_cheapest_plan_changes_at_each_break_even),
        cmocka_unit_test(a_daily_cap_may_put_an_amount_out_of_reach),
        cmocka_unit_test(estimates_are_what_an_invoice_has),
        cmocka_unit_test(the_dearest_plan_has_an_exact_estimate),
        cmocka_unit_test(the_dearest_plans_have_break_evens),
        cmocka_unit_test(a_break_even_may_lie_past_the_largest_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
