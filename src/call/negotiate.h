/* negotiate: what a client's headers say about the form of its answer (RFC 9110 sections 12, 13).
 *
 * Pure; any thread. */
#pragma once

#include "base/instant.h"
#include "http/message.h"

/* True when application/json is acceptable, as it is to who sends no Accept (section 12.5.1). */
bool negotiate_json(const struct http_request *request);

/* True when gzip is acceptable and not less welcome than no coding (section 12.5.3). */
bool negotiate_gzip(const struct http_request *request);

/* True when the client's copy is current: If-None-Match holds etag, by the weak comparison, or
 * "*"; or, without any If-None-Match, If-Modified-Since is no earlier than modified (sections
 * 13.1.2, 13.1.3 and 13.2.2; seconds count). */
bool negotiate_is_current(const struct http_request *request, struct text etag,
                          instant modified);
