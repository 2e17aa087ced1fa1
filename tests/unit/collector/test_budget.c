#include "collector/budget.h"
#include "shared_file.h"

#include <pthread.h>

#define MINUTE_US (60 * SECOND_US)

static struct budget_limits limits;

static int set_up(void **state)
{
    limits = (struct budget_limits){TEXT("creative-center"), 3, 10};
    return shared_file_set_up(state);
}

/* The request's id. */
static int64_t taken(unsigned collector)
{
    int64_t request = -1;
    duration wait = {-1};
    struct reason reason = {0};
    if (budget_take(file_of[collector], &moved_time, &limits, &request, &wait, &reason) !=
        STATUS_OK)
        fail_msg("%s", reason.sentence);
    assert_true(request > 0);
    assert_int_equal(wait.us, -1); /* untouched */
    return request;
}

static void refused_for(unsigned collector, int64_t us)
{
    int64_t request = -1;
    duration wait = {-1};
    struct reason reason = {0};
    assert_int_equal(
        budget_take(file_of[collector], &moved_time, &limits, &request, &wait, &reason),
        STATUS_EXHAUSTED);
    assert_int_equal(request, -1);
    assert_int_equal(wait.us, us);
    assert_string_not_equal(reason.sentence, "");
}

static void settle(unsigned collector, int64_t request)
{
    assert_int_equal(budget_settle(file_of[collector], &moved_time, request, NULL), STATUS_OK);
}

static int64_t used_today(void)
{
    struct source_fare fare;
    assert_int_equal(budget_read_fare(file_of[0], &moved_time, limits.source, &fare, NULL),
                     STATUS_OK);
    return fare.used_today;
}

static void a_minute_holds_so_many_and_no_more(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        (void)taken(0);
        pass_by(10 * SECOND_US);
    }
    refused_for(0, 30 * SECOND_US);
    pass_by(30 * SECOND_US - 1);
    refused_for(0, 1);
    pass_by(1);
    (void)taken(0);
    refused_for(0, 10 * SECOND_US);
}

static void a_request_counts_from_its_answer_on(void **state)
{
    (void)state;
    int64_t request = taken(0);
    pass_by(50 * SECOND_US);
    settle(0, request);
    (void)taken(0);
    (void)taken(0);
    pass_by(59 * SECOND_US);
    refused_for(0, SECOND_US);
}

static void collectors_share_the_minute(void **state)
{
    (void)state;
    (void)taken(0);
    (void)taken(1);
    (void)taken(0);
    refused_for(1, MINUTE_US);
    refused_for(0, MINUTE_US);
}

static void a_restart_forgets_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        (void)taken(0);
        collector_restart(0);
    }
    refused_for(0, MINUTE_US);
    limits.requests_per_minute = 100;
    limits.daily_budget = 3;
    collector_restart(0);
    refused_for(0, DAY_US);
    assert_int_equal(used_today(), 3);
}

static void a_day_ends_at_midnight(void **state)
{
    (void)state;
    limits.requests_per_minute = 100;
    limits.daily_budget = 2;
    pass_by(DAY_US - 5 * MINUTE_US);
    (void)taken(0);
    (void)taken(1);
    refused_for(0, 5 * MINUTE_US);
    pass_by(5 * MINUTE_US - 1);
    refused_for(1, 1);
    pass_by(1);
    assert_int_equal(used_today(), 0);
    (void)taken(0);
    assert_int_equal(used_today(), 1);
    (void)taken(0);
    refused_for(0, DAY_US);
}

static void a_day_is_entered_once(void **state)
{
    (void)state;
    limits.requests_per_minute = 100;
    limits.daily_budget = 2;
    (void)taken(0);
    (void)taken(0);
    pass_by(HOUR_US);
    wall_clock_step(-2 * HOUR_US); /* the day before: nothing is granted anew */
    refused_for(0, DAY_US + HOUR_US);
    wall_clock_step(2 * HOUR_US);
    refused_for(0, 23 * HOUR_US);
}

static void the_wall_clock_does_not_move_the_minute(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        (void)taken(0);
    pass_by(10 * SECOND_US);
    wall_clock_step(2 * HOUR_US);
    refused_for(0, 50 * SECOND_US);
    wall_clock_step(-4 * HOUR_US);
    refused_for(0, 50 * SECOND_US);
    pass_by(50 * SECOND_US);
    (void)taken(0);
}

static void after_a_boot_the_wall_clock_tells_ages(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        (void)taken(0);
    moved_time.boot = 2;
    pass_by(20 * SECOND_US);
    refused_for(0, 40 * SECOND_US);
    wall_clock_step(-HOUR_US); /* an age below 0 is none: the whole minute is waited for */
    refused_for(0, MINUTE_US);
    wall_clock_step(HOUR_US);
    pass_by(MINUTE_US);
    (void)taken(0);
}

static void requests_of_a_boot_whose_clock_ran_ahead_are_over_after_a_minute(void **state)
{
    (void)state;
    wall_clock_step(2000 * DAY_US);
    for (unsigned i = 0; i < 3; i++)
        (void)taken(0);
    limits.daily_budget = 100;
    moved_time.boot = 2;
    wall_clock_step(-2000 * DAY_US);
    refused_for(0, MINUTE_US);
    pass_by(50 * SECOND_US);
    refused_for(0, 10 * SECOND_US);
    pass_by(10 * SECOND_US);
    (void)taken(0);
}

static void a_day_that_a_wrong_clock_entered_is_no_day(void **state)
{
    (void)state;
    limits.requests_per_minute = 100;
    limits.daily_budget = 3;
    wall_clock_step(2000 * DAY_US);
    (void)taken(0);
    (void)taken(0);
    wall_clock_step(-2000 * DAY_US);
    assert_int_equal(used_today(), 2); /* they were made today, whatever the clock said */
    (void)taken(0);
    refused_for(0, DAY_US);
    pass_by(DAY_US);
    assert_int_equal(used_today(), 0);
    (void)taken(0);
}

static void fare_write(unsigned collector, const struct source_fare *fare)
{
    assert_int_equal(
        budget_write_fare(file_of[collector], &moved_time, limits.source, fare, NULL),
        STATUS_OK);
}

static struct source_fare fare_read(void)
{
    struct source_fare read;
    assert_int_equal(budget_read_fare(file_of[0], &moved_time, limits.source, &read, NULL),
                     STATUS_OK);
    return read;
}

/* The other has not looked at the file since. */
static void a_success_of_another_ends_no_pause(void **state)
{
    (void)state;
    instant now = wall_now();
    fare_write(0, &(struct source_fare){.paused_from = now,
                                        .paused_until = {now.us + 600 * SECOND_US}});
    pass_by(SECOND_US);
    fare_write(1, &(struct source_fare){.succeeded_at = wall_now(), .lists_new = 1});
    assert_int_equal(fare_read().paused_until.us, now.us + 600 * SECOND_US);
    fare_write(1, &(struct source_fare){.paused_from = wall_now(),
                                        .paused_until = {now.us + 60 * SECOND_US}});
    assert_int_equal(fare_read().paused_until.us, now.us + 600 * SECOND_US);
    pass_by(600 * SECOND_US);
    fare_write(1, &(struct source_fare){.succeeded_at = wall_now()});
    assert_int_equal(fare_read().paused_until.us, 0);
}

static void a_success_closes_the_breaker_of_another(void **state)
{
    (void)state;
    instant now = wall_now();
    fare_write(0, &(struct source_fare){
                      .paused_from = now, .paused_until = {now.us + HOUR_US}, .is_shut = true});
    fare_write(1, &(struct source_fare){.succeeded_at = now});
    assert_true(fare_read().is_shut);
    fare_write(1, &(struct source_fare){.succeeded_at = now, .closes_breaker = true});
    assert_false(fare_read().is_shut);
    assert_int_equal(fare_read().paused_until.us, 0);
}

static void lists_of_all_collectors_are_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++)
        fare_write(i % 2, &(struct source_fare){.lists_new = 1});
    assert_int_equal(fare_read().lists, 6);
}

static void sources_are_apart(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        (void)taken(0);
    limits.source = TEXT("business-api");
    (void)taken(0);
    assert_int_equal(used_today(), 1);
}

static void a_budget_of_nothing_grants_nothing(void **state)
{
    (void)state;
    limits.daily_budget = 0;
    refused_for(0, DAY_US);
    assert_int_equal(used_today(), 0);
}

static void what_is_refused_is_not_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        (void)taken(0);
    for (unsigned i = 0; i < 20; i++)
        refused_for(0, MINUTE_US);
    assert_int_equal(used_today(), 3);
    pass_by(MINUTE_US);
    for (unsigned i = 0; i < 3; i++)
        (void)taken(0);
}

static void how_a_source_fares_is_kept(void **state)
{
    (void)state;
    struct source_fare read;
    struct source_fare fare = {.paused_from = {1},
                               .paused_until = {2},
                               .is_shut = true,
                               .lists_new = 4,
                               .succeeded_at = {5},
                               .failed_at = {6},
                               .fault = "it answered HTTP 502"};
    (void)taken(1);
    assert_int_equal(budget_write_fare(file_of[0], &moved_time, limits.source, &fare, NULL),
                     STATUS_OK);
    collector_restart(1);
    assert_int_equal(budget_read_fare(file_of[1], &moved_time, limits.source, &read, NULL),
                     STATUS_OK);
    fare.used_today = 1;
    assert_int_equal(read.used_today, fare.used_today);
    assert_int_equal(read.paused_from.us, fare.paused_from.us);
    assert_int_equal(read.paused_until.us, fare.paused_until.us);
    assert_true(read.is_shut);
    assert_int_equal(read.lists, 4);
    assert_int_equal(read.succeeded_at.us, fare.succeeded_at.us);
    assert_int_equal(read.failed_at.us, fare.failed_at.us);
    assert_string_equal(read.fault, fare.fault);
}

#define RACES 40

struct racer {
    pthread_t thread;
    unsigned collector;
    unsigned granted;
};

static void *race(void *owner)
{
    struct racer *racer = owner;
    for (unsigned i = 0; i < RACES; i++) {
        int64_t request;
        duration wait;
        enum status status = budget_take(file_of[racer->collector], &moved_time, &limits,
                                         &request, &wait, NULL);
        check(status == STATUS_OK || status == STATUS_EXHAUSTED);
        racer->granted += status == STATUS_OK;
    }
    return NULL;
}

static void collectors_at_once_take_no_more(void **state)
{
    (void)state;
    limits.requests_per_minute = limits.daily_budget = RACES;
    struct racer racers[COLLECTORS] = {{.collector = 0}, {.collector = 1}};
    for (unsigned i = 0; i < COLLECTORS; i++)
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (unsigned i = 0; i < COLLECTORS; i++)
        assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
    assert_int_equal(racers[0].granted + racers[1].granted, RACES);
    assert_int_equal(used_today(), RACES);
}

static int tear_down(void **state)
{
    return shared_file_tear_down(state);
}

SET_UP_ON_BOTH

int main(void)
{
    struct CMUnitTest tests[] = {
        ON_BOTH(a_minute_holds_so_many_and_no_more),
        ON_BOTH(a_request_counts_from_its_answer_on),
        ON_BOTH(collectors_share_the_minute),
        ON_BOTH(collectors_at_once_take_no_more),
        ON_BOTH(a_restart_forgets_nothing),
        ON_BOTH(a_day_ends_at_midnight),
        ON_BOTH(a_day_is_entered_once),
        ON_BOTH(the_wall_clock_does_not_move_the_minute),
        ON_BOTH(after_a_boot_the_wall_clock_tells_ages),
        ON_BOTH(requests_of_a_boot_whose_clock_ran_ahead_are_over_after_a_minute),
        ON_BOTH(a_day_that_a_wrong_clock_entered_is_no_day),
        ON_BOTH(a_success_of_another_ends_no_pause),
        ON_BOTH(a_success_closes_the_breaker_of_another),
        ON_BOTH(lists_of_all_collectors_are_counted),
        ON_BOTH(sources_are_apart),
        ON_BOTH(a_budget_of_nothing_grants_nothing),
        ON_BOTH(what_is_refused_is_not_counted),
        ON_BOTH(how_a_source_fares_is_kept),
    };
    return place_run(tests, LENGTH_OF(tests), set_up_on_server, NULL);
}
