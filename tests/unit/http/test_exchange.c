/* exchange: what a well-meaning client sees, over real sockets. */
#include "harness.h"
#include "http/bounds.h"

#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>

struct fixture {
    struct harness *harness;
    int client;
};

static struct fixture fixture_of(unsigned threads)
{
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(threads, &limits);
    return (struct fixture){harness, client_open(harness)};
}

static struct fixture fixture_open(void)
{
    return fixture_of(2);
}

static void fixture_close(struct fixture *fixture)
{
    client_close(fixture->client);
    harness_close(fixture->harness);
}

static void one_request_is_answered(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    struct client_answer answer;
    client_send(f.client, TEXT("GET /hello?a=1 HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_read(f.client, false, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "GET /hello ?a=1 host=h fields=1 body=0:\n");
    struct text head = text_of(answer.head);
    assert_true(text_starts_with(head, TEXT("HTTP/1.1 200 OK\r\nDate: ")));
    struct text date = text_slice(head, 23, 23 + 29);
    instant said;
    assert_int_equal(instant_read_http_date(date, &said), STATUS_OK);
    assert_in_range(said.us / SECOND_US, time_now(time_source_system()).us / SECOND_US - 60,
                    time_now(time_source_system()).us / SECOND_US);
    assert_non_null(strstr(answer.head, "\r\nContent-Length: 40\r\n"));
    assert_non_null(strstr(answer.head, "\r\nContent-Type: text/plain\r\n"));
    assert_null(strstr(answer.head, "Connection:"));
    harness_wait(&f.harness->turns, 1);
    fixture_close(&f);
}

static void peer_is_known(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    struct client_answer answer;
    client_send(f.client, TEXT("GET /peer HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_read(f.client, false, &answer);
    assert_string_equal(answer.body, "127.0.0.1");
    fixture_close(&f);
}

static void connection_is_used_again(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    for (int i = 0; i < 100; i++)
        client_expect_open(f.client);
    assert_int_equal(atomic_load(&f.harness->received), 100);
    fixture_close(&f);
}

static void keep_alive_is_said_to_http_1_0(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    struct client_answer answer;
    client_send(f.client, TEXT("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    client_read(f.client, false, &answer);
    assert_non_null(strstr(answer.head, "\r\nConnection: keep-alive\r\n"));
    client_expect_open(f.client);
    fixture_close(&f);
}

static void head_has_the_length_but_no_body(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    struct client_answer answer;
    client_send(f.client, TEXT("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_read(f.client, true, &answer);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.head, "\r\nContent-Length: 38\r\n"));
    client_send(f.client, TEXT("HEAD /big HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_read(f.client, true, &answer);
    harness_wait(&f.harness->released, 1);
    client_expect_open(f.client);
    client_send(f.client, TEXT("HEAD /x HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n"));
    client_read(f.client, true, &answer);
    assert_int_equal(answer.status, 400);
    client_expect_closed(f.client);
    fixture_close(&f);
}

static void some_statuses_have_no_body(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    struct client_answer answer;
    client_send(f.client, TEXT("GET /status/204 HTTP/1.1\r\nHost: h\r\n\r\n"
                               "GET /status/304 HTTP/1.1\r\nHost: h\r\n\r\n"
                               "GET /status/418 HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_read(f.client, false, &answer);
    assert_int_equal(answer.status, 204);
    assert_null(strstr(answer.head, "Content-Length"));
    client_read(f.client, false, &answer);
    assert_int_equal(answer.status, 304);
    assert_null(strstr(answer.head, "Content-Length"));
    client_read(f.client, false, &answer);
    assert_int_equal(answer.status, 418);
    assert_string_equal(answer.body, "status\n");
    fixture_close(&f);
}

static void owner_may_close(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    struct client_answer answer;
    client_send(f.client, TEXT("GET /close HTTP/1.1\r\nHost: h\r\n\r\n"
                               "GET /never HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_read(f.client, false, &answer);
    assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    client_expect_closed(f.client);
    assert_int_equal(atomic_load(&f.harness->received), 1);
    fixture_close(&f);
}

/* One before each request, in one piece or two. */
static void empty_line_before_a_request_is_skipped(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    for (int i = 0; i < 20; i++) {
        client_send(f.client, TEXT("\r"));
        client_send(f.client, TEXT("\n"));
        client_expect_open(f.client);
    }
    fixture_close(&f);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    struct fixture f = fixture_open();
    struct client_answer answer;
    char request[80];
    for (int i = 0; i < COUNT; i++) {
        int length = snprintf(request, sizeof(request),
                              "GET /%s?%d HTTP/1.1\r\nHost: h\r\n\r\n",
                              i % 7 == 0 ? "thread" : "now", i);
        client_send(f.client, (struct text){request, (size_t)length});
    }
    for (int i = 0; i < COUNT; i++) {
        snprintf(request, sizeof(request), " ?%d ", i);
        client_read(f.client, false, &answer);
        if (!strstr(answer.body, request))
            fail_msg("answer %d: %s", i, answer.body);
    }
    fixture_close(&f);
}

static void bodies_may_be_pipelined(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    struct client_answer answer;
    client_send(f.client,
                TEXT("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                     "POST /b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "2\r\nde\r\n0\r\n\r\n\r\nGET /c HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_read(f.client, false, &answer);
    assert_non_null(strstr(answer.body, "/a ? host=h fields=2 body=3:abc"));
    client_read(f.client, false, &answer);
    assert_non_null(strstr(answer.body, "/b ? host=h fields=2 body=2:de"));
    client_read(f.client, false, &answer);
    assert_non_null(strstr(answer.body, "/c ? host=h fields=1 body=0:"));
    fixture_close(&f);
}

/* The whole stash and both kernel buffers fill up; then nothing more is taken, and later
 * nothing of it is lost. */
static void stash_has_a_bound(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    struct client_answer answer;
    char bytes[1000]; /* long, so that the buffers take not too many */
    memset(bytes, 'n', sizeof(bytes));
    memcpy(bytes, "GET /", 5);
    memcpy(bytes + sizeof(bytes) - 22, " HTTP/1.1\r\nHost: h\r\n\r\n", 22);
    struct text request = {bytes, sizeof(bytes)};
    client_send(f.client, TEXT("GET /held HTTP/1.1\r\nHost: h\r\n\r\n"));
    harness_wait_held(f.harness, 1);
    size_t sent_bytes = 0;
    ssize_t sent = 0;
    struct text left = request;
    /* Bounded by the kernel's buffers (tcp_rmem and tcp_wmem together are some 10 MB). */
    while ((sent = send(f.client, left.at, left.length, MSG_NOSIGNAL | MSG_DONTWAIT)) > 0) {
        sent_bytes += (size_t)sent;
        left = text_slice(left, (size_t)sent, left.length);
        if (left.length == 0)
            left = request;
        if (sent_bytes > (64 << 20))
            fail_msg("64 MB were taken while an answer was due");
    }
    assert_true(sent_bytes > 64 * 1024);
    harness_release(f.harness);
    size_t whole = sent_bytes / request.length;
    for (size_t i = 0; i < whole + 1; i++) {
        client_read(f.client, false, &answer);
        assert_int_equal(answer.status, 200);
    }
    client_send(f.client, left.length < request.length ? left : TEXT(""));
    if (left.length < request.length)
        client_read(f.client, false, &answer);
    client_expect_open(f.client);
    fixture_close(&f);
}

static void answers_come_from_other_threads(void **state)
{
    (void)state;
    enum { CLIENTS = 50 };
    struct fixture f = fixture_open();
    struct client_answer answer;
    int clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = client_open(f.harness);
        client_send(clients[i], TEXT("GET /thread HTTP/1.1\r\nHost: h\r\n\r\n"));
    }
    for (int i = 0; i < CLIENTS; i++) {
        client_read(clients[i], false, &answer);
        assert_int_equal(answer.status, 200);
        client_expect_open(clients[i]);
        client_close(clients[i]);
    }
    fixture_close(&f);
}

static void continue_is_sent_when_the_body_is_awaited(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    struct client_answer answer;
    client_send(f.client, TEXT("POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n"
                               "Content-Length: 2\r\n\r\n"));
    client_read(f.client, true, &answer);
    assert_string_equal(answer.head, "HTTP/1.1 100 Continue\r\n\r\n");
    client_send(f.client, TEXT("hi"));
    client_read(f.client, false, &answer);
    assert_non_null(strstr(answer.body, "body=2:hi"));
    client_send(f.client, TEXT("POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                               "Content-Length: 2\r\n\r\nho"));
    client_read(f.client, false, &answer);
    assert_int_equal(answer.status, 200);
    client_send(f.client, TEXT("POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n"));
    client_read(f.client, true, &answer);
    assert_int_equal(answer.status, 100);
    client_send(f.client, TEXT("1\r\nx\r\n0\r\n\r\n"));
    client_read(f.client, false, &answer);
    assert_non_null(strstr(answer.body, "body=1:x"));
    client_expect_open(f.client);
    fixture_close(&f);
}

static void half_closed_client_gets_its_answers(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    struct client_answer answer;
    client_send(f.client, TEXT("GET /thread?1 HTTP/1.1\r\nHost: h\r\n\r\n"
                               "GET /now?2 HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_int_equal(shutdown(f.client, SHUT_WR), 0);
    client_read(f.client, false, &answer);
    assert_non_null(strstr(answer.body, "?1 "));
    client_read(f.client, false, &answer);
    assert_non_null(strstr(answer.body, "?2 "));
    client_expect_closed(f.client);
    fixture_close(&f);
}

/* A loop's thread that stands still until it is told to go on. */
struct pause {
    struct http_task task;
    atomic_uint begun;
    pthread_mutex_t going_on;
};

static void pause_run(struct http_task *task)
{
    struct pause *pause = CONTAINER_OF(task, struct pause, task);
    atomic_fetch_add(&pause->begun, 1);
    check(pthread_mutex_lock(&pause->going_on) == 0);
    check(pthread_mutex_unlock(&pause->going_on) == 0);
}

/* Of a fixture of one thread: what the client sends until pause_end comes in one look. */
static void pause_begin(struct fixture *fixture, struct pause *pause)
{
    struct client_answer answer;
    int client = client_open(fixture->harness);
    *pause = (struct pause){.task.run = pause_run};
    check(pthread_mutex_init(&pause->going_on, NULL) == 0);
    check(pthread_mutex_lock(&pause->going_on) == 0);
    client_send(client, TEXT("GET /held HTTP/1.1\r\nHost: h\r\n\r\n"));
    harness_wait_held(fixture->harness, 1);
    struct http_loop *loop = fixture->harness->held->loop;
    harness_release(fixture->harness);
    client_read(client, false, &answer);
    client_close(client);
    client_expect_open(fixture->client);
    http_loop_post(loop, &pause->task);
    harness_wait(&pause->begun, 1);
}

static void pause_end(struct pause *pause)
{
    check(pthread_mutex_unlock(&pause->going_on) == 0);
}

static void an_end_that_comes_with_the_bytes_is_seen(void **state)
{
    (void)state;
    struct fixture f = fixture_of(1);
    struct client_answer answer;
    struct pause pause;
    pause_begin(&f, &pause);
    client_send(f.client, TEXT("GET /now HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_int_equal(shutdown(f.client, SHUT_WR), 0);
    pause_end(&pause);
    client_read(f.client, false, &answer);
    client_expect_closed(f.client);
    fixture_close(&f);
}

/* The urgent byte itself is none of the request's: tcp(7). */
static void bytes_behind_an_urgent_mark_are_read(void **state)
{
    (void)state;
    struct fixture f = fixture_of(1);
    struct client_answer answer;
    struct pause pause;
    pause_begin(&f, &pause);
    client_send(f.client, TEXT("GET /now?1 HTTP/1.1\r\nHo"));
    assert_int_equal(send(f.client, "!", 1, MSG_OOB), 1);
    client_send(f.client, TEXT("st: h\r\n\r\n"));
    pause_end(&pause);
    client_read(f.client, false, &answer);
    assert_non_null(strstr(answer.body, "?1 "));
    client_expect_open(f.client);
    fixture_close(&f);
}

static void unfinished_request_is_refused_at_its_end(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    struct client_answer answer;
    client_send(f.client, TEXT("GET / HTTP/1.1\r\nHo"));
    assert_int_equal(shutdown(f.client, SHUT_WR), 0);
    client_read(f.client, false, &answer);
    assert_int_equal(answer.status, 400);
    client_expect_closed(f.client);
    int client = client_open(f.harness);
    client_send(client, TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"));
    assert_int_equal(shutdown(client, SHUT_WR), 0);
    client_read(client, false, &answer);
    assert_int_equal(answer.status, 400);
    client_expect_closed(client);
    client_close(client);
    fixture_close(&f);
}

static void exchange_outlives_its_client(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    int client = client_open(f.harness);
    client_send(client, TEXT("GET /held HTTP/1.1\r\nHost: h\r\n\r\n"));
    harness_wait_held(f.harness, 1);
    struct linger reset = {.l_onoff = 1};
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    client_close(client);
    client_expect_open(f.client);
    harness_release(f.harness);
    client_expect_open(f.client);
    fixture_close(&f);
}

static void large_body_arrives(void **state)
{
    (void)state;
    enum { BYTES = 100000 };
    struct fixture f = fixture_open();
    struct client_answer answer;
    client_send(f.client,
                TEXT("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n"));
    char *body = memory_take(BYTES);
    memset(body, 'x', BYTES);
    client_send(f.client, (struct text){body, BYTES});
    client_read(f.client, false, &answer);
    assert_non_null(strstr(answer.body, "body=100000:xxx"));
    free(body);
    fixture_close(&f);
}

/* So many bodies were given back, and none twice. */
static void released_expect(struct harness *harness, unsigned count)
{
    harness_wait(&harness->released, count);
    assert_int_equal(atomic_load(&harness->released), count);
}

static void large_answer_reaches_a_slow_reader(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    struct client_answer answer;
    for (unsigned i = 1; i <= 2; i++) {
        client_send(f.client, TEXT("GET /big HTTP/1.1\r\nHost: h\r\n\r\n"));
        client_read(f.client, false, &answer);
        assert_int_equal(answer.body_bytes, HARNESS_BIG_BYTES);
        released_expect(f.harness, i);
    }
    client_expect_open(f.client);
    fixture_close(&f);
}

static void pieces_request(int client, size_t length)
{
    char request[64];
    int bytes = snprintf(request, sizeof(request),
                         "GET /pieces/%zu HTTP/1.1\r\nHost: h\r\n\r\n", length);
    client_send(client, (struct text){request, (size_t)bytes});
}

static void pieces_expect(const struct fixture *f, size_t length)
{
    struct client_answer answer;
    client_read(f->client, false, &answer);
    assert_int_equal(answer.body_bytes, length + HARNESS_SHORT_BYTES);
    assert_memory_equal(answer.body, f->harness->big, answer.body_bytes);
}

static void pieces_of_any_length_arrive_in_order(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, HTTP_PIECE_COPIED_BYTES_MAX,
                                     HTTP_PIECE_COPIED_BYTES_MAX + 1, 60000};
    struct fixture f = fixture_open();
    for (unsigned i = 0; i < LENGTH_OF(lengths); i++) {
        pieces_request(f.client, lengths[i]);
        pieces_expect(&f, lengths[i]);
        released_expect(f.harness, i + 1);
    }
    fixture_close(&f);
}

/* An answer as long as that to pieces_request, of other bytes: whatever waits in the loop's own memory meanwhile is
 * written over. */
static void answer_to_another(int client)
{
    struct client_answer answer;
    client_send(client, TEXT("GET /pieces/8192 HTTP/1.0\r\nHost: h\r\n"
                             "Connection: keep-alive\r\n\r\n"));
    client_read(client, false, &answer);
    assert_int_equal(answer.status, 200);
}

/* More than the sockets hold, so that some answer is taken in part, and others are sent by its loop before the rest. */
static void copied_pieces_reach_a_slow_reader(void **state)
{
    (void)state;
    enum { ANSWERS = 1500 };
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(1, &limits);
    struct fixture f = {harness, client_open(harness)};
    int other = client_open(harness);
    unsigned to_other = 0, before, after = 0;
    assert_int_equal(HTTP_PIECE_COPIED_BYTES_MAX, 8192);
    for (unsigned i = 0; i < ANSWERS; i++)
        pieces_request(f.client, HTTP_PIECE_COPIED_BYTES_MAX);
    do {
        before = after;
        for (unsigned i = 0; i < 2; i++, to_other++)
            answer_to_another(other);
        after = atomic_load(&harness->received) - to_other;
    } while (after == 0 || after != before);
    assert_true(after < ANSWERS);
    released_expect(harness, after + to_other); /* the copy waits, not what it was made of */
    for (unsigned i = 0; i < ANSWERS; i++)
        pieces_expect(&f, HTTP_PIECE_COPIED_BYTES_MAX);
    released_expect(harness, ANSWERS + to_other);
    client_close(other);
    fixture_close(&f);
}

struct restless_task {
    struct http_task task;
    struct http_loop *loop;
    atomic_bool ends, ended;
};

static void post_again(struct http_task *task)
{
    struct restless_task *restless = CONTAINER_OF(task, struct restless_task, task);
    if (atomic_load(&restless->ends))
        atomic_store(&restless->ended, true);
    else
        http_loop_post(restless->loop, task);
}

/* Who does something for all requests of a turn must come to it on a busy loop too. */
static void a_loop_without_rest_ends_its_turns(void **state)
{
    (void)state;
    struct fixture f = fixture_open();
    client_send(f.client, TEXT("GET /held HTTP/1.1\r\nHost: h\r\n\r\n"));
    harness_wait_held(f.harness, 1);
    struct restless_task restless = {.task.run = post_again, .loop = f.harness->held->loop};
    http_loop_post(restless.loop, &restless.task);
    harness_wait(&f.harness->turns, atomic_load(&f.harness->turns) + 3);
    atomic_store(&restless.ends, true);
    while (!atomic_load(&restless.ended))
        sched_yield();
    harness_release(f.harness);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request_is_answered),
        cmocka_unit_test(peer_is_known),
        cmocka_unit_test(connection_is_used_again),
        cmocka_unit_test(keep_alive_is_said_to_http_1_0),
        cmocka_unit_test(head_has_the_length_but_no_body),
        cmocka_unit_test(some_statuses_have_no_body),
        cmocka_unit_test(owner_may_close),
        cmocka_unit_test(empty_line_before_a_request_is_skipped),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(bodies_may_be_pipelined),
        cmocka_unit_test(stash_has_a_bound),
        cmocka_unit_test(answers_come_from_other_threads),
        cmocka_unit_test(continue_is_sent_when_the_body_is_awaited),
        cmocka_unit_test(half_closed_client_gets_its_answers),
        cmocka_unit_test(an_end_that_comes_with_the_bytes_is_seen),
        cmocka_unit_test(bytes_behind_an_urgent_mark_are_read),
        cmocka_unit_test(unfinished_request_is_refused_at_its_end),
        cmocka_unit_test(exchange_outlives_its_client),
        cmocka_unit_test(large_body_arrives),
        cmocka_unit_test(large_answer_reaches_a_slow_reader),
        cmocka_unit_test(pieces_of_any_length_arrive_in_order),
        cmocka_unit_test(copied_pieces_reach_a_slow_reader),
        cmocka_unit_test(a_loop_without_rest_ends_its_turns),
    };
    return cmocka_run_group_tests_name("http/exchange", tests, NULL, NULL);
}
