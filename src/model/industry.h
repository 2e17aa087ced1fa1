/* industry: the industries that hashtags are filed under.
 *
 * Frozen tables; any thread. An index is 0 to INDUSTRY_COUNT - 1; INDUSTRY_ALL, which has the id
 * 0 and the name "All industries", stands for no filter (of a list) and for none (of a hashtag).
 * The others stand in the order of their ids. */
#pragma once

#include "base/text.h"

#define INDUSTRY_ALL 0
#define INDUSTRY_COUNT 19

struct industry {
    int64_t id; /* 10000000000 to 29000000000 */
    struct text name;
    struct text label; /* "label_<id>" */
};

/* index under INDUSTRY_COUNT; anything else is a bug. */
const struct industry *industry_at(unsigned index);

/* STATUS_MISSING: none has it; the id 0 has none. */
enum status industry_find(int64_t id, unsigned *index);

/* By name, in any letter case; STATUS_MISSING: none has it. */
enum status industry_find_by_name(struct text name, unsigned *index);
