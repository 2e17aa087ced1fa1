/* catalog_harness: a catalogue in a place of its own, another connection that publishes there, and
 * callers who wait. Owned by one test at a time; what may be called from any thread says so. */
#pragma once

#include "catalog/catalog.h"
#include "catalog/store.h"
#include "catalog/view.h"
#include "support/catalogue_place.h"
#include "support/made_ranking.h"

#include <semaphore.h>
#include <stdatomic.h>

#define TODAY INT64_C(20779) /* 2026-11-22; the clock begins at its 00:00 UTC */
#define WIDE_CACHE ((size_t)64 * 1024 * 1024)

extern atomic_llong wall_us; /* the clock */
extern struct arena arena;
extern struct pool *pool;
extern struct pool *poll_pool; /* NULL: the same; a test that sets it closes it */
extern struct catalog *catalog;

/* Views rendered since harness_set_up, and what each took last, by list_key_index: the linker
 * leads calls of view_render through the harness. */
extern atomic_size_t renders;
extern atomic_size_t rendered_bytes[LIST_COUNT];
struct view *__real_view_render(const struct ranking *ranking, struct list_key list,
                                bool new_only, int64_t snapshot_id);

/* For cmocka: an empty store in a file or on a server, no catalogue yet; all is gone afterwards. */
int harness_set_up_in_file(void **state);
int harness_set_up_on_server(void **state);
int harness_tear_down(void **state);

#define CATALOG_TEST(name)                                                                     \
    cmocka_unit_test_setup_teardown(name, harness_set_up_in_file, harness_tear_down),          \
    {                                                                                          \
#name "_on_postgres", name, harness_set_up_on_server, harness_tear_down, NULL          \
    }
int harness_run(struct CMUnitTest *tests, size_t count);

void catalog_begin(unsigned threads, size_t queue, size_t cache_bytes, bool has_samples);
void catalog_end(void);

/* SQL run past the store, as another hand would. */
void execute(const char *sql);

/* Locks the store against everyone, as another process would. */
struct db *file_hold(void);
void file_release(struct db *holder);

/* A made_ranking from "import", captured so many days before TODAY; returns its id. */
int64_t publish(struct list_key list, size_t count, unsigned seed, int days_ago);
int64_t publish_from(struct text source, struct list_key list, size_t count, unsigned seed,
                     int days_ago);

struct caller {
    struct catalog_waiter waiter;
    sem_t woken;
    atomic_int wakes;
};
void caller_init(struct caller *caller);
void caller_await(struct caller *caller);

/* catalog_find to its end; *waited tells whether the page was cold. Any thread. */
enum status find_telling(const struct page_request *request, const struct catalog_page **page,
                         bool *waited);
enum status find(const struct page_request *request, const struct catalog_page **page);

/* The id of the hashtag that page 1 begins with; -1 where there is no list. */
int64_t first_id(struct list_key list);

/* A job that holds a thread of the pool from gate_close to gate_open. */
struct gate {
    struct pool_job job;
    sem_t entered, opened, left;
};
void gate_close(struct gate *gate);
void gate_open(struct gate *gate);

/* For a pool of one thread, in which all that was submitted before has then ended. */
void poll_to_its_end(void);
