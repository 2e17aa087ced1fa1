#include "call/call.h"

/* Every 401 carries a challenge (RFC 9110 section 15.5.2). No registered scheme takes a key from
 * a header of its own; decision record 0015. */
#define CHALLENGE "WWW-Authenticate: ApiKey realm=\"trendgate\", header=\"x-api-key\"\r\n"

static enum status refuse_key(struct call *call, struct text reason, struct text message)
{
    call_refuse(call, &(struct refusal){.status = 401,
                                        .reason = reason,
                                        .message = message,
                                        .headers = TEXT(CHALLENGE)});
    return STATUS_FORBIDDEN;
}

/* One sentence for every key that does not work, so that none of them tells which it is. */
static enum status refuse_invalid(struct call *call)
{
    return refuse_key(call, TEXT("invalid_key"),
                      TEXT("The API key in x-api-key is not valid; check it, or create a new "
                           "one."));
}

enum status call_authenticate(struct call *call)
{
    struct text name = TEXT("x-api-key");
    struct text written = http_request_field(call->request, name);
    if (http_request_field_count(call->request, name) > 1)
        return refuse_invalid(call);
    if (written.length == 0)
        return refuse_key(call, TEXT("missing_key"),
                          TEXT("An API key is required: send it in the x-api-key header."));
    if (!api_key_is_well_formed(written))
        return refuse_invalid(call);
    struct digest digest = secret_digest(written);
    if (ledger_find_key(call->pipeline->ledger, &digest, &call->key) != STATUS_OK ||
        !call->key.is_live)
        return refuse_invalid(call);
    call->key_prefix = text_slice(written, 0, API_KEY_PREFIX_LENGTH);
    if (!call->key.account_is_suspended)
        return STATUS_OK;
    call_refuse(call, &(struct refusal){.status = 403,
                                        .reason = TEXT("account_suspended"),
                                        .message = TEXT("The account is suspended; write to "
                                                        "the operator of this service.")});
    return STATUS_FORBIDDEN;
}
