/* db.h and migrate.h over real files in a folder of their own. */
#include "sql/migrate.h"
#include "support/unit.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/trendgate-sql-XXXXXX";
static char path[64];
static const struct db_options wal = {.journal = DB_JOURNAL_WAL, .busy_timeout_ms = 0};
static const struct db_options rollback = {.journal = DB_JOURNAL_ROLLBACK};

static int folder_make(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof(path), "%s/a.db", folder);
    return 0;
}

static int files_remove(void **state)
{
    (void)state;
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[96];
        (void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        (void)unlink(name);
    }
    return 0;
}

static int folder_remove(void **state)
{
    (void)files_remove(state);
    return rmdir(folder);
}

static struct db *opened(const struct db_options *options)
{
    struct reason reason = {""};
    struct db *db = NULL;
    assert_int_equal(db_open(text_of(path), options, &db, &reason), STATUS_OK);
    return db;
}

static struct db_statement *taken(struct db *db, const char *sql)
{
    struct reason reason = {""};
    struct db_statement *statement = NULL;
    if (db_statement_take(db, sql, &statement, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    return statement;
}

static void ran(struct db *db, const char *sql)
{
    struct reason reason = {""};
    if (db_execute(db, sql, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
}

static int64_t asked(struct db *db, const char *sql)
{
    CLEANUP(db_statement_release) struct db_statement *statement = taken(db, sql);
    bool row = false;
    assert_int_equal(db_step(statement, &row, NULL), STATUS_OK);
    assert_true(row);
    return db_column_integer(statement, 0);
}

static void values_come_back(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    ran(db, "CREATE TABLE t (a BIGINT, b TEXT, c BLOB, d TEXT)");
    struct db_statement *insert = taken(db,
                                        "INSERT INTO t VALUES ($2, $1, $3, '$1') RETURNING a");
    db_bind_text(insert, 1, TEXT("caf\xc3\xa9 \xf0\x9f\x8e\x89"));
    db_bind_integer(insert, 2, INT64_MIN);
    db_bind_blob(insert, 3, TEXT("\0\1\377"));
    bool row = false;
    assert_int_equal(db_step(insert, &row, NULL), STATUS_OK);
    assert_true(row);
    assert_true(db_column_integer(insert, 0) == INT64_MIN);
    assert_int_equal(db_step(insert, &row, NULL), STATUS_OK);
    assert_false(row);
    db_statement_release(&insert);
    assert_null(insert);

    struct db_statement *select = taken(db, "SELECT b, c, d, NULL FROM t");
    assert_int_equal(db_step(select, &row, NULL), STATUS_OK);
    assert_true(text_equals(db_column_text(select, 0), TEXT("caf\xc3\xa9 \xf0\x9f\x8e\x89")));
    assert_true(text_equals(db_column_blob(select, 1), TEXT("\0\1\377")));
    assert_true(text_equals(db_column_text(select, 2), TEXT("$1")));
    assert_true(db_column_is_null(select, 3));
    assert_int_equal(db_column_text(select, 3).length, 0);
    db_statement_release(&select);
    db_close(db);
}

static void what_was_bound_is_forgotten_at_release(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    static const char sql[] = "SELECT $1 IS NULL";
    struct db_statement *statement = taken(db, sql);
    db_bind_integer(statement, 1, 5);
    db_statement_release(&statement);
    assert_int_equal(asked(db, sql), 1);
    db_close(db);
}

static void constraints_have_outcomes(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    ran(db,
        "CREATE TABLE t (a BIGINT NOT NULL UNIQUE CHECK (a < 10)); INSERT INTO t VALUES (1)");
    assert_int_equal(db_execute(db, "INSERT INTO t VALUES (1)", NULL), STATUS_EXISTS);
    assert_int_equal(db_execute(db, "INSERT INTO t VALUES (11)", NULL), STATUS_CONFLICT);
    assert_int_equal(db_execute(db, "INSERT INTO t VALUES (NULL)", NULL), STATUS_CONFLICT);
    struct reason reason = {""};
    assert_int_equal(db_execute(db, "SELEKT", &reason), STATUS_IO);
    assert_non_null(strstr(reason.sentence, path));
    db_close(db);
}

static enum status insert_without_commit(struct db *db)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin(db, &transaction, NULL));
    return db_execute(db, "INSERT INTO t VALUES (2)", NULL);
}

static void what_is_not_committed_is_rolled_back(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    ran(db, "CREATE TABLE t (a BIGINT)");
    assert_int_equal(insert_without_commit(db), STATUS_OK);
    assert_int_equal(asked(db, "SELECT count(*) FROM t"), 0);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
    ran(db, "INSERT INTO t VALUES (3)");
    assert_int_equal(db_commit(&transaction, NULL), STATUS_OK);
    assert_int_equal(asked(db, "SELECT count(*) FROM t"), 1);
    db_close(db);
}

/* While it is set, SQLite refuses to roll anything back, as it may when a disk fails. */
static bool denies_rollback;

static int authorize(void *unused, int action, const char *first, const char *second,
                     const char *database, const char *inner)
{
    (void)unused, (void)second, (void)database, (void)inner;
    bool is_rollback = action == SQLITE_TRANSACTION && strcmp(first, "ROLLBACK") == 0;
    return is_rollback && denies_rollback ? SQLITE_DENY : SQLITE_OK;
}

static int authorizer_set(sqlite3 *connection)
{
    return sqlite3_set_authorizer(connection, authorize, NULL);
}

static void nothing_is_written_on_a_failed_rollback(void **state)
{
    (void)state;
    struct reason reason = {""};
    assert_int_equal(sqlite3_auto_extension((void (*)(void))authorizer_set), SQLITE_OK);
    struct db *db = opened(&rollback);
    sqlite3_reset_auto_extension();
    ran(db, "CREATE TABLE t (n INTEGER)");
    denies_rollback = true;
    assert_int_equal(insert_without_commit(db), STATUS_OK);
    struct db_transaction transaction = {NULL};
    assert_int_equal(db_begin(db, &transaction, &reason), STATUS_IO);
    assert_int_equal(db_begin_reading(db, &transaction, &reason), STATUS_IO);
    assert_true(strlen(reason.sentence) > 0);
    assert_null(transaction.db);
    denies_rollback = false;
    assert_int_equal(db_begin(db, &transaction, &reason), STATUS_OK);
    assert_int_equal(db_commit(&transaction, &reason), STATUS_OK);
    assert_int_equal(asked(db, "SELECT count(*) FROM t"), 0);
    db_close(db);
}

static void a_second_writer_is_told_to_wait(void **state)
{
    (void)state;
    struct db *first = opened(&rollback), *second = opened(&rollback);
    struct db_transaction transaction = {NULL}, other = {NULL};
    assert_int_equal(db_begin(first, &transaction, NULL), STATUS_OK);
    struct reason reason = {""};
    assert_int_equal(db_begin(second, &other, &reason), STATUS_BUSY);
    assert_non_null(strstr(reason.sentence, "another program"));
    db_transaction_finish(&transaction);
    assert_int_equal(db_begin(second, &other, &reason), STATUS_OK);
    db_transaction_finish(&other);
    db_close(second);
    db_close(first);
}

static void files_are_private_and_durable(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(asked(db, "PRAGMA synchronous"), 2);
    assert_int_equal(asked(db, "PRAGMA page_size"), 4096);
    db_close(db);
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    (void)state;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        assert_true(fputs("not a database\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    struct db *db = NULL;
    struct reason reason = {""};
    assert_int_equal(db_open(text_of(path), &wal, &db, &reason), STATUS_CORRUPT);
    assert_null(db);
    assert_non_null(strstr(reason.sentence, "is not a database"));
    assert_int_equal(db_open(TEXT("/nonexistent/x.db"), &wal, &db, &reason), STATUS_IO);
    assert_non_null(strstr(reason.sentence, "/nonexistent/x.db"));
}

static const struct migration steps[] = {
    {1, "0001_a.sql", "CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1)"},
    {2, "0002_b.sql", "UPDATE a SET x = x + 1"},
    {3, "0003_c.sql", "UPDATE a SET x = 100; CREATE TABLE a (x BIGINT)"}, /* fails */
};
static const struct migration_set one = {"test", steps, 1}, two = {"test", steps, 2};
static const struct migration_set three = {"test", steps, 3}, other = {"other", steps, 2};

static void migrations_are_applied_once(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    assert_int_equal(db_migrate(db, &one, NULL), STATUS_OK);
    assert_int_equal(asked(db, "SELECT x FROM a"), 1);
    assert_int_equal(db_migrate(db, &two, NULL), STATUS_OK);
    assert_int_equal(db_migrate(db, &two, NULL), STATUS_OK);
    assert_int_equal(asked(db, "SELECT x FROM a"), 2);
    assert_int_equal(asked(db, "SELECT count(*) FROM schema_version"), 2);
    db_close(db);
}

#define MIGRATORS 4
static pthread_barrier_t all_opened;

static void *migrate(void *status)
{
    static const struct db_options patient = {.journal = DB_JOURNAL_ROLLBACK,
                                              .busy_timeout_ms = 10000};
    struct db *db = NULL;
    *(enum status *)status = db_open(text_of(path), &patient, &db, NULL);
    (void)pthread_barrier_wait(&all_opened);
    if (*(enum status *)status == STATUS_OK)
        *(enum status *)status = db_migrate(db, &two, NULL);
    db_close(db);
    return NULL;
}

static void several_may_migrate_at_once(void **state)
{
    assert_int_equal(pthread_barrier_init(&all_opened, NULL, MIGRATORS), 0);
    for (int round = 0; round < 5; round++) {
        pthread_t threads[MIGRATORS];
        enum status ended[MIGRATORS];
        for (int i = 0; i < MIGRATORS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, migrate, &ended[i]), 0);
        for (int i = 0; i < MIGRATORS; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            assert_int_equal(ended[i], STATUS_OK);
        }
        struct db *db = opened(&rollback);
        assert_int_equal(asked(db, "SELECT x FROM a"), 2);
        db_close(db);
        (void)files_remove(state);
    }
    assert_int_equal(pthread_barrier_destroy(&all_opened), 0);
}

static void a_migration_that_fails_changes_nothing(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    struct reason reason = {""};
    assert_int_equal(db_migrate(db, &three, &reason), STATUS_IO);
    assert_int_equal(asked(db, "SELECT x FROM a"), 2);
    assert_int_equal(asked(db, "SELECT max(version) FROM schema_version"), 2);
    db_close(db);
}

static void a_database_of_another_is_refused(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    struct reason reason = {""};
    assert_int_equal(db_migrate(db, &two, NULL), STATUS_OK);
    assert_int_equal(db_migrate(db, &one, &reason), STATUS_CONFLICT);
    assert_non_null(strstr(reason.sentence, "newer"));
    assert_int_equal(db_migrate(db, &other, &reason), STATUS_CONFLICT);
    assert_non_null(strstr(reason.sentence, "is not a other of trendgate"));
    ran(db, "DROP TABLE schema_version");
    assert_int_equal(db_migrate(db, &two, &reason), STATUS_CONFLICT);
    assert_non_null(strstr(reason.sentence, "another program"));
    db_close(db);
}

static void the_programs_own_migrations_apply(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    struct reason reason = {""};
    if (db_migrate(db, &migrations_ledger, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    assert_int_equal(asked(db, "SELECT count(*) FROM account"), 0);
    db_close(db);
    (void)files_remove(state);
    db = opened(&rollback);
    if (db_migrate(db, &migrations_catalog, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    assert_int_equal(asked(db, "SELECT count(*) FROM snapshot"), 0);
    db_close(db);
}

#define FRESH(function) cmocka_unit_test_setup_teardown(function, NULL, files_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(values_come_back),
        FRESH(what_was_bound_is_forgotten_at_release),
        FRESH(constraints_have_outcomes),
        FRESH(what_is_not_committed_is_rolled_back),
        FRESH(nothing_is_written_on_a_failed_rollback),
        FRESH(a_second_writer_is_told_to_wait),
        FRESH(files_are_private_and_durable),
        FRESH(a_file_that_is_no_database_is_refused),
        FRESH(migrations_are_applied_once),
        FRESH(several_may_migrate_at_once),
        FRESH(a_migration_that_fails_changes_nothing),
        FRESH(a_database_of_another_is_refused),
        FRESH(the_programs_own_migrations_apply),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
