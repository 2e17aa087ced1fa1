/* The operator's file of headers, line by line. */
#include "collector/headers_file.h"
#include "support/unit.h"

#include <stdio.h>
#include <unistd.h>

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 4 * 1024 * 1024);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static void reads_names_and_values(void **state)
{
    struct client_header *headers;
    size_t count;
    struct reason reason = {0};
    (void)state;
    enum status status = headers_read(TEXT("# of my browser\r\n\n:path: /x\n"
                                           "anonymous-user-id: abc \r\n"
                                           "Cookie: a=b; c=\"d:e\"\n"
                                           "lang:en\nx-empty:\n  web-id\t:  7"),
                                      TEXT("h"), &arena, &headers, &count, &reason);
    assert_string_equal(reason.sentence, "");
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(count, 5);
    assert_true(text_equals(headers[0].name, TEXT("anonymous-user-id")));
    assert_true(text_equals(headers[0].value, TEXT("abc")));
    assert_true(text_equals(headers[1].value, TEXT("a=b; c=\"d:e\"")));
    assert_true(text_equals(headers[2].value, TEXT("en")));
    assert_int_equal(headers[3].value.length, 0);
    assert_true(text_equals(headers[4].name, TEXT("web-id")));
}

static void names_file_and_line_and_no_secret(void **state)
{
    static const struct {
        struct text bytes;
        const char *sentence;
    } rows[] = {
        {TEXT_INITIAL("a: b\nsecret"), "h:2: no ':' stands there: write name: value"},
        {TEXT_INITIAL("a b: secret"), "h:1: a header's name must be letters, digits and '-'"},
        {TEXT_INITIAL("\n\nHost: secret"), "h:3: the header Host is set by trendgate itself: "
                                           "leave it out"},
        {TEXT_INITIAL("content-length: 7"),
         "h:1: the header content-length is set by trendgate itself: leave it out"},
        {TEXT_INITIAL("Accept-Encoding: br"),
         "h:1: the header Accept-Encoding is set by trendgate itself: leave it out"},
        {TEXT_INITIAL("a: sec\0ret"), "h:1: the value of the header a has a control character"},
        {TEXT_INITIAL("a: sec\rret"), "h:1: the value of the header a has a control character"},
        {TEXT_INITIAL("a: sec\x1Bret"),
         "h:1: the value of the header a has a control character"},
        {TEXT_INITIAL("a: b\nA: secret"), "h:2: the header A stands there twice"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct client_header *headers = NULL;
        size_t count = 7;
        struct reason reason = {0};
        assert_int_equal(
            headers_read(rows[i].bytes, TEXT("h"), &arena, &headers, &count, &reason),
            STATUS_INVALID);
        assert_string_equal(reason.sentence, rows[i].sentence);
        assert_null(headers);
        assert_int_equal(count, 7);
    }
}

static void has_bounds(void **state)
{
    struct buffer bytes;
    struct client_header *headers;
    size_t count;
    struct reason reason;
    (void)state;
    buffer_init(&bytes, HEADERS_FILE_BYTES_MAX);
    for (int i = 0; i < CLIENT_HEADERS_MAX; i++)
        buffer_append_format(&bytes, "x-%d: y\n", i);
    assert_int_equal(
        headers_read(buffer_text(&bytes), TEXT("h"), &arena, &headers, &count, &reason),
        STATUS_OK);
    assert_int_equal(count, CLIENT_HEADERS_MAX);
    buffer_append(&bytes, TEXT("one-more: y\n"));
    assert_int_equal(
        headers_read(buffer_text(&bytes), TEXT("h"), &arena, &headers, &count, &reason),
        STATUS_INVALID);
    assert_string_equal(reason.sentence, "h:65: 64 headers are the most");
    buffer_clear(&bytes);
    buffer_append(&bytes, TEXT("x: "));
    for (int i = 0; i < CLIENT_HEADER_BYTES_MAX; i++)
        buffer_append_byte(&bytes, 'y');
    assert_int_equal(
        headers_read(buffer_text(&bytes), TEXT("h"), &arena, &headers, &count, &reason),
        STATUS_INVALID);
    buffer_finish(&bytes);
}

static void loads_a_file(void **state)
{
    char path[] = "/tmp/trendgate-headers-XXXXXX";
    struct client_header *headers;
    size_t count;
    struct reason reason;
    (void)state;
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    FILE *file = fdopen(descriptor, "w");
    assert_non_null(file);
    assert_true(fputs("lang: en\n", file) >= 0 && fflush(file) == 0);
    assert_int_equal(headers_load(path, &arena, &headers, &count, &reason), STATUS_OK);
    assert_int_equal(count, 1);
    for (int i = 0; i <= HEADERS_FILE_BYTES_MAX; i++)
        assert_int_equal(fputc('#', file), '#');
    assert_int_equal(fclose(file), 0);
    assert_int_equal(headers_load(path, &arena, &headers, &count, &reason), STATUS_TOO_LARGE);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(headers_load(path, &arena, &headers, &count, &reason), STATUS_MISSING);
    assert_non_null(strstr(reason.sentence, path));
    assert_int_equal(headers_load("/", &arena, &headers, &count, &reason), STATUS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_names_and_values),
        cmocka_unit_test(names_file_and_line_and_no_secret),
        cmocka_unit_test(has_bounds),
        cmocka_unit_test(loads_a_file),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
