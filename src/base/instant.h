/* instant: points in time and spans of it, and the one place that asks what time it is.
 *
 * An instant counts microseconds since 1970-01-01T00:00:00 UTC, without leap seconds (POSIX). A
 * duration counts microseconds. Both are one-field structs, so that neither passes for another
 * number. Dates are those of the proleptic Gregorian calendar in UTC, years 1970 to 9999. */
#pragma once

#include "base/text.h"

typedef struct {
    int64_t us;
} instant;

typedef struct {
    int64_t us;
} duration;

#define SECOND_US INT64_C(1000000)
#define DAY_SECONDS INT64_C(86400)
#define DAY_US (DAY_SECONDS * SECOND_US)

/* Where time comes from. Frozen; both functions may be called from any thread. */
struct time_source {
    /* The wall clock: may be stepped, also backward. */
    instant (*now)(void *owner);
    /* A clock that never steps and counts suspended time too; only for durations. */
    duration (*elapsed)(void *owner);
    void *owner;
    int64_t boot; /* tells the boots of a machine apart: elapsed counts anew with each */
    /* The wall clock at its last tick, milliseconds ago, for a quarter of the cost; NULL: as now. */
    instant (*about)(void *owner);
};

/* The operating system's clocks: CLOCK_REALTIME and CLOCK_BOOTTIME. */
const struct time_source *time_source_system(void);

static inline instant time_now(const struct time_source *source)
{
    return source->now(source->owner);
}

/* For what is told by the second at the finest. */
static inline instant time_about(const struct time_source *source)
{
    return source->about ? source->about(source->owner) : time_now(source);
}

static inline duration time_elapsed(const struct time_source *source)
{
    return source->elapsed(source->owner);
}

/* Whole days since 1970-01-01, rounded toward the past. */
int64_t instant_day(instant at);
static inline instant instant_of_seconds(int64_t seconds)
{
    return (instant){seconds * SECOND_US};
}
static inline int64_t instant_seconds(instant at)
{
    return at.us / SECOND_US;
}

/* Room for any of the forms below with its NUL. */
#define INSTANT_TEXT_BYTES 32

/* Each writes into at least INSTANT_TEXT_BYTES and returns the text that stands there. */
struct text instant_date(instant at, char *room);      /* 2025-10-21 */
struct text instant_rfc3339(instant at, char *room);   /* 2025-10-21T14:22:31Z, seconds */
struct text instant_http_date(instant at, char *room); /* RFC 9110 section 5.6.7, IMF-fixdate */

/* "2025-10-21" as 00:00 UTC, or RFC 3339 with 'Z' or an offset ("2025-10-21T14:22:31+08:00", a
 * space for the T is accepted, fractions are cut to microseconds). STATUS_INVALID otherwise. */
enum status instant_read(struct text written, instant *at);

/* The three forms of RFC 9110 section 5.6.7: IMF-fixdate, RFC 850 and asctime. */
enum status instant_read_http_date(struct text written, instant *at);
