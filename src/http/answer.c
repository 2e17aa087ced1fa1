/* answer: exchanges as their owner sees them, and the writing of what he answers. */
#include "http/answer_head.h"
#include "http/connection.h"
#include "http/socket.h"

#include <errno.h>
#include <sys/uio.h>

struct rest {
    struct rest *next;
    void (*release)(void *held);
    void *held;
    unsigned count;
    struct iovec pieces[1 + HTTP_BODY_PIECES_MAX];
    char head[]; /* the first piece, whose own bytes do not outlive the call */
};

struct output {
    struct iovec pieces[1 + HTTP_BODY_PIECES_MAX]; /* the first is copied when it must wait */
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
    if (connection->input_ended || shutdown(connection->socket, SHUT_WR) != 0)
        connection_close(connection);
    else
        connection_enter(connection, STAGE_LINGER);
}

/* ---- What is not taken at once ---- */

static size_t pieces_bytes(const struct iovec *pieces, unsigned count)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < count; i++)
        bytes += pieces[i].iov_len;
    return bytes;
}

/* How many of them are left without their first sent bytes. */
static unsigned pieces_shorten(struct iovec *pieces, unsigned count, size_t sent)
{
    unsigned left = 0;
    for (unsigned i = 0; i < count; i++) {
        struct iovec piece = pieces[i];
        size_t skipped = sent < piece.iov_len ? sent : piece.iov_len;
        sent -= skipped;
        if (skipped < piece.iov_len)
            pieces[left++] = (struct iovec){(char *)piece.iov_base + skipped,
                                            piece.iov_len - skipped};
    }
    return left;
}

/* How many bytes the socket takes, 0 for none now; negative: it takes none any more. */
static ssize_t pieces_send(int socket, struct iovec *pieces, unsigned count)
{
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    ssize_t sent = count == 1 ? socket_send(socket, pieces->iov_base, pieces->iov_len)
                              : socket_send_message(socket, &message);
    bool may_wait = sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == EINTR);
    return may_wait ? 0 : sent;
}

/* The output without its first sent bytes. */
static struct rest *rest_of(const struct output *output, size_t sent)
{
    const struct iovec *head = &output->pieces[0];
    struct rest *rest = memory_take(sizeof(*rest) + head->iov_len);
    *rest = (struct rest){.release = output->release, .held = output->held};
    memcpy(rest->head, head->iov_base, head->iov_len);
    memcpy(rest->pieces, output->pieces, output->count * sizeof(rest->pieces[0]));
    rest->pieces[0].iov_base = rest->head;
    rest->count = pieces_shorten(rest->pieces, output->count, sent);
    if (output->count == 1) { /* copied whole: what it was copied from is not needed any more */
        release(rest->release, rest->held);
        rest->release = NULL;
    }
    return rest;
}

static void rest_add(struct connection *connection, struct rest *rest)
{
    *connection->rests_end = rest;
    connection->rests_end = &rest->next;
    connection->untaken_seen = connection_untaken_bytes(connection);
    connection->write_looks = 0;
    connection_watch(connection);
}

static void rest_drop(struct connection *connection)
{
    struct rest *rest = connection->rests;
    connection->rests = rest->next;
    if (!connection->rests)
        connection->rests_end = &connection->rests;
    release(rest->release, rest->held);
    free(rest);
}

void connection_rests_drop(struct connection *connection)
{
    while (connection->rests)
        rest_drop(connection);
}

size_t connection_rests_bytes(const struct connection *connection)
{
    size_t bytes = 0;
    for (const struct rest *rest = connection->rests; rest; rest = rest->next)
        bytes += pieces_bytes(rest->pieces, rest->count);
    return bytes;
}

void connection_write_on(struct connection *connection)
{
    while (connection->rests) {
        struct rest *rest = connection->rests;
        ssize_t sent = pieces_send(connection->socket, rest->pieces, rest->count);
        if (sent < 0) {
            connection_close(connection);
            return;
        }
        rest->count = pieces_shorten(rest->pieces, rest->count, (size_t)sent);
        if (rest->count > 0)
            return;
        rest_drop(connection);
    }
    connection_watch(connection);
    if (connection->stage != STAGE_FLUSH)
        return;
    answer_over(connection);
    connection_advance(connection, TEXT(""));
}

/* Calls release, now or when the bytes have gone, whatever becomes of them. */
static enum sent output_send(struct connection *connection, struct output *output)
{
    ssize_t sent = connection->rests
                       ? 0
                       : pieces_send(connection->socket, output->pieces, output->count);
    if (sent < 0 || (size_t)sent == pieces_bytes(output->pieces, output->count)) {
        release(output->release, output->held);
        return sent < 0 ? SENT_NEVER : SENT_ALL;
    }
    rest_add(connection, rest_of(output, (size_t)sent));
    return SENT_LATER;
}

/* ---- Answers ---- */

static struct iovec piece_of(struct text text)
{
    return (struct iovec){(char *)(uintptr_t)text.at, text.length};
}

void connection_send_continue(struct connection *connection)
{
    struct output output = {.count = 1};
    output.pieces[0] = piece_of(TEXT("HTTP/1.1 100 Continue\r\n\r\n"));
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
            output.pieces[output.count++] = piece_of(piece);
    }
    check(!head->overflowed);
    output.pieces[0] = piece_of(buffer_text(head));
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
