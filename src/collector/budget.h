/* budget: what a source may still be asked, kept in the catalogue's file.
 *
 * Each request is taken before it is made, in a transaction of its own, so that every collector
 * on this file, and the same one after a crash, keeps to one limit. A request counts for the
 * minute from its taking until 60 s after its answer, as it reaches the source somewhere
 * between; ages come from the clock that never steps. Owned by one thread; each verb blocks on
 * the disk. */
#pragma once

#include "base/instant.h"
#include "base/reason.h"
#include "sql/db.h"

#define BUDGET_WINDOW_US (INT64_C(60) * SECOND_US)
#define BUDGET_DAYS_AHEAD_MAX                                                                  \
    1 /* that a clock may be set back; more, and it was wrong before */

struct budget_limits {
    struct text source;
    int64_t requests_per_minute; /* in any 60 seconds */
    int64_t daily_budget; /* from 00:00 UTC on; a day that was entered is not entered again,
                           * unless it lies further ahead than BUDGET_DAYS_AHEAD_MAX */
};

/* STATUS_EXHAUSTED: nothing is taken, and *wait is how long until one may be. */
enum status budget_take(struct db *db, const struct time_source *time,
                        const struct budget_limits *limits, int64_t *request, duration *wait,
                        struct reason *reason);

/* The request was answered, or is given up. */
enum status budget_settle(struct db *db, const struct time_source *time, int64_t request,
                          struct reason *reason);

/* How a source has fared, for whoever comes next and for `collect --status`. */
#define FARE_FAULT_BYTES 320 /* a name of 255 bytes, and what is wrong with it */

struct source_fare {
    int64_t used_today;
    instant paused_from, paused_until; /* now lies between them: it is put off */
    bool is_shut;
    int64_t lists;       /* of all collectors; read only */
    int64_t lists_new;   /* of this one since it last wrote; 0 as it is read */
    bool closes_breaker; /* this success ends the pause of whoever opened it; false as read */
    instant succeeded_at, failed_at; /* 0: never */
    char fault[FARE_FAULT_BYTES];
};

/* All but used_today and lists is written; a longer pause that another collector began stays,
 * and lists_new is added to what is there. */
enum status budget_write_fare(struct db *db, const struct time_source *time, struct text source,
                              const struct source_fare *fare, struct reason *reason);

/* Of a source that was never asked: all 0. */
enum status budget_read_fare(struct db *db, const struct time_source *time, struct text source,
                             struct source_fare *fare, struct reason *reason);
