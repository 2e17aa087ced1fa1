#include "sql/parameters.h"
#include "sql/postgres_session.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>

#define BINARY 1 /* libpq's word for a format */

/* pg_type.dat of PostgreSQL's source: these numbers are the same on every server. */
enum {
    TYPE_UNKNOWN = 0, /* the server finds it */
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
};

/* Prepared on the server at its first run, when the types are known; a value of another type, or
 * another connection, prepares it anew. */
struct postgres_statement {
    struct db_statement is;
    char name[16];          /* the server's for it */
    unsigned prepared;      /* on which connection, counted from 1 */
    bool is_of_other_types; /* than those that it was prepared with */
    int count;              /* of parameters */
    Oid types[SQL_PARAMETERS_MAX];
    const char *values[SQL_PARAMETERS_MAX]; /* NULL: NULL */
    int lengths[SQL_PARAMETERS_MAX];
    int formats[SQL_PARAMETERS_MAX];
    unsigned char integers[SQL_PARAMETERS_MAX][sizeof(int64_t)];
    PGresult *result; /* while rows of it are read */
    int row;
};

static struct postgres *postgres_of(struct db *db)
{
    return CONTAINER_OF(db, struct postgres, is);
}

static struct postgres_statement *statement_of(struct db_statement *statement)
{
    return CONTAINER_OF(statement, struct postgres_statement, is);
}

/* ---- The database ---- */

/* A schema that is not there would be empty to whoever reads. */
static enum status schema_demand(struct postgres *db, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(&db->is, "SELECT to_regnamespace($1) IS NULL", &select, reason));
    db_bind_text(select, 1, text_of(db->options.schema));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    if (db_column_integer(select, 0) != 0)
        return reason_set(reason, STATUS_MISSING,
                          "there is no %s: name another database, or make it with "
                          "`trendgate db migrate`",
                          db->place);
    return STATUS_OK;
}

static enum status postgres_open(struct db *is, const struct db_options *options,
                                 bool reads_only, struct reason *reason)
{
    struct postgres *db = postgres_of(is);
    db->options = *options;
    db->reads_only = reads_only;
    TRY(session_address_check(is->path, reason));
    TRY(session_be_ready(db, reason));
    return reads_only && options->schema ? schema_demand(db, reason) : STATUS_OK;
}

static void postgres_close(struct db *db)
{
    PQfinish(postgres_of(db)->connection);
}

static const char *postgres_shown(const struct db *db)
{
    return CONTAINER_OF(db, const struct postgres, is)->place;
}

static enum status postgres_execute(struct db *db, const char *sql, struct reason *reason)
{
    TRY(session_be_ready(postgres_of(db), reason));
    return session_execute(postgres_of(db), sql, reason);
}

static enum status postgres_wait_at_most(struct db *is, int milliseconds, struct reason *reason)
{
    struct postgres *db = postgres_of(is);
    char sql[64];
    db->options.busy_timeout_ms = milliseconds > 0 ? milliseconds : 1;
    (void)snprintf(sql, sizeof(sql), "SET lock_timeout = %d", db->options.busy_timeout_ms);
    return postgres_execute(is, sql, reason);
}

static void postgres_answer_within(struct db *db, int milliseconds)
{
    postgres_of(db)->answer_ms = milliseconds;
}

static enum status postgres_copy_out(struct db *db, const struct db_copy *copy,
                                     struct reason *reason)
{
    (void)copy;
    return reason_set(reason, STATUS_INVALID,
                      "%s is backed up by its own tools: use pg_dump, or an archive of its log",
                      db_path(db));
}

/* ---- Statements ---- */

static enum status postgres_prepare(struct db_statement *is, struct reason *reason)
{
    (void)reason;
    struct postgres_statement *statement = statement_of(is);
    (void)snprintf(statement->name, sizeof(statement->name), "s%zu", is->db->statement_count);
    statement->count = sql_parameters(is->sql);
    check(statement->count <= SQL_PARAMETERS_MAX);
    for (int i = 0; i < SQL_PARAMETERS_MAX; i++)
        statement->formats[i] = BINARY;
    return STATUS_OK;
}

static void result_drop(struct postgres_statement *statement)
{
    PQclear(statement->result);
    statement->result = NULL;
}

static void postgres_free(struct db_statement *statement)
{
    result_drop(statement_of(statement));
}

static void postgres_rewind(struct db_statement *is)
{
    struct postgres_statement *statement = statement_of(is);
    result_drop(statement);
    memset(statement->values, 0, sizeof(statement->values));
}

static void bind(struct postgres_statement *statement, int parameter, Oid type,
                 struct text value)
{
    check(parameter >= 1 && parameter <= statement->count && value.length <= INT_MAX);
    int i = parameter - 1;
    statement->is_of_other_types |= statement->types[i] != type;
    statement->types[i] = type;
    statement->values[i] = value.at ? value.at : "";
    statement->lengths[i] = (int)value.length;
}

/* In the network's order of bytes, as all of the protocol's. */
static void postgres_bind_integer(struct db_statement *is, int parameter, int64_t value)
{
    struct postgres_statement *statement = statement_of(is);
    check(parameter >= 1 && parameter <= statement->count);
    unsigned char *bytes = statement->integers[parameter - 1];
    for (size_t i = 0; i < sizeof(value); i++)
        bytes[i] = (unsigned char)((uint64_t)value >> (8 * (sizeof(value) - 1 - i)));
    bind(statement, parameter, TYPE_INT8, (struct text){(const char *)bytes, sizeof(value)});
}

static void postgres_bind_text(struct db_statement *statement, int parameter, struct text value)
{
    bind(statement_of(statement), parameter, TYPE_TEXT, value);
}

static void postgres_bind_blob(struct db_statement *statement, int parameter, struct text bytes)
{
    bind(statement_of(statement), parameter, TYPE_BYTEA, bytes);
}

static void postgres_bind_null(struct db_statement *statement, int parameter)
{
    check(parameter >= 1 && parameter <= statement_of(statement)->count);
    statement_of(statement)->values[parameter - 1] = NULL;
}

/* ---- Running ---- */

/* The server has one of that name where it was prepared on this connection before. */
static enum status prepared_drop(struct postgres *db, struct postgres_statement *statement,
                                 struct reason *reason)
{
    char sql[48];
    if (statement->prepared != db->connected)
        return STATUS_OK;
    statement->prepared = 0;
    (void)snprintf(sql, sizeof(sql), "DEALLOCATE %s", statement->name);
    return session_execute(db, sql, reason);
}

static bool is_prepared(const struct postgres *db, const struct postgres_statement *statement)
{
    return statement->prepared == db->connected && !statement->is_of_other_types;
}

static enum status be_prepared(struct postgres *db, struct postgres_statement *statement,
                               struct reason *reason)
{
    if (is_prepared(db, statement))
        return STATUS_OK;
    TRY(prepared_drop(db, statement, reason));
    int is_sent = PQsendPrepare(db->connection, statement->name, statement->is.sql,
                                statement->count, statement->types);
    PGresult *result = session_answer(db, is_sent, session_answer_ms(db));
    TRY(session_outcome(db, result, reason));
    PQclear(result);
    statement->prepared = db->connected;
    statement->is_of_other_types = false;
    return STATUS_OK;
}

/* Tells which SQL, for a condition would not. */
static _Noreturn void column_misread(const struct postgres_statement *statement, int column,
                                     const char *what)
{
    char told[512];
    (void)snprintf(told, sizeof(told), "column %d of type %u %s: %.400s", column,
                   PQftype(statement->result, column), what, statement->is.sql);
    check_failed(__FILE__, __LINE__, told);
}

static void columns_check(const struct postgres_statement *statement)
{
    for (int column = 0; column < PQnfields(statement->result); column++)
        switch (PQftype(statement->result, column)) {
        case TYPE_BOOL:
        case TYPE_BYTEA:
        case TYPE_INT8:
        case TYPE_INT2:
        case TYPE_INT4:
        case TYPE_TEXT: break;
        default: column_misread(statement, column, "is to be CAST in the SQL");
        }
}

static int send(struct postgres *db, const struct postgres_statement *statement)
{
    return PQsendQueryPrepared(db->connection, statement->name, statement->count,
                               statement->values, statement->lengths, statement->formats,
                               BINARY);
}

static enum status run(struct postgres *db, struct postgres_statement *statement,
                       struct reason *reason)
{
    TRY(session_be_ready(db, reason));
    TRY(be_prepared(db, statement, reason));
    PGresult *result = session_answer(db, send(db, statement), session_answer_ms(db));
    TRY(session_outcome(db, result, reason));
    statement->result = result;
    statement->row = 0;
    columns_check(statement);
    return STATUS_OK;
}

static enum status postgres_run_soon(struct db_statement *is, struct reason *reason)
{
    struct postgres *db = postgres_of(is->db);
    struct postgres_statement *statement = statement_of(is);
    check(db->is_inside);
    if (db->spoiled != STATUS_OK || !is_prepared(db, statement)) {
        TRY(session_be_ready(db, reason));
        TRY(be_prepared(db, statement, reason));
    }
    return session_soon_sent(db, session_soon_begin(db) && send(db, statement), reason);
}

static enum status postgres_step(struct db_statement *is, bool *row, struct reason *reason)
{
    struct postgres_statement *statement = statement_of(is);
    if (statement->result)
        statement->row++;
    else
        TRY(run(postgres_of(is->db), statement, reason));
    *row = statement->row < PQntuples(statement->result);
    if (!*row)
        result_drop(statement);
    return STATUS_OK;
}

/* ---- Columns ---- */

static const struct postgres_statement *standing(struct db_statement *is, int column)
{
    const struct postgres_statement *statement = statement_of(is);
    check(statement->result && column >= 0 && column < PQnfields(statement->result));
    return statement;
}

static struct text value_of(const struct postgres_statement *statement, int column)
{
    return (struct text){PQgetvalue(statement->result, statement->row, column),
                         (size_t)PQgetlength(statement->result, statement->row, column)};
}

static bool postgres_column_is_null(struct db_statement *is, int column)
{
    return PQgetisnull(standing(is, column)->result, statement_of(is)->row, column);
}

/* Of one, two, four or eight bytes, the first of which has the sign. */
static int64_t postgres_column_integer(struct db_statement *is, int column)
{
    const struct postgres_statement *statement = standing(is, column);
    Oid type = PQftype(statement->result, column);
    if (postgres_column_is_null(is, column))
        return 0;
    if (type == TYPE_TEXT || type == TYPE_BYTEA)
        column_misread(statement, column, "is read as an integer");
    struct text bytes = value_of(statement, column);
    uint64_t value = (uint64_t)(int64_t)(signed char)bytes.at[0];
    for (size_t i = 1; i < bytes.length; i++)
        value = value << 8 | (unsigned char)bytes.at[i];
    return (int64_t)value;
}

static struct text bytes_of(struct db_statement *is, int column, Oid type, const char *wrong)
{
    const struct postgres_statement *statement = standing(is, column);
    if (PQftype(statement->result, column) != type && !postgres_column_is_null(is, column))
        column_misread(statement, column, wrong);
    return value_of(statement, column);
}

static struct text postgres_column_text(struct db_statement *is, int column)
{
    return bytes_of(is, column, TYPE_TEXT, "is read as a text");
}

static struct text postgres_column_blob(struct db_statement *is, int column)
{
    return bytes_of(is, column, TYPE_BYTEA, "is read as a blob");
}

/* ---- Transactions ---- */

static enum status enter(struct postgres *db, const char *sql, struct reason *reason)
{
    check(!db->is_inside);
    TRY(session_be_ready(db, reason));
    TRY(session_execute(db, sql, reason));
    db->is_inside = true;
    db->spoiled = STATUS_OK;
    return STATUS_OK;
}

static enum status postgres_begin(struct db *db, struct reason *reason)
{
    return enter(postgres_of(db), "BEGIN", reason);
}

static enum status postgres_begin_reading(struct db *db, struct reason *reason)
{
    return enter(postgres_of(db), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", reason);
}

/* Also an end that was told before the commit was asked for: which of them came first is not known. */
static enum status commit_outcome(struct postgres *db, PGresult *result, struct reason *reason)
{
    const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    bool is_unknown = PQstatus(db->connection) != CONNECTION_OK ||
                      (sqlstate &&
                       (strcmp(sqlstate, "08007") == 0 || strcmp(sqlstate, "40003") == 0));
    enum status status = session_outcome(db, result, reason);
    if (status == STATUS_OK || !is_unknown)
        return status;
    return reason_set(reason, STATUS_UNKNOWN,
                      "%s was lost during a commit, so that it is kept or not", db->place);
}

/* The server answers the commit of a spoiled transaction with ROLLBACK, and calls that success. */
static enum status postgres_commit(struct db *is, struct reason *reason)
{
    struct postgres *db = postgres_of(is);
    TRY(session_be_ready(db, reason));
    int is_sent = PQsendQuery(db->connection, "COMMIT");
    PGresult *result = session_answer(db, is_sent, session_answer_ms(db));
    TRY(commit_outcome(db, result, reason));
    bool is_kept = strcmp(PQcmdStatus(result), "COMMIT") == 0;
    PQclear(result);
    check(is_kept);
    db->is_inside = false;
    return STATUS_OK;
}

/* Where that fails the connection is of no more use: session_be_ready makes another. */
static void postgres_leave(struct db *is)
{
    struct postgres *db = postgres_of(is);
    (void)session_soon_settle(db, NULL);
    db->is_inside = false;
    if (PQtransactionStatus(db->connection) == PQTRANS_INTRANS ||
        PQtransactionStatus(db->connection) == PQTRANS_INERROR)
        (void)session_execute(db, "ROLLBACK", NULL);
}

/* ---- Listening ---- */

static enum status postgres_listen(struct db *is, const char *channel, struct reason *reason)
{
    struct postgres *db = postgres_of(is);
    char sql[96];
    check(!db->is_inside);
    db->channel = channel;
    check(snprintf(sql, sizeof(sql), "LISTEN %s", channel) < (int)sizeof(sql));
    return postgres_execute(is, sql, reason);
}

/* A signal may end the wait early, which is as if nothing were heard. */
static enum status postgres_hear(struct db *is, int timeout_ms, int woken, bool *heard,
                                 struct reason *reason)
{
    struct postgres *db = postgres_of(is);
    check(!db->is_inside && db->channel);
    TRY(session_be_ready(db, reason));
    bool has_heard = session_has_heard(db);
    if (!has_heard) {
        struct pollfd waited[] = {{PQsocket(db->connection), POLLIN, 0}, {woken, POLLIN, 0}};
        (void)poll(waited, LENGTH_OF(waited), timeout_ms);
        TRY(session_be_ready(db, reason));
        has_heard = session_has_heard(db);
    }
    *heard = has_heard;
    return STATUS_OK;
}

/* ---- Migrating ---- */

#define MIGRATION_LOCK "8390880580549960052" /* a number of our own: "trendgat" in ASCII */

/* Whoever may not make a schema uses the one that an administrator made. */
static enum status postgres_migration_begin(struct db *is, struct reason *reason)
{
    struct postgres *db = postgres_of(is);
    const char *schema = db->options.schema;
    TRY(session_execute(db, "SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ")", reason));
    if (!schema)
        return STATUS_OK;
    enum status found = schema_demand(db, NULL);
    if (found != STATUS_MISSING)
        return found;
    char sql[96];
    check(snprintf(sql, sizeof(sql), "CREATE SCHEMA %s", schema) < (int)sizeof(sql));
    return session_execute(db, sql, reason);
}

const struct db_engine engine_postgres = {
    .kind = DB_POSTGRES,
    .db_bytes = sizeof(struct postgres),
    .statement_bytes = sizeof(struct postgres_statement),
    .open = postgres_open,
    .close = postgres_close,
    .shown = postgres_shown,
    .wait_at_most = postgres_wait_at_most,
    .answer_within = postgres_answer_within,
    .execute = postgres_execute,
    .prepare = postgres_prepare,
    .free = postgres_free,
    .rewind = postgres_rewind,
    .bind_integer = postgres_bind_integer,
    .bind_text = postgres_bind_text,
    .bind_blob = postgres_bind_blob,
    .bind_null = postgres_bind_null,
    .step = postgres_step,
    .run_soon = postgres_run_soon,
    .column_integer = postgres_column_integer,
    .column_text = postgres_column_text,
    .column_blob = postgres_column_blob,
    .column_is_null = postgres_column_is_null,
    .begin = postgres_begin,
    .begin_reading = postgres_begin_reading,
    .commit = postgres_commit,
    .leave = postgres_leave,
    .listen = postgres_listen,
    .hear = postgres_hear,
    .copy_out = postgres_copy_out,
    .migration_begin = postgres_migration_begin,
};
