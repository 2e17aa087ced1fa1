#include "call/pipeline.h"

#include "call/access_log.h"
#include "call/call.h"

#include <endian.h>

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

#define FRESH_HALF_BYTES 8

/* 64 random bits a thread, then a count: unique without asking the system each time, and near alike in a row of the journal. */
static struct text fresh_id(struct arena *arena)
{
    static _Thread_local char random[2 * FRESH_HALF_BYTES];
    static _Thread_local uint64_t count;
    if (count++ == 0) {
        uint8_t drawn[FRESH_HALF_BYTES];
        secret_fill(drawn, sizeof(drawn));
        secret_hex(drawn, sizeof(drawn), random);
    }
    char *characters = arena_take(arena, 2 * sizeof(random));
    if (!characters)
        return TEXT("none");
    memcpy(characters, random, sizeof(random));
    uint64_t rising = htobe64(count);
    secret_hex((const uint8_t *)&rising, sizeof(rising), characters + sizeof(random));
    return (struct text){characters, 2 * sizeof(random)};
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

/* Whether a path is the pattern's, and what stands for its "{id}". */
static bool path_matches(struct text pattern, struct text path, struct text *id)
{
    struct text star = TEXT("*"), place = TEXT("{id}");
    if (text_equals(pattern, path))
        return true;
    size_t brace = text_find(pattern, '{');
    if (brace == pattern.length) {
        size_t fixed = pattern.length - star.length;
        bool is_open = text_equals(text_slice(pattern, fixed, pattern.length), star);
        return is_open && text_starts_with(path, text_slice(pattern, 0, fixed));
    }
    if (!text_starts_with(path, text_slice(pattern, 0, brace)))
        return false;
    struct text rest = text_slice(path, brace, path.length);
    struct text ending = text_slice(pattern, brace + place.length, pattern.length);
    size_t length = text_find(rest, '/');
    if (length == 0 || !text_equals(text_slice(rest, length, rest.length), ending))
        return false;
    *id = text_slice(rest, 0, length);
    return true;
}

#define METHOD_BIT(method) (1U << (method))

/* What an endpoint answers beside OPTIONS, as a set of enum http_method. */
static unsigned methods_of(const struct endpoint *endpoint)
{
    switch (endpoint->method) {
    case ENDPOINT_GET: return METHOD_BIT(HTTP_GET) | METHOD_BIT(HTTP_HEAD);
    case ENDPOINT_POST: return METHOD_BIT(HTTP_POST);
    case ENDPOINT_DELETE: return METHOD_BIT(HTTP_DELETE);
    }
    check_failed(__FILE__, __LINE__, "the method is in the list");
}

/* What was found of a path: the row that answers the method, else the first one of the path. */
struct route {
    const struct endpoint *endpoint;
    struct text id;
    unsigned methods; /* of all rows with that path */
};

static void table_search(const struct endpoint *rows, size_t count, const struct call *call,
                         struct route *route)
{
    unsigned asked = METHOD_BIT(call->request->method);
    for (size_t i = 0; i < count; i++) {
        struct text id = {0};
        if (!path_matches(rows[i].path, call->request->path, &id))
            continue;
        /* A path that a row has of its own is not one of those that a later '*' stands for. */
        if (route->endpoint && !text_equals(rows[i].path, route->endpoint->path))
            return;
        bool answers = (methods_of(&rows[i]) & asked) != 0;
        if (!route->endpoint || answers)
            route->endpoint = &rows[i];
        route->id = id;
        route->methods |= methods_of(&rows[i]);
        if (answers)
            return;
    }
}

static struct route route_find(const struct call *call)
{
    const struct pipeline *pipeline = call->pipeline;
    struct route route = {0};
    table_search(pipeline->endpoints, pipeline->endpoint_count, call, &route);
    if (!route.endpoint)
        table_search(pipeline->console_endpoints, pipeline->console_endpoint_count, call,
                     &route);
    return route;
}

#define ALLOW_GET "Allow: GET, HEAD, OPTIONS\r\n"

static const struct {
    enum http_method method;
    const char *name;
} method_names[] = {
    {HTTP_GET, "GET"}, {HTTP_HEAD, "HEAD"}, {HTTP_POST, "POST"}, {HTTP_DELETE, "DELETE"}};

/* "GET, HEAD" and, at the end, comma or "and", "OPTIONS". */
static void methods_write(unsigned methods, const char *last, struct buffer *out)
{
    for (size_t i = 0, written = 0; i < LENGTH_OF(method_names); i++)
        if (methods & METHOD_BIT(method_names[i].method))
            buffer_append_format(out, "%s%s", written++ ? ", " : "", method_names[i].name);
    buffer_append_format(out, "%sOPTIONS", last);
}

#define METHODS_BYTES_MAX 128

static struct text allow_line(unsigned methods, char room[METHODS_BYTES_MAX])
{
    struct buffer line;
    buffer_init_on(&line, room, METHODS_BYTES_MAX);
    buffer_append(&line, TEXT("Allow: "));
    methods_write(methods, ", ", &line);
    buffer_append(&line, TEXT("\r\n"));
    check(!line.overflowed);
    return buffer_text(&line);
}

#define METHODS_READ (METHOD_BIT(HTTP_GET) | METHOD_BIT(HTTP_HEAD))

/* Where other pages may not ask, they are told nothing beyond Allow. */
static void answer_options(struct call *call, unsigned methods)
{
    char room[METHODS_BYTES_MAX];
    if (!call_is_shared(call)) {
        call_answer_body(call, 204, allow_line(methods, room), (struct text){0});
        return;
    }
    call_answer_body(call, 204,
                     TEXT(ALLOW_GET "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
                                    "Access-Control-Allow-Headers: x-api-key, x-request-id, "
                                    "idempotency-key, if-none-match, if-modified-since, "
                                    "content-type\r\n"
                                    "Access-Control-Max-Age: 86400\r\n"),
                     (struct text){0});
}

static void refuse_method(struct call *call, unsigned methods)
{
    char room[METHODS_BYTES_MAX], words[METHODS_BYTES_MAX];
    struct buffer sentence;
    buffer_init_on(&sentence, words, sizeof(words));
    buffer_append(&sentence, TEXT("This path answers "));
    methods_write(methods, " and ", &sentence);
    buffer_append_byte(&sentence, '.');
    check(!sentence.overflowed);
    call_refuse(call, &(struct refusal){.failure = &failures[FAILURE_METHOD_NOT_ALLOWED],
                                        .message = buffer_text(&sentence),
                                        .headers = allow_line(methods, room)});
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
        answer_options(call, METHODS_READ);
    else
        refuse_method(call, METHODS_READ);
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
        answer_options(call, METHODS_READ);
    else
        call_refuse_plainly(call, FAILURE_NOT_FOUND);
}

static void receive(void *owner, struct http_exchange *exchange)
{
    struct call *call = call_open(owner, exchange);
    const struct http_request *request = call->request;
    struct route route = route_find(call);
    call->endpoint = route.endpoint;
    call->id = route.id;
    if (!call->endpoint)
        run_elsewhere(call);
    else if (request->method == HTTP_OPTIONS)
        answer_options(call, route.methods);
    else if ((route.methods & METHOD_BIT(request->method)) == 0)
        refuse_method(call, route.methods);
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
