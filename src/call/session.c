#include "call/session.h"

#include "call/answer_headers.h"
#include "call/call.h"
#include "call/origin.h"

#define COOKIE "__Host-sid"
#define COOKIE_INSECURE "sid"
#define COOKIE_RULES "; Path=/; HttpOnly; SameSite=Lax"

struct csrf_token csrf_token_of(struct text secret)
{
    struct csrf_token token;
    struct digest digest = secret_hmac(secret, TEXT("trendgate csrf"));
    secret_hex(digest.bytes, sizeof(digest.bytes), token.characters);
    return token;
}

/* Several of one name: somebody else has set one of them, so that none is to be believed. */
struct text cookie_read(const struct http_request *request, struct text name)
{
    struct text found = {0};
    size_t count = 0;
    for (size_t i = 0; i < request->field_count; i++) {
        if (!text_equals_ignoring_case(request->fields[i].name, TEXT("Cookie")))
            continue;
        struct text rest = request->fields[i].value;
        while (rest.at) {
            struct text value = text_trim(text_cut(&rest, ';'));
            struct text cookie = text_cut(&value, '=');
            if (!text_equals(cookie, name))
                continue;
            found = value;
            count++;
        }
    }
    return count == 1 ? found : (struct text){0};
}

static struct text cookie_name(const struct pipeline *pipeline)
{
    return pipeline->has_insecure_cookie ? TEXT(COOKIE_INSECURE) : TEXT(COOKIE);
}

struct text session_cookie_read(const struct call *call)
{
    struct text written = cookie_read(call->request, cookie_name(call->pipeline));
    return session_token_is_well_formed(written) ? written : (struct text){0};
}

void session_cookie_write(const struct pipeline *pipeline, struct text token,
                          struct buffer *headers)
{
    buffer_append(headers, TEXT("Set-Cookie: "));
    buffer_append(headers, cookie_name(pipeline));
    buffer_append_byte(headers, '=');
    buffer_append(headers, token);
    buffer_append(headers, TEXT(COOKIE_RULES));
    if (!pipeline->has_insecure_cookie)
        buffer_append(headers, TEXT("; Secure"));
    if (token.length == 0)
        buffer_append(headers, TEXT("; Max-Age=0"));
    buffer_append(headers, TEXT("\r\n"));
}

enum status call_find_session(struct call *call)
{
    struct text token = session_cookie_read(call);
    if (token.length == 0)
        return STATUS_MISSING;
    struct digest digest = secret_digest(token);
    TRY(ledger_find_session(call->pipeline->ledger, &digest, &call->session));
    call->key = (struct key_standing){.account_id = call->session.account_id};
    return STATUS_OK;
}

bool csrf_is_proved(const struct call *call, struct text secret, struct text given)
{
    struct csrf_token token = csrf_token_of(secret);
    return secret.length > 0 && origin_may_change(call->request, call->pipeline->public_url) &&
           secret_equals((struct text){token.characters, CSRF_LENGTH}, given);
}

static bool changes_something(const struct call *call)
{
    return call->request->method != HTTP_GET && call->request->method != HTTP_HEAD;
}

static enum status refuse_session(struct call *call)
{
    char room[128];
    struct buffer challenge;
    buffer_init_on(&challenge, room, sizeof(room));
    answer_header_text(&challenge, HEADER_CHALLENGE, TEXT(SESSION_CHALLENGE));
    check(!challenge.overflowed);
    call_refuse(call, &(struct refusal){.failure = &failures[FAILURE_NO_SESSION],
                                        .headers = buffer_text(&challenge)});
    return STATUS_FORBIDDEN;
}

enum status call_authenticate_session(struct call *call)
{
    if (call_find_session(call) != STATUS_OK)
        return refuse_session(call);
    if (!changes_something(call) ||
        csrf_is_proved(call, session_cookie_read(call),
                       http_request_field(call->request, TEXT("x-csrf-token"))))
        return STATUS_OK;
    call_refuse_plainly(call, FAILURE_CSRF);
    return STATUS_FORBIDDEN;
}
