#include "call/access_log.h"
#include "call/answer_headers.h"
#include "call/call.h"
#include "call/negotiate.h"

#include <zlib.h>

#define HEADER_BYTES_MAX 4096 /* our own lines are under 2 KB; a request id adds 128 */

#define SECURITY_HEADERS "X-Content-Type-Options: nosniff\r\n"

/* On every answer but those about an account or to an agent. Any page may read any answer, and all of its headers ("*" counts as all where
 * no credentials are sent: Fetch standard, section 3.3.2): there are no cookies on these paths,
 * only keys, and a browser does not send those by itself. */
#define SHARING_HEADERS                                                                        \
    "Access-Control-Allow-Origin: *\r\n"                                                       \
    "Access-Control-Expose-Headers: *\r\n"

#define GZIP_CODING "Content-Encoding: gzip\r\n"
#define JSON_TYPE "Content-Type: application/json; charset=utf-8\r\n"

static struct buffer headers_open(struct call *call)
{
    static _Thread_local char room[HEADER_BYTES_MAX]; /* they are copied when they are sent */
    struct buffer headers;
    buffer_init_on(&headers, room, sizeof(room));
    if (call_is_shared(call))
        buffer_append(&headers, TEXT(SHARING_HEADERS));
    buffer_append(&headers, TEXT(SECURITY_HEADERS));
    answer_header_text(&headers, HEADER_REQUEST_ID, call->request_id);
    if (call->is_metered)
        call_standing_headers(call, &headers);
    return headers;
}

static void answer_send(struct call *call, struct http_answer *answer,
                        const struct buffer *headers)
{
    check(!headers->overflowed);
    answer->headers = buffer_text(headers);
    if (call->tool)
        call->tool->dress(call, answer);
    if (call->pipeline->logs_access) {
        size_t bytes = 0;
        for (size_t i = 0; i < answer->body_pieces; i++)
            bytes += answer->body[i].length;
        access_log_add(call, answer->status, bytes);
    }
    call_decided(call, call->is_metered && call->charge.standing.charged.count > 0);
    http_exchange_answer(call->exchange, answer);
}

/* ---- A page ---- */

bool call_page_is_stale(const struct call *call)
{
    const struct catalog_page *page = call->finding.page;
    return pipeline_is_stale(call->pipeline, page->captured_at, page->is_short);
}

static void page_headers_add(struct call *call, struct buffer *headers)
{
    buffer_append(headers, call->finding.page->headers);
    if (call_page_is_stale(call))
        answer_header_text(headers, HEADER_TREND_STALE, TEXT("1"));
}

/* RFC 1952 section 2.3: deflate, no flags, no time, extra flags of the fastest level, Unix. */
static const char gzip_opening[10] = {0x1F, (char)0x8B, 8, 0, 0, 0, 0, 0, 4, 3};

#define STORED_OPENING_BYTES                                                                   \
    5                        /* RFC 1951 section 3.2.4: final, stored, length and complement */
#define GZIP_TRAILER_BYTES 8 /* CRC-32 and length */

static char *put_little_endian(char *at, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        *at++ = (char)(value >> (8 * i) & 0xFF);
    return at;
}

/* One gzip member: the cached deflate of everything before the request id, then the tail as one
 * stored block. False when the arena is full. */
static bool gzip_body(struct call *call, struct text tail, struct http_answer *answer)
{
    const struct catalog_page *page = call->finding.page;
    size_t ending_bytes = STORED_OPENING_BYTES + tail.length + GZIP_TRAILER_BYTES;
    char *ending = arena_take(http_exchange_arena(call->exchange), ending_bytes);
    if (!ending)
        return false;
    uLong crc = crc32_z(page->crc, (const Bytef *)tail.at, tail.length);
    size_t plain = page->opening.length + page->items.length + page->closing.length;
    char *at = put_little_endian(ending, 1, 1);
    at = put_little_endian(at, (uint32_t)tail.length, 2);
    at = put_little_endian(at, ~(uint32_t)tail.length, 2);
    memcpy(at, tail.at, tail.length);
    at = put_little_endian(at + tail.length, (uint32_t)crc, 4);
    (void)put_little_endian(at, (uint32_t)(plain + tail.length), 4);
    answer->body[0] = (struct text){gzip_opening, sizeof(gzip_opening)};
    answer->body[1] = page->deflated;
    answer->body[2] = (struct text){ending, ending_bytes};
    answer->body_pieces = 3;
    return true;
}

static void plain_body(const struct catalog_page *page, struct text tail,
                       struct http_answer *answer)
{
    answer->body[0] = page->opening;
    answer->body[1] = page->items;
    answer->body[2] = page->closing;
    answer->body[3] = tail;
    answer->body_pieces = 4;
}

static void page_release(void *page)
{
    catalog_page_release(page);
}

#define TAIL_CLOSING "\"}}"

static struct text tail_make(struct call *call)
{
    size_t room = call->request_id.length + sizeof(TAIL_CLOSING);
    struct buffer tail;
    char *memory = arena_take(http_exchange_arena(call->exchange), room);
    buffer_init_on(&tail, memory, memory ? room : 0);
    buffer_append(&tail, call->request_id);
    buffer_append(&tail, TEXT(TAIL_CLOSING));
    check(!tail.overflowed);
    return buffer_text(&tail);
}

bool call_takes_gzip(const struct call *call)
{
    return !call->tool && negotiate_gzip(call->request);
}

static void answer_page(struct call *call)
{
    const struct catalog_page *page = call->finding.page;
    struct http_answer answer = {
        .status = 200, .release = page_release, .held = (void *)(uintptr_t)page};
    struct buffer headers = headers_open(call);
    buffer_append(&headers, call_is_of_account(call)
                                ? TEXT("Cache-Control: no-store\r\n")
                                : TEXT("Cache-Control: private, no-cache\r\n"
                                       "Vary: Accept-Encoding\r\n"));
    page_headers_add(call, &headers);
    if (call->finding.is_current) {
        answer.status = 304;
        answer_send(call, &answer, &headers);
        return;
    }
    buffer_append(&headers, TEXT(JSON_TYPE));
    struct text tail = tail_make(call);
    if (page->deflated.length > 0 && call_takes_gzip(call) && gzip_body(call, tail, &answer))
        buffer_append(&headers, TEXT(GZIP_CODING));
    else
        plain_body(page, tail, &answer);
    answer_send(call, &answer, &headers);
}

void call_answer_finding(struct call *call)
{
    if (call->finding.page) {
        answer_page(call);
        return;
    }
    struct http_answer answer = {.status = 200, .body_pieces = 2};
    struct buffer headers = headers_open(call);
    buffer_append(&headers, TEXT("Cache-Control: private, no-cache\r\n" JSON_TYPE));
    answer.body[0] = call->finding.body;
    answer.body[1] = tail_make(call);
    answer_send(call, &answer, &headers);
}

static enum call_outcome outcome_of(const struct call *call)
{
    const struct finding *finding = &call->finding;
    if (call->is_replay)
        return CALL_REPLAYED;
    if (finding->is_current)
        return CALL_UNCHANGED;
    if (call->request->method == HTTP_HEAD)
        return CALL_HEAD;
    return finding->page && finding->page->item_count == 0 ? CALL_EMPTY_PAGE : CALL_CHARGED;
}

void call_found(struct call *call, const struct finding *finding)
{
    call->finding = *finding;
    const struct catalog_page *page = finding->page;
    call->finding.is_current = page && !call->tool &&
                               negotiate_is_current(call->request, page->etag,
                                                    page->captured_at);
    call_charge(call, outcome_of(call));
}

/* ---- Errors and everything small ---- */

static void free_body(void *body)
{
    free(body);
}

static void body_copy(struct http_answer *answer, struct text body)
{
    char *copy = memory_take(body.length);
    memcpy(copy, body.at, body.length);
    answer->body[answer->body_pieces++] = (struct text){copy, body.length};
    answer->release = free_body;
    answer->held = copy;
}

void call_answer_body(struct call *call, unsigned status, struct text headers, struct text body)
{
    struct http_answer answer = {.status = status};
    struct buffer lines = headers_open(call);
    buffer_append(&lines, headers);
    if (body.length > 0) {
        buffer_append(&lines, TEXT("Cache-Control: no-store\r\n" JSON_TYPE));
        body_copy(&answer, body);
    }
    answer_send(call, &answer, &lines);
}

void call_answer_text(struct call *call, struct text media_type, struct text body)
{
    struct http_answer answer = {.status = 200};
    struct buffer lines = headers_open(call);
    buffer_append(&lines, TEXT("Cache-Control: no-store\r\nContent-Type: "));
    buffer_append(&lines, media_type);
    buffer_append(&lines, TEXT("\r\n"));
    body_copy(&answer, body);
    answer_send(call, &answer, &lines);
}

void call_answer_page(struct call *call, unsigned status, struct text headers, struct text html)
{
    struct http_answer answer = {.status = status};
    struct buffer lines = headers_open(call);
    buffer_append(&lines, headers);
    buffer_append(&lines, TEXT("Cache-Control: no-store\r\n"
                               "Content-Type: text/html; charset=utf-8\r\n"));
    body_copy(&answer, html);
    answer_send(call, &answer, &lines);
}

/* ---- Documents ---- */

static void document_release(void *share)
{
    shelf_release(share);
}

/* Not by date: a document is as new as the plan file, which has none. */
static bool document_is_current(const struct call *call, const struct shelf_document *document)
{
    return negotiate_is_current(call->request, document->etag, (instant){INT64_MAX});
}

void call_answer_document(struct call *call, const struct shelf_document *document,
                          struct document_set *share)
{
    struct http_answer answer = {.status = 200, .release = document_release, .held = share};
    struct buffer headers = headers_open(call);
    buffer_append(&headers, TEXT("Vary: Accept-Encoding\r\n"));
    buffer_append(&headers, document->headers);
    if (document_is_current(call, document)) {
        answer.status = 304;
    } else if (document->gzip.length > 0 && negotiate_gzip(call->request)) {
        buffer_append(&headers, TEXT(GZIP_CODING));
        answer.body[answer.body_pieces++] = document->gzip;
    } else {
        answer.body[answer.body_pieces++] = document->body;
    }
    answer_send(call, &answer, &headers);
}

/* ---- Failures ---- */

/* An error quotes at most what a request line holds, a few times over. */
#define ERROR_BYTES_MAX (1024 * 1024)

static struct text error_body(const struct call *call, const struct refusal *refusal,
                              struct buffer *body)
{
    struct json_writer writer = json_writer_on(body);
    json_object_open(&writer);
    json_member_integer(&writer, TEXT("code"), refusal->failure->status);
    json_member_text(&writer, TEXT("msg"), refusal->message);
    json_name(&writer, TEXT("data"));
    json_object_open(&writer);
    buffer_append(body, refusal->extra);
    json_member_text(&writer, TEXT("reason"), refusal->failure->reason);
    json_member_text(&writer, TEXT("request_id"), call->request_id);
    json_object_close(&writer);
    json_object_close(&writer);
    check(!body->overflowed);
    return buffer_text(body);
}

#define REFUSAL_HEADERS_BYTES_MAX 512
#define ADVICE_BYTES_MAX 64

/* Fills in what the failure says of itself: its sentence, and when to come back. */
static void refusal_complete(struct refusal *refusal, struct buffer *headers,
                             struct buffer *advice)
{
    const struct failure *failure = refusal->failure;
    buffer_append(headers, refusal->headers);
    if (refusal->message.length == 0)
        refusal->message = failure->message;
    if (failure->retry_after > 0) {
        answer_header_number(headers, HEADER_RETRY_AFTER, failure->retry_after);
        buffer_append_format(advice, "Come back in %u %s.", failure->retry_after,
                             failure->retry_after == 1 ? "second" : "seconds");
        refusal->advice = buffer_text(advice);
    }
    check(!headers->overflowed && !advice->overflowed);
    refusal->headers = buffer_text(headers);
}

void call_refuse(struct call *call, const struct refusal *refusal)
{
    char headers_room[REFUSAL_HEADERS_BYTES_MAX], advice_room[ADVICE_BYTES_MAX];
    struct refusal whole = *refusal;
    struct buffer headers, advice;
    struct buffer body CLEANUP(buffer_finish);
    buffer_init_on(&headers, headers_room, sizeof(headers_room));
    buffer_init_on(&advice, advice_room, sizeof(advice_room));
    buffer_init(&body, ERROR_BYTES_MAX);
    refusal_complete(&whole, &headers, &advice);
    if (call->tool)
        call->tool->refusal = &whole;
    struct text error = error_body(call, &whole, &body);
    call_answer_body(call, whole.failure->status, whole.headers, error);
}

void call_refuse_plainly(struct call *call, enum failure_id id)
{
    call_refuse(call, &(struct refusal){.failure = &failures[id]});
}

void call_refuse_overloaded(struct call *call, struct text message)
{
    call_refuse(
        call, &(struct refusal){.failure = &failures[FAILURE_OVERLOADED], .message = message});
}
