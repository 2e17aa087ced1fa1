#include "sql/db.h"
#include "sql/log_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* One a distinct SQL text of the program: far more than any part of it has. */
#define DB_STATEMENTS_MAX 128
#define SQL_BYTES_MAX 8192

struct db_statement {
    struct db *db;
    const char *sql;
    sqlite3_stmt *compiled;
    bool taken;
};

struct db {
    sqlite3 *connection;
    char *path;
    bool is_stuck; /* in a transaction that could not be rolled back */
    struct log_room log_room;
    size_t statement_count;
    struct db_statement *statements[DB_STATEMENTS_MAX];
};

static enum status status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return STATUS_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return STATUS_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return STATUS_CORRUPT;
    case SQLITE_CONSTRAINT:
        return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY
                   ? STATUS_EXISTS
                   : STATUS_CONFLICT;
    default: return STATUS_IO;
    }
}

/* The outcome of a call of SQLite's, with its sentence where it failed. */
static enum status outcome(const struct db *db, int code, struct reason *reason)
{
    enum status status = status_of(code);
    if (status == STATUS_OK)
        return STATUS_OK;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return reason_set(reason, status, "%s is held by another program: try again later",
                          db->path);
    case SQLITE_NOTADB:
        return reason_set(reason, status,
                          "%s is not a database: move it away, or name another file", db->path);
    case SQLITE_CORRUPT:
        return reason_set(reason, status, "%s is damaged: restore it from a backup", db->path);
    case SQLITE_FULL:
        return reason_set(reason, status, "the disk with %s is full: make room", db->path);
    case SQLITE_READONLY:
        return reason_set(reason, status, "%s may not be written: look at its permissions",
                          db->path);
    case SQLITE_CANTOPEN:
        return reason_set(reason, status, "cannot open the database %s: %s", db->path,
                          strerror(sqlite3_system_errno(db->connection)));
    default:
        return reason_set(reason, status, "%s: %s", db->path, sqlite3_errmsg(db->connection));
    }
}

/* SQLite would make it readable to all; its journals take the mode of the file. One that exists
 * is left alone: closing a second descriptor would drop the POSIX locks that another connection
 * of this process holds on it. */
static enum status file_make(const char *path, struct reason *reason)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0)
        check(close(file) == 0);
    else if (errno != EEXIST)
        return reason_set(reason, STATUS_IO, "cannot make the database %s: %s", path,
                          strerror(errno));
    return STATUS_OK;
}

static enum status journal_set(struct db *db, enum db_journal journal, struct reason *reason)
{
    const char *wanted = journal == DB_JOURNAL_WAL ? "wal" : "delete";
    CLEANUP(db_statement_release) struct db_statement *statement = NULL;
    TRY(db_statement_take(db,
                          journal == DB_JOURNAL_WAL ? "PRAGMA journal_mode=WAL"
                                                    : "PRAGMA journal_mode=DELETE",
                          &statement, reason));
    bool row;
    TRY(db_step(statement, &row, reason));
    if (!row || !text_equals(db_column_text(statement, 0), text_of(wanted)))
        return reason_set(reason, STATUS_IO,
                          "%s cannot be kept in journal mode %s: put it on a local disk",
                          db->path, wanted);
    return STATUS_OK;
}

static enum status configure(struct db *db, const struct db_options *options,
                             struct reason *reason)
{
    TRY(outcome(db, sqlite3_extended_result_codes(db->connection, 1), reason));
    TRY(outcome(db, sqlite3_busy_timeout(db->connection, options->busy_timeout_ms), reason));
    TRY(db_execute(db, "PRAGMA page_size=4096", reason));
    TRY(journal_set(db, options->journal, reason));
    log_room_follow(&db->log_room, db->connection);
    return db_execute(db,
                      "PRAGMA synchronous=FULL;"
                      "PRAGMA foreign_keys=ON;"
                      "PRAGMA trusted_schema=OFF;"
                      "PRAGMA cell_size_check=ON;"
                      "PRAGMA cache_size=-16384",
                      reason);
}

enum status db_open(struct text path, const struct db_options *options, struct db **db,
                    struct reason *reason)
{
    struct db *opened = memory_take_zeroed(1, sizeof(*opened));
    opened->path = memory_take(path.length + 1);
    memcpy(opened->path, path.at, path.length);
    opened->path[path.length] = '\0';

    enum status status = file_make(opened->path, reason);
    if (status == STATUS_OK)
        status = outcome(opened,
                         sqlite3_open_v2(opened->path, &opened->connection,
                                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL),
                         reason);
    if (status == STATUS_OK)
        status = configure(opened, options, reason);
    if (status != STATUS_OK) {
        db_close(opened);
        return status;
    }
    *db = opened;
    return STATUS_OK;
}

/* A plain reader: SQLite checkpoints after commits, which it makes none of, and when the last
 * connection closes, which is forbidden to it here. */
static enum status configure_reader(struct db *db, int busy_timeout_ms, struct reason *reason)
{
    TRY(outcome(db, sqlite3_extended_result_codes(db->connection, 1), reason));
    TRY(outcome(db, sqlite3_busy_timeout(db->connection, busy_timeout_ms), reason));
    check(sqlite3_db_config(db->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) ==
          SQLITE_OK);
    return db_execute(db,
                      "PRAGMA trusted_schema=OFF;"
                      "PRAGMA cell_size_check=ON;"
                      "PRAGMA temp_store=FILE;"
                      "PRAGMA cache_size=-16384",
                      reason);
}

enum status db_open_to_read(struct text path, int busy_timeout_ms, struct db **db,
                            struct reason *reason)
{
    struct db *opened = memory_take_zeroed(1, sizeof(*opened));
    opened->path = memory_take(path.length + 1);
    memcpy(opened->path, path.at, path.length);
    opened->path[path.length] = '\0';

    enum status status = STATUS_OK;
    if (access(opened->path, F_OK) != 0 && errno == ENOENT)
        status = reason_set(reason, STATUS_MISSING, "there is no database %s", opened->path);
    if (status == STATUS_OK)
        status = outcome(opened,
                         sqlite3_open_v2(opened->path, &opened->connection,
                                         SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL),
                         reason);
    if (status == STATUS_OK)
        status = configure_reader(opened, busy_timeout_ms, reason);
    if (status != STATUS_OK) {
        db_close(opened);
        return status;
    }
    *db = opened;
    return STATUS_OK;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < db->statement_count; i++) {
        check(!db->statements[i]->taken);
        (void)sqlite3_finalize(db->statements[i]->compiled); /* repeats an old failure only */
        free(db->statements[i]);
    }
    check(sqlite3_close(db->connection) == SQLITE_OK);
    free(db->path);
    free(db);
}

const char *db_path(const struct db *db)
{
    return db->path;
}

enum status db_execute(struct db *db, const char *sql, struct reason *reason)
{
    return outcome(db, sqlite3_exec(db->connection, sql, NULL, NULL, NULL), reason);
}

/* SQLite numbers $n by first appearance, as if it were a name; ?n is n. Quoted parts stay. */
static void parameters_rewrite(const char *sql, char *rewritten)
{
    size_t length = strlen(sql);
    check(length < SQL_BYTES_MAX);
    char quote = '\0';
    for (size_t i = 0; i < length; i++) {
        char byte = sql[i];
        if (quote)
            quote = byte == quote ? '\0' : quote;
        else if (byte == '\'' || byte == '"')
            quote = byte;
        rewritten[i] = byte == '$' && !quote ? '?' : byte;
    }
    rewritten[length] = '\0';
}

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
    char rewritten[SQL_BYTES_MAX];
    parameters_rewrite(sql, rewritten);
    sqlite3_stmt *compiled = NULL;
    TRY(outcome(db,
                sqlite3_prepare_v3(db->connection, rewritten, -1, SQLITE_PREPARE_PERSISTENT,
                                   &compiled, NULL),
                reason));
    struct db_statement *statement = memory_take(sizeof(*statement));
    *statement = (struct db_statement){.db = db, .sql = sql, .compiled = compiled};
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
    check(!found->taken);
    found->taken = true;
    *statement = found;
    return STATUS_OK;
}

void db_statement_release(struct db_statement **statement)
{
    if (!*statement)
        return;
    (void)sqlite3_reset((*statement)->compiled); /* repeats what the last step said */
    check(sqlite3_clear_bindings((*statement)->compiled) == SQLITE_OK);
    (*statement)->taken = false;
    *statement = NULL;
}

/* A bind can fail by a wrong parameter only, or by a text over SQLite's gigabyte: bugs of ours. */
void db_bind_integer(struct db_statement *statement, int parameter, int64_t value)
{
    check(sqlite3_bind_int64(statement->compiled, parameter, value) == SQLITE_OK);
}

void db_bind_text(struct db_statement *statement, int parameter, struct text value)
{
    check(sqlite3_bind_text64(statement->compiled, parameter, value.at ? value.at : "",
                              value.length, SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK);
}

void db_bind_blob(struct db_statement *statement, int parameter, struct text bytes)
{
    check(sqlite3_bind_blob64(statement->compiled, parameter, bytes.at ? bytes.at : "",
                              bytes.length, SQLITE_STATIC) == SQLITE_OK);
}

void db_bind_null(struct db_statement *statement, int parameter)
{
    check(sqlite3_bind_null(statement->compiled, parameter) == SQLITE_OK);
}

enum status db_step(struct db_statement *statement, bool *row, struct reason *reason)
{
    int code = sqlite3_step(statement->compiled);
    enum status status = outcome(statement->db, code, reason);
    if (code != SQLITE_ROW)
        (void)sqlite3_reset(statement->compiled); /* says again what code says */
    if (status == STATUS_OK)
        *row = code == SQLITE_ROW;
    return status;
}

enum status db_run(struct db_statement *statement, struct reason *reason)
{
    bool row = true;
    while (row)
        TRY(db_step(statement, &row, reason));
    return STATUS_OK;
}

int64_t db_column_integer(struct db_statement *statement, int column)
{
    return sqlite3_column_int64(statement->compiled, column);
}

struct text db_column_text(struct db_statement *statement, int column)
{
    const unsigned char *at = sqlite3_column_text(statement->compiled, column);
    return (struct text){(const char *)at,
                         (size_t)sqlite3_column_bytes(statement->compiled, column)};
}

struct text db_column_blob(struct db_statement *statement, int column)
{
    const void *at = sqlite3_column_blob(statement->compiled, column);
    return (struct text){at, (size_t)sqlite3_column_bytes(statement->compiled, column)};
}

bool db_column_is_null(struct db_statement *statement, int column)
{
    return sqlite3_column_type(statement->compiled, column) == SQLITE_NULL;
}

/* A statement without parameters that is run often: prepared once. */
static enum status run_kept(struct db *db, const char *sql, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *statement = NULL;
    TRY(db_statement_take(db, sql, &statement, reason));
    return db_run(statement, reason);
}

/* Also what a roll-back that failed has left behind: nothing is written on top of it. */
static enum status be_outside(struct db *db, struct reason *reason)
{
    bool is_inside = !sqlite3_get_autocommit(db->connection);
    check(!is_inside || db->is_stuck);
    if (is_inside)
        TRY(db_execute(db, "ROLLBACK", reason));
    db->is_stuck = false;
    return STATUS_OK;
}

enum status db_begin(struct db *db, struct db_transaction *transaction, struct reason *reason)
{
    TRY(be_outside(db, reason));
    TRY(run_kept(db, "BEGIN IMMEDIATE", reason));
    transaction->db = db;
    return STATUS_OK;
}

enum status db_commit(struct db_transaction *transaction, struct reason *reason)
{
    TRY(run_kept(transaction->db, "COMMIT", reason));
    transaction->db = NULL;
    return STATUS_OK;
}

void db_transaction_finish(struct db_transaction *transaction)
{
    struct db *db = transaction->db;
    transaction->db = NULL;
    /* After some failures SQLite has rolled back by itself. */
    if (db && !sqlite3_get_autocommit(db->connection))
        db->is_stuck = db_execute(db, "ROLLBACK", NULL) != STATUS_OK;
}

enum status db_begin_reading(struct db *db, struct db_transaction *transaction,
                             struct reason *reason)
{
    TRY(be_outside(db, reason));
    TRY(db_execute(db, "BEGIN", reason));
    transaction->db = db;
    return STATUS_OK;
}

/* ---- Copying out ---- */

#define COPY_TICK_STEPS 100000 /* of SQLite's machine: some milliseconds */

static int copy_tick(void *owner)
{
    const struct db_copy *copy = owner;
    copy->tick(copy->owner);
    return 0;
}

static enum status folder_sync(const char *file, struct reason *reason)
{
    char folder[PATH_BYTES_MAX];
    const char *slash = strrchr(file, '/');
    int length = slash ? (int)(slash - file) : 1;
    (void)snprintf(folder, sizeof(folder), "%.*s/", length, slash ? file : ".");
    int opened = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = opened >= 0 && fsync(opened) == 0;
    int fault = errno;
    if (opened >= 0)
        check(close(opened) == 0);
    if (!is_synced)
        return reason_set(reason, STATUS_IO, "cannot sync the folder %s: %s", folder,
                          strerror(fault));
    return STATUS_OK;
}

/* SQLite fills an empty file: made here, so that nothing is overwritten and nobody else reads. */
static enum status copy_make(const char *file, int *made, struct reason *reason)
{
    *made = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*made >= 0)
        return STATUS_OK;
    if (errno == EEXIST)
        return reason_set(reason, STATUS_EXISTS, "%s is there already: name a new file", file);
    return reason_set(reason, STATUS_IO, "cannot make %s: %s", file, strerror(errno));
}

static enum status copy_fill(struct db *db, const struct db_copy *copy, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *vacuum = NULL;
    TRY(db_statement_take(db, "VACUUM INTO $1", &vacuum, reason));
    db_bind_text(vacuum, 1, copy->file);
    if (copy->tick)
        sqlite3_progress_handler(db->connection, COPY_TICK_STEPS, copy_tick,
                                 (void *)(uintptr_t)copy);
    enum status status = db_run(vacuum, reason);
    sqlite3_progress_handler(db->connection, 0, NULL, NULL);
    return status;
}

enum status db_copy_out(struct db *db, const struct db_copy *copy, struct reason *reason)
{
    char file[PATH_BYTES_MAX];
    int length = snprintf(file, sizeof(file), "%.*s", TEXT_PRINT(copy->file));
    if (length >= (int)sizeof(file))
        return reason_set(reason, STATUS_TOO_LARGE, "the path of the copy has %d bytes",
                          length);
    int made;
    TRY(copy_make(file, &made, reason));
    enum status status = copy_fill(db, copy, reason);
    if (status == STATUS_OK && fsync(made) != 0)
        status = reason_set(reason, STATUS_IO, "cannot sync %s: %s", file, strerror(errno));
    check(close(made) == 0);
    if (status == STATUS_OK)
        status = folder_sync(file, reason);
    if (status != STATUS_OK)
        (void)unlink(file);
    return status;
}
