#include "collector/collector.h"

#include "base/log.h"
#include "base/secret.h"
#include "collector/fetch.h"
#include "collector/watching.h"

#define STORE_BUSY_MS 5000 /* others publish for milliseconds each, and take turns unfairly */
#define ANSWER_MS 6000     /* past that: a server that stands still is given up */
#define LOOKS_PER_POLL 12  /* of the store: four times a second */

static void lock(struct collector *collector)
{
    check(pthread_mutex_lock(&collector->lock) == 0);
}

static void unlock(struct collector *collector)
{
    check(pthread_mutex_unlock(&collector->lock) == 0);
}

/* ---- What is there ---- */

static struct asked_source *short_of(struct collector *collector,
                                     const struct snapshot_entry *entry)
{
    for (size_t i = 0; entry->is_short && i < collector->options.source_count; i++)
        if (strcmp(collector->sources[i].is.source->name, entry->source) == 0)
            return &collector->sources[i];
    return NULL;
}

static void kept_change(struct collector *collector, struct kept_list *kept,
                        const struct snapshot_entry *entry)
{
    if (kept->short_of)
        kept->short_of->state.short_lists--;
    *kept = (struct kept_list){entry->id, entry->captured_at, entry->hashtag_count,
                               short_of(collector, entry)};
    if (kept->short_of)
        kept->short_of->state.short_lists++;
}

static void entry_note(void *owner, const struct snapshot_entry *entry)
{
    struct collector *collector = owner;
    struct kept_list *kept = &collector->kept[list_key_index(entry->list)];
    collector->last_snapshot_id = entry->id;
    collector->is_changed = true;
    if (kept->snapshot_id == 0 || entry->captured_at.us >= kept->captured_at.us)
        kept_change(collector, kept, entry);
    schedule_captured(collector->schedule, entry->list, entry->captured_at);
}

/* Who waits for a list that another process has published. */
static void waiters_of_others_wake(struct collector *collector)
{
    struct collector_waiter *next;
    for (struct collector_waiter *waiter = collector->waiting; waiter; waiter = next) {
        next = waiter->next;
        const struct kept_list *kept = &collector->kept[list_key_index(waiter->list)];
        if (kept->snapshot_id != 0) {
            waiters_wake(collector, waiter->list, STATUS_OK);
            next = collector->waiting; /* others went with it */
        }
    }
}

void collector_look(struct collector *collector)
{
    struct reason reason = {0};
    int64_t before = collector->last_snapshot_id;
    enum status status = store_visit(collector->store, before, entry_note, collector, &reason);
    if (status != STATUS_OK && !collector->is_faulty)
        log_line(LOG_ERROR, "collector", "the store does not answer: %s", reason.sentence);
    collector->is_faulty = status != STATUS_OK;
    if (collector->last_snapshot_id == before)
        return;
    if (collector->options.published)
        collector->options.published(collector->options.owner);
    waiters_of_others_wake(collector);
}

/* ---- Who waits ---- */

static void waiter_wake(struct collector *collector, struct collector_waiter *waiter,
                        enum status outcome)
{
    lock(collector);
    collector->waiter_count--;
    unlock(collector);
    waiter->outcome = outcome;
    waiter->wake(waiter);
}

void waiters_wake(struct collector *collector, struct list_key list, enum status outcome)
{
    struct collector_waiter **link = &collector->waiting;
    while (*link) {
        struct collector_waiter *waiter = *link;
        if (list_key_index(waiter->list) != list_key_index(list)) {
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        waiter_wake(collector, waiter, outcome);
    }
}

static void waiters_expire(struct collector *collector)
{
    struct collector_waiter **link = &collector->waiting;
    while (*link) {
        struct collector_waiter *waiter = *link;
        if (waiter->deadline.us > collector->elapsed.us && !collector->is_ending) {
            link = &waiter->next;
            continue;
        }
        *link = waiter->next;
        waiter_wake(collector, waiter, STATUS_UNAVAILABLE);
    }
}

/* One who asks for a list that is there by now, or that has just failed, need not wait. */
static void waiter_enter(struct collector *collector, struct collector_waiter *waiter)
{
    if (collector->kept[list_key_index(waiter->list)].snapshot_id != 0) {
        waiter_wake(collector, waiter, STATUS_OK);
    } else if (schedule_pauses(collector->schedule, waiter->list, collector->now)) {
        schedule_asked(collector->schedule, waiter->list, collector->now);
        waiter_wake(collector, waiter, STATUS_UNAVAILABLE);
    } else {
        waiter->deadline = (duration){collector->elapsed.us + COLLECTOR_WAIT_US};
        waiter->next = collector->waiting;
        collector->waiting = waiter;
        schedule_awaited(collector->schedule, waiter->list);
        collector->is_changed = true;
    }
}

static void inbox_take(struct collector *collector)
{
    lock(collector);
    struct collector_waiter *waiter = collector->inbox;
    collector->inbox = NULL;
    unlock(collector);
    while (waiter) {
        struct collector_waiter *next = waiter->next;
        waiter_enter(collector, waiter);
        waiter = next;
    }
    if (!atomic_exchange(&collector->has_demand, false))
        return;
    collector->is_changed = true;
    for (size_t i = 0; i < LIST_COUNT; i++)
        if (atomic_exchange(&collector->is_demanded[i], false) && collector->given_by[i])
            schedule_asked(collector->schedule, list_key_of_index(i), collector->now);
}

/* ---- A turn ---- */

size_t collector_left(const struct collector *collector)
{
    return schedule_due(collector->schedule, collector->now) + collector->fetch_count;
}

void collector_note_fault(struct collector *collector, size_t *count,
                          const struct reason *fault)
{
    ++*count;
    if (collector->first_fault.sentence[0] == '\0')
        collector->first_fault = *fault;
}

static void lists_begin(struct collector *collector)
{
    struct list_key list;
    bool is_room = true;
    bool is_early = !collector->is_changed &&
                    (collector->next_at.us == 0 || collector->now.us < collector->next_at.us);
    if (is_early)
        return;
    collector->next_at = (instant){0};
    collector->is_changed = false;
    while (is_room && collector->fetch_count < FETCHES_MAX &&
           schedule_next(collector->schedule, collector->now, &list, &collector->next_at))
        is_room = fetch_begin(collector, list);
}

static void states_show(struct collector *collector)
{
    lock(collector);
    for (size_t i = 0; i < collector->options.source_count; i++)
        source_fill_state(collector, &collector->sources[i], &collector->states[i]);
    unlock(collector);
}

static bool watchings_are_done(const struct collector *collector)
{
    for (size_t i = 0; i < collector->watching_count; i++)
        if (!watching_is_done(collector->watchings[i]))
            return false;
    return true;
}

static void end_if_done(struct collector *collector)
{
    bool is_done = collector->options.stops_when_done && collector_left(collector) == 0 &&
                   watchings_are_done(collector);
    if (is_done || atomic_load(&collector->is_stopping))
        uv_stop(&collector->loop);
}

void collector_turn(struct collector *collector)
{
    instant before = collector->now;
    collector->now = time_now(collector->options.time);
    collector->elapsed = time_elapsed(collector->options.time);
    if (collector->now.us < before.us)
        collector->is_changed = true; /* the clock was set back */
    inbox_take(collector);
    waiters_expire(collector);
    fetches_go_on(collector);
    lists_begin(collector);
    states_show(collector);
    end_if_done(collector);
}

static void look(uv_timer_t *timer)
{
    struct collector *collector = timer->data;
    if (collector->looks++ % LOOKS_PER_POLL == 0) {
        collector_look(collector);
        for (size_t i = 0; i < collector->options.source_count; i++)
            source_look(collector, &collector->sources[i]);
    }
    for (size_t i = 0; i < collector->watching_count; i++)
        watching_turn(collector->watchings[i]);
    collector_turn(collector);
}

static void woken(uv_async_t *wake)
{
    collector_turn(wake->data);
}

/* ---- The thread ---- */

static void collector_end(struct collector *collector)
{
    collector->is_ending = true;
    lock(collector);
    collector->is_over = true; /* nobody comes in any more */
    unlock(collector);
    inbox_take(collector);
    waiters_expire(collector);
    http_client_close(collector->client);
    fetches_give_up(collector);
    uv_close((uv_handle_t *)&collector->wake, NULL);
    uv_close((uv_handle_t *)&collector->look, NULL);
    (void)uv_run(&collector->loop, UV_RUN_DEFAULT);
    lock(collector);
    check(pthread_cond_broadcast(&collector->over) == 0);
    unlock(collector);
}

static void *collector_run(void *owner)
{
    struct collector *collector = owner;
    (void)uv_run(&collector->loop, UV_RUN_DEFAULT);
    collector_end(collector);
    if (collector->options.ended)
        collector->options.ended(collector->options.owner);
    return NULL;
}

/* ---- Opening and closing ---- */

static int compare_preference(const void *a, const void *b)
{
    const struct asked_source *left = a;
    const struct asked_source *right = b;
    return (left->is.source->preference > right->is.source->preference) -
           (left->is.source->preference < right->is.source->preference);
}

static enum status sources_take(struct collector *collector, struct reason *reason)
{
    const struct collector_options *options = &collector->options;
    check(options->source_count <= COLLECTOR_SOURCES_MAX);
    for (size_t i = 0; i < options->source_count; i++) {
        const struct collector_source *source = &options->sources[i];
        TRY(source->source->accepts(&source->options, reason));
        collector->sources[i].is = *source;
    }
    qsort(collector->sources, options->source_count, sizeof(collector->sources[0]),
          compare_preference);
    for (size_t list = 0; list < LIST_COUNT; list++)
        for (size_t i = 0; i < options->source_count; i++)
            if (collector->sources[i].is.source->gives(list_key_of_index(list)))
                collector->given_by[list] |= (uint8_t)(1U << i);
    return STATUS_OK;
}

static void pause_restore(void *owner, struct list_key list, const struct job_pause *pause)
{
    struct collector *collector = owner;
    duration time_to_live = collector->options.time_to_live;
    if (collector->now.us < pause->from.us)
        return;
    if (pause->failures == 0) /* it was looked at, and there was nothing new */
        schedule_done(collector->schedule, list,
                      (instant){pause->not_before.us - time_to_live.us});
    else
        schedule_restored(collector->schedule, list, pause->failures, collector->now,
                          collector->options.stops_when_done ? collector->now
                                                             : pause->not_before);
}

static void schedule_begin(struct collector *collector)
{
    bool is_collected[LIST_COUNT] = {0};
    for (size_t i = 0; collector->options.is_collected && i < LIST_COUNT; i++)
        is_collected[i] = collector->options.is_collected[i] && collector->given_by[i];
    struct schedule_options options = {.time_to_live = collector->options.time_to_live,
                                       .is_collected = is_collected};
    secret_fill(&options.seed, sizeof(options.seed));
    collector->schedule = schedule_open(&options);
}

static enum status store_begin(struct collector *collector, struct reason *reason)
{
    const struct collector_options *options = &collector->options;
    const struct db_options db_options = store_db_options(STORE_BUSY_MS);
    TRY(store_open(options->catalog_path, options->time, &collector->store, reason));
    TRY(store_wait_at_most(collector->store, STORE_BUSY_MS, reason));
    TRY(db_open(options->catalog_path, &db_options, &collector->db, reason));
    store_answer_within(collector->store, ANSWER_MS);
    db_answer_within(collector->db, ANSWER_MS);
    TRY(store_visit(collector->store, 0, entry_note, collector, reason));
    TRY(job_visit(collector->db, pause_restore, collector, reason));
    for (size_t i = 0; i < options->source_count; i++) {
        struct asked_source *source = &collector->sources[i];
        source_look(collector, source);
        if (source->is.source->watch)
            collector->watchings[collector->watching_count++] = watching_open(collector,
                                                                              source);
    }
    states_show(collector);
    return STATUS_OK;
}

static enum status loop_begin(struct collector *collector, struct reason *reason)
{
    TRY(http_client_open(&collector->loop, &collector->client, reason));
    check(uv_async_init(&collector->loop, &collector->wake, woken) == 0);
    check(uv_timer_init(&collector->loop, &collector->look) == 0);
    collector->wake.data = collector->look.data = collector;
    check(uv_timer_start(&collector->look, look, 0, COLLECTOR_LOOK_MS) == 0);
    if (pthread_create(&collector->thread, NULL, collector_run, collector) == 0)
        return STATUS_OK;
    collector_end(collector);
    return reason_set(reason, STATUS_IO, "the system has no thread left for the collector");
}

static enum status open_in_order(struct collector *collector, struct reason *reason)
{
    TRY(sources_take(collector, reason));
    schedule_begin(collector);
    TRY(store_begin(collector, reason));
    return loop_begin(collector, reason);
}

static void collector_free(struct collector *collector)
{
    check(uv_loop_close(&collector->loop) == 0);
    for (size_t i = 0; i < collector->watching_count; i++)
        watching_close(collector->watchings[i]);
    db_close(collector->db);
    store_close(collector->store);
    schedule_close(collector->schedule);
    check(pthread_cond_destroy(&collector->over) == 0);
    check(pthread_mutex_destroy(&collector->lock) == 0);
    free(collector);
}

enum status collector_open(const struct collector_options *options, struct collector **opened,
                           struct reason *reason)
{
    struct collector *collector = memory_take_zeroed(1, sizeof(*collector));
    collector->options = *options;
    collector->is_changed = true;
    collector->now = time_now(options->time);
    collector->elapsed = time_elapsed(options->time);
    while (collector->holder == 0)
        secret_fill(&collector->holder, sizeof(collector->holder));
    check(pthread_mutex_init(&collector->lock, NULL) == 0);
    check(pthread_cond_init(&collector->over, NULL) == 0);
    check(uv_loop_init(&collector->loop) == 0);
    enum status status = open_in_order(collector, reason);
    if (status != STATUS_OK) {
        collector_free(collector);
        return status;
    }
    *opened = collector;
    return STATUS_OK;
}

void collector_stop(struct collector *collector)
{
    atomic_store(&collector->is_stopping, true);
    lock(collector);
    if (!collector->is_over)
        check(uv_async_send(&collector->wake) == 0);
    unlock(collector);
}

void collector_close(struct collector *collector)
{
    if (!collector)
        return;
    collector_stop(collector);
    check(pthread_join(collector->thread, NULL) == 0);
    collector_free(collector);
}

enum status collector_wait(struct collector *collector, struct reason *reason)
{
    lock(collector);
    while (!collector->is_over)
        check(pthread_cond_wait(&collector->over, &collector->lock) == 0);
    unlock(collector);
    const char *first = collector->first_fault.sentence;
    if (collector->failed_lists > 0)
        return reason_set(reason, STATUS_UNAVAILABLE,
                          "%zu lists could not be fetched; of the first: %s",
                          collector->failed_lists, first);
    if (collector->refused_files > 0)
        return reason_set(reason, STATUS_UNAVAILABLE,
                          "refused: %zu of the files; the first: %s", collector->refused_files,
                          first);
    if (collector->unseen_sources > 0)
        return reason_set(reason, STATUS_UNAVAILABLE, "%s", first);
    return STATUS_OK;
}

/* ---- From other threads ---- */

void collector_demand(struct collector *collector, struct list_key list)
{
    atomic_bool *flag = &collector->is_demanded[list_key_index(list)];
    if (!collector->given_by[list_key_index(list)] ||
        atomic_load_explicit(flag, memory_order_relaxed))
        return;
    atomic_store(flag, true);
    atomic_store(&collector->has_demand, true);
}

enum status collector_await(struct collector *collector, struct collector_waiter *waiter)
{
    if (!collector->given_by[list_key_index(waiter->list)])
        return STATUS_MISSING;
    enum status status = STATUS_EXHAUSTED;
    lock(collector);
    if (!collector->is_over && collector->waiter_count < COLLECTOR_WAITERS_MAX) {
        waiter->next = collector->inbox;
        collector->inbox = waiter;
        collector->waiter_count++;
        check(uv_async_send(&collector->wake) == 0);
        status = STATUS_BUSY;
    }
    unlock(collector);
    return status;
}

size_t collector_states(struct collector *collector,
                        struct collector_state states[COLLECTOR_SOURCES_MAX])
{
    lock(collector);
    size_t count = collector->options.source_count;
    memcpy(states, collector->states, count * sizeof(*states));
    unlock(collector);
    return count;
}
