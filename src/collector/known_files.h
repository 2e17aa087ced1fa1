/* known_files: which files of a source were read, and what came of it, kept in the catalogue's
 * file.
 *
 * So that each is read once, by whichever collector, also after a restart. As with lists (jobs.h)
 * a lease that has run out belongs to a collector that died: its file is read again, which
 * publishes nothing twice. Owned by one thread; each verb blocks on the disk. */
#pragma once

#include "base/instant.h"
#include "collector/watched.h"
#include "sql/db.h"

/* The largest file is read, and some lists are kept, in a few seconds. */
#define FILE_LEASE_US (INT64_C(60) * SECOND_US)

enum file_outcome { FILE_IS_BEING_READ, FILE_IS_KEPT, FILE_IS_REFUSED };

/* What came of a file that was read to its end. */
struct file_end {
    enum file_outcome outcome;
    int64_t lists;        /* in it */
    struct text sentence; /* why it was refused; else empty */
    instant at;
};

/* Takes or renews the lease. STATUS_EXISTS: it was read as it is. STATUS_BUSY: another reads it,
 * *until then. holder: not 0. */
enum status known_file_take(struct db *db, struct text source, const struct seen_file *file,
                            int64_t holder, instant now, instant *until, struct reason *reason);

/* Gives it back with what came of it. NULL: nothing, it is to be read again. */
enum status known_file_end(struct db *db, struct text source, const struct seen_file *file,
                           int64_t holder, const struct file_end *end, struct reason *reason);

/* Files of the source that stand refused, and the sentence of the last of them; empty: none does. */
struct refused_files {
    int64_t count;
    char sentence[REASON_BYTES_MAX];
};
enum status known_files_refused(struct db *db, struct text source,
                                struct refused_files *refused, struct reason *reason);

/* Calls visit for the name of each file of the source that is known, and forgets those of which
 * it says so. */
enum status known_files_sweep(struct db *db, struct text source,
                              bool (*is_gone)(const void *owner, const char *name),
                              const void *owner, struct reason *reason);
