#include "catalog/history.h"

#include "base/log.h"
#include "catalog/history_parts.h"
#include "catalog/view.h"

#include <stdatomic.h>

/* Whoever publishes a large file must not stall callers long. */
#define BUSY_WAIT_MS 1000

/* HISTORY_ROWS_MAX rows, or two captures of RANKING_HASHTAGS_MAX, with the longest names. */
#define FOUND_BYTES_MAX ((size_t)8 * 1024 * 1024)

/* The same written down, every letter escaped. */
#define ANSWER_BYTES_MAX ((size_t)32 * 1024 * 1024)

struct history {
    struct history_options options;
    struct store *store; /* of the pool's thread */
    struct pool_job prune_job;
    atomic_bool is_pruning;
    _Atomic int64_t next_prune_us; /* by the clock that never steps */
};

enum status history_open(const struct history_options *options, struct history **opened,
                         struct reason *reason)
{
    struct store *store;
    TRY(store_open(options->database_path, options->time, &store, reason));
    enum status status = store_wait_at_most(store, BUSY_WAIT_MS, reason);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
    struct history *history = memory_take_zeroed(1, sizeof(*history));
    history->options = *options;
    history->store = store;
    atomic_init(&history->is_pruning, false);
    atomic_init(&history->next_prune_us, 0);
    *opened = history;
    return STATUS_OK;
}

void history_close(struct history *history)
{
    if (!history)
        return;
    store_close(history->store);
    free(history);
}

/* ---- Questions, on the pool's thread ---- */

static const struct catalog_page *answer_make(const struct history_look *look,
                                              const struct history_found *found)
{
    struct buffer content;
    buffer_init(&content, ANSWER_BYTES_MAX);
    struct json_writer writer = json_writer_on(&content);
    struct page_facts facts = {.snapshot_id = found->snapshot_id,
                               .captured_at = found->newest.captured_at,
                               .as_of = found->newest.as_of,
                               .source = text_of(found->newest.source),
                               .is_short = found->newest.is_short};
    if (look->kind == HISTORY_OF_HASHTAG) {
        history_write(&writer, look, found);
        facts.item_count = found->row_count;
    } else {
        movers_write(&writer, look, found);
        facts.item_count = movers_count(found);
    }
    const struct catalog_page *page = page_make_whole(&content, &facts, look->compressed);
    buffer_finish(&content);
    return page;
}

/* A replay of what was sampled is sampled for the same day. */
static enum status found_make(struct history *history, const struct history_look *look,
                              struct arena *arena, struct history_found *found,
                              struct reason *reason)
{
    enum status status = STATUS_MISSING;
    if (look->snapshot_id >= 0)
        status = history_read(history->store, look, arena, found, reason);
    if (status != STATUS_MISSING || look->snapshot_id > 0 || !history->options.sample_enabled)
        return status;
    int64_t today = instant_day(time_now(history->options.time));
    return history_sample(look, look->snapshot_id < 0 ? -look->snapshot_id : today, arena,
                          found);
}

static void look_run(struct pool_job *job)
{
    struct history_look *look = CONTAINER_OF(job, struct history_look, job);
    struct arena arena;
    struct history_found found;
    struct reason reason = {0};
    arena_init(&arena, FOUND_BYTES_MAX);
    look->outcome = found_make(look->history, look, &arena, &found, &reason);
    if (look->outcome == STATUS_OK)
        look->page = answer_make(look, &found);
    else if (look->outcome != STATUS_MISSING)
        log_line(LOG_ERROR, "catalog", "a history cannot be read: %s", reason.sentence);
    arena_finish(&arena);
    look->wake(look);
}

enum status history_find(struct history *history, struct history_look *look)
{
    look->history = history;
    look->page = NULL;
    look->job.run = look_run;
    enum status status = pool_submit(history->options.pool, &look->job);
    return status == STATUS_OK ? STATUS_BUSY : status;
}

/* ---- Retention ---- */

static void prune_run(struct pool_job *job)
{
    struct history *history = CONTAINER_OF(job, struct history, prune_job);
    int64_t removed;
    struct reason reason = {0};
    instant from = store_retention_start(time_now(history->options.time),
                                         history->options.retention_days);
    enum status status = store_prune(history->store, from, NULL, &removed, &reason);
    if (status != STATUS_OK)
        log_line(LOG_ERROR, "catalog", "old snapshots cannot be removed: %s", reason.sentence);
    if (removed > 0)
        log_line(LOG_INFO, "catalog", "%lld snapshots older than %lld days are removed",
                 (long long)removed, (long long)history->options.retention_days);
    atomic_store(&history->is_pruning, false);
}

void history_tend(struct history *history)
{
    int64_t elapsed_us = time_elapsed(history->options.time).us;
    if (history->options.retention_days == 0 ||
        elapsed_us < atomic_load(&history->next_prune_us) ||
        atomic_exchange(&history->is_pruning, true))
        return;
    history->prune_job.run = prune_run;
    if (pool_submit(history->options.pool, &history->prune_job) == STATUS_OK)
        atomic_store(&history->next_prune_us, elapsed_us + DAY_US);
    else
        atomic_store(&history->is_pruning, false);
}
