#include "call/negotiate.h"
#include "support/unit.h"

#define LINES_MAX 4

/* A request whose field lines have that name and these values, ended by NULL. */
static struct http_request request_of(const char *name, const char *const *values,
                                      struct http_field *fields)
{
    struct http_request request = {.fields = fields};
    while (request.field_count < LINES_MAX && values[request.field_count]) {
        fields[request.field_count] = (struct http_field){text_of(name),
                                                          text_of(values[request.field_count])};
        request.field_count++;
    }
    return request;
}

struct accept_row {
    const char *values[LINES_MAX];
    bool is_accepted;
};

static const struct accept_row gzip_rows[] = {
    {{NULL}, false},
    {{""}, false},
    {{"gzip"}, true},
    {{"GZip"}, true},
    {{"x-gzip"}, true},
    {{"gzip, deflate, br, zstd"}, true},
    {{"deflate, br"}, false},
    {{"br;q=1.0, gzip;q=0.8, *;q=0.1"}, true},
    {{"identity"}, false},
    {{"*"}, true},
    {{"*;q=0"}, false},
    {{"gzip;q=0"}, false},
    {{"gzip;q=0.0"}, false},
    {{"gzip;q=0.000"}, false},
    {{"gzip;q=0."}, false},
    {{"gzip;q=1."}, true},
    {{"gzip;q=1.000"}, true},
    {{"gzip;q=0.001"}, true},
    {{"gzip;Q=0.5"}, true},
    {{"gzip ; q=0.5"}, true},
    {{"gzip;\tq=0.5"}, true},
    {{"gzip;q=0, *;q=1"}, false},
    {{"*;q=0, gzip"}, true},
    {{"identity;q=1, gzip;q=0.5"}, false},
    {{"identity;q=0.5, gzip;q=0.5"}, true},
    {{"identity;q=0.5, gzip;q=0.501"}, true},
    {{"identity;q=0.5, *;q=0.4"}, false},
    {{"identity;q=0, gzip;q=0.1"}, true},
    {{"gzipped"}, false},
    {{"gzi"}, false},
    {{",,gzip,,"}, true},
    {{" gzip "}, true},
    {{"gzip;level=9"}, true},
    {{"gzip;level=9;q=0"}, false},
    {{"deflate", "gzip"}, true},
    {{"gzip;q=0.2", "identity;q=0.3"}, false},
    {{"identity;q=0.3", "br", "gzip;q=0.4"}, true},
    /* A malformed weight is none that could be trusted. */
    {{"gzip;q="}, false},
    {{"gzip;q"}, false},
    {{"gzip;q=1.001"}, false},
    {{"gzip;q=2"}, false},
    {{"gzip;q=-1"}, false},
    {{"gzip;q=.5"}, false},
    {{"gzip;q=0,5"}, false},
    {{"gzip;q=0.5555"}, false},
    {{"gzip;q=0.5x"}, false},
    {{"gzip;q=\"1\""}, false},
    {{"gzip;q=1e0"}, false},
    {{"gzip;q=high, *"}, false},
};

static void gzip_follows_the_weights(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(gzip_rows); i++) {
        const struct accept_row *row = &gzip_rows[i];
        struct http_field fields[LINES_MAX];
        struct http_request request = request_of("accept-ENCODING", row->values, fields);
        print_message("'%s'\n", row->values[0] ? row->values[0] : "none");
        assert_int_equal(negotiate_gzip(&request), row->is_accepted);
    }
}

static void other_fields_do_not_count(void **state)
{
    (void)state;
    struct http_field fields[] = {{TEXT("Accept"), TEXT("gzip")},
                                  {TEXT("Accept-Encodings"), TEXT("gzip")},
                                  {TEXT("Content-Encoding"), TEXT("gzip")}};
    struct http_request request = {.fields = fields, .field_count = LENGTH_OF(fields)};
    assert_false(negotiate_gzip(&request));
}

static const struct accept_row json_rows[] = {
    {{NULL}, true},
    {{"application/json"}, true},
    {{"application/json, text/event-stream"}, true},
    {{"Application/JSON;q=0.5"}, true},
    {{"text/html, application/*"}, true},
    {{"*/*"}, true},
    {{"text/html", "*/*;q=0.001"}, true},
    {{"*/*;q=0, application/json"}, true},
    {{"application/*;q=0, application/json"}, true},
    {{""}, false},
    {{"text/event-stream"}, false},
    {{"application/jsonl"}, false},
    {{"application/json;q=0"}, false},
    {{"application/json;q=0, */*"}, false},
    {{"application/*;q=0, */*"}, false},
    {{"application/json;q=high"}, false},
    {{"json"}, false},
};

static void json_follows_the_most_specific_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(json_rows); i++) {
        const struct accept_row *row = &json_rows[i];
        struct http_field fields[LINES_MAX];
        struct http_request request = request_of("accept", row->values, fields);
        print_message("'%s'\n", row->values[0] ? row->values[0] : "none");
        assert_int_equal(negotiate_json(&request), row->is_accepted);
    }
}

#define ETAG TEXT("W/\"abc\"")
#define MODIFIED_SECONDS INT64_C(784111777) /* Sun, 06 Nov 1994 08:49:37 GMT */
#define MODIFIED ((instant){MODIFIED_SECONDS * SECOND_US + 999999})

struct tags_row {
    const char *values[LINES_MAX];
    bool is_current;
};

static const struct tags_row tags_rows[] = {
    {{"W/\"abc\""}, true},
    {{"\"abc\""}, true},
    {{" \"abc\" "}, true},
    {{"*"}, true},
    {{" * "}, true},
    {{"\"x\", W/\"abc\""}, true},
    {{"\"x\",\"y\",\"abc\",\"z\""}, true},
    {{"W/\"x\" ,\t\"abc\""}, true},
    {{",,\"abc\""}, true},
    {{"\"a,b\", \"abc\""}, true},
    {{"\"\", \"abc\""}, true},
    {{"\"x\"", "\"abc\""}, true},
    {{"broken", "\"abc\""}, true},
    {{""}, false},
    {{"\"\""}, false},
    {{"\"abd\""}, false},
    {{"\"ABC\""}, false},
    {{"\"ab\""}, false},
    {{"\"abcd\""}, false},
    {{"W/\"x\", \"y\""}, false},
    {{"abc"}, false},
    {{"\"abc"}, false},
    {{"abc\""}, false},
    {{"w/\"abc\""}, false},
    {{"W/abc"}, false},
    {{"W /\"abc\""}, false},
    {{"W/"}, false},
    {{"W/W/\"abc\""}, false},
    {{"'abc'"}, false},
    {{"\"x,\"abc\""}, false},
    {{"broken, \"abc\""}, false}, /* nothing after the break is trusted */
    {{"\"*\""}, false},
    {{"**"}, false},
};

static void tags_are_compared_weakly(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(tags_rows); i++) {
        const struct tags_row *row = &tags_rows[i];
        struct http_field fields[LINES_MAX];
        struct http_request request = request_of("if-NONE-match", row->values, fields);
        print_message("%s\n", row->values[0]);
        assert_int_equal(negotiate_is_current(&request, ETAG, MODIFIED), row->is_current);
    }
}

struct since_row {
    const char *since, *tags;
    bool is_current;
};

static const struct since_row since_rows[] = {
    {NULL, NULL, false},
    {"Sun, 06 Nov 1994 08:49:37 GMT", NULL, true}, /* seconds count, not their fractions */
    {"Sun, 06 Nov 1994 08:49:38 GMT", NULL, true},
    {"Sun, 06 Nov 1994 08:49:36 GMT", NULL, false},
    {"Sunday, 06-Nov-94 08:49:37 GMT", NULL, true},
    {"Sun Nov  6 08:49:37 1994", NULL, true},
    {"Sun Nov  6 08:49:36 1994", NULL, false},
    {"Fri, 31 Dec 9999 23:59:59 GMT", NULL, true},
    {"tomorrow", NULL, false},
    {"", NULL, false},
    {"1994-11-06T08:49:37Z", NULL, false},
    /* It counts only without If-None-Match, however broken that is. */
    {"Sun, 06 Nov 1994 08:49:37 GMT", "\"x\"", false},
    {"Sun, 06 Nov 1994 08:49:37 GMT", "", false},
    {"Sun, 06 Nov 1994 08:49:37 GMT", "broken", false},
    {"Sun, 06 Nov 1994 08:49:36 GMT", "\"abc\"", true},
    {"tomorrow", "\"abc\"", true},
};

static void dates_count_without_tags_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(since_rows); i++) {
        const struct since_row *row = &since_rows[i];
        struct http_field fields[2];
        struct http_request request = {.fields = fields};
        if (row->since)
            fields[request.field_count++] = (struct http_field){TEXT("If-Modified-Since"),
                                                                text_of(row->since)};
        if (row->tags)
            fields[request.field_count++] = (struct http_field){TEXT("If-None-Match"),
                                                                text_of(row->tags)};
        print_message("%s, %s\n", row->since ? row->since : "none",
                      row->tags ? row->tags : "none");
        assert_int_equal(negotiate_is_current(&request, ETAG, MODIFIED), row->is_current);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_follows_the_weights),
        cmocka_unit_test(other_fields_do_not_count),
        cmocka_unit_test(json_follows_the_most_specific_range),
        cmocka_unit_test(tags_are_compared_weakly),
        cmocka_unit_test(dates_count_without_tags_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
