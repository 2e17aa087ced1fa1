/* cluster_batch: one transaction of a cluster's charges: see cluster.h. Owned by the lane's
 * thread; blocks on the database. */
#pragma once

#include "ledger/cluster.h"

/* lane: with its cluster, db, placement and node; it outlives the room. */
struct batch_room *batch_room_open(struct lane *lane);
void batch_room_close(struct batch_room *room);

/* Waits for other lanes of the node that decide about the same accounts, decides 1 to CLUSTER_BATCH_MAX
 * charges and writes what was taken: STATUS_OK, and each charge's
 * decided tells. Otherwise nothing is in the journal, or, after STATUS_UNAVAILABLE, not as far as is
 * known, which is logged. */
enum status batch_run(struct batch_room *room, struct charge *charges, struct reason *reason);

/* A batch whose calls were answered 503 in doubt is asked for once more; STATUS_OK: there is none, or its
 * end is known and logged. Before that no other is written, and nothing is folded: its row would come
 * to stand behind the mark, where nobody looks for it. */
enum status batch_settle(struct batch_room *room, struct reason *reason);

/* Of the row that was written; 0: none was. */
int64_t batch_journal_id(const struct batch_room *room);
