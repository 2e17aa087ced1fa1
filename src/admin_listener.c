#include "admin.h"
#include "admin_socket.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 65536
#define BACKLOG 16

/* A connection. Owned by the loop's thread; while is_running its buffers are a pool thread's. */
struct client {
    struct admin_listener *listener;
    uv_pipe_t pipe;
    uv_timer_t deadline;
    uv_write_t writing;
    struct pool_job job;
    struct buffer request;
    struct buffer answer;
    bool is_running;
    bool is_writing;
    bool closes_after; /* the answer */
    bool is_closing;
    unsigned open_handles;
    struct client *next_answered; /* under the listener's lock */
    struct client *next;          /* of all */
    struct client **link;
};

struct admin_listener {
    uv_pipe_t pipe;
    uv_async_t answered_signal;
    unsigned open_handles;
    bool is_closing;
    struct admin_context context;
    struct pool *pool;
    uint64_t read_timeout_ms;
    struct admin_address address;
    struct client *clients;
    size_t client_count;
    char read_room[READ_BYTES]; /* one read at a time: the loop is one thread */
    pthread_mutex_t lock;       /* over answered */
    struct client *answered;
};

/* ---- The end of a client and of the listener ---- */

static void listener_free_when_closed(uv_handle_t *handle)
{
    struct admin_listener *listener = handle->data;
    if (--listener->open_handles > 0)
        return;
    admin_address_close(&listener->address);
    check(pthread_mutex_destroy(&listener->lock) == 0);
    free(listener);
}

/* The signal is needed until the last verb has been answered. */
static void listener_end_when_idle(struct admin_listener *listener)
{
    uv_handle_t *handle = (uv_handle_t *)&listener->answered_signal;
    if (listener->is_closing && listener->client_count == 0 && !uv_is_closing(handle))
        uv_close(handle, listener_free_when_closed);
}

static void client_free_when_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    if (--client->open_handles > 0)
        return;
    struct admin_listener *listener = client->listener;
    *client->link = client->next;
    if (client->next)
        client->next->link = client->link;
    listener->client_count--;
    buffer_finish(&client->request);
    buffer_finish(&client->answer);
    free(client);
    listener_end_when_idle(listener);
}

/* Never while a verb runs: then nothing is read, and the answer's write tells what to do. */
static void client_close(struct client *client)
{
    check(!client->is_running);
    if (client->is_closing)
        return;
    client->is_closing = true;
    uv_close((uv_handle_t *)&client->pipe, client_free_when_closed);
    uv_close((uv_handle_t *)&client->deadline, client_free_when_closed);
}

static void deadline_passed(uv_timer_t *timer)
{
    client_close(timer->data);
}

static void deadline_set(struct client *client)
{
    check(uv_timer_start(&client->deadline, deadline_passed, client->listener->read_timeout_ms,
                         0) == 0);
}

/* ---- Request, verb, answer ---- */

static void client_read(struct client *client);

static void answer_written(uv_write_t *writing, int outcome)
{
    struct client *client = CONTAINER_OF(writing, struct client, writing);
    client->is_writing = false;
    buffer_clear(&client->request);
    buffer_clear(&client->answer);
    if (client->is_closing)
        return;
    if (outcome < 0 || client->closes_after || client->listener->is_closing)
        client_close(client);
    else
        client_read(client);
}

static void answer_write(struct client *client)
{
    buffer_append_byte(&client->answer, '\n');
    uv_buf_t bytes = uv_buf_init(client->answer.bytes, (unsigned)client->answer.length);
    client->is_writing = true;
    deadline_set(client);
    int outcome = uv_write(&client->writing, (uv_stream_t *)&client->pipe, &bytes, 1,
                           answer_written);
    if (outcome < 0) {
        client->is_writing = false;
        client_close(client);
    }
}

/* Both of these sentences are ASCII without anything to escape. */
static void refuse(struct client *client, enum status status, const char *sentence)
{
    client->closes_after = true;
    buffer_clear(&client->answer);
    buffer_append_format(&client->answer, "{\"status\":\"%s\",\"sentence\":\"%s\"}",
                         status_word(status), sentence);
    answer_write(client);
}

static void verb_run(struct pool_job *job)
{
    struct client *client = CONTAINER_OF(job, struct client, job);
    struct admin_listener *listener = client->listener;
    admin_run(&listener->context, buffer_text(&client->request), &client->answer);
    check(pthread_mutex_lock(&listener->lock) == 0);
    client->next_answered = listener->answered;
    listener->answered = client;
    /* Under the lock: once it is released, the loop may end the listener. */
    check(uv_async_send(&listener->answered_signal) == 0);
    check(pthread_mutex_unlock(&listener->lock) == 0);
}

static void verbs_answered(uv_async_t *signal)
{
    struct admin_listener *listener = signal->data;
    check(pthread_mutex_lock(&listener->lock) == 0);
    struct client *client = listener->answered;
    listener->answered = NULL;
    check(pthread_mutex_unlock(&listener->lock) == 0);
    while (client) {
        struct client *next = client->next_answered;
        client->is_running = false;
        answer_write(client);
        client = next;
    }
}

static void request_take(struct client *client)
{
    check(uv_read_stop((uv_stream_t *)&client->pipe) == 0);
    check(uv_timer_stop(&client->deadline) == 0);
    client->job.run = verb_run;
    client->is_running = true;
    if (pool_submit(client->listener->pool, &client->job) == STATUS_OK)
        return;
    client->is_running = false;
    refuse(client, STATUS_BUSY, "the server has too much to do: try again in a moment");
}

static void room_give(uv_handle_t *handle, size_t suggested, uv_buf_t *room)
{
    (void)suggested;
    struct client *client = handle->data;
    *room = uv_buf_init(client->listener->read_room, READ_BYTES);
}

static void bytes_arrived(uv_stream_t *stream, ssize_t length, const uv_buf_t *room)
{
    struct client *client = stream->data;
    if (length == 0)
        return;
    if (length < 0) {
        client_close(client);
        return;
    }
    struct text piece = {room->base, (size_t)length};
    size_t line_end = text_find(piece, '\n');
    buffer_append(&client->request, text_slice(piece, 0, line_end));
    if (line_end + 1 == piece.length && !client->request.overflowed) {
        request_take(client);
    } else if (line_end < piece.length || client->request.overflowed) {
        check(uv_read_stop(stream) == 0);
        refuse(client, STATUS_INVALID, "a request is one line of JSON, one at a time");
    }
}

static void client_read(struct client *client)
{
    deadline_set(client);
    check(uv_read_start((uv_stream_t *)&client->pipe, room_give, bytes_arrived) == 0);
}

/* ---- Coming and going ---- */

static struct client *client_make(struct admin_listener *listener)
{
    struct client *client = memory_take(sizeof(*client));
    *client = (struct client){.listener = listener, .open_handles = 2};
    buffer_init(&client->request, ADMIN_MESSAGE_BYTES_MAX);
    buffer_init_secret(&client->answer, ADMIN_MESSAGE_BYTES_MAX + 1); /* and the LF */
    check(uv_pipe_init(listener->pipe.loop, &client->pipe, 0) == 0);
    check(uv_timer_init(listener->pipe.loop, &client->deadline) == 0);
    client->pipe.data = client;
    client->deadline.data = client;
    client->next = listener->clients;
    client->link = &listener->clients;
    if (client->next)
        client->next->link = &client->next;
    listener->clients = client;
    listener->client_count++;
    return client;
}

static void client_arrived(uv_stream_t *stream, int outcome)
{
    struct admin_listener *listener = stream->data;
    if (outcome < 0) {
        log_line(LOG_WARNING, "admin", "a command could not connect: %s", uv_strerror(outcome));
        return;
    }
    struct client *client = client_make(listener);
    if (uv_accept(stream, (uv_stream_t *)&client->pipe) < 0)
        client_close(client);
    else if (listener->client_count > ADMIN_CLIENTS_MAX)
        refuse(client, STATUS_BUSY, "too many commands are at work: try again in a moment");
    else
        client_read(client);
}

/* What a killed owner left behind; nothing that is anybody else's. */
static enum status stale_socket_remove(const char *path, struct reason *reason)
{
    struct stat found;
    if (lstat(path, &found) != 0)
        return STATUS_OK; /* none, or bind will say what is wrong */
    if (!S_ISSOCK(found.st_mode))
        return reason_set(reason, STATUS_EXISTS,
                          "%s is in the way of the socket for commands: move it elsewhere",
                          path);
    if (unlink(path) == 0 || errno == ENOENT)
        return STATUS_OK;
    return reason_set(reason, STATUS_IO, "cannot remove the old socket %s: %s", path,
                      strerror(errno));
}

/* Mode 0600 before listening: until then nobody can connect, whatever the umask said. */
static enum status socket_bind(const struct admin_address *address, int *bound,
                               struct reason *reason)
{
    const char *path = address->socket.sun_path;
    TRY(stale_socket_remove(path, reason));
    int opened = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (opened < 0)
        return reason_set(reason, STATUS_IO, "cannot make a socket: %s", strerror(errno));
    if (bind(opened, (const struct sockaddr *)&address->socket, sizeof(address->socket)) != 0 ||
        chmod(path, 0600) != 0) {
        (void)reason_set(reason, STATUS_IO, "cannot listen for commands at %s: %s", path,
                         strerror(errno));
        check(close(opened) == 0);
        return STATUS_IO;
    }
    *bound = opened;
    return STATUS_OK;
}

static void listener_start(struct admin_listener *listener, uv_loop_t *loop, int bound)
{
    check(uv_pipe_init(loop, &listener->pipe, 0) == 0);
    check(uv_async_init(loop, &listener->answered_signal, verbs_answered) == 0);
    listener->pipe.data = listener;
    listener->answered_signal.data = listener;
    listener->open_handles = 2;
    check(uv_pipe_open(&listener->pipe, bound) == 0);
    check(uv_listen((uv_stream_t *)&listener->pipe, BACKLOG, client_arrived) == 0);
}

enum status admin_listener_open(uv_loop_t *loop, const struct admin_listener_options *options,
                                struct admin_listener **listener, struct reason *reason)
{
    struct admin_address address = {.folder = -1};
    TRY(admin_address_open(options->ledger_path, &address, reason));
    int bound = -1;
    enum status status = socket_bind(&address, &bound, reason);
    if (status != STATUS_OK) {
        admin_address_close(&address);
        return status;
    }
    struct admin_listener *opened = memory_take_zeroed(1, sizeof(*opened));
    opened->context = options->context;
    opened->pool = options->pool;
    opened->read_timeout_ms = options->read_timeout_ms;
    opened->address = address;
    check(pthread_mutex_init(&opened->lock, NULL) == 0);
    listener_start(opened, loop, bound);
    *listener = opened;
    return STATUS_OK;
}

void admin_listener_close(struct admin_listener *listener)
{
    if (!listener)
        return;
    listener->is_closing = true;
    (void)unlink(listener->address.socket.sun_path);
    uv_close((uv_handle_t *)&listener->pipe, listener_free_when_closed);
    for (struct client *client = listener->clients; client; client = client->next)
        if (!client->is_running && !client->is_writing)
            client_close(client);
    listener_end_when_idle(listener);
}
