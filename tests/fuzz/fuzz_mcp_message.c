/* fuzz_mcp_message: no body and no headers crash the reading of a message; whatever is accepted can
 * be answered, and whatever is not has a code and a sentence. The first two lines of the input are
 * the headers that a message owes, the rest is its body. See replay.c for how to run it. */
#include "api/mcp_revision.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void check_fault(const struct mcp_fault *fault)
{
    check(fault->code < 0 && fault->status == 400);
    check(fault->reason.sentence[0] != '\0' && text_is_utf8(reason_text(&fault->reason)));
    check((fault->version.at != NULL) == (fault->code == MCP_UNSUPPORTED_VERSION));
}

/* The id is sent back as it stands. */
static void check_id(const struct mcp_message *message)
{
    json_t *document CLEANUP(json_document_finish) = NULL;
    check(message->id_length == 0 ||
          json_document_read(mcp_message_id(message), &document, NULL) == STATUS_OK);
}

static void check_arguments(const struct mcp_message *message)
{
    struct arena arena;
    struct query query;
    const json_t *arguments = json_object_get(message->params, "arguments");
    if (!json_is_object(arguments))
        return;
    arena_init(&arena, CALL_ARENA_BYTES_MAX);
    check(mcp_arguments_read(arguments, &arena, &query) == STATUS_OK);
    check(query.count + query.unread == json_object_size(arguments));
    for (size_t i = 0; i < query.count; i++)
        check(query.pairs[i].fault == QUERY_FINE && text_is_utf8(query.pairs[i].name) &&
              text_is_utf8(query.pairs[i].value));
    arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    json_t *document CLEANUP(json_document_finish) = NULL;
    struct text rest = {(const char *)bytes, length};
    struct http_field fields[] = {{TEXT("MCP-Protocol-Version"), text_cut(&rest, '\n')},
                                  {TEXT("Mcp-Method"), text_cut(&rest, '\n')},
                                  {TEXT("Mcp-Name"), {0}}};
    fields[2].value = fields[1].value; /* base64 is read in both */
    struct http_request request = {.fields = fields, .field_count = LENGTH_OF(fields)};
    struct mcp_message message;
    struct mcp_fault fault = {0};
    bool is_modern;
    enum status status = mcp_message_read(rest, &document, &message, &fault);
    check_id(&message);
    if (status == STATUS_OK) {
        status = mcp_revision_read(&request, &message, &is_modern, &fault);
        check_arguments(&message);
    }
    if (status != STATUS_OK)
        check_fault(&fault);
    return 0;
}
