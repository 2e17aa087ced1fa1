#include "http/server.h"

#include "http/loop.h"

#include <signal.h>
#include <unistd.h>

static void *thread_run(void *loop)
{
    loop_run(loop);
    return NULL;
}

/* A task may post to any loop: the mailboxes are empty when a whole round finds nothing. */
static void drain(struct http_server *server)
{
    bool found = true;
    while (found) {
        found = false;
        for (size_t i = 0; i < server->loop_count; i++)
            found |= loop_drain(server->loops[i]);
    }
}

/* Stops all loops. The first of them have threads; the others, after a start that failed, are
 * brought to their end here. */
static void loops_end(struct http_server *server, size_t thread_count)
{
    for (size_t i = 0; i < server->loop_count; i++)
        http_loop_post(server->loops[i], &server->loops[i]->stop);
    for (size_t i = 0; i < server->loop_count; i++) {
        if (i < thread_count)
            check(pthread_join(server->loops[i]->thread, NULL) == 0);
        else
            loop_run(server->loops[i]);
    }
    drain(server);
    for (size_t i = 0; i < server->loop_count; i++)
        loop_close(server->loops[i]);
    peer_counts_close(server->peers);
    free(server->loops);
    free(server);
}

/* Every socket becomes its loop's, or is closed. */
static enum status loops_open(struct http_server *server, const int *sockets,
                              struct reason *reason)
{
    size_t count = server->options.threads;
    server->loops = memory_take_zeroed(count, sizeof(struct http_loop *));
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count; i++) {
        if (status != STATUS_OK)
            check(close(sockets[i]) == 0);
        else
            status = loop_open(server, sockets[i], &server->loops[i], reason);
        server->loop_count += status == STATUS_OK;
    }
    if (status != STATUS_OK)
        loops_end(server, 0);
    return status;
}

/* Signals are the main thread's, and a write to a closed socket is an error code, not SIGPIPE.
 * Those that report our own faults stay where they happen. */
static enum status loops_start(struct http_server *server, struct reason *reason)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t blocked;
    sigset_t before;
    sigfillset(&blocked);
    for (size_t i = 0; i < LENGTH_OF(faults); i++)
        sigdelset(&blocked, faults[i]);
    int outcome = 0;
    size_t started = 0;
    check(pthread_sigmask(SIG_SETMASK, &blocked, &before) == 0);
    while (outcome == 0 && started < server->loop_count) {
        struct http_loop *loop = server->loops[started];
        outcome = pthread_create(&loop->thread, NULL, thread_run, loop);
        started += outcome == 0;
    }
    check(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (outcome == 0)
        return STATUS_OK;
    loops_end(server, started);
    return reason_set(reason, STATUS_IO, "a thread of the server cannot be started: %s",
                      strerror(outcome));
}

enum status http_server_open(const struct http_server_options *options,
                             struct http_server **server, struct reason *reason)
{
    struct sockaddr_storage address;
    socklen_t length;
    int sockets[HTTP_THREADS_MAX];
    if (options->threads < 1 || options->threads > HTTP_THREADS_MAX)
        return reason_set(reason, STATUS_INVALID, "threads must be 1 to %d, not %u.",
                          HTTP_THREADS_MAX, options->threads);
    TRY(address_read(options->listen, &address, &length, reason));
    TRY(address_listen(&address, length, sockets, options->threads, reason));
    struct http_server *opened = memory_take_zeroed(1, sizeof(*opened));
    opened->options = *options;
    opened->address_text = address_write(&address, opened->address);
    opened->peers = peer_counts_open(options->limits.connections_max);
    TRY(loops_open(opened, sockets, reason));
    TRY(loops_start(opened, reason));
    *server = opened;
    return STATUS_OK;
}

struct text http_server_address(const struct http_server *server)
{
    return server->address_text;
}

void http_server_close(struct http_server *server)
{
    if (server)
        loops_end(server, server->loop_count);
}
