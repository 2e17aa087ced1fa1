#include "upstream.h"

#include <arpa/inet.h>

struct upstream_visit {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    struct upstream *upstream;
    struct upstream_visit *next;
    const struct upstream_play *play;
    size_t dripped;
    size_t read_bytes;
    unsigned open_handles;
    char read[65536];
};

static void on_closed(uv_handle_t *closed)
{
    struct upstream_visit *visit = closed->data;
    visit->open_handles--;
    if (visit->open_handles == 0)
        free(visit);
}

static void leave(struct upstream_visit *visit)
{
    struct upstream_visit **place = &visit->upstream->visits;
    while (*place && *place != visit)
        place = &(*place)->next;
    if (!*place)
        return;
    *place = visit->next;
    uv_close((uv_handle_t *)&visit->timer, on_closed);
    if (!uv_is_closing((uv_handle_t *)&visit->tcp))
        uv_close((uv_handle_t *)&visit->tcp, on_closed);
}

static void send_bytes(struct upstream_visit *visit, struct text bytes, uv_write_cb then)
{
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes.at, (unsigned)bytes.length);
    if (uv_write(&visit->write, (uv_stream_t *)&visit->tcp, &buffer, 1, then) != 0)
        leave(visit);
}

static void on_repeated(uv_write_t *write, int status)
{
    struct upstream_visit *visit = CONTAINER_OF(write, struct upstream_visit, write);
    if (status != 0)
        leave(visit);
    else
        send_bytes(visit, visit->play->piece, on_repeated);
}

static void on_dripped(uv_write_t *write, int status)
{
    if (status != 0)
        leave(CONTAINER_OF(write, struct upstream_visit, write));
}

static void on_drip(uv_timer_t *timer)
{
    struct upstream_visit *visit = timer->data;
    struct text piece = visit->play->piece;
    size_t place = visit->dripped++ % piece.length;
    send_bytes(visit, text_slice(piece, place, place + 1), on_dripped);
}

static void on_opened(uv_write_t *write, int status)
{
    struct upstream_visit *visit = CONTAINER_OF(write, struct upstream_visit, write);
    if (status != 0) {
        leave(visit);
        return;
    }
    switch (visit->play->end) {
    case UPSTREAM_WAITS: return;
    case UPSTREAM_CLOSES: leave(visit); return;
    case UPSTREAM_RESETS:
        check(uv_tcp_close_reset(&visit->tcp, on_closed) == 0);
        leave(visit);
        return;
    case UPSTREAM_REPEATS: on_repeated(write, 0); return;
    case UPSTREAM_DRIPS: check(uv_timer_start(&visit->timer, on_drip, 10, 10) == 0); return;
    }
}

static const struct upstream_play *find_play(const struct upstream *upstream, struct text head)
{
    struct text rest = head;
    (void)text_cut(&rest, ' ');
    struct text path = text_cut(&rest, ' ');
    path = text_slice(path, 0, text_find(path, '?'));
    const struct upstream_play *play = upstream->plays;
    while (play->path && !text_equals(path, text_of(play->path)))
        play++;
    check(play->path);
    return play;
}

/* Bytes of the first whole request, or 0. */
static size_t request_bytes(const struct upstream_visit *visit)
{
    const char *end = memmem(visit->read, visit->read_bytes, "\r\n\r\n", 4);
    const char *length = memmem(visit->read, visit->read_bytes, "Content-Length: ", 16);
    int64_t body = 0;
    if (!end)
        return 0;
    if (length && length < end) {
        struct text rest = {length + 16, (size_t)(end - length) - 16};
        check(text_read_integer(text_cut(&rest, '\r'), &body) == STATUS_OK);
    }
    size_t whole = (size_t)(end - visit->read) + 4 + (size_t)body;
    return whole <= visit->read_bytes ? whole : 0;
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    (void)buffer;
    struct upstream_visit *visit = stream->data;
    struct upstream *upstream = visit->upstream;
    if (count < 0) {
        leave(visit);
        return;
    }
    visit->read_bytes += (size_t)count;
    size_t whole = request_bytes(visit);
    if (whole == 0)
        return;
    check(whole == visit->read_bytes); /* no pipelining */
    memcpy(upstream->asked, visit->read, whole);
    upstream->asked[whole] = '\0';
    upstream->requests++;
    visit->read_bytes = 0;
    visit->play = find_play(upstream, (struct text){visit->read, whole});
    send_bytes(visit, visit->play->opening, on_opened);
}

static void on_room(uv_handle_t *stream, size_t suggested, uv_buf_t *buffer)
{
    (void)suggested;
    struct upstream_visit *visit = stream->data;
    check(visit->read_bytes < sizeof(visit->read) - 1);
    *buffer = uv_buf_init(visit->read + visit->read_bytes,
                          (unsigned)(sizeof(visit->read) - 1 - visit->read_bytes));
}

static void on_visit(uv_stream_t *listener, int status)
{
    struct upstream *upstream = listener->data;
    check(status == 0);
    struct upstream_visit *visit = memory_take_zeroed(1, sizeof(*visit));
    visit->upstream = upstream;
    visit->tcp.data = visit;
    visit->timer.data = visit;
    visit->open_handles = 2;
    visit->next = upstream->visits;
    upstream->visits = visit;
    upstream->connections++;
    check(uv_timer_init(upstream->loop, &visit->timer) == 0);
    check(uv_tcp_init(upstream->loop, &visit->tcp) == 0);
    check(uv_accept(listener, (uv_stream_t *)&visit->tcp) == 0);
    check(uv_read_start((uv_stream_t *)&visit->tcp, on_room, on_read) == 0);
}

void upstream_open(struct upstream *upstream, uv_loop_t *loop,
                   const struct upstream_play *plays)
{
    struct sockaddr_in address;
    int length = sizeof(address);
    memset(upstream, 0, sizeof(*upstream));
    upstream->loop = loop;
    upstream->plays = plays;
    upstream->listener.data = upstream;
    check(uv_ip4_addr("127.0.0.1", 0, &address) == 0);
    check(uv_tcp_init(loop, &upstream->listener) == 0);
    check(uv_tcp_bind(&upstream->listener, (const struct sockaddr *)&address, 0) == 0);
    check(uv_listen((uv_stream_t *)&upstream->listener, 128, on_visit) == 0);
    check(uv_tcp_getsockname(&upstream->listener, (struct sockaddr *)&address, &length) == 0);
    upstream->port = ntohs(address.sin_port);
}

void upstream_close(struct upstream *upstream)
{
    uv_close((uv_handle_t *)&upstream->listener, NULL);
    while (upstream->visits)
        leave(upstream->visits);
}
