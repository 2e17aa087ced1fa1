/* unfolded: the calls that usage lacks, read from the journal behind its marks.
 *
 * Within one view of the database usage_hour and what is visited here are all calls, each once. In a file balances lack the
 * same calls; where nodes share the ledger they have each call at once, and are not to be added to.
 * Blocks on the database. On whatever connection, and inside whatever view, its caller has; owned by whoever owns that.
 * STATUS_CORRUPT, with a sentence: a row does not unpack; the calls before have been visited then. */
#pragma once

#include "ledger/journal.h"
#include "sql/db.h"

/* Once for each call, in the order of the journal. entry: borrowed. */
typedef void unfolded_visit(void *owner, int64_t journal_id, const struct journal_entry *entry);

/* The calls of one account. In a file those since its cohort was folded: a second's, or under many accounts a minute's. */
enum status unfolded_read(struct db *db, int64_t account_id, unfolded_visit *visit, void *owner,
                          struct reason *reason);

/* The first row that may hold such a call; INT64_MAX: there is none. */
enum status unfolded_find(struct db *db, int64_t account_id, int64_t *journal_id,
                          struct reason *reason);

/* In a cluster: of all accounts; and of these what one node has written. */
enum status unfolded_read_of_all(struct db *db, unfolded_visit *visit, void *owner,
                                 struct reason *reason);
enum status unfolded_read_of_node(struct db *db, int64_t node, unfolded_visit *visit,
                                  void *owner, struct reason *reason);
