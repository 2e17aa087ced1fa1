/* What a plan gives and costs in one period; worked out by hand. */
#include "model/subscription.h"
#include "support/unit.h"

static const struct plan starter = {.name = "Starter",
                                    .price_cents = 900,
                                    .included_credits = 20000},
                         growth = {.name = "Growth",
                                   .price_cents = 2900,
                                   .included_credits = 100000},
                         odd = {.name = "Odd", .price_cents = 1000, .included_credits = 5};

#define DAYS(count) ((count)*DAY_US)

/* 30 days. */
static const struct billing_period april = {{0}, {DAYS(30)}, 1970, 1};

static void a_whole_period_is_the_plans(void **state)
{
    (void)state;
    struct subscription whole = subscription_of(&starter, 7);
    assert_ptr_equal(whole.plan, &starter);
    assert_int_equal(whole.plan_version, 7);
    assert_int_equal(whole.included, 20000);
    assert_int_equal(whole.cents, 900);
}

/* From Starter to Growth: 80,000 credits and 2,000 cents more a period. */
static const struct {
    int64_t at_us, included, cents;
} upgrades[] = {
    {0, 100000, 2900},
    {-DAYS(3), 100000, 2900},
    {DAYS(15), 20000 + 40000, 900 + 1000},
    {DAYS(20), 20000 + 26666, 900 + 667},     /* a third: down, and half up */
    {DAYS(30) - SECOND_US, 20000, 900},       /* one second of 2,592,000 */
    {DAYS(30) - 33 * SECOND_US, 20001, 900},  /* 1.02 credits, 0.03 cents */
    {DAYS(30) - 648 * SECOND_US, 20020, 901}, /* half a cent */
    {DAYS(30) - 647 * SECOND_US, 20019, 900},
    {DAYS(30) - 1, 20000, 900}, /* the last microsecond is of the last second */
};

static void an_upgrade_adds_both_by_one_fraction(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(upgrades); i++) {
        struct subscription whole = subscription_of(&starter, 1);
        struct subscription after = subscription_upgrade(&whole, &growth, 2, &april,
                                                         (instant){upgrades[i].at_us});
        assert_ptr_equal(after.plan, &growth);
        assert_int_equal(after.plan_version, 2);
        assert_int_equal(after.included, upgrades[i].included);
        assert_int_equal(after.cents, upgrades[i].cents);
    }
}

/* Each upgrade is a line of its own: thirds of 100 and of 1,900 cents. */
static void each_upgrade_is_rounded_once(void **state)
{
    (void)state;
    struct subscription first = subscription_of(&starter, 1);
    struct subscription second = subscription_upgrade(&first, &odd, 1, &april,
                                                      (instant){DAYS(20)});
    assert_int_equal(second.included, 20000); /* fewer than before take nothing away */
    assert_int_equal(second.cents, 900 + 33);
    struct subscription third = subscription_upgrade(&second, &growth, 1, &april,
                                                     (instant){DAYS(20)});
    assert_int_equal(third.included, 20000 + 99995 / 3);
    assert_int_equal(third.cents, 900 + 33 + 633);
}

static void a_cheaper_plan_costs_nothing_more(void **state)
{
    (void)state;
    struct subscription whole = subscription_of(&growth, 1);
    struct subscription after = subscription_upgrade(&whole, &starter, 1, &april,
                                                     (instant){DAYS(10)});
    assert_int_equal(after.included, 100000);
    assert_int_equal(after.cents, 2900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_period_is_the_plans),
        cmocka_unit_test(an_upgrade_adds_both_by_one_fraction),
        cmocka_unit_test(each_upgrade_is_rounded_once),
        cmocka_unit_test(a_cheaper_plan_costs_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
