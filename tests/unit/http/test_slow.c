/* slow: clients that send or read little by little. The pauses are theirs, and part of the test;
 * every timeout is long against them. */
#include "harness.h"
#include "http/bounds.h"

#include <poll.h>
#include <sys/socket.h>

static int64_t now_ms(void)
{
    return time_elapsed(time_source_system()).us / 1000;
}

/* Bytes that keep trickling in do not extend the time. */
static void trickling_head_is_refused(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.head_timeout_ms = 500;
    struct harness *harness = harness_open(1, &limits);
    int client = client_open(harness);
    int64_t deadline_ms = now_ms() + HARNESS_PATIENCE_MS;
    struct pollfd answered = {.fd = client, .events = POLLIN};
    client_send(client, TEXT("GET / HTTP/1.1\r\nX: "));
    while (poll(&answered, 1, 2) == 0) {
        (void)client_try_send(client, TEXT("y"));
        if (now_ms() > deadline_ms)
            fail_msg("a head may trickle in for ever");
    }
    struct client_answer answer;
    client_read(client, false, &answer);
    assert_int_equal(answer.status, 408);
    client_close(client);
    harness_close(harness);
}

static void reader_that_stands_still_is_cut(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.write_timeout_ms = 50;
    struct harness *harness = harness_open(1, &limits);
    int client = client_open(harness);
    client_send(client, TEXT("GET /big HTTP/1.1\r\nHost: h\r\n\r\n"));
    harness_wait(&harness->released, 1);
    client_close(client);
    harness_close(harness);
}

/* Asks for much, with a small window, so that the kernel here keeps little of it. */
static int big_begin(const struct harness *harness)
{
    int bytes = 64 * 1024;
    int client = client_open(harness);
    assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)), 0);
    client_send(client, TEXT("GET /big HTTP/1.1\r\nHost: h\r\n\r\n"));
    return client;
}

/* A piece of the answer, then a pause; 0 when it has ended. */
static size_t read_a_little(int client, int pause_ms)
{
    static char piece[16 * 1024];
    ssize_t got = recv(client, piece, sizeof(piece), 0);
    (void)poll(NULL, 0, pause_ms);
    return got > 0 ? (size_t)got : 0;
}

/* 400 KB a timeout: too little to make room that libuv would see in the kernel's buffer here. */
static void steady_reader_is_kept(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.write_timeout_ms = 5000;
    struct harness *harness = harness_open(1, &limits);
    int client = big_begin(harness);
    for (int reads = 0; reads < 11 * 5; reads++) { /* 11 s: past two timeouts */
        assert_true(read_a_little(client, 200) > 0);
        assert_int_equal(atomic_load(&harness->released), 0);
    }
    client_close(client);
    harness_close(harness);
}

static void one_answer_has_a_longest_time(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    limits.write_timeout_ms = 60;
    struct harness *harness = harness_open(1, &limits);
    int client = big_begin(harness);
    size_t bytes = 0;
    size_t got = 1;
    /* At this pace all of it takes four times as long as it may. */
    for (; got > 0 && bytes < HARNESS_BIG_BYTES; bytes += got)
        got = read_a_little(client, 5);
    assert_int_equal(got, 0);
    harness_wait(&harness->released, 1);
    assert_true(bytes < HARNESS_BIG_BYTES);
    client_close(client);
    harness_close(harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trickling_head_is_refused),
        cmocka_unit_test(reader_that_stands_still_is_cut),
        cmocka_unit_test(steady_reader_is_kept),
        cmocka_unit_test(one_answer_has_a_longest_time),
    };
    return cmocka_run_group_tests_name("http/slow", tests, NULL, NULL);
}
