/* The breaker, Retry-After and the order of sources, over a collector without a thread: its sources, its
 * file and its clock. */
#include "collector/collector_parts.h"
#include "shared_file.h"

#define MINUTE_US (60 * SECOND_US)

static const struct source first = {.name = "creative-center", .patience = OF_A_STRANGER};
static const struct source second = {.name = "business-api", .patience = OF_A_STRANGER};
static const struct list_key some = {.country = 3};
static const struct reason broken = {.sentence = "it answered HTTP 502"};

static struct collector *collector_of[COLLECTORS];

static struct collector *collector_make(unsigned which)
{
    struct collector *collector = memory_take_zeroed(1, sizeof(*collector));
    collector->db = file_of[which];
    collector->options.time = &moved_time;
    collector->options.source_count = 2;
    collector->sources[0].is = (struct collector_source){.source = &first, .concurrency = 2};
    collector->sources[1].is = (struct collector_source){.source = &second, .concurrency = 1};
    collector->given_by[list_key_index(some)] = 3;
    return collector;
}

static void time_read(void)
{
    for (unsigned i = 0; i < COLLECTORS; i++) {
        collector_of[i]->now = time_now(&moved_time);
        collector_of[i]->elapsed = time_elapsed(&moved_time);
    }
}

static void time_passes(int64_t us)
{
    pass_by(us);
    time_read();
}

static int set_up(void **state)
{
    int outcome = shared_file_set_up(state);
    for (unsigned i = 0; i < COLLECTORS; i++)
        collector_of[i] = collector_make(i);
    time_read();
    return outcome;
}

static int tear_down(void **state)
{
    for (unsigned i = 0; i < COLLECTORS; i++)
        free(collector_of[i]);
    return shared_file_tear_down(state);
}

static struct asked_source *source_at(unsigned place)
{
    return &collector_of[0]->sources[place];
}

static void fails(unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        source_failed(collector_of[0], source_at(0), &broken);
}

/* Without the second source. */
static void is_asked(unsigned collector, bool is_expected)
{
    duration wait;
    struct asked_source *found = source_pick(collector_of[collector], some, 2, &wait);
    assert_int_equal(found != NULL, is_expected);
}

static void waits_for(unsigned collector, int64_t us)
{
    duration wait;
    assert_null(source_pick(collector_of[collector], some, 2, &wait));
    assert_int_equal(wait.us, us);
}

static void five_failures_in_a_row_open_the_breaker(void **state)
{
    (void)state;
    fails(4);
    is_asked(0, true);
    source_succeeded(collector_of[0], source_at(0), 1);
    fails(4);
    is_asked(0, true);
    fails(1);
    waits_for(0, first.patience.least.us);
    time_passes(first.patience.least.us - 1);
    waits_for(0, 1);
    time_passes(1);
    is_asked(0, true);
}

static void half_open_it_lets_one_through(void **state)
{
    (void)state;
    fails(5);
    time_passes(first.patience.least.us);
    is_asked(0, true);
    source_at(0)->in_flight = 1;
    is_asked(0, false);
    source_at(0)->in_flight = 0;
    source_succeeded(collector_of[0], source_at(0), 1);
    source_at(0)->in_flight = 1;
    is_asked(0, true); /* its concurrency is 2 */
}

static void each_opening_lasts_longer_up_to_an_hour(void **state)
{
    (void)state;
    static const int64_t minutes[] = {5, 10, 20, 40, 60, 60};
    fails(4);
    for (size_t i = 0; i < LENGTH_OF(minutes); i++) {
        fails(1);
        waits_for(0, minutes[i] * MINUTE_US);
        time_passes(minutes[i] * MINUTE_US);
    }
    source_succeeded(collector_of[0], source_at(0), 1);
    fails(5);
    waits_for(0, 5 * MINUTE_US);
}

static void answers_under_way_do_not_prolong_it(void **state)
{
    (void)state;
    fails(5);
    time_passes(MINUTE_US);
    fails(3);
    waits_for(0, first.patience.least.us - MINUTE_US);
}

static void retry_after_is_kept_to(void **state)
{
    (void)state;
    source_throttled(collector_of[0], source_at(0), 1800, &broken);
    waits_for(0, 1800 * SECOND_US);
    source_throttled(collector_of[0], source_at(0), 60, &broken); /* the longer one counts */
    waits_for(0, 1800 * SECOND_US);
    time_passes(1800 * SECOND_US);
    is_asked(0, true);
    source_throttled(collector_of[0], source_at(0), -1, &broken);
    waits_for(0, THROTTLE_PAUSE_US);
}

static void one_that_throttles_again_and_again_is_left_alone_for_longer(void **state)
{
    (void)state;
    static const int64_t seconds[] = {0, 60, 120, 240, 480, 960, 1920, 3600, 3600};
    for (size_t i = 0; i < LENGTH_OF(seconds); i++) {
        source_throttled(collector_of[0], source_at(0), 0, &broken);
        if (seconds[i] == 0)
            is_asked(0, true);
        else
            waits_for(0, seconds[i] * SECOND_US);
        time_passes(SECOND_US);
        if (seconds[i] > 0) {
            source_throttled(collector_of[0], source_at(0), 0, &broken); /* was under way */
            waits_for(0, (seconds[i] - 1) * SECOND_US);
            time_passes((seconds[i] - 1) * SECOND_US);
        }
    }
    source_succeeded(collector_of[0], source_at(0), 1);
    source_throttled(collector_of[0], source_at(0), 10, &broken);
    waits_for(0, 10 * SECOND_US);
}

static void a_success_of_one_ends_no_pause_of_another(void **state)
{
    (void)state;
    source_throttled(collector_of[0], source_at(0), 600, &broken);
    source_succeeded(collector_of[1], &collector_of[1]->sources[0], 1); /* it was under way */
    source_look(collector_of[1], &collector_of[1]->sources[0]);
    waits_for(1, 600 * SECOND_US);
}

static void a_pause_is_by_the_clock_that_counts_on(void **state)
{
    (void)state;
    source_throttled(collector_of[0], source_at(0), 600, &broken);
    wall_clock_step(-HOUR_US);
    time_read();
    waits_for(0, 600 * SECOND_US);
    wall_clock_step(2 * HOUR_US);
    time_read();
    waits_for(0, 600 * SECOND_US);
}

static void other_collectors_leave_it_alone_too(void **state)
{
    (void)state;
    fails(5);
    source_look(collector_of[1], &collector_of[1]->sources[0]);
    waits_for(1, first.patience.least.us);
    struct collector_state shown;
    source_fill_state(collector_of[1], &collector_of[1]->sources[0], &shown);
    assert_int_equal(shown.state, SOURCE_IS_SHUT);
    assert_int_equal(shown.until.us, BEGIN_US + first.patience.least.us);
    assert_string_equal(shown.last_fault, broken.sentence);
}

static void a_pause_that_begins_in_the_future_counts_for_nobody_else(void **state)
{
    (void)state;
    source_throttled(collector_of[0], source_at(0), 600, &broken);
    wall_clock_step(-DAY_US); /* nobody can say how long it would last */
    time_read();
    source_look(collector_of[1], &collector_of[1]->sources[0]);
    is_asked(1, true);
}

static void the_better_source_is_waited_for_while_it_is_busy(void **state)
{
    (void)state;
    duration wait;
    assert_ptr_equal(source_pick(collector_of[0], some, 0, &wait), source_at(0));
    source_at(0)->in_flight = 2;
    assert_null(source_pick(collector_of[0], some, 0, &wait));
    assert_int_equal(wait.us, 0);
    source_at(0)->in_flight = 0;
    fails(5);
    assert_ptr_equal(source_pick(collector_of[0], some, 0, &wait), source_at(1));
    source_throttled(collector_of[0], source_at(1), 60, &broken);
    assert_null(source_pick(collector_of[0], some, 0, &wait));
    assert_int_equal(wait.us, 60 * SECOND_US);
}

static void concurrency_is_a_bound(void **state)
{
    (void)state;
    source_at(0)->is.concurrency = 1;
    is_asked(0, true);
    source_at(0)->in_flight = 1;
    is_asked(0, false);
}

SET_UP_ON_BOTH

int main(void)
{
    struct CMUnitTest tests[] = {
        ON_BOTH(five_failures_in_a_row_open_the_breaker),
        ON_BOTH(half_open_it_lets_one_through),
        ON_BOTH(each_opening_lasts_longer_up_to_an_hour),
        ON_BOTH(answers_under_way_do_not_prolong_it),
        ON_BOTH(retry_after_is_kept_to),
        ON_BOTH(one_that_throttles_again_and_again_is_left_alone_for_longer),
        ON_BOTH(a_success_of_one_ends_no_pause_of_another),
        ON_BOTH(a_pause_is_by_the_clock_that_counts_on),
        ON_BOTH(other_collectors_leave_it_alone_too),
        ON_BOTH(a_pause_that_begins_in_the_future_counts_for_nobody_else),
        ON_BOTH(the_better_source_is_waited_for_while_it_is_busy),
        ON_BOTH(concurrency_is_a_bound),
    };
    return place_run(tests, LENGTH_OF(tests), set_up_on_server, NULL);
}
