/* country: the countries that lists exist for, and the global list beside them.
 *
 * Frozen tables; any thread. An index is 0 to COUNTRY_COUNT - 1; COUNTRY_ALL is the global list,
 * the others stand in the order of their codes. */
#pragma once

#include "base/text.h"

#define COUNTRY_ALL 0
#define COUNTRY_COUNT 72

struct country {
    struct text code; /* ISO 3166-1 alpha-2, or "ALL" */
    struct text name; /* English, as the captures write it */
};

/* index under COUNTRY_COUNT; anything else is a bug. */
const struct country *country_at(unsigned index);

/* A code in any letter case. STATUS_MISSING: none has it. */
enum status country_find(struct text code, unsigned *index);

/* A name as captures write it, in any letter case; STATUS_MISSING: none has it. */
enum status country_find_by_name(struct text name, unsigned *index);
