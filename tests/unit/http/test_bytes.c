#include "http/syntax.h"
#include "support/unit.h"

/* Longer than two of the eight-byte steps, so that each byte stands at every place of a step. */
#define LINE_BYTES 21

static bool may_stand_in_a_line(unsigned byte)
{
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
}

static bool may_stand_in_a_target(unsigned byte)
{
    return byte > 0x20 && byte < 0x7F && byte != '#';
}

static void every_byte_at_every_place(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t place = 0; place < LINE_BYTES; place++) {
            char line[LINE_BYTES];
            memset(line, 'a', sizeof(line));
            line[place] = (char)byte;
            struct text whole = {line, sizeof(line)};
            assert_int_equal(syntax_line_end(whole, 0),
                             may_stand_in_a_line(byte) ? LINE_BYTES : place);
            assert_int_equal(syntax_is_target(whole), may_stand_in_a_target(byte));
        }
    }
}

/* Neighbours must not hide each other: the tests of eight bytes borrow from one to the next. */
static void two_odd_bytes_side_by_side(void **state)
{
    (void)state;
    static const unsigned char odd[] = {0, 1, '\n', '\r', 0x1F, 0x7F};
    for (size_t i = 0; i < sizeof(odd); i++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char line[LINE_BYTES];
            memset(line, '~', sizeof(line));
            line[9] = (char)byte;
            line[10] = (char)odd[i];
            struct text whole = {line, sizeof(line)};
            assert_int_equal(syntax_line_end(whole, 0), may_stand_in_a_line(byte) ? 10 : 9);
            assert_false(syntax_is_target(whole));
        }
    }
}

static void lines_are_searched_from_any_place(void **state)
{
    (void)state;
    struct text line = TEXT("GET /a HTTP/1.1\r\nHost: a\tb\r\n");
    for (size_t start = 0; start <= line.length; start++)
        assert_int_equal(syntax_line_end(line, start), start <= 15   ? 15
                                                       : start == 16 ? 16
                                                       : start <= 26 ? 26
                                                                     : start);
    assert_int_equal(syntax_line_end(TEXT(""), 0), 0);
    assert_false(syntax_is_target(TEXT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_at_every_place),
        cmocka_unit_test(two_odd_bytes_side_by_side),
        cmocka_unit_test(lines_are_searched_from_any_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
