/* newest: which snapshot of every list counts.
 *
 * Of a list's snapshots the one captured last counts, of several of one time the one published
 * last. An industry's list has snapshots of its own, or is derived from the list over all
 * industries: whichever was captured later, so that no old capture hides a fresher list. Owned
 * by one thread at a time. */
#pragma once

#include "catalog/store.h"

struct newest {
    int64_t snapshot_id;  /* 0: there is none */
    struct list_key list; /* of the snapshot */
    instant captured_at;
    instant as_of;
    struct text source; /* lives as long as the index */
    bool is_short;      /* as in struct ranking */
};

#define NEWEST_SOURCES_MAX 64 /* names of sources; each adapter has one */

struct newest_index {
    struct newest lists[LIST_COUNT];
    int64_t last_snapshot_id; /* the last that was added */
    char sources[NEWEST_SOURCES_MAX][32];
};

/* Snapshots that were found and are not added yet, so that the store may be read without the
 * lock of the index. The caller frees entries. */
struct newest_found {
    struct snapshot_entry *entries;
    size_t count, capacity;
};

/* For store_visit; owner: a struct newest_found. */
void newest_collect(void *owner, const struct snapshot_entry *entry);

void newest_add(struct newest_index *index, const struct snapshot_entry *entry);

/* What the list is served from: a snapshot of its own, or of the one that it is derived
 * from. */
struct newest newest_find(const struct newest_index *index, struct list_key list);

/* What a list is made up from on the day of now where there is no capture. */
struct newest newest_sample(instant now);

/* Has the one before it (NULL: its list has none) count instead of a damaged snapshot. False:
 * nothing else can be served, and the damaged one stays. */
bool newest_give_way(struct newest_index *index, const struct newest *damaged,
                     const struct snapshot_entry *before);
