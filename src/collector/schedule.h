/* schedule: which list is fetched next, and when: by demand, then by age.
 *
 * Owned by one thread; asks no clock and no disk. A list that a caller waits for comes first;
 * then lists that were asked for since their capture, oldest capture first; then the others
 * that are due, the same. Of lists of one age that which was tried longest ago comes first.
 * After a failure a list pauses: base * 2^failures, at most SCHEDULE_PAUSE_MAX_US, with full
 * jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015). A pause ends too when
 * the wall clock is set to before its beginning: nobody can say then how long it would last. A
 * capture more than a day and a time to live ahead of now was made by a clock that was wrong, and
 * keeps no list from being due. */
#pragma once

#include "base/instant.h"
#include "model/ranking.h"

#define SCHEDULE_PAUSE_BASE_US (INT64_C(30) * SECOND_US)
#define SCHEDULE_PAUSE_MAX_US (INT64_C(6) * 3600 * SECOND_US)

struct schedule;

struct schedule_options {
    duration time_to_live;
    const bool
        *is_collected; /* LIST_COUNT flags: what is due unasked; NULL: nothing is. Copied */
    uint64_t seed;     /* of the jitter */
};

struct schedule *schedule_open(const struct schedule_options *options);
void schedule_close(struct schedule *schedule); /* NULL is fine */

/* In any order; the last capture counts. */
void schedule_captured(struct schedule *schedule, struct list_key list, instant captured_at);
void schedule_asked(struct schedule *schedule, struct list_key list, instant now);
void schedule_awaited(struct schedule *schedule, struct list_key list);

/* A fetch has begun, or has ended well: after schedule_captured, or with what was captured
 * before. The list is due again when its time to live has passed since now. */
void schedule_begun(struct schedule *schedule, struct list_key list);
void schedule_done(struct schedule *schedule, struct list_key list, instant now);

/* It has failed. not_before: 0, or what the source told. The instant when it is tried again. */
instant schedule_failed(struct schedule *schedule, struct list_key list, instant now,
                        instant not_before);

/* It was not tried, through no fault of its own; whoever waits for it still does. */
void schedule_postponed(struct schedule *schedule, struct list_key list, instant now,
                        instant not_before);

/* Nobody wants it any more, until it is asked for again. */
void schedule_dropped(struct schedule *schedule, struct list_key list);

/* What was kept of it in another life of the program. */
void schedule_restored(struct schedule *schedule, struct list_key list, int64_t failures,
                       instant now, instant not_before);

int64_t schedule_failures(const struct schedule *schedule, struct list_key list);

/* Whether it pauses, so that who waits for it waits in vain. */
bool schedule_pauses(const struct schedule *schedule, struct list_key list, instant now);

/* The list to fetch now; false: none is due, and *next_at is when one may be (0: never, unless
 * asked for). */
bool schedule_next(const struct schedule *schedule, instant now, struct list_key *list,
                   instant *next_at);

bool schedule_is_due(const struct schedule *schedule, struct list_key list, instant now);

/* Lists that are due now or pause, without those being fetched. */
size_t schedule_due(const struct schedule *schedule, instant now);
