/* What db.h promises of PostgreSQL alone. */
#include "engines.h"
#include "support/postgres_database.h"

#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "never-told"

static void everyone_is_cut_off(void)
{
    postgres_run("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
                 "WHERE datname = current_database() AND pid <> pg_backend_pid()");
}

static enum status inserted(struct db *db, int64_t number, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(db, "INSERT INTO t VALUES ($1)", &insert, reason));
    db_bind_integer(insert, 1, number);
    return db_run(insert, reason);
}

static struct db *opened_with_table(void)
{
    struct db *db = opened(&wal);
    ran(db, "CREATE TABLE t (a BIGINT PRIMARY KEY)");
    assert_int_equal(inserted(db, 1, NULL), STATUS_OK);
    return db;
}

static int64_t rows_of(struct db *db)
{
    return asked(db, "SELECT count(*) FROM t");
}

static struct text setting_of(struct db *db, struct db_statement **select, const char *name)
{
    *select = taken(db, "SELECT current_setting($1)");
    bool row = false;
    db_bind_text(*select, 1, text_of(name));
    assert_int_equal(db_step(*select, &row, NULL), STATUS_OK);
    assert_true(row);
    return db_column_text(*select, 0);
}

static void is_set(struct db *db, const char *name, const char *value)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    struct text found = setting_of(db, &select, name);
    if (!text_equals(found, text_of(value)))
        fail_msg("%s is %.*s, not %s", name, TEXT_PRINT(found), value);
}

static void sessions_are_set_up(void **state)
{
    (void)state;
    struct db *db = opened(&(struct db_options){.busy_timeout_ms = 700, .schema = "tested"});
    is_set(db, "application_name", "trendgate");
    is_set(db, "synchronous_commit", "on");
    is_set(db, "lock_timeout", "700ms");
    is_set(db, "statement_timeout", "30s");
    is_set(db, "idle_in_transaction_session_timeout", "2s");
    is_set(db, "search_path", "tested");
    is_set(db, "client_encoding", "UTF8");
    assert_int_equal(db_wait_at_most(db, 900, NULL), STATUS_OK);
    everyone_is_cut_off();
    is_set(db, "lock_timeout", "900ms");
    db_close(db);
    struct db *reader = NULL;
    assert_int_equal(db_open_to_read(text_of(path), &wal, &reader, NULL), STATUS_OK);
    is_set(reader, "default_transaction_read_only", "on");
    is_set(reader, "lock_timeout", "1ms");
    is_set(reader, "statement_timeout", "0");
    is_set(reader, "idle_in_transaction_session_timeout", "0");
    db_close(reader);
}

static void a_lost_connection_is_made_again(void **state)
{
    (void)state;
    struct db *db = opened_with_table();
    everyone_is_cut_off();
    assert_int_equal(rows_of(db), 1);
    assert_int_equal(inserted(db, 2, NULL), STATUS_OK);
    everyone_is_cut_off();
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
    assert_int_equal(inserted(db, 3, NULL), STATUS_OK);
    assert_int_equal(db_commit(&transaction, NULL), STATUS_OK);
    assert_int_equal(rows_of(db), 3);
    db_close(db);
}

/* What comes after it in the transaction must not run on a connection of its own. */
static void a_connection_lost_in_a_transaction_loses_it(void **state)
{
    (void)state;
    struct db *db = opened_with_table();
    struct reason reason = {""};
    {
        CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
        assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
        assert_int_equal(inserted(db, 2, NULL), STATUS_OK);
        everyone_is_cut_off();
        assert_int_equal(inserted(db, 3, &reason), STATUS_UNAVAILABLE);
        assert_non_null(strstr(reason.sentence, db_path(db)));
        assert_int_equal(inserted(db, 4, &reason), STATUS_UNAVAILABLE);
        assert_int_equal(db_execute(db, "INSERT INTO t VALUES (5)", &reason),
                         STATUS_UNAVAILABLE);
        assert_int_equal(db_commit(&transaction, &reason), STATUS_UNAVAILABLE);
    }
    assert_int_equal(rows_of(db), 1);
    db_close(db);
}

static void a_failure_spoils_its_transaction(void **state)
{
    (void)state;
    struct db *db = opened_with_table();
    struct reason reason = {""};
    {
        CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
        assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
        assert_int_equal(inserted(db, 2, NULL), STATUS_OK);
        assert_int_equal(inserted(db, 1, &reason), STATUS_EXISTS);
        assert_int_equal(inserted(db, 3, &reason), STATUS_EXISTS);
        assert_non_null(strstr(reason.sentence, "earlier statement"));
        assert_int_equal(db_commit(&transaction, &reason), STATUS_EXISTS);
    }
    assert_int_equal(rows_of(db), 1);
    assert_int_equal(inserted(db, 3, NULL), STATUS_OK);
    db_close(db);
}

static enum status inserted_soon(struct db *db, int64_t number)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(db, "INSERT INTO t VALUES ($1)", &insert, NULL));
    db_bind_integer(insert, 1, number);
    return db_run_soon(insert, NULL);
}

#define MANY 3000 /* answers that nobody reads between */

static void what_is_run_soon_is_there_for_the_next(void **state)
{
    (void)state;
    struct db *db = opened_with_table();
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
    for (int64_t i = 2; i <= MANY; i++)
        assert_int_equal(inserted_soon(db, i), STATUS_OK);
    assert_int_equal(rows_of(db), MANY);
    assert_int_equal(inserted_soon(db, MANY + 1), STATUS_OK);
    assert_int_equal(db_commit(&transaction, NULL), STATUS_OK);
    assert_int_equal(rows_of(db), MANY + 1);
    db_close(db);
}

static void what_fails_soon_is_told_by_the_commit(void **state)
{
    (void)state;
    struct db *db = opened_with_table();
    struct reason reason = {""};
    {
        CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
        assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
        assert_int_equal(inserted_soon(db, 2), STATUS_OK);
        assert_int_equal(inserted_soon(db, 1), STATUS_OK);
        assert_int_equal(inserted_soon(db, 3), STATUS_OK);
        assert_int_equal(db_commit(&transaction, &reason), STATUS_EXISTS);
        assert_non_null(strstr(reason.sentence, db_path(db)));
    }
    assert_int_equal(rows_of(db), 1);
    db_close(db);
}

static void what_fails_soon_is_told_by_the_next_statement(void **state)
{
    (void)state;
    struct db *db = opened_with_table();
    {
        CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
        assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
        assert_int_equal(inserted_soon(db, 1), STATUS_OK);
        assert_int_equal(inserted(db, 2, NULL), STATUS_EXISTS);
        assert_int_equal(inserted_soon(db, 3), STATUS_EXISTS);
    }
    assert_int_equal(rows_of(db), 1);
    db_close(db);
}

static void what_was_to_be_soon_goes_with_its_connection(void **state)
{
    (void)state;
    struct db *db = opened_with_table();
    {
        CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
        assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
        assert_int_equal(inserted_soon(db, 2), STATUS_OK);
        everyone_is_cut_off();
        assert_int_equal(inserted_soon(db, 3), STATUS_OK);
        assert_int_equal(db_commit(&transaction, NULL), STATUS_UNAVAILABLE);
    }
    assert_int_equal(rows_of(db), 1);
    {
        CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
        assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
        assert_int_equal(inserted_soon(db, 4), STATUS_OK);
    } /* and is rolled back unread */
    assert_int_equal(rows_of(db), 1);
    db_close(db);
}

static const char cut_off_in_commit[] =
    "CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS $$"
    " BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
    "CREATE CONSTRAINT TRIGGER cut_off AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION cut_off()";

static void commit_is_unknown(struct db *db, int64_t number, bool is_cut_off_before)
{
    struct reason reason = {""};
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
    assert_int_equal(inserted(db, number, NULL), STATUS_OK);
    if (is_cut_off_before)
        everyone_is_cut_off();
    assert_int_equal(db_commit(&transaction, &reason), STATUS_UNKNOWN);
    assert_non_null(strstr(reason.sentence, db_path(db)));
}

static void a_commit_that_is_lost_is_unknown(void **state)
{
    (void)state;
    struct db *db = opened_with_table();
    commit_is_unknown(db, 2, true);
    assert_int_equal(rows_of(db), 1);
    ran(db, cut_off_in_commit);
    commit_is_unknown(db, 2, false);
    assert_int_equal(rows_of(db), 1);
    db_close(db);
}

/* It was refused, and that is known. */
static void a_commit_that_is_refused_is_not_unknown(void **state)
{
    (void)state;
    struct db *db = opened_with_table();
    ran(db, "CREATE TABLE u (a BIGINT REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED)");
    {
        CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
        assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
        ran(db, "INSERT INTO u VALUES (99)");
        assert_int_equal(db_commit(&transaction, NULL), STATUS_CONFLICT);
    }
    assert_int_equal(asked(db, "SELECT count(*) FROM u"), 0);
    db_close(db);
}

static void locks_and_statements_end_after_a_while(void **state)
{
    (void)state;
    struct db *db = opened_with_table(), *second = opened(&wal);
    struct reason reason = {""};
    struct db_transaction transaction = {NULL};
    assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
    ran(db, "UPDATE t SET a = a");
    assert_int_equal(db_execute(second, "UPDATE t SET a = a", &reason), STATUS_BUSY);
    assert_non_null(strstr(reason.sentence, "another program"));
    db_transaction_finish(&transaction);
    ran(second, "UPDATE t SET a = a");
    db_close(second);
    db_close(db);
    db = opened(&(struct db_options){.statement_timeout_ms = 20});
    assert_int_equal(db_execute(db, "SELECT pg_sleep(3600)", &reason), STATUS_BUSY);
    db_close(db);
}

static enum status open_outcome(const char *address, struct reason *reason)
{
    struct db *db = NULL;
    enum status status = db_open(text_of(address), &wal, &db, reason);
    assert_null(strstr(reason->sentence, SECRET));
    db_close(db);
    return status;
}

static void servers_that_take_no_writer_are_told(void **state)
{
    (void)state;
    struct reason reason = {""};
    const char *address = postgres_address_of(
        "postgres", "?options=-c%20default_transaction_read_only%3Don");
    assert_int_equal(open_outcome(address, &reason), STATUS_UNAVAILABLE);
    assert_non_null(strstr(reason.sentence, "read-only"));
    assert_int_equal(open_outcome(postgres_address_of("nobody:" SECRET, ""), &reason),
                     STATUS_UNAVAILABLE);
    assert_non_null(strstr(reason.sentence, "nobody"));
    assert_int_equal(open_outcome("postgresql://a:" SECRET "@127.0.0.1:1/books", &reason),
                     STATUS_UNAVAILABLE);
    assert_non_null(strstr(reason.sentence, "books at 127.0.0.1:1 is not to be had"));
    assert_int_equal(open_outcome("postgresql://a:" SECRET "%zz@127.0.0.1:1/books", &reason),
                     STATUS_INVALID);
    assert_non_null(strstr(reason.sentence, "postgresql://USER@HOST:PORT/NAME"));
}

static void too_many_connections_are_told(void **state)
{
    (void)state;
    struct reason reason = {""};
    char sql[160];
    char role[32];
    (void)snprintf(role, sizeof(role), "few_%d", (int)getpid());
    (void)snprintf(sql, sizeof(sql),
                   "CREATE ROLE %s LOGIN CONNECTION LIMIT 1; GRANT ALL ON SCHEMA tested TO %s",
                   role, role);
    postgres_run(sql);
    path = postgres_address_of(role, "");
    struct db *db = opened(&wal);
    assert_int_equal(open_outcome(path, &reason), STATUS_UNAVAILABLE);
    assert_non_null(strstr(reason.sentence, "too many connections"));
    db_close(db);
    everyone_is_cut_off(); /* also whom the server has not let go yet */
    db = opened(&wal);
    db_close(db);
    (void)snprintf(sql, sizeof(sql), "DROP OWNED BY %s; DROP ROLE %s", role, role);
    postgres_run(sql);
}

/* The server is asked anew, for what was prepared says what it takes. */
static void parameters_may_be_of_other_types(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    ran(db, "CREATE TABLE t (a INTEGER, b TEXT)");
    struct db_statement *insert = taken(db, "INSERT INTO t VALUES ($1, $2)");
    assert_int_equal(db_run(insert, NULL), STATUS_OK);
    db_bind_integer(insert, 1, 7);
    db_bind_text(insert, 2, TEXT("seven"));
    assert_int_equal(db_run(insert, NULL), STATUS_OK);
    db_bind_null(insert, 1);
    db_bind_integer(insert, 2, 8);
    assert_int_equal(db_run(insert, NULL), STATUS_OK);
    db_bind_text(insert, 2, TEXT("eight"));
    assert_int_equal(db_run(insert, NULL), STATUS_OK);
    db_statement_release(&insert);
    assert_int_equal(asked(db, "SELECT count(*) FROM t WHERE a = 7 AND b = 'seven'"), 1);
    assert_int_equal(asked(db, "SELECT count(*) FROM t WHERE a IS NULL"), 3);
    assert_int_equal(asked(db, "SELECT count(*) FROM t WHERE b = '8'"), 1);
    db_close(db);
}

/* In a process of its own, whose last words nobody needs. */
static bool dies_of(const char *sql)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        (void)asked(opened(&wal), sql);
        _exit(0);
    }
    int ended = 0;
    assert_int_equal(waitpid(child, &ended, 0), child);
    return WIFSIGNALED(ended) && WTERMSIG(ended) == SIGABRT;
}

static void columns_that_cannot_be_read_are_bugs(void **state)
{
    (void)state;
    assert_true(dies_of("SELECT sum(a) FROM (VALUES (CAST(1 AS BIGINT))) AS t (a)"));
    assert_true(dies_of("SELECT 'a'"));
    struct db *db = opened(&wal);
    assert_int_equal(
        asked(db, "SELECT CAST(sum(a) AS BIGINT) FROM (VALUES (CAST(1 AS BIGINT))) AS t (a)"),
        1);
    db_close(db);
}

static void readers_demand_the_schema(void **state)
{
    (void)state;
    struct db *db = NULL;
    struct reason reason = {""};
    const struct db_options elsewhere = {.schema = "elsewhere"};
    assert_int_equal(db_open_to_read(text_of(path), &elsewhere, &db, &reason), STATUS_MISSING);
    assert_non_null(strstr(reason.sentence, "there is no schema elsewhere"));
}

static bool has_heard(struct db *db, int timeout_ms)
{
    struct reason reason = {""};
    bool heard = false;
    if (db_hear(db, timeout_ms, -1, &heard, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    return heard;
}

static void who_waits_to_hear_is_woken(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    bool heard = true;
    assert_int_equal(db_listen(db, "changes", NULL), STATUS_OK);
    int woken = eventfd(1, EFD_CLOEXEC);
    assert_int_equal(db_hear(db, -1, woken, &heard, NULL), STATUS_OK);
    assert_false(heard);
    assert_int_equal(close(woken), 0);
    db_close(db);
}

static void what_is_notified_is_heard(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    assert_int_equal(db_listen(db, "changes", NULL), STATUS_OK);
    assert_false(has_heard(db, 0));
    postgres_run("NOTIFY changes; NOTIFY others");
    assert_true(has_heard(db, 60000));
    assert_false(has_heard(db, 0));
    postgres_run("NOTIFY others");
    assert_false(has_heard(db, 0));
    postgres_run("NOTIFY changes");
    assert_int_equal(asked(db, "SELECT 1"), 1);
    assert_true(has_heard(db, 60000));
    everyone_is_cut_off();
    assert_true(has_heard(db, 0));
    assert_false(has_heard(db, 0));
    postgres_run("NOTIFY changes");
    assert_true(has_heard(db, 60000));
    db_close(db);
}

static void a_server_is_not_copied_out(void **state)
{
    (void)state;
    struct db *db = opened(&wal);
    struct reason reason = {""};
    assert_int_equal(db_copy_out(db, &(struct db_copy){.file = TEXT("x")}, &reason),
                     STATUS_INVALID);
    assert_non_null(strstr(reason.sentence, "pg_dump"));
    db_close(db);
}

static void schemas_hold_a_database_each(void **state)
{
    (void)state;
    struct reason reason = {""};
    static const struct migration steps[] = {{1, "0001_a.sql", "CREATE TABLE a (x BIGINT)"}};
    static const struct migration_set set = {"test", {steps, 1}, {steps, 1}};
    postgres_clear("tested, other_tested");
    struct db *db = opened(&wal);
    struct db *other = opened(&(struct db_options){.schema = "other_tested"});
    assert_int_equal(db_migrate(db, &set, NULL), STATUS_OK);
    assert_int_equal(db_migrate(other, &set, NULL), STATUS_OK);
    ran(db, "INSERT INTO a VALUES (1)");
    assert_int_equal(asked(other, "SELECT count(*) FROM a"), 0);
    static const struct migration_set none = {"test", {steps, 1}, {NULL, 0}};
    assert_int_equal(db_migrate(db, &none, &reason), STATUS_INVALID);
    db_close(other);
    db_close(db);
    postgres_clear("other_tested");
}

int main(void)
{
    struct CMUnitTest tests[] = {
        ON_POSTGRES(sessions_are_set_up),
        ON_POSTGRES(who_waits_to_hear_is_woken),
        ON_POSTGRES(a_lost_connection_is_made_again),
        ON_POSTGRES(a_connection_lost_in_a_transaction_loses_it),
        ON_POSTGRES(a_failure_spoils_its_transaction),
        ON_POSTGRES(what_is_run_soon_is_there_for_the_next),
        ON_POSTGRES(what_fails_soon_is_told_by_the_commit),
        ON_POSTGRES(what_fails_soon_is_told_by_the_next_statement),
        ON_POSTGRES(what_was_to_be_soon_goes_with_its_connection),
        ON_POSTGRES(a_commit_that_is_lost_is_unknown),
        ON_POSTGRES(a_commit_that_is_refused_is_not_unknown),
        ON_POSTGRES(locks_and_statements_end_after_a_while),
        ON_POSTGRES(servers_that_take_no_writer_are_told),
        ON_POSTGRES(too_many_connections_are_told),
        ON_POSTGRES(parameters_may_be_of_other_types),
        ON_POSTGRES(columns_that_cannot_be_read_are_bugs),
        ON_POSTGRES(readers_demand_the_schema),
        ON_POSTGRES(what_is_notified_is_heard),
        ON_POSTGRES(a_server_is_not_copied_out),
        ON_POSTGRES(schemas_hold_a_database_each),
    };
    return engines_run(tests, LENGTH_OF(tests));
}
