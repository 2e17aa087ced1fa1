/* mcp_origin: whether the page that makes a request may make it.
 *
 * A page of a stranger can reach a server on the reader's own machine, under a name of its own
 * (DNS rebinding); all revisions of the protocol want its requests refused. Programs send no
 * Origin. Pure; any thread. */
#pragma once

#include "http/message.h"

/* True without an Origin, with that of public_url ("https://api.example.com", may be empty), and
 * with that of the loopback address that the request was sent to. */
bool mcp_origin_is_allowed(const struct http_request *request, struct text public_url);
