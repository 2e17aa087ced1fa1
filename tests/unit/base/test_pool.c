#include "base/pool.h"
#include "support/unit.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>

#define JOBS 100

/* A job that holds its thread until it is let go. */
struct gate {
    struct pool_job job; /* first */
    sem_t entered, opened;
};

static void gate_run(struct pool_job *job)
{
    struct gate *gate = CONTAINER_OF(job, struct gate, job);
    check(sem_post(&gate->entered) == 0);
    check(sem_wait(&gate->opened) == 0);
}

static void gate_init(struct gate *gate)
{
    gate->job = (struct pool_job){.run = gate_run};
    assert_int_equal(sem_init(&gate->entered, 0, 0), 0);
    assert_int_equal(sem_init(&gate->opened, 0, 0), 0);
}

/* Returns when the gate holds a thread of the pool. */
static void gate_submit(struct gate *gate, struct pool *pool)
{
    assert_int_equal(pool_submit(pool, &gate->job), STATUS_OK);
    assert_int_equal(sem_wait(&gate->entered), 0);
}

struct numbered {
    struct pool_job job;
    int number;
};

static int order[JOBS];
static atomic_int run_count;

static void numbered_run(struct pool_job *job)
{
    int place = atomic_fetch_add(&run_count, 1);
    order[place] = CONTAINER_OF(job, struct numbered, job)->number;
}

static struct numbered jobs[JOBS];

static int set_up(void **state)
{
    (void)state;
    atomic_store(&run_count, 0);
    for (int i = 0; i < JOBS; i++)
        jobs[i] = (struct numbered){{.run = numbered_run}, i};
    return 0;
}

static void one_thread_keeps_the_order(void **state)
{
    (void)state;
    struct pool *pool = pool_open(1, JOBS);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(pool_submit(pool, &jobs[i].job), STATUS_OK);
    pool_close(pool);
    assert_int_equal(atomic_load(&run_count), JOBS);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(order[i], i);
}

static void a_full_queue_refuses_and_forgets(void **state)
{
    (void)state;
    struct gate gate;
    gate_init(&gate);
    struct pool *pool = pool_open(1, 3);
    gate_submit(&gate, pool); /* runs, so it does not wait */
    for (int i = 0; i < 3; i++)
        assert_int_equal(pool_submit(pool, &jobs[i].job), STATUS_OK);
    jobs[3].job.next = &jobs[9].job;
    assert_int_equal(pool_submit(pool, &jobs[3].job), STATUS_EXHAUSTED);
    assert_ptr_equal(jobs[3].job.next, &jobs[9].job); /* untouched */
    assert_int_equal(sem_post(&gate.opened), 0);
    pool_close(pool);
    assert_int_equal(atomic_load(&run_count), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(order[i], i);
}

static void close_runs_what_was_submitted(void **state)
{
    (void)state;
    struct gate gates[2];
    struct pool *pool = pool_open(2, JOBS);
    for (int i = 0; i < 2; i++) {
        gate_init(&gates[i]);
        gate_submit(&gates[i], pool);
    }
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(pool_submit(pool, &jobs[i].job), STATUS_OK);
    assert_int_equal(atomic_load(&run_count), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(sem_post(&gates[i].opened), 0);
    pool_close(pool);
    assert_int_equal(atomic_load(&run_count), JOBS);
    bool seen[JOBS] = {false};
    for (int i = 0; i < JOBS; i++)
        seen[order[i]] = true;
    for (int i = 0; i < JOBS; i++)
        assert_true(seen[i]);
}

/* Two gates are inside at once: only two threads can do that. */
static void threads_run_side_by_side(void **state)
{
    (void)state;
    struct gate gates[4];
    struct pool *pool = pool_open(4, 4);
    for (int i = 0; i < 4; i++) {
        gate_init(&gates[i]);
        gate_submit(&gates[i], pool);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(sem_post(&gates[i].opened), 0);
    pool_close(pool);
}

static void freed_run(struct pool_job *job)
{
    atomic_fetch_add(&run_count, 1);
    free(job);
}

struct submitter {
    struct pool *pool;
    int refused;
};

static void *submit_many(void *owner)
{
    struct submitter *submitter = owner;
    for (int i = 0; i < 500; i++) {
        struct pool_job *job = memory_take_zeroed(1, sizeof(*job));
        job->run = freed_run;
        if (pool_submit(submitter->pool, job) != STATUS_OK) {
            submitter->refused++;
            free(job);
        }
    }
    return NULL;
}

static void jobs_may_free_themselves(void **state)
{
    (void)state;
    struct pool *pool = pool_open(3, 50);
    struct submitter submitters[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        submitters[i] = (struct submitter){pool, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, submit_many, &submitters[i]), 0);
    }
    int refused = 0;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        refused += submitters[i].refused;
    }
    pool_close(pool);
    assert_int_equal(atomic_load(&run_count) + refused, 4 * 500);
}

static struct pool *resubmitting_pool;

static void resubmit_run(struct pool_job *job)
{
    if (atomic_fetch_add(&run_count, 1) < 20)
        check(pool_submit(resubmitting_pool, job) == STATUS_OK);
}

static void a_job_may_submit_itself_again(void **state)
{
    (void)state;
    struct pool_job job = {.run = resubmit_run};
    resubmitting_pool = pool_open(1, 1);
    assert_int_equal(pool_submit(resubmitting_pool, &job), STATUS_OK);
    pool_close(resubmitting_pool);
    assert_int_equal(atomic_load(&run_count), 21);
}

static void close_of_nothing_is_fine(void **state)
{
    (void)state;
    pool_close(NULL);
    pool_close(pool_open(64, 0));
}

/* How many threads the system still has. */
static unsigned threads_left = UINT32_MAX;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument)
{
    if (threads_left == 0)
        return EAGAIN;
    threads_left--;
    return __real_pthread_create(thread, attributes, run, argument);
}

static void a_system_without_threads_gives_no_pool(void **state)
{
    (void)state;
    for (unsigned left = 0; left < 3; left++) {
        threads_left = left;
        assert_null(pool_open(3, 1));
        assert_int_equal(threads_left, 0);
    }
    threads_left = UINT32_MAX;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_thread_keeps_the_order, set_up),
        cmocka_unit_test_setup(a_full_queue_refuses_and_forgets, set_up),
        cmocka_unit_test_setup(close_runs_what_was_submitted, set_up),
        cmocka_unit_test_setup(threads_run_side_by_side, set_up),
        cmocka_unit_test_setup(jobs_may_free_themselves, set_up),
        cmocka_unit_test_setup(a_job_may_submit_itself_again, set_up),
        cmocka_unit_test(close_of_nothing_is_fine),
        cmocka_unit_test(a_system_without_threads_gives_no_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
