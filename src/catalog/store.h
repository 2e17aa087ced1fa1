/* store: the catalogue's database: every snapshot of every list, kept as zstd of canonical JSON.
 *
 * It is the file PATH-catalog beside the ledger's PATH, or the schema "catalog" of a PostgreSQL
 * database. Several processes may open it (serve, import, collect), on PostgreSQL on many machines.
 * The file is kept in rollback-journal mode, in which SQLite's own locks order the writers, because
 * Debian's 3.40 has a bug of several concurrent WAL writers; on PostgreSQL a lock of our own lets one
 * write at a time, so that there, too, a snapshot that appears has a higher id than all that have
 * appeared. A store is owned by one thread at a time. Every verb blocks. */
#pragma once

#include "base/instant.h"
#include "base/reason.h"
#include "model/ranking.h"
#include "sql/db.h"

struct store;

/* Where the catalogue of that database lies (settings.h), for store_open. Of sqlite:PATH by whatever
 * name the ledger is called (path_resolve); its folder is made when absent. STATUS_INVALID: of another
 * form. STATUS_TOO_LARGE: it is too long. */
enum status store_path_of(struct text database_url, char path[PATH_BYTES_MAX],
                          struct reason *reason);

/* For a connection of one's own to it, beside the store's. */
struct db_options store_db_options(int busy_timeout_ms);

/* Whoever wants to see how far a long verb is. */
struct store_progress {
    void (*show)(void *owner, int64_t done, int64_t total);
    void *owner;
};

/* Makes or migrates the file, and makes the folder that it lies in. A file of an older program
 * gets its history then, a few milliseconds a snapshot; what is interrupted goes on at the next
 * opening. progress: who is told meanwhile; NULL: nobody. */
enum status store_open(struct text path, const struct time_source *time, struct store **store,
                       struct reason *reason);
enum status store_open_showing(struct text path, const struct time_source *time,
                               const struct store_progress *progress, struct store **store,
                               struct reason *reason);
void store_close(struct store *store);

/* How long a verb waits from now on while another process holds the file, before STATUS_BUSY;
 * 10 s in the beginning. */
enum status store_wait_at_most(struct store *store, int milliseconds, struct reason *reason);

/* As db_answer_within. */
void store_answer_within(struct store *store, int milliseconds);

/* As db_path: for sentences. Lives as long as the store. */
const char *store_path(const struct store *store);

/* Keeps one valid ranking as a snapshot with its appearances (store_history.h), in one
 * transaction. Where no hashtag of it tells its rank change, the changes since the last
 * snapshot of the list captured before it are kept with it. STATUS_EXISTS: the same list with
 * the same captured_at and source is there already with the same content (*snapshot_id is set
 * to it); STATUS_CONFLICT: with other content. */
enum status store_publish(struct store *store, const struct ranking *ranking,
                          int64_t *snapshot_id, struct reason *reason);

/* What store_publish would come to; nothing is kept. For who has several lists to keep, or none. */
enum status store_check(struct store *store, const struct ranking *ranking,
                        struct reason *reason);

struct snapshot_entry {
    int64_t id; /* from 1, rising with each publication */
    struct list_key list;
    instant captured_at;
    instant as_of;
    char source[32];
    size_t hashtag_count;
    bool is_short; /* as in struct ranking */
};

/* Calls visit for every snapshot with an id over after, by id. */
enum status store_visit(struct store *store, int64_t after,
                        void (*visit)(void *owner, const struct snapshot_entry *entry),
                        void *owner, struct reason *reason);

/* The snapshot of the same list that counts where this one is damaged: of those captured
 * earlier, or of the same time with a lower id, the last. STATUS_MISSING: there is none. */
enum status store_find_before(struct store *store, struct list_key list, instant captured_at,
                              int64_t id, struct snapshot_entry *before, struct reason *reason);

/* The whole snapshot, read into arena. STATUS_MISSING: no such id. STATUS_CORRUPT: what is kept
 * is not what was kept. */
enum status store_read(struct store *store, int64_t id, struct arena *arena,
                       struct ranking *ranking, struct reason *reason);

/* The same in two steps, so that no lock on the store is held while it is unpacked and parsed,
 * which needs no store. What was fetched lives in the arena of store_fetch. */
struct stored_snapshot {
    struct list_key list;
    instant captured_at;
    struct text source;
    bool is_short;
    struct text packed; /* zstd */
    struct text digest;
    int64_t plain_bytes;
};
enum status store_fetch(struct store *store, int64_t id, struct arena *arena,
                        struct stored_snapshot *stored, struct reason *reason);
enum status stored_snapshot_read(const struct stored_snapshot *stored, struct arena *arena,
                                 struct ranking *ranking, struct reason *reason);
