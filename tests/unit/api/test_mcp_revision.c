#include "api/mcp_revision.h"
#include "base/buffer.h"
#include "support/unit.h"

#define META(version, capabilities)                                                            \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":" version                          \
    ",\"io.modelcontextprotocol/clientCapabilities\":" capabilities "}"
#define MODERN META("\"2026-07-28\"", "{}")
#define CALL(params)                                                                           \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{" params "}}"
#define PING(params)                                                                           \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{" params "}}"
#define FIELDS_MAX 4

struct row {
    const char *body;
    const char *fields[FIELDS_MAX][2]; /* name and value, ended by NULL */
    int64_t code;                      /* 0: it is accepted */
    bool is_modern;
};

#define VERSION "MCP-Protocol-Version"

static const struct row rows[] = {
    {PING(""), {{NULL}}, 0, false},
    {PING(""), {{VERSION, "2025-03-26"}}, 0, false},
    {PING(""), {{VERSION, "2025-06-18"}}, 0, false},
    {PING(""), {{VERSION, "2025-11-25"}}, 0, false},
    {PING(""), {{VERSION, "2024-11-05"}}, MCP_UNSUPPORTED_VERSION, false},
    {PING(""), {{VERSION, ""}}, MCP_UNSUPPORTED_VERSION, false},
    {PING(META("\"2025-11-25\"", "{}")), {{NULL}}, 0, false},
    {PING(META("\"2030-01-01\"", "{}")), {{NULL}}, MCP_UNSUPPORTED_VERSION, false},
    {PING("\"_meta\":{}"), {{NULL}}, 0, false},
    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}",
     {{VERSION, "2024-11-05"}},
     0,
     false},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}",
     {{VERSION, "2026-07-28"}},
     0,
     true},
    {"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}",
     {{VERSION, "1"}},
     MCP_UNSUPPORTED_VERSION,
     false},
    /* Modern: what the body says of itself, and headers that say it again. */
    {PING(MODERN), {{VERSION, "2026-07-28"}, {"mcp-method", "ping"}}, 0, true},
    {PING(""), {{VERSION, "2026-07-28"}, {"Mcp-Method", "ping"}}, MCP_INVALID_PARAMS, true},
    {PING(META("7", "{}")),
     {{VERSION, "2026-07-28"}, {"Mcp-Method", "ping"}},
     MCP_INVALID_PARAMS,
     true},
    {PING(META("\"2026-07-28\"", "7")),
     {{VERSION, "2026-07-28"}, {"Mcp-Method", "ping"}},
     MCP_INVALID_PARAMS,
     true},
    {PING(MODERN), {{"Mcp-Method", "ping"}}, MCP_HEADER_MISMATCH, true},
    {PING(MODERN), {{VERSION, "2026-07-28"}}, MCP_HEADER_MISMATCH, true},
    {PING(MODERN),
     {{VERSION, "2025-11-25"}, {"Mcp-Method", "ping"}},
     MCP_HEADER_MISMATCH,
     true},
    {PING(MODERN),
     {{VERSION, "2026-07-28"}, {"Mcp-Method", "Ping"}},
     MCP_HEADER_MISMATCH,
     true},
    {PING(MODERN),
     {{VERSION, "2026-07-28"}, {"Mcp-Method", "ping"}, {"Mcp-Method", "ping"}},
     MCP_HEADER_MISMATCH,
     true},
    {CALL(MODERN), {{VERSION, "2026-07-28"}, {"Mcp-Method", "tools/call"}}, 0, true},
};

/* The name in the body, the header that repeats it, and whether it does. */
static const struct {
    const char *name, *header;
    bool agrees;
} names[] = {
    {"list", "list", true},
    {"list", "List", false},
    {"list", NULL, false},
    {"list", "=?base64?bGlzdA==?=", true},
    {"list", "=?base64?bGlzdA?=", true},
    {"list", "=?base64?bGlzdHM=?=", false},
    {"list", "=?base64?bGlz?=", false},
    {"list",
     "=?base64?"
     "?=",
     false},
    {"list", "=?base64?=", false},
    {"list", "=?base64?b*lzdA==?=", false},
    {"list", "=?BASE64?bGlzdA==?=", false},
    {"\xE4\xB8\x96>?", "=?base64?5LiWPj8=?=", true},
    {"=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?=", true},
};

static struct http_request request_of(const struct row *row, struct http_field *fields)
{
    struct http_request request = {.fields = fields};
    while (request.field_count < FIELDS_MAX && row->fields[request.field_count][0]) {
        const char *const *field = row->fields[request.field_count];
        fields[request.field_count++] = (struct http_field){text_of(field[0]),
                                                            text_of(field[1])};
    }
    return request;
}

static void expect(const struct row *row)
{
    json_t *document CLEANUP(json_document_finish) = NULL;
    struct http_field fields[FIELDS_MAX];
    struct http_request request = request_of(row, fields);
    struct mcp_message message;
    struct mcp_fault fault = {0};
    bool is_modern = false;
    assert_int_equal(mcp_message_read(text_of(row->body), &document, &message, &fault),
                     STATUS_OK);
    enum status status = mcp_revision_read(&request, &message, &is_modern, &fault);
    if ((status == STATUS_OK) != (row->code == 0) || fault.code != row->code)
        fail_msg("%s %s: %lld %s", row->body, row->fields[0][1], (long long)fault.code,
                 fault.reason.sentence);
    assert_int_equal(is_modern, row->is_modern);
    assert_int_equal(fault.status, row->code ? 400 : 0);
    assert_int_equal(fault.version.at != NULL, row->code == MCP_UNSUPPORTED_VERSION);
}

static void requests_are_held_against_their_revision(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        expect(&rows[i]);
}

static void the_name_of_a_tool_is_compared_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        char body[512];
        struct buffer out;
        buffer_init_on(&out, body, sizeof(body));
        buffer_append_format(&out, CALL("\"name\":\"%s\"," MODERN), names[i].name);
        buffer_append_byte(&out, '\0');
        expect(&(struct row){.body = body,
                             .fields = {{VERSION, "2026-07-28"},
                                        {"Mcp-Method", "tools/call"},
                                        {names[i].header ? "Mcp-Name" : NULL, names[i].header}},
                             .code = names[i].agrees ? 0 : MCP_HEADER_MISMATCH,
                             .is_modern = true});
    }
}

static void initialize_agrees_on_what_has_initialize(void **state)
{
    static const char *const agreed[][2] = {
        {"2025-11-25", "2025-11-25"}, {"2025-06-18", "2025-06-18"},
        {"2025-03-26", "2025-03-26"}, {"2026-07-28", "2025-11-25"},
        {"2024-11-05", "2025-11-25"}, {"", "2025-11-25"}};
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(agreed); i++)
        assert_true(
            text_equals(mcp_revision_agreed(text_of(agreed[i][0])), text_of(agreed[i][1])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_held_against_their_revision),
        cmocka_unit_test(the_name_of_a_tool_is_compared_decoded),
        cmocka_unit_test(initialize_agrees_on_what_has_initialize),
    };
    return cmocka_run_group_tests_name("api/mcp_revision", tests, NULL, NULL);
}
