/* db: the one small interface to a database: a SQLite file, or a PostgreSQL server's.
 *
 * A db and its statements are owned by one thread at a time. Every call but the binds and the
 * column readers may block, on the disk or on the server. A failed call leaves a sentence in reason
 * that names the database, and never its password. Outcomes of all calls with a status:
 *   STATUS_BUSY        another holds what is needed for longer than busy_timeout_ms; PostgreSQL: also
 *                      a deadlock, and what took longer than statement_timeout_ms
 *   STATUS_EXISTS      a unique or primary key is taken
 *   STATUS_CONFLICT    another constraint of the schema is broken
 *   STATUS_CORRUPT     the file is no database, or a damaged one
 *   STATUS_UNAVAILABLE PostgreSQL: the server is not there, takes no writer now, or does not answer
 *                      within statement_timeout_ms and a second: the connection is lost then
 *   STATUS_UNKNOWN     PostgreSQL, of db_commit alone: lost meanwhile, so that it is kept or not
 *   STATUS_IO          anything else the store failed at
 *
 * SQL is written for both engines: parameters are $1 to $n wherever they stand, generated ids come
 * back by RETURNING. On PostgreSQL
 *   - a statement that fails in a transaction spoils it: all that follow, and its commit, end with the
 *     outcome of the first. What may be there already is written with ON CONFLICT;
 *   - a lost connection is made again by the next transaction, or by the next statement outside of one.
 *     A statement outside that is lost with it (STATUS_UNAVAILABLE) may have been done all the same;
 *   - a parameter is int8, text or bytea as it is bound, and what is NULL has the type that the server
 *     finds; columns are int8, int4, int2, bool, text or bytea, and what is not (sum gives numeric) is
 *     CAST in the SQL: anything else is a bug;
 *   - a text is UTF-8 without NUL. */
#pragma once

#include "base/reason.h"

struct db;
struct db_statement;

enum db_kind {
    DB_SQLITE,
    DB_POSTGRES,
};

/* What db_open would open: an address postgresql://... or postgres://..., or else a file. */
enum db_kind db_kind_of(struct text path);

enum db_journal {
    DB_JOURNAL_WAL,      /* one process at a time writes the file */
    DB_JOURNAL_ROLLBACK, /* several may, one after the other */
};

/* The schema holds the tables, and is made by db_migrate. */
struct db_options {
    enum db_journal journal; /* SQLite's alone */
    int busy_timeout_ms;     /* PostgreSQL: of a lock; at least 1 there */
    const char *schema; /* PostgreSQL's alone; lives for ever. NULL: as the server has it */
    int statement_timeout_ms; /* PostgreSQL's alone. 0: 30 s to a writer, an hour to a reader */
};

/* A file is made (mode 0600) when absent; synchronous=FULL, foreign keys enforced. Of a server:
 * STATUS_INVALID: not an address that libpq reads; STATUS_UNAVAILABLE: also a standby, or one that is
 * read-only. The address has the last word on connect_timeout (else 2 s), the TCP and GSSAPI options
 * and application_name (else trendgate). */
enum status db_open(struct text path, const struct db_options *options, struct db **db,
                    struct reason *reason);

/* What is there, to read alone. A file of whatever journal mode: this connection can neither write nor
 * checkpoint it, whoever else has it open. STATUS_MISSING: there is no such file, or schema. */
enum status db_open_to_read(struct text path, const struct db_options *options, struct db **db,
                            struct reason *reason);

/* All statements must have been released. NULL is fine. */
void db_close(struct db *db);

enum db_kind db_kind(const struct db *db);

/* As it was given to db_open, with its password; for opening it once more. Lives as long as the db. */
const char *db_address(const struct db *db);

/* The same for sentences: the file's path, or where the server is. Lives as long as the db. */
const char *db_path(const struct db *db);

/* In place of busy_timeout_ms, from now on. */
enum status db_wait_at_most(struct db *db, int milliseconds, struct reason *reason);

/* How long a server may take for an answer, from now on; 0: as its statements may. */
void db_answer_within(struct db *db, int milliseconds);

/* Runs SQL without parameters and results, one or more statements; on PostgreSQL those are one
 * transaction. */
enum status db_execute(struct db *db, const char *sql, struct reason *reason);

/* One statement, prepared at its first use and kept until db_close. sql lives for ever (a
 * literal). A statement is taken once at a time: taking it twice is a bug. */
enum status db_statement_take(struct db *db, const char *sql, struct db_statement **statement,
                              struct reason *reason);

/* Ends it wherever it stands and forgets what was bound: CLEANUP(db_statement_release) on a
 * pointer that is NULL until taken. */
void db_statement_release(struct db_statement **statement);

/* parameter: n of $n. Texts and blobs are borrowed until the statement has been run, is released or
 * is bound anew; what is not bound is NULL. */
void db_bind_integer(struct db_statement *statement, int parameter, int64_t value);
void db_bind_text(struct db_statement *statement, int parameter, struct text value);
void db_bind_blob(struct db_statement *statement, int parameter, struct text bytes);
void db_bind_null(struct db_statement *statement, int parameter);

/* *row tells whether a row stands to be read; after the last one the statement is rewound, its
 * values still bound. Other statements may run in between. PostgreSQL's rows are all fetched by the
 * first step. */
enum status db_step(struct db_statement *statement, bool *row, struct reason *reason);

/* Runs a statement to its end, passing over rows; it may then be bound and run again. Soon, within a
 * transaction: a server is not waited for, and what failed is told by a later statement or the commit. */
enum status db_run(struct db_statement *statement, struct reason *reason);
enum status db_run_soon(struct db_statement *statement, struct reason *reason);

/* Of the row that stands, column from 0. Texts and blobs are borrowed until the next step or the
 * release; NULL reads as 0 or as an empty text. */
int64_t db_column_integer(struct db_statement *statement, int column);
struct text db_column_text(struct db_statement *statement, int column);
struct text db_column_blob(struct db_statement *statement, int column);
bool db_column_is_null(struct db_statement *statement, int column);

/* A transaction for writing, from db_begin to db_commit. Declared as
 *     CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
 * it is rolled back by every return that did not commit. They do not nest. Where the roll-back fails, the
 * next transaction begins with it, or not at all. SQLite has one at a time; PostgreSQL's run beside each
 * other (READ COMMITTED), and what must not change meanwhile is locked. */
struct db_transaction {
    struct db *db; /* NULL: none is open */
};
enum status db_begin(struct db *db, struct db_transaction *transaction, struct reason *reason);
enum status db_commit(struct db_transaction *transaction, struct reason *reason);
void db_transaction_finish(struct db_transaction *transaction);

/* The same for reading, until db_transaction_finish: all is seen as it was at the first statement. */
enum status db_begin_reading(struct db *db, struct db_transaction *transaction,
                             struct reason *reason);

/* PostgreSQL's alone, outside of transactions: one channel a db, its name lives for ever. To hear waits for timeout_ms
 * (-1: for ever) or until the descriptor woken (-1: none) can be read; *heard also after a connection made anew. */
enum status db_listen(struct db *db, const char *channel, struct reason *reason);
enum status db_hear(struct db *db, int timeout_ms, int woken, bool *heard,
                    struct reason *reason);

/* Writes the whole database, as it is now and without its free pages, into file, which must not
 * be there yet (STATUS_EXISTS); durable when it returns, removed when it fails. tick is called
 * now and then meanwhile; NULL: nobody is. STATUS_INVALID: of a server, whose own tools do it. */
struct db_copy {
    struct text file;
    void (*tick)(void *owner);
    void *owner;
};
enum status db_copy_out(struct db *db, const struct db_copy *copy, struct reason *reason);
