#include "model/money.h"
#include "support/unit.h"

static void a_credit_of_every_shipped_plan_is_whole_micros(void **state)
{
    (void)state;
    assert_int_equal(micros_of_overage(credits_of(1), 75).count, 750);
    assert_int_equal(micros_of_overage(credits_of(8), 75).count, 6000);
    assert_int_equal(micros_of_overage(credits_of(1000), 12).count, 120000);
    assert_int_equal(micros_of_overage(credits_of(0), 45).count, 0);
}

struct rounding_row {
    int64_t micros, cents;
};

static void cents_are_rounded_half_away_from_zero(void **state)
{
    (void)state;
    static const struct rounding_row rows[] = {
        {0, 0},     {4999, 0},   {5000, 1},    {14999, 1},   {15000, 2},
        {-4999, 0}, {-5000, -1}, {-14999, -1}, {-15000, -2}, {120000000, 12000},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        assert_int_equal(micros_to_cents((micros_usd){rows[i].micros}), rows[i].cents);
}

static void money_pays_for_whole_credits_only(void **state)
{
    (void)state;
    assert_int_equal(micros_pay_for(micros_of_cents(1), 75).count, 13);
    assert_int_equal(micros_pay_for(micros_of_cents(75), 75).count, 1000);
    assert_int_equal(micros_pay_for((micros_usd){749}, 75).count, 0);
    assert_int_equal(micros_pay_for((micros_usd){-1}, 75).count, 0);
    assert_int_equal(micros_pay_for(micros_of_cents(5), 0).count, CREDITS_MAX);
}

static void what_is_left_is_never_negative(void **state)
{
    (void)state;
    assert_int_equal(credits_left(credits_of(7), credits_of(8)).count, 0);
    assert_int_equal(credits_left(credits_of(9), credits_of(8)).count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_credit_of_every_shipped_plan_is_whole_micros),
        cmocka_unit_test(cents_are_rounded_half_away_from_zero),
        cmocka_unit_test(money_pays_for_whole_credits_only),
        cmocka_unit_test(what_is_left_is_never_negative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
