#include "model/industry.h"
#include "support/unit.h"
#include "unit/model/reference_table.h"

#include <stdio.h>

static void all_comes_first_and_ids_rise(void **state)
{
    (void)state;
    assert_int_equal(industry_at(INDUSTRY_ALL)->id, 0);
    assert_true(text_equals(industry_at(INDUSTRY_ALL)->name, TEXT("All industries")));
    for (unsigned i = 1; i < INDUSTRY_COUNT; i++)
        assert_true(industry_at(i - 1)->id < industry_at(i)->id);
}

static void every_industry_is_found_by_id_and_by_name(void **state)
{
    (void)state;
    unsigned index;
    for (unsigned i = 1; i < INDUSTRY_COUNT; i++) {
        assert_int_equal(industry_find(industry_at(i)->id, &index), STATUS_OK);
        assert_int_equal(index, i);
        assert_int_equal(industry_find_by_name(industry_at(i)->name, &index), STATUS_OK);
        assert_int_equal(index, i);
        char label[32];
        (void)snprintf(label, sizeof(label), "label_%lld", (long long)industry_at(i)->id);
        assert_true(text_equals(industry_at(i)->label, text_of(label)));
    }
    assert_int_equal(industry_find_by_name(TEXT("vehicle & TRANSPORTATION"), &index),
                     STATUS_OK);
    assert_int_equal(industry_at(index)->id, 11000000000);
}

static void what_is_not_there_leaves_the_output_alone(void **state)
{
    (void)state;
    unsigned index = 77;
    static const int64_t unknown[] = {0, 1, -1, 16000000000, 30000000000, INT64_MAX};
    for (size_t i = 0; i < LENGTH_OF(unknown); i++)
        assert_int_equal(industry_find(unknown[i], &index), STATUS_MISSING);
    assert_int_equal(industry_find_by_name(TEXT("Vehicles"), &index), STATUS_MISSING);
    assert_int_equal(industry_find_by_name(TEXT(""), &index), STATUS_MISSING);
    assert_int_equal(index, 77);
}

static unsigned rows_seen;

static void see_row(struct text id, struct text name)
{
    rows_seen++;
    assert_in_range(rows_seen, 1, INDUSTRY_COUNT - 1);
    int64_t number;
    assert_int_equal(text_read_integer(id, &number), STATUS_OK);
    assert_int_equal(industry_at(rows_seen)->id, number);
    assert_true(text_equals(industry_at(rows_seen)->name, name));
}

static void the_table_is_the_reference_table(void **state)
{
    (void)state;
    if (!reference_table_visit("reference/industries.tsv", see_row))
        skip();
    assert_int_equal(rows_seen, INDUSTRY_COUNT - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_comes_first_and_ids_rise),
        cmocka_unit_test(every_industry_is_found_by_id_and_by_name),
        cmocka_unit_test(what_is_not_there_leaves_the_output_alone),
        cmocka_unit_test(the_table_is_the_reference_table),
    };
    return cmocka_run_group_tests_name("industry", tests, NULL, NULL);
}
