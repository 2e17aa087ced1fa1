#include "catalog/catalog.h"

#include "base/log.h"
#include "catalog/newest.h"
#include "catalog/sample.h"
#include "catalog/view.h"

#include <pthread.h>

#define PAGES 10
#define LIMITS 100

/* Another process's lock must not stall readers long; one that outlives so many looks is a
 * fault. */
#define BUSY_WAIT_MS 1000
#define BUSY_LOOKS_MAX 10

/* A server that stands still is waited for by whoever looks, and by who ends the process. */
#define ANSWER_MS 6000

/* What is kept and who waits for one list under one filter. */
struct slot {
    struct catalog *catalog;
    struct list_key list;
    bool new_only;
    struct view *view;                       /* NULL while cold */
    const struct catalog_page **rows[PAGES]; /* by page, then by limit; NULL until used */
    size_t bytes;                            /* of view, rows and pages */
    bool is_being_made;
    struct catalog_waiter *first_waiter, **last_link; /* in the order in which they came */
    struct slot *newer, *older;                       /* among the warm slots, by last use */
    struct pool_job job;
};

struct catalog {
    struct catalog_options options;
    pthread_mutex_t lock;              /* of all below but the store */
    struct slot *slots[LIST_COUNT][2]; /* by list and filter; made when first asked for */
    struct slot *newest_used, *oldest_used;
    size_t bytes;
    size_t waiting;
    struct newest_index index;
    bool is_polling;
    unsigned busy_looks; /* one after the other */
    enum status health;
    struct reason health_reason;
    struct pool_job poll_job;

    pthread_mutex_t store_lock; /* never taken with lock held */
    struct store *store;
};

static void lock(struct catalog *catalog)
{
    check(pthread_mutex_lock(&catalog->lock) == 0);
}

static void unlock(struct catalog *catalog)
{
    check(pthread_mutex_unlock(&catalog->lock) == 0);
}

/* ---- Which snapshot counts ---- */

/* The store is read without the catalogue's lock, so that no caller waits for the disk; who
 * looks meanwhile waits for the first look's end, and sees what it saw. */
static enum status index_refresh(struct catalog *catalog, struct reason *reason)
{
    struct newest_found found = {0};
    check(pthread_mutex_lock(&catalog->store_lock) == 0);
    enum status status = store_visit(catalog->store, catalog->index.last_snapshot_id,
                                     newest_collect, &found, reason);
    lock(catalog);
    for (size_t i = 0; status == STATUS_OK && i < found.count; i++)
        newest_add(&catalog->index, &found.entries[i]);
    catalog->busy_looks = status == STATUS_BUSY ? catalog->busy_looks + 1 : 0;
    if (status != STATUS_BUSY || catalog->busy_looks >= BUSY_LOOKS_MAX) {
        catalog->health = status;
        catalog->health_reason = *reason;
    }
    unlock(catalog);
    check(pthread_mutex_unlock(&catalog->store_lock) == 0);
    free(found.entries);
    return status;
}

void catalog_look(struct catalog *catalog)
{
    struct reason reason = {0};
    enum status before = catalog_health(catalog, &reason);
    (void)index_refresh(catalog, &reason); /* the health says it */
    enum status after = catalog_health(catalog, &reason);
    if (after != STATUS_OK && before == STATUS_OK)
        log_line(LOG_ERROR, "catalog", "the store does not answer: %s", reason.sentence);
    if (after == STATUS_OK && before != STATUS_OK)
        log_line(LOG_INFO, "catalog", "the store answers again");
}

static void poll_run(struct pool_job *job)
{
    struct catalog *catalog = CONTAINER_OF(job, struct catalog, poll_job);
    catalog_look(catalog);
    lock(catalog);
    catalog->is_polling = false;
    unlock(catalog);
}

void catalog_poll(struct catalog *catalog)
{
    lock(catalog);
    bool starts = !catalog->is_polling;
    catalog->is_polling = true;
    unlock(catalog);
    if (!starts || pool_submit(catalog->options.poll_pool, &catalog->poll_job) == STATUS_OK)
        return;
    lock(catalog);
    catalog->is_polling = false;
    unlock(catalog);
}

enum status catalog_health(struct catalog *catalog, struct reason *reason)
{
    lock(catalog);
    enum status status = catalog->health;
    if (status != STATUS_OK)
        *reason = catalog->health_reason;
    unlock(catalog);
    return status;
}

/* What the list is served from: captured, else the sample, else none (id 0). */
static struct newest newest_of(const struct catalog *catalog, struct list_key list)
{
    struct newest newest = newest_find(&catalog->index, list);
    if (newest.snapshot_id != 0 || !catalog->options.sample_enabled)
        return newest;
    return newest_sample(time_about(catalog->options.time));
}

size_t catalog_entries(struct catalog *catalog, struct catalog_entry *entries)
{
    size_t count = 0;
    lock(catalog);
    for (size_t i = 0; i < LIST_COUNT; i++) {
        struct list_key list = list_key_of_index(i);
        struct newest newest = newest_of(catalog, list);
        bool is_own = newest.snapshot_id > 0 && newest.list.industry == list.industry;
        if (is_own || (newest.snapshot_id != 0 && list.industry == INDUSTRY_ALL))
            entries[count++] = (struct catalog_entry){list, newest.captured_at, newest.as_of,
                                                      newest.source, newest.is_short};
    }
    unlock(catalog);
    return count;
}

size_t catalog_cache_bytes(struct catalog *catalog)
{
    lock(catalog);
    size_t bytes = catalog->bytes;
    unlock(catalog);
    return bytes;
}

/* What a request is answered from: the snapshot that it names, else the one that counts. */
static struct newest snapshot_wanted(const struct catalog *catalog,
                                     const struct page_request *request)
{
    return request->snapshot_id ? (struct newest){.snapshot_id = request->snapshot_id}
                                : newest_of(catalog, request->list);
}

/* ---- What is kept ---- */

static void used_unlink(struct catalog *catalog, struct slot *slot)
{
    *(slot->newer ? &slot->newer->older : &catalog->newest_used) = slot->older;
    *(slot->older ? &slot->older->newer : &catalog->oldest_used) = slot->newer;
    slot->newer = slot->older = NULL;
}

static void used_link(struct catalog *catalog, struct slot *slot)
{
    slot->older = catalog->newest_used;
    *(slot->older ? &slot->older->newer : &catalog->oldest_used) = slot;
    catalog->newest_used = slot;
}

static void used_touch(struct catalog *catalog, struct slot *slot)
{
    if (catalog->newest_used == slot)
        return;
    used_unlink(catalog, slot);
    used_link(catalog, slot);
}

/* Shares that callers hold live on; only the catalogue's are given back. */
static void slot_cool(struct slot *slot)
{
    struct catalog *catalog = slot->catalog;
    if (!slot->view)
        return;
    for (size_t page = 0; page < PAGES; page++) {
        for (size_t limit = 0; slot->rows[page] && limit < LIMITS; limit++)
            catalog_page_release(slot->rows[page][limit]);
        free(slot->rows[page]);
        slot->rows[page] = NULL;
    }
    view_release(slot->view);
    slot->view = NULL;
    catalog->bytes -= slot->bytes;
    slot->bytes = 0;
    used_unlink(catalog, slot);
}

static void slot_grow(struct slot *slot, size_t bytes)
{
    slot->bytes += bytes;
    slot->catalog->bytes += bytes;
}

static void slot_warm(struct slot *slot, struct view *view)
{
    slot_cool(slot);
    slot->view = view;
    slot_grow(slot, view_bytes(view));
    used_link(slot->catalog, slot);
}

static const struct catalog_page **slot_place(struct slot *slot, unsigned page, unsigned limit)
{
    const struct catalog_page ***row = &slot->rows[page - 1];
    if (!*row) {
        *row = memory_take_zeroed(LIMITS, sizeof(**row));
        slot_grow(slot, LIMITS * sizeof(**row));
    }
    return &(*row)[limit - 1];
}

static void slot_keep(struct slot *slot, const struct page_request *request,
                      const struct catalog_page *page)
{
    const struct catalog_page **place = slot_place(slot, request->page, request->limit);
    if (*place) {
        size_t before = catalog_page_bytes(*place);
        slot->bytes -= before;
        slot->catalog->bytes -= before;
        catalog_page_release(*place);
    }
    *place = page;
    slot_grow(slot, catalog_page_bytes(page));
    catalog_page_take(page);
}

static void catalog_shrink(struct catalog *catalog)
{
    while (catalog->bytes > catalog->options.cache_bytes_max && catalog->oldest_used)
        slot_cool(catalog->oldest_used);
}

/* A share of the page when it is warm and of the snapshot that counts; else NULL. */
static const struct catalog_page *slot_find(const struct slot *slot,
                                            const struct page_request *request,
                                            int64_t snapshot_id)
{
    if (!slot->view || view_snapshot_id(slot->view) != snapshot_id ||
        !slot->rows[request->page - 1])
        return NULL;
    const struct catalog_page *page = slot->rows[request->page - 1][request->limit - 1];
    if (!page || (request->compressed && page->deflated.length == 0))
        return NULL;
    catalog_page_take(page);
    return page;
}

static struct slot *slot_of(struct catalog *catalog, const struct page_request *request)
{
    struct slot **place =
        &catalog->slots[list_key_index(request->list)][request->new_only ? 1 : 0];
    if (!*place) {
        *place = memory_take_zeroed(1, sizeof(**place));
        (*place)->catalog = catalog;
        (*place)->list = request->list;
        (*place)->new_only = request->new_only;
        (*place)->last_link = &(*place)->first_waiter;
    }
    return *place;
}

/* ---- Making, on a pool thread ---- */

static enum status ranking_read(struct catalog *catalog, struct list_key list,
                                int64_t snapshot_id, struct arena *arena,
                                struct ranking *ranking, struct reason *reason)
{
    if (snapshot_id < 0) {
        list.industry = INDUSTRY_ALL;
        return sample_make(list, -snapshot_id, arena, ranking);
    }
    struct stored_snapshot stored = {0};
    check(pthread_mutex_lock(&catalog->store_lock) == 0);
    enum status status = store_fetch(catalog->store, snapshot_id, arena, &stored, reason);
    check(pthread_mutex_unlock(&catalog->store_lock) == 0);
    TRY(status);
    return stored_snapshot_read(&stored, arena, ranking, reason);
}

static enum status view_make(const struct slot *slot, int64_t snapshot_id, struct view **view,
                             struct reason *reason)
{
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    struct ranking ranking;
    enum status status = ranking_read(slot->catalog, slot->list, snapshot_id, &arena, &ranking,
                                      reason);
    if (status != STATUS_OK)
        return status == STATUS_MISSING ? STATUS_CORRUPT : status;
    *view = view_render(&ranking, slot->list, slot->new_only, snapshot_id);
    return STATUS_OK;
}

/* is_being_made keeps every other thread from the slot's view, so it may be read without the
 * lock. *wanted: the snapshot that the page is made of, or was to be. */
static enum status page_try(struct slot *slot, const struct page_request *request,
                            struct newest *wanted, const struct catalog_page **page,
                            struct reason *reason)
{
    struct catalog *catalog = slot->catalog;
    lock(catalog);
    *wanted = snapshot_wanted(catalog, request);
    *page = slot_find(slot, request, wanted->snapshot_id);
    struct view *view = slot->view;
    bool is_current = view && view_snapshot_id(view) == wanted->snapshot_id;
    if (is_current && !*page)
        view_take(view);
    unlock(catalog);
    if (*page)
        return STATUS_OK;
    if (wanted->snapshot_id == 0)
        return STATUS_MISSING;
    if (!is_current)
        TRY(view_make(slot, wanted->snapshot_id, &view, reason));
    *page = view_page_make(view, request->page, request->limit, request->compressed);
    lock(catalog);
    if (slot->view != view)
        slot_warm(slot, view_take(view));
    slot_keep(slot, request, *page);
    used_touch(catalog, slot);
    catalog_shrink(catalog);
    unlock(catalog);
    view_release(view);
    return STATUS_OK;
}

/* Has what came before a damaged snapshot count; false: there is nothing. */
static bool fall_back(struct catalog *catalog, const struct newest *damaged)
{
    struct snapshot_entry before;
    check(pthread_mutex_lock(&catalog->store_lock) == 0);
    enum status status = store_find_before(catalog->store, damaged->list, damaged->captured_at,
                                           damaged->snapshot_id, &before, NULL);
    check(pthread_mutex_unlock(&catalog->store_lock) == 0);
    if (status != STATUS_OK && status != STATUS_MISSING)
        return false;
    lock(catalog);
    bool gave_way = newest_give_way(&catalog->index, damaged,
                                    status == STATUS_OK ? &before : NULL);
    unlock(catalog);
    return gave_way;
}

/* The page that one waiter asked for, made unless another made it meanwhile. A replay is
 * answered from its own snapshot or not at all. */
static enum status page_make(struct slot *slot, const struct page_request *request,
                             const struct catalog_page **page)
{
    for (;;) {
        struct newest wanted;
        struct reason reason = {0};
        enum status status = page_try(slot, request, &wanted, page, &reason);
        if (status == STATUS_OK || status == STATUS_MISSING)
            return status;
        bool fell_back = status == STATUS_CORRUPT && request->snapshot_id == 0 &&
                         wanted.snapshot_id > 0 && fall_back(slot->catalog, &wanted);
        log_line(LOG_ERROR, "catalog", "snapshot %lld cannot be served: %s%s",
                 (long long)wanted.snapshot_id, reason.sentence,
                 fell_back ? "; the one before it is served instead" : "");
        if (!fell_back)
            return status;
    }
}

static struct catalog_waiter *waiter_next(struct slot *slot)
{
    struct catalog *catalog = slot->catalog;
    lock(catalog);
    struct catalog_waiter *waiter = slot->first_waiter;
    if (waiter) {
        slot->first_waiter = waiter->next;
        if (!slot->first_waiter)
            slot->last_link = &slot->first_waiter;
        catalog->waiting--;
    } else {
        slot->is_being_made = false;
    }
    unlock(catalog);
    return waiter;
}

static void slot_serve(struct pool_job *job)
{
    struct slot *slot = CONTAINER_OF(job, struct slot, job);
    struct catalog_waiter *waiter;
    while ((waiter = waiter_next(slot))) {
        waiter->outcome = page_make(slot, &waiter->request, &waiter->page);
        waiter->wake(waiter);
    }
}

enum status catalog_find(struct catalog *catalog, const struct page_request *request,
                         struct catalog_waiter *waiter, const struct catalog_page **page)
{
    enum status status = STATUS_BUSY;
    lock(catalog);
    struct slot *slot = slot_of(catalog, request);
    int64_t snapshot_id = snapshot_wanted(catalog, request).snapshot_id;
    const struct catalog_page *warm = slot_find(slot, request, snapshot_id);
    if (warm) {
        used_touch(catalog, slot);
        *page = warm;
        status = STATUS_OK;
    } else if (snapshot_id == 0) {
        status = STATUS_MISSING;
    } else if (catalog->waiting >= CATALOG_WAITERS_MAX) {
        status = STATUS_EXHAUSTED;
    } else if (!slot->is_being_made) {
        slot->job.run = slot_serve;
        status = pool_submit(catalog->options.pool, &slot->job) == STATUS_OK ? STATUS_BUSY
                                                                             : STATUS_EXHAUSTED;
        slot->is_being_made = status == STATUS_BUSY;
    }
    if (status == STATUS_BUSY) {
        waiter->request = *request;
        waiter->page = NULL;
        waiter->next = NULL;
        *slot->last_link = waiter;
        slot->last_link = &waiter->next;
        catalog->waiting++;
    }
    unlock(catalog);
    return status;
}

/* ---- Opening and closing ---- */

enum status catalog_open(const struct catalog_options *options, struct catalog **opened,
                         struct reason *reason)
{
    struct store *store;
    TRY(store_open(options->database_path, options->time, &store, reason));
    struct catalog *catalog = memory_take_zeroed(1, sizeof(*catalog));
    catalog->options = *options;
    catalog->store = store;
    catalog->poll_job.run = poll_run;
    check(pthread_mutex_init(&catalog->lock, NULL) == 0);
    check(pthread_mutex_init(&catalog->store_lock, NULL) == 0);
    enum status status = index_refresh(catalog, reason);
    if (status == STATUS_OK)
        status = store_wait_at_most(store, BUSY_WAIT_MS, reason);
    if (status != STATUS_OK) {
        catalog_close(catalog);
        return status;
    }
    store_answer_within(store, ANSWER_MS);
    *opened = catalog;
    return STATUS_OK;
}

void catalog_close(struct catalog *catalog)
{
    if (!catalog)
        return;
    for (size_t i = 0; i < LIST_COUNT; i++) {
        for (size_t filter = 0; filter < 2; filter++) {
            struct slot *slot = catalog->slots[i][filter];
            if (slot)
                slot_cool(slot);
            free(slot);
        }
    }
    store_close(catalog->store);
    check(pthread_mutex_destroy(&catalog->lock) == 0);
    check(pthread_mutex_destroy(&catalog->store_lock) == 0);
    free(catalog);
}
