/* store_copy: a catalogue in a file, written into an empty schema of a server. */
#pragma once

#include "base/reason.h"
#include "sql/db.h"

/* STATUS_EXISTS: to has lists already. STATUS_CONFLICT: snapshots of the file lack their appearances,
 * which any command on it writes. */
enum status store_copy_check(struct db *from, struct db *to, struct reason *reason);

/* All of it, in one transaction of to, whose tables are of this program's version; from is read in one
 * view. Ids stay, for charges and customers name them. Blocks. */
enum status store_copy(struct db *from, struct db *to, struct reason *reason);
