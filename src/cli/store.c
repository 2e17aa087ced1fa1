#include "catalog/store.h"

#include "cli/commands.h"

enum status cli_store_open(struct cli_context *context, struct store **store,
                           struct reason *reason)
{
    const struct settings *settings;
    TRY(cli_settings(context, &settings, reason));
    struct text ledger_path;
    TRY(settings_sqlite_path(settings->database_url, &ledger_path, reason));
    char path[PATH_BYTES_MAX];
    TRY(store_path_of(ledger_path, path, reason));
    return store_open(text_of(path), time_source_system(), store, reason);
}
