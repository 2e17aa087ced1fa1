/* source: a place that lists come from, one entry of sources[] each; frozen, any thread.
 *
 * There are three ways. One is *asked* for a list: what to ask for a page, how to read the answer
 * and what it can give; such an adapter is pure and asks nothing itself. One is *watched*, and
 * says itself which lists it holds (watched.h). Of one that is *made* there is nothing to do: the
 * catalogue makes its lists where they are served; it stands here to be told of like the
 * others. */
#pragma once

#include "collector/watched.h"
#include "http/client.h"
#include "model/ranking.h"

#define SOURCE_URL_BYTES_MAX 2048 /* of base_url: leaves room for path and query */

/* From the settings section [source.NAME], and the files that it names. */
struct source_options {
    struct text base_url;                /* without '/' at its end */
    struct text access_token;            /* empty: none */
    struct text advertiser_id;           /* empty: none */
    const struct client_header *headers; /* the operator's own, as in the file */
    size_t header_count;
    struct text folder; /* that is watched; empty: none */
};

/* How long a source that failed again and again is left alone: twice as long each time. */
struct source_patience {
    duration least, most;
};
#define OF_A_STRANGER                                                                          \
    {                                                                                          \
        {INT64_C(5) * 60 * SECOND_US},                                                         \
        {                                                                                      \
            INT64_C(3600) * SECOND_US                                                          \
        }                                                                                      \
    }

/* One page of one list. */
struct source_question {
    struct list_key list;
    unsigned page; /* from 1 */
};

/* What an answer comes to. */
enum source_verdict {
    SOURCE_GIVEN,         /* a page of the list, in page */
    SOURCE_NOT_PERMITTED, /* the operator's access is missing, expired or not enough */
    SOURCE_THROTTLED,     /* too many requests: back off, by Retry-After when it is told */
    SOURCE_REFUSED,       /* it has no such list: another source may */
    SOURCE_BROKEN, /* not what it should be: 5xx, HTML, wrong types, rows that contradict */
};

struct source_page {
    struct hashtag
        *hashtags; /* in arena; ranks as the source counts them, from the list's first */
    size_t hashtag_count;
    bool is_last;       /* no page follows */
    bool promises_more; /* the source said that one does */
    bool tells_change; /* rank_change and rank_diff are the source's own, else computed by us */
    size_t warnings;   /* rows that contradict themselves or each other, but were read */
    char warning[160]; /* the first of them; empty: none */
};

struct source {
    const char *name;    /* as in [source.NAME], X-Trend-Source and snapshots */
    unsigned preference; /* lower comes first, of those that can give a list */
    struct source_patience patience;
    /* What it needs is there. STATUS_INVALID: reason names the setting that is missing. */
    enum status (*accepts)(const struct source_options *options, struct reason *reason);
    /* Of one that is watched; else NULL. */
    const struct source_watch *watch;
    /* Which lists it may be asked for. What follows is for those alone. */
    bool (*gives)(struct list_key list);
    unsigned page_size;
    unsigned pages_max;
    /* The request, in arena (at least 16 KB of it); its timeout is the caller's to set. */
    void (*ask)(const struct source_options *options, const struct source_question *question,
                struct arena *arena, struct client_request *request);
    /* answer.outcome is STATUS_OK. reason: why it is none, for the operator. */
    enum source_verdict (*read)(const struct source_question *question,
                                const struct client_answer *answer, instant now,
                                struct arena *arena, struct source_page *page,
                                struct reason *reason);
};

/* Ended by NULL (docs/decisions/0063). */
extern const struct source *const sources[];

/* NULL: none is called that. */
const struct source *source_find(struct text name);

/* For those that are not asked: no list. */
bool source_gives_none(struct list_key list);

/* Whether lists come from it through a collector: it is asked or watched. */
bool source_is_collected(const struct source *source);
