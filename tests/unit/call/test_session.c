#include "call/call.h"
#include "call/origin.h"
#include "support/unit.h"

/* ---- The parts of a call around the step ---- */

static struct session_standing found;
static enum status finding;

enum status ledger_find_session(struct ledger *ledger, const struct digest *digest,
                                struct session_standing *standing)
{
    (void)ledger;
    (void)digest;
    if (finding == STATUS_OK)
        *standing = found;
    return finding;
}

bool session_token_is_well_formed(struct text written)
{
    return written.length == SESSION_TOKEN_LENGTH;
}

static unsigned refused_status;

void call_refuse(struct call *call, const struct refusal *refusal)
{
    (void)call;
    refused_status = refusal->failure->status;
}

void call_refuse_plainly(struct call *call, enum failure_id id)
{
    (void)call;
    refused_status = failures[id].status;
}

#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct http_field fields[8];
static struct http_request request;
static struct pipeline pipeline;
static struct call call;

static void request_make(enum http_method method, const char *const (*given)[2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct http_field){text_of(given[i][0]), text_of(given[i][1])};
    request = (struct http_request){.method = method, .fields = fields, .field_count = count};
    call = (struct call){.pipeline = &pipeline, .request = &request};
    refused_status = 0;
}

/* ---- Cookies ---- */

static void a_cookie_is_read_where_it_is_alone(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        const char *value;
    } rows[] = {
        {"sid=x", "x"},
        {"a=b; sid=x; c=d", "x"},
        {"a=b;sid=x", "x"},
        {"sid=x=y", "x=y"},
        {"sid=", ""},
        {"sid", ""},
        {"Sid=x", ""},
        {"xsid=x", ""},
        {"a=sid=x", ""},
        {"sid=x; sid=y", ""},
        {"sid=x; sid=x", ""},
        {"", ""},
        {";;; sid=x ;", "x"},
        {"sid =x", ""},
        {"a=\"; sid=x\"", "x\""},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        const char *const given[][2] = {{"Cookie", rows[i].written}};
        request_make(HTTP_GET, given, 1);
        struct text value = cookie_read(&request, TEXT("sid"));
        if (!text_equals(value, text_of(rows[i].value)))
            fail_msg("'%s' has '%.*s'", rows[i].written, TEXT_PRINT(value));
    }
}

static void cookies_of_two_lines_are_read_together(void **state)
{
    (void)state;
    const char *const one[][2] = {{"cookie", "a=b"}, {"Cookie", "sid=x"}};
    request_make(HTTP_GET, one, 2);
    assert_true(text_equals(cookie_read(&request, TEXT("sid")), TEXT("x")));
    const char *const two[][2] = {{"Cookie", "sid=y"}, {"Cookie", "sid=x"}};
    request_make(HTTP_GET, two, 2);
    assert_int_equal(cookie_read(&request, TEXT("sid")).length, 0);
}

static void the_cookie_s_name_is_the_operator_s_choice(void **state)
{
    (void)state;
    char room[512];
    struct buffer headers;
    const char *const given[][2] = {{"Cookie", "sid=" TOKEN}, {"Cookie", "__Host-sid=short"}};
    request_make(HTTP_GET, given, 2);
    assert_int_equal(session_cookie_read(&call).length, 0);
    buffer_init_on(&headers, room, sizeof(room));
    session_cookie_write(&pipeline, TEXT(TOKEN), &headers);
    assert_true(text_equals(
        buffer_text(&headers),
        TEXT("Set-Cookie: __Host-sid=" TOKEN "; Path=/; HttpOnly; SameSite=Lax; Secure\r\n")));
    pipeline.has_insecure_cookie = true;
    assert_true(text_equals(session_cookie_read(&call), TEXT(TOKEN)));
    buffer_init_on(&headers, room, sizeof(room));
    session_cookie_write(&pipeline, TEXT(""), &headers);
    pipeline.has_insecure_cookie = false;
    assert_true(
        text_equals(buffer_text(&headers),
                    TEXT("Set-Cookie: sid=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0\r\n")));
}

/* ---- Authentication ---- */

static enum status authenticate(enum http_method method, const char *cookie, const char *csrf,
                                const char *origin)
{
    const char *const given[][2] = {{"Cookie", cookie},
                                    {"x-csrf-token", csrf},
                                    {"Host", "127.0.0.1:8080"},
                                    {"Origin", origin}};
    request_make(method, given, origin ? 4 : 3);
    return call_authenticate_session(&call);
}

static const char *right_csrf(void)
{
    static char room[CSRF_LENGTH + 1];
    struct csrf_token token = csrf_token_of(TEXT(TOKEN));
    memcpy(room, token.characters, CSRF_LENGTH);
    return room;
}

#define COOKIE "__Host-sid=" TOKEN
#define OURS "http://127.0.0.1:8080"

static void a_look_needs_the_session_alone(void **state)
{
    (void)state;
    found = (struct session_standing){.id = 3, .account_id = 7};
    finding = STATUS_OK;
    assert_int_equal(authenticate(HTTP_GET, COOKIE, "", NULL), STATUS_OK);
    assert_int_equal(call.key.account_id, 7);
    assert_int_equal(call.key.key_id, 0);
    assert_int_equal(call.session.id, 3);
    assert_int_equal(authenticate(HTTP_GET, "a=b", "", NULL), STATUS_FORBIDDEN);
    assert_int_equal(refused_status, 401);
    finding = STATUS_MISSING;
    assert_int_equal(authenticate(HTTP_GET, COOKIE, "", NULL), STATUS_FORBIDDEN);
    assert_int_equal(refused_status, 401);
}

static void a_change_needs_origin_and_token(void **state)
{
    (void)state;
    finding = STATUS_OK;
    static const enum http_method methods[] = {HTTP_POST, HTTP_DELETE, HTTP_PUT, HTTP_PATCH};
    for (size_t i = 0; i < LENGTH_OF(methods); i++) {
        assert_int_equal(authenticate(methods[i], COOKIE, right_csrf(), OURS), STATUS_OK);
        assert_int_equal(authenticate(methods[i], COOKIE, "", OURS), STATUS_FORBIDDEN);
        assert_int_equal(refused_status, 403);
        assert_int_equal(authenticate(methods[i], COOKIE, TOKEN, OURS), STATUS_FORBIDDEN);
        assert_int_equal(authenticate(methods[i], COOKIE, right_csrf(), NULL),
                         STATUS_FORBIDDEN);
        assert_int_equal(authenticate(methods[i], COOKIE, right_csrf(), "https://evil.example"),
                         STATUS_FORBIDDEN);
    }
}

static void csrf_tokens_are_a_session_s_own(void **state)
{
    (void)state;
    struct csrf_token a = csrf_token_of(TEXT("a")), b = csrf_token_of(TEXT("b"));
    assert_memory_not_equal(a.characters, b.characters, CSRF_LENGTH);
    const char *const given[][2] = {{"Host", "127.0.0.1:8080"}, {"Origin", OURS}};
    request_make(HTTP_POST, given, 2);
    assert_true(csrf_is_proved(&call, TEXT("a"), (struct text){a.characters, CSRF_LENGTH}));
    assert_false(csrf_is_proved(&call, TEXT("a"), (struct text){b.characters, CSRF_LENGTH}));
    assert_false(
        csrf_is_proved(&call, TEXT("a"), (struct text){a.characters, CSRF_LENGTH - 1}));
    struct csrf_token none = csrf_token_of(TEXT(""));
    assert_false(csrf_is_proved(&call, TEXT(""), (struct text){none.characters, CSRF_LENGTH}));
}

/* ---- Origins ---- */

static void origins_that_may_change_something(void **state)
{
    (void)state;
    static const struct {
        const char *host, *origin, *site, *public_url;
        bool may;
    } rows[] = {
        {"127.0.0.1:80", "http://127.0.0.1:80", NULL, "", true},
        {"localhost:8080", "http://localhost:8080", NULL, "https://api.example.com", true},
        {"api.example.com", "https://api.example.com", NULL, "https://api.example.com", true},
        {"api.example.com", "https://api.example.com", NULL, "https://api.example.com:443",
         true},
        {"inside:8080", "https://api.example.com", NULL, "https://api.example.com", true},
        {"api.example.com", "http://api.example.com", NULL, "https://api.example.com", false},
        {"api.example.com", "https://evil.example", NULL, "https://api.example.com", false},
        {"evil.example", "https://evil.example", NULL, "https://api.example.com", false},
        {"api.example.com", "https://api.example.com", NULL, "", true},
        {"api.example.com", "http://api.example.com", NULL, "", true},
        {"api.example.com", "https://api.example.com.evil.example", NULL, "", false},
        {"api.example.com", "https://evil.example", NULL, "", false},
        {"", "https://", NULL, "", false},
        {"127.0.0.1", "null", NULL, "", false},
        {"127.0.0.1", "", NULL, "", false},
        {"api.example.com", NULL, "same-origin", "", true},
        {"api.example.com", NULL, "same-site", "", false},
        {"api.example.com", NULL, "cross-site", "", false},
        {"api.example.com", NULL, "none", "", false},
        {"api.example.com", NULL, NULL, "", false},
        {"api.example.com", "https://evil.example", "same-origin", "", false},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        const char *given[3][2] = {{"Host", rows[i].host}};
        size_t count = 1;
        if (rows[i].origin)
            given[count][0] = "Origin", given[count++][1] = rows[i].origin;
        if (rows[i].site)
            given[count][0] = "Sec-Fetch-Site", given[count++][1] = rows[i].site;
        request_make(HTTP_POST, (const char *const(*)[2])given, count);
        if (origin_may_change(&request, text_of(rows[i].public_url)) != rows[i].may)
            fail_msg("row %zu: %s at %s", i, rows[i].origin, rows[i].host);
    }
}

int main(void)
{
    secret_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_is_read_where_it_is_alone),
        cmocka_unit_test(cookies_of_two_lines_are_read_together),
        cmocka_unit_test(the_cookie_s_name_is_the_operator_s_choice),
        cmocka_unit_test(a_look_needs_the_session_alone),
        cmocka_unit_test(a_change_needs_origin_and_token),
        cmocka_unit_test(csrf_tokens_are_a_session_s_own),
        cmocka_unit_test(origins_that_may_change_something),
    };
    return cmocka_run_group_tests_name("call/session", tests, NULL, NULL);
}
