/* harness: a server with a plain receiver, and a client that sends raw bytes to it.
 *
 * The receiver answers 200 with a line that says what it understood, unless the path is one of
 *   /held        kept until harness_release
 *   /thread      answered by another thread through http_loop_post
 *   /big         HARNESS_BIG_BYTES bytes: harness->big
 *   /pieces/N    the first N + HARNESS_SHORT_BYTES of them, in four pieces: N is the second one's length
 *   /status/NNN  that status with a body
 *   /peer        the client's address
 *   /close       200, then the connection closes
 * The server's own refusals are answered with their status and sentence. */
#pragma once

#include "base/instant.h"
#include "http/server.h"
#include "support/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#define HARNESS_BIG_BYTES (24 * 1024 * 1024)
#define HARNESS_SHORT_BYTES                                                                    \
    (100 + 200 + 300) /* the first, third and fourth piece of /pieces/N */
#define HARNESS_PATIENCE_MS 20000

/* An exchange that waits for harness_release. */
struct held {
    struct http_task task;
    struct held *next;
    struct http_exchange *exchange;
    struct http_loop *loop;
};

struct harness {
    struct http_server *server;
    uint16_t port;
    atomic_uint received;
    atomic_uint refused;
    atomic_uint released; /* bodies of /big */
    atomic_uint turns;
    pthread_mutex_t lock;
    struct held *held;
    char *big; /* 89 letters over and over: what stands at a wrong place differs */
};

/* Limits that a test may change before harness_open. */
struct http_limits harness_limits(void);
struct harness *harness_open(unsigned threads, const struct http_limits *limits);
void harness_close(struct harness *harness);
/* The half of it that remains after a test has called http_server_close. */
void harness_free(struct harness *harness);

/* Waits until that many exchanges are held. */
void harness_wait_held(struct harness *harness, unsigned count);
void harness_wait(atomic_uint *counter, unsigned at_least);
/* Answers all that are held. */
void harness_release(struct harness *harness);

/* From now on that many more files may be opened, until setrlimit(RLIMIT_NOFILE) with what is returned: the limit before. */
struct rlimit open_files_limit(unsigned more);

struct client_answer {
    unsigned status;
    char head[8192];
    char body[65536]; /* its beginning, NUL at its end */
    size_t body_bytes;
};

int client_open(const struct harness *harness);
/* The same in two steps. */
int client_make(void);
void client_connect(int client, const struct harness *harness);
void client_close(int client);
void client_send(int client, struct text bytes);
/* False when the other side does not take it. */
bool client_try_send(int client, struct text bytes);
/* Reads one answer; fails the test when none comes. No body is expected after head_only. */
void client_read(int client, bool head_only, struct client_answer *answer);
/* What the other side does next: it closes (or resets, which is told apart). */
enum client_end { CLIENT_CLOSED, CLIENT_RESET, CLIENT_MORE };
enum client_end client_end(int client);
/* Closed, and before that nothing but the end of the stream. */
void client_expect_closed(int client);
/* Still usable: a further request is answered. */
void client_expect_open(int client);
