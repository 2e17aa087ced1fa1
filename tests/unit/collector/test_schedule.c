#include "collector/schedule.h"
#include "support/unit.h"

#define HOUR_US (INT64_C(3600) * SECOND_US)
#define BEGIN_US (INT64_C(20000) * DAY_US)

static struct schedule *schedule;
static bool collected[LIST_COUNT];

static instant at(int64_t after_us)
{
    return (instant){BEGIN_US + after_us};
}

static struct list_key list_of(unsigned country)
{
    return (struct list_key){.country = (uint8_t)country};
}

static int set_up(void **state)
{
    (void)state;
    memset(collected, 0, sizeof(collected));
    for (unsigned country = 1; country <= 4; country++)
        collected[list_key_index(list_of(country))] = true;
    schedule = schedule_open(&(struct schedule_options){
        .time_to_live = {24 * HOUR_US}, .is_collected = collected, .seed = 7});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    schedule_close(schedule);
    return 0;
}

static void next_is(instant now, unsigned country)
{
    struct list_key list;
    instant next_at;
    assert_true(schedule_next(schedule, now, &list, &next_at));
    assert_int_equal(list.country, country);
}

static void none_until(instant now, int64_t then_us)
{
    struct list_key list;
    instant next_at;
    assert_false(schedule_next(schedule, now, &list, &next_at));
    assert_int_equal(next_at.us, then_us);
}

static void the_oldest_capture_comes_first(void **state)
{
    (void)state;
    schedule_captured(schedule, list_of(1), at(3));
    schedule_captured(schedule, list_of(2), at(1));
    schedule_captured(schedule, list_of(3), at(2));
    schedule_captured(schedule, list_of(4), at(4));
    none_until(at(5), at(1 + 24 * HOUR_US).us);
    assert_int_equal(schedule_due(schedule, at(5)), 0);
    instant now = at(25 * HOUR_US);
    assert_int_equal(schedule_due(schedule, now), 4);
    static const unsigned order[] = {2, 3, 1, 4};
    for (size_t i = 0; i < LENGTH_OF(order); i++) {
        next_is(now, order[i]);
        schedule_begun(schedule, list_of(order[i]));
    }
    none_until(now, 0);
}

static void a_capture_of_a_clock_that_was_wrong_keeps_no_list_from_being_due(void **state)
{
    (void)state;
    static const int64_t year_us = 365 * DAY_US;
    for (unsigned country = 2; country <= 4; country++)
        schedule_captured(schedule, list_of(country), at(country));
    schedule_captured(schedule, list_of(1), at(48 * HOUR_US));
    none_until(at(5), at(2 + 24 * HOUR_US).us); /* a day ahead: another time zone's date */
    schedule_captured(schedule, list_of(1), at(5 * year_us));
    next_is(at(5), 1);
    schedule_begun(schedule, list_of(1));
    schedule_done(schedule, list_of(1), at(6));
    none_until(at(7), at(2 + 24 * HOUR_US).us); /* and is tried once a time to live, not more */
    schedule_captured(schedule, list_of(2), at(24 * HOUR_US));
    schedule_captured(schedule, list_of(3), at(24 * HOUR_US));
    schedule_captured(schedule, list_of(4), at(24 * HOUR_US));
    none_until(at(8), at(6 + 24 * HOUR_US).us);
}

static void demand_comes_before_age(void **state)
{
    (void)state;
    for (unsigned country = 1; country <= 4; country++)
        schedule_captured(schedule, list_of(country), at(country));
    instant now = at(30 * HOUR_US);
    schedule_asked(schedule, list_of(3), now);
    schedule_asked(schedule, list_of(4), now);
    next_is(now, 3);
    schedule_awaited(schedule, list_of(9));
    next_is(now, 9);
    schedule_begun(schedule, list_of(9));
    schedule_captured(schedule, list_of(9), now);
    schedule_done(schedule, list_of(9), now);
    next_is(now, 3);
    schedule_captured(schedule, list_of(3), now);
    schedule_done(schedule, list_of(3), now);
    next_is(now, 4);
}

/* It is due once more only when it was asked for after its capture, and has grown old. */
static void what_nobody_asks_for_is_left_alone(void **state)
{
    (void)state;
    for (unsigned country = 1; country <= 4; country++)
        schedule_dropped(schedule, list_of(country));
    none_until(at(0), 0);
    schedule_asked(schedule, list_of(7), at(0));
    next_is(at(0), 7);
    schedule_begun(schedule, list_of(7));
    schedule_captured(schedule, list_of(7), at(1));
    schedule_done(schedule, list_of(7), at(1));
    none_until(at(48 * HOUR_US), 0);
    schedule_asked(schedule, list_of(7), at(2));
    none_until(at(3), at(1 + 24 * HOUR_US).us);
    next_is(at(1 + 24 * HOUR_US), 7);
}

static void a_failure_pauses_longer_each_time_and_never_too_long(void **state)
{
    (void)state;
    int64_t longest = 0;
    instant now = at(0);
    for (int64_t failures = 0; failures < 40; failures++) {
        assert_int_equal(schedule_failures(schedule, list_of(1)), failures);
        schedule_begun(schedule, list_of(1));
        instant again = schedule_failed(schedule, list_of(1), now, (instant){0});
        int64_t pause = again.us - now.us;
        int64_t most = failures < 10 ? SCHEDULE_PAUSE_BASE_US << failures
                                     : SCHEDULE_PAUSE_MAX_US;
        if (most > SCHEDULE_PAUSE_MAX_US)
            most = SCHEDULE_PAUSE_MAX_US;
        assert_in_range(pause, 1, most);
        longest = pause > longest ? pause : longest;
        assert_true(schedule_pauses(schedule, list_of(1), (instant){again.us - 1}));
        assert_false(schedule_pauses(schedule, list_of(1), again));
        now = again;
    }
    assert_true(longest > SCHEDULE_PAUSE_MAX_US / 2);
    schedule_done(schedule, list_of(1), now);
    assert_int_equal(schedule_failures(schedule, list_of(1)), 0);
}

/* Full jitter: from nothing to the whole of it, so that a thousand lists do not come back at once. */
static void pauses_are_spread_over_all_of_their_length(void **state)
{
    (void)state;
    int quarters[4] = {0};
    for (int i = 0; i < 4000; i++) {
        struct list_key list = list_key_of_index((size_t)i);
        int64_t pause = schedule_failed(schedule, list, at(0), (instant){0}).us - at(0).us;
        quarters[(pause - 1) * 4 / SCHEDULE_PAUSE_BASE_US]++;
    }
    for (size_t i = 0; i < LENGTH_OF(quarters); i++)
        assert_in_range(quarters[i], 850, 1150);
}

static void what_the_source_told_counts_where_it_is_longer(void **state)
{
    (void)state;
    instant told = at(2 * HOUR_US);
    assert_int_equal(schedule_failed(schedule, list_of(1), at(0), told).us, told.us);
    assert_true(schedule_failed(schedule, list_of(2), at(0), at(-5)).us > at(0).us);
}

/* One that always fails keeps nobody from their turn: all of one age go round. */
static void a_list_that_fails_starves_no_other(void **state)
{
    (void)state;
    int turns[5] = {0};
    instant now = at(0);
    for (int i = 0; i < 400; i++) {
        struct list_key list;
        instant next_at;
        if (!schedule_next(schedule, now, &list, &next_at)) {
            now = next_at;
            continue;
        }
        turns[list.country]++;
        schedule_begun(schedule, list);
        if (list.country == 2)
            (void)schedule_failed(schedule, list, now, (instant){0});
        else
            schedule_postponed(schedule, list, now, now);
        now.us += SECOND_US;
    }
    for (int country = 1; country <= 4; country++)
        assert_true(turns[country] > (country == 2 ? 0 : 90));
}

static void a_clock_set_back_ends_a_pause_and_fetches_nothing_twice(void **state)
{
    (void)state;
    for (unsigned country = 2; country <= 4; country++)
        schedule_dropped(schedule, list_of(country));
    schedule_postponed(schedule, list_of(1), at(0), at(365 * 24 * HOUR_US));
    none_until(at(1), at(365 * 24 * HOUR_US).us);
    next_is(at(-HOUR_US), 1);
    schedule_begun(schedule, list_of(1));
    schedule_captured(schedule, list_of(1), at(0));
    schedule_done(schedule, list_of(1), at(0));
    none_until(at(-HOUR_US), at(24 * HOUR_US).us);
}

static void what_was_kept_is_kept_to(void **state)
{
    (void)state;
    for (unsigned country = 2; country <= 4; country++)
        schedule_dropped(schedule, list_of(country));
    schedule_restored(schedule, list_of(1), 3, at(0), at(HOUR_US));
    assert_int_equal(schedule_failures(schedule, list_of(1)), 3);
    none_until(at(0), at(HOUR_US).us);
    next_is(at(HOUR_US), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_oldest_capture_comes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_capture_of_a_clock_that_was_wrong_keeps_no_list_from_being_due, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(demand_comes_before_age, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_asks_for_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failure_pauses_longer_each_time_and_never_too_long,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(pauses_are_spread_over_all_of_their_length, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_the_source_told_counts_where_it_is_longer, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_list_that_fails_starves_no_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_set_back_ends_a_pause_and_fetches_nothing_twice,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_kept_is_kept_to, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
