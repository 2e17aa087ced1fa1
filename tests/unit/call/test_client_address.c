#include "call/client_address.h"
#include "support/unit.h"

#define LINES_MAX 3

struct chain_row {
    const char *label, *trusted, *peer;
    const char *chain[LINES_MAX]; /* X-Forwarded-For, a line each */
    const char *client;
};

static const struct chain_row chain_rows[] = {
    {"nobody is trusted", "", "10.0.0.1", {"9.9.9.9"}, "10.0.0.1"},
    {"the peer is not trusted", "10.0.0.2", "10.0.0.1", {"9.9.9.9"}, "10.0.0.1"},
    {"no chain", "10.0.0.1", "10.0.0.1", {NULL}, "10.0.0.1"},
    {"empty chain", "10.0.0.1", "10.0.0.1", {""}, "10.0.0.1"},
    {"one client", "10.0.0.1", "10.0.0.1", {"9.9.9.9"}, "9.9.9.9"},
    {"a spoofed left part", "10.0.0.1", "10.0.0.1", {"1.1.1.1, 9.9.9.9"}, "9.9.9.9"},
    {"spoofed with trusted ones",
     "10.0.0.0/8",
     "10.0.0.1",
     {"1.1.1.1, 10.0.0.9, 9.9.9.9"},
     "9.9.9.9"},
    {"two proxies", "10.0.0.0/8", "10.0.0.1", {"1.1.1.1, 9.9.9.9, 10.0.0.2"}, "9.9.9.9"},
    {"only trusted ones", "10.0.0.0/8", "10.0.0.1", {"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
    {"blanks", "10.0.0.1", "10.0.0.1", {" 1.1.1.1 ,\t9.9.9.9 "}, "9.9.9.9"},
    {"no address last", "10.0.0.1", "10.0.0.1", {"9.9.9.9, unknown"}, "10.0.0.1"},
    {"no address behind a proxy",
     "10.0.0.0/8",
     "10.0.0.1",
     {"9.9.9.9, junk, 10.0.0.2"},
     "10.0.0.2"},
    {"nothing last", "10.0.0.1", "10.0.0.1", {"9.9.9.9,"}, "10.0.0.1"},
    {"a port is no address", "10.0.0.1", "10.0.0.1", {"9.9.9.9:80"}, "10.0.0.1"},
    {"leading zero", "10.0.0.1", "10.0.0.1", {"09.9.9.9"}, "10.0.0.1"},
    {"three parts", "10.0.0.1", "10.0.0.1", {"9.9.9"}, "10.0.0.1"},
    {"too long for an address",
     "10.0.0.1",
     "10.0.0.1",
     {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa"},
     "10.0.0.1"},
    {"IPv6 client", "10.0.0.1", "10.0.0.1", {"2001:db8::5"}, "2001:db8::5"},
    {"IPv6 proxy", "::1", "::1", {"9.9.9.9"}, "9.9.9.9"},
    {"IPv6 proxy written otherwise", "2001:DB8:0:0::1", "2001:db8::1", {"9.9.9.9"}, "9.9.9.9"},
    {"IPv6 network", "2001:db8::/33", "2001:db8:7fff::1", {"9.9.9.9"}, "9.9.9.9"},
    {"outside an IPv6 network",
     "2001:db8::/33",
     "2001:db8:8000::1",
     {"9.9.9.9"},
     "2001:db8:8000::1"},
    {"network of 12 bits", "172.16.0.0/12", "172.31.255.255", {"9.9.9.9"}, "9.9.9.9"},
    {"outside 12 bits", "172.16.0.0/12", "172.32.0.0", {"9.9.9.9"}, "172.32.0.0"},
    {"network of 32 bits", "10.0.0.1/32", "10.0.0.1", {"9.9.9.9"}, "9.9.9.9"},
    {"outside 31 bits", "10.0.0.0/31", "10.0.0.2", {"9.9.9.9"}, "10.0.0.2"},
    {"network of no bits", "0.0.0.0/0", "8.8.8.8", {"9.9.9.9"}, "9.9.9.9"},
    {"IPv4 nets hold no IPv6", "0.0.0.0/0", "::1", {"9.9.9.9"}, "::1"},
    {"IPv6 nets hold no IPv4", "::/0", "10.0.0.1", {"9.9.9.9"}, "10.0.0.1"},
    {"several trusted",
     "192.168.0.0/16 , ::1,10.0.0.1",
     "10.0.0.1",
     {"1.1.1.1, 192.168.3.4"},
     "1.1.1.1"},
    /* A proxy may append a line of its own below what the client sent. */
    {"the last line is the nearest", "10.0.0.1", "10.0.0.1", {"1.1.1.1", "9.9.9.9"}, "9.9.9.9"},
    {"on from line to line",
     "10.0.0.0/8",
     "10.0.0.1",
     {"1.1.1.1, 9.9.9.9", "10.0.0.2"},
     "9.9.9.9"},
    {"an empty line between", "10.0.0.0/8", "10.0.0.1", {"9.9.9.9", "", "10.0.0.2"}, "9.9.9.9"},
};

static void the_last_untrusted_address_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(chain_rows); i++) {
        const struct chain_row *row = &chain_rows[i];
        struct http_field fields[LINES_MAX + 1] = {{TEXT("Forwarded"), TEXT("for=7.7.7.7")}};
        struct http_request request = {
            .fields = fields, .field_count = 1, .peer_address = text_of(row->peer)};
        for (size_t line = 0; line < LINES_MAX && row->chain[line]; line++)
            fields[request.field_count++] = (struct http_field){TEXT("x-forwarded-FOR"),
                                                                text_of(row->chain[line])};
        print_message("%s\n", row->label);
        struct text client = client_address(&request, text_of(row->trusted));
        if (!text_equals(client, text_of(row->client)))
            fail_msg("%.*s is not %s", TEXT_PRINT(client), row->client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_untrusted_address_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
