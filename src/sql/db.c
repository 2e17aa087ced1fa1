#include "sql/engine.h"

enum db_kind db_kind_of(struct text path)
{
    return text_starts_with(path, TEXT("postgresql://")) ||
                   text_starts_with(path, TEXT("postgres://"))
               ? DB_POSTGRES
               : DB_SQLITE;
}

static const struct db_engine *engine_of(struct text path)
{
    switch (db_kind_of(path)) {
    case DB_SQLITE: return &engine_sqlite;
    case DB_POSTGRES: return &engine_postgres;
    }
    check_failed(__FILE__, __LINE__, "the kind is in the list");
}

static enum status open_with(struct text path, const struct db_options *options,
                             bool reads_only, struct db **db, struct reason *reason)
{
    const struct db_engine *engine = engine_of(path);
    struct db *opened = memory_take_zeroed(1, engine->db_bytes);
    opened->engine = engine;
    opened->path = memory_take_zeroed(1, path.length + 1);
    memcpy(opened->path, path.at, path.length);
    enum status status = engine->open(opened, options, reads_only, reason);
    if (status != STATUS_OK) {
        db_close(opened);
        return status;
    }
    *db = opened;
    return STATUS_OK;
}

enum status db_open(struct text path, const struct db_options *options, struct db **db,
                    struct reason *reason)
{
    return open_with(path, options, false, db, reason);
}

enum status db_open_to_read(struct text path, const struct db_options *options, struct db **db,
                            struct reason *reason)
{
    return open_with(path, options, true, db, reason);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < db->statement_count; i++) {
        check(!db->statements[i]->is_taken);
        db->engine->free(db->statements[i]);
        free(db->statements[i]);
    }
    db->engine->close(db);
    free(db->path);
    free(db);
}

enum db_kind db_kind(const struct db *db)
{
    return db->engine->kind;
}

const char *db_address(const struct db *db)
{
    return db->path;
}

const char *db_path(const struct db *db)
{
    return db->engine->shown(db);
}

enum status db_wait_at_most(struct db *db, int milliseconds, struct reason *reason)
{
    return db->engine->wait_at_most(db, milliseconds, reason);
}

void db_answer_within(struct db *db, int milliseconds)
{
    if (db->engine->answer_within)
        db->engine->answer_within(db, milliseconds);
}

enum status db_execute(struct db *db, const char *sql, struct reason *reason)
{
    return db->engine->execute(db, sql, reason);
}

/* ---- Statements ---- */

/* Most texts are literals that come with the same address each time. */
static struct db_statement *statement_find(struct db *db, const char *sql)
{
    for (size_t i = 0; i < db->statement_count; i++)
        if (db->statements[i]->sql == sql)
            return db->statements[i];
    for (size_t i = 0; i < db->statement_count; i++)
        if (strcmp(db->statements[i]->sql, sql) == 0)
            return db->statements[i];
    return NULL;
}

static enum status statement_make(struct db *db, const char *sql, struct db_statement **made,
                                  struct reason *reason)
{
    check(db->statement_count < DB_STATEMENTS_MAX);
    struct db_statement *statement = memory_take_zeroed(1, db->engine->statement_bytes);
    *statement = (struct db_statement){.engine = db->engine, .db = db, .sql = sql};
    enum status status = db->engine->prepare(statement, reason);
    if (status != STATUS_OK) {
        free(statement);
        return status;
    }
    db->statements[db->statement_count++] = statement;
    *made = statement;
    return STATUS_OK;
}

enum status db_statement_take(struct db *db, const char *sql, struct db_statement **statement,
                              struct reason *reason)
{
    struct db_statement *found = statement_find(db, sql);
    if (!found)
        TRY(statement_make(db, sql, &found, reason));
    check(!found->is_taken);
    found->is_taken = true;
    *statement = found;
    return STATUS_OK;
}

void db_statement_release(struct db_statement **statement)
{
    if (!*statement)
        return;
    (*statement)->engine->rewind(*statement);
    (*statement)->is_taken = false;
    *statement = NULL;
}

void db_bind_integer(struct db_statement *statement, int parameter, int64_t value)
{
    statement->engine->bind_integer(statement, parameter, value);
}

void db_bind_text(struct db_statement *statement, int parameter, struct text value)
{
    statement->engine->bind_text(statement, parameter, value);
}

void db_bind_blob(struct db_statement *statement, int parameter, struct text bytes)
{
    statement->engine->bind_blob(statement, parameter, bytes);
}

void db_bind_null(struct db_statement *statement, int parameter)
{
    statement->engine->bind_null(statement, parameter);
}

enum status db_step(struct db_statement *statement, bool *row, struct reason *reason)
{
    return statement->engine->step(statement, row, reason);
}

enum status db_run(struct db_statement *statement, struct reason *reason)
{
    bool row = true;
    while (row)
        TRY(statement->engine->step(statement, &row, reason));
    return STATUS_OK;
}

enum status db_run_soon(struct db_statement *statement, struct reason *reason)
{
    return statement->engine->run_soon ? statement->engine->run_soon(statement, reason)
                                       : db_run(statement, reason);
}

enum status db_run_kept(struct db *db, const char *sql, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *statement = NULL;
    TRY(db_statement_take(db, sql, &statement, reason));
    return db_run(statement, reason);
}

int64_t db_column_integer(struct db_statement *statement, int column)
{
    return statement->engine->column_integer(statement, column);
}

struct text db_column_text(struct db_statement *statement, int column)
{
    return statement->engine->column_text(statement, column);
}

struct text db_column_blob(struct db_statement *statement, int column)
{
    return statement->engine->column_blob(statement, column);
}

bool db_column_is_null(struct db_statement *statement, int column)
{
    return statement->engine->column_is_null(statement, column);
}

/* ---- Transactions ---- */

enum status db_begin(struct db *db, struct db_transaction *transaction, struct reason *reason)
{
    TRY(db->engine->begin(db, reason));
    transaction->db = db;
    return STATUS_OK;
}

enum status db_begin_reading(struct db *db, struct db_transaction *transaction,
                             struct reason *reason)
{
    TRY(db->engine->begin_reading(db, reason));
    transaction->db = db;
    return STATUS_OK;
}

enum status db_commit(struct db_transaction *transaction, struct reason *reason)
{
    TRY(transaction->db->engine->commit(transaction->db, reason));
    transaction->db = NULL;
    return STATUS_OK;
}

void db_transaction_finish(struct db_transaction *transaction)
{
    struct db *db = transaction->db;
    transaction->db = NULL;
    if (db)
        db->engine->leave(db);
}

enum status db_listen(struct db *db, const char *channel, struct reason *reason)
{
    check(db->engine->listen != NULL);
    return db->engine->listen(db, channel, reason);
}

enum status db_hear(struct db *db, int timeout_ms, int woken, bool *heard,
                    struct reason *reason)
{
    check(db->engine->hear != NULL);
    return db->engine->hear(db, timeout_ms, woken, heard, reason);
}

enum status db_copy_out(struct db *db, const struct db_copy *copy, struct reason *reason)
{
    return db->engine->copy_out(db, copy, reason);
}
