#include "model/api_key.h"
#include "support/unit.h"

/* Computed apart from this program:
 *   python3 -c 'import zlib
 *   c = zlib.crc32(b"tg_live_0123456789ABCDEFGHIJKLMNOPQRST")'
 * and the remainders of c by 62, most significant first. */
static void known_keys_are_well_formed(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "tg_live_0123456789ABCDEFGHIJKLMNOPQRST1K64hz", /* CRC-32 1213107623 */
        "tg_live_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1VfM9F", /* 1384055837 */
        "tg_live_0000000000000000000000000000003nUU1K", /* 3479704202 */
        "tg_live_AAAAAAAAAAAAAAAAAAAAAAAA00021000FIBg", /* 3644836: filled up with '0' */
    };
    for (size_t i = 0; i < LENGTH_OF(keys); i++)
        assert_true(api_key_is_well_formed(text_of(keys[i])));
}

static void any_change_of_one_character_is_noticed(void **state)
{
    (void)state;
    struct api_key_text key = api_key_make();
    for (size_t i = 0; i < API_KEY_LENGTH; i++) {
        struct api_key_text changed = key;
        changed.characters[i] = changed.characters[i] == 'x' ? 'y' : 'x';
        assert_false(api_key_is_well_formed(text_of(changed.characters)));
    }
}

static void other_forms_are_refused(void **state)
{
    (void)state;
    struct api_key_text key = api_key_make();
    struct text whole = text_of(key.characters);
    assert_int_equal(whole.length, API_KEY_LENGTH);
    assert_true(api_key_is_well_formed(whole));
    assert_false(api_key_is_well_formed((struct text){NULL, 0}));
    assert_false(api_key_is_well_formed(text_slice(whole, 0, API_KEY_LENGTH - 1)));
    char longer[API_KEY_LENGTH + 2];
    memcpy(longer, key.characters, API_KEY_LENGTH);
    memcpy(longer + API_KEY_LENGTH, "0", 2);
    assert_false(api_key_is_well_formed(text_of(longer)));
    assert_false(api_key_is_well_formed(TEXT("tg_live_ABCDEFGHIJ-LMNOPQRSTUVWXYZabcd000000")));
    /* The first known key, under another prefix. */
    assert_false(api_key_is_well_formed(TEXT("tg_test_0123456789ABCDEFGHIJKLMNOPQRST1K64hz")));
}

static void new_keys_differ(void **state)
{
    (void)state;
    struct api_key_text a = api_key_make(), b = api_key_make();
    assert_memory_not_equal(a.characters, b.characters, API_KEY_LENGTH);
    assert_memory_equal(a.characters, "tg_live_", 8);
}

int main(void)
{
    secret_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_keys_are_well_formed),
        cmocka_unit_test(any_change_of_one_character_is_noticed),
        cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(new_keys_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
