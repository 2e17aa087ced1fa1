#include "catalog/store_copy.h"

#include "sql/table_copy.h"

/* In an order that references allow. */
static const struct table_copy tables[] = {
    TABLE_COPY("list", "id, country, period, industry", "itii", PARAMETERS_4),
    TABLE_COPY("snapshot",
               "id, list_id, captured_at, as_of, source, hashtag_count, digest, plain_size, "
               "items, published_at, is_short",
               "iiiitibibii", PARAMETERS_11),
    TABLE_COPY("hashtag", "id, hashtag_id, hashtag_name", "itt", PARAMETERS_3),
    TABLE_COPY("appearance", "snapshot_id, rank, hashtag, list_id, posts, views", "iiiiii",
               PARAMETERS_6),
    TABLE_COPY("appearance_due", "snapshot_id", "i", PARAMETERS_1),
    TABLE_COPY("source_use",
               "source, day, used_today, paused_from, paused_until, is_shut, lists, "
               "succeeded_at, failed_at, fault",
               "tiiiiiiiit", PARAMETERS_10),
    TABLE_COPY("source_request", "id, source, wall_at, boot, elapsed", "itiii", PARAMETERS_5),
    TABLE_COPY("collection_job",
               "country, period, industry, holder, leased_at, lease_until, failures, "
               "paused_from, not_before",
               "tiiiiiiii", PARAMETERS_9),
    TABLE_COPY("source_file",
               "source, name, bytes, modified_ns, changed_ns, outcome, lists, sentence, "
               "read_at, holder, leased_at, lease_until",
               "ttiiiiitiiii", PARAMETERS_12),
};

static enum status has_row(struct db *db, const char *sql, bool *has, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, sql, &select, reason));
    return db_step(select, has, reason);
}

enum status store_copy_check(struct db *from, struct db *to, struct reason *reason)
{
    bool has;
    TRY(has_row(from, "SELECT 1 FROM appearance_due LIMIT 1", &has, reason));
    if (has)
        return reason_set(reason, STATUS_CONFLICT,
                          "the history of %s is not written yet: run `trendgate db migrate` on "
                          "it first",
                          db_path(from));
    TRY(has_row(to, "SELECT 1 FROM list LIMIT 1", &has, reason));
    if (has)
        return reason_set(reason, STATUS_EXISTS,
                          "%s has lists already: name an empty database, or drop what an "
                          "interrupted copy left there",
                          db_path(to));
    return STATUS_OK;
}

/* A number that was given to a snapshot once is never given again, also where its row is gone. */
static enum status snapshot_set(struct db *from, struct db *to, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL, *set = NULL;
    TRY(db_statement_take(from, "SELECT seq FROM sqlite_sequence WHERE name = 'snapshot'",
                          &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row || db_column_integer(select, 0) == 0)
        return STATUS_OK;
    TRY(db_statement_take(to, "SELECT setval(pg_get_serial_sequence('snapshot', 'id'), $1)",
                          &set, reason));
    db_bind_integer(set, 1, db_column_integer(select, 0));
    return db_run(set, reason);
}

static enum status sequences_set(struct db *from, struct db *to, struct reason *reason)
{
    static const char *const sets[] = {
        "SELECT setval(pg_get_serial_sequence('list', 'id'), max(id)) FROM list",
        "SELECT setval(pg_get_serial_sequence('hashtag', 'id'), max(id)) FROM hashtag",
        ("SELECT setval(pg_get_serial_sequence('source_request', 'id'), max(id))"
         " FROM source_request"),
    };
    for (size_t i = 0; i < LENGTH_OF(sets); i++)
        TRY(db_execute(to, sets[i], reason));
    return snapshot_set(from, to, reason);
}

enum status store_copy(struct db *from, struct db *to, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction view = {NULL}, writing = {NULL};
    TRY(db_begin_reading(from, &view, reason));
    TRY(db_begin(to, &writing, reason));
    for (size_t i = 0; i < LENGTH_OF(tables); i++)
        TRY(table_copy(from, to, &tables[i], reason));
    TRY(sequences_set(from, to, reason));
    return db_commit(&writing, reason);
}
