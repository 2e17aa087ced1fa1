/* scratch: a database of one's own, for what does not fit into memory.
 *
 * A SQLite database that begins empty, is nobody else's, and is gone after db_close: past its cache
 * of 16 MB it lies in a temporary file that has no name. Whatever engine the books are kept by, sums
 * over them go here, so that those who only read need not be allowed to write. */
#pragma once

#include "sql/db.h"

/* As db_open, without a path. */
enum status db_open_scratch(struct db **db, struct reason *reason);
