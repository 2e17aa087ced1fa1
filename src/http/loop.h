/* loop: one thread of the server with its listening socket, connections, mailbox and timer. */
#pragma once

#include "base/buffer.h"
#include "base/instant.h"
#include "http/address.h"
#include "http/bounds.h"
#include "http/counts.h"
#include "http/deadlines.h"

#include <pthread.h>
#include <stdatomic.h>

struct connection;

struct http_server {
    struct http_server_options options;
    struct http_loop **loops;
    size_t loop_count;
    struct peer_counts *peers;
    atomic_uint connections;
    atomic_uint turned_away; /* over the limit and being told so; not counted above */
    char address[ADDRESS_TEXT_BYTES];
    struct text address_text;
};

/* Tasks on their way to a loop. Shared: its own lock, the lowest of the server's. */
struct mailbox {
    pthread_mutex_t lock;
    struct http_task *first;
    struct http_task **end;
    bool wakes; /* false once the loop's wake handle is being closed */
};

struct http_loop {
    struct http_server *server;
    pthread_t thread;
    uv_loop_t uv; /* timers, other threads' wakes, the listener */
    int epoll;    /* connections, and uv */
    uv_poll_t listener;
    uv_timer_t listener_rests; /* started: nobody could be accepted, and it is not watched */
    int listening;             /* its socket; -1: closed */
    int spare_file; /* closed to take a connection off the listener when there is no other; -1: none */
    uv_async_t wake;
    uv_timer_t stop_timer;
    struct mailbox mailbox;
    struct deadlines deadlines;
    struct http_task stop;

    struct connection *connections;
    size_t connection_count;
    struct connection *closed; /* since the last look: who is at work may still name them */
    struct loop_counts counts;
    uint64_t refusal_logged_ms; /* when the last of those that loop_refusal_says was */

    struct arena spare_arenas[HTTP_ARENAS_SPARE_MAX];
    size_t spare_arena_count;
    struct buffer answer_head; /* of the answer being sent, and what is copied behind it */
    bool date_is_known;        /* in this look */
    int64_t date_second;
    char date[INSTANT_TEXT_BYTES];
    struct text date_text;

    bool worked; /* something was received or a task was run in this look */
    bool in_turn;
    duration turn_began;
    bool stopping;
    bool spares_idle; /* stopping, but idle connections are left open for a last request */
    bool cutting;     /* the stop's time is up */
    char read_buffer[HTTP_READ_BUFFER_BYTES];
};

/* socket: bound and listening; the loop's from now on, closed when it fails. STATUS_IO when the
 * system has no descriptors left. */
enum status loop_open(struct http_server *server, int socket, struct http_loop **opened,
                      struct reason *reason);

/* The thread's life: returns when it was stopped and the last connection is gone. */
void loop_run(struct http_loop *loop);

/* Runs what is still in the mailbox; true when there was something. After loop_run has
 * returned, on the thread that joined it. */
bool loop_drain(struct http_loop *loop);

void loop_close(struct http_loop *loop);

/* The present moment for Date, RFC 9110 section 6.6.1; the clock is read once in a look for events. */
struct text loop_date(struct http_loop *loop);

/* An arena for one request, from the spare ones if there are any, and back. */
struct arena loop_arena_take(struct http_loop *loop);
void loop_arena_release(struct http_loop *loop, struct arena *arena);

/* Logs that a connection was refused, at most once a second a loop: it would otherwise be a line
 * a client. */
void loop_refusal_says(struct http_loop *loop, const char *sentence, const char *detail);

/* A connection is gone for good: ends the loop when it was the last of a stopped one. */
void loop_connection_gone(struct http_loop *loop);
