#include "console/playground.h"

#include "api/mcp_message.h"
#include "api/mcp_tools.h"
#include "call/answer_headers.h"
#include "console/errand.h"
#include "ledger/changes.h"

struct playground {
    struct errand errand;
    struct tool_call tool;
    struct chosen_key key;
    const struct endpoint *endpoint;
    duration began;
};

/* ---- The answer, with the other one in it ---- */

struct dress {
    struct buffer bytes;
    void (*release)(void *held);
    void *held;
};

static void dress_release(void *held)
{
    struct dress *dress = held;
    if (dress->release)
        dress->release(dress->held);
    buffer_finish(&dress->bytes);
    free(dress);
}

static void headers_write(struct json_writer *writer, struct text lines)
{
    json_name(writer, TEXT("headers"));
    json_array_open(writer);
    while (lines.length > 0) {
        struct text value = text_cut(&lines, '\n');
        if (value.length > 0 && value.at[value.length - 1] == '\r')
            value.length--;
        struct text name = text_cut(&value, ':');
        json_array_open(writer);
        json_write_text(writer, name);
        json_write_text(writer, text_trim(value));
        json_array_close(writer);
    }
    json_array_close(writer);
}

#define PATH_WRITTEN_MAX (2 * 1024 * 1024) /* three times a body, and a path */

static void path_write(struct json_writer *writer, const struct playground *asked)
{
    struct buffer path CLEANUP(buffer_finish);
    buffer_init(&path, PATH_WRITTEN_MAX);
    buffer_append(&path, asked->endpoint->path);
    const struct query *arguments = &asked->tool.arguments;
    for (size_t i = 0; i < arguments->count; i++) {
        buffer_append_byte(&path, i == 0 ? '?' : '&');
        query_escape(arguments->pairs[i].name, &path);
        buffer_append_byte(&path, '=');
        query_escape(arguments->pairs[i].value, &path);
    }
    json_member_text(writer, TEXT("path"), buffer_text(&path));
}

static void answer_write(const struct call *call, const struct http_answer *answer,
                         struct buffer *out)
{
    const struct playground *asked = CONTAINER_OF(call->tool, struct playground, tool);
    struct json_writer writer = json_writer_on(out);
    duration took = {time_elapsed(call->pipeline->time).us - asked->began.us};
    json_object_open(&writer);
    json_member_integer(&writer, TEXT("code"), 200);
    json_member_text(&writer, TEXT("msg"), TEXT("OK"));
    json_name(&writer, TEXT("data"));
    json_object_open(&writer);
    json_member_integer(&writer, TEXT("status"), answer->status);
    json_member_integer(&writer, TEXT("time_ms"), (took.us + 500) / 1000);
    json_member_text(&writer, TEXT("method"), TEXT("GET"));
    path_write(&writer, asked);
    headers_write(&writer, answer->headers);
    json_name(&writer, TEXT("body"));
    buffer_append_byte(out, '"');
    for (size_t i = 0; i < answer->body_pieces; i++)
        json_escape(out, answer->body[i]);
    buffer_append_byte(out, '"');
    writer.comma_due = true;
    json_member_text(&writer, TEXT("request_id"), call->request_id);
    json_object_close(&writer);
    json_object_close(&writer);
}

#define AROUND_BYTES_MAX (PATH_WRITTEN_MAX + 64 * 1024) /* path, headers and names, escaped */
#define HEADERS_BYTES_MAX 512

static struct text headers_of(const struct call *call)
{
    char *room = arena_take(http_exchange_arena(call->exchange), HEADERS_BYTES_MAX);
    struct buffer headers;
    buffer_init_on(&headers, room, room ? HEADERS_BYTES_MAX : 0);
    buffer_append(&headers,
                  TEXT("X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
                       "Content-Type: application/json; charset=utf-8\r\n"));
    answer_header_text(&headers, HEADER_REQUEST_ID, call->request_id);
    check(!headers.overflowed);
    return buffer_text(&headers);
}

static void playground_dress(struct call *call, struct http_answer *answer)
{
    struct dress *dress = memory_take_zeroed(1, sizeof(*dress));
    size_t bytes = 0;
    for (size_t i = 0; i < answer->body_pieces; i++)
        bytes += answer->body[i].length;
    buffer_init(&dress->bytes, 6 * bytes + AROUND_BYTES_MAX);
    answer_write(call, answer, &dress->bytes);
    check(!dress->bytes.overflowed);
    dress->release = answer->release;
    dress->held = answer->held;
    *answer = (struct http_answer){.status = 200,
                                   .headers = headers_of(call),
                                   .body = {buffer_text(&dress->bytes)},
                                   .body_pieces = 1,
                                   .release = dress_release,
                                   .held = dress};
}

/* ---- The call ---- */

static void key_find(struct errand *errand)
{
    struct playground *asked = CONTAINER_OF(errand, struct playground, errand);
    enum status status = ledger_key_chosen(
        errand_ledger(errand), errand->call->session.account_id, &asked->key, &errand->reason);
    if (status == STATUS_OK)
        return;
    if (status != STATUS_MISSING) {
        errand_refuse_status(errand, status);
        return;
    }
    errand->reason = (struct reason){""};
    errand_refuse(errand, REFUSED_NO_ACTIVE_KEY);
}

/* On the loop: from here on it is a call like any other. */
static void call_make(struct errand *errand)
{
    struct playground *asked = CONTAINER_OF(errand, struct playground, errand);
    struct call *call = errand->call;
    if (errand_is_refused(errand)) {
        errand_answer(errand);
        return;
    }
    errand_finish(errand);
    asked->tool.dress = playground_dress;
    asked->tool.key = &asked->key.digest;
    asked->tool.key_prefix = text_of(asked->key.prefix);
    asked->began = time_elapsed(call->pipeline->time);
    call->tool = &asked->tool;
    call->endpoint = asked->endpoint;
    call_run(call);
}

static void asked_read(struct playground *asked)
{
    struct errand *errand = &asked->errand;
    struct text operation = TEXT("");
    const json_t *parameters = json_object_get(errand->body, "parameters");
    if (errand_text(errand, "operation_id", &operation))
        asked->endpoint = mcp_tool_find(errand->call->pipeline, operation);
    if (!asked->endpoint && !errand_is_refused(errand))
        errand_fault(errand, "operation_id", operation,
                     "must be the operation id of a product endpoint; openapi.json names them");
    if (parameters && !json_is_object(parameters) && !json_is_null(parameters))
        errand_fault(errand, "parameters", TEXT(""), "must be an object");
    else if (json_is_object(parameters) &&
             mcp_arguments_read(parameters, http_exchange_arena(errand->call->exchange),
                                &asked->tool.arguments) != STATUS_OK)
        errand_fault(errand, "parameters", TEXT(""), "is too long");
}

void playground_call(struct call *call)
{
    static const char *const members[] = {"operation_id", "parameters", NULL};
    struct playground *asked = arena_take(http_exchange_arena(call->exchange), sizeof(*asked));
    check(asked != NULL);
    struct errand *errand = &asked->errand;
    errand_open(errand, call, members);
    errand->work = key_find;
    errand->answer = call_make;
    if (!errand_is_refused(errand))
        asked_read(asked);
    if (!errand_is_refused(errand) && errand_send(errand, console_of(call)->desk))
        return;
    if (!errand_is_refused(errand))
        errand_refuse_queue(errand);
    errand_answer(errand);
}
