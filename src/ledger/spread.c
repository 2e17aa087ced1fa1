#include "ledger/spread.h"

#include "ledger/ledger.h"
#include "model/account.h"
#include "sql/migrate.h"

#include <stdio.h>

#define SQL_BYTES 256
#define MOVING_MS (24 * 3600 * 1000) /* a table is copied to its servers by one statement */
#define LOCK_MS 5000
#define LEAVING_TRIES 20 /* of 100 ms: a command that has just ended is still seen */

/* In an order in which a table comes after what it refers to. */
static const char *const spread_tables[] = {
    "account",        "account_email",   "api_key",        "audit_event", "session",
    "sign_in_link",   "bucket_gate",     "account_window", "balance",     "key_day",
    "journal",        "idempotency_use", "usage_hour",     "activity",    "billed",
    "recent_address", "payment",         "billing_period", "refund",      "open_invoice",
};

/* A write of them is one on every server, some 300 a second in all: a plan file that is loaded, periods that
 * are closed, a lane that folds. Batches and folds read them beside the tables of a bucket. */
static const char *const reference_tables[] = {"plan_version", "plan_load", "closing",
                                               "fold_mark"};

/* With b, the bucket, as what decides where they run. */
static const char *const spread_functions[] = {"hold_bucket", "admit_bucket", "bucket_group"};

/* ---- What is asked ---- */

/* The one number that sql selects; is_there: whether it selects a row. */
static enum status number_find(struct db *db, const char *sql, int64_t parameter,
                               int64_t *number, bool *is_there, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, sql, &select, reason));
    if (strstr(sql, "$1"))
        db_bind_integer(select, 1, parameter);
    TRY(db_step(select, is_there, reason));
    *number = *is_there ? db_column_integer(select, 0) : 0;
    return STATUS_OK;
}

static enum status number_read(struct db *db, const char *sql, int64_t *number,
                               struct reason *reason)
{
    bool is_there;
    return number_find(db, sql, 0, number, &is_there, reason);
}

/* ---- Before anything is changed ---- */

static enum status version_check(struct db *db, struct reason *reason)
{
    int64_t version;
    bool is_there;
    TRY(number_find(db,
                    "SELECT CAST(split_part(extversion, '.', 1) AS BIGINT) FROM pg_extension"
                    " WHERE extname = 'citus'",
                    0, &version, &is_there, reason));
    if (!is_there)
        return reason_set(reason, STATUS_INVALID,
                          "%s has no Citus: install it on every server, and let CREATE "
                          "EXTENSION citus run in this database on each",
                          db_path(db));
    if (version < SPREAD_CITUS_MIN)
        return reason_set(reason, STATUS_INVALID,
                          "%s has Citus %lld: install %d or later on every server, and let "
                          "ALTER EXTENSION citus UPDATE run on each",
                          db_path(db), (long long)version, SPREAD_CITUS_MIN);
    return STATUS_OK;
}

static enum status coordinator_check(struct db *db, struct reason *reason)
{
    int64_t group, servers;
    TRY(number_read(db, "SELECT CAST(groupid AS BIGINT) FROM pg_dist_local_group", &group,
                    reason));
    if (group != 0)
        return reason_set(reason, STATUS_INVALID,
                          "%s is of a worker: name the database of the coordinator",
                          db_path(db));
    TRY(number_read(db,
                    "SELECT count(*) FROM pg_dist_node WHERE isactive AND shouldhaveshards"
                    " AND noderole = 'primary'",
                    &servers, reason));
    if (servers == 0)
        return reason_set(reason, STATUS_INVALID,
                          "%s has no server for tables: add each with SELECT "
                          "citus_add_node('HOST', PORT)",
                          db_path(db));
    return STATUS_OK;
}

/* Everything of trendgate has the same name there, of its own or of the address. */
static enum status rest_check(struct db *db, struct reason *reason)
{
    int64_t others = 0;
    for (int i = 0; i < LEAVING_TRIES; i++) {
        TRY(number_read(db,
                        "SELECT count(*) FROM pg_stat_activity WHERE datname ="
                        " current_database() AND pid <> pg_backend_pid()"
                        " AND application_name = current_setting('application_name')",
                        &others, reason));
        if (others == 0)
            return STATUS_OK;
        TRY(db_execute(db, "SELECT pg_sleep(0.1)", reason));
    }
    return reason_set(reason, STATUS_BUSY,
                      "%s is in use by %lld connections of trendgate: stop every node and "
                      "command first",
                      db_path(db), (long long)others);
}

/* ---- Tables ---- */

enum table_kind {
    TABLE_LOCAL,
    TABLE_BY_BUCKET,
    TABLE_REFERENCE,
    TABLE_OTHER,
};

/* pg_dist_partition: partmethod is h of a table that is distributed by a hash, n of a reference table. */
static enum status kind_read(struct db *db, const char *table, enum table_kind *kind,
                             struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        db,
        "SELECT CAST(p.partmethod AS TEXT), CAST(p.repmodel AS TEXT),"
        " CAST(column_to_column_name(p.logicalrelid, p.partkey) AS TEXT), (SELECT count(*)"
        " FROM pg_dist_shard s WHERE s.logicalrelid = p.logicalrelid)"
        " FROM pg_dist_partition p WHERE p.logicalrelid = CAST($1 AS regclass)",
        &select, reason));
    db_bind_text(select, 1, text_of(table));
    bool row;
    TRY(db_step(select, &row, reason));
    *kind = TABLE_LOCAL;
    if (!row)
        return STATUS_OK;
    struct text method = db_column_text(select, 0);
    bool is_by_bucket = text_equals(method, TEXT("h")) &&
                        text_equals(db_column_text(select, 2), TEXT("bucket")) &&
                        db_column_integer(select, 3) == ACCOUNT_BUCKETS;
    bool is_reference = text_equals(method, TEXT("n")) &&
                        text_equals(db_column_text(select, 1), TEXT("t"));
    *kind = is_by_bucket ? TABLE_BY_BUCKET : is_reference ? TABLE_REFERENCE : TABLE_OTHER;
    return STATUS_OK;
}

/* sql: what makes it that. */
static enum status table_be(struct db *db, const char *table, enum table_kind wanted,
                            const char *sql, struct reason *reason)
{
    enum table_kind kind;
    TRY(kind_read(db, table, &kind, reason));
    if (kind == wanted)
        return STATUS_OK;
    if (kind == TABLE_LOCAL)
        return db_execute(db, sql, reason);
    return reason_set(reason, STATUS_CONFLICT,
                      "%s: the table %s is distributed in another way: take that back with "
                      "SELECT undistribute_table('" LEDGER_SCHEMA
                      ".%s', cascade_via_foreign_keys := true), and run this again",
                      db_path(db), table, table);
}

static enum status tables_spread(struct db *db, struct reason *reason)
{
    char sql[SQL_BYTES];
    for (size_t i = 0; i < LENGTH_OF(spread_tables); i++) {
        (void)snprintf(sql, sizeof(sql), "SELECT create_distributed_table('%s', 'bucket', %s)",
                       spread_tables[i],
                       i == 0 ? "shard_count := 64, colocate_with := 'none'"
                              : "colocate_with := 'account'");
        TRY(table_be(db, spread_tables[i], TABLE_BY_BUCKET, sql, reason));
    }
    for (size_t i = 0; i < LENGTH_OF(reference_tables); i++) {
        (void)snprintf(sql, sizeof(sql), "SELECT create_reference_table('%s')",
                       reference_tables[i]);
        TRY(table_be(db, reference_tables[i], TABLE_REFERENCE, sql, reason));
    }
    return STATUS_OK;
}

/* A function that is spread already is so once more. */
static enum status functions_spread(struct db *db, struct reason *reason)
{
    char sql[SQL_BYTES];
    for (size_t i = 0; i < LENGTH_OF(spread_functions); i++) {
        (void)snprintf(sql, sizeof(sql),
                       "SELECT create_distributed_function(CAST(CAST('%s' AS regproc) AS"
                       " regprocedure), 'b', colocate_with := '%s')",
                       spread_functions[i], spread_tables[0]);
        TRY(db_execute(db, sql, reason));
    }
    return STATUS_OK;
}

/* ---- Afterwards ---- */

static enum status group_check(struct db *db, struct reason *reason)
{
    int64_t groups;
    TRY(number_read(db,
                    "SELECT count(DISTINCT p.colocationid) FROM pg_dist_partition p"
                    " JOIN pg_class c ON c.oid = p.logicalrelid AND p.partmethod = 'h'"
                    " AND c.relnamespace = to_regnamespace(current_schema())",
                    &groups, reason));
    if (groups != 1)
        return reason_set(reason, STATUS_CONFLICT,
                          "%s: the tables are in %lld colocation groups: put them into one "
                          "with SELECT update_distributed_table_colocation('TABLE', "
                          "colocate_with := '" LEDGER_SCHEMA ".account')",
                          db_path(db), (long long)groups);
    return STATUS_OK;
}

/* A call about each bucket tells where it ran. */
static enum status calls_check(struct db *db, struct reason *reason)
{
    for (int64_t bucket = 0; bucket < ACCOUNT_BUCKETS; bucket++) {
        int64_t ran, lies;
        bool is_there;
        TRY(number_find(db, "SELECT bucket_group($1)", bucket, &ran, &is_there, reason));
        TRY(number_find(db,
                        "SELECT CAST(p.groupid AS BIGINT) FROM pg_dist_placement p WHERE"
                        " p.shardid = (SELECT get_shard_id_for_distribution_column("
                        "CAST('account' AS regclass), $1))",
                        bucket, &lies, &is_there, reason));
        if (ran != lies)
            return reason_set(
                reason, STATUS_CONFLICT,
                "%s: a call about bucket %lld ran in group %lld, and its rows lie in group "
                "%lld: calls are not delegated. Let SELECT "
                "start_metadata_sync_to_all_nodes() run here, and run this again",
                db_path(db), (long long)bucket, (long long)ran, (long long)lies);
    }
    return STATUS_OK;
}

static enum status spread(struct db *db, struct reason *reason)
{
    TRY(version_check(db, reason));
    TRY(coordinator_check(db, reason));
    TRY(rest_check(db, reason));
    TRY(db_migrate(db, &migrations_ledger, reason));
    for (size_t i = 0; i < migrations_spread.postgres.count; i++)
        TRY(db_execute(db, migrations_spread.postgres.at[i].sql, reason));
    TRY(tables_spread(db, reason));
    TRY(functions_spread(db, reason));
    TRY(group_check(db, reason));
    return calls_check(db, reason);
}

enum status ledger_spread(struct text address, struct reason *reason)
{
    static const struct db_options options = {
        .schema = LEDGER_SCHEMA, .busy_timeout_ms = LOCK_MS, .statement_timeout_ms = MOVING_MS};
    struct db *db;
    if (db_kind_of(address) != DB_POSTGRES)
        return reason_set(reason, STATUS_INVALID,
                          "a file is not spread by Citus: name a coordinator with --database "
                          "postgresql://...");
    TRY(db_open(address, &options, &db, reason));
    enum status status = spread(db, reason);
    db_close(db);
    return status;
}
