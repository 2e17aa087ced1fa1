/* fetch: one list on its way from the sources that are asked. All of it belongs to the collector's
 * thread. */
#pragma once

#include "collector/collector_parts.h"

#define FETCH_ARENA_BYTES_MAX (64 * 1024 * 1024)

#define SAME_FOR_DAYS 2 /* from then on a list that does not change is odd */

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

/* False: nothing more can be begun now. */
bool fetch_begin(struct collector *collector, struct list_key list);
/* Those that wait for the minute's limit. */
void fetches_go_on(struct collector *collector);
void fetches_give_up(struct collector *collector);

/* ---- publication.c ---- */

/* What was fetched, kept. LIST_FAILED: fetch->fault says why, and it is the source's fault
 * unless *is_ours. */
enum collector_outcome fetch_publish(struct fetch *fetch, bool *is_ours);

/* Whether so many hashtags are suddenly few; sentence says so then. */
bool list_is_short(size_t hashtags, size_t before, char *sentence, size_t sentence_bytes);
