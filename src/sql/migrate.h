/* migrate: brings a database to the tables that this program works with.
 *
 * The steps are the files of sql/migrations/NAME/NNNN_what.sql, built into the program. Each is
 * applied in one transaction together with its row in schema_version. */
#pragma once

#include "sql/db.h"

struct migration {
    int64_t version;  /* from 1, without gaps */
    const char *name; /* of the file */
    const char *sql;
};

struct migration_set {
    const char *name; /* "ledger", "catalog": written into the database */
    const struct migration *steps;
    size_t count;
};

extern const struct migration_set migrations_ledger;
extern const struct migration_set migrations_catalog;

/* What a database says of itself, read alone. 0: it has no schema of any. STATUS_CONFLICT: it belongs
 * to another set, or to another program. */
enum status db_version(struct db *db, const struct migration_set *set, int64_t *version,
                       struct reason *reason);

/* Applies what is missing. STATUS_CONFLICT: the database was written by a newer program, belongs
 * to another set, or to another program; it is then untouched. */
enum status db_migrate(struct db *db, const struct migration_set *set, struct reason *reason);
