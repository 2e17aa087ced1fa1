#include "api/mcp_origin.h"
#include "support/unit.h"

static const struct {
    const char *origin, *host, *public_url;
    bool is_allowed;
} rows[] = {
    {NULL, "evil.example", "", true},
    {"https://evil.example", "127.0.0.1:8080", "", false},
    {"http://127.0.0.1:8080", "127.0.0.1:8080", "", true},
    {"http://LOCALHOST:8080", "localhost:8080", "", true},
    {"http://localhost", "localhost", "", true},
    {"http://[::1]:8080", "[::1]:8080", "", true},
    {"http://[::1]", "[::1]", "", true},
    {"https://127.0.0.1:8080", "127.0.0.1:8080", "", false},
    {"http://127.0.0.1:8081", "127.0.0.1:8080", "", false},
    {"http://localhost:8080", "127.0.0.1:8080", "", false},
    {"http://127.0.0.1:8080/", "127.0.0.1:8080", "", false},
    {"null", "127.0.0.1:8080", "", false},
    {"", "127.0.0.1:8080", "", false},
    {"http://", "", "", false},
    /* A name that leads to us, and is not ours. */
    {"http://evil.example:8080", "evil.example:8080", "", false},
    {"http://127.0.0.1.evil.example", "127.0.0.1.evil.example", "", false},
    {"http://localhost.evil.example", "localhost.evil.example", "", false},
    {"http://[::1].evil.example", "[::1].evil.example", "", false},
    {"https://api.example.com", "10.0.0.7:8080", "https://api.example.com", true},
    {"https://API.example.com", "x", "https://api.example.com:443", true},
    {"http://api.example.com", "x", "http://api.example.com:80", true},
    {"http://api.example.com", "x", "https://api.example.com", false},
    {"https://api.example.com:8443", "x", "https://api.example.com", false},
    {"https://api.example.com:8443", "x", "https://api.example.com:8443", true},
    {"https://api.example.com.evil.example", "x", "https://api.example.com", false},
    {"http://api.example.com:443", "x", "http://api.example.com:443", true},
};

static void origins_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        const struct http_field fields[] = {
            {TEXT("host"), text_of(rows[i].host)},
            {TEXT("origin"), text_of(rows[i].origin)},
        };
        struct http_request request = {.fields = fields, .field_count = rows[i].origin ? 2 : 1};
        if (mcp_origin_is_allowed(&request, text_of(rows[i].public_url)) != rows[i].is_allowed)
            fail_msg("%s at %s, %s", rows[i].origin, rows[i].host, rows[i].public_url);
    }
}

static void two_origins_are_none(void **state)
{
    (void)state;
    const struct http_field fields[] = {{TEXT("Host"), TEXT("localhost")},
                                        {TEXT("Origin"), TEXT("http://localhost")},
                                        {TEXT("Origin"), TEXT("http://localhost")}};
    struct http_request request = {.fields = fields, .field_count = LENGTH_OF(fields)};
    assert_false(mcp_origin_is_allowed(&request, TEXT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins_are_told_apart),
        cmocka_unit_test(two_origins_are_none),
    };
    return cmocka_run_group_tests_name("api/mcp_origin", tests, NULL, NULL);
}
