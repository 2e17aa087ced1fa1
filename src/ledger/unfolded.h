/* unfolded: the calls that usage lacks.
 *
 * Within one view of the database usage_hour and what is visited here are all calls, each once. In a file balances lack the
 * same calls; where nodes share the ledger they have each call at once, and are not to be added to.
 * A ledger that meters a file has them summed up in memory (cohorts.h), and reads rows of the last moment alone; else, and where the
 * view is an older one, they are read from the journal behind the account's mark. Memory alone has calls that were rate-limited,
 * and may be some calls ahead of the view.
 * Blocks on the database. On whatever connection to it, and inside whatever view, its caller has; owned by whoever owns that.
 * STATUS_CORRUPT, with a sentence: a row does not unpack; the calls before have been visited then. */
#pragma once

#include "ledger/fold.h"

struct ledger;

/* Those of one account, some together in a sum. A sum is borrowed; visit runs under the cohorts' lock, and reads no database. */
enum status unfolded_read(struct ledger *ledger, struct db *db, int64_t account_id,
                          fold_visit *visit, void *owner, struct reason *reason);

/* The rows that may hold such a call: first to last, where first is not 0, and all behind. */
struct unfolded_rows {
    int64_t first, last;
    int64_t behind;
};
enum status unfolded_find(struct ledger *ledger, struct db *db, int64_t account_id,
                          struct unfolded_rows *rows, struct reason *reason);

/* In a cluster, once for each call in the order of the journal: of all nodes; and what one has written. entry: borrowed. */
typedef void unfolded_visit(void *owner, int64_t journal_id, const struct journal_entry *entry);
enum status unfolded_read_of_all(struct db *db, unfolded_visit *visit, void *owner,
                                 struct reason *reason);
enum status unfolded_read_of_node(struct db *db, int64_t node, unfolded_visit *visit,
                                  void *owner, struct reason *reason);
