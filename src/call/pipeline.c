#include "call/pipeline.h"

#include "call/access_log.h"
#include "call/call.h"

#include <assert.h>

/* ---- The request id ---- */

static bool is_label(struct text written)
{
    if (written.length < 1 || written.length > REQUEST_ID_LENGTH_MAX)
        return false;
    for (size_t i = 0; i < written.length; i++) {
        char byte = written.at[i];
        bool is_letter = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
        bool is_digit = byte >= '0' && byte <= '9';
        if (!is_letter && !is_digit && byte != '.' && byte != '_' && byte != '-')
            return false;
    }
    return true;
}

#define FRESH_ID_BYTES 16

/* 64 random bits a thread, then a count: unique without asking the system each time. */
static struct text fresh_id(struct arena *arena)
{
    static _Thread_local struct {
        uint64_t random, count;
    } id;
    if (id.count++ == 0)
        secret_fill(&id.random, sizeof(id.random));
    static_assert(sizeof(id) == FRESH_ID_BYTES, "the id is all of its bytes");
    char *characters = arena_take(arena, 2 * FRESH_ID_BYTES);
    if (!characters)
        return TEXT("none");
    secret_hex((const uint8_t *)&id, FRESH_ID_BYTES, characters);
    return (struct text){characters, 2 * FRESH_ID_BYTES};
}

static struct call *call_open(struct pipeline *pipeline, struct http_exchange *exchange)
{
    struct arena *arena = http_exchange_arena(exchange);
    struct call *call = arena_take(arena, sizeof(*call));
    check(call != NULL);
    call->pipeline = pipeline;
    call->exchange = exchange;
    call->request = http_exchange_request(exchange);
    call->started = time_elapsed(pipeline->time);
    struct text given = http_request_field(call->request, TEXT("X-Request-Id"));
    call->request_id = is_label(given) ? given : fresh_id(arena);
    return call;
}

/* ---- Routing ---- */

static const struct endpoint *endpoint_find(const struct pipeline *pipeline, struct text path)
{
    for (size_t i = 0; i < pipeline->endpoint_count; i++)
        if (text_equals(pipeline->endpoints[i].path, path))
            return &pipeline->endpoints[i];
    return NULL;
}

#define ALLOW "Allow: GET, HEAD, OPTIONS\r\n"
#define ALLOW_RPC "Allow: POST, OPTIONS\r\n"

static bool is_rpc(const struct call *call)
{
    return call->endpoint && call->endpoint->kind == ENDPOINT_RPC;
}

/* Where other pages may not ask, they are told nothing beyond Allow. */
static void answer_options(struct call *call)
{
    if (!call_is_shared(call)) {
        call_answer_body(call, 204, is_rpc(call) ? TEXT(ALLOW_RPC) : TEXT(ALLOW),
                         (struct text){0});
        return;
    }
    call_answer_body(call, 204,
                     TEXT(ALLOW "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
                                "Access-Control-Allow-Headers: x-api-key, x-request-id, "
                                "idempotency-key, if-none-match, if-modified-since, "
                                "content-type\r\n"
                                "Access-Control-Max-Age: 86400\r\n"),
                     (struct text){0});
}

static void refuse_path(struct call *call)
{
    call_refuse(call, &(struct refusal){.status = 404,
                                        .reason = TEXT("not_found"),
                                        .message = TEXT("There is nothing at this path.")});
}

static bool is_method_allowed(const struct call *call)
{
    enum http_method method = call->request->method;
    return is_rpc(call) ? method == HTTP_POST : method == HTTP_GET || method == HTTP_HEAD;
}

static void refuse_method(struct call *call)
{
    call_refuse(call, &(struct refusal){
                          .status = 405,
                          .reason = TEXT("method_not_allowed"),
                          .message = is_rpc(call) ? TEXT("This path answers POST and OPTIONS.")
                                                  : TEXT("This path answers GET, HEAD and "
                                                         "OPTIONS."),
                          .headers = is_rpc(call) ? TEXT(ALLOW_RPC) : TEXT(ALLOW)});
}

void call_run(struct call *call)
{
    if (call_is_of_account(call) || call->endpoint->kind == ENDPOINT_PRODUCT) {
        if (call_authenticate(call) != STATUS_OK || call_validate(call) != STATUS_OK)
            return;
    }
    call_look_up(call);
}

static void receive(void *owner, struct http_exchange *exchange)
{
    struct call *call = call_open(owner, exchange);
    const struct http_request *request = call->request;
    call->endpoint = endpoint_find(call->pipeline, request->path);
    bool is_options = request->method == HTTP_OPTIONS;
    if (!call->endpoint && !(is_options && text_equals(request->path, TEXT("*"))))
        refuse_path(call);
    else if (is_options)
        answer_options(call);
    else if (!is_method_allowed(call))
        refuse_method(call);
    else
        call_run(call);
}

/* ---- What the server itself refuses ---- */

static struct text refusal_reason(unsigned status)
{
    switch (status) {
    case 408: return TEXT("request_timeout");
    case 413:
    case 414:
    case 431: return TEXT("too_large");
    case 501: return TEXT("not_implemented");
    case 503: return TEXT("overloaded");
    default: return TEXT("invalid_input");
    }
}

/* As in every answer with this reason, errors[] lists what is wrong; here with the request as a
 * whole, of which no parameter was read. */
#define REQUEST_FAULT_BYTES_MAX 512

static struct text request_fault(unsigned status, struct text sentence,
                                 char room[REQUEST_FAULT_BYTES_MAX])
{
    struct buffer errors;
    buffer_init_on(&errors, room, REQUEST_FAULT_BYTES_MAX);
    if (!text_equals(refusal_reason(status), TEXT("invalid_input")))
        return (struct text){0};
    buffer_append(&errors, TEXT("\"errors\":["));
    struct json_writer writer = json_writer_on(&errors);
    json_object_open(&writer);
    json_member_text(&writer, TEXT("parameter"), TEXT("request"));
    json_member_text(&writer, TEXT("value"), TEXT(""));
    json_member_text(&writer, TEXT("reason"), sentence);
    json_object_close(&writer);
    buffer_append(&errors, TEXT("],"));
    check(!errors.overflowed);
    return buffer_text(&errors);
}

static void refuse(void *owner, struct http_exchange *exchange, unsigned status,
                   struct text sentence)
{
    struct call *call = call_open(owner, exchange);
    if (status == 503) {
        call_refuse_unavailable(call, refusal_reason(status), sentence);
        return;
    }
    char room[REQUEST_FAULT_BYTES_MAX];
    call_refuse(call, &(struct refusal){.status = status,
                                        .reason = refusal_reason(status),
                                        .message = sentence,
                                        .extra = request_fault(status, sentence, room)});
}

static void turn_ended(void *owner, struct http_loop *loop)
{
    struct pipeline *pipeline = owner;
    (void)loop;
    ledger_turn_end(pipeline->ledger);
    access_log_flush();
}

struct http_receiver pipeline_receiver(struct pipeline *pipeline)
{
    return (struct http_receiver){
        .receive = receive, .refuse = refuse, .turn_ended = turn_ended, .owner = pipeline};
}
