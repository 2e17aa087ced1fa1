#include "model/account.h"
#include "support/unit.h"

static void emails_are_told_from_other_texts(void **state)
{
    (void)state;
    static const struct {
        struct text email;
        bool valid;
    } rows[] = {
        {TEXT_INITIAL("a@b"), true},
        {TEXT_INITIAL("demo@localhost"), true},
        {TEXT_INITIAL("first.last+tag@mail.example.com"), true},
        {TEXT_INITIAL("\"quoted\"@example.com"), true},
        {TEXT_INITIAL("gr\xc3\xbc\xc3\x9f\x65@b\xc3\xbc\x63her.example"), true},
        {TEXT_INITIAL("a\xc2\xa1\xe2\x80\x90\xe2\x80\xb0\xe2\x82\xac@b"), true},
        {TEXT_INITIAL("a\xe3\x80\x81\xe3\x81\x80\xef\xbb\xbc\xef\xbc\xbf@b"), true},
        {TEXT_INITIAL("a\xe2\x80\xa8@b"), false}, /* line separator */
        {TEXT_INITIAL(""), false},
        {TEXT_INITIAL("@"), false},
        {TEXT_INITIAL("a@"), false},
        {TEXT_INITIAL("@b"), false},
        {TEXT_INITIAL("plain"), false},
        {TEXT_INITIAL("a@b@c"), false},
        {TEXT_INITIAL("a b@c"), false},
        {TEXT_INITIAL(" a@b"), false},
        {TEXT_INITIAL("a@b\n"), false},
        {TEXT_INITIAL("a@b\0c"), false},
        {TEXT_INITIAL("a@b\x7f"), false},
        {TEXT_INITIAL("a\xff@b"), false},         /* not UTF-8 */
        {TEXT_INITIAL("a\xc2\xa0@b"), false},     /* no-break space */
        {TEXT_INITIAL("a@b\xc2\x85"), false},     /* next line, a C1 control */
        {TEXT_INITIAL("a\xe2\x80\x8b@b"), false}, /* zero width space */
        {TEXT_INITIAL("a@b\xe3\x80\x80"), false}, /* ideographic space */
        {TEXT_INITIAL("\xef\xbb\xbf"
                      "a@b"),
         false}, /* byte order mark */
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        if (account_email_is_valid(rows[i].email) != rows[i].valid)
            fail_msg("row %zu: '%.*s'", i, TEXT_PRINT(rows[i].email));
}

static void emails_have_a_length(void **state)
{
    (void)state;
    char email[ACCOUNT_EMAIL_BYTES_MAX + 1];
    memset(email, 'a', sizeof(email));
    email[10] = '@';
    assert_true(account_email_is_valid((struct text){email, ACCOUNT_EMAIL_BYTES_MAX}));
    assert_false(account_email_is_valid((struct text){email, ACCOUNT_EMAIL_BYTES_MAX + 1}));
}

static void folding_touches_ascii_letters_only(void **state)
{
    (void)state;
    char folded[32];
    assert_true(text_equals(account_email_fold(TEXT("Ann.B@EXAMPLE.com"), folded),
                            TEXT("ann.b@example.com")));
    assert_true(
        text_equals(account_email_fold(TEXT("\xc3\x84@[Z]"), folded), TEXT("\xc3\x84@[z]")));
}

static void statuses_have_words(void **state)
{
    (void)state;
    assert_string_equal(api_key_status_word(API_KEY_ACTIVE), "active");
    assert_string_equal(api_key_status_word(API_KEY_GRACE), "grace");
    assert_string_equal(api_key_status_word(API_KEY_REVOKED), "revoked");
    assert_string_equal(api_key_status_word(API_KEY_EXPIRED), "expired");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(emails_are_told_from_other_texts),
        cmocka_unit_test(emails_have_a_length),
        cmocka_unit_test(folding_touches_ascii_letters_only),
        cmocka_unit_test(statuses_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
