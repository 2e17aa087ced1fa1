/* ledger_copy: a ledger in a file, written into an empty database of a server. */
#pragma once

#include "base/reason.h"
#include "base/instant.h"
#include "sql/db.h"

/* STATUS_CONFLICT: the file's journal is not folded, as a server that was killed leaves it.
 * STATUS_EXISTS: to has accounts, plans or calls already. */
enum status ledger_copy_check(struct db *from, struct db *to, struct reason *reason);

/* All of it, in one transaction of to, whose tables are of this program's version; from is read in one
 * view, and nobody else writes it. The journal's rows keep their ids and become those of node 1, which
 * has left; now tells which day's caps go on. What a file does not keep is begun anew: the rate limits'
 * windows, and Idempotency-Keys. Blocks. */
enum status ledger_copy(struct db *from, struct db *to, instant now, struct reason *reason);
