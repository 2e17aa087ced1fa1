/* answer: exchanges as their owner sees them, and the writing of what he answers. */
#include "http/answer_head.h"
#include "http/connection.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the socket did not take at once. */
struct rest {
    uv_write_t request;
    struct connection *connection;
    void (*release)(void *held);
    void *held;
    unsigned count;
    uv_buf_t pieces[1 + HTTP_BODY_PIECES_MAX];
    char head[]; /* the first piece, whose own bytes do not outlive the call */
};

struct output {
    uv_buf_t pieces[1 + HTTP_BODY_PIECES_MAX]; /* the first is copied when it must wait */
    unsigned count;
    void (*release)(void *held);
    void *held;
};

enum sent { SENT_ALL, SENT_LATER, SENT_NEVER };

const struct http_request *http_exchange_request(const struct http_exchange *exchange)
{
    return &exchange->request;
}

struct arena *http_exchange_arena(struct http_exchange *exchange)
{
    return &exchange->arena;
}

static struct connection *connection_of(struct http_exchange *exchange)
{
    return CONTAINER_OF(exchange, struct connection, exchange);
}

struct http_loop *http_exchange_loop(struct http_exchange *exchange)
{
    return connection_of(exchange)->loop;
}

static void release(void (*function)(void *held), void *held)
{
    if (function)
        function(held);
}

/* The answer is with the kernel. Half-closing by hand is right because nothing is queued. */
static void answer_over(struct connection *connection)
{
    connection_exchange_end(connection);
    if (!connection->closes) {
        connection_enter(connection, STAGE_IDLE);
        return;
    }
    uv_os_fd_t descriptor;
    if (connection->input_ended ||
        uv_fileno((uv_handle_t *)&connection->tcp, &descriptor) != 0 ||
        shutdown(descriptor, SHUT_WR) != 0)
        connection_close(connection);
    else
        connection_enter(connection, STAGE_LINGER);
}

static void on_rest_written(uv_write_t *request, int outcome)
{
    struct rest *rest = CONTAINER_OF(request, struct rest, request);
    struct connection *connection = rest->connection;
    release(rest->release, rest->held);
    free(rest);
    connection->writes_pending--;
    if (connection->stage == STAGE_CLOSED) {
        connection_free_when_over(connection);
    } else if (outcome < 0) {
        connection_close(connection);
    } else if (connection->stage == STAGE_FLUSH && connection->writes_pending == 0) {
        answer_over(connection);
        connection_advance(connection, TEXT(""));
    }
}

static size_t output_bytes(const struct output *output)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < output->count; i++)
        bytes += output->pieces[i].len;
    return bytes;
}

/* The pieces without their first sent bytes. */
static struct rest *rest_of(const struct output *output, size_t sent)
{
    const uv_buf_t *head = &output->pieces[0];
    struct rest *rest = memory_take(sizeof(*rest) + head->len);
    *rest = (struct rest){.release = output->release, .held = output->held};
    memcpy(rest->head, head->base, head->len);
    for (unsigned i = 0; i < output->count; i++) {
        uv_buf_t piece = output->pieces[i];
        size_t skipped = sent < piece.len ? sent : piece.len;
        sent -= skipped;
        if (skipped == piece.len)
            continue;
        char *base = i == 0 ? rest->head : piece.base;
        rest->pieces[rest->count++] = (uv_buf_t){.base = base + skipped,
                                                 .len = piece.len - skipped};
    }
    return rest;
}

/* How many bytes the socket takes at once, or libuv's word for why none. Its write(2) looks at the socket as a file first,
 * which costs a cold cache as much as a twentieth of an answer: decision 0087. */
static int output_try(struct connection *connection, const struct output *output)
{
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
    uv_os_fd_t socket;
    if (output->count > 1 || connection->writes_pending > 0 ||
        uv_fileno((uv_handle_t *)stream, &socket) != 0)
        return uv_try_write(stream, output->pieces, output->count);
    ssize_t sent = send(socket, output->pieces[0].base, output->pieces[0].len,
                        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return errno == ENOBUFS ? UV_EAGAIN : uv_translate_sys_error(errno);
    return (int)sent;
}

/* Calls release, now or when the bytes have gone, whatever becomes of them. */
static enum sent output_send(struct connection *connection, const struct output *output)
{
    uv_stream_t *stream = (uv_stream_t *)&connection->tcp;
    int written = output_try(connection, output);
    size_t sent = written > 0 ? (size_t)written : 0;
    if ((written < 0 && written != UV_EAGAIN) || sent == output_bytes(output)) {
        release(output->release, output->held);
        return written < 0 ? SENT_NEVER : SENT_ALL;
    }
    struct rest *rest = rest_of(output, sent);
    if (output->count == 1) { /* copied whole: what it was copied from is not needed any more */
        release(rest->release, rest->held);
        rest->release = NULL;
    }
    rest->connection = connection;
    if (uv_write(&rest->request, stream, rest->pieces, rest->count, on_rest_written) != 0) {
        release(rest->release, rest->held);
        free(rest);
        return SENT_NEVER;
    }
    connection->writes_pending++;
    connection->untaken_seen = connection_untaken_bytes(connection);
    connection->write_looks = 0;
    return SENT_LATER;
}

static uv_buf_t buf_of(struct text text)
{
    return (uv_buf_t){.base = (char *)(uintptr_t)text.at, .len = text.length};
}

void connection_send_continue(struct connection *connection)
{
    struct output output = {.count = 1};
    output.pieces[0] = buf_of(TEXT("HTTP/1.1 100 Continue\r\n\r\n"));
    if (output_send(connection, &output) == SENT_NEVER)
        connection_close(connection);
}

/* Keep-alive is said aloud only where it is not the rule (RFC 9112 section 9.3). */
static enum connection_line connection_line(const struct connection *connection)
{
    if (connection->closes)
        return CONNECTION_CLOSE;
    return connection->framing.is_http_1_0 ? CONNECTION_KEEP_ALIVE : CONNECTION_UNSAID;
}

/* Short pieces behind the head are copied to it: one write of one piece costs less than the
 * system's way through several. */
static struct output output_of(struct connection *connection, const struct http_answer *answer)
{
    check(answer->body_pieces <= HTTP_BODY_PIECES_MAX);
    struct output output = {.count = 1, .release = answer->release, .held = answer->held};
    struct buffer *head = &connection->loop->answer_head;
    uint64_t body_bytes = 0;
    for (size_t i = 0; i < answer->body_pieces; i++)
        body_bytes += answer->body[i].length;
    answer_head_write(head, answer, body_bytes, loop_date(connection->loop),
                      connection_line(connection));
    bool has_body = answer_has_body(answer->status) &&
                    connection->exchange.request.method != HTTP_HEAD;
    for (size_t i = 0; has_body && i < answer->body_pieces; i++) {
        struct text piece = answer->body[i];
        if (output.count == 1 && piece.length <= HTTP_PIECE_COPIED_BYTES_MAX)
            buffer_append(head, piece);
        else if (piece.length > 0)
            output.pieces[output.count++] = buf_of(piece);
    }
    check(!head->overflowed);
    output.pieces[0] = buf_of(buffer_text(head));
    return output;
}

void http_exchange_answer(struct http_exchange *exchange, const struct http_answer *answer)
{
    struct connection *connection = connection_of(exchange);
    check(connection->unanswered);
    connection->unanswered = false;
    loop_count(&connection->loop->counts.answers[answer->status / 100]);
    if (connection->stage == STAGE_CLOSED) {
        release(answer->release, answer->held);
        connection_free_when_over(connection);
        return;
    }
    connection->closes = answer->closes || !connection->framing.keeps_alive ||
                         connection->loop->stopping;
    struct output output = output_of(connection, answer);
    connection_enter(connection, STAGE_FLUSH);
    enum sent sent = output_send(connection, &output);
    if (sent == SENT_NEVER || connection->loop->cutting)
        connection_close(connection);
    else if (sent == SENT_ALL)
        answer_over(connection);
    if (!connection->advancing)
        connection_advance(connection, TEXT(""));
}
