#include "catalog/store.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/read_only.h"
#include "ledger/ledger.h"
#include "ledger/spread.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES_MAX (8 * PATH_BYTES_MAX)

/* ---- status ---- */

static int64_t file_bytes(const char *path, const char *ending)
{
    char name[PATH_BYTES_MAX + 8];
    struct stat found;
    (void)snprintf(name, sizeof(name), "%s%s", path, ending);
    return stat(name, &found) == 0 ? found.st_size : 0;
}

/* One view of what grows. */
struct lag {
    int64_t journal_rows, unfolded_rows;
};

static enum status lag_read(struct db *db, struct lag *lag, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          db_kind(db) == DB_POSTGRES
                              ? "SELECT (SELECT count(*) FROM journal),"
                                " (SELECT count(*) FROM unfolded)"
                              : "SELECT j.id, j.id - m.journal_id FROM fold_mark m,"
                                " (SELECT coalesce(max(id), 0) AS id FROM journal) j",
                          &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *lag = (struct lag){db_column_integer(select, 0), db_column_integer(select, 1)};
    return STATUS_OK;
}

/* What lies on the disk: of a file with its log, of a schema with its indexes. */
static enum status bytes_read(const struct read_only *file, int64_t *bytes, int64_t *wal_bytes,
                              struct reason *reason)
{
    if (db_kind(file->db) == DB_SQLITE) {
        *bytes = file_bytes(file->path, "");
        *wal_bytes = file_bytes(file->path, "-wal");
        return STATUS_OK;
    }
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(file->db,
                          "SELECT CAST(coalesce(sum(pg_total_relation_size(oid)), 0) AS BIGINT)"
                          " FROM pg_class WHERE relkind = 'r'"
                          " AND relnamespace = to_regnamespace(current_schema())",
                          &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *bytes = db_column_integer(select, 0);
    *wal_bytes = 0;
    return STATUS_OK;
}

static enum status status_print(const struct cli_context *context, const struct read_only *file,
                                const struct migration_set *set, const struct lag *lag,
                                struct reason *reason)
{
    bool is_file = db_kind(file->db) == DB_SQLITE;
    CLEANUP(buffer_finish) struct buffer line;
    buffer_init(&line, LINE_BYTES_MAX);
    size_t known = migrations_for(set, file->db).count;
    int64_t bytes, wal_bytes;
    TRY(bytes_read(file, &bytes, &wal_bytes, reason));
    if (context->json) {
        struct json_writer writer = json_writer_on(&line);
        json_object_open(&writer);
        json_member_text(&writer, is_file ? TEXT("file") : TEXT("database"),
                         text_of(db_path(file->db)));
        json_member_text(&writer, TEXT("kind"), text_of(set->name));
        json_member_integer(&writer, TEXT("version"), file->version);
        json_member_integer(&writer, TEXT("known_version"), (int64_t)known);
        json_member_integer(&writer, TEXT("bytes"), bytes);
        if (is_file)
            json_member_integer(&writer, TEXT("wal_bytes"), wal_bytes);
        if (lag) {
            json_member_integer(&writer, TEXT("journal_rows"), lag->journal_rows);
            json_member_integer(&writer, TEXT("unfolded_rows"), lag->unfolded_rows);
        }
        json_object_close(&writer);
    } else {
        buffer_append_format(&line, "%s\t%s\tversion %lld of %zu\t%lld bytes", set->name,
                             db_path(file->db), (long long)file->version, known,
                             (long long)bytes + (long long)wal_bytes);
        if (lag)
            buffer_append_format(&line, "\t%lld journal rows, %lld not folded yet",
                                 (long long)lag->journal_rows, (long long)lag->unfolded_rows);
    }
    cli_print(buffer_text(&line));
    return STATUS_OK;
}

static enum status ledger_status(struct cli_context *context, struct reason *reason)
{
    CLEANUP(cli_read_finish) struct read_only file = {.db = NULL};
    struct lag lag;
    TRY(cli_read_ledger(context, &file, reason));
    bool has_journal = file.version ==
                       (int64_t)migrations_for(&migrations_ledger, file.db).count;
    if (has_journal)
        TRY(lag_read(file.db, &lag, reason));
    return status_print(context, &file, &migrations_ledger, has_journal ? &lag : NULL, reason);
}

/* There is none before the first import or start. */
static enum status catalog_status(struct cli_context *context, struct reason *reason)
{
    CLEANUP(cli_read_finish) struct read_only file = {.db = NULL};
    enum status status = cli_read_catalog(context, &file, reason);
    if (status == STATUS_OK)
        return status_print(context, &file, &migrations_catalog, NULL, reason);
    return status == STATUS_MISSING ? STATUS_OK : status;
}

static enum cli_exit db_status(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "db status",
        .sentence =
            "Shows the ledger's and the catalogue's file, or schema: kind, place, version "
            "of the tables, size, and\nhow much of the journal is not folded yet; "
            "parted by tabs.",
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    struct reason reason = {""};
    if (ledger_status(context, &reason) != STATUS_OK ||
        catalog_status(context, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    return CLI_DONE;
}

/* ---- migrate ---- */

/* Whoever owns the ledger has migrated it when it began. */
static enum status ledger_migrate(struct cli_context *context, bool with_citus,
                                  struct reason *reason)
{
    const struct settings *settings;
    struct text path;
    struct ledger *ledger;
    TRY(cli_settings(context, &settings, reason));
    TRY(settings_database_address(settings->database_url, &path, reason));
    if (with_citus)
        return ledger_spread(path, reason);
    enum status status = ledger_open(path, context->time, &ledger, reason);
    if (status == STATUS_OK)
        ledger_close(ledger);
    if (status != STATUS_BUSY)
        return status;
    CLEANUP(cli_read_finish) struct read_only file = {.db = NULL};
    TRY(cli_read_ledger(context, &file, reason));
    return cli_check_version(&file, &migrations_ledger, reason);
}

static enum cli_exit db_migrate_both(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_option options[] = {
        {"citus", NULL, "spread the ledger over the servers of Citus; stop every node first"},
        {NULL, NULL, NULL},
    };
    static const struct cli_usage usage = {
        .command = "db migrate",
        .sentence =
            "Brings the ledger's and the catalogue's file, or schema, to the tables of this "
            "program, and shows\nthem as `db status` does. They are migrated when they are "
            "opened, too: this does it beforehand.\nWith --citus the database is that of a "
            "coordinator of Citus 12 or later; it may be given again\nand again, also after a "
            "failure half-way (docs/scaling.md).",
        .options = options,
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    struct reason reason = {""};
    struct store *store = NULL;
    if (ledger_migrate(context, given.values[0] != NULL, &reason) != STATUS_OK ||
        cli_store_open(context, &store, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    store_close(store);
    if (ledger_status(context, &reason) != STATUS_OK ||
        catalog_status(context, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    return CLI_DONE;
}

/* ---- backup ---- */

struct backup {
    char ledger[PATH_BYTES_MAX];
    char catalog[PATH_BYTES_MAX];
};

struct copy_view {
    struct progress progress;
    const char *file;
};

static void copy_tick(void *owner)
{
    struct copy_view *view = owner;
    progress_show(&view->progress, file_bytes(view->file, "") >> 10);
}

static enum status copy_out(const struct read_only *from, const char *file,
                            struct reason *reason)
{
    struct copy_view view = {.file = file};
    progress_init(&view.progress, "KB copied",
                  (file_bytes(from->path, "") + file_bytes(from->path, "-wal")) >> 10);
    const struct db_copy copy = {text_of(file), copy_tick, &view};
    enum status status = db_copy_out(from->db, &copy, reason);
    progress_finish(&view.progress);
    return status;
}

static enum status backup_name(const char *given, struct backup *backup, struct reason *reason)
{
    int length = snprintf(backup->ledger, sizeof(backup->ledger), "%s", given);
    int longer = snprintf(backup->catalog, sizeof(backup->catalog), "%s-catalog", given);
    if (length <= 0 || longer >= (int)sizeof(backup->catalog))
        return reason_set(reason, STATUS_INVALID, "the path of the backup has %d bytes",
                          length);
    const char *const names[] = {backup->ledger, backup->catalog};
    for (size_t i = 0; i < LENGTH_OF(names); i++)
        if (access(names[i], F_OK) == 0)
            return reason_set(reason, STATUS_EXISTS,
                              "%s is there already: name a new file, or move it away",
                              names[i]);
    return STATUS_OK;
}

static enum status server_refuse(struct cli_context *context, struct reason *reason)
{
    const struct settings *settings;
    TRY(cli_settings(context, &settings, reason));
    if (!settings_database_is_postgres(settings->database_url))
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID,
                      "a database of PostgreSQL is backed up by its own tools: use `pg_dump "
                      "--format=custom --schema=ledger --schema=catalog` for a copy of one "
                      "moment, pg_basebackup and an archive of its log for every moment");
}

/* The ledger first: a charge names a snapshot that was in the catalogue before it. */
static enum status backup_write(struct cli_context *context, const struct backup *backup,
                                struct reason *reason)
{
    CLEANUP(cli_read_finish) struct read_only ledger = {.db = NULL};
    CLEANUP(cli_read_finish) struct read_only catalog = {.db = NULL};
    TRY(server_refuse(context, reason));
    TRY(cli_read_ledger(context, &ledger, reason));
    TRY(cli_check_version(&ledger, &migrations_ledger, reason));
    enum status status = cli_read_catalog(context, &catalog, reason);
    if (status != STATUS_OK && status != STATUS_MISSING)
        return status;
    TRY(copy_out(&ledger, backup->ledger, reason));
    if (status == STATUS_MISSING)
        return STATUS_OK;
    status = copy_out(&catalog, backup->catalog, reason);
    if (status != STATUS_OK)
        (void)unlink(backup->ledger);
    return status;
}

/* Opens what was written as a restore would, and re-adds it. */
static enum status backup_check(const struct cli_context *context, const struct backup *backup,
                                struct audit_totals *totals, struct reason *reason)
{
    CLEANUP(cli_read_finish) struct read_only copy = {.db = NULL};
    TRY(cli_read_file_at(text_of(backup->ledger), &migrations_ledger, &copy, reason));
    TRY(cli_check_version(&copy, &migrations_ledger, reason));
    return cli_audit_run(context, copy.db, totals, reason);
}

static void backup_print(const struct cli_context *context, const struct backup *backup,
                         const struct audit_totals *totals)
{
    CLEANUP(buffer_finish) struct buffer line;
    buffer_init(&line, LINE_BYTES_MAX);
    bool has_catalog = access(backup->catalog, F_OK) == 0;
    if (context->json) {
        struct json_writer writer = json_writer_on(&line);
        json_object_open(&writer);
        json_member_text(&writer, TEXT("file"), text_of(backup->ledger));
        json_member_integer(&writer, TEXT("bytes"), file_bytes(backup->ledger, ""));
        if (has_catalog)
            json_member_text(&writer, TEXT("catalog_file"), text_of(backup->catalog));
        json_member_integer(&writer, TEXT("journal_rows"), totals->rows);
        json_member_integer(&writer, TEXT("differences"), totals->differences);
        json_object_close(&writer);
    } else {
        buffer_append_format(&line, "%s\t%lld bytes\t%lld journal rows", backup->ledger,
                             (long long)file_bytes(backup->ledger, ""),
                             (long long)totals->rows);
        if (has_catalog)
            buffer_append_format(&line, "\n%s\t%lld bytes", backup->catalog,
                                 (long long)file_bytes(backup->catalog, ""));
    }
    cli_print(buffer_text(&line));
}

static enum cli_exit db_backup(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "db backup",
        .operands = "FILE",
        .operands_min = 1,
        .operands_max = 1,
        .sentence =
            "Writes the ledger to FILE and the catalogue to FILE-catalog, both as they are at "
            "one "
            "moment, while\nthe server runs or not; then audits what was written. Nothing is "
            "overwritten. To restore, stop\nthe server and run it with --database sqlite:FILE, "
            "or move the files to where they were. Databases of\nPostgreSQL are copied by its "
            "own tools.",
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    struct reason reason = {""};
    struct backup backup;
    struct audit_totals totals;
    if (backup_name(given.operands[0], &backup, &reason) != STATUS_OK ||
        backup_write(context, &backup, &reason) != STATUS_OK ||
        backup_check(context, &backup, &totals, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    backup_print(context, &backup, &totals);
    if (totals.differences == 0)
        return CLI_DONE;
    return cli_refuse("the backup is written, but its books differ, as those of the database "
                      "do: see `trendgate audit`");
}

enum cli_exit cli_db(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"status", "Show versions, sizes and the journal's state.", db_status},
        {"migrate", "Bring ledger and catalogue to this program's tables.", db_migrate_both},
        {"backup", "Write a copy of both files.", db_backup},
        {"copy", "Write both files into a database of PostgreSQL.", cli_db_copy},
        {NULL, NULL, NULL},
    };
    return cli_group(context, "db", commands, "Looks after the ledger and the catalogue.", argc,
                     argv);
}
