#include "catalog/store_history.h"

#include "base/log.h"
#include "catalog/store_parts.h"

/* ---- Writing ---- */

static enum status hashtag_row_of(struct store *store, const struct hashtag *hashtag,
                                  int64_t *row_id, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *find = NULL;
    TRY(db_statement_take(store->db,
                          "SELECT id FROM hashtag WHERE hashtag_id = $1 AND hashtag_name = $2",
                          &find, reason));
    db_bind_text(find, 1, hashtag->id);
    db_bind_text(find, 2, hashtag->name);
    bool row;
    TRY(db_step(find, &row, reason));
    if (row) {
        *row_id = db_column_integer(find, 0);
        return STATUS_OK;
    }
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(store->db,
                          "INSERT INTO hashtag (hashtag_id, hashtag_name) VALUES ($1, $2) "
                          "RETURNING id",
                          &insert, reason));
    db_bind_text(insert, 1, hashtag->id);
    db_bind_text(insert, 2, hashtag->name);
    TRY(db_step(insert, &row, reason));
    check(row);
    *row_id = db_column_integer(insert, 0);
    return STATUS_OK;
}

static enum status appearance_insert(struct store *store, int64_t snapshot_id, int64_t list_id,
                                     const struct hashtag *hashtag, struct reason *reason)
{
    int64_t hashtag_row;
    TRY(hashtag_row_of(store, hashtag, &hashtag_row, reason));
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(store->db,
                          "INSERT INTO appearance (snapshot_id, rank, hashtag, list_id, posts, "
                          "views) VALUES ($1, $2, $3, $4, $5, $6)",
                          &insert, reason));
    db_bind_integer(insert, 1, snapshot_id);
    db_bind_integer(insert, 2, hashtag->rank);
    db_bind_integer(insert, 3, hashtag_row);
    db_bind_integer(insert, 4, list_id);
    db_bind_integer(insert, 5, hashtag->posts);
    db_bind_integer(insert, 6, hashtag->views);
    return db_run(insert, reason);
}

enum status store_appearances_write(struct store *store, int64_t snapshot_id, int64_t list_id,
                                    const struct ranking *ranking, struct reason *reason)
{
    for (size_t i = 0; i < ranking->hashtag_count; i++)
        TRY(appearance_insert(store, snapshot_id, list_id, &ranking->hashtags[i], reason));
    return STATUS_OK;
}

/* ---- Catching up ---- */

static enum status due_count(struct store *store, int64_t *count, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(store->db, "SELECT count(*) FROM appearance_due", &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *count = db_column_integer(select, 0);
    return STATUS_OK;
}

/* *snapshot_id 0: none is due. */
static enum status due_next(struct store *store, int64_t *snapshot_id, int64_t *list_id,
                            struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(store->db,
                          "SELECT snapshot_id, list_id FROM appearance_due "
                          "JOIN snapshot ON snapshot.id = snapshot_id "
                          "ORDER BY snapshot_id LIMIT 1",
                          &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    *snapshot_id = row ? db_column_integer(select, 0) : 0;
    *list_id = row ? db_column_integer(select, 1) : 0;
    return STATUS_OK;
}

static enum status due_remove(struct store *store, int64_t snapshot_id, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *remove = NULL;
    TRY(db_statement_take(store->db, "DELETE FROM appearance_due WHERE snapshot_id = $1",
                          &remove, reason));
    db_bind_integer(remove, 1, snapshot_id);
    return db_run(remove, reason);
}

/* A damaged snapshot cannot be served either; it has no history, and is told once. */
static enum status due_write(struct store *store, int64_t snapshot_id, int64_t list_id,
                             struct reason *reason)
{
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    struct ranking ranking;
    struct reason damage = {0};
    enum status status = store_read(store, snapshot_id, &arena, &ranking, &damage);
    if (status == STATUS_OK)
        return store_appearances_write(store, snapshot_id, list_id, &ranking, reason);
    if (status != STATUS_CORRUPT)
        return reason_set(reason, status, "%s", damage.sentence);
    log_line(LOG_ERROR, "catalog", "snapshot %lld is left out of the history: %s",
             (long long)snapshot_id, damage.sentence);
    return STATUS_OK;
}

/* One snapshot, whoever of several processes comes first; *is_over: none is left. */
static enum status due_settle(struct store *store, bool *is_over, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(store_begin(store, &transaction, reason));
    int64_t snapshot_id, list_id;
    TRY(due_next(store, &snapshot_id, &list_id, reason));
    *is_over = snapshot_id == 0;
    if (*is_over)
        return STATUS_OK;
    TRY(due_write(store, snapshot_id, list_id, reason));
    TRY(due_remove(store, snapshot_id, reason));
    return db_commit(&transaction, reason);
}

enum status store_catch_up(struct store *store, const struct store_progress *progress,
                           struct reason *reason)
{
    int64_t total;
    TRY(due_count(store, &total, reason));
    bool is_over = total == 0;
    for (int64_t done = 1; !is_over; done++) {
        TRY(due_settle(store, &is_over, reason));
        if (progress)
            progress->show(progress->owner, done < total ? done : total, total);
    }
    return STATUS_OK;
}

/* ---- Reading ---- */

enum status store_read_begin(struct store *store, struct db_transaction *reading,
                             struct reason *reason)
{
    return db_begin_reading(store->db, reading, reason);
}

enum status store_last_id(struct store *store, int64_t *id, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(store->db, "SELECT coalesce(max(id), 0) FROM snapshot", &select,
                          reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *id = db_column_integer(select, 0);
    return STATUS_OK;
}

#define LIST_OF_SCOPE "country = $1 AND period = $2 AND industry = $3 AND snapshot.id <= $4"

static void scope_bind(struct db_statement *statement, const struct history_scope *scope)
{
    store_list_bind(statement, scope->list);
    db_bind_integer(statement, 4, scope->snapshot_id_max);
}

enum status store_capture_count(struct store *store, const struct history_scope *scope,
                                int64_t *count, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(store->db,
                          "SELECT count(*) FROM list JOIN snapshot ON list_id = list.id "
                          "WHERE " LIST_OF_SCOPE,
                          &select, reason));
    scope_bind(select, scope);
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *count = db_column_integer(select, 0);
    return STATUS_OK;
}

#define APPEARANCE_COLUMNS                                                                     \
    "snapshot_id, captured_at, source, hashtag_id, hashtag_name, rank, posts, views"

static enum status appearances_visit(struct db_statement *select,
                                     const struct appearance_visitor *visitor,
                                     struct reason *reason)
{
    bool row;
    TRY(db_step(select, &row, reason));
    while (row) {
        struct appearance appearance = {
            .snapshot_id = db_column_integer(select, 0),
            .captured_at = {db_column_integer(select, 1)},
            .source = db_column_text(select, 2),
            .hashtag_id = db_column_text(select, 3),
            .hashtag_name = db_column_text(select, 4),
            .rank = db_column_integer(select, 5),
            .posts = db_column_integer(select, 6),
            .views = db_column_integer(select, 7),
        };
        visitor->visit(visitor->owner, &appearance);
        TRY(db_step(select, &row, reason));
    }
    return STATUS_OK;
}

/* The order of the joins is the order of the index: hashtags of the name, then their rows. */
#define HISTORY_OF(name_matches)                                                               \
    "SELECT " APPEARANCE_COLUMNS                                                               \
    " FROM list CROSS JOIN hashtag CROSS JOIN appearance CROSS JOIN snapshot "                 \
    "WHERE appearance.hashtag = hashtag.id AND appearance.list_id = list.id "                  \
    "AND snapshot.id = snapshot_id AND " LIST_OF_SCOPE " AND " name_matches                    \
    " ORDER BY captured_at DESC, snapshot.id DESC, rank DESC"

enum status store_visit_history(struct store *store, const struct history_scope *scope,
                                struct text hashtag_name,
                                const struct appearance_visitor *visitor, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(store->db,
                          db_kind(store->db) == DB_POSTGRES
                              ? HISTORY_OF("lower(hashtag_name) IN (lower($5 COLLATE \"C\"), "
                                           "lower('#' || $5 COLLATE \"C\"))")
                              : HISTORY_OF("hashtag_name COLLATE NOCASE IN ($5, '#' || $5)"),
                          &select, reason));
    scope_bind(select, scope);
    db_bind_text(select, 5, hashtag_name);
    return appearances_visit(select, visitor, reason);
}

enum status store_visit_appearances(struct store *store, int64_t snapshot_id,
                                    const struct appearance_visitor *visitor,
                                    struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        store->db,
        "SELECT " APPEARANCE_COLUMNS " FROM appearance JOIN snapshot ON snapshot.id = "
        "snapshot_id JOIN hashtag ON hashtag.id = hashtag WHERE snapshot_id = $1 ORDER BY rank",
        &select, reason));
    db_bind_integer(select, 1, snapshot_id);
    return appearances_visit(select, visitor, reason);
}

static enum status entry_step(struct db_statement *select, struct snapshot_entry *entry,
                              struct reason *reason)
{
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return reason_set(reason, STATUS_MISSING, "there is no such capture of that list");
    return store_entry_read(select, entry, reason);
}

#define ENTRY_OF_SCOPE                                                                         \
    "SELECT " ENTRY_COLUMNS " FROM list JOIN snapshot ON list_id = list.id "                   \
    "WHERE " LIST_OF_SCOPE

enum status store_newest_capture(struct store *store, const struct history_scope *scope,
                                 struct snapshot_entry *newest, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(store->db,
                          ENTRY_OF_SCOPE " ORDER BY captured_at DESC, snapshot.id DESC LIMIT 1",
                          &select, reason));
    scope_bind(select, scope);
    return entry_step(select, newest, reason);
}

/* Of several captures of one time the one published last counts, as it does for lists. */
enum status store_nearest_capture(struct store *store, const struct history_scope *scope,
                                  instant before, instant since, struct snapshot_entry *nearest,
                                  struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(store->db,
                          ENTRY_OF_SCOPE " AND captured_at < $5 ORDER BY "
                                         "abs(captured_at - $6), captured_at, "
                                         "snapshot.id DESC LIMIT 1",
                          &select, reason));
    scope_bind(select, scope);
    db_bind_integer(select, 5, before.us);
    db_bind_integer(select, 6, since.us);
    return entry_step(select, nearest, reason);
}
