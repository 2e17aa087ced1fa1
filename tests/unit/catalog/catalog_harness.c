#include "unit/catalog/catalog_harness.h"

#include "base/secret.h"
#include "sql/db.h"

#include <sched.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_SECONDS 60 /* far past what any of it takes; then the test is stuck */

struct view *__wrap_view_render(const struct ranking *ranking, struct list_key list,
                                bool new_only, int64_t snapshot_id);

atomic_size_t renders;
atomic_size_t rendered_bytes[LIST_COUNT];

struct view *__wrap_view_render(const struct ranking *ranking, struct list_key list,
                                bool new_only, int64_t snapshot_id)
{
    struct view *view = __real_view_render(ranking, list, new_only, snapshot_id);
    atomic_fetch_add(&renders, 1);
    atomic_store(&rendered_bytes[list_key_index(list)], view_bytes(view));
    return view;
}

/* ---- The catalogue under test, and another connection that publishes ---- */

static const char *path;
atomic_llong wall_us;
struct arena arena;
struct pool *pool;
struct pool *poll_pool;
struct catalog *catalog;
static struct store *publisher;

static instant now(void *owner)
{
    (void)owner;
    return (instant){atomic_load(&wall_us)};
}

static const struct time_source moved_time = {.now = now};

static int harness_set_up(void **state)
{
    (void)state;
    path = place_take();
    atomic_store(&wall_us, TODAY * DAY_US);
    atomic_store(&renders, 0);
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    struct reason reason;
    assert_int_equal(store_open(text_of(path), &moved_time, &publisher, &reason), STATUS_OK);
    return 0;
}

/* The pool goes first: nothing is under way when the catalogue closes. */
void catalog_end(void)
{
    pool_close(pool);
    catalog_close(catalog);
    pool = NULL;
    catalog = NULL;
}

int harness_tear_down(void **state)
{
    (void)state;
    catalog_end();
    store_close(publisher);
    arena_finish(&arena);
    place_release();
    return 0;
}

int harness_set_up_in_file(void **state)
{
    place_kind = DB_SQLITE;
    return harness_set_up(state);
}

int harness_set_up_on_server(void **state)
{
    place_kind = DB_POSTGRES;
    return harness_set_up(state);
}

static int start(void **state)
{
    (void)state;
    secret_start();
    return 0;
}

int harness_run(struct CMUnitTest *tests, size_t count)
{
    return place_run(tests, count, harness_set_up_on_server, start);
}

void catalog_begin(unsigned threads, size_t queue, size_t cache_bytes, bool has_samples)
{
    pool = pool_open(threads, queue);
    struct catalog_options options = {.database_path = text_of(path),
                                      .cache_bytes_max = cache_bytes,
                                      .sample_enabled = has_samples,
                                      .pool = pool,
                                      .poll_pool = poll_pool ? poll_pool : pool,
                                      .time = &moved_time};
    struct reason reason = {0};
    if (catalog_open(&options, &catalog, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
}

static struct db *open_past_store(void)
{
    const struct db_options options = store_db_options(10000);
    struct db *db;
    struct reason reason = {0};
    assert_int_equal(db_open(text_of(path), &options, &db, &reason), STATUS_OK);
    return db;
}

static void run(struct db *db, const char *sql)
{
    struct reason reason = {0};
    if (db_execute(db, sql, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
}

void execute(const char *sql)
{
    struct db *db = open_past_store();
    run(db, sql);
    db_close(db);
}

struct db *file_hold(void)
{
    struct db *db = open_past_store();
    run(db,
        place_kind == DB_SQLITE
            ? "BEGIN EXCLUSIVE"
            : "SET idle_in_transaction_session_timeout = 0; BEGIN; LOCK TABLE snapshot, list"
              " IN ACCESS EXCLUSIVE MODE");
    return db;
}

/* What it had begun ends with it. */
void file_release(struct db *holder)
{
    db_close(holder);
}

int64_t publish_from(struct text source, struct list_key list, size_t count, unsigned seed,
                     int days_ago)
{
    struct ranking ranking = made_ranking(&arena, list, count, seed);
    ranking.captured_at.us = (TODAY - days_ago) * DAY_US;
    ranking.source = source;
    int64_t id;
    struct reason reason = {0};
    if (store_publish(publisher, &ranking, &id, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    return id;
}

int64_t publish(struct list_key list, size_t count, unsigned seed, int days_ago)
{
    return publish_from(TEXT("import"), list, count, seed, days_ago);
}

/* ---- Callers ---- */

static void await(sem_t *semaphore)
{
    struct timespec deadline;
    check(clock_gettime(CLOCK_REALTIME, &deadline) == 0);
    deadline.tv_sec += DEADLINE_SECONDS;
    check(sem_timedwait(semaphore, &deadline) == 0);
}

void caller_await(struct caller *caller)
{
    await(&caller->woken);
}

static void caller_wake(struct catalog_waiter *waiter)
{
    struct caller *caller = CONTAINER_OF(waiter, struct caller, waiter);
    atomic_fetch_add(&caller->wakes, 1);
    check(sem_post(&caller->woken) == 0);
}

void caller_init(struct caller *caller)
{
    *caller = (struct caller){.waiter = {.wake = caller_wake}};
    check(sem_init(&caller->woken, 0, 0) == 0);
}

enum status find_telling(const struct page_request *request, const struct catalog_page **page,
                         bool *waited)
{
    struct caller caller;
    caller_init(&caller);
    *page = NULL;
    enum status status = catalog_find(catalog, request, &caller.waiter, page);
    *waited = status == STATUS_BUSY;
    if (status != STATUS_BUSY)
        return status;
    caller_await(&caller);
    *page = caller.waiter.page;
    return caller.waiter.outcome;
}

enum status find(const struct page_request *request, const struct catalog_page **page)
{
    bool waited;
    return find_telling(request, page, &waited);
}

int64_t first_id(struct list_key list)
{
    struct page_request request = {.list = list, .page = 1, .limit = 20};
    const struct catalog_page *page;
    enum status status = find(&request, &page);
    if (status == STATUS_MISSING)
        return -1;
    assert_int_equal(status, STATUS_OK);
    struct text rest = page->items;
    struct text start = TEXT("{\"hashtag_id\":\"");
    assert_true(text_starts_with(rest, start));
    rest = text_slice(rest, start.length, rest.length);
    int64_t id;
    assert_int_equal(text_read_integer(text_cut(&rest, '"'), &id), STATUS_OK);
    catalog_page_release(page);
    return id;
}

/* ---- Jobs ---- */

static void gate_run(struct pool_job *job)
{
    struct gate *gate = CONTAINER_OF(job, struct gate, job);
    check(sem_post(&gate->entered) == 0);
    await(&gate->opened);
    check(sem_post(&gate->left) == 0);
}

void gate_close(struct gate *gate)
{
    gate->job = (struct pool_job){.run = gate_run};
    check(sem_init(&gate->entered, 0, 0) == 0);
    check(sem_init(&gate->opened, 0, 0) == 0);
    check(sem_init(&gate->left, 0, 0) == 0);
    while (pool_submit(pool, &gate->job) != STATUS_OK) /* until the queue has room */
        check(sched_yield() == 0);
    await(&gate->entered);
}

void gate_open(struct gate *gate)
{
    check(sem_post(&gate->opened) == 0);
    await(&gate->left);
}

void poll_to_its_end(void)
{
    struct gate gate;
    catalog_poll(catalog);
    gate_close(&gate);
    gate_open(&gate);
}
