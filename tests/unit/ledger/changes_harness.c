#include "changes_harness.h"

#include "ledger/embedded.h"
#include "sql/db.h"
#include "support/postgres_database.h"
#include "support/spread_ledger.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define QUESTIONS_MAX 100 /* that a test asks of what is stored */

struct ledger *ledger;
struct plans plans;
struct reason reason;

static char folder[] = "/tmp/trendgate-changes-XXXXXX";
static char path[512];
static bool is_shared;     /* on a server's database, not in a file */
static struct db *looking; /* by which stored things are read and changed; NULL: not yet */
static char
    *asked_for[QUESTIONS_MAX]; /* SQL, which lives as long as what it was prepared for */
static size_t asked_count;
static bool is_spread; /* as Citus would spread it: batches of one bucket */
static const char *const operations[] = {"tiktok-popular-trend-hashtag",
                                         "tiktok-popular-trend-hashtag-history",
                                         "tiktok-popular-trend-hashtag-movers", NULL};
static const char *const endings[] = {"", "-wal", "-shm", ".lock"};

/* The committer reads them on its thread. */
static _Atomic int64_t now_us, elapsed_us;

static _Thread_local void (*at_next_look)(void);

void at_next_clock_look(void (*run)(void))
{
    at_next_look = run;
}

static instant now_read(void *owner)
{
    (void)owner;
    void (*run)(void) = at_next_look;
    at_next_look = NULL;
    if (run)
        run();
    return (instant){now_us};
}

static duration elapsed_read(void *owner)
{
    (void)owner;
    return (duration){elapsed_us};
}

static const struct time_source clock_by_hand = {
    .now = now_read, .elapsed = elapsed_read, .boot = 1};

instant at(const char *written)
{
    instant read = {0};
    DONE(instant_read(text_of(written), &read));
    return read;
}

void clock_to(const char *written)
{
    int64_t on_us = now_us > 0 ? at(written).us - now_us : 0;
    now_us = at(written).us;
    elapsed_us += on_us > 61 * SECOND_US ? on_us : 61 * SECOND_US;
}

void clock_step(const char *written)
{
    now_us = at(written).us;
}

instant clock_now(void)
{
    return (instant){now_us};
}

size_t parts_a_slice;

enum status reopen_status(void)
{
    TRY(ledger_open(text_of(path), &clock_by_hand, &ledger, &reason));
    if (parts_a_slice > 0)
        ledger->committer.cohorts.parts_a_slice = parts_a_slice;
    return ledger_terms_set(ledger, &plans, &reason);
}

static void open_again(void)
{
    DONE(reopen_status());
}

int harness_start(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

int harness_finish(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void skipped(void **state)
{
    (void)state;
    skip();
}

#define TESTS_MAX 64

static int all_skipped(const struct CMUnitTest *tests, size_t count)
{
    struct CMUnitTest left[TESTS_MAX] = {0};
    assert_true(count <= TESTS_MAX);
    for (size_t i = 0; i < count; i++)
        left[i] = (struct CMUnitTest){.name = tests[i].name, .test_func = skipped};
    return _cmocka_run_group_tests("tests", left, count, NULL, NULL);
}

int changes_run(const struct CMUnitTest *tests, size_t count, const char *names)
{
    secret_start();
    const char *engine = getenv("TRENDGATE_TEST_ENGINE");
    is_spread = engine && strcmp(engine, "spread") == 0;
    is_shared = is_spread || (engine && strcmp(engine, "postgres") == 0);
    cmocka_set_test_filter(names);
    if (is_shared && !postgres_is_there())
        return all_skipped(tests, count);
    return _cmocka_run_group_tests("tests", tests, count, harness_start, harness_finish);
}

static void files_remove(const char *base)
{
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[520];
        (void)snprintf(name, sizeof(name), "%s%s", base, endings[i]);
        (void)unlink(name);
    }
}

/* What SQLite has beside the SQL that both know. */
static const char dialect[] =
    "CREATE DOMAIN blob AS BYTEA;"
    "CREATE FUNCTION hex(BYTEA) RETURNS TEXT LANGUAGE sql AS $$ SELECT upper(encode($1, "
    "'hex')) $$;"
    "CREATE FUNCTION instr(TEXT, TEXT) RETURNS INTEGER LANGUAGE sql AS $$ SELECT strpos($1, "
    "$2) $$;"
    "CREATE FUNCTION comma(TEXT, TEXT) RETURNS TEXT LANGUAGE sql AS"
    " $$ SELECT CASE WHEN $1 IS NULL THEN $2 ELSE $1 || ',' || $2 END $$;"
    "CREATE AGGREGATE group_concat(TEXT) (sfunc = comma, stype = TEXT);"
    "CREATE FUNCTION json_valid(TEXT) RETURNS INTEGER LANGUAGE sql AS"
    " $$ SELECT CASE WHEN $1::json IS NULL THEN 0 ELSE 1 END $$;"
    "CREATE FUNCTION zeroblob(INTEGER) RETURNS BYTEA LANGUAGE sql AS"
    " $$ SELECT decode(repeat('00', $1), 'hex') $$;"
    /* x'00' is a string of bits there, which is sent with its length before it */
    "CREATE FUNCTION blob_of(BIT) RETURNS BYTEA LANGUAGE sql AS"
    " $$ SELECT substr(bit_send($1), 5) $$;"
    "CREATE CAST (BIT AS BYTEA) WITH FUNCTION blob_of(BIT) AS ASSIGNMENT;";

int ledger_make(void **state)
{
    (void)state;
    parts_a_slice = 0;
    clock_to("2024-02-01T00:00:00Z");
    (void)snprintf(path, sizeof(path), "%s/a.db", folder);
    if (is_shared) {
        (void)snprintf(path, sizeof(path), "%s", postgres_address());
        postgres_clear("ledger");
        if (is_spread)
            spread_ledger_make();
    }
    DONE(plans_read(TEXT(""), operations, &plans, &reason));
    open_again();
    if (is_shared)
        execute(dialect);
    return 0;
}

static void looking_end(void)
{
    db_close(looking);
    looking = NULL;
    while (asked_count > 0)
        free(asked_for[--asked_count]);
}

int ledger_remove(void **state)
{
    (void)state;
    ledger_close(ledger);
    ledger = NULL;
    looking_end();
    if (!is_shared)
        files_remove(path);
    return 0;
}

bool ledger_is_shared(void)
{
    return is_shared;
}

const char *ledger_path(void)
{
    return path;
}

void reopen(void)
{
    ledger_close(ledger);
    ledger = NULL;
    open_again();
}

void reopen_at(const char *written)
{
    ledger_close(ledger);
    ledger = NULL;
    clock_to(written);
    open_again();
}

static void file_copy(const char *from, const char *to, const char *ending)
{
    char names[2][520];
    (void)snprintf(names[0], sizeof(names[0]), "%s%s", from, ending);
    (void)snprintf(names[1], sizeof(names[1]), "%s%s", to, ending);
    struct stat found;
    int source = open(names[0], O_RDONLY | O_CLOEXEC);
    int target = open(names[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(source >= 0 && target >= 0 && fstat(source, &found) == 0);
    off_t done = 0;
    while (done < found.st_size)
        assert_true(sendfile(target, source, &done, (size_t)(found.st_size - done)) > 0);
    assert_int_equal(close(source) | close(target), 0);
}

/* Of a server's database there is no copy: it loses nothing. */
void crash(void)
{
    if (is_shared) {
        reopen();
        return;
    }
    char left[512];
    bool is_first = path[strlen(path) - 4] == 'a';
    (void)snprintf(left, sizeof(left), "%s/%c.db", folder, is_first ? 'b' : 'a');
    file_copy(path, left, "");
    file_copy(path, left, "-wal");
    ledger_close(ledger);
    ledger = NULL;
    files_remove(path);
    memcpy(path, left, sizeof(path));
    open_again();
}

static struct ledger *metered;

static void command_path(char written[512])
{
    (void)snprintf(written, 512, "%s/command.db", folder);
}

void command_begins(void)
{
    char copied[512];
    command_path(copied);
    file_copy(path, copied, "");
    file_copy(path, copied, "-wal");
    metered = ledger;
    DONE(ledger_open(text_of(copied), &clock_by_hand, &ledger, &reason));
}

void command_ends(void)
{
    char copied[512];
    command_path(copied);
    ledger_close(ledger);
    files_remove(copied);
    ledger = metered;
}

static void go_on(void)
{
}

void (*const between[3])(void) = {go_on, reopen, crash};

struct caller caller_make(const char *email, const char *plan)
{
    struct caller caller = {0};
    struct account account;
    struct api_key key;
    DONE(ledger_account_create(ledger, text_of(email), TEXT(""), text_of(plan), &account,
                               &reason));
    DONE(ledger_key_create(ledger, text_of(email), TEXT(""), &key, &caller.secret, &reason));
    caller.account_id = account.id;
    caller.key_id = key.id;
    (void)snprintf(caller.email, sizeof(caller.email), "%s", email);
    memcpy(caller.key_id_outward, key.outward_id, sizeof(caller.key_id_outward));
    return caller;
}

/* ---- Calls ---- */

struct call {
    struct charge charge;
    pthread_mutex_t lock;
    pthread_cond_t settled;
    bool is_settled;
    enum status status;
};

static void call_settled(struct charge *charge, enum status status)
{
    struct call *call = CONTAINER_OF(charge, struct call, charge);
    (void)pthread_mutex_lock(&call->lock);
    call->is_settled = true;
    call->status = status;
    (void)pthread_cond_signal(&call->settled);
    (void)pthread_mutex_unlock(&call->lock);
}

static bool is_charged(const struct caller *caller, int64_t cost, struct text operation_id,
                       struct charge_standing *standing)
{
    struct call call = {.charge = {.account_id = caller->account_id,
                                   .key_id = caller->key_id,
                                   .cost = credits_of(cost),
                                   .operation_id = operation_id,
                                   .endpoint = 1,
                                   .outcome = CALL_CHARGED,
                                   .request_id = TEXT_INITIAL("test"),
                                   .settled = call_settled},
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .settled = PTHREAD_COND_INITIALIZER};
    enum status status = ledger_charge(ledger, &call.charge);
    if (status == STATUS_BUSY) {
        (void)pthread_mutex_lock(&call.lock);
        while (!call.is_settled)
            (void)pthread_cond_wait(&call.settled, &call.lock);
        (void)pthread_mutex_unlock(&call.lock);
        status = call.status;
    }
    if (standing)
        *standing = call.charge.standing;
    return status == STATUS_OK;
}

bool charged(const struct caller *caller, int64_t cost, struct charge_standing *standing)
{
    return is_charged(caller, cost, TEXT(""), standing);
}

bool charged_by_price(const struct caller *caller, struct charge_standing *standing)
{
    return is_charged(caller, 0, text_of(operations[0]), standing);
}

struct charge_standing standing_of(const struct caller *caller)
{
    struct charge look = {
        .account_id = caller->account_id, .key_id = caller->key_id, .cost = credits_of(8)};
    DONE(ledger_catch_up(ledger, caller->account_id, &reason));
    ledger_look(ledger, &look);
    return look.standing;
}

enum status plan_to(const struct caller *caller, const char *plan, struct plan_change *change)
{
    return ledger_account_plan(ledger, text_of(caller->email),
                               &(struct plan_request){.plan = text_of(plan)}, change, &reason);
}

/* ---- The file ---- */

static struct db *file_open(void)
{
    const struct db_options options = {
        .journal = DB_JOURNAL_WAL, .busy_timeout_ms = 5000, .schema = "ledger"};
    if (!looking)
        DONE(db_open(text_of(path), &options, &looking, &reason));
    return looking;
}

/* A connection to a server costs more than the test; a file that is open would be another file. */
static void file_close(void)
{
    if (!is_shared)
        looking_end();
}

struct query {
    struct db *db;
    struct db_statement *row;
};

static const char *kept(const char *sql)
{
    for (size_t i = 0; i < asked_count; i++)
        if (strcmp(asked_for[i], sql) == 0)
            return asked_for[i];
    assert_true(asked_count < QUESTIONS_MAX);
    asked_for[asked_count] = strdup(sql);
    assert_non_null(asked_for[asked_count]);
    return asked_for[asked_count++];
}

static struct query asked(const char *sql)
{
    struct query query = {.db = file_open()};
    bool row = false;
    DONE(db_statement_take(query.db, kept(sql), &query.row, &reason));
    DONE(db_step(query.row, &row, &reason));
    assert_true(row);
    return query;
}

static void answered(struct query *query)
{
    db_statement_release(&query->row);
    file_close();
}

int64_t stored_integer(const char *sql)
{
    struct query query = asked(sql);
    int64_t number = db_column_integer(query.row, 0);
    answered(&query);
    return number;
}

void stored_text(const char *sql, char *room, size_t room_bytes)
{
    struct query query = asked(sql);
    struct text text = db_column_text(query.row, 0);
    assert_true(text.length + 1 < room_bytes);
    (void)snprintf(room, room_bytes, "%.*s", TEXT_PRINT(text));
    answered(&query);
}

size_t stored_bytes(const char *sql, uint8_t *room, size_t room_bytes)
{
    CLEANUP(buffer_finish) struct buffer hex;
    buffer_init(&hex, 2 * room_bytes + 1);
    stored_text(sql, buffer_reserve(&hex, 2 * room_bytes + 1), 2 * room_bytes + 1);
    size_t length = strlen(hex.bytes) / 2;
    for (size_t i = 0; i < length; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex.bytes + 2 * i, "%2x", &byte), 1);
        room[i] = (uint8_t)byte;
    }
    return length;
}

void last_charge_id(char written[2 * CHARGE_ID_BYTES + 1])
{
    uint8_t body[8192];
    size_t length = stored_bytes(
        "SELECT hex(body) FROM journal WHERE calls > 0 ORDER BY id DESC LIMIT 1", body,
        sizeof(body));
    struct journal_reader reader;
    struct journal_entry entry;
    bool more;
    assert_int_equal(
        journal_body_read((struct text){(char *)body, length}, (instant){1}, &reader),
        STATUS_OK);
    assert_int_equal(journal_body_next(&reader, &entry, &more), STATUS_OK);
    secret_hex(entry.charge_id, CHARGE_ID_BYTES, written);
    written[2 * CHARGE_ID_BYTES] = '\0';
}

void assert_stored_text(const char *sql, const char *wanted)
{
    char room[2048];
    stored_text(sql, room, sizeof(room));
    assert_string_equal(room, wanted);
}

void execute(const char *sql)
{
    DONE(db_execute(file_open(), sql, &reason));
    file_close();
}

void events_refuse(void)
{
    execute(is_shared
                ? "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                  " $$ BEGIN RAISE 'refused'; END $$;"
                  "CREATE TRIGGER refuse BEFORE INSERT ON audit_event EXECUTE FUNCTION refuse()"
                : "CREATE TRIGGER refuse BEFORE INSERT ON audit_event BEGIN"
                  " SELECT raise(ABORT, 'refused'); END");
}

void events_accept(void)
{
    execute(is_shared ? "DROP TRIGGER refuse ON audit_event; DROP FUNCTION refuse()"
                      : "DROP TRIGGER refuse");
}

void in_a_file_alone(void)
{
    if (is_shared)
        skip();
}

bool is_on_a_server(void)
{
    return is_shared;
}

void on_a_server_alone(void)
{
    if (!is_shared)
        skip();
}
