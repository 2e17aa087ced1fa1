/* raw_loop: answers every request with the same bytes: what the sockets alone cost.
 *
 * usage: raw_loop PORT ANSWER_FILE -- one thread, epoll, keep-alive; the file holds head and body.
 * A peer of the benchmark and nothing else: it reads no request beyond its empty line. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 512
#define ANSWER_BYTES_MAX (1024 * 1024)
#define CONNECTIONS_MAX 65536

static char answer[ANSWER_BYTES_MAX];
static size_t answer_bytes;
static size_t sent[CONNECTIONS_MAX]; /* of the answer under way; 0: none */

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void answer_load(const char *file)
{
    FILE *stream = fopen(file, "rb");
    if (!stream)
        fail(file);
    answer_bytes = fread(answer, 1, sizeof(answer), stream);
    (void)fclose(stream);
}

static int listener_open(const char *port)
{
    int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)atoi(port)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, 1024) != 0)
        fail("listen");
    return listener;
}

static void answer_go_on(int connection)
{
    while (sent[connection] < answer_bytes) {
        ssize_t count = write(connection, answer + sent[connection],
                              answer_bytes - sent[connection]);
        if (count <= 0)
            return;
        sent[connection] += (size_t)count;
    }
    sent[connection] = 0;
}

static void connection_turn(int connection)
{
    static char request[65536];
    if (sent[connection] > 0) {
        answer_go_on(connection);
        return;
    }
    ssize_t count = read(connection, request, sizeof(request));
    if (count == 0 || (count < 0 && errno != EAGAIN)) {
        (void)close(connection);
        return;
    }
    if (count >= 4 && memcmp(request + count - 4, "\r\n\r\n", 4) == 0)
        answer_go_on(connection);
}

static void accept_all(int poll, int listener)
{
    int connection;
    while ((connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        int on = 1;
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET,
                                    .data.fd = connection};
        if (connection >= CONNECTIONS_MAX) {
            (void)close(connection);
            continue;
        }
        sent[connection] = 0;
        (void)setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        (void)epoll_ctl(poll, EPOLL_CTL_ADD, connection, &event);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: raw_loop PORT ANSWER_FILE\n");
        return 2;
    }
    answer_load(argv[2]);
    int listener = listener_open(argv[1]);
    int poll = epoll_create1(0);
    struct epoll_event events[EVENTS_MAX];
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    (void)epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(poll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                accept_all(poll, listener);
            else
                connection_turn(events[i].data.fd);
        }
    }
}
