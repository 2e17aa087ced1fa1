/* owner_lock: what makes one process the owner of a ledger: a lock on PATH.lock, and one on PATH.
 *
 * PATH is the file's one name (path_resolve). Both are flock(2) and go away with the process,
 * however that ends. PATH.lock is asked first and holds the owner's process id, so that a second
 * process learns of it without touching the database. The lock on the database itself holds also
 * when PATH.lock was removed. Decision record 0014 says why both. */
#pragma once

#include "base/limits.h"
#include "base/reason.h"

struct owner_lock {
    char path[PATH_BYTES_MAX]; /* of the database: by this name, and no other, it is opened */
    int lock_file;
    int database_file;
};

/* Makes the last folder of path (mode 0700) and the file (mode 0600) when absent. STATUS_BUSY:
 * another process owns it. STATUS_CONFLICT: the file has a second name (a hard link), under which
 * its journal would not be found. */
enum status owner_lock_take(struct text path, struct owner_lock *lock, struct reason *reason);

/* After the database is closed: closing any descriptor of it ends the POSIX locks that SQLite
 * holds on it in this process. */
void owner_lock_release(struct owner_lock *lock);
