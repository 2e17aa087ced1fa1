/* client_address: who really sent a request that came through a proxy.
 *
 * Pure; any thread. */
#pragma once

#include "http/message.h"

/* trusted: addresses and networks ("10.0.0.0/8, ::1"), comma-separated. When the peer is trusted,
 * the last address in X-Forwarded-For that is not trusted itself counts; else the peer. Borrowed
 * from the request. */
struct text client_address(const struct http_request *request, struct text trusted);
