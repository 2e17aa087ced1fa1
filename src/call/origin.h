/* origin: whether a page that asks is one of ours (RFC 6454; Fetch standard, section 3.1).
 *
 * Pure; any thread. */
#pragma once

#include "http/message.h"

/* The one Origin field is that of public_url ("https://api.example.com", may be empty), or that of
 * the loopback address that the request was sent to. False without the field. */
bool origin_is_known(const struct http_request *request, struct text public_url);

/* For what changes something on behalf of a cookie: the Origin is known, or, without a public URL,
 * has the host that was asked (a site of that name has cookies of its own only); where there is no
 * Origin, Sec-Fetch-Site says same-origin (Fetch Metadata, section 2.4). */
bool origin_may_change(const struct http_request *request, struct text public_url);
