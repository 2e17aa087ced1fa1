/* collector_parts: what the files of the collector share: sources as they are asked, and fetches
 * under way. All of it belongs to the collector's thread. */
#pragma once

#include "catalog/store.h"
#include "collector/budget.h"
#include "collector/collector.h"
#include "collector/jobs.h"
#include "collector/schedule.h"

#include <pthread.h>
#include <stdatomic.h>

/* All sources together; each fetch may hold a list in memory. */
#define FETCHES_MAX 64
#define FETCH_ARENA_BYTES_MAX (64 * 1024 * 1024)

#define BREAKER_FAILURES 5 /* in a row open it */
#define BREAKER_PAUSE_US (INT64_C(5) * 60 * SECOND_US)
#define BREAKER_PAUSE_MAX_US (INT64_C(3600) * SECOND_US)
#define THROTTLE_PAUSE_US (INT64_C(60) * SECOND_US) /* where no Retry-After says better */

#define SAME_FOR_DAYS 2 /* from then on a list that does not change is odd */

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
    struct collector_waiter *waiting;
    unsigned looks;
    bool is_ending;
    bool is_faulty; /* of the store; said once */
    size_t failed_lists;
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

/* One list on its way: through its pages from one source, then from the next. */
struct fetch {
    struct collector *collector;
    struct list_key list;
    struct asked_source *source; /* NULL: none yet */
    const char *source_name;     /* of the last that was left; NULL: none was asked */
    uint8_t tried;               /* a bit a source */
    bool has_failed;             /* with one of them, at least */
    bool was_refused;            /* by each of those that answered */
    unsigned page;
    instant begun_at, leased_at;
    duration ask_at; /* while it waits for the minute's limit; 0: it does not */
    int64_t request; /* of the budget */
    struct client_exchange exchange;
    struct arena arena;
    struct hashtag *hashtags;
    size_t hashtag_count;
    bool tells_change;
    bool is_more_promised; /* by the last page */
    size_t contradictions;
    char oddity[160]; /* the first contradiction, or what else is odd; empty: nothing */
    struct reason fault;
    instant not_before; /* what a source told */
    struct fetch *next;
};

/* ---- collector.c ---- */

void collector_turn(struct collector *collector);
/* Takes note of what was published, by whomever. */
void collector_look(struct collector *collector);
void waiters_wake(struct collector *collector, struct list_key list, enum status outcome);
void collector_tell(struct collector *collector, const struct fetch *fetch,
                    enum collector_outcome outcome, struct text sentence);

/* ---- asking.c: which source, how it fares ---- */

/* NULL: *wait is how long none can be asked; 0: until a request under way is answered. */
struct asked_source *source_pick(struct collector *collector, struct list_key list,
                                 uint8_t tried, duration *wait);
uint8_t source_bit(const struct collector *collector, const struct asked_source *source);
void source_succeeded(struct collector *collector, struct asked_source *source);
void source_failed(struct collector *collector, struct asked_source *source,
                   const struct reason *reason);
void source_throttled(struct collector *collector, struct asked_source *source,
                      int64_t retry_after_seconds, const struct reason *reason);
/* Out of its own budget: nobody's fault. */
void source_rests(struct collector *collector, struct asked_source *source, duration wait);
void source_look(struct collector *collector, struct asked_source *source);
void source_fill_state(const struct collector *collector, const struct asked_source *source,
                       struct collector_state *state);

/* ---- fetch.c ---- */

/* False: nothing more can be begun now. */
bool fetch_begin(struct collector *collector, struct list_key list);
/* Those that wait for the minute's limit. */
void fetches_go_on(struct collector *collector);
void fetches_give_up(struct collector *collector);

/* ---- publication.c ---- */
/* What was fetched, kept. LIST_FAILED: fetch->fault says why, and it is the source's fault
 * unless *is_ours. */
enum collector_outcome fetch_publish(struct fetch *fetch, bool *is_ours);
