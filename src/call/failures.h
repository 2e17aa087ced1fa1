/* failures: every answer that is not a success: its status, its reason and its sentence.
 *
 * One table for the code that refuses, for both API documents, for the docs page and for MCP:
 * what a customer reads about a failure and what he meets are the same row. Frozen; any thread. */
#pragma once

#include "call/endpoint.h"

/* A row's place. The reason word, not the place, is what customers see and may rely on. */
enum failure_id {
    FAILURE_INVALID_INPUT,
    FAILURE_MISSING_KEY,
    FAILURE_INVALID_KEY,
    FAILURE_NO_SESSION,
    FAILURE_INSUFFICIENT_CREDITS,
    FAILURE_DAILY_CREDIT_LIMIT,
    FAILURE_KEY_DAILY_LIMIT,
    FAILURE_SPEND_LIMIT,
    FAILURE_ACCOUNT_SUSPENDED,
    FAILURE_CSRF,
    FAILURE_NOT_FOUND,
    FAILURE_METHOD_NOT_ALLOWED,
    FAILURE_REQUEST_TIMEOUT,
    FAILURE_BODY_TOO_LARGE,
    FAILURE_LINE_TOO_LONG,
    FAILURE_EXPECTATION,
    FAILURE_IDEMPOTENCY_CONFLICT,
    FAILURE_RATE_LIMITED,
    FAILURE_FIELDS_TOO_LARGE,
    FAILURE_INTERNAL,
    FAILURE_NOT_IMPLEMENTED,
    FAILURE_NO_DATA,
    FAILURE_UPSTREAM_UNAVAILABLE,
    FAILURE_OVERLOADED,
    FAILURE_HTTP_VERSION,
    FAILURE_COUNT
};

/* Where it can happen; more than one is a set. */
enum failure_place {
    FAILURE_AT_ANY = 1,       /* at every endpoint */
    FAILURE_AT_KEYED = 2,     /* where a key is asked for */
    FAILURE_AT_PRODUCT = 4,   /* at product endpoints */
    FAILURE_AT_PRICED = 8,    /* where credits are charged */
    FAILURE_AT_LISTS = 16,    /* where a list of the catalogue is answered */
    FAILURE_OUTSIDE = 32,     /* before an endpoint was found */
    FAILURE_AT_SESSION = 64,  /* where a session of the console may ask */
    FAILURE_AT_CONSOLE = 128, /* where only one may */
};

struct failure {
    unsigned status;
    struct text reason;  /* data.reason: one stable word */
    struct text scope;   /* data.reset_scope: "monthly", "daily" or "minute"; empty for none */
    struct text message; /* msg; empty: made for each case, as meaning says */
    struct text meaning; /* what happened and what to do, for a page: a whole sentence */
    unsigned places;     /* a set of enum failure_place */
    unsigned
        retry_after; /* Retry-After in seconds; 0: none, or from the numbers that decided */
};

/* By place; ordered by status. */
extern const struct failure failures[FAILURE_COUNT];

/* "Invalid input" for 400: one line a status, as the customer's page has it. */
struct text failure_status_line(unsigned status);

bool failure_is_at(const struct failure *failure, const struct endpoint *endpoint);

/* The row of a status that the HTTP server itself refuses with; never NULL. */
const struct failure *failure_of_syntax(unsigned status);
