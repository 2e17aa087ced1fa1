/* jobs: which collector fetches which list, kept in the catalogue's file.
 *
 * A lease is renewed long before it runs out; one that has run out belongs to a collector that
 * died, and one that begins far in the future to a clock that was set back. Owned by one
 * thread; each verb blocks on the disk. */
#pragma once

#include "base/instant.h"
#include "base/reason.h"
#include "model/ranking.h"
#include "sql/db.h"

/* A page takes at most the longest timeout and the wait for the minute's limit. */
#define JOB_LEASE_US (INT64_C(5) * 60 * SECOND_US)

struct job_pause {
    int64_t failures;
    instant from, not_before;
};

/* Why a lease is not given. */
struct job_hindrance {
    instant until;
    bool is_pause; /* the list failed and rests; else another collector fetches it */
};

/* Takes or renews the lease. STATUS_BUSY: not before hindrance->until, which lies further ahead of
 * now than JOB_LEASE_US where another took its lease after now was read. holder: not 0. */
enum status job_take(struct db *db, struct list_key list, int64_t holder, instant now,
                     struct job_hindrance *hindrance, struct reason *reason);

/* Gives it back. pause: how long the list rests. */
enum status job_release(struct db *db, struct list_key list, int64_t holder,
                        const struct job_pause *pause, struct reason *reason);

/* Calls visit for each list that fails or pauses. */
enum status job_visit(struct db *db,
                      void (*visit)(void *owner, struct list_key list,
                                    const struct job_pause *pause),
                      void *owner, struct reason *reason);
