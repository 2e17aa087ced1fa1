#include "model/country.h"
#include "support/unit.h"
#include "unit/model/reference_table.h"

static void all_comes_first_and_codes_are_sorted(void **state)
{
    (void)state;
    assert_true(text_equals(country_at(COUNTRY_ALL)->code, TEXT("ALL")));
    assert_true(text_equals(country_at(COUNTRY_ALL)->name, TEXT("All countries")));
    for (unsigned i = COUNTRY_ALL + 1; i < COUNTRY_COUNT; i++) {
        struct text code = country_at(i)->code;
        assert_int_equal(code.length, 2);
        if (i > COUNTRY_ALL + 1)
            assert_true(memcmp(country_at(i - 1)->code.at, code.at, 2) < 0);
    }
}

static void every_code_and_name_is_found_in_any_case(void **state)
{
    (void)state;
    unsigned index;
    for (unsigned i = 0; i < COUNTRY_COUNT; i++) {
        assert_int_equal(country_find(country_at(i)->code, &index), STATUS_OK);
        assert_int_equal(index, i);
        assert_int_equal(country_find_by_name(country_at(i)->name, &index), STATUS_OK);
        assert_int_equal(index, i);
    }
    assert_int_equal(country_find(TEXT("my"), &index), STATUS_OK);
    assert_true(text_equals(country_at(index)->name, TEXT("Malaysia")));
    assert_int_equal(country_find(TEXT("aLl"), &index), STATUS_OK);
    assert_int_equal(index, COUNTRY_ALL);
    assert_int_equal(country_find_by_name(TEXT("MYANMAR [burma]"), &index), STATUS_OK);
    assert_true(text_equals(country_at(index)->code, TEXT("MM")));
}

static void what_is_not_there_leaves_the_output_alone(void **state)
{
    (void)state;
    static const struct text unknown[] = {
        TEXT_INITIAL(""),    TEXT_INITIAL("U"),   TEXT_INITIAL("USA"), TEXT_INITIAL("XX"),
        TEXT_INITIAL("U\0"), TEXT_INITIAL(" US"), TEXT_INITIAL("ZZ"),  TEXT_INITIAL("AA")};
    unsigned index = 77;
    for (size_t i = 0; i < LENGTH_OF(unknown); i++) {
        assert_int_equal(country_find(unknown[i], &index), STATUS_MISSING);
        assert_int_equal(country_find_by_name(unknown[i], &index), STATUS_MISSING);
    }
    assert_int_equal(index, 77);
}

static unsigned rows_seen;

static void see_row(struct text code, struct text name)
{
    rows_seen++;
    assert_in_range(rows_seen, 1, COUNTRY_COUNT - 1);
    assert_true(text_equals(country_at(rows_seen)->code, code));
    assert_true(text_equals(country_at(rows_seen)->name, name));
}

static void the_table_is_the_reference_table(void **state)
{
    (void)state;
    if (!reference_table_visit("reference/countries.tsv", see_row))
        skip();
    assert_int_equal(rows_seen, COUNTRY_COUNT - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_comes_first_and_codes_are_sorted),
        cmocka_unit_test(every_code_and_name_is_found_in_any_case),
        cmocka_unit_test(what_is_not_there_leaves_the_output_alone),
        cmocka_unit_test(the_table_is_the_reference_table),
    };
    return cmocka_run_group_tests_name("country", tests, NULL, NULL);
}
