/* crowd: more clients than may be, counted by address, and those who come at the very end. */
#include "harness.h"
#include "http/address.h"
#include "http/loop.h"

#include <arpa/inet.h>
#include <sched.h>
#include <semaphore.h>

/* True when it was told so; false when it was closed without a word. */
static bool is_told(int client)
{
    struct client_answer answer;
    char byte;
    ssize_t peeked = recv(client, &byte, 1, MSG_PEEK);
    if (peeked <= 0)
        return false;
    client_read(client, false, &answer);
    assert_int_equal(answer.status, 503);
    client_expect_closed(client);
    return true;
}

static struct harness *crowded_open(int *only)
{
    struct http_limits limits = harness_limits();
    limits.connections_max = 1;
    struct harness *harness = harness_open(1, &limits);
    *only = client_open(harness);
    client_expect_open(*only);
    return harness;
}

/* Each makes room for the next: more than may be told at one time. */
static void all_who_come_one_after_another_are_told(void **state)
{
    (void)state;
    int only;
    struct harness *harness = crowded_open(&only);
    for (unsigned i = 0; i < HTTP_TURNED_AWAY_MAX + 6; i++) {
        int client = client_open(harness);
        assert_true(is_told(client));
        client_close(client);
        client_expect_open(only); /* the server has seen the end of the other by now */
        client_expect_open(only);
    }
    client_close(only);
    harness_close(harness);
}

static void only_so_many_are_told_at_one_time(void **state)
{
    (void)state;
    enum { CLIENTS_MAX = 4 * HTTP_TURNED_AWAY_MAX };
    int only;
    int clients[CLIENTS_MAX];
    unsigned opened = 0;
    struct harness *harness = crowded_open(&only);
    bool told = true;
    while (told && opened < CLIENTS_MAX) {
        clients[opened] = client_open(harness);
        told = is_told(clients[opened++]);
    }
    assert_false(told);
    assert_true(opened > HTTP_TURNED_AWAY_MAX);
    for (unsigned i = 0; i < opened; i++)
        client_close(clients[i]);
    client_expect_open(only);
    client_close(only);
    harness_close(harness);
}

/* Or the listener would be told of for ever: each of them finds the file that the loop keeps for that. */
static void who_finds_no_descriptor_is_closed_and_the_rest_is_served(void **state)
{
    (void)state;
    enum { CLIENTS = 3 };
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(1, &limits);
    int served = client_open(harness), late[CLIENTS];
    client_expect_open(served);
    for (size_t i = 0; i < CLIENTS; i++)
        late[i] = client_make();
    struct rlimit usual = open_files_limit(0);
    for (size_t i = 0; i < CLIENTS; i++) {
        client_connect(late[i], harness);
        client_expect_closed(late[i]);
        client_expect_open(served);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    for (size_t i = 0; i < CLIENTS; i++)
        client_close(late[i]);
    int client = client_open(harness);
    client_expect_open(client);
    client_close(client);
    client_close(served);
    harness_close(harness);
}

/* Not even that file can be had: who comes waits until there is one. */
static void who_cannot_be_closed_waits(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(1, &limits);
    int served = client_open(harness), late = client_make();
    client_expect_open(served);
    struct rlimit usual;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    struct rlimit none = {1, usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    client_connect(late, harness);
    client_expect_open(served); /* the loop has seen the other by now */
    client_expect_open(served);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    client_expect_open(late);
    client_close(late);
    client_close(served);
    harness_close(harness);
}

static struct peer peer_at(const char *written)
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;
    bool is_six = strchr(written, ':') != NULL;
    address.ss_family = is_six ? AF_INET6 : AF_INET;
    void *binary = is_six ? (void *)&six->sin6_addr : (void *)&four->sin_addr;
    assert_int_equal(inet_pton(address.ss_family, written, binary), 1);
    return peer_of(&address);
}

static bool is_same(const char *a, const char *b)
{
    struct peer first = peer_at(a);
    struct peer second = peer_at(b);
    return memcmp(&first, &second, sizeof(first)) == 0;
}

static void peers_are_addresses_or_networks_of_64_bits(void **state)
{
    (void)state;
    assert_true(is_same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_false(is_same("2001:db8:1:2::1", "2001:db8:1:3::1"));
    assert_true(is_same("2001:db8:1:2::", "2001:db8:1:2:8000::"));
    assert_false(is_same("192.0.2.1", "192.0.2.2"));
    assert_true(is_same("192.0.2.1", "::ffff:192.0.2.1"));
    assert_false(is_same("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
    assert_false(is_same("::1", "::ffff:0.0.0.1"));
}

static void a_peer_has_so_many_connections(void **state)
{
    (void)state;
    struct peer_counts *counts = peer_counts_open(10);
    assert_true(peer_counts_add(counts, peer_at("2001:db8::1"), 2));
    assert_true(peer_counts_add(counts, peer_at("2001:db8::2"), 2));
    assert_false(peer_counts_add(counts, peer_at("2001:db8::3"), 2));
    assert_true(peer_counts_add(counts, peer_at("2001:db8:0:1::1"), 2));
    assert_false(peer_counts_add(counts, peer_at("192.0.2.1"), 0));
    peer_counts_remove(counts, peer_at("2001:db8::2"));
    assert_true(peer_counts_add(counts, peer_at("2001:db8::3"), 2));
    assert_false(peer_counts_add(counts, peer_at("2001:db8::1"), 2));
    peer_counts_close(counts);
    peer_counts_close(NULL);
}

/* Keeps the loop's thread until it is let go. */
struct gate {
    struct http_task task;
    sem_t entered, opened;
};

static void gate_run(struct http_task *task)
{
    struct gate *gate = CONTAINER_OF(task, struct gate, task);
    check(sem_post(&gate->entered) == 0);
    check(sem_wait(&gate->opened) == 0);
}

static void nothing_run(struct http_task *task)
{
    (void)task;
}

static void *close_server(void *harness)
{
    http_server_close(((struct harness *)harness)->server);
    return NULL;
}

/* Until a further task waits behind the first. */
static void wait_for_stop_task(struct http_loop *loop, const struct http_task *first)
{
    bool is_there = false;
    while (!is_there) {
        check(pthread_mutex_lock(&loop->mailbox.lock) == 0);
        is_there = loop->mailbox.end != (struct http_task **)&first->next;
        check(pthread_mutex_unlock(&loop->mailbox.lock) == 0);
        (void)sched_yield();
    }
}

/* The kernel has taken the connection, the loop has not seen it yet, and the stop comes first:
 * the loop's wake is ready before its listener. */
static void client_who_waits_at_the_stop_is_answered(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(1, &limits);
    struct http_loop *loop = harness->server->loops[0];
    struct gate gate = {.task.run = gate_run};
    struct http_task nothing = {.run = nothing_run};
    pthread_t closing;
    assert_int_equal(sem_init(&gate.entered, 0, 0), 0);
    assert_int_equal(sem_init(&gate.opened, 0, 0), 0);
    http_loop_post(loop, &gate.task);
    assert_int_equal(sem_wait(&gate.entered), 0);
    http_loop_post(loop, &nothing);
    int client = client_open(harness);
    client_send(client, TEXT("GET /late HTTP/1.1\r\nHost: h\r\n\r\n"));
    assert_int_equal(pthread_create(&closing, NULL, close_server, harness), 0);
    wait_for_stop_task(loop, &nothing);
    assert_int_equal(sem_post(&gate.opened), 0);
    struct client_answer answer;
    client_read(client, false, &answer);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.body, "/late"));
    assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    client_expect_closed(client);
    client_close(client);
    assert_int_equal(pthread_join(closing, NULL), 0);
    harness_free(harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_who_come_one_after_another_are_told),
        cmocka_unit_test(only_so_many_are_told_at_one_time),
        cmocka_unit_test(who_finds_no_descriptor_is_closed_and_the_rest_is_served),
        cmocka_unit_test(who_cannot_be_closed_waits),
        cmocka_unit_test(peers_are_addresses_or_networks_of_64_bits),
        cmocka_unit_test(a_peer_has_so_many_connections),
        cmocka_unit_test(client_who_waits_at_the_stop_is_answered),
    };
    return cmocka_run_group_tests_name("http/crowd", tests, NULL, NULL);
}
