/* db copy: the two files of a database, written into a server's, by which several nodes can go on. */
#include "catalog/store.h"
#include "catalog/store_copy.h"
#include "cli/audit.h"
#include "cli/commands.h"
#include "cli/read_only.h"
#include "ledger/ledger.h"
#include "ledger/ledger_copy.h"
#include "ledger/owner_lock.h"

#define BUSY_TIMEOUT_MS 10000
#define STATEMENT_TIMEOUT_MS (24 * 60 * 60 * 1000) /* what is made of a whole table at once */

/* A table is read from a disk between two statements of the server's. */
#define NEVER_IDLE_SQL "SET idle_in_transaction_session_timeout = 0"

struct addresses {
    struct text file, server; /* as they were given */
};

static void db_finish(struct db **db)
{
    db_close(*db);
}

static void owner_finish(struct owner_lock *owner)
{
    if (owner->path[0] != '\0')
        owner_lock_release(owner);
}

static enum status addresses_check(const struct addresses *addresses, struct reason *reason)
{
    struct text path;
    if (!settings_database_is_postgres(addresses->server))
        return reason_set(reason, STATUS_INVALID,
                          "the second address is where to copy to: write "
                          "postgresql://USER@HOST:PORT/NAME");
    return settings_sqlite_path(addresses->file, &path, reason);
}

static enum status server_open(struct text address, const struct migration_set *set,
                               struct db **db, struct reason *reason)
{
    const struct db_options options = {.busy_timeout_ms = BUSY_TIMEOUT_MS,
                                       .schema = set->name,
                                       .statement_timeout_ms = STATEMENT_TIMEOUT_MS};
    TRY(db_open(address, &options, db, reason));
    TRY(db_migrate(*db, set, reason));
    return db_execute(*db, NEVER_IDLE_SQL, reason);
}

static enum status file_open(struct text path, const struct migration_set *set,
                             struct read_only *file, struct reason *reason)
{
    TRY(cli_read_file_at(path, set, file, reason));
    return cli_check_version(file, set, reason);
}

/* ---- The two copies ---- */

/* There is none before the first import or start. */
static enum status catalog_copy(const struct addresses *addresses, struct reason *reason)
{
    CLEANUP(cli_read_finish) struct read_only file = {.db = NULL};
    CLEANUP(db_finish) struct db *to = NULL;
    char path[PATH_BYTES_MAX];
    TRY(server_open(addresses->server, &migrations_catalog, &to, reason));
    TRY(store_path_of(addresses->file, path, reason));
    enum status status = file_open(text_of(path), &migrations_catalog, &file, reason);
    if (status == STATUS_MISSING)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    TRY(store_copy_check(file.db, to, reason));
    return store_copy(file.db, to, reason);
}

/* The catalogue first: a charge names a snapshot. */
static enum status both_copy(const struct cli_context *context,
                             const struct addresses *addresses, struct db *from,
                             struct reason *reason)
{
    CLEANUP(db_finish) struct db *to = NULL;
    TRY(server_open(addresses->server, &migrations_ledger, &to, reason));
    TRY(ledger_copy_check(from, to, reason));
    TRY(catalog_copy(addresses, reason));
    return ledger_copy(from, to, time_now(context->time), reason);
}

/* ---- Comparing ---- */

static enum status server_audit(const struct cli_context *context,
                                const struct addresses *addresses, struct audit_totals *totals,
                                struct reason *reason)
{
    CLEANUP(cli_read_finish) struct read_only server = {.db = NULL};
    TRY(file_open(addresses->server, &migrations_ledger, &server, reason));
    return cli_audit_run(context, server.db, totals, reason);
}

static bool is_same(const struct audit_totals *file, const struct audit_totals *server)
{
    return file->rows == server->rows && file->calls == server->calls &&
           file->charges == server->charges && file->credits == server->credits &&
           file->overage == server->overage && file->overage_micros == server->overage_micros &&
           file->adjustments == server->adjustments && file->statements == server->statements;
}

static void totals_print(const struct cli_context *context, const struct audit_totals *totals)
{
    CLEANUP(buffer_finish) struct buffer line;
    buffer_init(&line, REASON_BYTES_MAX);
    if (context->json) {
        struct json_writer writer = json_writer_on(&line);
        json_object_open(&writer);
        json_member_integer(&writer, TEXT("journal_rows"), totals->rows);
        json_member_integer(&writer, TEXT("calls"), totals->calls);
        json_member_integer(&writer, TEXT("charges"), totals->charges);
        json_member_integer(&writer, TEXT("credits"), totals->credits);
        json_member_integer(&writer, TEXT("overage_micros"), totals->overage_micros);
        json_member_integer(&writer, TEXT("statements"), totals->statements);
        json_object_close(&writer);
    } else {
        buffer_append_format(&line,
                             "%lld journal rows: %lld calls, %lld charges, %lld credits, %lld "
                             "statements; the same on both sides",
                             (long long)totals->rows, (long long)totals->calls,
                             (long long)totals->charges, (long long)totals->credits,
                             (long long)totals->statements);
    }
    cli_print(buffer_text(&line));
}

/* ---- The verb ---- */

static enum status copy(const struct cli_context *context, const struct addresses *addresses,
                        struct reason *reason)
{
    CLEANUP(owner_finish) struct owner_lock owner = {.path = ""};
    CLEANUP(cli_read_finish) struct read_only file = {.db = NULL};
    struct audit_totals before, after;
    struct text path;
    TRY(addresses_check(addresses, reason));
    TRY(settings_sqlite_path(addresses->file, &path, reason));
    TRY(file_open(path, &migrations_ledger, &file, reason));
    TRY(owner_lock_take(path, &owner, reason));
    TRY(cli_audit_run(context, file.db, &before, reason));
    if (before.differences > 0)
        return reason_set(
            reason, STATUS_CONFLICT,
            "the books of %s differ, and nothing is copied: see `trendgate audit`",
            db_path(file.db));
    TRY(both_copy(context, addresses, file.db, reason));
    TRY(server_audit(context, addresses, &after, reason));
    if (after.differences > 0 || !is_same(&before, &after))
        return reason_set(
            reason, STATUS_CORRUPT,
            "the copy is not what was copied: drop its schemas ledger and catalog "
            "and go on with %s",
            db_path(file.db));
    totals_print(context, &after);
    return STATUS_OK;
}

enum cli_exit cli_db_copy(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_usage usage = {
        .command = "db copy",
        .operands = "sqlite:PATH postgresql://...",
        .operands_min = 2,
        .operands_max = 2,
        .sentence = "Writes the ledger and the catalogue of PATH into an empty database of "
                    "PostgreSQL, by "
                    "which several\nservers can go on, audits both, and compares their sums. "
                    "The server "
                    "that has PATH is stopped\nbefore and not started again. Rate limits and "
                    "Idempotency-Keys begin anew: let ten minutes pass.",
    };
    struct cli_arguments given;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &given, &over))
        return over;
    struct reason reason = {""};
    const struct addresses addresses = {text_of(given.operands[0]), text_of(given.operands[1])};
    return copy(context, &addresses, &reason) == STATUS_OK ? CLI_DONE : cli_refuse_for(&reason);
}
