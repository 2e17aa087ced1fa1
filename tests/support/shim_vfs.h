/* shim_vfs: SQLite's files with a death, a lying disk and faults to order.
 *
 * A VFS in front of the system's own, made the default by shim_install. It counts every write,
 * sync, truncation and deletion, and ends the process before the n-th one. What was written since
 * a file's last sync is remembered in memory shared with the children of fork, so that the parent
 * of a process that died can turn the files into what a power failure would have left. Nothing is
 * ever really synced: what survives is decided here, whatever the disk of this machine does.
 *
 * Files may be used from several threads; the functions below belong to one at a time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SHIM_DEATH 77 /* exit status of a process that died as ordered */

enum shim_kind {
    SHIM_ANY,
    SHIM_WRITE,
    SHIM_SYNC,
};

struct shim_orders {
    int64_t dies_at;    /* the n-th operation, from 1, is not done any more; 0: it lives */
    bool ignores_syncs; /* says OK and keeps nothing: a lying disk */

    enum shim_kind fails; /* which operations fail */
    int fault_code;       /* with this code, such as SQLITE_FULL; 0: none fails */
    int64_t countdown;    /* so many of them pass before */
    int64_t repeat;       /* so many fail, then all is well again; -1: they fail for ever */
};

/* Before the first database is opened, and before fork. */
void shim_install(void);

/* New orders; the count begins anew at 0, and what is written so far counts as synced. */
void shim_order(const struct shim_orders *orders);

/* Operations since shim_order, also those of a child. */
int64_t shim_operations(void);

/* How many operations were made to fail since shim_order. */
int64_t shim_faults(void);

/* What a power failure leaves of the writes since each file's last sync. */
enum shim_survivors {
    SHIM_ALL,    /* everything: the process was killed, the machine runs on */
    SHIM_SYNCED, /* nothing */
    SHIM_TORN,   /* some whole, some in part, some not, in no order */
    SHIM_KINDS,
};

/* After a death, when no database is open: turns the files into what survived. */
void shim_survive(enum shim_survivors survivors, uint64_t seed);
