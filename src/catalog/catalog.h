/* catalog: the lists on sale, held in memory as rendered pages.
 *
 * For every list the newest snapshot counts (by captured_at); where it is damaged, the one
 * before it. An industry's list is served from its own snapshot, or derived from the list over
 * all industries, ranks kept, where that was captured later or it has none. Where a country and
 * period have none at all and the sample source is on, the sample list serves.
 *
 * Shared: its own lock, below nothing but the pool's. Reading a snapshot, rendering and
 * compressing happen on pool threads, once however many wait. */
#pragma once

#include "base/instant.h"
#include "base/pool.h"
#include "base/reason.h"
#include "model/ranking.h"

struct catalog;

struct catalog_options {
    struct text database_path; /* of the catalogue's file */
    size_t cache_bytes_max;
    bool sample_enabled;
    struct pool *pool;      /* borrowed; closed before the catalog, whose jobs it runs */
    struct pool *poll_pool; /* the same, for catalog_poll: not behind lists that are made */
    const struct time_source *time;
};

enum status catalog_open(const struct catalog_options *options, struct catalog **catalog,
                         struct reason *reason);
void catalog_close(struct catalog *catalog);

struct page_request {
    struct list_key list;
    bool new_only;       /* filter_by=new_on_board: rank change RANK_NEW only */
    uint8_t page;        /* 1 to 10 */
    uint8_t limit;       /* 1 to 100 */
    bool compressed;     /* the gzip form is needed */
    int64_t snapshot_id; /* 0: the one that counts; else this one, for a replay */
};

/* With which every opening begins. */
#define CATALOG_BEFORE_DATA                                                                    \
    "{\"code\":200,\"msg\":\"OK\",\"data\":{\"code\":0,\"msg\":\"OK\",\"data\":"

/* One page, rendered; immutable; a counted share that catalog_page_release gives back. */
struct catalog_page {
    struct text opening; /* the body up to and with "list":[ */
    struct text items;   /* a slice of the list's one buffer */
    struct text closing; /* from ] up to and with "request_id":" */
    struct text
        deflated;     /* raw deflate of the three with a full flush; empty unless asked for */
    uint32_t crc;     /* CRC-32 of the three, for the gzip trailer */
    struct text etag; /* W/"..." over the bytes of data.data */
    struct text headers; /* whole lines: ETag, Last-Modified, X-Trend-As-Of, X-Trend-Source */
    size_t item_count;   /* on this page */
    size_t total;        /* in the filtered list */
    int64_t snapshot_id; /* in the store; negative: the sample of the day -snapshot_id */
    instant captured_at;
    instant as_of;
    struct text source;
    bool is_short; /* as in struct ranking: stale whatever its age */
};

/* A caller who waits for a page that is being made. Its memory is the caller's until wake was
 * called, which happens once, on a pool thread, with outcome set and page a share if it is
 * STATUS_OK. */
struct catalog_waiter {
    void (*wake)(struct catalog_waiter *waiter);
    struct page_request request; /* the catalog's copy */
    enum status outcome;
    const struct catalog_page *page;
    struct catalog_waiter *next; /* the catalog's own */
};

/* STATUS_OK: *page is a share. STATUS_BUSY: it is being made; waiter will be woken with it.
 * STATUS_MISSING: there is no such list. STATUS_EXHAUSTED: CATALOG_WAITERS_MAX wait already.
 * Any thread; never blocks. */
enum status catalog_find(struct catalog *catalog, const struct page_request *request,
                         struct catalog_waiter *waiter, const struct catalog_page **page);

void catalog_page_release(const struct catalog_page *page);

/* What there is of one list, for the meta endpoint. */
struct catalog_entry {
    struct list_key list;
    instant captured_at;
    instant as_of;
    struct text source; /* lives for ever */
    bool is_short;      /* as in struct catalog_page */
};

/* Up to LIST_COUNT entries, in the order of list_key_index: every list over all industries that
 * can be served, and every industry's that is served from a capture of its own; returns how
 * many. Sample lists count when the sample source is on. */
size_t catalog_entries(struct catalog *catalog, struct catalog_entry *entries);

/* Of rendered lists and pages in memory; never over cache_bytes_max for long. Any thread. */
size_t catalog_cache_bytes(struct catalog *catalog);

/* Has a thread of poll_pool look for snapshots that were published since the last look, by
 * whatever process; they are served from then on. Any thread; never blocks. */
void catalog_poll(struct catalog *catalog);

/* Looks at once, on this thread: for who has just published. Blocks on the disk; not for a loop
 * of connections. */
void catalog_look(struct catalog *catalog);

/* STATUS_OK when the store answered the last look. Any thread; never blocks. */
enum status catalog_health(struct catalog *catalog, struct reason *reason);
