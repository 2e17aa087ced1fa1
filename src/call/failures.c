#include "call/failures.h"

/* clang-format off */
const struct failure failures[FAILURE_COUNT] = {
    [FAILURE_INVALID_INPUT] =
        {.status = 400,
         .reason = TEXT_INITIAL("invalid_input"),
         .meaning = TEXT_INITIAL("A parameter or the request itself is malformed; data.errors lists "
                                 "every fault with parameter, value and reason."),
         .places = FAILURE_AT_ANY},
    [FAILURE_MISSING_KEY] =
        {.status = 401,
         .reason = TEXT_INITIAL("missing_key"),
         .message = TEXT_INITIAL("An API key is required: send it in the x-api-key header."),
         .meaning = TEXT_INITIAL("The request has no x-api-key header, or an empty one."),
         .places = FAILURE_AT_KEYED},
    /* One sentence for every key that does not work, so that none of them tells which it is. */
    [FAILURE_INVALID_KEY] =
        {.status = 401,
         .reason = TEXT_INITIAL("invalid_key"),
         .message = TEXT_INITIAL("The API key in x-api-key is not valid; check it, or create a new one."),
         .meaning = TEXT_INITIAL("The key is malformed, unknown, revoked or expired."),
         .places = FAILURE_AT_KEYED},
    [FAILURE_NO_SESSION] =
        {.status = 401,
         .reason = TEXT_INITIAL("no_session"),
         .message = TEXT_INITIAL("You are not signed in, or your session is over; sign in again."),
         .meaning = TEXT_INITIAL("The request has no cookie of a session of the console that goes on."),
         .places = FAILURE_AT_SESSION | FAILURE_AT_CONSOLE},
    [FAILURE_INSUFFICIENT_CREDITS] =
        {.status = 402,
         .reason = TEXT_INITIAL("insufficient_credits"),
         .scope = TEXT_INITIAL("monthly"),
         .message = TEXT_INITIAL("The billing period's credits are used up; upgrade, or wait for the next "
                                 "period."),
         .meaning = TEXT_INITIAL("The billing period's credits are used up and overage may not cover the "
                                 "call."),
         .places = FAILURE_AT_PRICED},
    [FAILURE_DAILY_CREDIT_LIMIT] =
        {.status = 402,
         .reason = TEXT_INITIAL("daily_credit_limit"),
         .scope = TEXT_INITIAL("daily"),
         .message = TEXT_INITIAL("The plan's daily credits are used up until 00:00 UTC."),
         .meaning = TEXT_INITIAL("The plan's daily cap is used up until 00:00 UTC."),
         .places = FAILURE_AT_PRICED},
    [FAILURE_KEY_DAILY_LIMIT] =
        {.status = 402,
         .reason = TEXT_INITIAL("key_daily_limit"),
         .scope = TEXT_INITIAL("daily"),
         .message = TEXT_INITIAL("This API key's own daily credits are used up until 00:00 UTC; use another "
                                 "key, or raise its cap."),
         .meaning = TEXT_INITIAL("The daily cap that was set for this key alone is used up until 00:00 UTC."),
         .places = FAILURE_AT_PRICED},
    [FAILURE_SPEND_LIMIT] =
        {.status = 402,
         .reason = TEXT_INITIAL("spend_limit"),
         .scope = TEXT_INITIAL("monthly"),
         .message = TEXT_INITIAL("The spend limit for overage is reached; raise it, or wait for the next "
                                 "period."),
         .meaning = TEXT_INITIAL("The limit that the account set for its overage is reached in this period."),
         .places = FAILURE_AT_PRICED},
    [FAILURE_ACCOUNT_SUSPENDED] =
        {.status = 403,
         .reason = TEXT_INITIAL("account_suspended"),
         .message = TEXT_INITIAL("The account is suspended; write to the operator of this service."),
         .meaning = TEXT_INITIAL("The key is valid, but its account is suspended by the operator, or an "
                                 "invoice of it is overdue; msg says which."),
         .places = FAILURE_AT_KEYED},
    [FAILURE_CSRF] =
        {.status = 403,
         .reason = TEXT_INITIAL("csrf"),
         .message = TEXT_INITIAL("This was not sent by a page of the console, or by one that was opened "
                                 "before you signed in; load the page again."),
         .meaning = TEXT_INITIAL("A request that changes something came from another origin, or without "
                                 "the session's x-csrf-token."),
         .places = FAILURE_AT_CONSOLE},
    [FAILURE_NOT_FOUND] =
        {.status = 404,
         .reason = TEXT_INITIAL("not_found"),
         .message = TEXT_INITIAL("There is nothing at this path."),
         .meaning = TEXT_INITIAL("There is nothing at this path."),
         .places = FAILURE_OUTSIDE},
    [FAILURE_METHOD_NOT_ALLOWED] =
        {.status = 405,
         .reason = TEXT_INITIAL("method_not_allowed"),
         .message = TEXT_INITIAL("This path answers GET, HEAD and OPTIONS."),
         .meaning = TEXT_INITIAL("The path does not answer this method; Allow lists those it does."),
         .places = FAILURE_OUTSIDE},
    [FAILURE_REQUEST_TIMEOUT] =
        {.status = 408,
         .reason = TEXT_INITIAL("request_timeout"),
         .meaning = TEXT_INITIAL("The request did not arrive whole in time; send it again."),
         .places = FAILURE_OUTSIDE},
    [FAILURE_BODY_TOO_LARGE] =
        {.status = 413,
         .reason = TEXT_INITIAL("too_large"),
         .meaning = TEXT_INITIAL("The request's body is too large; no product endpoint takes one."),
         .places = FAILURE_AT_ANY},
    [FAILURE_LINE_TOO_LONG] =
        {.status = 414,
         .reason = TEXT_INITIAL("too_large"),
         .meaning = TEXT_INITIAL("The request line is too long; shorten the query."),
         .places = FAILURE_AT_ANY},
    [FAILURE_EXPECTATION] =
        {.status = 417,
         .reason = TEXT_INITIAL("invalid_input"),
         .meaning = TEXT_INITIAL("The Expect header asks for something other than 100-continue."),
         .places = FAILURE_OUTSIDE},
    [FAILURE_IDEMPOTENCY_CONFLICT] =
        {.status = 422,
         .reason = TEXT_INITIAL("idempotency_conflict"),
         .message = TEXT_INITIAL("This Idempotency-Key was used with other parameters; use a new one for a "
                                 "new request."),
         .meaning = TEXT_INITIAL("The Idempotency-Key was used with other parameters within ten minutes."),
         .places = FAILURE_AT_PRODUCT},
    [FAILURE_RATE_LIMITED] =
        {.status = 429,
         .reason = TEXT_INITIAL("rate_limited"),
         .scope = TEXT_INITIAL("minute"),
         .message = TEXT_INITIAL("The plan's calls of this minute are used up; try again when a slot "
                                 "returns."),
         .meaning = TEXT_INITIAL("The account has made as many calls in the last 60 seconds as its plan "
                                 "allows."),
         .places = FAILURE_AT_PRODUCT},
    [FAILURE_FIELDS_TOO_LARGE] =
        {.status = 431,
         .reason = TEXT_INITIAL("too_large"),
         .meaning = TEXT_INITIAL("The request's header lines are too large or too many."),
         .places = FAILURE_AT_ANY},
    [FAILURE_INTERNAL] =
        {.status = 500,
         .reason = TEXT_INITIAL("internal"),
         .message = TEXT_INITIAL("Something is wrong here; nothing was charged. Try again shortly."),
         .meaning = TEXT_INITIAL("A fault of the service or of a gateway before it; nothing is charged."),
         .places = FAILURE_AT_ANY},
    [FAILURE_NOT_IMPLEMENTED] =
        {.status = 501,
         .reason = TEXT_INITIAL("not_implemented"),
         .meaning = TEXT_INITIAL("The request uses a transfer coding or method that this service does not "
                                 "know."),
         .places = FAILURE_OUTSIDE},
    [FAILURE_NO_DATA] =
        {.status = 503,
         .reason = TEXT_INITIAL("no_data"),
         .message = TEXT_INITIAL("There is no such list yet; ask again later, or ask for one that "
                                 "country-industry-meta names."),
         .meaning = TEXT_INITIAL("There is no such list yet; country-industry-meta names those there are."),
         .places = FAILURE_AT_LISTS,
         .retry_after = 60},
    [FAILURE_UPSTREAM_UNAVAILABLE] =
        {.status = 503,
         .reason = TEXT_INITIAL("upstream_unavailable"),
         .message = TEXT_INITIAL("The list cannot be read at the moment; try again shortly."),
         .meaning = TEXT_INITIAL("The list cannot be read at the moment."),
         .places = FAILURE_AT_LISTS,
         .retry_after = 1},
    [FAILURE_OVERLOADED] =
        {.status = 503,
         .reason = TEXT_INITIAL("overloaded"),
         .meaning = TEXT_INITIAL("There is more to do than can be done at the moment; nothing was charged."),
         .places = FAILURE_AT_ANY,
         .retry_after = 1},
    [FAILURE_HTTP_VERSION] =
        {.status = 505,
         .reason = TEXT_INITIAL("invalid_input"),
         .meaning = TEXT_INITIAL("The request is not HTTP/1.0 or HTTP/1.1."),
         .places = FAILURE_OUTSIDE},
};
/* clang-format on */

struct text failure_status_line(unsigned status)
{
    switch (status) {
    case 400: return TEXT("Invalid input");
    case 401: return TEXT("API key missing or not valid");
    case 402: return TEXT("Credits used up");
    case 403: return TEXT("Account suspended");
    case 404: return TEXT("No such path");
    case 405: return TEXT("Method not allowed");
    case 408: return TEXT("Request timed out");
    case 413: return TEXT("Body too large");
    case 414: return TEXT("Request line too long");
    case 417: return TEXT("Expectation failed");
    case 422: return TEXT("Idempotency-Key used with other parameters");
    case 429: return TEXT("Rate limit exceeded");
    case 431: return TEXT("Header lines too large");
    case 500: return TEXT("Internal server error");
    case 501: return TEXT("Not implemented");
    case 503: return TEXT("Not available at the moment");
    case 505: return TEXT("HTTP version not supported");
    default: check_failed(__FILE__, __LINE__, "status is in the table");
    }
}

bool failure_is_at(const struct failure *failure, const struct endpoint *endpoint)
{
    unsigned here = FAILURE_AT_ANY;
    if (endpoint->kind != ENDPOINT_OPEN && endpoint->caller != CALLER_SESSION)
        here |= FAILURE_AT_KEYED;
    if (endpoint->caller == CALLER_KEY_OR_SESSION)
        here |= FAILURE_AT_SESSION;
    if (endpoint->caller == CALLER_SESSION)
        here |= FAILURE_AT_CONSOLE;
    if (endpoint->kind == ENDPOINT_PRODUCT)
        here |= FAILURE_AT_PRODUCT;
    if (endpoint->credits > 0)
        here |= FAILURE_AT_PRICED;
    if (endpoint->answers_list)
        here |= FAILURE_AT_LISTS;
    return (failure->places & here) != 0;
}

const struct failure *failure_of_syntax(unsigned status)
{
    const struct failure *found = &failures[FAILURE_INVALID_INPUT];
    if (status == 503)
        return &failures[FAILURE_OVERLOADED];
    for (size_t i = 0; i < FAILURE_COUNT; i++)
        if (failures[i].status == status)
            found = &failures[i];
    return found;
}
