/* A server that stands still is waited for no longer than db.h says. */
#include "engines.h"
#include "support/postgres_database.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct db_options hasty = {
    .busy_timeout_ms = 100, .schema = "tested", .statement_timeout_ms = 500};

static pid_t backend_of(struct db *db)
{
    return (pid_t)asked(db, "SELECT CAST(pg_backend_pid() AS BIGINT)");
}

static pid_t stopped_backend; /* 0: none */

/* What a signal that stops it has reached: the sender is told before. */
static void stop(pid_t backend)
{
    stopped_backend = backend;
    char path_of_state[64], state = '\0';
    assert_int_equal(kill(backend, SIGSTOP), 0);
    (void)snprintf(path_of_state, sizeof(path_of_state), "/proc/%d/stat", (int)backend);
    while (state != 'T') {
        FILE *file = fopen(path_of_state, "r");
        assert_non_null(file);
        assert_int_equal(fscanf(file, "%*d (%*[^)]) %c", &state), 1);
        assert_int_equal(fclose(file), 0);
    }
}

static void go_on(void)
{
    if (stopped_backend)
        (void)kill(stopped_backend, SIGCONT);
    stopped_backend = 0;
}

/* Also after a body that failed: the next one waits for the end of every connection. */
static int all_go_on(void **state)
{
    (void)state;
    go_on();
    return 0;
}

#define WITH_STOPS(function)                                                                   \
    {                                                                                          \
#function "_on_postgres", function, postgres_empty, all_go_on, NULL                    \
    }

static enum status inserted(struct db *db, int64_t number, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(db, "INSERT INTO t VALUES ($1, '')", &insert, reason));
    db_bind_integer(insert, 1, number);
    return db_run(insert, reason);
}

static struct db *opened_with_table(void)
{
    struct db *db = opened(&hasty);
    ran(db, "CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT)");
    assert_int_equal(inserted(db, 1, NULL), STATUS_OK);
    return db;
}

/* Its queue takes connections, which nobody ever takes out of it. */
static void a_listener_that_says_nothing_is_left(void **state)
{
    (void)state;
    char folder[] = "/tmp/trendgate-silent-XXXXXX", address[128];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    assert_non_null(mkdtemp(folder));
    (void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/.s.PGSQL.5432", folder);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 4), 0);
    (void)snprintf(address, sizeof(address), "postgresql:///x?user=a&host=%s", folder);
    struct db *db = NULL;
    struct reason reason = {""};
    assert_int_equal(db_open(text_of(address), &hasty, &db, &reason), STATUS_UNAVAILABLE);
    assert_non_null(strstr(reason.sentence, "is not to be had"));
    assert_int_equal(close(listener), 0);
    assert_int_equal(unlink(at.sun_path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_backend_that_stands_still_is_given_up(void **state)
{
    (void)state;
    struct reason reason = {""};
    struct db *db = opened_with_table();
    pid_t backend = backend_of(db);
    stop(backend);
    assert_int_equal(inserted(db, 2, &reason), STATUS_UNAVAILABLE);
    assert_non_null(strstr(reason.sentence, "does not answer in time"));
    assert_non_null(strstr(reason.sentence, db_path(db)));
    assert_int_equal(inserted(db, 3, NULL), STATUS_OK);
    assert_true(backend_of(db) != backend);
    go_on();
    db_close(db);
}

static void a_transaction_is_lost_with_it(void **state)
{
    (void)state;
    struct reason reason = {""};
    struct db *db = opened_with_table();
    pid_t backend = backend_of(db);
    {
        CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
        assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
        assert_int_equal(inserted(db, 2, NULL), STATUS_OK);
        stop(backend);
        assert_int_equal(inserted(db, 3, &reason), STATUS_UNAVAILABLE);
        assert_int_equal(inserted(db, 4, &reason), STATUS_UNAVAILABLE);
        assert_int_equal(db_commit(&transaction, &reason), STATUS_UNAVAILABLE);
    }
    assert_int_equal(asked(db, "SELECT count(*) FROM t"), 1);
    go_on();
    db_close(db);
}

/* The backend may find it when it goes on: what is kept is asked for by who must know. */
static void a_commit_that_is_not_answered_is_unknown(void **state)
{
    (void)state;
    struct reason reason = {""};
    struct db *db = opened_with_table();
    pid_t backend = backend_of(db);
    {
        CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
        assert_int_equal(db_begin(db, &transaction, NULL), STATUS_OK);
        assert_int_equal(inserted(db, 2, NULL), STATUS_OK);
        stop(backend);
        assert_int_equal(db_commit(&transaction, &reason), STATUS_UNKNOWN);
    }
    assert_int_equal(inserted(db, 2, NULL), STATUS_BUSY);
    go_on();
    enum status settled = STATUS_BUSY;
    while (settled == STATUS_BUSY)
        settled = inserted(db, 2, NULL);
    assert_true(settled == STATUS_EXISTS || settled == STATUS_OK);
    assert_int_equal(asked(db, "SELECT count(*) FROM t"), 2);
    db_close(db);
}

#define LARGE_BYTES (16 * 1024 * 1024) /* more than a socket takes */

static void what_is_not_even_taken_is_given_up(void **state)
{
    (void)state;
    struct db *db = opened_with_table();
    char *large = memory_take(LARGE_BYTES);
    memset(large, 'a', LARGE_BYTES);
    pid_t backend = backend_of(db);
    struct db_statement *update = taken(db, "UPDATE t SET b = $1");
    db_bind_text(update, 1, TEXT("small"));
    assert_int_equal(db_run(update, NULL), STATUS_OK);
    stop(backend);
    db_bind_text(update, 1, (struct text){large, LARGE_BYTES});
    assert_int_equal(db_run(update, NULL), STATUS_UNAVAILABLE);
    go_on();
    db_statement_release(&update);
    assert_int_equal(asked(db, "SELECT CAST(length(b) AS BIGINT) FROM t"), 5);
    free(large);
    db_close(db);
}

static void a_wait_is_as_long_as_was_said_last(void **state)
{
    (void)state;
    struct db *db = opened(&patient);
    db_answer_within(db, 20);
    assert_int_equal(db_execute(db, "SELECT pg_sleep(3600)", NULL), STATUS_UNAVAILABLE);
    db_answer_within(db, 0);
    assert_int_equal(db_execute(db, "SELECT pg_sleep(0.1)", NULL), STATUS_OK);
    db_close(db);
}

/* Each within its own limit, and all together past it and the second that an answer may take longer. */
static void several_statements_have_a_limit_each(void **state)
{
    (void)state;
    struct db *db = opened(
        &(struct db_options){.schema = "tested", .statement_timeout_ms = 2000});
    assert_int_equal(db_execute(db,
                                "SELECT pg_sleep(0.5); SELECT pg_sleep(0.5);"
                                "SELECT pg_sleep(0.5); SELECT pg_sleep(0.5);"
                                "SELECT pg_sleep(0.5); SELECT pg_sleep(0.5);"
                                "SELECT pg_sleep(0.5); SELECT pg_sleep(0.5)",
                                NULL),
                     STATUS_OK);
    db_close(db);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        WITH_STOPS(a_listener_that_says_nothing_is_left),
        WITH_STOPS(a_backend_that_stands_still_is_given_up),
        WITH_STOPS(a_transaction_is_lost_with_it),
        WITH_STOPS(a_commit_that_is_not_answered_is_unknown),
        WITH_STOPS(what_is_not_even_taken_is_given_up),
        WITH_STOPS(a_wait_is_as_long_as_was_said_last),
        WITH_STOPS(several_statements_have_a_limit_each),
    };
    return engines_run(tests, LENGTH_OF(tests));
}
