/* collector_parts: what the files of the collector share, and sources as they fare. All of it
 * belongs to the collector's thread. */
#pragma once

#include "catalog/store.h"
#include "collector/budget.h"
#include "collector/collector.h"
#include "collector/jobs.h"
#include "collector/schedule.h"

#include <pthread.h>
#include <stdatomic.h>

/* All sources together; each may hold a list in memory. */
#define FETCHES_MAX 64

#define BREAKER_FAILURES 5 /* in a row open it, for the source's patience */
#define THROTTLE_PAUSE_US (INT64_C(60) * SECOND_US) /* where no Retry-After says better */

/* How a source fares. */
struct asked_source {
    struct collector_source is;
    unsigned in_flight;
    unsigned failures;  /* one after the other */
    unsigned openings;  /* of the breaker, without a success between them */
    unsigned throttles; /* after each other's pause, likewise */
    bool is_shut;       /* half-open when the pause is over: one is asked, and decides */
    duration paused_until;
    struct source_fare fare;      /* as kept */
    struct collector_state state; /* counters; the rest is filled in for collector_states */
};

struct kept_list {
    int64_t snapshot_id; /* 0: none */
    instant captured_at;
    size_t hashtag_count;
    struct asked_source *short_of; /* that gave it, where it is short; else NULL */
};

struct fetch;
struct watching;

struct collector {
    struct collector_options options;
    struct asked_source sources[COLLECTOR_SOURCES_MAX]; /* by preference */
    uint8_t given_by[LIST_COUNT];                       /* a bit a source */
    struct schedule *schedule;
    struct store *store;
    struct db *db; /* the same file: budgets and jobs */
    struct http_client *client;
    struct kept_list kept[LIST_COUNT];
    int64_t last_snapshot_id;
    int64_t holder; /* of leases */
    struct fetch *fetches;
    size_t fetch_count;
    struct watching *watchings[COLLECTOR_SOURCES_MAX];
    size_t watching_count;
    struct collector_waiter *waiting;
    unsigned looks;
    bool is_ending;
    bool is_faulty; /* of the store; said once */
    size_t failed_lists, refused_files, unseen_sources;
    struct reason first_fault;
    instant now; /* of this turn */
    duration elapsed;
    instant next_at; /* when the schedule has something; 0: nothing */
    bool is_changed; /* the schedule, since next_at was found */

    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t look;
    pthread_t thread;
    atomic_bool is_stopping;
    atomic_bool is_demanded[LIST_COUNT];
    atomic_bool has_demand;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t over;
    bool is_over;
    struct collector_waiter *inbox;
    size_t waiter_count;
    struct collector_state states[COLLECTOR_SOURCES_MAX];
};

/* ---- collector.c ---- */

void collector_turn(struct collector *collector);
/* Takes note of what was published, by whomever. */
void collector_look(struct collector *collector);
void waiters_wake(struct collector *collector, struct list_key list, enum status outcome);
/* How many lists are still due, or under way. */
size_t collector_left(const struct collector *collector);
/* For collector_wait, of what was not as it should be. */
void collector_note_fault(struct collector *collector, size_t *count,
                          const struct reason *fault);

/* ---- asking.c: which source, how it fares ---- */

/* NULL: *wait is how long none can be asked; 0: until a request under way is answered. */
struct asked_source *source_pick(struct collector *collector, struct list_key list,
                                 uint8_t tried, duration *wait);
uint8_t source_bit(const struct collector *collector, const struct asked_source *source);
/* It gave so many lists; 0: it works, and had none to give. */
void source_succeeded(struct collector *collector, struct asked_source *source, int64_t lists);
void source_failed(struct collector *collector, struct asked_source *source,
                   const struct reason *reason);
/* Nothing is wrong with the source: one thing that it gave is none. */
void source_refuted(struct collector *collector, struct asked_source *source,
                    const struct reason *reason);
void source_throttled(struct collector *collector, struct asked_source *source,
                      int64_t retry_after_seconds, const struct reason *reason);
/* Out of its own budget: nobody's fault. */
void source_rests(struct collector *collector, struct asked_source *source, duration wait);
void source_look(struct collector *collector, struct asked_source *source);
void source_fill_state(const struct collector *collector, const struct asked_source *source,
                       struct collector_state *state);
