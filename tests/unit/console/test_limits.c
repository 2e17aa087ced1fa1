#include "base/secret.h"
#include "console/limits.h"
#include "support/unit.h"

#include <stdio.h>

static int64_t elapsed_us = 5 * SECOND_US;

static duration elapsed_read(void *owner)
{
    (void)owner;
    return (duration){elapsed_us};
}

static const struct time_source clock_by_hand = {
    .now = NULL, .elapsed = elapsed_read, .boot = 1};

static void an_attempt_too_many_waits_for_the_window_s_end(void **state)
{
    (void)state;
    struct limits *limits = limits_open(&clock_by_hand);
    struct text ann = TEXT("ann@example.com");
    for (int i = 0; i < 10; i++)
        assert_int_equal(limits_take(limits, LIMIT_SIGN_IN_ACCOUNT, ann), 0);
    assert_int_equal(limits_take(limits, LIMIT_SIGN_IN_ACCOUNT, ann), 900);
    elapsed_us += 899 * SECOND_US + 1;
    assert_int_equal(limits_take(limits, LIMIT_SIGN_IN_ACCOUNT, ann), 1);
    elapsed_us += SECOND_US - 2;
    assert_int_equal(limits_take(limits, LIMIT_SIGN_IN_ACCOUNT, ann), 1);
    elapsed_us += 1;
    for (int i = 0; i < 10; i++)
        assert_int_equal(limits_take(limits, LIMIT_SIGN_IN_ACCOUNT, ann), 0);
    assert_int_equal(limits_take(limits, LIMIT_SIGN_IN_ACCOUNT, ann), 900);
    limits_close(limits);
}

static void kinds_and_people_are_counted_apart(void **state)
{
    (void)state;
    struct limits *limits = limits_open(&clock_by_hand);
    for (int i = 0; i < 20; i++)
        assert_int_equal(limits_take(limits, LIMIT_SIGN_UP_ADDRESS, TEXT("192.0.2.1")), 0);
    assert_int_equal(limits_take(limits, LIMIT_SIGN_UP_ADDRESS, TEXT("192.0.2.1")), 3600);
    assert_int_equal(limits_take(limits, LIMIT_SIGN_UP_ADDRESS, TEXT("192.0.2.2")), 0);
    assert_int_equal(limits_take(limits, LIMIT_SIGN_IN_ADDRESS, TEXT("192.0.2.1")), 0);
    limits_give_back(limits, LIMIT_SIGN_UP_ADDRESS, TEXT("192.0.2.1"));
    assert_int_equal(limits_take(limits, LIMIT_SIGN_UP_ADDRESS, TEXT("192.0.2.1")), 0);
    assert_int_equal(limits_take(limits, LIMIT_SIGN_UP_ADDRESS, TEXT("192.0.2.1")), 3600);
    limits_give_back(limits, LIMIT_SIGN_UP_ADDRESS, TEXT("never seen"));
    limits_clear(limits, LIMIT_SIGN_UP_ADDRESS, TEXT("192.0.2.1"));
    assert_int_equal(limits_take(limits, LIMIT_SIGN_UP_ADDRESS, TEXT("192.0.2.1")), 0);
    limits_close(limits);
}

/* Whoever comes with ever new names is bounded in memory, and the last one still counts. */
static void a_flood_of_names_is_bounded(void **state)
{
    (void)state;
    struct limits *limits = limits_open(&clock_by_hand);
    char name[32];
    for (int i = 0; i < 10 * LIMITS_PLACES; i++) {
        elapsed_us++;
        (void)snprintf(name, sizeof(name), "n%d", i);
        assert_int_equal(limits_take(limits, LIMIT_SIGN_IN_ACCOUNT, text_of(name)), 0);
    }
    for (int i = 0; i < 9; i++)
        assert_int_equal(limits_take(limits, LIMIT_SIGN_IN_ACCOUNT, text_of(name)), 0);
    assert_true(limits_take(limits, LIMIT_SIGN_IN_ACCOUNT, text_of(name)) > 0);
    limits_close(limits);
}

static void an_ipv6_address_counts_as_its_network(void **state)
{
    (void)state;
    char a[ADDRESS_ROOM_BYTES], b[ADDRESS_ROOM_BYTES];
    assert_true(text_equals(limits_address(TEXT("192.0.2.1"), a), TEXT("192.0.2.1")));
    assert_true(text_equals(limits_address(TEXT("2001:db8::1"), a),
                            limits_address(TEXT("2001:db8::ffff:1"), b)));
    assert_false(text_equals(limits_address(TEXT("2001:db8::1"), a),
                             limits_address(TEXT("2001:db8:0:1::1"), b)));
    assert_true(text_equals(limits_address(TEXT("::ffff:192.0.2.1"), a), TEXT("192.0.2.1")));
    assert_true(text_equals(limits_address(TEXT("::ffff:c000:2ff"), a), TEXT("192.0.2.255")));
}

int main(void)
{
    secret_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_attempt_too_many_waits_for_the_window_s_end),
        cmocka_unit_test(kinds_and_people_are_counted_apart),
        cmocka_unit_test(a_flood_of_names_is_bounded),
        cmocka_unit_test(an_ipv6_address_counts_as_its_network),
    };
    return cmocka_run_group_tests_name("console/limits", tests, NULL, NULL);
}
