#include "http/connection.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void list_add(struct connection *connection)
{
    struct http_loop *loop = connection->loop;
    connection->next = loop->connections;
    if (connection->next)
        connection->next->previous = connection;
    loop->connections = connection;
    loop->connection_count++;
}

static void list_remove(struct connection *connection)
{
    struct http_loop *loop = connection->loop;
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        loop->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    loop->connection_count--;
}

/* Edges are enough for reading: what is told of is read to its end, or asked for anew. One read stops short of an end that came with
 * the bytes, and of an urgent mark among them (tcp(7)). */
#define WATCH_SHORT (EPOLLRDHUP | EPOLLPRI)
#define WATCH_READING (EPOLLIN | WATCH_SHORT | EPOLLET)

/* NULL: the loop cannot watch the socket, which is closed. */
static struct connection *connection_new(struct http_loop *loop, int socket)
{
    const struct http_limits *limits = &loop->server->options.limits;
    struct connection *connection = memory_take_zeroed(1, sizeof(*connection));
    connection->watched = WATCH_READING;
    struct epoll_event event = {.events = connection->watched, .data.ptr = connection};
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, socket, &event) != 0) {
        loop_refusal_says(loop, "a connection could not be accepted", strerror(errno));
        loop_count(&loop->counts.turned_away);
        (void)close(socket);
        free(connection);
        return NULL;
    }
    connection->socket = socket;
    connection->rests_end = &connection->rests;
    connection->loop = loop;
    buffer_init(&connection->stash, HTTP_STASH_BYTES_MAX + HTTP_READ_BUFFER_BYTES +
                                        limits->request_line_bytes_max +
                                        limits->fields_bytes_max);
    connection->peer_text = TEXT("unknown");
    list_add(connection);
    return connection;
}

/* Counts the connection, or says that it is one too many. */
static bool is_within_limits(struct connection *connection)
{
    struct http_server *server = connection->loop->server;
    const struct http_limits *limits = &server->options.limits;
    if (atomic_fetch_add(&server->connections, 1) < limits->connections_max) {
        if (peer_counts_add(server->peers, connection->peer,
                            limits->connections_per_address_max))
            return true;
        loop_refusal_says(connection->loop, "an address has as many connections as one may",
                          connection->peer_room);
    } else {
        char most[16];
        (void)snprintf(most, sizeof(most), "%u", limits->connections_max);
        loop_refusal_says(connection->loop, "as many connections are open as may be", most);
    }
    atomic_fetch_sub(&server->connections, 1);
    return false;
}

static void turn_away(struct connection *connection)
{
    connection->turned_away = true;
    loop_count(&connection->loop->counts.turned_away);
    if (atomic_fetch_add(&connection->loop->server->turned_away, 1) >= HTTP_TURNED_AWAY_MAX) {
        connection_close(connection);
        return;
    }
    connection->advancing = true;
    connection_refuse(connection, (struct http_refusal){
                                      503, TEXT("Too many connections are open; use fewer, or "
                                                "try again later.")});
    connection->advancing = false;
}

void connection_adopt(struct http_loop *loop, int socket,
                      const struct sockaddr_storage *address)
{
    struct connection *connection = connection_new(loop, socket);
    if (!connection)
        return;
    connection->peer = peer_of(address);
    connection->peer_text = address_write_host(address, connection->peer_room);
    connection_enter(connection, STAGE_IDLE);
    if (is_within_limits(connection))
        loop_count(&connection->loop->counts.accepted);
    else
        turn_away(connection);
    connection_advance(connection, TEXT(""));
}

/* An error is told of a socket that its client has reset: what he had sent and was not read is dropped. */
void connection_ready(struct connection *connection, uint32_t events)
{
    if (connection->stage == STAGE_CLOSED)
        return;
    if (events & EPOLLERR) {
        connection_close(connection);
        return;
    }
    if (events & EPOLLOUT)
        connection_write_on(connection);
    if ((events & (EPOLLIN | WATCH_SHORT | EPOLLHUP)) && connection->reading &&
        connection->stage != STAGE_CLOSED)
        connection_read_on(connection, (events & (WATCH_SHORT | EPOLLHUP)) != 0);
}

void connection_watch(struct connection *connection)
{
    uint32_t wanted = connection->reading ? WATCH_READING : EPOLLET;
    if (connection->rests) /* a mark would be told of again and again */
        wanted = (wanted & ~(EPOLLET | (uint32_t)EPOLLPRI)) | EPOLLOUT;
    if (wanted == connection->watched || connection->stage == STAGE_CLOSED)
        return;
    connection->watched = wanted;
    struct epoll_event event = {.events = wanted, .data.ptr = connection};
    check(epoll_ctl(connection->loop->epoll, EPOLL_CTL_MOD, connection->socket, &event) == 0);
}

void connection_enter(struct connection *connection, enum stage stage)
{
    connection->stage = stage;
    connection->stage_entered = true;
}

void connection_close(struct connection *connection)
{
    if (connection->stage == STAGE_CLOSED)
        return;
    connection_enter(connection, STAGE_CLOSED);
    deadline_set(&connection->loop->deadlines, &connection->deadline, DEADLINE_NONE);
    connection_rests_drop(connection);
    (void)close(connection->socket);
    connection->closed_next = connection->loop->closed;
    connection->loop->closed = connection;
}

void connections_let_go(struct http_loop *loop)
{
    while (loop->closed) {
        struct connection *connection = loop->closed;
        loop->closed = connection->closed_next;
        connection->socket_gone = true;
        connection_free_when_over(connection);
    }
}

void connection_free_when_over(struct connection *connection)
{
    struct http_loop *loop = connection->loop;
    if (!connection->socket_gone || connection->unanswered)
        return;
    connection_exchange_end(connection);
    buffer_finish(&connection->stash);
    if (connection->turned_away) {
        atomic_fetch_sub(&loop->server->turned_away, 1);
    } else {
        peer_counts_remove(loop->server->peers, connection->peer);
        atomic_fetch_sub(&loop->server->connections, 1);
    }
    list_remove(connection);
    free(connection);
    loop_connection_gone(loop);
}

static void refuse_late(struct connection *connection, struct text sentence)
{
    connection->advancing = true;
    connection_refuse(connection, (struct http_refusal){408, sentence});
    connection->advancing = false;
    connection_advance(connection, TEXT(""));
}

size_t connection_untaken_bytes(const struct connection *connection)
{
    int in_kernel = 0;
    if (ioctl(connection->socket, SIOCOUTQ, &in_kernel) != 0 || in_kernel < 0)
        in_kernel = 0;
    return connection_rests_bytes(connection) + (size_t)in_kernel;
}

/* Patience starts anew whenever the client has taken something since the last look, but not for
 * ever. */
static void look_at_write(struct connection *connection)
{
    size_t untaken = connection_untaken_bytes(connection);
    if (untaken >= connection->untaken_seen ||
        ++connection->write_looks >= HTTP_WRITE_TIMEOUTS_MAX) {
        connection_close(connection);
        return;
    }
    connection->untaken_seen = untaken;
    deadline_set(&connection->loop->deadlines, &connection->deadline, DEADLINE_WRITE);
}

void connection_deadline_passed(struct deadline *deadline, enum deadline_kind kind)
{
    struct connection *connection = CONTAINER_OF(deadline, struct connection, deadline);
    switch (kind) {
    case DEADLINE_HEAD:
        refuse_late(connection, TEXT("The request's head took too long to arrive."));
        break;
    case DEADLINE_BODY:
        refuse_late(connection, TEXT("The request's body took too long to arrive."));
        break;
    case DEADLINE_WRITE: look_at_write(connection); break;
    case DEADLINE_IDLE:
    case DEADLINE_LINGER: connection_close(connection); break;
    case DEADLINE_NONE:
    case DEADLINE_KINDS: check(false);
    }
}

/* A request that is in the kernel already is read in the next turn, and answered. */
void connection_stop(struct connection *connection)
{
    char byte;
    if (connection->stage == STAGE_IDLE && !connection->loop->spares_idle &&
        recv(connection->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0)
        connection_close(connection);
}

void connection_cut(struct connection *connection)
{
    if (!connection->unanswered)
        connection_close(connection);
}
