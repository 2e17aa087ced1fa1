/* read_only: the two files of a database, or schemas of a server's, for commands that read them and
 * change nothing.
 *
 * Such a command opens them itself, whoever owns them, on connections that can neither write nor
 * checkpoint: a look at the whole journal takes minutes, for which no server should have to wait. */
#pragma once

#include "cli/cli.h"
#include "sql/migrate.h"

struct read_only {
    char path
        [PATH_BYTES_MAX]; /* as the settings name it, or that with -catalog; db_path shows it */
    struct db *db;
    int64_t version; /* of its tables */
};

/* The ledger and the catalogue of the settings. STATUS_MISSING: there is no such file. Closed by
 * db_close. Blocks. */
enum status cli_read_ledger(struct cli_context *context, struct read_only *file,
                            struct reason *reason);
enum status cli_read_catalog(struct cli_context *context, struct read_only *file,
                             struct reason *reason);

/* A file by its path. */
enum status cli_read_file_at(struct text path, const struct migration_set *set,
                             struct read_only *file, struct reason *reason);

/* STATUS_CONFLICT: this program reads tables of another version. */
enum status cli_check_version(const struct read_only *file, const struct migration_set *set,
                              struct reason *reason);

void cli_read_finish(struct read_only *file); /* for CLEANUP; file->db may be NULL */
