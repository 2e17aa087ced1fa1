/* engine: what stands behind db.h. For the files of sql/ alone.
 *
 * An engine is a table of functions and the sizes of its two structs, which begin with the two below.
 * db.c keeps what is the same for all: the path, the statements by their SQL, who holds them. The
 * functions do what db.h says of the call of their name. */
#pragma once

#include "sql/db.h"

/* One a distinct SQL text of the program: far more than any part of it has. */
#define DB_STATEMENTS_MAX 128

struct db_engine {
    enum db_kind kind;
    size_t db_bytes;
    size_t statement_bytes;

    /* Of a zeroed struct that has its path; close is called whatever came of it. */
    enum status (*open)(struct db *db, const struct db_options *options, bool reads_only,
                        struct reason *reason);
    void (*close)(struct db *db);
    const char *(*shown)(const struct db *db);
    enum status (*wait_at_most)(struct db *db, int milliseconds, struct reason *reason);
    void (*answer_within)(struct db *db, int milliseconds); /* NULL: nobody else answers */
    enum status (*execute)(struct db *db, const char *sql, struct reason *reason);

    /* Of a zeroed struct that has its db and sql; free is not called where it failed. */
    enum status (*prepare)(struct db_statement *statement, struct reason *reason);
    void (*free)(struct db_statement *statement);
    void (*rewind)(
        struct db_statement *statement); /* wherever it stands; forgets what was bound */
    void (*bind_integer)(struct db_statement *statement, int parameter, int64_t value);
    void (*bind_text)(struct db_statement *statement, int parameter, struct text value);
    void (*bind_blob)(struct db_statement *statement, int parameter, struct text bytes);
    void (*bind_null)(struct db_statement *statement, int parameter);
    enum status (*step)(struct db_statement *statement, bool *row, struct reason *reason);
    enum status (*run_soon)(struct db_statement *statement,
                            struct reason *reason); /* NULL: at once */
    int64_t (*column_integer)(struct db_statement *statement, int column);
    struct text (*column_text)(struct db_statement *statement, int column);
    struct text (*column_blob)(struct db_statement *statement, int column);
    bool (*column_is_null)(struct db_statement *statement, int column);

    enum status (*begin)(struct db *db, struct reason *reason);
    enum status (*begin_reading)(struct db *db, struct reason *reason);
    enum status (*commit)(struct db *db, struct reason *reason);
    void (*leave)(struct db *db); /* rolls back what was not committed */
    enum status (*listen)(struct db *db, const char *channel,
                          struct reason *reason); /* NULL: cannot */
    enum status (*hear)(struct db *db, int timeout_ms, int woken, bool *heard,
                        struct reason *reason);
    enum status (*copy_out)(struct db *db, const struct db_copy *copy, struct reason *reason);

    /* Within a transaction, before anything is looked at: keeps others who migrate out until its
     * end, and makes the place for the tables. */
    enum status (*migration_begin)(struct db *db, struct reason *reason);
};

struct db {
    const struct db_engine *engine;
    char *path;
    size_t statement_count;
    struct db_statement *statements[DB_STATEMENTS_MAX];
};

struct db_statement {
    const struct db_engine *engine;
    struct db *db;
    const char *sql;
    bool is_taken;
};

extern const struct db_engine engine_sqlite;
extern const struct db_engine engine_postgres;

/* A statement without parameters that is run often: prepared once. */
enum status db_run_kept(struct db *db, const char *sql, struct reason *reason);
