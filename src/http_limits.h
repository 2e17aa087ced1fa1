/* http_limits: what the settings say of requests and connections, as the HTTP server takes it. */
#pragma once

#include "http/server.h"
#include "settings/settings.h"

/* connections_max: as many as the system has files for. */
struct http_limits http_limits_of(const struct settings *settings, unsigned connections_max);
