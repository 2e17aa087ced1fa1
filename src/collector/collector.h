/* collector: fetches lists from sources and publishes them in the catalogue's store.
 *
 * It runs on a thread and a loop of its own, inside serve or as `trendgate collect`. What is due is
 * decided by demand and age (schedule.h); each request is first taken from its source's budget in the
 * catalogue's file (source_use), so that restarts and other collectors keep to the same limits; one
 * list is fetched once at a time over all processes (collection_job, with a lease). Time comes
 * from time_source, also for pauses. */
#pragma once

#include "base/instant.h"
#include "base/reason.h"
#include "collector/source.h"

#define COLLECTOR_SOURCES_MAX 8

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

struct collector_options {
    struct text catalog_path;
    const struct time_source *time;
    const struct collector_source *sources;
    size_t source_count;
    duration time_to_live;            /* a list that is older is due */
    bool is_on_demand;                /* lists that nobody asks for are left alone */
    uint8_t countries[COUNTRY_COUNT]; /* what is collected unasked, with every period below */
    size_t country_count;
    bool periods[PERIOD_COUNT];
    bool stops_when_done;                        /* --once: ends when nothing is due any more */
    void (*told)(void *owner, const char *line); /* each event, one sentence; NULL: the log */
    void *owner;
};

/* Starts the thread. STATUS_INVALID: a source lacks what it needs. */
enum status collector_open(const struct collector_options *options,
                           struct collector **collector, struct reason *reason);

/* Ends what is under way; waiters are woken with STATUS_UNAVAILABLE. NULL is fine. */
void collector_close(struct collector *collector);

/* Blocks until it has ended by itself (stops_when_done). STATUS_UNAVAILABLE: not every list that was
 * due could be fetched; reason says how many, and why the first. */
enum status collector_wait(struct collector *collector, struct reason *reason);

/* Somebody asks for this list now: it comes before others. Any thread; never blocks; a few ns. */
void collector_demand(struct collector *collector, struct list_key list);

/* Somebody waits for a list that is missing. Its memory is the caller's until wake was called, once,
 * on the collector's thread. */
struct collector_waiter {
    void (*wake)(struct collector_waiter *waiter);
    struct list_key list;
    /* STATUS_OK: it is in the store. STATUS_MISSING: no source has it. STATUS_UNAVAILABLE: none
     * could be asked, or not within COLLECTOR_WAIT_US. */
    enum status outcome;
    struct collector_waiter *next; /* the collector's own */
};

#define COLLECTOR_WAIT_US (INT64_C(10) * SECOND_US)
#define COLLECTOR_WAITERS_MAX 4096

/* One fetch however many wait. STATUS_BUSY: waiter will be woken. STATUS_MISSING: no source that is
 * on gives such a list. STATUS_EXHAUSTED: too many wait. Any thread; never blocks. */
enum status collector_await(struct collector *collector, struct collector_waiter *waiter);

/* What /ready, /metrics and --status tell of each source. */
enum source_state { SOURCE_WORKS, SOURCE_PAUSES, SOURCE_IS_SHUT };

struct collector_state {
    const char *name;
    enum source_state state; /* pauses: throttled or out of budget; shut: the breaker is open */
    instant until;           /* when it is asked again; 0: now */
    int64_t requests, lists, failures, throttled, not_permitted,
        contradictions; /* since the start */
    int64_t used_today, daily_budget;
    instant last_success; /* 0: none since the start */
    char last_fault[160]; /* empty: none */
};

/* In the order of options.sources; returns how many. Any thread. */
size_t collector_states(struct collector *collector,
                        struct collector_state states[COLLECTOR_SOURCES_MAX]);
