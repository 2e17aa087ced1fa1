/* cluster_closing: what stands still while the books of a cluster are read or closed, and closing them. */
#pragma once

#include "ledger/cluster.h"

/* The next three within a verb's transaction, and until its end; inside the ledger's lock. */

/* No node folds until the end of the transaction. */
enum status cluster_folds_halt(struct ledger *ledger, struct reason *reason);

/* Adds rows of the journal that the projections lack to a fold: of that node, or of all (ALL_NODES). */
#define ALL_NODES (-1)
enum status cluster_unfolded_read(struct ledger *ledger, struct db *db, int64_t node,
                                  struct fold *fold, struct reason *reason);

/* No batch is at work, and none begins, until the end of the transaction. */
enum status cluster_batches_halt(struct ledger *ledger, struct reason *reason);

/* Closes all periods that end by until: folds what any node has not, while no batch is at work.
 * Takes the ledger's lock. */
enum status cluster_close_periods(struct ledger *ledger, instant until, struct reason *reason);
