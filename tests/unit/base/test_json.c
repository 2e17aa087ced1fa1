#include "base/json_read.h"
#include "base/json_write.h"
#include "support/unit.h"

#include <stdio.h>

static json_t *read_back(const struct buffer *buffer)
{
    json_t *document = NULL;
    struct reason reason = {0};
    assert_false(buffer->overflowed);
    if (json_document_read(buffer_text(buffer), &document, &reason) != STATUS_OK)
        fail_msg("%s: %.*s", reason.sentence, TEXT_PRINT(buffer_text(buffer)));
    return document;
}

static void documents_read_back(void **state)
{
    (void)state;
    struct buffer buffer CLEANUP(buffer_finish);
    buffer_init(&buffer, 4096);
    struct json_writer writer = json_writer_on(&buffer);
    json_object_open(&writer);
    json_member_text(&writer, TEXT("text"), TEXT("a\"b\\c/\n\r\t\x01\x1F\x7F\xF0\x9F\x98\x80"));
    json_member_integer(&writer, TEXT("least"), INT64_MIN);
    json_member_integer(&writer, TEXT("most"), INT64_MAX);
    json_member_boolean(&writer, TEXT("yes"), true);
    json_member_boolean(&writer, TEXT("no"), false);
    json_name(&writer, TEXT("nothing"));
    json_write_raw(&writer, TEXT("null"));
    json_name(&writer, TEXT("empty"));
    json_object_open(&writer);
    json_object_close(&writer);
    json_name(&writer, TEXT("list"));
    json_array_open(&writer);
    json_array_open(&writer);
    json_array_close(&writer);
    json_write_text(&writer, TEXT(""));
    json_write_raw(&writer, TEXT("[1]"));
    json_write_integer(&writer, -1);
    json_array_close(&writer);
    json_member_text(&writer, TEXT("a \"name\"\n"), TEXT("last"));
    json_object_close(&writer);

    json_t *document CLEANUP(json_document_finish) = read_back(&buffer);
    struct text text;
    int64_t integer;
    bool boolean;
    assert_true(json_read_text(document, "text", &text));
    assert_true(text_equals(text, TEXT("a\"b\\c/\n\r\t\x01\x1F\x7F\xF0\x9F\x98\x80")));
    assert_true(json_read_integer(document, "least", &integer));
    assert_true(integer == INT64_MIN);
    assert_true(json_read_integer(document, "most", &integer));
    assert_true(integer == INT64_MAX);
    assert_true(json_read_boolean(document, "yes", &boolean));
    assert_true(boolean);
    assert_true(json_read_boolean(document, "no", &boolean));
    assert_false(boolean);
    assert_true(json_is_null(json_object_get(document, "nothing")));
    assert_true(json_is_object(json_object_get(document, "empty")));
    const json_t *list = json_object_get(document, "list");
    assert_int_equal(json_array_size(list), 4);
    assert_int_equal(json_array_size(json_array_get(list, 0)), 0);
    assert_int_equal(json_array_size(json_array_get(list, 2)), 1);
    assert_int_equal(json_integer_value(json_array_get(list, 3)), -1);
    assert_true(json_read_text(document, "a \"name\"\n", &text));
    assert_true(text_equals(text, TEXT("last")));
    assert_int_equal(json_object_size(document), 9);
}

static void only_what_must_be_is_escaped(void **state)
{
    (void)state;
    struct buffer buffer CLEANUP(buffer_finish);
    buffer_init(&buffer, 4096);
    struct json_writer writer = json_writer_on(&buffer);
    json_write_text(&writer, TEXT("/\xC3\xA9<>&'\"\\\n\x1F"));
    assert_true(text_equals(buffer_text(&buffer), TEXT("\"/\xC3\xA9<>&'\\\"\\\\\\n\\u001f\"")));
    for (int byte = 1; byte < 0x80; byte++) {
        char one = (char)byte;
        buffer_clear(&buffer);
        writer = json_writer_on(&buffer);
        json_write_text(&writer, (struct text){&one, 1});
        json_t *document CLEANUP(json_document_finish) = read_back(&buffer);
        assert_int_equal(json_string_length(document), 1);
        assert_int_equal(json_string_value(document)[0], byte);
    }
}

struct document_row {
    const char *label;
    struct text bytes;
    enum status outcome;
    const char *says; /* part of the reason */
};

static const struct document_row document_rows[] = {
    {"object", TEXT_INITIAL("{\"a\":1}"), STATUS_OK, ""},
    {"array with white space", TEXT_INITIAL(" \r\n\t[1, 2]\n"), STATUS_OK, ""},
    {"bare string", TEXT_INITIAL("\"a\""), STATUS_OK, ""},
    {"bare null", TEXT_INITIAL("null"), STATUS_OK, ""},
    {"largest integer", TEXT_INITIAL("9223372036854775807"), STATUS_OK, ""},
    {"least integer", TEXT_INITIAL("-9223372036854775808"), STATUS_OK, ""},
    {"surrogate pair", TEXT_INITIAL("\"\\uD83D\\uDE00\""), STATUS_OK, ""},
    {"brackets in a string", TEXT_INITIAL("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\""),
     STATUS_OK, ""},
    {"nothing", TEXT_INITIAL(""), STATUS_INVALID, "line 1"},
    {"no bytes at all", {NULL, 0}, STATUS_INVALID, "line 1"},
    {"only white space", TEXT_INITIAL("\n\n "), STATUS_INVALID, "line 3"},
    {"unfinished", TEXT_INITIAL("{\"a\":\n1"), STATUS_INVALID, "line 2"},
    {"unfinished escape", TEXT_INITIAL("\"\\"), STATUS_INVALID, "line 1"},
    {"trailing comma", TEXT_INITIAL("[1,]"), STATUS_INVALID, ""},
    {"comment", TEXT_INITIAL("[1] // one"), STATUS_INVALID, ""},
    {"second value", TEXT_INITIAL("{} {}"), STATUS_INVALID, "line 1, column 4"},
    {"trailing letter", TEXT_INITIAL("[]\nx"), STATUS_INVALID, "line 2"},
    {"trailing NUL", TEXT_INITIAL("[]\0"), STATUS_INVALID, ""},
    {"duplicate name", TEXT_INITIAL("{\"a\":1,\"b\":2,\"a\":1}"), STATUS_INVALID, "duplicate"},
    {"duplicate name by escape", TEXT_INITIAL("{\"a\":1,\"\\u0061\":2}"), STATUS_INVALID,
     "duplicate"},
    {"NUL by escape", TEXT_INITIAL("\"a\\u0000b\""), STATUS_INVALID, ""},
    {"NUL by escape in a name", TEXT_INITIAL("{\"a\\u0000b\":1}"), STATUS_INVALID, ""},
    {"NUL byte", TEXT_INITIAL("\"a\0b\""), STATUS_INVALID, ""},
    {"control byte", TEXT_INITIAL("\"a\nb\""), STATUS_INVALID, ""},
    {"invalid UTF-8", TEXT_INITIAL("\"a\xC3\""), STATUS_INVALID, ""},
    {"surrogate in UTF-8", TEXT_INITIAL("\"\xED\xA0\x80\""), STATUS_INVALID, ""},
    {"lone surrogate", TEXT_INITIAL("\"\\uD83D\""), STATUS_INVALID, ""},
    {"byte order mark", TEXT_INITIAL("\xEF\xBB\xBF{}"), STATUS_INVALID, "line 1"},
    {"integer over int64", TEXT_INITIAL("9223372036854775808"), STATUS_INVALID, "integer"},
    {"integer under int64", TEXT_INITIAL("-9223372036854775809"), STATUS_INVALID, "integer"},
    {"real out of range", TEXT_INITIAL("1e999"), STATUS_INVALID, ""},
    {"leading zero", TEXT_INITIAL("01"), STATUS_INVALID, ""},
    {"plus sign", TEXT_INITIAL("+1"), STATUS_INVALID, ""},
    {"not a number", TEXT_INITIAL("NaN"), STATUS_INVALID, ""},
    {"single quotes", TEXT_INITIAL("{'a':1}"), STATUS_INVALID, ""},
};

static void documents_are_taken_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(document_rows); i++) {
        const struct document_row *row = &document_rows[i];
        json_t *document CLEANUP(json_document_finish) = NULL;
        struct reason reason = {0};
        print_message("%s\n", row->label);
        assert_int_equal(json_document_read(row->bytes, &document, &reason), row->outcome);
        assert_int_equal(document != NULL, row->outcome == STATUS_OK);
        assert_int_equal(reason.sentence[0] != 0, row->outcome != STATUS_OK);
        assert_non_null(strstr(reason.sentence, row->says));
        assert_true(text_is_utf8(reason_text(&reason)));
    }
}

static enum status read_nested(size_t depth, char opening, char closing)
{
    struct buffer buffer CLEANUP(buffer_finish);
    buffer_init(&buffer, 10 * depth + 10);
    for (size_t i = 0; i < depth; i++)
        buffer_append(&buffer, opening == '{' ? TEXT("{\"a\":") : TEXT("["));
    buffer_append(&buffer, opening == '{' ? TEXT("1") : TEXT(""));
    for (size_t i = 0; i < depth; i++)
        buffer_append_byte(&buffer, closing);
    json_t *document CLEANUP(json_document_finish) = NULL;
    return json_document_read(buffer_text(&buffer), &document, NULL);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(read_nested(JSON_DEPTH_MAX, '[', ']'), STATUS_OK);
    assert_int_equal(read_nested(JSON_DEPTH_MAX, '{', '}'), STATUS_OK);
    assert_int_equal(read_nested(JSON_DEPTH_MAX + 1, '[', ']'), STATUS_INVALID);
    assert_int_equal(read_nested(JSON_DEPTH_MAX + 1, '{', '}'), STATUS_INVALID);
    assert_int_equal(read_nested(1000000, '[', ']'), STATUS_INVALID);

    /* Side by side is not nested. */
    struct buffer buffer CLEANUP(buffer_finish);
    buffer_init(&buffer, 4096);
    struct json_writer writer = json_writer_on(&buffer);
    json_array_open(&writer);
    for (int i = 0; i < 2 * JSON_DEPTH_MAX; i++)
        json_write_raw(&writer, TEXT("[\"]\"]"));
    json_array_close(&writer);
    json_t *document CLEANUP(json_document_finish) = read_back(&buffer);
    assert_int_equal(json_array_size(document), 2 * JSON_DEPTH_MAX);
}

static void length_is_bounded(void **state)
{
    (void)state;
    json_t *document = NULL;
    struct reason reason = {0};
    struct text vast = {"", (size_t)JSON_BYTES_MAX + 1}; /* refused before a byte is read */
    assert_int_equal(json_document_read(vast, &document, &reason), STATUS_TOO_LARGE);
    assert_null(document);
    assert_string_not_equal(reason.sentence, "");
}

static void members_of_another_type_are_not_read(void **state)
{
    (void)state;
    json_t *document CLEANUP(json_document_finish) = NULL;
    struct text json = TEXT(
        "{\"text\":\"1\",\"integer\":1,\"real\":1.0,\"yes\":true,\"no\":null}");
    assert_int_equal(json_document_read(json, &document, NULL), STATUS_OK);
    static const char *const names[] = {"text", "integer", "real", "yes", "no", "absent"};
    static const bool is_text[] = {true, false, false, false, false, false};
    static const bool is_integer[] = {false, true, false, false, false, false};
    static const bool is_boolean[] = {false, false, false, true, false, false};
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        struct text text = TEXT("untouched");
        int64_t integer = 77;
        bool boolean = false;
        assert_int_equal(json_read_text(document, names[i], &text), is_text[i]);
        assert_int_equal(json_read_integer(document, names[i], &integer), is_integer[i]);
        assert_int_equal(json_read_boolean(document, names[i], &boolean), is_boolean[i]);
        assert_int_equal(text_equals(text, TEXT("untouched")), !is_text[i]);
        assert_int_equal(integer, is_integer[i] ? 1 : 77);
        assert_int_equal(boolean, is_boolean[i]);
    }
    struct text text;
    assert_false(json_read_text(NULL, "a", &text));
    assert_false(json_read_text(json_object_get(document, "text"), "a", &text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_read_back),
        cmocka_unit_test(only_what_must_be_is_escaped),
        cmocka_unit_test(documents_are_taken_or_refused),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(length_is_bounded),
        cmocka_unit_test(members_of_another_type_are_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
