/* endpoints: THE table of what the console answers, beside the product's. Frozen; any thread. */
#pragma once

#include "call/endpoint.h"

extern const struct endpoint console_endpoints[];
extern const size_t console_endpoint_count;
