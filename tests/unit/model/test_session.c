#include "model/session.h"
#include "support/unit.h"

static bool is_live(int64_t age_us, int64_t idle_us)
{
    const int64_t now_us = 1000 * DAY_US;
    return session_is_live((instant){now_us - age_us}, (instant){now_us - idle_us},
                           (instant){now_us});
}

static void twelve_idle_hours_end_a_session(void **state)
{
    (void)state;
    assert_true(is_live(DAY_US, 0));
    assert_true(is_live(DAY_US, SESSION_IDLE_US - 1));
    assert_false(is_live(DAY_US, SESSION_IDLE_US));
    assert_int_equal(SESSION_IDLE_US / SECOND_US, 12 * 3600);
}

static void fourteen_days_end_it_whatever_happened(void **state)
{
    (void)state;
    assert_true(is_live(SESSION_LIFE_US - 1, 0));
    assert_false(is_live(SESSION_LIFE_US, 0));
    assert_int_equal(SESSION_LIFE_US / DAY_US, 14);
}

static void a_clock_that_was_set_back_ends_nothing(void **state)
{
    (void)state;
    assert_true(is_live(-DAY_US, -DAY_US));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(twelve_idle_hours_end_a_session),
        cmocka_unit_test(fourteen_days_end_it_whatever_happened),
        cmocka_unit_test(a_clock_that_was_set_back_ends_nothing),
    };
    return cmocka_run_group_tests_name("model/session", tests, NULL, NULL);
}
