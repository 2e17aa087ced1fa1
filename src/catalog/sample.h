/* sample: a made-up list for any country and period, for trying the product without a source.
 *
 * Deterministic: the same country, period and day give the same list, on every machine. 100
 * hashtags, in order of rank, with all that real ones show: creators, none, missing industries
 * (about half), promoted ones, new entries, views past 2^32, ids of 19 digits, non-Latin, emoji
 * and digits-only names, a '?' in a name. Two days in a row share most hashtags, and the rank
 * changes between them are true. Pure; any thread. */
#pragma once

#include "model/ranking.h"

/* day: since 1970-01-01; the list is captured at 00:00 UTC of that day and its newest trend
 * point is the day before. list.industry must be INDUSTRY_ALL; another is a bug. What is not
 * frozen is taken from arena: under 256 KB. STATUS_INVALID: a day before 1971 or after 9999.
 * STATUS_TOO_LARGE: the arena's ceiling. */
enum status sample_make(struct list_key list, int64_t day, struct arena *arena,
                        struct ranking *ranking);
