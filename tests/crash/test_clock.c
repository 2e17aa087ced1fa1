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

static int64_t oldest_slot_returns_in_ms(void)
{
    return scene_standing(CAPPED).rate.reset_ms;
}

static void charge_now(void)
{
    assert_int_equal(scene_charge(ROOMY), STATUS_BUSY);
    scene_await();
}

/* Slots are written down with the next charge. Returns by how much later than before it the oldest
 * returns after a restart; stepped: the wall clock, between taking and writing. */
static int64_t delay_by_restart(int64_t stepped)
{
    scene_clear();
    scene_open();
    charge_now();
    scene_advance(70);
    charge_now();
    scene_advance(5);
    assert_int_equal(scene_slot(CAPPED, CALL_HEAD), STATUS_OK);
    scene_advance(3);
    scene_step(stepped);
    charge_now();
    scene_advance(10);
    int64_t before_ms = oldest_slot_returns_in_ms();
    assert_int_equal(before_ms, 47000);
    restart();
    int64_t after_ms = oldest_slot_returns_in_ms();
    scene_close();
    return after_ms - before_ms;
}

static void a_slot_is_as_old_after_a_restart_as_it_was(void **state)
{
    (void)state;
    assert_int_equal(delay_by_restart(0), 0);
}

/* Its own time is not to be believed then: it cannot be older than the row before, nor younger than
 * its own. */
static void a_step_before_it_is_written_moves_it_between_two_rows(void **state)
{
    (void)state;
    static const int64_t steps[] = {1, 3600, DAY_SECONDS, 31 * DAY_SECONDS};
    for (size_t i = 0; i < LENGTH_OF(steps); i++) {
        assert_in_range(delay_by_restart(steps[i]) + 5000, 0, 5000);
        assert_in_range(delay_by_restart(-steps[i]), 0, 3000);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(a_clock_that_steps_grants_no_day_twice),
        SCENE_TEST(nor_does_it_across_restarts),
        SCENE_TEST(a_period_is_entered_once),
        SCENE_TEST(a_step_frees_no_slot),
        SCENE_TEST(a_slot_is_as_old_after_a_restart_as_it_was),
        SCENE_TEST(a_step_before_it_is_written_moves_it_between_two_rows),
    };
    return scene_main(tests, argc, argv);
}
