#include "call/answer_headers.h"
#include "call/call.h"
#include "call/client_address.h"

#define CHALLENGE_BYTES_MAX 128

/* Every 401 carries a challenge (RFC 9110 section 15.5.2). No registered scheme takes a key from
 * a header of its own; decision record 0015. */
static enum status refuse_key(struct call *call, enum failure_id id, struct text tool_message,
                              struct text tool_challenge)
{
    char room[CHALLENGE_BYTES_MAX];
    struct buffer challenge;
    buffer_init_on(&challenge, room, sizeof(room));
    answer_header_text(&challenge, HEADER_CHALLENGE,
                       call->tool ? tool_challenge : answer_headers[HEADER_CHALLENGE].example);
    check(!challenge.overflowed);
    call_refuse(call, &(struct refusal){.failure = &failures[id],
                                        .message = call->tool ? tool_message : (struct text){0},
                                        .headers = buffer_text(&challenge)});
    return STATUS_FORBIDDEN;
}

/* Of a tool, where the key may be a bearer token (RFC 6750 section 3). */
static enum status refuse_missing(struct call *call)
{
    return refuse_key(call, FAILURE_MISSING_KEY,
                      TEXT("An API key is required: send it as Authorization: Bearer, or in "
                           "the x-api-key header."),
                      TEXT("Bearer realm=\"trendgate\""));
}

static enum status refuse_invalid(struct call *call)
{
    return refuse_key(call, FAILURE_INVALID_KEY,
                      TEXT("The API key is not valid; check it, or create a new one. Send one "
                           "key only."),
                      TEXT("Bearer realm=\"trendgate\", error=\"invalid_token\""));
}

/* The token of "Bearer TOKEN"; empty for another scheme, which is not for us. */
static struct text bearer_token(struct text written)
{
    struct text scheme = text_cut(&written, ' ');
    return text_equals_ignoring_case(scheme, TEXT("Bearer")) ? text_trim(written)
                                                             : (struct text){0};
}

/* The key as it was sent, or an empty text; false when there are several. */
static bool key_read(const struct call *call, struct text *written)
{
    struct text name = TEXT("x-api-key");
    struct text bearer = TEXT("Authorization");
    *written = http_request_field(call->request, name);
    size_t count = http_request_field_count(call->request, name);
    if (!call->tool)
        return count <= 1;
    struct text token = bearer_token(http_request_field(call->request, bearer));
    bool is_one = count <= 1 && http_request_field_count(call->request, bearer) <= 1 &&
                  (written->length == 0 || token.length == 0 || text_equals(*written, token));
    if (written->length == 0)
        *written = token;
    return is_one;
}

/* A key that is sent counts alone, whether or not it is valid. */
static bool is_by_session(const struct call *call)
{
    switch (call->endpoint->caller) {
    case CALLER_KEY: return false;
    case CALLER_KEY_OR_SESSION:
        return http_request_field_count(call->request, TEXT("x-api-key")) == 0 &&
               session_cookie_read(call).length > 0;
    case CALLER_SESSION: return true;
    case CALLER_ANYONE: return false;
    }
    check_failed(__FILE__, __LINE__, "the caller is in the list");
}

static struct text address_of(void *owner)
{
    const struct call *call = owner;
    return client_address(call->request, call->pipeline->trusted_proxies);
}

#define UNPAID                                                                                 \
    "An invoice of the account is overdue; pay it, and its calls are answered again. The "     \
    "billing page of the console shows it."

static enum status key_admit(struct call *call, const struct digest *digest, struct text prefix)
{
    if (ledger_find_key(call->pipeline->ledger, digest, &call->key) != STATUS_OK ||
        !call->key.is_live)
        return refuse_invalid(call);
    call->key_prefix = prefix;
    ledger_key_used(call->pipeline->ledger, &call->key, address_of, call);
    if (call->key.refusal == ACCOUNT_ADMITTED)
        return STATUS_OK;
    call_refuse(call, &(struct refusal){.failure = &failures[FAILURE_ACCOUNT_SUSPENDED],
                                        .message = call->key.refusal == ACCOUNT_UNPAID
                                                       ? TEXT(UNPAID)
                                                       : (struct text){0}});
    return STATUS_FORBIDDEN;
}

enum status call_authenticate(struct call *call)
{
    struct text written;
    if (is_by_session(call))
        return call_authenticate_session(call);
    if (call->tool && call->tool->key)
        return key_admit(call, call->tool->key, call->tool->key_prefix);
    if (!key_read(call, &written))
        return refuse_invalid(call);
    if (written.length == 0)
        return refuse_missing(call);
    if (!api_key_is_well_formed(written))
        return refuse_invalid(call);
    struct digest digest = secret_digest(written);
    return key_admit(call, &digest, text_slice(written, 0, API_KEY_PREFIX_LENGTH));
}
