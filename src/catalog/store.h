/* store: the catalogue's file: every snapshot of every list, kept as zstd of canonical JSON.
 *
 * The file is PATH-catalog beside the ledger's PATH. Several processes may open it (serve,
 * import, collect): it is kept in rollback-journal mode, in which SQLite's own locks order the
 * writers, because Debian's 3.40 has a bug of several concurrent WAL writers. A store is owned by one
 * thread at a time. Every verb blocks on the disk. */
#pragma once

#include "base/instant.h"
#include "base/reason.h"
#include "model/ranking.h"

struct store;

/* Where the catalogue of that ledger lies, by whatever name the ledger is called (path_resolve);
 * its folder is made when absent. STATUS_TOO_LARGE: the path is too long. */
enum status store_path_of(struct text ledger_path, char path[PATH_BYTES_MAX],
                          struct reason *reason);

/* Makes or migrates the file, and makes the folder that it lies in. */
enum status store_open(struct text path, const struct time_source *time, struct store **store,
                       struct reason *reason);
void store_close(struct store *store);

/* Keeps one valid ranking as a snapshot, in one transaction. STATUS_EXISTS: the same list with the
 * same captured_at and source is there already with the same content (*snapshot_id is set to it);
 * STATUS_CONFLICT: with other content. */
enum status store_publish(struct store *store, const struct ranking *ranking,
                          int64_t *snapshot_id, struct reason *reason);

struct snapshot_entry {
    int64_t id; /* from 1, rising with each publication */
    struct list_key list;
    instant captured_at;
    instant as_of;
    char source[32];
    size_t hashtag_count;
};

/* Calls visit for every snapshot with an id over after, by id. */
enum status store_visit(struct store *store, int64_t after,
                        void (*visit)(void *owner, const struct snapshot_entry *entry),
                        void *owner, struct reason *reason);

/* The whole snapshot, read into arena. STATUS_MISSING: no such id. */
enum status store_read(struct store *store, int64_t id, struct arena *arena,
                       struct ranking *ranking, struct reason *reason);
