/* limits: time, counts, and the end of the server. */
#include "harness.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void expect_refusal(int client, unsigned status)
{
    struct client_answer answer;
    client_read(client, false, &answer);
    assert_int_equal(answer.status, status);
    assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    assert_true(answer.body_bytes > 0);
    client_expect_closed(client);
}

static void slow_head_is_refused(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.head_timeout_ms = 30;
    struct harness *harness = harness_open(1, &limits);
    int client = client_open(harness);
    client_send(client, TEXT("GET / HT"));
    expect_refusal(client, 408);
    assert_int_equal(atomic_load(&harness->refused), 1);
    client_close(client);
    harness_close(harness);
}

static void slow_body_is_refused(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.body_timeout_ms = 30;
    struct harness *harness = harness_open(1, &limits);
    int client = client_open(harness);
    client_send(client, TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"));
    expect_refusal(client, 408);
    client_close(client);
    client = client_open(harness);
    client_send(client,
                TEXT("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n9"));
    expect_refusal(client, 408);
    client_close(client);
    harness_close(harness);
}

static void idle_connection_is_closed_silently(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.idle_timeout_ms = 500;
    struct harness *harness = harness_open(1, &limits);
    int fresh = client_open(harness);
    client_expect_closed(fresh);
    int used = client_open(harness);
    client_expect_open(used);
    client_expect_closed(used);
    int blank = client_open(harness);
    client_send(blank, TEXT("\r\n"));
    client_expect_closed(blank);
    assert_int_equal(atomic_load(&harness->refused), 0);
    client_close(fresh);
    client_close(used);
    client_close(blank);
    harness_close(harness);
}

/* The owner may take longer than any of the client's times. */
static void waiting_for_the_owner_costs_no_time(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.head_timeout_ms = limits.body_timeout_ms = 500;
    limits.idle_timeout_ms = limits.write_timeout_ms = 500;
    struct harness *harness = harness_open(1, &limits);
    struct client_answer answer;
    int client = client_open(harness);
    int idle = client_open(harness);
    client_send(client, TEXT("GET /held HTTP/1.1\r\nHost: h\r\n\r\n"));
    harness_wait_held(harness, 1);
    client_expect_closed(idle); /* so much time has passed */
    harness_release(harness);
    client_read(client, false, &answer);
    assert_int_equal(answer.status, 200);
    client_close(client);
    client_close(idle);
    harness_close(harness);
}

static void connections_have_a_limit(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.connections_max = 2;
    struct harness *harness = harness_open(2, &limits);
    int first = client_open(harness);
    int second = client_open(harness);
    client_expect_open(first);
    client_expect_open(second);
    int third = client_open(harness);
    expect_refusal(third, 503);
    client_expect_open(first);
    client_close(third);
    client_close(second);
    /* The place becomes free once the server has seen the end. */
    struct client_answer answer = {0};
    while (answer.status != 200) {
        int next = client_open(harness);
        (void)client_try_send(next, TEXT("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
        client_read(next, false, &answer);
        client_close(next);
    }
    client_close(first);
    harness_close(harness);
}

static void connections_of_an_address_have_a_limit(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.connections_per_address_max = 1;
    struct harness *harness = harness_open(2, &limits);
    int first = client_open(harness);
    client_expect_open(first);
    int second = client_open(harness);
    expect_refusal(second, 503);
    client_close(first);
    client_close(second);
    harness_close(harness);
}

/* The client goes on sending after it was refused, and still sees the answer, not a reset. */
static void refused_client_sees_its_answer(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(1, &limits);
    static char filler[100000];
    memset(filler, 'x', sizeof(filler));
    int client = client_open(harness);
    client_send(client, TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n"));
    client_send(client, (struct text){filler, sizeof(filler)});
    client_send(client, (struct text){filler, sizeof(filler)});
    expect_refusal(client, 413);
    client_close(client);
    client = client_open(harness);
    client_send(client, TEXT("broken\r\n"));
    bool taken = true; /* what is drained has a bound too */
    for (size_t sent = 0; taken && sent < (64 << 20); sent += sizeof(filler))
        taken = client_try_send(client, (struct text){filler, sizeof(filler)});
    assert_false(taken);
    client_close(client);
    harness_close(harness);
}

static void *close_server(void *harness)
{
    http_server_close(((struct harness *)harness)->server);
    return NULL;
}

/* Until the listeners are gone: the stop has begun on every loop. */
static void wait_for_stop(const struct harness *harness)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(harness->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int outcome = 0;
    while (outcome == 0) {
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        outcome = connect(client, (struct sockaddr *)&address, sizeof(address));
        close(client);
    }
}

static void run_thread(void *(*run)(void *), struct harness *harness, pthread_t *thread)
{
    assert_int_equal(pthread_create(thread, NULL, run, harness), 0);
}

static void stop_lets_answers_finish(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(2, &limits);
    struct client_answer answer;
    pthread_t closing;
    int idle = client_open(harness);
    int due = client_open(harness);
    int half = client_open(harness);
    int reading = client_open(harness);
    client_expect_open(idle);
    client_expect_open(half);
    client_send(due, TEXT("GET /held HTTP/1.1\r\nHost: h\r\n\r\n"));
    harness_wait_held(harness, 1);
    client_send(reading, TEXT("GET /big HTTP/1.1\r\nHost: h\r\n\r\n"));
    harness_wait(&harness->received, 4);
    client_send(half, TEXT("GET /half HTTP/1.1\r\nHo"));
    run_thread(close_server, harness, &closing);
    client_expect_closed(idle);
    wait_for_stop(harness);
    harness_release(harness);
    client_read(due, false, &answer);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    client_expect_closed(due);
    client_send(half, TEXT("st: h\r\n\r\n"));
    client_read(half, false, &answer);
    assert_non_null(strstr(answer.body, "/half"));
    client_expect_closed(half);
    client_read(reading, false, &answer);
    assert_int_equal(answer.body_bytes, HARNESS_BIG_BYTES);
    client_expect_closed(reading);
    client_close(due);
    client_close(idle);
    client_close(half);
    client_close(reading);
    pthread_join(closing, NULL);
    harness_free(harness);
}

static void stop_cuts_those_who_do_not_finish(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.stop_timeout_ms = 50;
    struct harness *harness = harness_open(1, &limits);
    pthread_t closing;
    int stuck = client_open(harness);
    int half = client_open(harness);
    int due = client_open(harness);
    client_send(stuck, TEXT("GET /big HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_send(half, TEXT("GET / HTTP/1.1\r\nHo"));
    client_send(due, TEXT("GET /held HTTP/1.1\r\nHost: h\r\n\r\n"));
    harness_wait_held(harness, 1);
    harness_wait(&harness->received, 2);
    run_thread(close_server, harness, &closing);
    harness_wait(&harness->released, 1); /* the stuck answer was given up */
    harness_release(harness);            /* only then does the owner answer the last one */
    pthread_join(closing, NULL);
    struct client_answer answer;
    client_read(due, false, &answer);
    assert_int_equal(answer.status, 200);
    client_close(stuck);
    client_close(half);
    client_close(due);
    harness_free(harness);
}

/* A proxy that sends on a connection which rested when the stop began meets no closed socket. */
static void stop_spares_the_idle(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.stop_idle_ms = 60000;
    struct harness *harness = harness_open(1, &limits);
    struct client_answer answer;
    pthread_t closing;
    int late = client_open(harness), later = client_open(harness);
    int silent = client_open(harness);
    client_expect_open(late);
    client_expect_open(later);
    client_expect_open(silent);
    run_thread(close_server, harness, &closing);
    wait_for_stop(harness);
    const int called[] = {
        late, later}; /* the stop has begun when the first is answered, for that says so */
    for (size_t i = 0; i < LENGTH_OF(called); i++) {
        client_send(called[i], TEXT("GET /late HTTP/1.1\r\nHost: h\r\n\r\n"));
        client_read(called[i], false, &answer);
        assert_int_equal(answer.status, 200);
        assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
        client_expect_closed(called[i]);
        client_close(called[i]);
    }
    client_close(silent); /* the stop waits for nobody else */
    pthread_join(closing, NULL);
    harness_free(harness);
}

static void stop_spares_the_idle_for_a_while(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.stop_idle_ms = 50;
    struct harness *harness = harness_open(1, &limits);
    pthread_t closing;
    int silent = client_open(harness);
    client_expect_open(silent);
    run_thread(close_server, harness, &closing);
    client_expect_closed(silent);
    pthread_join(closing, NULL);
    client_close(silent);
    harness_free(harness);
}

struct counted_task {
    struct http_task task;
    unsigned *runs;
};

static void count_task(struct http_task *task)
{
    ++*CONTAINER_OF(task, struct counted_task, task)->runs;
}

/* Tasks that are posted right before the stop run before http_server_close returns. */
static void posted_tasks_run_before_the_end(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(1, &limits);
    struct counted_task tasks[100];
    unsigned runs = 0;
    int client = client_open(harness);
    client_send(client, TEXT("GET /held HTTP/1.1\r\nHost: h\r\n\r\n"));
    harness_wait_held(harness, 1);
    struct http_loop *loop = harness->held->loop;
    harness_release(harness);
    for (size_t i = 0; i < LENGTH_OF(tasks); i++) {
        tasks[i] = (struct counted_task){.task.run = count_task, .runs = &runs};
        http_loop_post(loop, &tasks[i].task);
    }
    http_server_close(harness->server);
    assert_int_equal(runs, LENGTH_OF(tasks));
    client_close(client);
    harness_free(harness);
}

/* A loop whose last client has gone ends before the others; what is posted to it then still
 * runs. Connections are opened until both loops have an exchange. */
static void tasks_for_an_ended_loop_run(void **state)
{
    (void)state;
    enum { CLIENTS_MAX = 64 };
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(2, &limits);
    int clients[CLIENTS_MAX];
    unsigned opened = 0;
    struct held *first = NULL;
    do {
        assert_true(opened < CLIENTS_MAX);
        clients[opened] = client_open(harness);
        client_send(clients[opened++], TEXT("GET /held HTTP/1.1\r\nHost: h\r\n\r\n"));
        harness_wait_held(harness, opened);
        first = harness->held; /* the newest; the oldest is at the end of the list */
        while (first->next)
            first = first->next;
    } while (harness->held->loop == first->loop);
    struct http_loop *ended = harness->held->loop; /* it has this one exchange alone */
    struct held *last = harness->held;
    harness->held = last->next;
    pthread_t closing;
    run_thread(close_server, harness, &closing);
    http_loop_post(ended, &last->task);
    struct client_answer answer;
    client_read(clients[opened - 1], false, &answer);
    client_close(clients[opened - 1]); /* unless the stop was quicker, an idle connection now */
    unsigned runs = 0;
    struct counted_task task = {.task.run = count_task, .runs = &runs};
    wait_for_stop(harness);
    http_loop_post(ended, &task.task);
    harness_release(harness);
    pthread_join(closing, NULL);
    assert_int_equal(runs, 1);
    for (unsigned i = 0; i + 1 < opened; i++)
        client_close(clients[i]);
    harness_free(harness);
}

static enum status open_at(struct text listen, unsigned threads, struct http_server **server,
                           struct reason *reason)
{
    struct http_server_options options = {.listen = listen,
                                          .threads = threads,
                                          .time = time_source_system(),
                                          .limits = harness_limits()};
    return http_server_open(&options, server, reason);
}

static void address_in_use_is_told(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(2, &limits);
    struct http_server *second = NULL;
    struct reason reason = {0};
    assert_int_equal(open_at(http_server_address(harness->server), 2, &second, &reason),
                     STATUS_BUSY);
    assert_non_null(strstr(reason.sentence, "in use"));
    assert_null(second);
    harness_close(harness);
}

static void port_is_free_again_after_close(void **state)
{
    (void)state;
    struct http_server *server = NULL;
    struct reason reason = {0};
    assert_int_equal(open_at(TEXT("127.0.0.1:0"), 3, &server, &reason), STATUS_OK);
    char room[64];
    struct text address = http_server_address(server);
    memcpy(room, address.at, address.length);
    address.at = room;
    http_server_close(server);
    assert_int_equal(open_at(address, 2, &server, &reason), STATUS_OK);
    http_server_close(server);
    http_server_close(NULL);
}

static void ipv6_is_served(void **state)
{
    (void)state;
    struct http_server *server = NULL;
    struct reason reason = {0};
    if (open_at(TEXT("[::1]:0"), 1, &server, &reason) != STATUS_OK) {
        print_message("no IPv6 on this machine: %s\n", reason.sentence);
        skip();
    }
    assert_true(text_starts_with(http_server_address(server), TEXT("[::1]:")));
    http_server_close(server);
}

static void odd_addresses_are_refused(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "",        "8080",   ":8080",    "localhost:80", "127.0.0.1",     "1.2.3:80", "[::1]",
        "[::1]80", "::1:80", "1.2.3.4:", "1.2.3.4:x",    "1.2.3.4:65536", "[::1:80",  "[]:80"};
    for (size_t i = 0; i < LENGTH_OF(odd); i++) {
        struct http_server *server = NULL;
        struct reason reason = {0};
        assert_int_equal(open_at(text_of(odd[i]), 1, &server, &reason), STATUS_INVALID);
        assert_non_null(strstr(reason.sentence, "127.0.0.1:8080"));
    }
    struct http_server *server = NULL;
    struct reason reason = {0};
    assert_int_equal(open_at(TEXT("127.0.0.1:0"), 0, &server, &reason), STATUS_INVALID);
    assert_int_equal(open_at(TEXT("203.0.113.1:1"), 1, &server, &reason), STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_head_is_refused),
        cmocka_unit_test(slow_body_is_refused),
        cmocka_unit_test(idle_connection_is_closed_silently),
        cmocka_unit_test(waiting_for_the_owner_costs_no_time),
        cmocka_unit_test(connections_have_a_limit),
        cmocka_unit_test(connections_of_an_address_have_a_limit),
        cmocka_unit_test(refused_client_sees_its_answer),
        cmocka_unit_test(stop_lets_answers_finish),
        cmocka_unit_test(stop_cuts_those_who_do_not_finish),
        cmocka_unit_test(stop_spares_the_idle),
        cmocka_unit_test(stop_spares_the_idle_for_a_while),
        cmocka_unit_test(posted_tasks_run_before_the_end),
        cmocka_unit_test(tasks_for_an_ended_loop_run),
        cmocka_unit_test(address_in_use_is_told),
        cmocka_unit_test(port_is_free_again_after_close),
        cmocka_unit_test(ipv6_is_served),
        cmocka_unit_test(odd_addresses_are_refused),
    };
    return cmocka_run_group_tests_name("http/limits", tests, NULL, NULL);
}
