#include "base/text.h"
#include "support/unit.h"

#define UNTOUCHED INT64_C(12345)

struct integer_row {
    const char *written;
    enum status outcome;
    int64_t value;
};

static const struct integer_row integer_rows[] = {
    {"0", STATUS_OK, 0},
    {"-0", STATUS_OK, 0},
    {"7", STATUS_OK, 7},
    {"-7", STATUS_OK, -7},
    {"0007", STATUS_OK, 7},
    {"4294967296", STATUS_OK, INT64_C(4294967296)},
    {"9223372036854775806", STATUS_OK, INT64_MAX - 1},
    {"9223372036854775807", STATUS_OK, INT64_MAX},
    {"-9223372036854775807", STATUS_OK, -INT64_MAX},
    {"-9223372036854775808", STATUS_OK, INT64_MIN},
    {"00000000000000000000009223372036854775807", STATUS_OK, INT64_MAX},
    {"9223372036854775808", STATUS_TOO_LARGE, INT64_MAX},
    {"-9223372036854775809", STATUS_TOO_LARGE, INT64_MIN},
    {"9223372036854775810", STATUS_TOO_LARGE, INT64_MAX},
    {"92233720368547758080", STATUS_TOO_LARGE, INT64_MAX},
    {"-92233720368547758080", STATUS_TOO_LARGE, INT64_MIN},
    {"18446744073709551616", STATUS_TOO_LARGE, INT64_MAX},
    {"100000000000000000000000000000000000000000", STATUS_TOO_LARGE, INT64_MAX},
    {"", STATUS_INVALID, UNTOUCHED},
    {"-", STATUS_INVALID, UNTOUCHED},
    {"--1", STATUS_INVALID, UNTOUCHED},
    {"+1", STATUS_INVALID, UNTOUCHED},
    {" 1", STATUS_INVALID, UNTOUCHED},
    {"1 ", STATUS_INVALID, UNTOUCHED},
    {"1.0", STATUS_INVALID, UNTOUCHED},
    {"1e3", STATUS_INVALID, UNTOUCHED},
    {"0x10", STATUS_INVALID, UNTOUCHED},
    {"\xEF\xBC\x91", STATUS_INVALID, UNTOUCHED}, /* a full-width 1 */
    {"100000000000000000000x", STATUS_INVALID, UNTOUCHED},
};

static void integers_are_read_to_the_edges(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(integer_rows); i++) {
        const struct integer_row *row = &integer_rows[i];
        print_message("'%s'\n", row->written);
        int64_t value = UNTOUCHED;
        assert_int_equal(text_read_integer(text_of(row->written), &value), row->outcome);
        assert_true(value == row->value);
    }
    int64_t value = UNTOUCHED;
    assert_int_equal(text_read_integer(TEXT("1\0"), &value), STATUS_INVALID);
    assert_int_equal(text_read_integer((struct text){0}, &value), STATUS_INVALID);
    assert_true(value == UNTOUCHED);
}

struct utf8_row {
    const char *label;
    struct text bytes;
    bool is_good;
};

static const struct utf8_row utf8_rows[] = {
    {"nothing", TEXT_INITIAL(""), true},
    {"ASCII", TEXT_INITIAL("a~\x7F"), true},
    {"NUL", TEXT_INITIAL("a\0b"), true},
    {"U+0080", TEXT_INITIAL("\xC2\x80"), true},
    {"U+07FF", TEXT_INITIAL("\xDF\xBF"), true},
    {"U+0800", TEXT_INITIAL("\xE0\xA0\x80"), true},
    {"U+D7FF", TEXT_INITIAL("\xED\x9F\xBF"), true},
    {"U+E000", TEXT_INITIAL("\xEE\x80\x80"), true},
    {"U+FFFF", TEXT_INITIAL("\xEF\xBF\xBF"), true},
    {"U+10000", TEXT_INITIAL("\xF0\x90\x80\x80"), true},
    {"U+1F600", TEXT_INITIAL("\xF0\x9F\x98\x80"), true},
    {"U+10FFFF", TEXT_INITIAL("\xF4\x8F\xBF\xBF"), true},
    {"several", TEXT_INITIAL("a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80z"), true},
    {"lone continuation", TEXT_INITIAL("\x80"), false},
    {"last continuation", TEXT_INITIAL("\xBF"), false},
    {"overlong '/' of two", TEXT_INITIAL("\xC0\xAF"), false},
    {"overlong U+007F", TEXT_INITIAL("\xC1\xBF"), false},
    {"overlong '/' of three", TEXT_INITIAL("\xE0\x80\xAF"), false},
    {"overlong U+07FF", TEXT_INITIAL("\xE0\x9F\xBF"), false},
    {"overlong U+FFFF", TEXT_INITIAL("\xF0\x8F\xBF\xBF"), false},
    {"modified UTF-8's NUL", TEXT_INITIAL("\xC0\x80"), false},
    {"surrogate U+D800", TEXT_INITIAL("\xED\xA0\x80"), false},
    {"surrogate U+DFFF", TEXT_INITIAL("\xED\xBF\xBF"), false},
    {"CESU-8 pair", TEXT_INITIAL("\xED\xA0\xBD\xED\xB8\x80"), false},
    {"U+110000", TEXT_INITIAL("\xF4\x90\x80\x80"), false},
    {"F5", TEXT_INITIAL("\xF5\x80\x80\x80"), false},
    {"five bytes", TEXT_INITIAL("\xF8\x88\x80\x80\x80"), false},
    {"six bytes", TEXT_INITIAL("\xFC\x84\x80\x80\x80\x80"), false},
    {"FE", TEXT_INITIAL("\xFE"), false},
    {"FF", TEXT_INITIAL("\xFF"), false},
    {"one of two", TEXT_INITIAL("\xC3"), false},
    {"two of three", TEXT_INITIAL("\xE4\xB8"), false},
    {"three of four", TEXT_INITIAL("\xF0\x9F\x98"), false},
    {"second byte ASCII", TEXT_INITIAL("\xC3("), false},
    {"third byte ASCII", TEXT_INITIAL("\xE4\xB8("), false},
    {"fourth byte ASCII", TEXT_INITIAL("\xF0\x9F\x98("), false},
    {"third byte a lead", TEXT_INITIAL("\xE4\xB8\xC3"), false},
    {"bad after good", TEXT_INITIAL("good\xC3\xA9\xFF"), false},
};

static void utf8_is_that_of_rfc_3629(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(utf8_rows); i++) {
        print_message("%s\n", utf8_rows[i].label);
        assert_int_equal(text_is_utf8(utf8_rows[i].bytes), utf8_rows[i].is_good);
    }
    assert_true(text_is_utf8((struct text){0}));
}

static const struct {
    struct text written;
    bool is_plain;
} plain_rows[] = {
    {TEXT_INITIAL(""), true},
    {TEXT_INITIAL("<b>caf\xC3\xA9 \xF0\x9F\x98\x80</b>"), true},
    {TEXT_INITIAL("\xC2\xA0"), true}, /* U+00A0 */
    {TEXT_INITIAL("\xD8\xA7\xE2\x80\x8C\xD8\xA8"),
     true},                               /* U+200C, which Persian is written with */
    {TEXT_INITIAL("\xE2\x80\x8D"), true}, /* U+200D, which joins emoji */
    {TEXT_INITIAL("\xE2\x80\x90"), true}, /* U+2010 */
    {TEXT_INITIAL("\xE2\x81\xB0"), true}, /* U+2070 */
    {TEXT_INITIAL("a\nb"), false},
    {TEXT_INITIAL("a\0b"), false},
    {TEXT_INITIAL("a\x1F"), false},
    {TEXT_INITIAL("a\x7F"), false},
    {TEXT_INITIAL("\xC2\x80"), false},      /* U+0080 */
    {TEXT_INITIAL("\xC2\x9F"), false},      /* U+009F */
    {TEXT_INITIAL("\xD8\x9C"), false},      /* U+061C */
    {TEXT_INITIAL("a\xE2\x80\x8B"), false}, /* U+200B */
    {TEXT_INITIAL("a\xE2\x80\x8F"), false}, /* U+200F */
    {TEXT_INITIAL("a\xE2\x80\xA8"), false}, /* U+2028 */
    {TEXT_INITIAL("a\xE2\x80\xAE"), false}, /* U+202E */
    {TEXT_INITIAL("a\xE2\x81\xA0"), false}, /* U+2060 */
    {TEXT_INITIAL("a\xE2\x81\xA9"), false}, /* U+2069 */
    {TEXT_INITIAL("\xEF\xBB\xBF"), false},  /* U+FEFF */
    {TEXT_INITIAL("a\xFF"), false},
};

static void what_is_plain_shows_and_stays_in_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(plain_rows); i++) {
        print_message("row %zu\n", i);
        assert_int_equal(text_is_plain(plain_rows[i].written), plain_rows[i].is_plain);
    }
}

/* Every sequence of up to three bytes and every four that a lead may begin, against the plain
 * arithmetic of code points. */
static bool is_one_code_point(const unsigned char *bytes, size_t length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    static const unsigned char lead_mark[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    if ((bytes[0] & (unsigned char)~lead_bits[length]) != lead_mark[length])
        return false;
    uint32_t point = bytes[0] & lead_bits[length];
    for (size_t i = 1; i < length; i++) {
        if (bytes[i] >> 6 != 2)
            return false;
        point = point << 6 | (bytes[i] & 0x3Fu);
    }
    return point >= least[length] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
}

static void utf8_agrees_with_code_points(void **state)
{
    (void)state;
    static const unsigned char edges[] = {0x00, 0x7F, 0x80, 0x8F, 0x90,
                                          0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    for (unsigned lead = 0x80; lead <= 0xFF; lead++) {
        for (unsigned rest = 0; rest < 1000; rest++) {
            unsigned char bytes[4] = {(unsigned char)lead, edges[rest % 10],
                                      edges[rest / 10 % 10], edges[rest / 100]};
            if (bytes[1] < 0x80) /* then the lead stands alone */
                continue;
            bool is_any = false;
            for (size_t length = 2; length <= 4; length++)
                is_any |= is_one_code_point(bytes, length) &&
                          text_is_utf8((struct text){(char *)bytes, length});
            for (size_t length = 2; length <= 4; length++) {
                struct text whole = {(char *)bytes, length};
                if (is_one_code_point(bytes, length))
                    assert_true(text_is_utf8(whole));
                else if (!is_any)
                    assert_false(text_is_utf8(whole));
            }
        }
    }
}

static void cut_walks_over_parts(void **state)
{
    (void)state;
    struct text rest = TEXT("a,,bc,");
    static const char *const parts[] = {"a", "", "bc", ""};
    size_t count = 0;
    while (rest.at) {
        struct text part = text_cut(&rest, ',');
        assert_in_range(count, 0, LENGTH_OF(parts) - 1);
        assert_true(text_equals(part, text_of(parts[count++])));
    }
    assert_int_equal(count, LENGTH_OF(parts));
    assert_int_equal(rest.length, 0);

    rest = TEXT("whole");
    assert_true(text_equals(text_cut(&rest, ','), TEXT("whole")));
    assert_null(rest.at);
    assert_int_equal(text_cut(&rest, ',').length, 0);
    assert_null(rest.at);
}

static void slices_are_clamped(void **state)
{
    (void)state;
    struct text word = TEXT("hashtag");
    assert_true(text_equals(text_slice(word, 0, 4), TEXT("hash")));
    assert_true(text_equals(text_slice(word, 4, 99), TEXT("tag")));
    assert_int_equal(text_slice(word, 99, 100).length, 0);
    assert_int_equal(text_slice(word, 3, 2).length, 0);
    assert_int_equal(text_slice((struct text){0}, 0, 5).length, 0);
    assert_null(text_slice((struct text){0}, 0, 5).at);
}

static void trim_takes_blanks_off_both_ends(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"", ""},           {" ", ""},         {" \t \t", ""},
                                          {"a", "a"},         {" a", "a"},       {"a\t ", "a"},
                                          {"\t a b ", "a b"}, {"\na\r", "\na\r"}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        assert_true(text_equals(text_trim(text_of(rows[i][0])), text_of(rows[i][1])));
    assert_int_equal(text_trim((struct text){0}).length, 0);
}

struct distance_row {
    const char *a, *b;
    unsigned edits;
};

static const struct distance_row distance_rows[] = {
    {"", "", 0},
    {"", "abc", 3},
    {"page", "page", 0},
    {"page", "Page", 0}, /* case is no edit */
    {"page", "pages", 1},
    {"limit", "limt", 1},
    {"period", "peroid", 2},
    {"kitten", "sitting", 3},
    {"saturday", "sunday", 3},
    {"country_code", "country", 5},
    {"abc", "xyz", 3},
};

static void distance_counts_edits(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(distance_rows); i++) {
        const struct distance_row *row = &distance_rows[i];
        assert_int_equal(text_distance(text_of(row->a), text_of(row->b)), row->edits);
        assert_int_equal(text_distance(text_of(row->b), text_of(row->a)), row->edits);
    }
    char longest[65];
    memset(longest, 'a', sizeof(longest));
    struct text at_bound = {longest, 64};
    struct text past_bound = {longest, 65};
    assert_int_equal(text_distance(at_bound, at_bound), 0);
    assert_int_equal(text_distance(at_bound, TEXT("")), 64);
    assert_int_equal(text_distance(past_bound, past_bound), 64);
    assert_int_equal(text_distance(TEXT("a"), past_bound), 64);
}

static void comparisons(void **state)
{
    (void)state;
    assert_true(text_equals(TEXT(""), (struct text){0}));
    assert_true(text_equals(TEXT("a\0b"), TEXT("a\0b")));
    assert_false(text_equals(TEXT("a\0b"), TEXT("a\0c")));
    assert_false(text_equals(TEXT("a"), TEXT("ab")));
    assert_false(text_equals(TEXT("a"), TEXT("A")));
    assert_true(text_equals_ignoring_case(TEXT("Accept-Encoding"), TEXT("aCCEPT-eNCODING")));
    assert_false(text_equals_ignoring_case(TEXT("["), TEXT("{"))); /* 32 apart, no letters */
    assert_false(
        text_equals_ignoring_case(TEXT("\xC3\x89"), TEXT("\xC3\xA9"))); /* ASCII only */
    assert_false(text_equals_ignoring_case(TEXT("a"), TEXT("aa")));
    assert_true(text_starts_with(TEXT("W/\"x\""), TEXT("W/")));
    assert_true(text_starts_with(TEXT("W"), TEXT("")));
    assert_false(text_starts_with(TEXT("W"), TEXT("W/")));
    assert_int_equal(text_find(TEXT("a=b=c"), '='), 1);
    assert_int_equal(text_find(TEXT("abc"), '='), 3);
    assert_int_equal(text_find(TEXT("a\0b"), 0), 1);
    assert_int_equal(text_find((struct text){0}, 'a'), 0);
    assert_true(text_is_digits(TEXT("0123456789")));
    assert_false(text_is_digits(TEXT("")));
    assert_false(text_is_digits(TEXT("1/")));
    assert_false(text_is_digits(TEXT("1:")));
    assert_int_equal(text_of(NULL).length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_to_the_edges),
        cmocka_unit_test(utf8_is_that_of_rfc_3629),
        cmocka_unit_test(what_is_plain_shows_and_stays_in_its_place),
        cmocka_unit_test(utf8_agrees_with_code_points),
        cmocka_unit_test(cut_walks_over_parts),
        cmocka_unit_test(slices_are_clamped),
        cmocka_unit_test(trim_takes_blanks_off_both_ends),
        cmocka_unit_test(distance_counts_edits),
        cmocka_unit_test(comparisons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
