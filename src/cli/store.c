#include "catalog/store.h"

#include "cli/commands.h"
#include "cli/progress.h"

#include <unistd.h>

#define BUSY_TIMEOUT_MS 10000 /* as the store itself */

static enum status store_path_find(struct cli_context *context, char path[PATH_BYTES_MAX],
                                   struct reason *reason)
{
    const struct settings *settings;
    TRY(cli_settings(context, &settings, reason));
    return store_path_of(settings->database_url, path, reason);
}

enum status cli_store_open(struct cli_context *context, struct store **store,
                           struct reason *reason)
{
    char path[PATH_BYTES_MAX];
    TRY(store_path_find(context, path, reason));
    struct progress progress CLEANUP(progress_finish);
    progress_init(&progress, "snapshots", 0);
    const struct store_progress shown = {progress_show_of, &progress};
    return store_open_showing(text_of(path), context->time, &shown, store, reason);
}

static bool file_exists(struct text path, const char *ending)
{
    struct buffer name CLEANUP(buffer_finish);
    buffer_init(&name, PATH_BYTES_MAX);
    buffer_append(&name, path);
    buffer_append(&name, text_of(ending));
    buffer_append_byte(&name, '\0');
    return !name.overflowed && access(name.bytes, F_OK) == 0;
}

/* The catalogue's file is made when only the ledger is there: no list has come in yet. */
static enum status file_demand(struct text database_url, struct reason *reason)
{
    struct text path;
    TRY(settings_sqlite_path(database_url, &path, reason));
    if (!file_exists(path, "") && !file_exists(path, "-catalog"))
        return reason_set(reason, STATUS_MISSING,
                          "there is no database at %.*s: name it with --database sqlite:PATH",
                          TEXT_PRINT(path));
    return STATUS_OK;
}

static enum status schema_demand(struct text database_url, struct reason *reason)
{
    struct db *db;
    const struct db_options options = store_db_options(BUSY_TIMEOUT_MS);
    TRY(db_open_to_read(database_url, &options, &db, reason));
    db_close(db);
    return STATUS_OK;
}

enum status cli_store_open_existing(struct cli_context *context, struct store **store,
                                    struct reason *reason)
{
    const struct settings *settings;
    TRY(cli_settings(context, &settings, reason));
    TRY(settings_database_is_postgres(settings->database_url)
            ? schema_demand(settings->database_url, reason)
            : file_demand(settings->database_url, reason));
    return cli_store_open(context, store, reason);
}
