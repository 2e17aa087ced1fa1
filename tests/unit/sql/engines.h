/* engines: the same test bodies on a SQLite file and on a PostgreSQL server. */
#pragma once

#include "sql/migrate.h"
#include "support/unit.h"

/* What the body at hand is to open: made empty before each. */
extern const char *path;
extern enum db_kind kind;

extern const struct db_options wal;      /* waits for nobody */
extern const struct db_options rollback; /* of another journal on SQLite */
extern const struct db_options patient;

struct db *opened(const struct db_options *options);
struct db_statement *taken(struct db *db, const char *sql);
void ran(struct db *db, const char *sql);

/* The integer in the first column of the first row. */
int64_t asked(struct db *db, const char *sql);

int engines_set_up(void **state);
int engines_tear_down(void **state);
int sqlite_empty(void **state);
int sqlite_remove(void **state);
int postgres_empty(void **state);

/* Without a server: fails no body and counts as skipped. */
int engines_run(struct CMUnitTest *tests, size_t count);

#define ON_SQLITE(function)                                                                    \
    {                                                                                          \
#function, function, sqlite_empty, sqlite_remove, NULL                                 \
    }
#define ON_POSTGRES(function)                                                                  \
    {                                                                                          \
#function "_on_postgres", function, postgres_empty, NULL, NULL                         \
    }
#define ON_BOTH(function) ON_SQLITE(function), ON_POSTGRES(function)
