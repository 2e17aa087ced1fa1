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
    if (pipeline->logs_access)
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

static bool is_method_allowed(const struct call *call)
{
    enum http_method method = call->request->method;
    return is_rpc(call) ? method == HTTP_POST : method == HTTP_GET || method == HTTP_HEAD;
}

static void refuse_method(struct call *call)
{
    call_refuse(call, &(struct refusal){
                          .failure = &failures[FAILURE_METHOD_NOT_ALLOWED],
                          .message = is_rpc(call) ? TEXT("This path answers POST and OPTIONS.")
                                                  : (struct text){0},
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

static void document_run(struct call *call, const struct shelf_document *document,
                         struct document_set *share)
{
    enum http_method method = call->request->method;
    if (method == HTTP_GET || method == HTTP_HEAD) {
        call_answer_document(call, document, share);
        return;
    }
    if (method == HTTP_OPTIONS)
        answer_options(call);
    else
        refuse_method(call);
    shelf_release(share);
}

/* Not an endpoint: a document about them, or nothing. */
static void run_elsewhere(struct call *call)
{
    struct text path = call->request->path;
    struct document_set *share;
    const struct shelf_document *document = shelf_take(call->pipeline->shelf, path, &share);
    if (document)
        document_run(call, document, share);
    else if (call->request->method == HTTP_OPTIONS && text_equals(path, TEXT("*")))
        answer_options(call);
    else
        call_refuse_plainly(call, FAILURE_NOT_FOUND);
}

static void receive(void *owner, struct http_exchange *exchange)
{
    struct call *call = call_open(owner, exchange);
    const struct http_request *request = call->request;
    call->endpoint = endpoint_find(call->pipeline, request->path);
    if (!call->endpoint)
        run_elsewhere(call);
    else if (request->method == HTTP_OPTIONS)
        answer_options(call);
    else if (!is_method_allowed(call))
        refuse_method(call);
    else
        call_run(call);
}

/* ---- What the server itself refuses ---- */

/* As in every answer with this reason, errors[] lists what is wrong; here with the request as a
 * whole, of which no parameter was read. */
#define REQUEST_FAULT_BYTES_MAX 512

static struct text request_fault(const struct failure *failure, struct text sentence,
                                 char room[REQUEST_FAULT_BYTES_MAX])
{
    struct buffer errors;
    buffer_init_on(&errors, room, REQUEST_FAULT_BYTES_MAX);
    if (!text_equals(failure->reason, failures[FAILURE_INVALID_INPUT].reason))
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
    const struct failure *failure = failure_of_syntax(status);
    char room[REQUEST_FAULT_BYTES_MAX];
    call_refuse(call, &(struct refusal){.failure = failure,
                                        .message = sentence,
                                        .extra = request_fault(failure, sentence, room)});
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
