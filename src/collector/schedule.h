/* schedule: which list is fetched next, and when: by demand, then by age.
 *
 * Owned by one thread; asks no clock and no disk. A list that a caller waits for comes first; then
 * lists that were asked for since their capture, oldest capture first; then the others that are
 * due. After a failure a list waits: base * 2^failures, at most SCHEDULE_PAUSE_MAX_US, with full
 * jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015). */
#pragma once

#include "base/instant.h"
#include "model/ranking.h"

#define SCHEDULE_PAUSE_BASE_US (INT64_C(30) * SECOND_US)
#define SCHEDULE_PAUSE_MAX_US (INT64_C(6) * 3600 * SECOND_US)

struct schedule;

struct schedule_options {
    duration time_to_live;
    bool is_on_demand;
    const bool *is_collected; /* LIST_COUNT flags: what is due unasked; NULL: nothing is */
    uint64_t seed;            /* of the jitter */
};

struct schedule *schedule_open(const struct schedule_options *options);
void schedule_close(struct schedule *schedule);

void schedule_captured(struct schedule *schedule, struct list_key list, instant captured_at);
void schedule_asked(struct schedule *schedule, struct list_key list, instant now);
void schedule_awaited(struct schedule *schedule, struct list_key list, instant now);

/* A fetch has begun, has ended well (after schedule_captured), or has failed. not_before: 0, or
 * what the source told. */
void schedule_begun(struct schedule *schedule, struct list_key list);
void schedule_done(struct schedule *schedule, struct list_key list);
void schedule_failed(struct schedule *schedule, struct list_key list, instant now,
                     instant not_before);

/* The list to fetch now; false: none is due, and *next_at is when one may be (0: never, unless
 * asked for). */
bool schedule_next(struct schedule *schedule, instant now, struct list_key *list,
                   instant *next_at);
