#include "harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    return time_elapsed(time_source_system()).us / 1000;
}

static void answer_text(struct http_exchange *exchange, unsigned status, struct text body,
                        bool closes)
{
    struct http_answer answer = {.status = status,
                                 .headers = TEXT("Content-Type: text/plain\r\n"),
                                 .body = {arena_copy(http_exchange_arena(exchange), body)},
                                 .body_pieces = 1,
                                 .closes = closes};
    http_exchange_answer(exchange, &answer);
}

static void describe(struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);
    struct text host = http_request_field(request, TEXT("host"));
    char line[2048];
    int length = snprintf(
        line, sizeof(line), "%.*s %.*s ?%.*s host=%.*s fields=%zu body=%zu:%.*s\n",
        TEXT_PRINT(request->method_name), TEXT_PRINT(request->path), TEXT_PRINT(request->query),
        TEXT_PRINT(host), request->field_count, request->body.length,
        (int)(request->body.length < 256 ? request->body.length : 256), request->body.at);
    check(length > 0 && (size_t)length < sizeof(line));
    answer_text(exchange, 200, (struct text){line, (size_t)length}, false);
}

static void run_held(struct http_task *task)
{
    struct held *held = CONTAINER_OF(task, struct held, task);
    describe(held->exchange);
    free(held);
}

static void *thread_posts(void *memory)
{
    struct held *held = memory;
    http_loop_post(held->loop, &held->task);
    return NULL;
}

static struct held *hold(struct http_exchange *exchange)
{
    struct held *held = memory_take_zeroed(1, sizeof(*held));
    held->task.run = run_held;
    held->exchange = exchange;
    held->loop = http_exchange_loop(exchange);
    return held;
}

static void answer_from_thread(struct http_exchange *exchange)
{
    pthread_t thread;
    check(pthread_create(&thread, NULL, thread_posts, hold(exchange)) == 0);
    check(pthread_detach(thread) == 0);
}

static void keep(struct harness *harness, struct http_exchange *exchange)
{
    struct held *held = hold(exchange);
    check(pthread_mutex_lock(&harness->lock) == 0);
    held->next = harness->held;
    harness->held = held;
    check(pthread_mutex_unlock(&harness->lock) == 0);
}

static void count_release(void *held)
{
    struct harness *harness = held;
    atomic_fetch_add(&harness->released, 1);
}

static void answer_big(struct harness *harness, struct http_exchange *exchange)
{
    size_t half = HARNESS_BIG_BYTES / 2;
    struct http_answer answer = {
        .status = 200,
        .headers = TEXT(""),
        .body = {{harness->big, half}, {harness->big + half, HARNESS_BIG_BYTES - half}},
        .body_pieces = 2,
        .release = count_release,
        .held = harness};
    http_exchange_answer(exchange, &answer);
}

static void answer_pieces(struct harness *harness, struct http_exchange *exchange,
                          size_t length)
{
    const char *second = harness->big + 100, *third = second + length, *fourth = third + 200;
    struct http_answer answer = {
        .status = 200,
        .headers = TEXT(""),
        .body = {{harness->big, 100}, {second, length}, {third, 200}, {fourth, 300}},
        .body_pieces = 4,
        .release = count_release,
        .held = harness};
    http_exchange_answer(exchange, &answer);
}

static void receive(void *owner, struct http_exchange *exchange)
{
    struct harness *harness = owner;
    struct text path = http_exchange_request(exchange)->path;
    int64_t status, length;
    atomic_fetch_add(&harness->received, 1); /* before the client can know of it */
    if (text_equals(path, TEXT("/held")))
        keep(harness, exchange);
    else if (text_equals(path, TEXT("/thread")))
        answer_from_thread(exchange);
    else if (text_equals(path, TEXT("/big")))
        answer_big(harness, exchange);
    else if (text_starts_with(path, TEXT("/pieces/")) &&
             text_read_integer(text_slice(path, 8, path.length), &length) == STATUS_OK)
        answer_pieces(harness, exchange, (size_t)length);
    else if (text_equals(path, TEXT("/peer")))
        answer_text(exchange, 200, http_exchange_request(exchange)->peer_address, false);
    else if (text_equals(path, TEXT("/close")))
        answer_text(exchange, 200, TEXT("bye\n"), true);
    else if (text_starts_with(path, TEXT("/status/")) &&
             text_read_integer(text_slice(path, 8, path.length), &status) == STATUS_OK)
        answer_text(exchange, (unsigned)status, TEXT("status\n"), false);
    else
        describe(exchange);
}

static void refuse(void *owner, struct http_exchange *exchange, unsigned status,
                   struct text sentence)
{
    struct harness *harness = owner;
    atomic_fetch_add(&harness->refused, 1);
    answer_text(exchange, status, sentence, false);
}

static void turn_ended(void *owner, struct http_loop *loop)
{
    struct harness *harness = owner;
    check(loop != NULL);
    atomic_fetch_add(&harness->turns, 1);
}

struct http_limits harness_limits(void)
{
    return (struct http_limits){.request_line_bytes_max = 1024,
                                .fields_bytes_max = 2048,
                                .fields_max = 32,
                                .body_bytes_max = 100000,
                                .connections_max = 1000,
                                .connections_per_address_max = 1000,
                                .head_timeout_ms = 60000,
                                .body_timeout_ms = 60000,
                                .idle_timeout_ms = 60000,
                                .write_timeout_ms = 60000,
                                .stop_timeout_ms = 60000};
}

struct harness *harness_open(unsigned threads, const struct http_limits *limits)
{
    struct harness *harness = memory_take_zeroed(1, sizeof(*harness));
    check(pthread_mutex_init(&harness->lock, NULL) == 0);
    harness->big = memory_take(HARNESS_BIG_BYTES);
    for (size_t i = 0; i < HARNESS_BIG_BYTES; i++)
        harness->big[i] = (char)('!' + i % 89);
    struct http_server_options options = {.listen = TEXT("127.0.0.1:0"),
                                          .threads = threads,
                                          .time = time_source_system(),
                                          .limits = *limits,
                                          .receiver = {receive, refuse, turn_ended, harness}};
    struct reason reason = {0};
    if (http_server_open(&options, &harness->server, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    struct text rest = http_server_address(harness->server);
    int64_t port = 0;
    text_cut(&rest, ':');
    assert_int_equal(text_read_integer(rest, &port), STATUS_OK);
    harness->port = (uint16_t)port;
    return harness;
}

void harness_close(struct harness *harness)
{
    http_server_close(harness->server);
    harness_free(harness);
}

void harness_free(struct harness *harness)
{
    assert_null(harness->held);
    pthread_mutex_destroy(&harness->lock);
    free(harness->big);
    free(harness);
}

static void pause_briefly(int64_t deadline_ms)
{
    if (now_ms() > deadline_ms)
        fail_msg("nothing happened in %d ms", HARNESS_PATIENCE_MS);
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

void harness_wait(atomic_uint *counter, unsigned at_least)
{
    int64_t deadline_ms = now_ms() + HARNESS_PATIENCE_MS;
    while (atomic_load(counter) < at_least)
        pause_briefly(deadline_ms);
}

void harness_wait_held(struct harness *harness, unsigned count)
{
    int64_t deadline_ms = now_ms() + HARNESS_PATIENCE_MS;
    for (;;) {
        unsigned found = 0;
        check(pthread_mutex_lock(&harness->lock) == 0);
        for (struct held *held = harness->held; held; held = held->next)
            found++;
        check(pthread_mutex_unlock(&harness->lock) == 0);
        if (found >= count)
            return;
        pause_briefly(deadline_ms);
    }
}

void harness_release(struct harness *harness)
{
    check(pthread_mutex_lock(&harness->lock) == 0);
    struct held *held = harness->held;
    harness->held = NULL;
    check(pthread_mutex_unlock(&harness->lock) == 0);
    while (held) {
        struct held *next = held->next;
        http_loop_post(held->loop, &held->task);
        held = next;
    }
}

struct rlimit open_files_limit(unsigned more)
{
    struct rlimit usual;
    rlim_t limit = 0;
    for (unsigned room = 0; room < more || fcntl((int)limit, F_GETFD) >= 0; limit++)
        room += fcntl((int)limit, F_GETFD) < 0;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    struct rlimit few = {limit, usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    return usual;
}

int client_make(void)
{
    int on = 1;
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(client >= 0);
    assert_int_equal(setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    return client;
}

void client_connect(int client, const struct harness *harness)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(harness->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
}

int client_open(const struct harness *harness)
{
    int client = client_make();
    client_connect(client, harness);
    return client;
}

void client_close(int client)
{
    assert_int_equal(close(client), 0);
}

bool client_try_send(int client, struct text bytes)
{
    while (bytes.length > 0) {
        ssize_t sent = send(client, bytes.at, bytes.length, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes = text_slice(bytes, (size_t)sent, bytes.length);
    }
    return true;
}

void client_send(int client, struct text bytes)
{
    assert_true(client_try_send(client, bytes));
}

/* 0 at the end of the stream, -1 with errno when it was reset. */
static ssize_t read_some(int client, char *room, size_t bytes)
{
    struct pollfd wait = {.fd = client, .events = POLLIN};
    int ready = poll(&wait, 1, HARNESS_PATIENCE_MS);
    if (ready != 1)
        fail_msg("the server said nothing in %d ms", HARNESS_PATIENCE_MS);
    return recv(client, room, bytes, 0);
}

static void read_head(int client, struct client_answer *answer)
{
    size_t length = 0;
    for (;;) {
        if (length + 1 >= sizeof(answer->head))
            fail_msg("the answer's head is too long");
        if (read_some(client, answer->head + length, 1) != 1)
            fail_msg("the connection ended in the answer's head, after %zu bytes", length);
        length++;
        answer->head[length] = 0;
        if (length >= 4 && memcmp(answer->head + length - 4, "\r\n\r\n", 4) == 0)
            return;
    }
}

static size_t body_bytes_of(const struct client_answer *answer)
{
    const char *line = strstr(answer->head, "\r\nContent-Length: ");
    return line ? (size_t)strtoull(line + 18, NULL, 10) : 0;
}

void client_read(int client, bool head_only, struct client_answer *answer)
{
    char room[65536];
    *answer = (struct client_answer){0};
    read_head(client, answer);
    assert_int_equal(strncmp(answer->head, "HTTP/1.1 ", 9), 0);
    answer->status = (unsigned)strtoul(answer->head + 9, NULL, 10);
    size_t left = head_only || answer->status < 200 ? 0 : body_bytes_of(answer);
    while (left > 0) {
        ssize_t got = read_some(client, room, left < sizeof(room) ? left : sizeof(room));
        if (got <= 0)
            fail_msg("the connection ended in the answer's body, %zu bytes early", left);
        size_t kept = sizeof(answer->body) - 1 - answer->body_bytes;
        if (answer->body_bytes < sizeof(answer->body) - 1)
            memcpy(answer->body + answer->body_bytes, room,
                   (size_t)got < kept ? (size_t)got : kept);
        answer->body_bytes += (size_t)got;
        left -= (size_t)got;
    }
}

enum client_end client_end(int client)
{
    char byte;
    ssize_t got = read_some(client, &byte, 1);
    return got == 0 ? CLIENT_CLOSED : got < 0 ? CLIENT_RESET : CLIENT_MORE;
}

void client_expect_closed(int client)
{
    assert_int_equal(client_end(client), CLIENT_CLOSED);
}

void client_expect_open(int client)
{
    struct client_answer answer;
    client_send(client, TEXT("GET /alive HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_read(client, false, &answer);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.body, "/alive"));
}
