/* migrate: brings a database to the tables that this program works with.
 *
 * The steps are the files of sql/migrations/NAME/NNNN_what.sql, for PostgreSQL those of
 * sql/migrations/NAME_postgres, built into the program. Each is applied in one transaction together
 * with its row in schema_version; of several processes that come at once one applies it. Each engine
 * counts its versions for itself. */
#pragma once

#include "sql/db.h"

struct migration {
    int64_t version;  /* from 1, without gaps */
    const char *name; /* of the file */
    const char *sql;
};

struct migration_steps {
    const struct migration *at;
    size_t count; /* 0: there is no such database on that engine */
};

struct migration_set {
    const char *name; /* "ledger", "catalog": written into the database */
    struct migration_steps sqlite;
    struct migration_steps postgres;
};

extern const struct migration_set migrations_ledger;
extern const struct migration_set migrations_catalog;

/* What a ledger has beside that where Citus spreads it. No version tells of it: ledger/spread.h applies it. */
extern const struct migration_set migrations_spread;

/* Of the engine that has the database open: the last of them is the version that this program knows. */
struct migration_steps migrations_for(const struct migration_set *set, const struct db *db);

/* What a database says of itself, read alone. 0: it has no schema of any. STATUS_CONFLICT: it belongs
 * to another set, or to another program. */
enum status db_version(struct db *db, const struct migration_set *set, int64_t *version,
                       struct reason *reason);

/* Applies what is missing. STATUS_INVALID: there is no such database on that engine. STATUS_CONFLICT: the database was written by a newer program, belongs
 * to another set, or to another program; it is then untouched. */
enum status db_migrate(struct db *db, const struct migration_set *set, struct reason *reason);
