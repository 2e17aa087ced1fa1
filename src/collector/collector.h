/* collector: fetches lists from sources that are asked, reads files of those that are watched, and
 * publishes them in the catalogue's store.
 *
 * It runs on a thread and a loop of its own, inside serve or as `trendgate collect`. What is
 * due is decided by demand and age (schedule.h); each request is first taken from its source's
 * budget in the catalogue's file (budget.h), so that restarts and other collectors keep to the
 * same limits; one list is fetched once at a time over all processes (jobs.h, with a lease).
 * Time comes from time_source, also for pauses: the thread looks at it every COLLECTOR_LOOK_MS.
 *
 * What a source gives is published when it is a list at all. An empty one is refused; one of
 * less than half of its predecessor's length is published with a warning, and never served as
 * fresh; one that says what its predecessor says is no new capture: what is kept keeps its time, and
 * grows stale. */
#pragma once

#include "base/instant.h"
#include "base/reason.h"
#include "collector/budget.h"
#include "collector/source.h"

#define COLLECTOR_SOURCES_MAX 8
#define COLLECTOR_LOOK_MS 20

struct collector;

/* One source that is enabled, with its limits. */
struct collector_source {
    const struct source *source;
    struct source_options options; /* borrowed, as long as the collector lives */
    int64_t requests_per_minute;   /* in any 60 seconds */
    int64_t concurrency;
    int64_t daily_budget; /* requests from 00:00 UTC on */
    duration timeout;     /* of a request */
};

/* What came of one list, or of a file that has none. */
enum collector_outcome { LIST_KEPT, LIST_IS_THE_SAME, LIST_FAILED, FILE_REFUSED };
struct collector_event {
    enum collector_outcome outcome;
    struct list_key list; /* of no meaning where a file was refused */
    struct text file;     /* that it came from; empty: it was fetched */
    struct text source;   /* empty: none could be asked */
    size_t hashtag_count;
    struct text sentence; /* why it failed, or what is odd about it; may be empty */
    size_t left;          /* lists that are still due or under way */
};

struct collector_options {
    struct text catalog_path;
    const struct time_source *time;
    const struct collector_source *sources;
    size_t source_count;
    duration time_to_live;    /* a list that is older is due */
    const bool *is_collected; /* LIST_COUNT flags: unasked; copied. NULL: none */
    bool stops_when_done; /* --once: each list that is due is tried, each file that is new is
                               * read, and then it ends */
    /* Each list that was kept or not; on the collector's thread. NULL: nobody is told. */
    void (*told)(void *owner, const struct collector_event *event);
    /* A list was published; before who waits for it is woken, on the collector's thread. NULL:
     * nobody. */
    void (*published)(void *owner);
    /* It has ended, by itself or stopped; its thread's last words. NULL: nobody is told. */
    void (*ended)(void *owner);
    void *owner;
};

/* Starts the thread. STATUS_INVALID: a source lacks what it needs. */
enum status collector_open(const struct collector_options *options,
                           struct collector **collector, struct reason *reason);

/* Ends what is under way; waiters are woken with STATUS_UNAVAILABLE. NULL is fine. */
void collector_close(struct collector *collector);

/* Blocks until it has ended by itself (stops_when_done) or by collector_stop.
 * STATUS_UNAVAILABLE: not every list that was due could be fetched, or a file was refused; reason
 * says how many, and why the first. */
enum status collector_wait(struct collector *collector, struct reason *reason);

/* Ends it soon; what is under way is given up. Any thread. */
void collector_stop(struct collector *collector);

/* Somebody asks for this list now: it comes before others. Any thread; never blocks; a few
 * ns. */
void collector_demand(struct collector *collector, struct list_key list);

/* Somebody waits for a list that is missing. Its memory is the caller's until wake was called,
 * once, on the collector's thread. */
struct collector_waiter {
    void (*wake)(struct collector_waiter *waiter);
    struct list_key list;
    /* STATUS_OK: it is in the store. STATUS_MISSING: no source has it. STATUS_UNAVAILABLE: none
     * could be asked, or not within COLLECTOR_WAIT_US. */
    enum status outcome;
    duration deadline;             /* the collector's own */
    struct collector_waiter *next; /* the collector's own */
};

#define COLLECTOR_WAIT_US (INT64_C(10) * SECOND_US)
#define COLLECTOR_WAITERS_MAX 4096

/* One fetch however many wait. STATUS_BUSY: waiter will be woken. STATUS_MISSING: no source
 * that is on gives such a list. STATUS_EXHAUSTED: too many wait, or it is ending. Any thread;
 * never blocks. */
enum status collector_await(struct collector *collector, struct collector_waiter *waiter);

/* What /ready, /metrics and --status tell of each source. */
enum source_state { SOURCE_WORKS, SOURCE_PAUSES, SOURCE_IS_SHUT };

struct collector_state {
    const char *name;
    enum source_state state; /* pauses: throttled or out of budget; shut: the breaker is open */
    instant until;           /* when it is asked again; 0: now */
    int64_t requests, lists, failures, throttled, not_permitted,
        contradictions;    /* since the start */
    int64_t short_lists;   /* that are served as stale until their next capture */
    int64_t refused_files; /* that stand refused until they change */
    int64_t used_today, daily_budget;
    instant last_success;              /* 0: none, ever */
    char last_fault[FARE_FAULT_BYTES]; /* empty: none */
};

/* "works", "pauses", "shut". */
const char *source_state_word(enum source_state state);

/* In the order of preference; returns how many. Any thread. */
size_t collector_states(struct collector *collector,
                        struct collector_state states[COLLECTOR_SOURCES_MAX]);
