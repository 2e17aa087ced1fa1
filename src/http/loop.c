#include "http/loop.h"

#include "base/limits.h"
#include "base/log.h"
#include "http/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

struct text loop_date(struct http_loop *loop)
{
    if (loop->date_is_known)
        return loop->date_text;
    loop->date_is_known = true;
    instant now = time_about(loop->server->options.time);
    if (instant_seconds(now) != loop->date_second) {
        loop->date_second = instant_seconds(now);
        loop->date_text = instant_http_date(now, loop->date);
    }
    return loop->date_text;
}

struct arena loop_arena_take(struct http_loop *loop)
{
    if (loop->spare_arena_count > 0) {
        struct arena spare = loop->spare_arenas[--loop->spare_arena_count];
        if (loop->spare_arena_count > 0)
            arena_expect(&loop->spare_arenas[loop->spare_arena_count - 1]);
        return spare;
    }
    const struct http_limits *limits = &loop->server->options.limits;
    size_t head_bytes = limits->request_line_bytes_max + limits->fields_bytes_max +
                        (limits->fields_max + 2) * sizeof(struct http_field);
    struct arena arena;
    arena_init(&arena, CALL_ARENA_BYTES_MAX + head_bytes);
    return arena;
}

void loop_arena_release(struct http_loop *loop, struct arena *arena)
{
    if (loop->spare_arena_count < HTTP_ARENAS_SPARE_MAX) {
        arena_reset(arena);
        loop->spare_arenas[loop->spare_arena_count++] = *arena;
    } else {
        arena_finish(arena);
    }
}

static struct http_task *mailbox_take(struct mailbox *mailbox)
{
    check(pthread_mutex_lock(&mailbox->lock) == 0);
    struct http_task *first = mailbox->first;
    mailbox->first = NULL;
    mailbox->end = &mailbox->first;
    check(pthread_mutex_unlock(&mailbox->lock) == 0);
    return first;
}

void http_loop_post(struct http_loop *loop, struct http_task *task)
{
    struct mailbox *mailbox = &loop->mailbox;
    task->next = NULL;
    check(pthread_mutex_lock(&mailbox->lock) == 0);
    bool wakes = mailbox->wakes && !mailbox->first;
    *mailbox->end = task;
    mailbox->end = &task->next;
    if (wakes)
        check(uv_async_send(&loop->wake) == 0);
    check(pthread_mutex_unlock(&mailbox->lock) == 0);
}

bool loop_drain(struct http_loop *loop)
{
    struct http_task *task = mailbox_take(&loop->mailbox);
    bool found = task != NULL;
    while (task) {
        struct http_task *next = task->next;
        memory_expect(next, sizeof(*next));
        task->run(task);
        task = next;
    }
    return found;
}

static void on_wake(uv_async_t *wake)
{
    struct http_loop *loop = wake->data;
    if (loop_drain(loop))
        loop->worked = true;
}

static void turn_begin(struct http_loop *loop)
{
    loop->in_turn = true;
    loop->turn_began = time_elapsed(loop->server->options.time);
}

static void turn_end(struct http_loop *loop)
{
    const struct http_receiver *receiver = &loop->server->options.receiver;
    loop->in_turn = false;
    if (receiver->turn_ended)
        receiver->turn_ended(receiver->owner, loop);
}

static bool turn_is_long(const struct http_loop *loop)
{
    duration now = time_elapsed(loop->server->options.time);
    return now.us - loop->turn_began.us >= HTTP_TURN_US;
}

/* Within a turn looking does not wait, so that one that finds nothing ends it. */
static void look_over(struct http_loop *loop)
{
    bool worked = loop->worked;
    loop->worked = loop->date_is_known = false;
    if (worked && !loop->in_turn)
        turn_begin(loop);
    else if (loop->in_turn && (!worked || turn_is_long(loop)))
        turn_end(loop);
}

#define LOOK_EVENTS_MAX 256

/* One look for events: of the connections, and of libuv, which is only asked when it is told of or due. */
static void look(struct http_loop *loop)
{
    struct epoll_event events[LOOK_EVENTS_MAX];
    int wait_ms = loop->in_turn ? 0 : uv_backend_timeout(&loop->uv);
    int count = epoll_wait(loop->epoll, events, LOOK_EVENTS_MAX, wait_ms);
    check(count >= 0 || errno == EINTR);
    uv_update_time(&loop->uv);
    bool is_told = false;
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == loop)
            is_told = true;
        else
            connection_ready(events[i].data.ptr, events[i].events);
    }
    if (is_told || uv_backend_timeout(&loop->uv) == 0)
        (void)uv_run(&loop->uv, UV_RUN_NOWAIT);
    look_over(loop);
    connections_let_go(loop);
}

void loop_refusal_says(struct http_loop *loop, const char *sentence, const char *detail)
{
    uint64_t now_ms = uv_now(&loop->uv);
    if (loop->refusal_logged_ms != 0 && now_ms - loop->refusal_logged_ms < 1000)
        return;
    loop->refusal_logged_ms = now_ms;
    log_line(LOG_WARNING, "http", "%s: %s", sentence, detail);
}

static int accept_one(struct http_loop *loop, struct sockaddr_storage *address)
{
    socklen_t length = sizeof(*address);
    return accept4(loop->listening, (struct sockaddr *)address, &length,
                   SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static int spare_file_open(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* By the descriptor that is kept for them, which another thread may take before it is got back. */
static void turn_the_waiting_away(struct http_loop *loop)
{
    struct sockaddr_storage address;
    if (loop->spare_file >= 0)
        check(close(loop->spare_file) == 0);
    for (unsigned i = 0; i < HTTP_BACKLOG; i++) {
        int accepted = accept_one(loop, &address);
        if (accepted < 0)
            break;
        (void)close(accepted);
        loop_count(&loop->counts.turned_away);
    }
    loop->spare_file = spare_file_open();
}

static void on_connection(uv_poll_t *listener, int outcome, int events);

static void on_listener_rested(uv_timer_t *timer)
{
    struct http_loop *loop = timer->data;
    if (loop->listening >= 0)
        check(uv_poll_start(&loop->listener, UV_READABLE, on_connection) == 0);
}

/* Nobody can be accepted: the listener would be told of without end. */
static void listener_rest(struct http_loop *loop)
{
    check(uv_poll_stop(&loop->listener) == 0);
    check(uv_timer_start(&loop->listener_rests, on_listener_rested, HTTP_ACCEPT_PAUSE_MS, 0) ==
          0);
}

static void accept_failed(struct http_loop *loop, int fault)
{
    loop_refusal_says(loop, "a connection could not be accepted", strerror(fault));
    bool lacks_files = fault == EMFILE || fault == ENFILE;
    if (lacks_files)
        turn_the_waiting_away(loop);
    if (!lacks_files || loop->spare_file < 0)
        listener_rest(loop);
}

static void accept_the_waiting(struct http_loop *loop)
{
    if (loop->spare_file < 0)
        loop->spare_file = spare_file_open();
    for (unsigned i = 0; i < HTTP_BACKLOG; i++) {
        struct sockaddr_storage address;
        int accepted = accept_one(loop, &address);
        if (accepted >= 0) {
            connection_adopt(loop, accepted, &address);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN)
                accept_failed(loop, errno);
            return;
        }
    }
}

static void on_connection(uv_poll_t *listener, int outcome, int events)
{
    (void)outcome;
    (void)events;
    accept_the_waiting(listener->data);
}

static void listener_close(struct http_loop *loop)
{
    if (loop->listening < 0)
        return;
    uv_close((uv_handle_t *)&loop->listener, NULL);
    check(close(loop->listening) == 0);
    loop->listening = -1;
}

static void close_handles(struct http_loop *loop)
{
    check(pthread_mutex_lock(&loop->mailbox.lock) == 0);
    loop->mailbox.wakes = false;
    check(pthread_mutex_unlock(&loop->mailbox.lock) == 0);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->stop_timer, NULL);
    uv_close((uv_handle_t *)&loop->listener_rests, NULL);
    uv_close((uv_handle_t *)&loop->deadlines.timer, NULL);
}

void loop_connection_gone(struct http_loop *loop)
{
    if (loop->stopping && loop->connection_count == 0)
        close_handles(loop);
}

static void on_stop_deadline(uv_timer_t *timer)
{
    struct http_loop *loop = timer->data;
    loop->cutting = true;
    struct connection *connection = loop->connections;
    for (; connection; connection = connection->next)
        connection_cut(connection);
}

static void stop_after(struct http_loop *loop, uv_timer_cb next, int64_t ms)
{
    check(uv_timer_start(&loop->stop_timer, next, ms > 0 ? (uint64_t)ms : 0, 0) == 0);
}

static void on_idle_spared(uv_timer_t *timer)
{
    struct http_loop *loop = timer->data;
    stop_after(loop, on_stop_deadline, loop->server->options.limits.stop_timeout_ms);
    loop->spares_idle = false;
    struct connection *connection = loop->connections;
    for (; connection; connection = connection->next)
        connection_stop(connection);
}

/* Clients that wait at the listener have been promised a connection by the kernel; closing the
 * listener would reset them. Those that arrive meanwhile are not waited for. */
static void stop(struct http_task *task)
{
    struct http_loop *loop = CONTAINER_OF(task, struct http_loop, stop);
    int64_t idle_ms = loop->server->options.limits.stop_idle_ms;
    accept_the_waiting(loop);
    listener_close(loop);
    loop->stopping = true;
    loop->spares_idle = idle_ms > 0;
    if (loop->spares_idle)
        stop_after(loop, on_idle_spared, idle_ms);
    else
        on_idle_spared(&loop->stop_timer);
    loop_connection_gone(loop);
}

static enum status fault(struct reason *reason, int outcome)
{
    return reason_set(reason, STATUS_IO, "a thread's event loop cannot be made: %s",
                      uv_strerror(outcome));
}

/* The socket becomes the listener's, or is closed. */
static int listener_open(struct http_loop *loop, int socket)
{
    int outcome = uv_poll_init(&loop->uv, &loop->listener, socket);
    if (outcome != 0) {
        check(close(socket) == 0);
        return outcome;
    }
    loop->listener.data = loop;
    loop->listening = socket;
    loop->spare_file = spare_file_open();
    if (loop->spare_file < 0)
        return uv_translate_sys_error(errno);
    return uv_poll_start(&loop->listener, UV_READABLE, on_connection);
}

static int epoll_open(struct http_loop *loop)
{
    struct epoll_event of_uv = {.events = EPOLLIN, .data.ptr = loop};
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    bool ok = loop->epoll >= 0 &&
              epoll_ctl(loop->epoll, EPOLL_CTL_ADD, uv_backend_fd(&loop->uv), &of_uv) == 0;
    return ok ? 0 : uv_translate_sys_error(errno);
}

/* Every handle but the listener's is initialized, and may be closed, whatever the outcome. */
static int handles_init(struct http_loop *loop, int socket)
{
    check(uv_timer_init(&loop->uv, &loop->stop_timer) == 0);
    check(uv_timer_init(&loop->uv, &loop->listener_rests) == 0);
    deadlines_init(&loop->deadlines, &loop->uv, &loop->server->options.limits,
                   connection_deadline_passed);
    loop->wake.data = loop->stop_timer.data = loop->listener_rests.data = loop;
    int outcome = listener_open(loop, socket);
    return outcome == 0 ? epoll_open(loop) : outcome;
}

/* What loop_open made before it failed. */
static void abandon(struct http_loop *loop)
{
    listener_close(loop);
    close_handles(loop);
    check(uv_run(&loop->uv, UV_RUN_DEFAULT) == 0);
    loop_close(loop);
}

static struct http_loop *loop_new(struct http_server *server)
{
    struct http_loop *loop = memory_take_zeroed(1, sizeof(*loop));
    loop->server = server;
    loop->stop.run = stop;
    loop->date_second = INT64_MIN;
    loop->epoll = loop->listening = loop->spare_file = -1;
    buffer_init(&loop->answer_head, HTTP_ANSWER_HEAD_BYTES_MAX);
    check(pthread_mutex_init(&loop->mailbox.lock, NULL) == 0);
    loop->mailbox.end = &loop->mailbox.first;
    loop->mailbox.wakes = true;
    return loop;
}

static void loop_free(struct http_loop *loop)
{
    if (loop->spare_file >= 0)
        check(close(loop->spare_file) == 0);
    if (loop->epoll >= 0)
        check(close(loop->epoll) == 0);
    for (size_t i = 0; i < loop->spare_arena_count; i++)
        arena_finish(&loop->spare_arenas[i]);
    buffer_finish(&loop->answer_head);
    pthread_mutex_destroy(&loop->mailbox.lock);
    free(loop);
}

enum status loop_open(struct http_server *server, int socket, struct http_loop **opened,
                      struct reason *reason)
{
    struct http_loop *loop = loop_new(server);
    int outcome = uv_loop_init(&loop->uv);
    if (outcome != 0) {
        check(close(socket) == 0);
        loop_free(loop);
        return fault(reason, outcome);
    }
    check(uv_async_init(&loop->uv, &loop->wake, on_wake) == 0); /* uv_loop_init made its pipe */
    outcome = handles_init(loop, socket);
    if (outcome != 0) {
        abandon(loop);
        return fault(reason, outcome);
    }
    *opened = loop;
    return STATUS_OK;
}

void loop_run(struct http_loop *loop)
{
    while (uv_loop_alive(&loop->uv))
        look(loop);
}

void loop_close(struct http_loop *loop)
{
    check(uv_loop_close(&loop->uv) == 0);
    loop_free(loop);
}
