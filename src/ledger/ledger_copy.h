/* ledger_copy: a ledger in a file, written into an empty database of a server. */
#pragma once

#include "base/instant.h"
#include "base/reason.h"
#include "sql/db.h"

/* STATUS_CONFLICT: the file's journal is not folded, as a server that was killed leaves it.
 * STATUS_EXISTS: to has accounts, plans or calls already. */
enum status ledger_copy_check(struct db *from, struct db *to, struct reason *reason);

/* All of it, in one transaction of to, whose tables are of this program's version; from is read in one
 * view, and nobody else writes it. The journal's rows keep their ids and are of no node (0): an account's
 * charges may stand in another order there than they were decided in, as an audit has to know. now
 * tells which day's caps go on. What a file does not keep begins anew: the windows of rate limits, and
 * Idempotency-Keys. Blocks. */
enum status ledger_copy(struct db *from, struct db *to, instant now, struct reason *reason);
