/* endpoints: THE table of what this server answers. Frozen; any thread. */
#pragma once

#include "call/endpoint.h"

extern const struct endpoint endpoints[];
extern const size_t endpoint_count;

/* Every tag that a row may have, and what it stands for. */
struct endpoint_tag {
    struct text name;
    struct text description;
};
extern const struct endpoint_tag endpoint_tags[];
extern const size_t endpoint_tag_count;

/* Operation ids of the endpoints that may have a price in the plan file; ended by NULL. */
extern const char *const priced_operations[];

/* Where a customer finds the known countries and industries. */
#define META_PATH "/api/v1/tiktok/popular-trend/country-industry-meta"
