#include "sql/engine.h"
#include "sql/log_room.h"
#include "sql/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define SQL_BYTES_MAX 8192

struct sqlite_statement {
    struct db_statement is;
    sqlite3_stmt *compiled;
};

struct sqlite {
    struct db is;
    sqlite3 *connection;
    bool is_stuck; /* in a transaction that could not be rolled back */
    struct log_room log_room;
};

static struct sqlite *sqlite_of(struct db *db)
{
    return CONTAINER_OF(db, struct sqlite, is);
}

static sqlite3_stmt *compiled_of(struct db_statement *statement)
{
    return CONTAINER_OF(statement, struct sqlite_statement, is)->compiled;
}

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
static enum status outcome(const struct sqlite *db, int code, struct reason *reason)
{
    enum status status = status_of(code);
    if (status == STATUS_OK)
        return STATUS_OK;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return reason_set(reason, status, "%s is held by another program: try again later",
                          db->is.path);
    case SQLITE_NOTADB:
        return reason_set(reason, status,
                          "%s is not a database: move it away, or name another file",
                          db->is.path);
    case SQLITE_CORRUPT:
        return reason_set(reason, status, "%s is damaged: restore it from a backup",
                          db->is.path);
    case SQLITE_FULL:
        return reason_set(reason, status, "the disk with %s is full: make room", db->is.path);
    case SQLITE_READONLY:
        return reason_set(reason, status, "%s may not be written: look at its permissions",
                          db->is.path);
    case SQLITE_CANTOPEN:
        return reason_set(reason, status, "cannot open the database %s: %s", db->is.path,
                          strerror(sqlite3_system_errno(db->connection)));
    default:
        return reason_set(reason, status, "%s: %s", db->is.path,
                          sqlite3_errmsg(db->connection));
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

static enum status configure(struct sqlite *db, const struct db_options *options,
                             struct reason *reason)
{
    TRY(outcome(db, sqlite3_extended_result_codes(db->connection, 1), reason));
    TRY(outcome(db, sqlite3_busy_timeout(db->connection, options->busy_timeout_ms), reason));
    TRY(db_execute(&db->is, "PRAGMA page_size=4096", reason));
    TRY(journal_set(&db->is, options->journal, reason));
    log_room_follow(&db->log_room, db->connection);
    return db_execute(&db->is,
                      "PRAGMA synchronous=FULL;"
                      "PRAGMA foreign_keys=ON;"
                      "PRAGMA trusted_schema=OFF;"
                      "PRAGMA cell_size_check=ON;"
                      "PRAGMA cache_size=-16384",
                      reason);
}

/* A plain reader: SQLite checkpoints after commits, which it makes none of, and when the last
 * connection closes, which is forbidden to it here. */
static enum status configure_reader(struct sqlite *db, const struct db_options *options,
                                    struct reason *reason)
{
    TRY(outcome(db, sqlite3_extended_result_codes(db->connection, 1), reason));
    TRY(outcome(db, sqlite3_busy_timeout(db->connection, options->busy_timeout_ms), reason));
    check(sqlite3_db_config(db->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) ==
          SQLITE_OK);
    return db_execute(&db->is,
                      "PRAGMA trusted_schema=OFF;"
                      "PRAGMA cell_size_check=ON;"
                      "PRAGMA temp_store=FILE;"
                      "PRAGMA cache_size=-16384",
                      reason);
}

static enum status open_to_write(struct sqlite *db, const struct db_options *options,
                                 struct reason *reason)
{
    TRY(file_make(db->is.path, reason));
    TRY(outcome(db,
                sqlite3_open_v2(db->is.path, &db->connection,
                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL),
                reason));
    return configure(db, options, reason);
}

static enum status open_to_read(struct sqlite *db, const struct db_options *options,
                                struct reason *reason)
{
    if (access(db->is.path, F_OK) != 0 && errno == ENOENT)
        return reason_set(reason, STATUS_MISSING,
                          "there is no database %s: name another, or make it with "
                          "`trendgate db migrate`",
                          db->is.path);
    TRY(outcome(db,
                sqlite3_open_v2(db->is.path, &db->connection,
                                SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL),
                reason));
    return configure_reader(db, options, reason);
}

/* SQLite counts what it allocates under a lock of the whole process: an eighth of a fold. Nobody asks for it. Refused,
 * and without harm, where SQLite is in use before our first database, as with a VFS of a test. */
static void statistics_omit(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static enum status sqlite_open(struct db *db, const struct db_options *options, bool reads_only,
                               struct reason *reason)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    check(pthread_once(&once, statistics_omit) == 0);
    return reads_only ? open_to_read(sqlite_of(db), options, reason)
                      : open_to_write(sqlite_of(db), options, reason);
}

static void sqlite_close(struct db *db)
{
    check(sqlite3_close(sqlite_of(db)->connection) == SQLITE_OK);
}

static const char *sqlite_shown(const struct db *db)
{
    return db->path;
}

static enum status sqlite_wait_at_most(struct db *db, int milliseconds, struct reason *reason)
{
    return outcome(sqlite_of(db), sqlite3_busy_timeout(sqlite_of(db)->connection, milliseconds),
                   reason);
}

static enum status sqlite_execute(struct db *db, const char *sql, struct reason *reason)
{
    return outcome(sqlite_of(db),
                   sqlite3_exec(sqlite_of(db)->connection, sql, NULL, NULL, NULL), reason);
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

static enum status sqlite_prepare(struct db_statement *statement, struct reason *reason)
{
    struct sqlite *db = sqlite_of(statement->db);
    char rewritten[SQL_BYTES_MAX];
    parameters_rewrite(statement->sql, rewritten);
    return outcome(db,
                   sqlite3_prepare_v3(
                       db->connection, rewritten, -1, SQLITE_PREPARE_PERSISTENT,
                       &CONTAINER_OF(statement, struct sqlite_statement, is)->compiled, NULL),
                   reason);
}

static void sqlite_free(struct db_statement *statement)
{
    (void)sqlite3_finalize(compiled_of(statement)); /* repeats an old failure only */
}

static void sqlite_rewind(struct db_statement *statement)
{
    (void)sqlite3_reset(compiled_of(statement)); /* repeats what the last step said */
    check(sqlite3_clear_bindings(compiled_of(statement)) == SQLITE_OK);
}

/* A bind can fail by a wrong parameter only, or by a text over SQLite's gigabyte: bugs of ours. */
static void sqlite_bind_integer(struct db_statement *statement, int parameter, int64_t value)
{
    check(sqlite3_bind_int64(compiled_of(statement), parameter, value) == SQLITE_OK);
}

static void sqlite_bind_text(struct db_statement *statement, int parameter, struct text value)
{
    check(sqlite3_bind_text64(compiled_of(statement), parameter, value.at ? value.at : "",
                              value.length, SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK);
}

static void sqlite_bind_blob(struct db_statement *statement, int parameter, struct text bytes)
{
    check(sqlite3_bind_blob64(compiled_of(statement), parameter, bytes.at ? bytes.at : "",
                              bytes.length, SQLITE_STATIC) == SQLITE_OK);
}

static void sqlite_bind_null(struct db_statement *statement, int parameter)
{
    check(sqlite3_bind_null(compiled_of(statement), parameter) == SQLITE_OK);
}

static enum status sqlite_step(struct db_statement *statement, bool *row, struct reason *reason)
{
    int code = sqlite3_step(compiled_of(statement));
    enum status status = outcome(sqlite_of(statement->db), code, reason);
    if (code != SQLITE_ROW)
        (void)sqlite3_reset(compiled_of(statement)); /* says again what code says */
    if (status == STATUS_OK)
        *row = code == SQLITE_ROW;
    return status;
}

static int64_t sqlite_column_integer(struct db_statement *statement, int column)
{
    return sqlite3_column_int64(compiled_of(statement), column);
}

static struct text sqlite_column_text(struct db_statement *statement, int column)
{
    const unsigned char *at = sqlite3_column_text(compiled_of(statement), column);
    return (struct text){(const char *)at,
                         (size_t)sqlite3_column_bytes(compiled_of(statement), column)};
}

static struct text sqlite_column_blob(struct db_statement *statement, int column)
{
    const void *at = sqlite3_column_blob(compiled_of(statement), column);
    return (struct text){at, (size_t)sqlite3_column_bytes(compiled_of(statement), column)};
}

static bool sqlite_column_is_null(struct db_statement *statement, int column)
{
    return sqlite3_column_type(compiled_of(statement), column) == SQLITE_NULL;
}

/* Also what a roll-back that failed has left behind: nothing is written on top of it. */
static enum status be_outside(struct sqlite *db, struct reason *reason)
{
    bool is_inside = !sqlite3_get_autocommit(db->connection);
    check(!is_inside || db->is_stuck);
    if (is_inside)
        TRY(db_execute(&db->is, "ROLLBACK", reason));
    db->is_stuck = false;
    return STATUS_OK;
}

static enum status sqlite_begin(struct db *db, struct reason *reason)
{
    TRY(be_outside(sqlite_of(db), reason));
    return db_run_kept(db, "BEGIN IMMEDIATE", reason);
}

static enum status sqlite_begin_reading(struct db *db, struct reason *reason)
{
    TRY(be_outside(sqlite_of(db), reason));
    return db_execute(db, "BEGIN", reason);
}

static enum status sqlite_commit(struct db *db, struct reason *reason)
{
    return db_run_kept(db, "COMMIT", reason);
}

/* After some failures SQLite has rolled back by itself. */
static void sqlite_leave(struct db *db)
{
    if (!sqlite3_get_autocommit(sqlite_of(db)->connection))
        sqlite_of(db)->is_stuck = db_execute(db, "ROLLBACK", NULL) != STATUS_OK;
}

/* BEGIN IMMEDIATE keeps the others out. */
static enum status sqlite_migration_begin(struct db *db, struct reason *reason)
{
    (void)db, (void)reason;
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
        sqlite3_progress_handler(sqlite_of(db)->connection, COPY_TICK_STEPS, copy_tick,
                                 (void *)(uintptr_t)copy);
    enum status status = db_run(vacuum, reason);
    sqlite3_progress_handler(sqlite_of(db)->connection, 0, NULL, NULL);
    return status;
}

static enum status sqlite_copy_out(struct db *db, const struct db_copy *copy,
                                   struct reason *reason)
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

const struct db_engine engine_sqlite = {
    .kind = DB_SQLITE,
    .db_bytes = sizeof(struct sqlite),
    .statement_bytes = sizeof(struct sqlite_statement),
    .open = sqlite_open,
    .close = sqlite_close,
    .shown = sqlite_shown,
    .wait_at_most = sqlite_wait_at_most,
    .execute = sqlite_execute,
    .prepare = sqlite_prepare,
    .free = sqlite_free,
    .rewind = sqlite_rewind,
    .bind_integer = sqlite_bind_integer,
    .bind_text = sqlite_bind_text,
    .bind_blob = sqlite_bind_blob,
    .bind_null = sqlite_bind_null,
    .step = sqlite_step,
    .column_integer = sqlite_column_integer,
    .column_text = sqlite_column_text,
    .column_blob = sqlite_column_blob,
    .column_is_null = sqlite_column_is_null,
    .begin = sqlite_begin,
    .begin_reading = sqlite_begin_reading,
    .commit = sqlite_commit,
    .leave = sqlite_leave,
    .copy_out = sqlite_copy_out,
    .migration_begin = sqlite_migration_begin,
};

/* ---- Scratch ---- */

/* SQLite's word for a file of its own that has no name is an empty path. */
static enum status scratch_configure(struct sqlite *db, struct reason *reason)
{
    TRY(outcome(
        db,
        sqlite3_open_v2("", &db->connection,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL),
        reason));
    TRY(outcome(db, sqlite3_extended_result_codes(db->connection, 1), reason));
    return db_execute(&db->is, "PRAGMA temp_store=FILE; PRAGMA cache_size=-16384", reason);
}

enum status db_open_scratch(struct db **db, struct reason *reason)
{
    static const char shown[] = "the temporary file";
    struct sqlite *opened = memory_take_zeroed(1, sizeof(*opened));
    opened->is.engine = &engine_sqlite;
    opened->is.path = memory_take_zeroed(1, sizeof(shown));
    memcpy(opened->is.path, shown, sizeof(shown));
    enum status status = scratch_configure(opened, reason);
    if (status != STATUS_OK) {
        db_close(&opened->is);
        return status;
    }
    *db = &opened->is;
    return STATUS_OK;
}
