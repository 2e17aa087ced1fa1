/* progress: from bytes to requests, one at a time, as far as the bytes reach. */
#include "http/connection.h"
#include "http/socket.h"

#include <errno.h>

static void exchange_begin(struct connection *connection)
{
    struct http_exchange *exchange = &connection->exchange;
    if (exchange->open)
        return;
    *exchange = (struct http_exchange){
        .request = {.method = HTTP_OTHER_METHOD,
                    .method_name = TEXT_INITIAL(""),
                    .target = TEXT_INITIAL(""),
                    .path = TEXT_INITIAL(""),
                    .body = TEXT_INITIAL(""),
                    .peer_address = connection->peer_text},
        .arena = loop_arena_take(connection->loop),
        .open = true,
    };
    buffer_init(&exchange->body, connection->loop->server->options.limits.body_bytes_max);
}

void connection_exchange_end(struct connection *connection)
{
    struct http_exchange *exchange = &connection->exchange;
    if (!exchange->open)
        return;
    buffer_finish(&exchange->body);
    loop_arena_release(connection->loop, &exchange->arena);
    exchange->open = false;
}

static void hand_over(struct connection *connection)
{
    connection_enter(connection, STAGE_ANSWER);
    connection->unanswered = true;
    connection->loop->worked = true;
}

static void deliver(struct connection *connection)
{
    struct http_exchange *exchange = &connection->exchange;
    const struct http_receiver *receiver = &connection->loop->server->options.receiver;
    if (exchange->body.length > 0)
        exchange->request.body = buffer_text(&exchange->body);
    hand_over(connection);
    receiver->receive(receiver->owner, exchange);
}

void connection_refuse(struct connection *connection, struct http_refusal refusal)
{
    const struct http_receiver *receiver = &connection->loop->server->options.receiver;
    exchange_begin(connection);
    connection->framing.keeps_alive = false;
    hand_over(connection);
    receiver->refuse(receiver->owner, &connection->exchange, refusal.status, refusal.sentence);
}

static void refuse_unfinished(struct connection *connection)
{
    connection_refuse(connection, (struct http_refusal){
                                      400, TEXT("The connection ended within the request.")});
}

/* One empty line before a request is skipped (RFC 9112 section 2.2), and while nothing follows
 * it, or not even all of it is there, no request has begun. */
static bool idle_step(struct connection *connection, struct text *input)
{
    struct text empty_line = TEXT("\r\n");
    bool may_skip = !connection->skipped_empty_line;
    if (may_skip && text_starts_with(*input, empty_line)) {
        connection->skipped_empty_line = true;
        *input = text_slice(*input, empty_line.length, input->length);
        return true;
    }
    if (input->length > 0 && !(may_skip && text_starts_with(empty_line, *input))) {
        connection->scan = (struct head_scan){0};
        connection_enter(connection, STAGE_HEAD);
        return true;
    }
    if (connection->input_ended)
        connection_close(connection);
    else if (connection->loop->stopping)
        connection_stop(connection);
    return false;
}

/* head: borrowed from the read buffer or the stash. */
static enum status head_read(struct connection *connection, struct text head,
                             struct http_refusal *refusal)
{
    struct http_exchange *exchange = &connection->exchange;
    exchange_begin(connection);
    struct text kept = arena_copy(&exchange->arena, head);
    if (!kept.at)
        return refusal_set(refusal, 431, TEXT("The header lines are too long together."));
    return request_read(kept, connection->scan.lines - 1,
                        &connection->loop->server->options.limits, &exchange->arena,
                        &exchange->request, &connection->framing, refusal);
}

static void head_over(struct connection *connection, const struct text *input)
{
    connection->skipped_empty_line = false;
    if (connection->framing.body == BODY_NONE) {
        deliver(connection);
        return;
    }
    connection->chunked = (struct chunked){0};
    connection_enter(connection, STAGE_BODY);
    if (connection->framing.expects_continue && input->length == 0)
        connection_send_continue(connection);
}

static bool head_step(struct connection *connection, struct text *input)
{
    struct head_scan *scan = &connection->scan;
    struct http_refusal refusal = {0};
    switch (head_scan_read(scan, *input, &connection->loop->server->options.limits, &refusal)) {
    case HEAD_PARTIAL:
        if (connection->input_ended)
            refuse_unfinished(connection);
        return connection->input_ended;
    case HEAD_REFUSED:
        exchange_begin(connection);
        connection->exchange.request.method = request_method_at(*input);
        connection_refuse(connection, refusal);
        return true;
    case HEAD_WHOLE: break;
    }
    struct text head = text_slice(*input, 0, scan->line_start);
    *input = text_slice(*input, scan->line_start, input->length);
    if (head_read(connection, head, &refusal) == STATUS_OK)
        head_over(connection, input);
    else
        connection_refuse(connection, refusal);
    return true;
}

static bool body_step(struct connection *connection, struct text *input)
{
    const struct framing *framing = &connection->framing;
    struct buffer *body = &connection->exchange.body;
    struct http_refusal refusal = {0};
    bool whole;
    if (framing->body == BODY_CHUNKED) {
        if (chunked_read(&connection->chunked, input, &connection->loop->server->options.limits,
                         body, &refusal) != STATUS_OK) {
            connection_refuse(connection, refusal);
            return true;
        }
        whole = connection->chunked.place == CHUNKED_END;
    } else {
        size_t missing = (size_t)framing->content_length - body->length;
        buffer_append(body, text_slice(*input, 0, missing));
        *input = text_slice(*input, missing, input->length);
        whole = body->length == framing->content_length;
    }
    if (whole)
        deliver(connection);
    else if (connection->input_ended)
        refuse_unfinished(connection);
    return whole || connection->input_ended;
}

static void linger_step(struct connection *connection, struct text *input)
{
    connection->lingered_bytes += input->length;
    *input = TEXT("");
    if (connection->input_ended || connection->lingered_bytes > HTTP_LINGER_BYTES_MAX)
        connection_close(connection);
}

/* True when another step may follow. */
static bool step(struct connection *connection, struct text *input)
{
    switch (connection->stage) {
    case STAGE_IDLE: return idle_step(connection, input);
    case STAGE_HEAD: return head_step(connection, input);
    case STAGE_BODY: return body_step(connection, input);
    case STAGE_LINGER: linger_step(connection, input); return false;
    case STAGE_ANSWER:
    case STAGE_FLUSH:
    case STAGE_CLOSED: break;
    }
    return false;
}

/* All that is unread, in one piece: the fresh bytes themselves where nothing was left. */
static struct text stash_join(struct connection *connection, struct text fresh)
{
    struct buffer *stash = &connection->stash;
    if (stash->length == 0)
        return fresh;
    if (fresh.length > 0 && connection->stash_start > 0) {
        stash->length -= connection->stash_start;
        memmove(stash->bytes, stash->bytes + connection->stash_start, stash->length);
        connection->stash_start = 0;
    }
    buffer_append(stash, fresh);
    check(!stash->overflowed);
    return text_slice(buffer_text(stash), connection->stash_start, stash->length);
}

/* left: the end of what stash_join returned. */
static void stash_keep(struct connection *connection, struct text left)
{
    struct buffer *stash = &connection->stash;
    if (left.length == 0) {
        if (stash->bytes)
            buffer_finish(stash);
        connection->stash_start = 0;
    } else if (stash->length > 0) {
        connection->stash_start = stash->length - left.length;
    } else {
        buffer_append(stash, left);
        check(!stash->overflowed);
    }
}

static size_t stashed_bytes(const struct connection *connection)
{
    return connection->stash.length - connection->stash_start;
}

/* An answer is due: what comes meanwhile waits in the stash. */
static bool is_waiting(const struct connection *connection)
{
    return connection->stage == STAGE_ANSWER || connection->stage == STAGE_FLUSH;
}

static size_t readable_bytes(const struct connection *connection)
{
    if (!is_waiting(connection))
        return HTTP_READ_BUFFER_BYTES;
    check(stashed_bytes(connection) < HTTP_STASH_BYTES_MAX); /* settle_reading stops there */
    return HTTP_STASH_BYTES_MAX - stashed_bytes(connection);
}

void connection_read_on(struct connection *connection, bool stops_short)
{
    char *bytes = connection->loop->read_buffer;
    size_t room = readable_bytes(connection);
    ssize_t count = socket_receive(connection->socket, bytes, room);
    bool is_interrupted = count < 0 && errno == EINTR;
    bool may_have_more = count > 0 && (stops_short || (size_t)count == room);
    if (is_interrupted || may_have_more)
        connection->watched = 0;
    if (count > 0) {
        connection_advance(connection, (struct text){bytes, (size_t)count});
    } else if (count == 0) {
        connection->input_ended = true;
        connection_advance(connection, TEXT(""));
    } else if (is_interrupted) {
        connection_watch(connection);
    } else if (errno != EAGAIN) {
        connection_close(connection);
    }
}

/* While an answer is due, reading goes on into the stash: stopping and starting for each
 * request would cost two system calls, and a full stash is rare. */
static void settle_reading(struct connection *connection)
{
    bool full = is_waiting(connection) && stashed_bytes(connection) >= HTTP_STASH_BYTES_MAX;
    connection->reading = !connection->input_ended && !full;
    connection_watch(connection);
}

static void settle_deadline(struct connection *connection)
{
    static const enum deadline_kind kinds[] = {
        [STAGE_IDLE] = DEADLINE_IDLE,   [STAGE_HEAD] = DEADLINE_HEAD,
        [STAGE_BODY] = DEADLINE_BODY,   [STAGE_ANSWER] = DEADLINE_NONE,
        [STAGE_FLUSH] = DEADLINE_WRITE, [STAGE_LINGER] = DEADLINE_LINGER,
        [STAGE_CLOSED] = DEADLINE_NONE,
    };
    if (!connection->stage_entered)
        return;
    connection->stage_entered = false;
    deadline_set(&connection->loop->deadlines, &connection->deadline, kinds[connection->stage]);
}

void connection_advance(struct connection *connection, struct text fresh)
{
    connection->advancing = true;
    struct text input = stash_join(connection, fresh);
    while (step(connection, &input))
        continue;
    stash_keep(connection, input);
    connection->advancing = false;
    if (connection->stage == STAGE_CLOSED)
        return;
    settle_reading(connection);
    settle_deadline(connection);
}
