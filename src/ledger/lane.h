/* lane: what makes one batch of a cluster's charges after the other, by a connection of its own. Owned by its
 * thread; what others ask of it takes the cluster's lock. */
#pragma once

#include "ledger/fold.h"
#include "ledger/placement.h"
#include "sql/db.h"

struct cluster;

/* Batches on their way at once: while the database writes one, the next is decided. Where buckets are spread
 * over servers batches are smaller, and servers do not wait for each other. */
#define CLUSTER_LANES 2
#define CLUSTER_LANES_SPREAD 4

struct lane {
    struct cluster *cluster;
    int64_t node; /* its number in the journal, unlike all that ever wrote there */
    struct db *db;
    struct placement *placement; /* NULL: db has every bucket */
    struct batch_room *room;     /* see cluster_batch.c */
    struct fold fold;
    int64_t fold_from;   /* the mark that the fold goes on from */
    bool fold_is_behind; /* a row may be in the journal that it lacks */
    duration folded;
    pthread_t thread;
};

/* After a try to fold. */
void lane_count_fold(struct lane *lane, bool is_done);

/* It takes no calls until a try of its own commits. While no lane is left calls are refused. */
void lane_lose(struct lane *lane, const struct reason *reason);

/* Waits that long, or until the cluster closes: true. Any thread. */
bool cluster_pause(struct cluster *cluster, duration pause);
