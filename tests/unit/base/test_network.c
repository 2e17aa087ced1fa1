#include "base/network.h"
#include "support/unit.h"

#include <sys/socket.h>

static void addresses_are_read(void **state)
{
    (void)state;
    struct network address;
    assert_int_equal(network_read_address(TEXT("127.0.0.1"), &address), STATUS_OK);
    assert_int_equal(address.family, AF_INET);
    assert_int_equal(address.bits, 32);
    assert_memory_equal(address.bytes, "\x7f\0\0\1", 4);
    assert_int_equal(network_read_address(TEXT("2001:db8::1"), &address), STATUS_OK);
    assert_int_equal(address.family, AF_INET6);
    assert_int_equal(address.bits, 128);
    static const struct text odd[] = {
        TEXT_INITIAL(""),
        TEXT_INITIAL("localhost"),
        TEXT_INITIAL("[::1]"),
        TEXT_INITIAL("1.2.3"),
        TEXT_INITIAL("1.2.3.4 "),
        TEXT_INITIAL("fe80::1%eth0"),
        TEXT_INITIAL("1.2.3.4\0x"),
        TEXT_INITIAL("1.2.3.4/8"),
        TEXT_INITIAL("0000:0000:0000:0000:0000:ffff:255.255.255.2555")};
    for (size_t i = 0; i < LENGTH_OF(odd); i++)
        assert_int_equal(network_read_address(odd[i], &address), STATUS_INVALID);
}

static bool holds(const char *network, const char *address)
{
    struct network whole;
    struct network one;
    assert_int_equal(network_read(text_of(network), &whole), STATUS_OK);
    assert_int_equal(network_read_address(text_of(address), &one), STATUS_OK);
    return network_holds(&whole, &one);
}

static void networks_hold_addresses(void **state)
{
    (void)state;
    assert_true(holds("10.0.0.0/8", "10.255.1.2"));
    assert_false(holds("10.0.0.0/8", "11.0.0.0"));
    assert_true(holds("192.0.2.128/25", "192.0.2.255"));
    assert_false(holds("192.0.2.128/25", "192.0.2.127"));
    assert_true(holds("192.0.2.1", "192.0.2.1"));
    assert_false(holds("192.0.2.1", "192.0.2.0"));
    assert_true(holds("0.0.0.0/0", "203.0.113.1"));
    assert_false(holds("0.0.0.0/0", "::1"));
    assert_true(holds("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(holds("2001:db8::/33", "2001:db8:8000::1"));
    struct network network;
    static const struct text odd[] = {TEXT_INITIAL("10.0.0.0/33"), TEXT_INITIAL("::/129"),
                                      TEXT_INITIAL("10.0.0.0/"),   TEXT_INITIAL("10.0.0.0/-1"),
                                      TEXT_INITIAL("10.0.0.0/+1"), TEXT_INITIAL("/8")};
    for (size_t i = 0; i < LENGTH_OF(odd); i++)
        assert_int_equal(network_read(odd[i], &network), STATUS_INVALID);
}

static void endpoints_are_read(void **state)
{
    (void)state;
    struct network address;
    uint16_t port = 1;
    assert_int_equal(network_read_endpoint(TEXT("127.0.0.1:0"), &address, &port), STATUS_OK);
    assert_int_equal(port, 0);
    assert_int_equal(network_read_endpoint(TEXT("[::1]:65535"), &address, &port), STATUS_OK);
    assert_int_equal(address.family, AF_INET6);
    assert_int_equal(port, 65535);
    static const struct text odd[] = {TEXT_INITIAL("127.0.0.1"),     TEXT_INITIAL("127.0.0.1:"),
                                      TEXT_INITIAL("1.2.3.4:65536"), TEXT_INITIAL("::1:80"),
                                      TEXT_INITIAL("[1.2.3.4]:80"),  TEXT_INITIAL("[::1]80"),
                                      TEXT_INITIAL("[::1"),          TEXT_INITIAL("[]:80"),
                                      TEXT_INITIAL(":80"),           TEXT_INITIAL("1.2.3.4:+1"),
                                      TEXT_INITIAL("1.2.3.4:000080")};
    for (size_t i = 0; i < LENGTH_OF(odd); i++)
        assert_int_equal(network_read_endpoint(odd[i], &address, &port), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(networks_hold_addresses),
        cmocka_unit_test(endpoints_are_read),
    };
    return cmocka_run_group_tests_name("base/network", tests, NULL, NULL);
}
