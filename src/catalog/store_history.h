/* store_history: the history half of the store: where each hashtag stood in each snapshot.
 *
 * A snapshot of a list that was captured when another source captured it too counts like any
 * other: captures are in the order of capture time, then of publication. The rules of store.h
 * on threads and blocking hold; answers agree with each other within one store_read_begin. */
#pragma once

#include "catalog/store.h"

/* One row: a hashtag in one snapshot. Its texts live until visit returns. */
struct appearance {
    int64_t snapshot_id;
    instant captured_at;
    struct text source;
    struct text hashtag_id;
    struct text hashtag_name;
    int64_t rank;
    int64_t posts;
    int64_t views;
};

struct appearance_visitor {
    void (*visit)(void *owner, const struct appearance *appearance);
    void *owner;
};

/* What a question is about. */
struct history_scope {
    struct list_key list;
    int64_t snapshot_id_max; /* later publications are as if they were not there yet */
};

/* The id of the last publication in the whole file; 0: none. */
enum status store_last_id(struct store *store, int64_t *id, struct reason *reason);

/* Captures of the list. */
enum status store_capture_count(struct store *store, const struct history_scope *scope,
                                int64_t *count, struct reason *reason);

/* Where the hashtags of that name stood, the last first: by capture, then by rank. Letters of
 * ASCII are compared without case. A name that was captured with a # before it is that name
 * too. */
enum status store_visit_history(struct store *store, const struct history_scope *scope,
                                struct text hashtag_name,
                                const struct appearance_visitor *visitor,
                                struct reason *reason);

/* All hashtags of one snapshot, by rank. */
enum status store_visit_appearances(struct store *store, int64_t snapshot_id,
                                    const struct appearance_visitor *visitor,
                                    struct reason *reason);

/* The list's newest capture. STATUS_MISSING: there is none. */
enum status store_newest_capture(struct store *store, const struct history_scope *scope,
                                 struct snapshot_entry *newest, struct reason *reason);

/* Of the captures before a given time the one nearest to since, of two the earlier.
 * STATUS_MISSING: there is none. */
enum status store_nearest_capture(struct store *store, const struct history_scope *scope,
                                  instant before, instant since, struct snapshot_entry *nearest,
                                  struct reason *reason);

/* What several questions see is one state of the file, from the first of them to the end; for
 * CLEANUP(db_transaction_finish). */
struct db_transaction;
enum status store_read_begin(struct store *store, struct db_transaction *reading,
                             struct reason *reason);

/* ---- Retention ---- */

/* How long a snapshot that another has come after is kept all the same: so long may a call be
 * answered once more from what it was charged for. */
#define STORE_REPLAY_US (INT64_C(600) * SECOND_US)

/* Removes snapshots captured before that time, with their appearances, in transactions of a few
 * each; never the newest of a list, and none that still was the newest STORE_REPLAY_US before
 * now or was published since then. *removed counts them, also on failure. progress may be
 * NULL. */
enum status store_prune(struct store *store, instant captured_before,
                        const struct store_progress *progress, int64_t *removed,
                        struct reason *reason);

/* The capture time that days of retention reach back to from now. */
instant store_retention_start(instant now, int64_t days);
