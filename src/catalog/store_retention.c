/* Retention: what is older than the operator keeps it goes, a few snapshots a transaction. */
#include "catalog/store_history.h"
#include "catalog/store_parts.h"

/* Some 5,000 rows, a few milliseconds: so long does whoever wants to publish wait. */
#define PRUNED_AT_ONCE_MAX 25

instant store_retention_start(instant now, int64_t days)
{
    return (instant){now.us - days * DAY_US};
}

struct due_snapshots {
    int64_t ids[PRUNED_AT_ONCE_MAX];
    size_t count;
    int64_t after; /* those up to this id were looked at before */
};

/* The newest snapshot of a list stays whatever its age, and what was the newest until
 * lately. */
static enum status due_select(struct store *store, instant captured_before,
                              struct due_snapshots *due, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(store->db,
                          "SELECT id FROM snapshot WHERE captured_at < $1 "
                          "AND published_at < $2 AND EXISTS (SELECT 1 FROM snapshot AS newer "
                          "WHERE newer.list_id = snapshot.list_id "
                          "AND (newer.captured_at, newer.id) > "
                          "(snapshot.captured_at, snapshot.id) AND newer.published_at < $2) "
                          "AND id > $3 ORDER BY id LIMIT $4",
                          &select, reason));
    db_bind_integer(select, 1, captured_before.us);
    db_bind_integer(select, 2, time_now(store->time).us - STORE_REPLAY_US);
    db_bind_integer(select, 3, due->after);
    db_bind_integer(select, 4, PRUNED_AT_ONCE_MAX);
    bool row;
    due->count = 0;
    TRY(db_step(select, &row, reason));
    while (row) {
        due->ids[due->count++] = db_column_integer(select, 0);
        TRY(db_step(select, &row, reason));
    }
    return STATUS_OK;
}

static enum status run_for(struct store *store, const char *sql, int64_t snapshot_id,
                           struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *statement = NULL;
    TRY(db_statement_take(store->db, sql, &statement, reason));
    db_bind_integer(statement, 1, snapshot_id);
    return db_run(statement, reason);
}

/* Hashtags that stood in no other snapshot go with it. */
static enum status snapshot_remove(struct store *store, int64_t id, struct reason *reason)
{
    TRY(run_for(store,
                "DELETE FROM hashtag WHERE id IN "
                "(SELECT hashtag FROM appearance WHERE snapshot_id = $1) AND NOT EXISTS "
                "(SELECT 1 FROM appearance WHERE hashtag = hashtag.id AND snapshot_id <> $1)",
                id, reason));
    TRY(run_for(store, "DELETE FROM appearance WHERE snapshot_id = $1", id, reason));
    TRY(run_for(store, "DELETE FROM appearance_due WHERE snapshot_id = $1", id, reason));
    return run_for(store, "DELETE FROM snapshot WHERE id = $1", id, reason);
}

static enum status batch_remove(struct store *store, instant captured_before,
                                struct due_snapshots *due, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(store_begin(store, &transaction, reason));
    TRY(due_select(store, captured_before, due, reason));
    for (size_t i = 0; i < due->count; i++)
        TRY(snapshot_remove(store, due->ids[i], reason));
    TRY(db_commit(&transaction, reason));
    if (due->count > 0)
        due->after = due->ids[due->count - 1];
    return STATUS_OK;
}

enum status store_prune(struct store *store, instant captured_before,
                        const struct store_progress *progress, int64_t *removed,
                        struct reason *reason)
{
    struct due_snapshots due = {.count = PRUNED_AT_ONCE_MAX};
    *removed = 0;
    while (due.count == PRUNED_AT_ONCE_MAX) {
        TRY(batch_remove(store, captured_before, &due, reason));
        *removed += (int64_t)due.count;
        if (progress)
            progress->show(progress->owner, *removed, 0);
    }
    return STATUS_OK;
}
