/* store_parts: what the files of the store share among themselves. */
#pragma once

#include "catalog/store.h"
#include "sql/db.h"

struct store {
    struct db *db;
    const struct time_source *time;
};

/* db_begin for whoever writes snapshots: one at a time, also on PostgreSQL, until the end of it. Snapshots
 * appear in the order of their ids by that, and no hashtag goes while another's appearance comes. */
enum status store_begin(struct store *store, struct db_transaction *transaction,
                        struct reason *reason);

/* The columns of a snapshot_entry, from snapshot joined with list, and where they are read. */
#define ENTRY_COLUMNS                                                                          \
    "snapshot.id, country, period, industry, captured_at, as_of, source, hashtag_count, "      \
    "is_short"
enum status store_entry_read(struct db_statement *row, struct snapshot_entry *entry,
                             struct reason *reason);

/* Binds the list to $1, $2 and $3: country, period and industry. */
void store_list_bind(struct db_statement *statement, struct list_key list);

/* Within a transaction for writing. Writes the appearances of a snapshot that has none yet. */
enum status store_appearances_write(struct store *store, int64_t snapshot_id, int64_t list_id,
                                    const struct ranking *ranking, struct reason *reason);

/* Within a transaction for writing. Where no hashtag of ranking tells its change, fills them
 * in: from kept_id, the snapshot that this very capture was kept as (0: it is new), else from
 * the last snapshot of the list that was captured before. hashtags is room for as many as
 * ranking has; *filled borrows it. */
enum status store_changes_fill(struct store *store, int64_t list_id, int64_t kept_id,
                               const struct ranking *ranking, struct hashtag *hashtags,
                               struct ranking *filled, struct reason *reason);

/* Writes the appearances of the snapshots that came before there were any, each in a
 * transaction of its own. progress may be NULL. */
enum status store_catch_up(struct store *store, const struct store_progress *progress,
                           struct reason *reason);
