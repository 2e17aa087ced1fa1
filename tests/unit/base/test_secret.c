#include "base/secret.h"
#include "support/unit.h"

#include <pthread.h>
#include <stdio.h>

struct vector {
    struct text message;
    const char *digest;
};

/* FIPS 180-4, the examples that NIST published for SHA-256, and the empty message. */
static const struct vector vectors[] = {
    {TEXT_INITIAL(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {TEXT_INITIAL("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {TEXT_INITIAL("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {TEXT_INITIAL("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void assert_digest(struct text message, const char *expected)
{
    char written[65] = {0};
    struct digest digest = secret_digest(message);
    secret_hex(digest.bytes, sizeof(digest.bytes), written);
    assert_string_equal(written, expected);
}

static void digests_are_sha_256(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(vectors); i++)
        assert_digest(vectors[i].message, vectors[i].digest);
    assert_digest((struct text){0}, vectors[0].digest);
    static char million[1000000];
    memset(million, 'a', sizeof(million));
    assert_digest((struct text){million, sizeof(million)},
                  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    struct digest a = secret_digest(TEXT("a"));
    struct digest b = secret_digest(TEXT("b"));
    assert_memory_not_equal(a.bytes, b.bytes, sizeof(a.bytes));
}

static void *digest_often(void *owner)
{
    (void)owner;
    struct digest expected = secret_digest(TEXT("key"));
    for (int i = 0; i < 2000; i++) {
        struct digest found = secret_digest(TEXT("key"));
        check(memcmp(expected.bytes, found.bytes, sizeof(found.bytes)) == 0);
    }
    return NULL;
}

static void threads_do_not_share_a_context(void **state)
{
    (void)state;
    pthread_t threads[4];
    for (size_t i = 0; i < LENGTH_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, digest_often, NULL), 0);
    for (size_t i = 0; i < LENGTH_OF(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void hexadecimal_is_lower_case(void **state)
{
    (void)state;
    const uint8_t bytes[] = {0x00, 0x0F, 0xA5, 0xFF};
    char written[] = "########!";
    secret_hex(bytes, sizeof(bytes), written);
    assert_string_equal(written, "000fa5ff!");
}

static void hexadecimal_is_read_as_it_is_written(void **state)
{
    (void)state;
    uint8_t byte;
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            const char pair[] = {(char)first, (char)second};
            char written[2];
            if (!secret_unhex(pair, 1, &byte)) {
                assert_false(first && second && strchr("0123456789abcdef", (int)first) &&
                             strchr("0123456789abcdef", (int)second));
                continue;
            }
            secret_hex(&byte, 1, written);
            assert_memory_equal(written, pair, sizeof(pair));
        }
    }
    uint8_t bytes[4];
    assert_true(secret_unhex("000fa5ff", sizeof(bytes), bytes));
    assert_memory_equal(bytes, "\x00\x0F\xA5\xFF", sizeof(bytes));
    assert_false(secret_unhex("000fa5fF", sizeof(bytes), bytes));
}

/* 620,000 draws: each character comes 10,000 times, give or take 99; 600 off is 6 deviations. A
 * byte taken modulo 62 would make eight of them come 12,109 times. */
static void base62_uses_its_whole_alphabet_evenly(void **state)
{
    (void)state;
    static char drawn[620000];
    size_t counts[128] = {0};
    secret_base62(drawn, sizeof(drawn));
    for (size_t i = 0; i < sizeof(drawn); i++) {
        assert_in_range((unsigned char)drawn[i], '0', 'z');
        counts[(unsigned char)drawn[i]]++;
    }
    size_t used = 0;
    for (int byte = 0; byte < 128; byte++) {
        bool is_member = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                         (byte >= 'a' && byte <= 'z');
        assert_int_equal(counts[byte] > 0, is_member);
        used += is_member;
        if (is_member)
            assert_in_range(counts[byte], 9400, 10600);
    }
    assert_int_equal(used, 62);
}

static void no_more_is_written_than_asked_for(void **state)
{
    (void)state;
    char characters[8] = "#######";
    secret_base62(characters, 6);
    assert_int_equal(characters[6], '#');
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    secret_fill(a, 31);
    secret_fill(b, 31);
    assert_int_equal(a[31], 0);
    assert_memory_not_equal(a, b, 31);
}

static void passwords_of_urls_are_masked(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"postgresql://ann:s3cr3t@db:5432/x", "postgresql://ann:***@db:5432/x"},
        {"a://u:p@h", "a://u:*@h"},
        {"a://u:@h", "a://u:@h"},
        {"a://u@h/b:c", "a://u@h/b:c"},
        {"a://u:p@s:s/w@h b://v:long@i.", "a://u:***@h b://v:***@i."},
        {"'a://u:word' and x@y", "'a://u:word' and x@y"},
        {"http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"},
        {"x?password=s3cr3t&a=b password=c", "x?password=***&a=b password=*"},
        {"ends in ://", "ends in ://"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        char line[64];
        (void)snprintf(line, sizeof(line), "%s", cases[i][0]);
        secret_mask(line);
        assert_string_equal(line, cases[i][1]);
    }
}

static int set_up(void **state)
{
    (void)state;
    secret_start();
    secret_start(); /* does no harm */
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_sha_256),
        cmocka_unit_test(threads_do_not_share_a_context),
        cmocka_unit_test(hexadecimal_is_lower_case),
        cmocka_unit_test(hexadecimal_is_read_as_it_is_written),
        cmocka_unit_test(base62_uses_its_whole_alphabet_evenly),
        cmocka_unit_test(no_more_is_written_than_asked_for),
        cmocka_unit_test(passwords_of_urls_are_masked),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
