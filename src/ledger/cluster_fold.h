/* cluster_fold: usage of a lane's batches, folded every few seconds, and the lane's mark in that. Of its
 * thread. */
#pragma once

#include "ledger/cluster.h"

/* After a batch: what it adds, and that the fold goes up to its row. */
void lane_fold_add(struct lane *lane, int64_t journal_id, const struct charge *charges);

/* In a transaction of its own. Where another node has closed periods meanwhile, it has folded some of it,
 * and after a failure nobody knows: what was gathered is then read from the journal anew. Nothing to do:
 * STATUS_OK at once. */
enum status lane_fold_write(struct lane *lane, struct reason *reason);

/* A commit as a batch's is, that leaves only the time of the lane's mark: whether the next batch would find
 * what it needs. */
enum status lane_try(struct lane *lane, struct reason *reason);

/* At a clean end, when all is folded: nobody looks for the lane's rows any more. */
enum status lane_leave(struct lane *lane, struct reason *reason);
