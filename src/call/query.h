/* query: the parameters of a request's query, split and decoded
 * (application/x-www-form-urlencoded as the WHATWG URL standard reads it, but strict).
 *
 * Pure; any thread. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"

#define QUERY_PAIRS_MAX 64 /* more than any honest request; bounds the list of faults too */

enum query_fault {
    QUERY_FINE,
    QUERY_BAD_ESCAPE, /* a '%' that two hexadecimal digits do not follow */
    QUERY_NUL,
    QUERY_BAD_UTF8,
};

struct query_pair {
    struct text name;  /* decoded; as written where fault is set */
    struct text value; /* likewise */
    enum query_fault fault;
};

struct query {
    struct query_pair pairs[QUERY_PAIRS_MAX];
    size_t count;
    size_t unread; /* parts after these, which were only counted */
};

/* Empty parts ("a=1&&b=2") are passed over; a part without '=' is a name with an empty value.
 * Of more than QUERY_PAIRS_MAX parts the first ones are read. STATUS_TOO_LARGE: the arena is
 * full. */
enum status query_read(struct text written, struct arena *arena, struct query *query);

/* Appends a name or a value as it stands in a query: what is not unreserved (RFC 3986, section 2.3)
 * is escaped, to three times its length at most. */
void query_escape(struct text written, struct buffer *out);
