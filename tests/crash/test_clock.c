/* A wall clock that is stepped, also while no server runs: what was used stays used, and a new day
 * or period is entered once. */
#include "crash/scene.h"
#include "support/unit.h"

#define DAILY_CHARGES 5 /* what the daily cap of CAPPED pays for */

static int grants(enum scene_account account, int asked)
{
    int granted = 0;
    for (int i = 0; i < asked; i++)
        granted += scene_charge(account) == STATUS_BUSY;
    scene_await();
    return granted;
}

static void restart(void)
{
    scene_close();
    scene_open();
}

static void stay(void)
{
}

/* now_and_then: what happens between the steps. */
static void back_and_forth(void (*now_and_then)(void))
{
    scene_clear();
    scene_open();
    assert_int_equal(grants(CAPPED, DAILY_CHARGES + 1), DAILY_CHARGES);
    static const int64_t steps[] = {-DAY_SECONDS, -40 * DAY_SECONDS, 41 * DAY_SECONDS};
    for (size_t i = 0; i < LENGTH_OF(steps); i++) {
        scene_step(steps[i]);
        scene_elapse(60); /* so that the rate limit is out of the way */
        now_and_then();
        assert_int_equal(grants(CAPPED, 1), 0);
    }
    scene_step(4); /* midnight */
    assert_int_equal(grants(CAPPED, DAILY_CHARGES + 1), DAILY_CHARGES);
    scene_step(-4);
    scene_elapse(60);
    now_and_then();
    assert_int_equal(grants(CAPPED, 1), 0);
    scene_step(4);
    now_and_then();
    assert_int_equal(grants(CAPPED, 1), 0);
    scene_close();
}

static void a_clock_that_steps_grants_no_day_twice(void **state)
{
    (void)state;
    back_and_forth(stay);
}

static void nor_does_it_across_restarts(void **state)
{
    (void)state;
    back_and_forth(restart);
}

static void a_period_is_entered_once(void **state)
{
    (void)state;
    scene_clear();
    scene_open();
    assert_int_equal(grants(TINY, 6), 5);
    for (int month = 0; month < 2; month++) {
        scene_step(31 * DAY_SECONDS);
        assert_int_equal(grants(TINY, 6), 5);
        for (int round = 0; round < 2; round++) {
            scene_step(-31 * DAY_SECONDS);
            assert_int_equal(grants(TINY, 1), 0);
            restart();
            assert_int_equal(grants(TINY, 1), 0);
            scene_step(31 * DAY_SECONDS);
            assert_int_equal(grants(TINY, 1), 0);
        }
    }
    scene_close();
}

/* The window runs on a clock of its own: neither a step nor a restart frees a slot. */
static void a_step_frees_no_slot(void **state)
{
    (void)state;
    scene_clear();
    scene_open();
    int64_t limit = scene_standing(CAPPED).rate.limit;
    for (int64_t i = 0; i < limit; i++)
        assert_int_equal(scene_slot(CAPPED, CALL_HEAD), STATUS_OK);
    static const int64_t steps[] = {3600, -7200, DAY_SECONDS, -DAY_SECONDS};
    for (size_t i = 0; i < LENGTH_OF(steps); i++) {
        scene_step(steps[i]);
        assert_int_equal(scene_slot(CAPPED, CALL_HEAD), STATUS_EXHAUSTED);
        restart();
        assert_int_equal(scene_slot(CAPPED, CALL_HEAD), STATUS_EXHAUSTED);
    }
    scene_elapse(59);
    assert_int_equal(scene_slot(CAPPED, CALL_HEAD), STATUS_EXHAUSTED);
    scene_elapse(1);
    assert_int_equal(scene_slot(CAPPED, CALL_HEAD), STATUS_OK);
    scene_close();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(a_clock_that_steps_grants_no_day_twice),
        SCENE_TEST(nor_does_it_across_restarts),
        SCENE_TEST(a_period_is_entered_once),
        SCENE_TEST(a_step_frees_no_slot),
    };
    return scene_main(tests, argc, argv);
}
