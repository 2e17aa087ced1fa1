#include "sql/migrate.h"

#include "sql/engine.h"

struct migration_steps migrations_for(const struct migration_set *set, const struct db *db)
{
    switch (db_kind(db)) {
    case DB_SQLITE: return set->sqlite;
    case DB_POSTGRES: return set->postgres;
    }
    check_failed(__FILE__, __LINE__, "the kind is in the list");
}

/* What the database says of itself; version 0 where it has no schema yet. */
static enum status version_read(struct db *db, const struct migration_set *set,
                                int64_t *version, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *statement = NULL;
    TRY(db_statement_take(db,
                          "SELECT version FROM schema_version WHERE name = $1"
                          " ORDER BY version DESC LIMIT 1",
                          &statement, reason));
    db_bind_text(statement, 1, text_of(set->name));
    bool row;
    TRY(db_step(statement, &row, reason));
    if (!row)
        return reason_set(reason, STATUS_CONFLICT, "%s is not a %s of trendgate: name another",
                          db_path(db), set->name);
    *version = db_column_integer(statement, 0);
    return STATUS_OK;
}

static enum status tables_count(struct db *db, int64_t *all, int64_t *versioned,
                                struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *statement = NULL;
    TRY(db_statement_take(
        db,
        db_kind(db) == DB_POSTGRES
            ? "SELECT count(*), count(*) FILTER (WHERE tablename = 'schema_version')"
              " FROM pg_tables WHERE schemaname = current_schema()"
            : "SELECT count(*), count(*) FILTER (WHERE name = 'schema_version')"
              " FROM sqlite_master WHERE type = 'table'",
        &statement, reason));
    bool row;
    TRY(db_step(statement, &row, reason));
    check(row);
    *all = db_column_integer(statement, 0);
    *versioned = db_column_integer(statement, 1);
    return STATUS_OK;
}

enum status db_version(struct db *db, const struct migration_set *set, int64_t *version,
                       struct reason *reason)
{
    int64_t tables, versioned;
    TRY(tables_count(db, &tables, &versioned, reason));
    if (versioned)
        return version_read(db, set, version, reason);
    if (tables)
        return reason_set(reason, STATUS_CONFLICT,
                          "%s belongs to another program: name another", db_path(db));
    *version = 0;
    return STATUS_OK;
}

static enum status version_write(struct db *db, const struct migration_set *set,
                                 const struct migration *step, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *statement = NULL;
    TRY(db_statement_take(db,
                          "INSERT INTO schema_version (name, version, file)"
                          " VALUES ($1, $2, $3)",
                          &statement, reason));
    db_bind_text(statement, 1, text_of(set->name));
    db_bind_integer(statement, 2, step->version);
    db_bind_text(statement, 3, text_of(step->name));
    return db_run(statement, reason);
}

/* Looks again inside the transaction: another process may have come first. */
static enum status step_apply(struct db *db, const struct migration_set *set,
                              const struct migration *step, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin(db, &transaction, reason));
    TRY(db->engine->migration_begin(db, reason));
    int64_t version = 0;
    TRY(db_version(db, set, &version, reason));
    if (version >= step->version)
        return STATUS_OK;
    if (version == 0)
        TRY(db_execute(db,
                       "CREATE TABLE schema_version ("
                       " name TEXT NOT NULL,"      /* which set of migrations */
                       " version BIGINT NOT NULL," /* a step of it that was applied */
                       " file TEXT NOT NULL,"      /* the file that it came from */
                       " PRIMARY KEY (name, version))",
                       reason));
    TRY(db_execute(db, step->sql, reason));
    TRY(version_write(db, set, step, reason));
    return db_commit(&transaction, reason);
}

enum status db_migrate(struct db *db, const struct migration_set *set, struct reason *reason)
{
    const struct migration_steps steps = migrations_for(set, db);
    if (steps.count == 0)
        return reason_set(
            reason, STATUS_INVALID,
            "%s cannot be a %s: name a file for it, as this program keeps none on "
            "PostgreSQL",
            db_path(db), set->name);
    int64_t version = 0;
    TRY(db_version(db, set, &version, reason));
    if (version > (int64_t)steps.count)
        return reason_set(
            reason, STATUS_CONFLICT,
            "%s is a %s of version %lld and this program knows %zu: run the newer "
            "trendgate that wrote it",
            db_path(db), set->name, (long long)version, steps.count);
    for (size_t i = (size_t)version; i < steps.count; i++)
        TRY(step_apply(db, set, &steps.at[i], reason));
    return STATUS_OK;
}
