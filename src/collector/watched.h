/* watched: how a source that is watched is looked at: what it shows, file by file.
 *
 * An adapter keeps no lists and no memory beyond its process: the collector asks the catalogue's
 * file whether a file was read before, reads it and keeps what it holds (watching.h). */
#pragma once

#include "catalog/capture.h"

struct source_options;
struct watched;

#define SEEN_NAME_BYTES_MAX 256 /* with its NUL */

/* A file as it was seen. Whatever is done to it changes one of the three numbers. */
struct seen_file {
    char name[SEEN_NAME_BYTES_MAX];
    int64_t bytes;
    int64_t modified_ns, changed_ns; /* its own times: of its content, and of anything */
};

/* What is watched is owned by one thread; look and read block on the disk. */
struct source_watch {
    struct watched *(*open)(const struct source_options *options);
    void (*close)(struct watched *watched);

    /* Takes a look. *has_lost: a file that was there before may be gone. STATUS_IO, STATUS_MISSING,
     * STATUS_TOO_LARGE: it cannot be seen, and reason says what to do; what was seen before is
     * forgotten. */
    enum status (*look)(struct watched *watched, bool *has_lost, struct reason *reason);

    /* The next file, by name, that stands still and that nobody has passed yet: false when there is
     * none. It comes again after the next look, unless it was passed for good; that lasts until the
     * file changes. */
    bool (*next)(struct watched *watched, struct seen_file *file);
    void (*pass)(struct watched *watched, const struct seen_file *file, bool for_good);

    /* Files that are being written, still or again: seen, and not standing still. */
    size_t (*moving)(const struct watched *watched);

    /* Whether a file of that name was seen by the last look. */
    bool (*has)(const struct watched *watched, const char *name);

    /* Reads all of it. STATUS_BUSY: it is no longer what was seen. STATUS_IO: that is the fault of
     * the system and not the file's. Else as capture_read has it: the file's fault. */
    enum status (*read)(struct watched *watched, const struct seen_file *file, instant now,
                        struct arena *arena, struct capture *capture, struct reason *reason);
};
