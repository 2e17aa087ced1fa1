#include "base/places.h"
#include "support/unit.h"

struct entry {
    uint32_t key, value;
};

static bool has_key(const void *entry, const void *wanted)
{
    return ((const struct entry *)entry)->key == *(const uint32_t *)wanted;
}

static struct entry *found(const struct places *places, uint32_t hash, uint32_t key)
{
    return places_find(places, hash, has_key, &key);
}

static struct places open_places(void)
{
    struct places places;
    places_init(&places, sizeof(struct entry));
    return places;
}

static void add(struct places *places, uint32_t hash, uint32_t key)
{
    struct entry *added = places_add(places, hash, &(struct entry){key, key + 1});
    assert_int_equal(added->key, key);
}

static void an_empty_one_has_nothing(void **state)
{
    (void)state;
    struct places places = open_places();
    assert_null(found(&places, 0, 0));
    places_clear(&places, 0);
    assert_int_equal(places.capacity, 0);
    places_finish(&places);
}

/* Hashes that end alike meet in the same places, whatever the capacity. */
static void what_was_added_is_found_however_hashes_collide(void **state)
{
    (void)state;
    static const uint32_t factors[] = {1, 0, 1 << 20, UINT32_C(2654435761)};
    for (size_t f = 0; f < LENGTH_OF(factors); f++) {
        struct places places = open_places();
        for (uint32_t key = 0; key < 500; key++) {
            assert_null(found(&places, key * factors[f], key));
            add(&places, key * factors[f], key);
        }
        assert_int_equal(places.count, 500);
        for (uint32_t key = 0; key < 500; key++) {
            const struct entry *entry = found(&places, key * factors[f], key);
            assert_ptr_equal(entry, (struct entry *)places.entries + key);
            assert_int_equal(entry->value, key + 1);
        }
        places_finish(&places);
    }
}

/* By its hash alone: an entry is not looked at whose hash is another. */
static void an_entry_of_another_hash_is_not_found(void **state)
{
    (void)state;
    struct places places = open_places();
    add(&places, 7, 1);
    add(&places, 7 + (1 << 16), 2);
    add(&places, 7, 3);
    assert_non_null(found(&places, 7, 1));
    assert_non_null(found(&places, 7, 3));
    assert_null(found(&places, 7, 2));
    places_finish(&places);
}

static void an_entry_is_added_once(void **state)
{
    (void)state;
    struct places places = open_places();
    for (uint32_t i = 0; i < 300; i++) {
        struct entry wanted = {i % 100, 0};
        struct entry *entry = places_find_or_add(&places, i % 10, has_key, &wanted);
        entry->value++;
    }
    assert_int_equal(places.count, 100);
    for (uint32_t key = 0; key < 100; key++)
        assert_int_equal(found(&places, key % 10, key)->value, 3);
    places_finish(&places);
}

static void fill(struct places *places, uint32_t count)
{
    for (uint32_t key = 0; key < count; key++)
        add(places, key, key);
}

static void what_is_cleared_is_gone_and_its_memory_kept(void **state)
{
    (void)state;
    struct places places = open_places();
    fill(&places, 100);
    const void *entries = places.entries;
    places_clear(&places, 0);
    for (uint32_t key = 0; key < 100; key++)
        assert_null(found(&places, key, key));
    assert_int_equal(places.count, 0);
    assert_ptr_equal(places.entries, entries);
    add(&places, 5, 9);
    assert_non_null(found(&places, 5, 9));
    places_finish(&places);
}

static void much_memory_of_which_little_was_used_is_given_back(void **state)
{
    (void)state;
    static const struct {
        uint32_t used;
        size_t kept;
        bool stays;
    } rows[] = {{127, 1023, false}, {128, 1023, true}, {127, 1024, true}, {0, 1023, false}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct places places = open_places();
        fill(&places, 1000);
        places_clear(&places, SIZE_MAX);
        assert_int_equal(places.capacity, 1024);
        fill(&places, rows[i].used);
        places_clear(&places, rows[i].kept);
        assert_int_equal(places.capacity, rows[i].stays ? 1024 : 0);
        assert_int_equal(places.count, 0);
        fill(&places, 100);
        assert_non_null(found(&places, 99, 99));
        places_finish(&places);
    }
}

#define NUMBERS INT64_C(200000)

/* So many that some share all bits of their hash. */
static void entries_are_found_by_their_numbers(void **state)
{
    (void)state;
    struct numbered {
        int64_t number;
        int64_t square;
    };
    CLEANUP(places_finish) struct places numbers;
    places_init(&numbers, sizeof(struct numbered));
    assert_null(places_find_number(&numbers, 0));
    for (int64_t i = -NUMBERS; i < NUMBERS; i++)
        assert_non_null(places_add_number(&numbers, &(struct numbered){i * i * i * 64, i * i}));
    for (int64_t i = -NUMBERS; i < NUMBERS; i++) {
        const struct numbered *found = places_find_number(&numbers, i * i * i * 64);
        assert_non_null(found);
        assert_int_equal(found->square, i * i);
        assert_null(places_find_number(&numbers, i * i * i * 64 + 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_found_by_their_numbers),
        cmocka_unit_test(an_empty_one_has_nothing),
        cmocka_unit_test(what_was_added_is_found_however_hashes_collide),
        cmocka_unit_test(an_entry_of_another_hash_is_not_found),
        cmocka_unit_test(an_entry_is_added_once),
        cmocka_unit_test(what_is_cleared_is_gone_and_its_memory_kept),
        cmocka_unit_test(much_memory_of_which_little_was_used_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
