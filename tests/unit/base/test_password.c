#include "base/password.h"
#include "base/secret.h"
#include "support/unit.h"

static void a_hash_matches_its_password_alone(void **state)
{
    (void)state;
    struct password_hash hash;
    password_hash(TEXT("correct horse battery"), &hash);
    struct text kept = text_of(hash.characters);
    assert_true(text_starts_with(kept, TEXT("$argon2id$v=19$m=65536,")));
    assert_true(password_matches(TEXT("correct horse battery"), kept));
    assert_false(password_matches(TEXT("correct horse batterx"), kept));
    assert_false(password_matches(TEXT(""), kept));
}

static void two_hashes_of_one_password_differ(void **state)
{
    (void)state;
    struct password_hash hashes[2];
    password_hash(TEXT("correct horse battery"), &hashes[0]);
    password_hash(TEXT("correct horse battery"), &hashes[1]);
    assert_string_not_equal(hashes[0].characters, hashes[1].characters);
}

/* The decoy must be a hash of the same costs, or it would be refused in no time. */
static void where_there_is_no_password_nothing_matches(void **state)
{
    (void)state;
    assert_false(password_matches(TEXT(""), TEXT("")));
    assert_false(password_matches((struct text){0}, TEXT("")));
    assert_false(password_matches(TEXT("correct horse battery"), TEXT("")));
}

static void what_is_fit_has_twelve_characters(void **state)
{
    (void)state;
    char longest[PASSWORD_BYTES_MAX + 1];
    memset(longest, 'a', sizeof(longest));
    assert_true(password_is_fit(TEXT("twelve chars")));
    assert_false(password_is_fit(TEXT("eleven char")));
    assert_true(password_is_fit(TEXT("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4"
                                     "\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4")));
    assert_false(password_is_fit(TEXT("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4")));
    assert_false(password_is_fit(TEXT("not UTF-8 \xFF\xFF\xFF\xFF")));
    assert_true(password_is_fit((struct text){longest, PASSWORD_BYTES_MAX}));
    assert_false(password_is_fit((struct text){longest, PASSWORD_BYTES_MAX + 1}));
}

/* RFC 4231, test case 2. */
static void hmac_is_that_of_the_rfc(void **state)
{
    (void)state;
    char written[64];
    struct digest digest = secret_hmac(TEXT("Jefe"), TEXT("what do ya want for nothing?"));
    secret_hex(digest.bytes, sizeof(digest.bytes), written);
    assert_memory_equal(written,
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", 64);
    struct digest none = secret_hmac((struct text){0}, (struct text){0});
    secret_hex(none.bytes, sizeof(none.bytes), written);
    assert_memory_equal(written,
                        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", 64);
    assert_true(secret_equals((struct text){0}, TEXT("")));
    assert_true(secret_equals(TEXT("abc"), TEXT("abc")));
    assert_false(secret_equals(TEXT("abc"), TEXT("abd")));
    assert_false(secret_equals(TEXT("abc"), TEXT("ab")));
}

int main(void)
{
    secret_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_matches_its_password_alone),
        cmocka_unit_test(two_hashes_of_one_password_differ),
        cmocka_unit_test(where_there_is_no_password_nothing_matches),
        cmocka_unit_test(what_is_fit_has_twelve_characters),
        cmocka_unit_test(hmac_is_that_of_the_rfc),
    };
    return cmocka_run_group_tests_name("base/password", tests, NULL, NULL);
}
