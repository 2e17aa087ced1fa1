/* history: what became of a hashtag, and what moved between two captures, read when it is
 * asked.
 *
 * Shared: the question is put on a loop and answered on the one thread of a pool, which owns a
 * store of its own. Where a list has no capture and the sample source is on, the sample's last
 * HISTORY_SAMPLE_DAYS days are its history. */
#pragma once

#include "base/instant.h"
#include "base/pool.h"
#include "catalog/catalog.h"

#define HISTORY_ROWS_MAX 1000 /* captures of a hashtag that one answer tells, some 200 KB */
#define HISTORY_QUEUE_MAX 256 /* questions that may wait: a question takes a few milliseconds */
#define HISTORY_SAMPLE_DAYS 30

struct history;

struct history_options {
    struct text database_path; /* of the catalogue's file */
    bool sample_enabled;
    int64_t retention_days; /* older snapshots are pruned; 0: never */
    struct pool *pool;      /* borrowed, of one thread; closed before the history */
    const struct time_source *time;
};

enum status history_open(const struct history_options *options, struct history **history,
                         struct reason *reason);
void history_close(struct history *history); /* NULL is fine */

enum history_kind {
    HISTORY_OF_HASHTAG,
    HISTORY_MOVERS,
};

/* One question; its memory is the caller's until wake was called, which happens once, on the
 * pool's thread, with outcome set, and page a share if it is STATUS_OK. */
struct history_look {
    /* Set by the caller. */
    enum history_kind kind;
    struct list_key list;     /* over all industries */
    struct text hashtag_name; /* of HISTORY_OF_HASHTAG; lives until wake */
    int64_t since_us;         /* of HISTORY_MOVERS; -1: the capture before the newest */
    int64_t snapshot_id;      /* 0: all there is; else as a page with this one had it */
    bool compressed;          /* the gzip form is needed */
    void (*wake)(struct history_look *look);

    /* STATUS_MISSING: the list was never captured. */
    enum status outcome;
    const struct catalog_page *page; /* no item where there is nothing to tell */

    struct history *history; /* its own, as is what follows */
    struct pool_job job;
};

/* STATUS_BUSY: look will be woken. STATUS_EXHAUSTED: HISTORY_QUEUE_MAX wait already, and it
 * will not. Any thread; never blocks. */
enum status history_find(struct history *history, struct history_look *look);

/* Has the pool's thread remove what is older than the days of retention, where that was not
 * done within the last day. Any thread; never blocks. */
void history_tend(struct history *history);
