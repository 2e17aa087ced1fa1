/* history_parts: what is found for a question about history, before it is written down. */
#pragma once

#include "base/arena.h"
#include "catalog/history.h"
#include "catalog/store_history.h"

/* One capture of the two that movers compare: its hashtags by rank, texts in an arena. */
struct history_capture {
    struct snapshot_entry entry; /* id 0: there is none */
    struct appearance *rows;
    size_t count;
};

/* What a question found. All is in the arena that it was found with. */
struct history_found {
    struct snapshot_entry newest; /* of the list */
    int64_t snapshot_id;          /* for a replay; negative: the sample's day */
    int64_t capture_count;        /* of the list */

    /* Of one hashtag: the last HISTORY_ROWS_MAX, the last first. */
    struct appearance *rows;
    size_t row_count;
    int64_t total; /* of them in all */
    instant first_seen;
    int64_t best_rank;

    /* Of movers. */
    struct history_capture before, after;
};

/* Fills found; on the pool's thread. STATUS_MISSING: the list was never captured. */
enum status history_read(struct store *store, const struct history_look *look,
                         struct arena *arena, struct history_found *found,
                         struct reason *reason);

/* The same from the sample; day: the newest that is looked at, since 1970. */
enum status history_sample(const struct history_look *look, int64_t day, struct arena *arena,
                           struct history_found *found);

/* For whoever fills found: a row of one hashtag's history, the last first, and a capture's. */
struct history_collector {
    struct arena *arena;
    struct history_found *found;
    struct history_capture *capture; /* which of the two, for movers */
    bool is_full;                    /* the arena is */
};
void history_collect_row(void *owner, const struct appearance *appearance);
void history_collect_capture(void *owner, const struct appearance *appearance);

/* Makes room for that capture's rows. STATUS_TOO_LARGE: the arena's ceiling. */
enum status history_capture_open(struct history_collector *collector,
                                 const struct snapshot_entry *entry);

/* data.data of the answer. */
void history_write(struct json_writer *writer, const struct history_look *look,
                   const struct history_found *found);
void movers_write(struct json_writer *writer, const struct history_look *look,
                  const struct history_found *found);
size_t movers_count(const struct history_found *found); /* hashtags that it tells of */
