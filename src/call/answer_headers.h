/* answer_headers: the header lines that tell about an answer: their names, meanings and places.
 *
 * The steps that write headers take the names from here; the API documents and the docs page
 * tell the same rows. Frozen; any thread. */
#pragma once

#include "base/buffer.h"
#include "call/endpoint.h"

enum answer_header_id {
    HEADER_REQUEST_ID,
    HEADER_RATE_POLICY,
    HEADER_RATE,
    HEADER_RATE_LIMIT,
    HEADER_RATE_REMAINING,
    HEADER_RATE_RESET,
    HEADER_CREDITS_CHARGED,
    HEADER_CREDITS_REMAINING,
    HEADER_CREDITS_DAILY_REMAINING,
    HEADER_KEY_STOPS_AT,
    HEADER_CHARGE_ID,
    HEADER_REPLAYED,
    HEADER_ETAG,
    HEADER_LAST_MODIFIED,
    HEADER_TREND_AS_OF,
    HEADER_TREND_SOURCE,
    HEADER_TREND_STALE,
    HEADER_RETRY_AFTER,
    HEADER_CHALLENGE,
    HEADER_DISPOSITION,
    HEADER_COUNT
};

/* Which answers carry it. */
enum answer_header_place {
    HEADER_ON_EVERY,      /* every answer */
    HEADER_ON_CALLS,      /* every answer to a call: a product endpoint and a valid key */
    HEADER_ON_SUCCESSES,  /* 200 of a product endpoint that has a price, and 304 of a list */
    HEADER_ON_LISTS,      /* 200 and 304 of a list */
    HEADER_ON_RETRIES,    /* 402, 429 and 503 */
    HEADER_ON_CHALLENGES, /* 401 */
    HEADER_ON_FILES       /* 200 of an endpoint that gives a file */
};

struct answer_header {
    struct text name;
    struct text opening; /* the name, as a line begins with it */
    struct text type;    /* of the value, as JSON schemas say it: "integer" or "string" */
    struct text format;  /* "date-time", "date" or empty */
    struct text example; /* the value as it is sent */
    struct text meaning; /* a whole sentence */
    enum answer_header_place place;
    bool is_always; /* in each answer of its place, not in some of them only */
};

extern const struct answer_header answer_headers[HEADER_COUNT];

/* Whether an answer of that endpoint with that status may carry it. */
bool answer_header_is_on(const struct answer_header *header, const struct endpoint *endpoint,
                         unsigned status);

/* Where on, in words: "every answer to a call". */
struct text answer_header_place_words(enum answer_header_place place);

/* Appends "Name: ", or a whole line; inlined, as buffer_append is, so that a name costs a few moves and no call. */
static inline void answer_header_begin(struct buffer *headers, enum answer_header_id id)
{
    buffer_append(headers, answer_headers[id].opening);
}

static inline void answer_header_text(struct buffer *headers, enum answer_header_id id,
                                      struct text value)
{
    answer_header_begin(headers, id);
    buffer_append(headers, value);
    buffer_append(headers, TEXT("\r\n"));
}

static inline void answer_header_number(struct buffer *headers, enum answer_header_id id,
                                        int64_t value)
{
    answer_header_begin(headers, id);
    buffer_append_integer(headers, value);
    buffer_append(headers, TEXT("\r\n"));
}
