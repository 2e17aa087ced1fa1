#include "engines.h"

#include "support/postgres_database.h"

#include <stdio.h>
#include <unistd.h>

const char *path;
enum db_kind kind;

const struct db_options wal = {.journal = DB_JOURNAL_WAL, .schema = "tested"};
const struct db_options rollback = {.journal = DB_JOURNAL_ROLLBACK, .schema = "tested"};
const struct db_options patient = {
    .journal = DB_JOURNAL_ROLLBACK, .schema = "tested", .busy_timeout_ms = 10000};

static char folder[] = "/tmp/trendgate-sql-XXXXXX";
static char file[64];

struct db *opened(const struct db_options *options)
{
    struct reason reason = {""};
    struct db *db = NULL;
    if (db_open(text_of(path), options, &db, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    return db;
}

struct db_statement *taken(struct db *db, const char *sql)
{
    struct reason reason = {""};
    struct db_statement *statement = NULL;
    if (db_statement_take(db, sql, &statement, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    return statement;
}

void ran(struct db *db, const char *sql)
{
    struct reason reason = {""};
    if (db_execute(db, sql, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
}

int64_t asked(struct db *db, const char *sql)
{
    CLEANUP(db_statement_release) struct db_statement *statement = taken(db, sql);
    struct reason reason = {""};
    bool row = false;
    if (db_step(statement, &row, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    assert_true(row);
    return db_column_integer(statement, 0);
}

int engines_set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(file, sizeof(file), "%s/a.db", folder);
    return 0;
}

int engines_tear_down(void **state)
{
    (void)sqlite_remove(state);
    return rmdir(folder);
}

int sqlite_empty(void **state)
{
    path = file;
    kind = DB_SQLITE;
    return sqlite_remove(state);
}

int sqlite_remove(void **state)
{
    (void)state;
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[96];
        (void)snprintf(name, sizeof(name), "%s%s", file, endings[i]);
        (void)unlink(name);
    }
    return 0;
}

int postgres_empty(void **state)
{
    (void)state;
    path = postgres_address();
    kind = DB_POSTGRES;
    postgres_clear("tested");
    postgres_run("CREATE SCHEMA tested");
    return 0;
}

static void skipped(void **state)
{
    (void)state;
    skip();
}

int engines_run(struct CMUnitTest *tests, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (tests[i].setup_func == postgres_empty && !postgres_is_there()) {
            tests[i].test_func = skipped;
            tests[i].setup_func = NULL;
        }
    return _cmocka_run_group_tests("sql", tests, count, engines_set_up, engines_tear_down);
}
