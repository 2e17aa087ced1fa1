#include "base/buffer.h"
#include "base/limits.h"
#include "call/query.h"
#include "support/unit.h"

#include <stdio.h>

static struct arena arena;
static struct query query;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, CALL_ARENA_BYTES_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

#define PAIRS_SHOWN 4

struct pair {
    struct text name, value;
    enum query_fault fault;
};

struct query_row {
    const char *label;
    struct text written;
    struct pair pairs[PAIRS_SHOWN]; /* ended by a name without bytes */
};

#define T TEXT_INITIAL
static const struct query_row rows[] = {
    {"nothing", T(""), {{.fault = 0}}},
    {"one", T("page=2"), {{T("page"), T("2"), QUERY_FINE}}},
    {"two", T("page=2&limit=50"), {{T("page"), T("2"), 0}, {T("limit"), T("50"), 0}}},
    {"empty parts",
     T("&&page=2&&&limit=50&"),
     {{T("page"), T("2"), 0}, {T("limit"), T("50"), 0}}},
    {"only ampersands", T("&&&"), {{.fault = 0}}},
    {"no equals sign", T("page"), {{T("page"), T(""), 0}}},
    {"empty value", T("page="), {{T("page"), T(""), 0}}},
    {"empty name", T("=2"), {{T(""), T("2"), 0}}},
    {"equals sign in a value", T("a=b=c"), {{T("a"), T("b=c"), 0}}},
    {"a semicolon parts nothing", T("a=1;b=2"), {{T("a"), T("1;b=2"), 0}}},
    {"a question mark is a byte", T("a=?"), {{T("a"), T("?"), 0}}},
    {"plus", T("a+b=c+d+"), {{T("a b"), T("c d "), 0}}},
    {"plus by escape", T("a=%2B%2b"), {{T("a"), T("++"), 0}}},
    {"escapes", T("%70age=%32"), {{T("page"), T("2"), 0}}},
    {"both cases", T("a=%C3%a9%c3%A9"), {{T("a"), T("\xC3\xA9\xC3\xA9"), 0}}},
    {"escaped separators", T("a%26b%3Dc=%26%3D"), {{T("a&b=c"), T("&="), 0}}},
    {"not twice", T("a=%2541"), {{T("a"), T("%41"), 0}}},
    {"emoji", T("a=%F0%9F%98%80"), {{T("a"), T("\xF0\x9F\x98\x80"), 0}}},
    {"control bytes", T("a=%01%7F%0A"), {{T("a"), T("\x01\x7F\n"), 0}}},
    {"lone percent", T("a=%"), {{T("a"), T("%"), QUERY_BAD_ESCAPE}}},
    {"percent and one digit", T("a=%4"), {{T("a"), T("%4"), QUERY_BAD_ESCAPE}}},
    {"percent at the end of a part",
     T("a=%4&b=1"),
     {{T("a"), T("%4"), QUERY_BAD_ESCAPE}, {T("b"), T("1"), 0}}},
    {"first digit wrong", T("a=%G1"), {{T("a"), T("%G1"), QUERY_BAD_ESCAPE}}},
    {"second digit wrong", T("a=%1g"), {{T("a"), T("%1g"), QUERY_BAD_ESCAPE}}},
    {"percent percent", T("a=%%41"), {{T("a"), T("%%41"), QUERY_BAD_ESCAPE}}},
    {"u escape", T("a=%u0041"), {{T("a"), T("%u0041"), QUERY_BAD_ESCAPE}}},
    {"sign for a digit", T("a=%+1"), {{T("a"), T("%+1"), QUERY_BAD_ESCAPE}}},
    {"blank for a digit", T("a=% 1"), {{T("a"), T("% 1"), QUERY_BAD_ESCAPE}}},
    {"colon after 9", T("a=%3:"), {{T("a"), T("%3:"), QUERY_BAD_ESCAPE}}},
    {"at before A", T("a=%@1"), {{T("a"), T("%@1"), QUERY_BAD_ESCAPE}}},
    {"bad name", T("%zz=1"), {{T("%zz"), T("1"), QUERY_BAD_ESCAPE}}},
    {"bad name, value decoded", T("%zz=%41"), {{T("%zz"), T("A"), QUERY_BAD_ESCAPE}}},
    {"good name, bad value", T("%41=%zz"), {{T("A"), T("%zz"), QUERY_BAD_ESCAPE}}},
    {"NUL", T("a=b%00c"), {{T("a"), T("b%00c"), QUERY_NUL}}},
    {"NUL in a name", T("a%00=b"), {{T("a%00"), T("b"), QUERY_NUL}}},
    {"NUL unescaped", T("a=b\0c"), {{T("a"), T("b\0c"), QUERY_NUL}}},
    {"NUL unescaped beside an escape", T("a=%41\0"), {{T("a"), T("%41\0"), QUERY_NUL}}},
    {"half a character", T("a=%C3"), {{T("a"), T("%C3"), QUERY_BAD_UTF8}}},
    {"overlong", T("a=%C0%AF"), {{T("a"), T("%C0%AF"), QUERY_BAD_UTF8}}},
    {"surrogate", T("a=%ED%A0%80"), {{T("a"), T("%ED%A0%80"), QUERY_BAD_UTF8}}},
    {"past the last", T("a=%F4%90%80%80"), {{T("a"), T("%F4%90%80%80"), QUERY_BAD_UTF8}}},
    {"FF", T("a=%FF"), {{T("a"), T("%FF"), QUERY_BAD_UTF8}}},
    {"bad UTF-8 in a name", T("%FF=1"), {{T("%FF"), T("1"), QUERY_BAD_UTF8}}},
    {"bad UTF-8 unescaped", T("a=\xFF"), {{T("a"), T("\xFF"), QUERY_BAD_UTF8}}},
    {"bad UTF-8 unescaped in a name", T("\xC3=1"), {{T("\xC3"), T("1"), QUERY_BAD_UTF8}}},
    {"UTF-8 unescaped", T("a=\xC3\xA9"), {{T("a"), T("\xC3\xA9"), QUERY_FINE}}},
    {"a character half escaped", T("a=\xC3%A9"), {{T("a"), T("\xC3\xA9"), QUERY_FINE}}},
    {"repeated", T("a=1&a=2"), {{T("a"), T("1"), 0}, {T("a"), T("2"), 0}}},
};

static void queries_are_split_and_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        const struct query_row *row = &rows[i];
        print_message("%s\n", row->label);
        assert_int_equal(query_read(row->written, &arena, &query), STATUS_OK);
        size_t count = 0;
        while (count < PAIRS_SHOWN && row->pairs[count].name.at)
            count++;
        assert_int_equal(query.count, count);
        for (size_t k = 0; k < count; k++) {
            assert_true(text_equals(query.pairs[k].name, row->pairs[k].name));
            assert_true(text_equals(query.pairs[k].value, row->pairs[k].value));
            assert_int_equal(query.pairs[k].fault, row->pairs[k].fault);
        }
    }
}

static void no_query_has_no_pairs(void **state)
{
    (void)state;
    query.count = 7;
    assert_int_equal(query_read((struct text){0}, &arena, &query), STATUS_OK);
    assert_int_equal(query.count, 0);
}

static void every_byte_can_be_escaped(void **state)
{
    (void)state;
    for (int byte = 1; byte < 0x80; byte++) {
        char written[8];
        (void)snprintf(written, sizeof(written), "a=%%%02x", (unsigned)byte);
        assert_int_equal(query_read(text_of(written), &arena, &query), STATUS_OK);
        assert_int_equal(query.pairs[0].fault, QUERY_FINE);
        assert_int_equal(query.pairs[0].value.length, 1);
        assert_int_equal(query.pairs[0].value.at[0], byte);
    }
}

static enum status read_pairs(size_t count, const char *separator)
{
    struct buffer written CLEANUP(buffer_finish);
    buffer_init(&written, 4096);
    for (size_t i = 0; i < count; i++)
        buffer_append_format(&written, "%sp%zu=%zu", i ? separator : "", i, i);
    return query_read(buffer_text(&written), &arena, &query);
}

static void pairs_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(QUERY_PAIRS_MAX, 64);
    assert_int_equal(read_pairs(64, "&"), STATUS_OK);
    assert_int_equal(query.count, 64);
    assert_int_equal(read_pairs(64, "&&"), STATUS_OK); /* empty parts do not count */
    assert_int_equal(query.count, 64);
    assert_int_equal(query.unread, 0);
    assert_int_equal(read_pairs(67, "&&"), STATUS_OK);
    assert_int_equal(query.count, 64);
    assert_int_equal(query.unread, 3);
}

static void a_full_arena_refuses(void **state)
{
    (void)state;
    struct arena small CLEANUP(arena_finish);
    arena_init(&small, 16);
    assert_int_equal(query_read(TEXT("a=%41%41"), &small, &query), STATUS_OK);
    assert_int_equal(query_read(TEXT("a=%41%41"), &small, &query), STATUS_TOO_LARGE);
    assert_int_equal(query_read(TEXT("a=plain"), &small, &query), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(queries_are_split_and_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_query_has_no_pairs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_byte_can_be_escaped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pairs_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_arena_refuses, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
