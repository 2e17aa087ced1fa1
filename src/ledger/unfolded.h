/* unfolded: the calls that the projections lack, read from the journal behind the fold mark.
 *
 * Blocks on the disk. On whatever connection, and inside whatever view of the database, its caller has: what balances and
 * usage say within the same view and what is visited here are all that there is. */
#pragma once

#include "ledger/journal.h"
#include "sql/db.h"

/* Once for each call, in the order of the journal. entry: borrowed. */
typedef void unfolded_visit(void *owner, int64_t journal_id, const struct journal_entry *entry);

enum status unfolded_read(struct db *db, unfolded_visit *visit, void *owner,
                          struct reason *reason);

/* In a cluster: what one node has written. */
enum status unfolded_read_of_node(struct db *db, int64_t node, unfolded_visit *visit,
                                  void *owner, struct reason *reason);
