#include "api/mcp_message.h"

#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

enum status mcp_fault_set(struct mcp_fault *fault, int64_t code, unsigned status,
                          const char *format, ...)
{
    char sentence[REASON_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    check(length > 0);
    fault->code = code;
    fault->status = status;
    return reason_set(&fault->reason, STATUS_INVALID, "%s", sentence);
}

static enum status refuse(struct mcp_fault *fault, const char *sentence)
{
    return mcp_fault_set(fault, MCP_INVALID_REQUEST, 400, "%s", sentence);
}

/* Unlike JSON-RPC itself, the protocol knows no id of null, and of numbers integers alone. */
static enum status id_read(const json_t *id, struct mcp_message *message,
                           struct mcp_fault *fault)
{
    if (!json_is_string(id) && !json_is_integer(id))
        return refuse(fault, "id must be a string or an integer.");
    size_t length = json_dumpb(id, message->id_room, sizeof(message->id_room),
                               JSON_ENCODE_ANY | JSON_COMPACT);
    if (length == 0 || length > sizeof(message->id_room))
        return mcp_fault_set(fault, MCP_INVALID_REQUEST, 400,
                             "id is too long; %d bytes are the most.", MCP_ID_BYTES_MAX);
    message->id_length = length;
    return STATUS_OK;
}

static enum status method_read(const json_t *object, struct mcp_message *message,
                               struct mcp_fault *fault)
{
    if (json_read_text(object, "method", &message->method))
        return STATUS_OK;
    if (json_object_get(object, "result") || json_object_get(object, "error"))
        return refuse(fault, "This is a response, and this server sends no requests.");
    return refuse(fault, "method must be a string.");
}

static enum status object_read(const json_t *object, struct mcp_message *message,
                               struct mcp_fault *fault)
{
    struct text version;
    const json_t *id = json_object_get(object, "id");
    const json_t *params = json_object_get(object, "params");
    if (id)
        TRY(id_read(id, message, fault));
    if (!json_read_text(object, "jsonrpc", &version) || !text_equals(version, TEXT("2.0")))
        return refuse(fault, "jsonrpc must be \"2.0\".");
    TRY(method_read(object, message, fault));
    if (params && !json_is_object(params))
        return mcp_fault_set(fault, MCP_INVALID_PARAMS, 400, "params must be an object.");
    message->params = params;
    return STATUS_OK;
}

enum status mcp_message_read(struct text body, json_t **document, struct mcp_message *message,
                             struct mcp_fault *fault)
{
    struct reason reason = {""};
    *message = (struct mcp_message){0};
    *document = NULL;
    if (json_document_read(body, document, &reason) != STATUS_OK)
        return mcp_fault_set(fault, MCP_PARSE_ERROR, 400, "The body cannot be read: %s.",
                             reason.sentence);
    if (json_is_array(*document))
        return refuse(fault, "Batches are not taken; send each message in a request of its "
                             "own.");
    if (!json_is_object(*document))
        return refuse(fault, "A message is a JSON object.");
    return object_read(*document, message, fault);
}

struct text mcp_message_text(const struct mcp_message *message, const char *name)
{
    struct text value = {0};
    (void)json_read_text(message->params, name, &value);
    return value;
}

/* ---- Arguments ---- */

#define WHOLE_DOUBLE_MAX 9007199254740992.0 /* 2^53: below it no whole number is left out */

/* In JSON Schema 7.0 is an integer, and the same as 7. */
static bool is_whole(const json_t *value)
{
    double number = json_real_value(value);
    return json_is_real(value) && number >= -WHOLE_DOUBLE_MAX && number <= WHOLE_DOUBLE_MAX &&
           (double)(int64_t)number == number;
}

static struct text value_copy(const json_t *value, struct arena *arena)
{
    if (json_is_null(value))
        return TEXT("");
    if (json_is_string(value))
        return arena_copy(arena,
                          (struct text){json_string_value(value), json_string_length(value)});
    if (is_whole(value)) {
        char room[32];
        struct buffer digits;
        buffer_init_on(&digits, room, sizeof(room));
        buffer_append_integer(&digits, (int64_t)json_real_value(value));
        return arena_copy(arena, buffer_text(&digits));
    }
    char *written = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    check(written != NULL);
    struct text copy = arena_copy(arena, text_of(written));
    free(written);
    return copy;
}

enum status mcp_arguments_read(const json_t *arguments, struct arena *arena,
                               struct query *query)
{
    void *place = json_object_iter((json_t *)(uintptr_t)arguments);
    query->count = query->unread = 0;
    for (; place; place = json_object_iter_next((json_t *)(uintptr_t)arguments, place)) {
        if (query->count == QUERY_PAIRS_MAX) {
            query->unread++;
            continue;
        }
        struct query_pair pair = {
            .name = arena_copy(arena, text_of(json_object_iter_key(place))),
            .value = value_copy(json_object_iter_value(place), arena)};
        if (!pair.name.at || !pair.value.at)
            return STATUS_TOO_LARGE;
        query->pairs[query->count++] = pair;
    }
    return STATUS_OK;
}
