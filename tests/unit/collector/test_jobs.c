#include "collector/jobs.h"
#include "shared_file.h"

#include <pthread.h>

static const struct list_key some = {.country = 3};

static enum status take(unsigned collector, struct list_key list,
                        struct job_hindrance *hindrance)
{
    struct reason reason = {0};
    return job_take(file_of[collector], list, (int64_t)collector + 1, wall_now(), hindrance,
                    &reason);
}

static void takes(unsigned collector, struct list_key list)
{
    struct job_hindrance untouched = {.until = {-1}};
    assert_int_equal(take(collector, list, &untouched), STATUS_OK);
    assert_int_equal(untouched.until.us, -1);
}

static void hinders(unsigned collector, int64_t until_us, bool is_pause)
{
    struct job_hindrance found = {.until = {-1}, .is_pause = !is_pause};
    assert_int_equal(take(collector, some, &found), STATUS_BUSY);
    assert_int_equal(found.until.us, until_us);
    assert_int_equal(found.is_pause, is_pause);
}

static void is_turned_away(unsigned collector, int64_t until_us)
{
    hinders(collector, until_us, false);
}

static void lets_it_rest(unsigned collector, int64_t until_us)
{
    hinders(collector, until_us, true);
}

static void release(unsigned collector, int64_t failures, int64_t pause_us)
{
    struct job_pause pause = {
        failures, wall_now(), {pause_us > 0 ? wall_now().us + pause_us : 0}};
    assert_int_equal(
        job_release(file_of[collector], some, (int64_t)collector + 1, &pause, NULL), STATUS_OK);
}

static void one_collector_has_a_list(void **state)
{
    (void)state;
    takes(0, some);
    is_turned_away(1, BEGIN_US + JOB_LEASE_US);
    takes(1, (struct list_key){.country = 4});
    takes(1, (struct list_key){.country = 3, .period = 1});
    release(0, 0, 0);
    takes(1, some);
    is_turned_away(0, BEGIN_US + JOB_LEASE_US);
}

static void a_lease_is_renewed(void **state)
{
    (void)state;
    takes(0, some);
    pass_by(JOB_LEASE_US - 1);
    takes(0, some);
    pass_by(JOB_LEASE_US - 1);
    is_turned_away(1, wall_now().us + 1);
}

static void a_dead_collector_loses_its_lease(void **state)
{
    (void)state;
    takes(0, some);
    pass_by(JOB_LEASE_US - 1);
    is_turned_away(1, BEGIN_US + JOB_LEASE_US);
    pass_by(1);
    takes(1, some);
    is_turned_away(0, wall_now().us + JOB_LEASE_US); /* it was not dead after all */
}

static void who_lost_a_lease_gives_back_nothing(void **state)
{
    (void)state;
    takes(0, some);
    pass_by(JOB_LEASE_US);
    takes(1, some);
    release(0, 7, HOUR_US);
    is_turned_away(0, wall_now().us + JOB_LEASE_US);
    release(1, 0, 0);
    takes(0, some); /* no pause was written by who had lost it */
}

static void a_list_that_rests_is_left_alone_by_all(void **state)
{
    (void)state;
    takes(0, some);
    release(0, 1, HOUR_US);
    lets_it_rest(0, BEGIN_US + HOUR_US);
    lets_it_rest(1, BEGIN_US + HOUR_US);
    pass_by(HOUR_US - 1);
    lets_it_rest(1, BEGIN_US + HOUR_US);
    pass_by(1);
    takes(1, some);
}

static void a_clock_that_was_set_back_holds_nobody_up(void **state)
{
    (void)state;
    takes(0, some);
    wall_clock_step(-DAY_US);
    takes(1, some);
    release(1, 1, 6 * HOUR_US);
    wall_clock_step(-DAY_US);
    takes(0, some);
}

static void who_read_the_clock_a_little_earlier_is_turned_away(void **state)
{
    (void)state;
    takes(0, some);
    wall_clock_step(-SECOND_US);
    is_turned_away(1, BEGIN_US + JOB_LEASE_US); /* further ahead than a lease lasts, and one */
}

struct seen {
    size_t count;
    struct list_key list;
    struct job_pause pause;
};

static void see(void *owner, struct list_key list, const struct job_pause *pause)
{
    struct seen *seen = owner;
    *seen = (struct seen){seen->count + 1, list, *pause};
}

static void what_rests_is_found_after_a_restart(void **state)
{
    (void)state;
    struct seen seen = {0};
    takes(0, some);
    takes(0, (struct list_key){.country = 4});
    release(0, 2, HOUR_US);
    collector_restart(0);
    assert_int_equal(job_visit(file_of[0], see, &seen, NULL), STATUS_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(list_key_index(seen.list), list_key_index(some));
    assert_int_equal(seen.pause.failures, 2);
    assert_int_equal(seen.pause.from.us, BEGIN_US);
    assert_int_equal(seen.pause.not_before.us, BEGIN_US + HOUR_US);
}

static void a_list_of_a_newer_program_is_passed_over(void **state)
{
    (void)state;
    struct seen seen = {0};
    assert_int_equal(
        db_execute(file_of[0],
                   "INSERT INTO collection_job VALUES ('XX', 7, 0, 0, 0, 0, 1, 0, 9),"
                   "('US', 90, 0, 0, 0, 0, 1, 0, 9), ('US', 7, 5, 0, 0, 0, 1, 0, 9)",
                   NULL),
        STATUS_OK);
    assert_int_equal(job_visit(file_of[0], see, &seen, NULL), STATUS_OK);
    assert_int_equal(seen.count, 0);
}

#define RACES 40

struct racer {
    pthread_t thread;
    unsigned collector;
    unsigned won;
};

static pthread_barrier_t start;

static void *race(void *owner)
{
    struct racer *racer = owner;
    for (uint8_t country = 0; country < RACES; country++) {
        struct job_hindrance hindrance;
        (void)pthread_barrier_wait(&start);
        enum status status = take(racer->collector, (struct list_key){.country = country},
                                  &hindrance);
        check(status == STATUS_OK || status == STATUS_BUSY);
        racer->won += status == STATUS_OK;
    }
    return NULL;
}

/* Of lists that were fetched before: their rows are there. */
static void of_two_at_once_one_has_the_list(void **state)
{
    (void)state;
    static const struct job_pause none = {0};
    for (uint8_t country = 0; country < RACES; country++) {
        const struct list_key list = {.country = country};
        takes(0, list);
        assert_int_equal(job_release(file_of[0], list, 1, &none, NULL), STATUS_OK);
    }
    struct racer racers[COLLECTORS] = {{.collector = 0}, {.collector = 1}};
    assert_int_equal(pthread_barrier_init(&start, NULL, COLLECTORS), 0);
    for (unsigned i = 0; i < COLLECTORS; i++)
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    for (unsigned i = 0; i < COLLECTORS; i++)
        assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
    assert_int_equal(racers[0].won + racers[1].won, RACES);
    assert_int_equal(pthread_barrier_destroy(&start), 0);
}

static int set_up(void **state)
{
    return shared_file_set_up(state);
}

static int tear_down(void **state)
{
    return shared_file_tear_down(state);
}

SET_UP_ON_BOTH

int main(void)
{
    struct CMUnitTest tests[] = {
        ON_BOTH(one_collector_has_a_list),
        ON_BOTH(of_two_at_once_one_has_the_list),
        ON_BOTH(a_lease_is_renewed),
        ON_BOTH(a_dead_collector_loses_its_lease),
        ON_BOTH(who_lost_a_lease_gives_back_nothing),
        ON_BOTH(a_list_that_rests_is_left_alone_by_all),
        ON_BOTH(a_clock_that_was_set_back_holds_nobody_up),
        ON_BOTH(who_read_the_clock_a_little_earlier_is_turned_away),
        ON_BOTH(what_rests_is_found_after_a_restart),
        ON_BOTH(a_list_of_a_newer_program_is_passed_over),
    };
    return place_run(tests, LENGTH_OF(tests), set_up_on_server, NULL);
}
