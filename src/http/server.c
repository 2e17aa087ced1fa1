#include "http/server.h"

#include "http/loop.h"

#include <signal.h>

static void *thread_run(void *loop)
{
    loop_run(loop);
    return NULL;
}

/* Signals are the main thread's, and a write to a closed socket is an error code, not SIGPIPE.
 * Those that report our own faults stay where they happen. */
static void loops_start(struct http_server *server)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
    sigset_t blocked;
    sigset_t before;
    sigfillset(&blocked);
    for (size_t i = 0; i < LENGTH_OF(faults); i++)
        sigdelset(&blocked, faults[i]);
    check(pthread_sigmask(SIG_SETMASK, &blocked, &before) == 0);
    for (size_t i = 0; i < server->loop_count; i++)
        check(pthread_create(&server->loops[i]->thread, NULL, thread_run, server->loops[i]) ==
              0);
    check(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
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
    opened->loop_count = options->threads;
    opened->loops = memory_take_zeroed(opened->loop_count, sizeof(struct http_loop *));
    for (size_t i = 0; i < opened->loop_count; i++)
        opened->loops[i] = loop_open(opened, sockets[i]);
    loops_start(opened);
    *server = opened;
    return STATUS_OK;
}

struct text http_server_address(const struct http_server *server)
{
    return server->address_text;
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

void http_server_close(struct http_server *server)
{
    if (!server)
        return;
    for (size_t i = 0; i < server->loop_count; i++)
        http_loop_post(server->loops[i], &server->loops[i]->stop);
    for (size_t i = 0; i < server->loop_count; i++)
        check(pthread_join(server->loops[i]->thread, NULL) == 0);
    drain(server);
    for (size_t i = 0; i < server->loop_count; i++)
        loop_close(server->loops[i]);
    peer_counts_close(server->peers);
    free(server->loops);
    free(server);
}
