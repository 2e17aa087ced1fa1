/* admin.h over a real ledger and a real socket, the owner's loop in a thread of its own. */
#include "admin.h"
#include "admin_socket.h"
#include "support/unit.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLIENTS 8
#define ACCOUNTS_EACH 5

static char folder[] = "/tmp/trendgate-admin-XXXXXX";
static char path[PATH_BYTES_MAX];
static struct reason reason;
static const char *const operations[] = {"tiktok-popular-trend-hashtag",
                                         "tiktok-popular-trend-hashtag-history",
                                         "tiktok-popular-trend-hashtag-movers", NULL};

/* What serve does: holds the ledger and runs a loop until it is told to stop. */
static struct owner {
    struct ledger *ledger;
    struct plan_book plans;
    struct pool *pool;
    uv_loop_t loop;
    uv_async_t stop;
    struct admin_listener *listener;
    pthread_t thread;
    bool is_running;
} owner;

static void owner_stops(uv_async_t *stop)
{
    admin_listener_close(owner.listener);
    uv_close((uv_handle_t *)stop, NULL);
}

static void *owner_runs(void *unused)
{
    (void)uv_run(&owner.loop, UV_RUN_DEFAULT);
    return unused;
}

#define DONE(expression)                                                                       \
    do {                                                                                       \
        if ((expression) != STATUS_OK)                                                         \
            fail_msg("%s: %s", #expression, reason.sentence);                                  \
    } while (0)

static uint64_t owner_patience_ms = ADMIN_READ_TIMEOUT_MS;

static void owner_start(void)
{
    DONE(ledger_open(text_of(path), time_source_system(), &owner.ledger, &reason));
    plan_book_init(&owner.plans);
    struct plans plans;
    DONE(plans_read(TEXT(""), operations, &plans, &reason));
    plan_book_write(&owner.plans, &plans);
    owner.pool = pool_open(2, 64);
    assert_int_equal(uv_loop_init(&owner.loop), 0);
    assert_int_equal(uv_async_init(&owner.loop, &owner.stop, owner_stops), 0);
    const struct admin_listener_options options = {
        text_of(path),
        {owner.ledger, &owner.plans, TEXT("http://here")},
        owner.pool,
        owner_patience_ms};
    DONE(admin_listener_open(&owner.loop, &options, &owner.listener, &reason));
    assert_int_equal(pthread_create(&owner.thread, NULL, owner_runs, NULL), 0);
    owner.is_running = true;
}

static void owner_stop(void)
{
    assert_int_equal(uv_async_send(&owner.stop), 0);
    assert_int_equal(pthread_join(owner.thread, NULL), 0);
    assert_int_equal(uv_loop_close(&owner.loop), 0);
    pool_close(owner.pool);
    plan_book_finish(&owner.plans);
    ledger_close(owner.ledger);
    owner.is_running = false;
}

static void path_remove(const char *ending)
{
    char name[PATH_BYTES_MAX + 8];
    (void)snprintf(name, sizeof(name), "%s%s", path, ending);
    (void)unlink(name);
}

static int test_begin(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/t.db", folder);
    return 0;
}

static int test_end(void **state)
{
    (void)state;
    if (owner.is_running)
        owner_stop();
    static const char *const endings[] = {"", "-wal", "-shm", ".lock", ".sock"};
    for (size_t i = 0; i < LENGTH_OF(endings); i++)
        path_remove(endings[i]);
    return 0;
}

static int folder_make(void **state)
{
    return state && mkdtemp(folder) ? 0 : -1;
}

static int folder_remove(void **state)
{
    return state ? rmdir(folder) : -1;
}

static enum status session_open(const struct time_source *time, struct admin **admin,
                                struct reason *why)
{
    const struct admin_options options = {.ledger_path = text_of(path),
                                          .plans_file = TEXT(""),
                                          .known_operations = operations,
                                          .time = time};
    return admin_open(&options, admin, why);
}

static struct admin *session(void)
{
    struct admin *admin = NULL;
    DONE(session_open(time_source_system(), &admin, &reason));
    return admin;
}

static json_t *called(struct admin *admin, const char *verb, const char *arguments)
{
    json_t *result = NULL;
    if (admin_call(admin, text_of(verb), text_of(arguments), &result, &reason) != STATUS_OK)
        fail_msg("%s: %s", verb, reason.sentence);
    return result;
}

static enum status refused(struct admin *admin, const char *verb, const char *arguments)
{
    json_t *result = NULL;
    enum status status = admin_call(admin, text_of(verb), text_of(arguments), &result, &reason);
    assert_null(result);
    return status;
}

static void assert_member(const json_t *object, const char *name, const char *value)
{
    struct text found = TEXT("");
    assert_true(json_read_text(object, name, &found));
    if (!text_equals(found, text_of(value)))
        fail_msg("%s is %.*s", name, TEXT_PRINT(found));
}

/* Every verb once, with its refusals; the same here and there. */
static void play(struct admin *admin)
{
    CLEANUP(json_document_finish)
    json_t *made = called(admin, "account_create",
                          "{\"email\":\"Ann@x\",\"name\":\"Ann\",\"plan\":\"pRO\"}");
    assert_member(made, "plan", "Pro");
    struct text key = TEXT("");
    assert_true(json_read_text(made, "api_key", &key) && api_key_is_well_formed(key));
    assert_int_equal(refused(admin, "account_create", "{\"email\":\"ann@X\"}"), STATUS_EXISTS);
    assert_string_equal(
        reason.sentence,
        "there is an account for ann@X already: `trendgate account show` shows it, and "
        "`trendgate key create` makes another key");
    assert_int_equal(refused(admin, "account_create", "{\"email\":\"b@x\",\"plan\":\"Gold\"}"),
                     STATUS_INVALID);
    assert_non_null(strstr(reason.sentence, "the plans are Free, Starter"));
    assert_int_equal(refused(admin, "account_create", "{}"), STATUS_INVALID);
    assert_int_equal(refused(admin, "account_show", "{\"email\":\"b@x\"}"), STATUS_MISSING);
    assert_int_equal(refused(admin, "no_verb", "{}"), STATUS_MISSING);
    /* What a sentence quotes of it is cut inside a character. */
    char cut[400] = "{\"email\":\"";
    for (int i = 0; i < 100; i++)
        memcpy(cut + 10 + 3 * i, "\xe2\x82\xac", 3);
    memcpy(cut + 310, "\"}", 3);
    assert_int_equal(refused(admin, "account_show", cut), STATUS_MISSING);

    CLEANUP(json_document_finish)
    json_t *suspended = called(admin, "account_suspend", "{\"email\":\"ann@x\"}");
    assert_member(suspended, "status", "suspended");
    CLEANUP(json_document_finish)
    json_t *resumed = called(admin, "account_resume", "{\"email\":\"ann@x\"}");
    assert_member(resumed, "status", "active");
    assert_member(resumed, "email", "Ann@x");
    assert_member(resumed, "name", "Ann");

    CLEANUP(json_document_finish)
    json_t *second = called(admin, "key_create", "{\"email\":\"ann@x\",\"name\":\"laptop\"}");
    char revoke[96];
    (void)snprintf(revoke, sizeof(revoke), "{\"id\":\"%s\"}",
                   json_string_value(json_object_get(second, "id")));
    json_decref(called(admin, "key_revoke", revoke));
    CLEANUP(json_document_finish)
    json_t *keys = called(admin, "key_list", "{\"email\":\"ann@x\"}");
    const json_t *newest = json_array_get(json_object_get(keys, "keys"), 0);
    assert_member(newest, "name", "laptop");
    assert_member(newest, "status", "revoked");
    const char *masked = json_string_value(json_object_get(newest, "masked_key"));
    const char *secret = json_string_value(json_object_get(second, "api_key"));
    assert_memory_equal(masked, secret, 12);
    assert_string_equal(masked + 15, secret + 40);
}

static void imports(struct admin *admin)
{
    CLEANUP(json_document_finish)
    json_t *fine = called(admin, "account_check",
                          "{\"rows\":[[\"i@x\",\"Free\",\"I\"],[\"j@x\",\"\",\"\"]]}");
    assert_int_equal(json_object_size(fine), 0);
    CLEANUP(json_document_finish)
    json_t *fault = called(admin, "account_check",
                           "{\"rows\":[[\"i@x\",\"Free\",\"\"],[\"j@x\",\"Gold\",\"\"]]}");
    int64_t row = -1;
    assert_true(json_read_integer(fault, "row", &row));
    assert_int_equal(row, 1);
    assert_int_equal(refused(admin, "account_import",
                             "{\"rows\":[[\"i@x\",\"Free\",\"\"],[\"I@x\",\"Free\",\"\"]]}"),
                     STATUS_EXISTS);
    assert_int_equal(refused(admin, "account_import", "{\"rows\":[[\"i@x\"]]}"),
                     STATUS_INVALID);
    assert_int_equal(refused(admin, "account_import", "{}"), STATUS_INVALID);
    assert_int_equal(refused(admin, "account_show", "{\"email\":\"i@x\"}"), STATUS_MISSING);
    CLEANUP(json_document_finish)
    json_t *made = called(admin, "account_import",
                          "{\"rows\":[[\"i@x\",\"Free\",\"\"],[\"j@x\",\"Pro\",\"\"]]}");
    assert_int_equal(json_array_size(json_object_get(made, "keys")), 2);
    CLEANUP(json_document_finish) json_t *list = called(admin, "account_list", "{}");
    const json_t *accounts = json_object_get(list, "accounts");
    assert_member(json_array_get(accounts, json_array_size(accounts) - 1), "email", "j@x");
}

static void verbs_run_here_when_nobody_owns_the_ledger(void **state)
{
    (void)state;
    struct admin *admin = session();
    play(admin);
    imports(admin);
    admin_close(admin);
}

static void verbs_run_at_the_owner(void **state)
{
    (void)state;
    owner_start();
    struct admin *admin = session();
    play(admin);
    imports(admin);
    CLEANUP(json_document_finish)
    json_t *made = called(admin, "key_create", "{\"email\":\"ann@x\"}");
    struct text key = TEXT("");
    assert_true(json_read_text(made, "api_key", &key));
    struct digest digest = secret_digest(key);
    struct key_standing standing;
    assert_int_equal(ledger_find_key(owner.ledger, &digest, &standing), STATUS_OK);
    assert_true(standing.is_live);
    admin_close(admin);
}

static void a_long_path_is_reached_too(void **state)
{
    (void)state;
    char deep[PATH_BYTES_MAX];
    (void)snprintf(
        deep, sizeof(deep), "%s/%.90s", folder,
        "0123456789012345678901234567890123456789012345678901234567890123456789012345"
        "67890123456789");
    (void)snprintf(path, sizeof(path), "%.200s/t.db", deep);
    assert_true(strlen(path) > 107);
    owner_start();
    struct admin *admin = session();
    play(admin);
    admin_close(admin);
    (void)test_end(state);
    assert_int_equal(rmdir(deep), 0);
}

static void *accounts_create(void *number)
{
    struct admin *admin = NULL;
    struct reason why = {""};
    if (session_open(time_source_system(), &admin, &why) != STATUS_OK)
        return NULL;
    int made = 0;
    for (int i = 0; i < ACCOUNTS_EACH; i++) {
        char arguments[64];
        (void)snprintf(arguments, sizeof(arguments), "{\"email\":\"c%d-%d@x\"}", *(int *)number,
                       i);
        json_t *result = NULL;
        if (admin_call(admin, TEXT("account_create"), text_of(arguments), &result, &why) ==
            STATUS_OK)
            made++;
        json_decref(result);
    }
    admin_close(admin);
    return made == ACCOUNTS_EACH ? number : NULL;
}

static void create_from_many_threads(void)
{
    pthread_t clients[CLIENTS];
    int numbers[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&clients[i], NULL, accounts_create, &numbers[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        void *done = NULL;
        assert_int_equal(pthread_join(clients[i], &done), 0);
        assert_ptr_equal(done, &numbers[i]);
    }
    struct admin *admin = session();
    CLEANUP(json_document_finish) json_t *list = called(admin, "account_list", "{}");
    assert_int_equal(json_array_size(json_object_get(list, "accounts")),
                     CLIENTS * ACCOUNTS_EACH);
    admin_close(admin);
}

static void many_commands_are_served_at_once(void **state)
{
    (void)state;
    owner_start();
    create_from_many_threads();
}

/* Without an owner they take the lock one after the other. */
static void many_commands_take_turns(void **state)
{
    (void)state;
    create_from_many_threads();
}

/* A clock on which every look costs a second. */
static atomic_llong seconds;

static duration elapsed_fast(void *unused)
{
    (void)unused;
    return (duration){atomic_fetch_add(&seconds, 1) * SECOND_US};
}

static instant now_fixed(void *unused)
{
    (void)unused;
    return instant_of_seconds(1700000000);
}

static void an_owner_that_takes_no_commands_is_named(void **state)
{
    (void)state;
    struct ledger *held = NULL;
    DONE(ledger_open(text_of(path), time_source_system(), &held, &reason));
    const struct time_source fast = {.now = now_fixed, .elapsed = elapsed_fast, .boot = 1};
    struct admin *admin = NULL;
    assert_int_equal(session_open(&fast, &admin, &reason), STATUS_BUSY);
    assert_null(admin);
    assert_non_null(strstr(reason.sentence, "in use by another trendgate, process "));
    ledger_close(held);
}

static int raw_connection(void)
{
    struct admin_address address;
    DONE(admin_address_open(text_of(path), &address, &reason));
    int connection = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(connection >= 0);
    assert_int_equal(
        connect(connection, (const struct sockaddr *)&address.socket, sizeof(address.socket)),
        0);
    admin_address_close(&address);
    return connection;
}

/* Everything up to the end of the connection. */
static const char *all_received(int connection)
{
    static char bytes[4096];
    size_t length = 0;
    for (;;) {
        ssize_t piece = recv(connection, bytes + length, sizeof(bytes) - 1 - length, 0);
        if (piece <= 0)
            break;
        length += (size_t)piece;
    }
    bytes[length] = '\0';
    assert_int_equal(close(connection), 0);
    return bytes;
}

static void sent(int connection, struct text bytes)
{
    assert_int_equal(send(connection, bytes.at, bytes.length, MSG_NOSIGNAL), bytes.length);
}

static void garbage_is_refused(void **state)
{
    (void)state;
    owner_start();
    int connection = raw_connection();
    sent(connection, TEXT("{}\n{}\n"));
    assert_string_equal(all_received(connection),
                        "{\"status\":\"invalid\",\"sentence\":\"a request is one line of JSON, "
                        "one at a time\"}\n");
    static const struct text lines[] = {TEXT_INITIAL("\n"),
                                        TEXT_INITIAL("[]\n"),
                                        TEXT_INITIAL("\0\xff\n"),
                                        TEXT_INITIAL("{\"verb\":1,\"arguments\":{}}\n"),
                                        TEXT_INITIAL("{\"verb\":\"account_list\"}\n"),
                                        TEXT_INITIAL("not JSON \xff\n")};
    for (size_t i = 0; i < LENGTH_OF(lines); i++) {
        connection = raw_connection();
        sent(connection, lines[i]);
        assert_int_equal(shutdown(connection, SHUT_WR), 0);
        assert_non_null(strstr(all_received(connection), "{\"status\":\"invalid\""));
    }
    connection = raw_connection();
    sent(connection, TEXT("{\"verb\":"));
    assert_int_equal(shutdown(connection, SHUT_WR), 0);
    assert_string_equal(all_received(connection), "");
    struct admin *admin = session();
    play(admin);
    admin_close(admin);
}

static void a_client_that_hangs_up_disturbs_nobody(void **state)
{
    (void)state;
    owner_start();
    for (int i = 0; i < 20; i++) {
        int connection = raw_connection();
        sent(connection, TEXT("{\"verb\":\"account_list\",\"arguments\":{}}\n"));
        assert_int_equal(close(connection), 0);
    }
    struct admin *admin = session();
    play(admin);
    admin_close(admin);
}

static void one_client_too_many_is_told_so(void **state)
{
    (void)state;
    owner_start();
    int connections[ADMIN_CLIENTS_MAX];
    for (size_t i = 0; i < LENGTH_OF(connections); i++)
        connections[i] = raw_connection();
    assert_non_null(strstr(all_received(raw_connection()), "\"busy\""));
    for (size_t i = 0; i < LENGTH_OF(connections); i++)
        assert_int_equal(close(connections[i]), 0);
}

static void the_socket_is_private_and_replaces_a_stale_one(void **state)
{
    (void)state;
    char name[PATH_BYTES_MAX + 8];
    (void)snprintf(name, sizeof(name), "%s.sock", path);
    int stale = socket(AF_UNIX, SOCK_STREAM, 0);
    struct admin_address address;
    DONE(admin_address_open(text_of(path), &address, &reason));
    assert_int_equal(
        bind(stale, (const struct sockaddr *)&address.socket, sizeof(address.socket)), 0);
    admin_address_close(&address);
    assert_int_equal(close(stale), 0);
    owner_start();
    struct stat found;
    assert_int_equal(stat(name, &found), 0);
    assert_true(S_ISSOCK(found.st_mode));
    assert_int_equal(found.st_mode & 0777, 0600);
    int idle = raw_connection();
    owner_stop();
    assert_string_equal(all_received(idle), "");
    assert_int_equal(stat(name, &found), -1);
}

/* It may be anybody's: the owner is not made, and says what is in the way. */
static void a_file_where_the_socket_should_be_is_left_alone(void **state)
{
    (void)state;
    char name[PATH_BYTES_MAX + 8];
    (void)snprintf(name, sizeof(name), "%s.sock", path);
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    uv_loop_t loop;
    struct admin_listener *listener = NULL;
    const struct admin_listener_options options = {.ledger_path = text_of(path)};
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(admin_listener_open(&loop, &options, &listener, &reason), STATUS_EXISTS);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_non_null(strstr(reason.sentence, name));
    assert_null(listener);
    assert_int_equal(unlink(name), 0);
}

static void half_a_line_is_not_awaited_for_ever(void **state)
{
    (void)state;
    owner_patience_ms = 50;
    owner_start();
    owner_patience_ms = ADMIN_READ_TIMEOUT_MS;
    int silent = raw_connection();
    int half = raw_connection();
    sent(half, TEXT("{\"verb\":"));
    assert_string_equal(all_received(silent), "");
    assert_string_equal(all_received(half), "");
    owner_stop();
}

static void a_session_outlives_no_owner(void **state)
{
    (void)state;
    owner_start();
    struct admin *admin = session();
    owner_stop();
    assert_int_equal(refused(admin, "account_list", "{}"), STATUS_UNAVAILABLE);
    admin_close(admin);
}

#define FRESH(function) cmocka_unit_test_setup_teardown(function, test_begin, test_end)

int main(void)
{
    secret_start();
    (void)signal(SIGPIPE, SIG_IGN); /* as serve does */
    const struct CMUnitTest tests[] = {
        FRESH(verbs_run_here_when_nobody_owns_the_ledger),
        FRESH(verbs_run_at_the_owner),
        FRESH(a_long_path_is_reached_too),
        FRESH(many_commands_are_served_at_once),
        FRESH(many_commands_take_turns),
        FRESH(an_owner_that_takes_no_commands_is_named),
        FRESH(garbage_is_refused),
        FRESH(a_client_that_hangs_up_disturbs_nobody),
        FRESH(one_client_too_many_is_told_so),
        FRESH(the_socket_is_private_and_replaces_a_stale_one),
        FRESH(a_file_where_the_socket_should_be_is_left_alone),
        FRESH(half_a_line_is_not_awaited_for_ever),
        FRESH(a_session_outlives_no_owner),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
