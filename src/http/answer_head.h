/* answer_head: the status line and header lines of an answer, written without printf. */
#pragma once

#include "base/buffer.h"
#include "http/message.h"

enum connection_line { CONNECTION_UNSAID, CONNECTION_CLOSE, CONNECTION_KEEP_ALIVE };

/* Clears out, then writes the whole head into it. body_bytes: as for GET, also when the body is
 * left out; not said with 204 and 304 (RFC 9110 section 8.6). date: an IMF-fixdate. */
void answer_head_write(struct buffer *out, const struct http_answer *answer,
                       uint64_t body_bytes, struct text date, enum connection_line connection);

/* False for 204 and 304, which never have one. */
bool answer_has_body(unsigned status);
