/* owner_lock: the file PATH.lock, by which one process owns a ledger.
 *
 * flock(2) on it; it goes away with the process, however that ends. The file stays: removing it
 * would let two owners lock two files of one name. It holds the owner's process id. */
#pragma once

#include "base/reason.h"

struct owner_lock {
    int file;
};

/* Makes the last folder of path (mode 0700) when absent. STATUS_BUSY: another process owns it. */
enum status owner_lock_take(struct text path, struct owner_lock *lock, struct reason *reason);
void owner_lock_release(struct owner_lock *lock);
