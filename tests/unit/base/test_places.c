#include "base/places.h"
#include "support/unit.h"

#include <stdbool.h>

static bool is_found(const struct places *places, uint32_t hash, uint32_t entry)
{
    size_t step = 0;
    for (uint32_t at; (at = places_seek(places, hash, &step)) != PLACES_NONE;)
        if (at == entry)
            return true;
    return false;
}

static void an_empty_one_has_nothing(void **state)
{
    (void)state;
    struct places places = {0};
    assert_false(is_found(&places, 0, 0));
    places_clear(&places);
    places_finish(&places);
}

/* Hashes that end alike meet in the same places, whatever the capacity. */
static void what_was_added_is_found_however_hashes_collide(void **state)
{
    (void)state;
    static const uint32_t factors[] = {1, 0, 1 << 20, UINT32_C(2654435761)};
    for (size_t f = 0; f < LENGTH_OF(factors); f++) {
        struct places places = {0};
        for (uint32_t entry = 0; entry < 500; entry++) {
            assert_false(is_found(&places, entry * factors[f], entry));
            places_add(&places, entry * factors[f], entry);
        }
        assert_int_equal(places.count, 500);
        for (uint32_t entry = 0; entry < 500; entry++)
            assert_true(is_found(&places, entry * factors[f], entry));
        places_finish(&places);
    }
}

static void entries_of_other_hashes_are_not_told(void **state)
{
    (void)state;
    struct places places = {0};
    places_add(&places, 7, 1);
    places_add(&places, 7 + (1 << 16), 2);
    places_add(&places, 7, 3);
    size_t step = 0;
    uint32_t told = places_seek(&places, 7, &step) + places_seek(&places, 7, &step);
    assert_int_equal(told, 1 + 3);
    assert_int_equal(places_seek(&places, 7, &step), PLACES_NONE);
    places_finish(&places);
}

static void what_is_cleared_is_gone_and_its_memory_kept(void **state)
{
    (void)state;
    struct places places = {0};
    for (uint32_t entry = 0; entry < 100; entry++)
        places_add(&places, entry, entry);
    size_t capacity = places.capacity;
    places_clear(&places);
    for (uint32_t entry = 0; entry < 100; entry++)
        assert_false(is_found(&places, entry, entry));
    assert_int_equal(places.count, 0);
    assert_int_equal(places.capacity, capacity);
    places_add(&places, 5, 9);
    assert_true(is_found(&places, 5, 9));
    places_finish(&places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_one_has_nothing),
        cmocka_unit_test(what_was_added_is_found_however_hashes_collide),
        cmocka_unit_test(entries_of_other_hashes_are_not_told),
        cmocka_unit_test(what_is_cleared_is_gone_and_its_memory_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
