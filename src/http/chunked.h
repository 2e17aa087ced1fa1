/* chunked: the chunked transfer coding, read to the letter (RFC 9112 section 7.1).
 *
 * CR LF everywhere and nothing in their place, sizes without sign or space, extensions and
 * trailers bounded and then forgotten. docs/decisions/0010 says why llhttp does not do this. */
#pragma once

#include "base/buffer.h"
#include "http/refusal.h"
#include "http/server.h"

enum chunked_place {
    CHUNKED_SIZE,
    CHUNKED_EXTENSION,
    CHUNKED_SIZE_LF,
    CHUNKED_CONTENT,
    CHUNKED_CONTENT_CR,
    CHUNKED_CONTENT_LF,
    CHUNKED_TRAILER_START,
    CHUNKED_TRAILER_NAME,
    CHUNKED_TRAILER_VALUE,
    CHUNKED_TRAILER_LF,
    CHUNKED_LAST_LF,
    CHUNKED_END,
};

/* Begins zeroed. */
struct chunked {
    enum chunked_place place;
    unsigned digits;             /* of the size being read */
    uint64_t left;               /* of the chunk's content */
    size_t extension_bytes;      /* of this chunk */
    size_t all_extensions_bytes; /* of the body */
    size_t trailer_bytes;
    size_t trailers;
};

/* Takes what it can off the front of *input and appends content to body. STATUS_OK with place
 * at CHUNKED_END: the body is whole; otherwise more is needed. */
enum status chunked_read(struct chunked *chunked, struct text *input,
                         const struct http_limits *limits, struct buffer *body,
                         struct http_refusal *refusal);
