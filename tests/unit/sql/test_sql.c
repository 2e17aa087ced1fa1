/* db.h and migrate.h, on a file in a folder of their own and on a server. */
#include "engines.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void values_come_back(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    ran(db, kind == DB_SQLITE ? "CREATE TABLE t (a BIGINT, b TEXT, c BLOB, d TEXT)"
                              : "CREATE TABLE t (a BIGINT, b TEXT, c BYTEA, d TEXT)");
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

static void integers_of_every_size_come_back(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    static const int64_t numbers[] = {INT64_MIN, -4294967297, -2147483649, -2147483648, -32769,
                                      -256,      -1,          0,           1,           255,
                                      32768,     2147483647,  4294967296,  INT64_MAX};
    CLEANUP(db_statement_release) struct db_statement *select = taken(db, "SELECT $1, $1 < 0");
    for (size_t i = 0; i < LENGTH_OF(numbers); i++) {
        bool row = false;
        db_bind_integer(select, 1, numbers[i]);
        assert_int_equal(db_step(select, &row, NULL), STATUS_OK);
        assert_true(row && db_column_integer(select, 0) == numbers[i]);
        assert_int_equal(db_column_integer(select, 1), numbers[i] < 0);
        assert_int_equal(db_step(select, &row, NULL), STATUS_OK);
        assert_false(row);
    }
    db_statement_release(&select);
    assert_int_equal(asked(db, "SELECT CAST(-7 AS SMALLINT)"), -7);
    assert_int_equal(asked(db, "SELECT CAST(-70000 AS INTEGER)"), -70000);
    db_close(db);
}

static void statements_run_while_rows_are_read(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    ran(db, "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1), (2), (3)");
    struct db_statement *select = taken(db, "SELECT a FROM t ORDER BY a");
    int64_t sum = 0;
    bool row = false;
    assert_int_equal(db_step(select, &row, NULL), STATUS_OK);
    while (row) {
        ran(db, "UPDATE t SET a = a");
        sum += db_column_integer(select, 0);
        assert_int_equal(asked(db, "SELECT count(*) FROM t"), 3);
        assert_int_equal(db_step(select, &row, NULL), STATUS_OK);
    }
    assert_int_equal(sum, 6);
    db_statement_release(&select);
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
    assert_non_null(strstr(reason.sentence, db_path(db)));
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

static void a_reader_sees_one_instant_and_writes_nothing(void **state)
{
    (void)state;
    struct db *db = opened(&wal), *reader = NULL;
    struct reason reason = {""};
    ran(db, "CREATE TABLE t (a BIGINT)");
    assert_int_equal(db_open_to_read(text_of(path), &wal, &reader, &reason), STATUS_OK);
    {
        CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
        assert_int_equal(db_begin_reading(reader, &transaction, &reason), STATUS_OK);
        assert_int_equal(asked(reader, "SELECT count(*) FROM t"), 0);
        ran(db, "INSERT INTO t VALUES (1)");
        assert_int_equal(asked(reader, "SELECT count(*) FROM t"), 0);
    }
    assert_int_equal(asked(reader, "SELECT count(*) FROM t"), 1);
    assert_int_not_equal(db_execute(reader, "INSERT INTO t VALUES (2)", NULL), STATUS_OK);
    assert_int_equal(asked(db, "SELECT count(*) FROM t"), 1);
    db_close(reader);
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
static const struct migration_set one = {"test", {steps, 1}, {steps, 1}};
static const struct migration_set two = {"test", {steps, 2}, {steps, 2}};
static const struct migration_set three = {"test", {steps, 3}, {steps, 3}};
static const struct migration_set other = {"other", {steps, 2}, {steps, 2}};

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
        assert_int_equal(kind == DB_SQLITE ? sqlite_empty(state) : postgres_empty(state), 0);
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

static void migrated(const struct migration_set *set, const char *count)
{
    struct db *db = opened(&wal);
    struct reason reason = {""};
    if (db_migrate(db, set, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    assert_int_equal(asked(db, count), 0);
    db_close(db);
}

static void the_ledgers_own_migrations_apply(void **state)
{
    (void)state;
    migrated(&migrations_ledger, "SELECT count(*) FROM account");
}

static void the_catalogues_own_migrations_apply(void **state)
{
    (void)state;
    migrated(&migrations_catalog, "SELECT count(*) FROM snapshot");
}

int main(void)
{
    struct CMUnitTest tests[] = {
        ON_BOTH(values_come_back),
        ON_BOTH(integers_of_every_size_come_back),
        ON_BOTH(what_was_bound_is_forgotten_at_release),
        ON_BOTH(statements_run_while_rows_are_read),
        ON_BOTH(constraints_have_outcomes),
        ON_BOTH(what_is_not_committed_is_rolled_back),
        ON_BOTH(a_reader_sees_one_instant_and_writes_nothing),
        ON_SQLITE(nothing_is_written_on_a_failed_rollback),
        ON_SQLITE(a_second_writer_is_told_to_wait),
        ON_SQLITE(files_are_private_and_durable),
        ON_SQLITE(a_file_that_is_no_database_is_refused),
        ON_BOTH(migrations_are_applied_once),
        ON_BOTH(several_may_migrate_at_once),
        ON_BOTH(a_migration_that_fails_changes_nothing),
        ON_BOTH(a_database_of_another_is_refused),
        ON_SQLITE(the_ledgers_own_migrations_apply),
        ON_BOTH(the_catalogues_own_migrations_apply),
    };
    return engines_run(tests, LENGTH_OF(tests));
}
