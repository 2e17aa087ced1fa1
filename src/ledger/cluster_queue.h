/* cluster_queue: charges that wait for a lane.
 *
 * On one server they stand in one line, and a batch is of whatever accounts come first. Where buckets are
 * spread over servers each has a line of its own; a batch is then of one bucket, and one a bucket is on
 * its way at a time, so that this node's batches never wait for each other. Shared under its owner's lock. */
#pragma once

#include "ledger/charge.h"

struct charge_line {
    struct charge *first, **last_link;
};

struct cluster_queue {
    bool is_by_bucket;
    struct charge_line lines[ACCOUNT_BUCKETS]; /* one server: the first alone */
    uint64_t waiting, at_work;                 /* lines, a bit each */
    unsigned turn;                             /* the line that comes first next time */
};

void queue_init(struct cluster_queue *queue);

/* Takes the whole list over, in its order. */
void queue_add(struct cluster_queue *queue, struct charge_list *charges);

/* The first charges of a line, most at most, linked; lines come in turn. NULL: none waits in a line that is
 * not at work. *line is to be given back by queue_done. */
struct charge *queue_take(struct cluster_queue *queue, size_t most, unsigned *line,
                          size_t *count);
void queue_done(struct cluster_queue *queue, unsigned line);
