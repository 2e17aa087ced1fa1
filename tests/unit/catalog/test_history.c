#include "base/secret.h"
#include "catalog/history.h"
#include "catalog/store.h"
#include "support/catalogue_place.h"
#include "support/made_ranking.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define NOW_US INT64_C(1795373319000001)
#define QUEUE 4

static instant now(void *owner)
{
    (void)owner;
    return (instant){NOW_US};
}

static duration elapsed(void *owner)
{
    (void)owner;
    return (duration){0};
}

static const struct time_source fixed_time = {.now = now, .elapsed = elapsed};

static const char *path;
static struct arena arena;
static struct pool *pool;
static struct history *history;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static unsigned wakes;
static const struct list_key list = {.country = 3};

static void publish(size_t count, int64_t captured_us)
{
    struct store *store;
    struct reason reason = {0};
    int64_t id;
    struct ranking ranking = made_ranking(&arena, list, count, 1);
    ranking.captured_at.us = captured_us;
    assert_int_equal(store_open(text_of(path), &fixed_time, &store, &reason), STATUS_OK);
    assert_int_equal(store_publish(store, &ranking, &id, &reason), STATUS_OK);
    store_close(store);
}

static int set_up(void **state)
{
    (void)state;
    wakes = 0;
    path = place_take();
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    pool = pool_open(1, QUEUE);
    assert_non_null(pool);
    struct history_options options = {
        .database_path = text_of(path), .pool = pool, .time = &fixed_time};
    struct reason reason = {0};
    assert_int_equal(history_open(&options, &history, &reason), STATUS_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    pool_close(pool);
    history_close(history);
    arena_finish(&arena);
    place_release();
    return 0;
}

SET_UP_ON_BOTH

static void wake(struct history_look *look)
{
    (void)look;
    check(pthread_mutex_lock(&lock) == 0);
    wakes++;
    check(pthread_cond_broadcast(&woken) == 0);
    check(pthread_mutex_unlock(&lock) == 0);
}

static void wait_for(unsigned count)
{
    check(pthread_mutex_lock(&lock) == 0);
    while (wakes < count)
        check(pthread_cond_wait(&woken, &lock) == 0);
    check(pthread_mutex_unlock(&lock) == 0);
}

static void ask(struct history_look *look)
{
    unsigned before = wakes;
    look->list = list;
    look->wake = wake;
    assert_int_equal(history_find(history, look), STATUS_BUSY);
    wait_for(before + 1);
}

/* A job that keeps the pool's thread until the lock is free. */
static void stand_still(struct pool_job *job)
{
    (void)job;
    check(pthread_mutex_lock(&lock) == 0);
    check(pthread_mutex_unlock(&lock) == 0);
}

static void questions_past_the_bound_are_refused(void **state)
{
    (void)state;
    struct history_look looks[2 * QUEUE] = {0};
    struct pool_job job = {.run = stand_still};
    unsigned taken = 0;
    check(pthread_mutex_lock(&lock) == 0);
    assert_int_equal(pool_submit(pool, &job), STATUS_OK);
    for (size_t i = 0; i < LENGTH_OF(looks); i++) {
        looks[i] = (struct history_look){.kind = HISTORY_MOVERS, .list = list, .wake = wake};
        enum status status = history_find(history, &looks[i]);
        assert_true(status == STATUS_BUSY || status == STATUS_EXHAUSTED);
        taken += status == STATUS_BUSY;
    }
    check(pthread_mutex_unlock(&lock) == 0);
    assert_in_range(taken, QUEUE - 1, QUEUE);
    wait_for(taken);
    for (size_t i = 0; i < taken; i++)
        assert_int_equal(looks[i].outcome, STATUS_MISSING);
}

static void a_list_that_was_never_captured_is_missing(void **state)
{
    (void)state;
    struct history_look look = {.kind = HISTORY_OF_HASHTAG, .hashtag_name = TEXT("prom")};
    ask(&look);
    assert_int_equal(look.outcome, STATUS_MISSING);
    assert_null(look.page);
}

static void nothing_to_tell_is_an_empty_page(void **state)
{
    (void)state;
    publish(10, 1000);
    struct history_look looks[] = {{.kind = HISTORY_OF_HASHTAG, .hashtag_name = TEXT("prom")},
                                   {.kind = HISTORY_MOVERS, .since_us = -1}};
    for (size_t i = 0; i < LENGTH_OF(looks); i++) {
        ask(&looks[i]);
        assert_int_equal(looks[i].outcome, STATUS_OK);
        assert_int_equal(looks[i].page->item_count, 0);
        assert_true(looks[i].page->captured_at.us == 1000);
        catalog_page_release(looks[i].page);
    }
}

/* Everything at its bound fits: two lists of the most hashtags, none of which is in both. */
static void the_largest_lists_are_compared(void **state)
{
    (void)state;
    publish(RANKING_HASHTAGS_MAX, 1000);
    struct ranking other = made_ranking(&arena, list, RANKING_HASHTAGS_MAX, 2);
    struct store *store;
    struct reason reason = {0};
    int64_t id;
    assert_int_equal(store_open(text_of(path), &fixed_time, &store, &reason), STATUS_OK);
    assert_int_equal(store_publish(store, &other, &id, &reason), STATUS_OK);
    store_close(store);
    struct history_look look = {.kind = HISTORY_MOVERS, .since_us = -1, .compressed = true};
    ask(&look);
    assert_int_equal(look.outcome, STATUS_OK);
    assert_int_equal(look.page->item_count, 2 * RANKING_HASHTAGS_MAX);
    assert_true(look.page->deflated.length > 0);
    catalog_page_release(look.page);
}

static int start(void **state)
{
    (void)state;
    secret_start();
    return 0;
}

int main(void)
{
    struct CMUnitTest tests[] = {
        ON_BOTH(questions_past_the_bound_are_refused),
        ON_BOTH(a_list_that_was_never_captured_is_missing),
        ON_BOTH(nothing_to_tell_is_an_empty_page),
        ON_BOTH(the_largest_lists_are_compared),
    };
    return place_run(tests, LENGTH_OF(tests), set_up_on_server, start);
}
