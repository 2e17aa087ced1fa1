#include "api/mcp_message.h"
#include "base/buffer.h"
#include "support/unit.h"

/* Reads body and leaves what it is about to the caller. */
static enum status read_body(const char *body, struct mcp_message *message,
                             struct mcp_fault *fault)
{
    json_t *document CLEANUP(json_document_finish) = NULL;
    *fault = (struct mcp_fault){0};
    return mcp_message_read(text_of(body), &document, message, fault);
}

static void requests_are_read(void **state)
{
    static const struct {
        const char *body, *id, *method;
        bool has_params;
    } rows[] = {
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}", "1", "ping", false},
        {" {\"method\":\"a/b\",\"params\":{},\"id\":\"x\",\"jsonrpc\":\"2.0\"}\n", "\"x\"",
         "a/b", true},
        {"{\"jsonrpc\":\"2.0\",\"id\":-9223372036854775808,\"method\":\"\"}",
         "-9223372036854775808", "", false},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"\\u00e9\\\"\\\\\\n\",\"method\":\"m\"}",
         "\"\xC3\xA9\\\"\\\\\\n\"", "m", false},
        {"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\",\"x\":1}", "",
         "notifications/initialized", false},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        json_t *document CLEANUP(json_document_finish) = NULL;
        struct mcp_message message;
        struct mcp_fault fault = {0};
        if (mcp_message_read(text_of(rows[i].body), &document, &message, &fault) != STATUS_OK)
            fail_msg("%s: %s", rows[i].body, fault.reason.sentence);
        assert_true(text_equals(mcp_message_id(&message), text_of(rows[i].id)));
        assert_true(text_equals(message.method, text_of(rows[i].method)));
        assert_int_equal(message.params != NULL, rows[i].has_params);
    }
}

static void faults_have_their_code_and_keep_the_id(void **state)
{
    static const struct {
        const char *body;
        int64_t code;
        const char *id;
    } rows[] = {
        {"", MCP_PARSE_ERROR, ""},
        {"{", MCP_PARSE_ERROR, ""},
        {"{} {}", MCP_PARSE_ERROR, ""},
        {"{\"id\":1,\"id\":1}", MCP_PARSE_ERROR, ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\\u0000\"}", MCP_PARSE_ERROR, ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":99999999999999999999,\"method\":\"a\"}", MCP_PARSE_ERROR,
         ""},
        {"[]", MCP_INVALID_REQUEST, ""},
        {"[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", MCP_INVALID_REQUEST, ""},
        {"7", MCP_INVALID_REQUEST, ""},
        {"null", MCP_INVALID_REQUEST, ""},
        {"{}", MCP_INVALID_REQUEST, ""},
        {"{\"jsonrpc\":2.0,\"id\":1,\"method\":\"a\"}", MCP_INVALID_REQUEST, "1"},
        {"{\"jsonrpc\":\"2.0\",\"id\":\"i\"}", MCP_INVALID_REQUEST, "\"i\""},
        {"{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}", MCP_INVALID_REQUEST, "2"},
        {"{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{}}", MCP_INVALID_REQUEST, "2"},
        {"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":{}}", MCP_INVALID_REQUEST, "2"},
        {"{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"a\"}", MCP_INVALID_REQUEST, ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":1.0,\"method\":\"a\"}", MCP_INVALID_REQUEST, ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"a\"}", MCP_INVALID_REQUEST, ""},
        {"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"a\",\"params\":[]}", MCP_INVALID_PARAMS,
         "2"},
        {"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"a\",\"params\":null}", MCP_INVALID_PARAMS,
         "2"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct mcp_message message;
        struct mcp_fault fault;
        assert_int_equal(read_body(rows[i].body, &message, &fault), STATUS_INVALID);
        if (fault.code != rows[i].code)
            fail_msg("%s: %lld", rows[i].body, (long long)fault.code);
        assert_int_equal(fault.status, 400);
        assert_true(fault.reason.sentence[0] != '\0');
        assert_true(text_equals(mcp_message_id(&message), text_of(rows[i].id)));
    }
}

static void an_id_has_a_bound(void **state)
{
    char body[MCP_ID_BYTES_MAX + 64];
    struct mcp_message message;
    struct mcp_fault fault;
    (void)state;
    /* Two of the bytes are its quotes. */
    for (int spare = 2; spare >= 1; spare--) {
        struct buffer out;
        buffer_init_on(&out, body, sizeof(body));
        buffer_append_format(&out, "{\"jsonrpc\":\"2.0\",\"method\":\"a\",\"id\":\"%0*d\"}",
                             MCP_ID_BYTES_MAX - spare, 0);
        buffer_append_byte(&out, '\0');
        assert_false(out.overflowed);
        assert_int_equal(read_body(body, &message, &fault),
                         spare == 2 ? STATUS_OK : STATUS_INVALID);
        assert_int_equal(message.id_length, spare == 2 ? MCP_ID_BYTES_MAX : 0);
    }
}

static void arguments_become_texts(void **state)
{
    static const struct {
        const char *json, *text;
    } rows[] = {
        {"\"US\"", "US"},
        {"\"\"", ""},
        {"null", ""},
        {"7", "7"},
        {"-9007199254740993", "-9007199254740993"},
        {"7.0", "7"},
        {"1e3", "1000"},
        {"-0.0", "0"},
        {"9007199254740992.0", "9007199254740992"},
        {"7.5", "7.5"},
        {"true", "true"},
        {"[7]", "[7]"},
        {"{\"a\": [1, \"\xC3\xA9\"]}", "{\"a\":[1,\"\xC3\xA9\"]}"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        json_t *document CLEANUP(json_document_finish) = NULL;
        char room[128];
        struct arena arena;
        struct query query;
        struct reason reason = {0};
        struct buffer object;
        buffer_init_on(&object, room, sizeof(room));
        buffer_append_format(&object, "{\"name\": %s}", rows[i].json);
        assert_int_equal(json_document_read(buffer_text(&object), &document, &reason),
                         STATUS_OK);
        arena_init(&arena, 4096);
        assert_int_equal(mcp_arguments_read(document, &arena, &query), STATUS_OK);
        assert_int_equal(query.count, 1);
        assert_int_equal(query.unread, 0);
        assert_true(text_equals(query.pairs[0].name, TEXT("name")));
        if (!text_equals(query.pairs[0].value, text_of(rows[i].text)))
            fail_msg("%s: %.*s", rows[i].json, TEXT_PRINT(query.pairs[0].value));
        assert_int_equal(query.pairs[0].fault, QUERY_FINE);
        arena_finish(&arena);
    }
}

static void arguments_are_bounded(void **state)
{
    struct arena arena;
    struct query query;
    json_t *object CLEANUP(json_document_finish) = json_object();
    (void)state;
    arena_init(&arena, 64 * 1024);
    assert_int_equal(mcp_arguments_read(NULL, &arena, &query), STATUS_OK);
    assert_int_equal(query.count, 0);
    for (int i = 0; i < QUERY_PAIRS_MAX + 3; i++) {
        char name[] = {(char)('0' + i / 10), (char)('0' + i % 10), '\0'};
        assert_int_equal(json_object_set_new(object, name, json_integer(i)), 0);
    }
    assert_int_equal(mcp_arguments_read(object, &arena, &query), STATUS_OK);
    assert_int_equal(query.count, QUERY_PAIRS_MAX);
    assert_int_equal(query.unread, 3);
    arena_finish(&arena);
    arena_init(&arena, 64);
    assert_int_equal(mcp_arguments_read(object, &arena, &query), STATUS_TOO_LARGE);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read),
        cmocka_unit_test(faults_have_their_code_and_keep_the_id),
        cmocka_unit_test(an_id_has_a_bound),
        cmocka_unit_test(arguments_become_texts),
        cmocka_unit_test(arguments_are_bounded),
    };
    return cmocka_run_group_tests_name("api/mcp_message", tests, NULL, NULL);
}
