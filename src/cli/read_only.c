#include "cli/read_only.h"

#include "catalog/store.h"

#define BUSY_TIMEOUT_MS 10000 /* an import may be writing the catalogue */

enum status cli_read_file_at(struct text path, const struct migration_set *set,
                             struct read_only *file, struct reason *reason)
{
    if (path.length >= sizeof(file->path))
        return reason_set(reason, STATUS_TOO_LARGE, "the path of the database has %zu bytes",
                          path.length);
    if (path.length > 0)
        memmove(file->path, path.at, path.length);
    file->path[path.length] = '\0';
    const struct db_options options = {.busy_timeout_ms = BUSY_TIMEOUT_MS, .schema = set->name};
    TRY(db_open_to_read(text_of(file->path), &options, &file->db, reason));
    return db_version(file->db, set, &file->version, reason);
}

static enum status ledger_path(struct cli_context *context, struct text *path,
                               struct reason *reason)
{
    const struct settings *settings;
    TRY(cli_settings(context, &settings, reason));
    return settings_database_address(settings->database_url, path, reason);
}

enum status cli_read_ledger(struct cli_context *context, struct read_only *file,
                            struct reason *reason)
{
    struct text path;
    TRY(ledger_path(context, &path, reason));
    return cli_read_file_at(path, &migrations_ledger, file, reason);
}

enum status cli_read_catalog(struct cli_context *context, struct read_only *file,
                             struct reason *reason)
{
    const struct settings *settings;
    TRY(cli_settings(context, &settings, reason));
    TRY(store_path_of(settings->database_url, file->path, reason));
    return cli_read_file_at(text_of(file->path), &migrations_catalog, file, reason);
}

enum status cli_check_version(const struct read_only *file, const struct migration_set *set,
                              struct reason *reason)
{
    size_t known = migrations_for(set, file->db).count;
    if (file->version > (int64_t)known)
        return reason_set(
            reason, STATUS_CONFLICT,
            "%s is a %s of version %lld and this program knows %zu: run the newer "
            "trendgate that wrote it",
            db_path(file->db), set->name, (long long)file->version, known);
    if (file->version < (int64_t)known)
        return reason_set(reason, STATUS_CONFLICT,
                          "%s is a %s of version %lld and this program reads version %zu: run "
                          "`trendgate db migrate` first",
                          db_path(file->db), set->name, (long long)file->version, known);
    return STATUS_OK;
}

void cli_read_finish(struct read_only *file)
{
    db_close(file->db);
    file->db = NULL;
}
