#include "catalog/store.h"

#include "cli/commands.h"
#include "cli/progress.h"

#include <unistd.h>

static enum status ledger_path_of(struct cli_context *context, struct text *path,
                                  struct reason *reason)
{
    const struct settings *settings;
    TRY(cli_settings(context, &settings, reason));
    return settings_sqlite_path(settings->database_url, path, reason);
}

enum status cli_store_open(struct cli_context *context, struct store **store,
                           struct reason *reason)
{
    struct text ledger_path;
    char path[PATH_BYTES_MAX];
    TRY(ledger_path_of(context, &ledger_path, reason));
    TRY(store_path_of(ledger_path, path, reason));
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
enum status cli_store_open_existing(struct cli_context *context, struct store **store,
                                    struct reason *reason)
{
    struct text path;
    TRY(ledger_path_of(context, &path, reason));
    if (!file_exists(path, "") && !file_exists(path, "-catalog"))
        return reason_set(reason, STATUS_MISSING,
                          "there is no database at %.*s: name it with --database sqlite:PATH",
                          TEXT_PRINT(path));
    return cli_store_open(context, store, reason);
}
