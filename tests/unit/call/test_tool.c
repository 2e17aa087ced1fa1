#include "base/json_read.h"
#include "call/call.h"
#include "support/unit.h"

static struct arena arena;

struct arena *http_exchange_arena(struct http_exchange *exchange)
{
    (void)exchange;
    return &arena;
}

bool call_page_is_stale(const struct call *call)
{
    (void)call;
    return true;
}

static unsigned releases;

static void count_release(void *held)
{
    assert_ptr_equal(held, &releases);
    releases++;
}

static struct tool_call tool;
static struct call call;
static struct http_answer answer;
static json_t *told; /* the whole response */

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, CALL_ARENA_BYTES_MAX);
    releases = 0;
    tool = (struct tool_call){.id = TEXT("\"a\\n\""), .members = TEXT("\"m\":[1],")};
    call = (struct call){.tool = &tool};
    answer = (struct http_answer){.status = 200,
                                  .body = {TEXT("{\"name\":\"\\\"\\u0007\\\\"),
                                           TEXT("\xF0\x9F\x98\x80\""), TEXT(""), TEXT("}")},
                                  .body_pieces = 4,
                                  .release = count_release,
                                  .held = &releases};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(told);
    told = NULL;
    arena_finish(&arena);
    return 0;
}

/* Dresses the answer and reads it as its receiver would. */
static void dress(void)
{
    struct buffer whole CLEANUP(buffer_finish);
    struct reason reason = {0};
    buffer_init(&whole, 1024 * 1024);
    tool_dress(&call, &answer);
    assert_in_range(answer.body_pieces, 1, HTTP_BODY_PIECES_MAX);
    for (size_t i = 0; i < answer.body_pieces; i++)
        buffer_append(&whole, answer.body[i]);
    if (json_document_read(buffer_text(&whole), &told, &reason) != STATUS_OK)
        fail_msg("%s: %.*s", reason.sentence, TEXT_PRINT(buffer_text(&whole)));
    assert_int_equal(releases, 0);
    answer.release(answer.held);
    assert_int_equal(releases, 1);
}

static const char *text_at(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    assert_non_null(value);
    return value;
}

static const json_t *content_at(size_t index)
{
    const json_t *content = json_object_get(json_object_get(told, "result"), "content");
    const json_t *block = json_array_get(content, index);
    assert_non_null(block);
    assert_string_equal(text_at(block, "type"), "text");
    return block;
}

static void a_success_is_told_twice(void **state)
{
    (void)state;
    const struct catalog_page page = {.captured_at = {1790000000 * SECOND_US},
                                      .as_of = {1789948800 * SECOND_US},
                                      .source = TEXT("a \"source\"")};
    call.finding.page = &page;
    call.charge.standing = (struct charge_standing){
        .charged = {8},
        .rate = {.remaining = 3},
        .quota = {.included = {100}, .used = {58}, .daily_cap = {50}, .daily_used = {18}}};
    dress();
    assert_int_equal(answer.status, 200);
    assert_string_equal(text_at(told, "id"), "a\n");
    const json_t *result = json_object_get(told, "result");
    assert_true(json_is_array(json_object_get(result, "m")));
    assert_true(json_is_false(json_object_get(result, "isError")));
    assert_string_equal(text_at(json_object_get(result, "structuredContent"), "name"),
                        "\"\a\\\xF0\x9F\x98\x80");
    assert_string_equal(text_at(content_at(0), "text"),
                        "{\"name\":\"\\\"\\u0007\\\\\xF0\x9F\x98\x80\"}");
    assert_string_equal(text_at(content_at(1), "text"),
                        "Captured at 2026-09-21T14:13:20Z, as of 2026-09-21, source a "
                        "\"source\", stale. 8 credits charged; 42 remain in the billing "
                        "period, 32 today; 3 calls are left in this minute.");
}

static void a_refusal_is_told_in_words(void **state)
{
    (void)state;
    const struct refusal refusal = {.failure = &failures[FAILURE_RATE_LIMITED],
                                    .message = TEXT("Too \"many\"."),
                                    .advice = TEXT("Come back in 7 seconds.")};
    tool.refusal = &refusal;
    answer.status = 429;
    dress();
    assert_int_equal(answer.status, 200);
    const json_t *result = json_object_get(told, "result");
    assert_true(json_is_true(json_object_get(result, "isError")));
    assert_non_null(json_object_get(result, "structuredContent"));
    assert_string_equal(
        text_at(content_at(0), "text"),
        "Refused (rate_limited), nothing was charged. Too \"many\". Come back in "
        "7 seconds.");
}

static void a_wrong_key_is_an_error(void **state)
{
    (void)state;
    const struct refusal refusal = {.failure = &failures[FAILURE_INVALID_KEY],
                                    .message = TEXT("\"No\".")};
    tool.refusal = &refusal;
    answer.status = 401;
    dress();
    assert_int_equal(answer.status, 401);
    assert_null(json_object_get(told, "result"));
    const json_t *error = json_object_get(told, "error");
    assert_int_equal(json_integer_value(json_object_get(error, "code")), 401);
    assert_string_equal(text_at(error, "message"), "\"No\".");
    assert_non_null(json_object_get(json_object_get(error, "data"), "name"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_success_is_told_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_is_told_in_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_key_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("call/tool", tests, NULL, NULL);
}
