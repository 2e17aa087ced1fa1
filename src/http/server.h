/* server: HTTP/1.1 on epoll, libuv and llhttp, one loop a thread, every syntax rule kept (RFC 9112).
 *
 * Each loop thread owns its connections and their exchanges; one exchange a connection is in
 * flight at a time, and pipelined requests are answered in order. A receiver gets an exchange
 * on its loop's thread and owes it exactly one answer, at once or later, always on that thread
 * (http_loop_post brings a piece of work there). An exchange outlives a client that hangs up:
 * it must still be answered, and the answer is then dropped.
 *
 * Deadlines are counted by the loop's own clock (uv_now), Date by options.time. */
#pragma once

#include "base/arena.h"
#include "base/instant.h"
#include "base/reason.h"
#include "http/message.h"

struct http_server;
struct http_loop;
struct http_exchange;

/* Connections over the limit that are told so at one time; past it they are closed without a
 * word, because the telling takes a descriptor, memory and up to HTTP_LINGER_MS as well. */
#define HTTP_TURNED_AWAY_MAX 64

/* Descriptors that each thread takes for itself: its loop's and libuv's, its listening socket, and one to spare. */
#define HTTP_THREAD_FILES 8

struct http_limits {
    size_t request_line_bytes_max;        /* 414 past it */
    size_t fields_bytes_max;              /* all header lines together; 431 past it */
    size_t fields_max;                    /* count of header lines; 431 past it */
    size_t body_bytes_max;                /* 413 past it */
    unsigned connections_max;             /* of the whole server; 503 past it */
    unsigned connections_per_address_max; /* 503 past it; IPv6 by networks of 64 bits */
    int64_t head_timeout_ms;  /* from the first byte to the end of the head; 408 past it */
    int64_t body_timeout_ms;  /* from the end of the head to the end of the body; 408 past it */
    int64_t idle_timeout_ms;  /* between requests; closed silently */
    int64_t write_timeout_ms; /* without a byte taken by the client, or HTTP_WRITE_TIMEOUTS_MAX
                               * of them within one answer; cut */
    int64_t stop_timeout_ms;  /* how long http_server_close lets clients finish */
    int64_t stop_idle_ms;     /* how long it leaves idle connections open before that, so that a
                               * proxy's next request on one meets no closed socket; 0: not */
};

struct http_receiver {
    /* A whole, well-formed request. */
    void (*receive)(void *owner, struct http_exchange *exchange);
    /* A request that the server itself refuses (400, 408, 413, 414, 417, 431, 501, 503, 505):
     * answer with this status, at once or later. sentence says what is wrong and lives for
     * ever. Of the request only peer_address is sure; what was not read is empty. The server
     * closes the connection afterwards. */
    void (*refuse)(void *owner, struct http_exchange *exchange, unsigned status,
                   struct text sentence);
    /* When a loop has received requests or run tasks, and before it rests; on a loop that does
     * not come to rest, once in a while, see bounds.h. What a turn's requests have in common is
     * best done then. May be NULL. */
    void (*turn_ended)(void *owner, struct http_loop *loop);
    void *owner;
};

struct http_server_options {
    struct text listen; /* "127.0.0.1:8080", "[::1]:8080"; port 0 picks a free one */
    unsigned threads;   /* at least 1 */
    const struct time_source *time;
    struct http_limits limits;
    struct http_receiver receiver;
};

/* Binds once without SO_REUSEPORT, so that an address in use is told from our own loops, then
 * starts the loop threads. Returns when connections are accepted. */
enum status http_server_open(const struct http_server_options *options,
                             struct http_server **server, struct reason *reason);

/* The address it really listens on, "127.0.0.1:34567"; lives as long as the server. */
struct text http_server_address(const struct http_server *server);

/* Stops accepting, closes idle connections, lets requests and answers in flight finish (with
 * Connection: close), joins the threads and frees everything; NULL is fine. Idle connections have
 * stop_idle_ms first, and stop_timeout_ms later the clients that are still there are cut. Exchanges are not: it blocks until
 * the owner has answered each, and runs every task that was posted before it returns. */
void http_server_close(struct http_server *server);

/* Of an exchange; on its loop's thread. */
const struct http_request *http_exchange_request(const struct http_exchange *exchange);
/* What is taken from it lives until the answer has been sent. */
struct arena *http_exchange_arena(struct http_exchange *exchange);
struct http_loop *http_exchange_loop(struct http_exchange *exchange);

/* Hands over the one answer; the exchange is gone afterwards. */
void http_exchange_answer(struct http_exchange *exchange, const struct http_answer *answer);

/* A piece of work for a loop's thread; its memory is the poster's until run is called. */
struct http_task {
    void (*run)(struct http_task *task);
    struct http_task *next; /* the loop's own */
};

/* From any thread; never blocks; tasks run in the order in which they were posted. Every posted
 * task is run, also while the server stops. */
void http_loop_post(struct http_loop *loop, struct http_task *task);
