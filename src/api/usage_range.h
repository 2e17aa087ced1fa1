/* usage_range: which hours the endpoints of usage are asked for.
 *
 * Pure; any thread. All of them begin with these three parameters; usage is kept by the hour, so
 * a range begins and ends with a whole hour of UTC. */
#pragma once

#include "call/endpoint.h"
#include "model/billing_period.h"

/* Places in the arguments of each of these endpoints, and of the words of range. */
enum { USAGE_RANGE, USAGE_FROM, USAGE_TO, USAGE_OWN };
extern const struct parameter range_parameters[USAGE_OWN];
extern const struct parameter range_limit_parameters[USAGE_OWN + 1];
enum usage_range_word { RANGE_PERIOD, RANGE_DAY, RANGE_WEEK, RANGE_MONTH, RANGE_CUSTOM };
#define USAGE_RANGE_WORDS                                                                      \
    {                                                                                          \
        "period", "day", "week", "month", "custom"                                             \
    }

#define RANGE_ABSENT (-1)  /* no word, no from, no to */
#define RANGE_DAYS_MAX 400 /* a year, and what it is compared with: 400 buckets of a day */
#define RANGE_HOURS_MAX                                                                        \
    (31 * 24) /* of buckets of an hour: a billing period has at most as many */

struct usage_asked {
    int64_t word;           /* enum usage_range_word */
    int64_t from_us, to_us; /* to itself is outside */
};

struct usage_range {
    enum usage_range_word word;
    int64_t hours_from, hours_before; /* since 1970 */
};

/* Without a word, from or to makes the range custom. now: the present as the account sees it. */
struct usage_range usage_range_of(const struct usage_asked *asked,
                                  const struct billing_period *period, instant now);

/* The rest of the sentence "<name> ...", and which name. */
struct usage_range_fault {
    const char *name, *reason;
    int64_t value_us; /* RANGE_ABSENT: none was given */
};
#define RANGE_FAULTS_MAX 2

/* What is wrong with it: how many of faults are set. */
size_t usage_range_check(const struct usage_asked *asked, bool by_hours, instant now,
                         struct usage_range_fault faults[RANGE_FAULTS_MAX]);
