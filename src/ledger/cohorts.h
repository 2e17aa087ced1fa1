/* cohorts: what a file's journal adds to its projections, a few cohorts of accounts at a time.
 *
 * A cohort is 256 accounts that are neighbours in the tables (account_cohort). What they are to be added waits until it is their
 * cohort's turn; then all of it is written, its addresses too, in the transaction of a batch. So no commit is long, a page of a
 * table is written once for all accounts on it, and what calls an account many times in a minute adds to it once.
 *
 * Turns are taken in rounds, and a round in slices: the next cohorts until they have enough parts. A round begins a second after
 * the one before and, where few accounts were called, is one slice. Else slices have COHORTS_PARTS_A_SLICE, or a cohort
 * more, and come at the pace of COHORTS_PARTS_A_SECOND or, where so many wait, of a round in two minutes; past
 * COHORTS_CROWD in ten seconds. One that comes late, as batches are long, has as much more, up to COHORTS_PARTS_AT_REST.
 * While calls are charged only each tenth second's round is whole: the others leave cohorts alone whose accounts are called so often that
 * their ranges of the journal grow no thinner by waiting (fold_is_dense), and end without moving fold_mark.
 *
 * Marks move in the transaction of the sums. fold_mark: up to that row all accounts are folded; fold_cohort: up to which those of
 * a cohort are, where that is further. Readers find the mark of an account by fold_marks.h, and what is behind it by unfolded.h.
 *
 * Owned by the committer's thread; what readers look at, parts and marks, it changes under the lock alone, which is held for
 * microseconds, behind every other. Never blocks on the disk but in cohorts_write. */
#pragma once

#include "ledger/addresses.h"
#include "ledger/fold.h"
#include "ledger/fold_marks.h"

#include <pthread.h>

#define COHORTS_PARTS_A_SLICE 32 /* half a millisecond of a commit that calls wait for */
#define COHORTS_PARTS_AT_REST (32 * COHORTS_PARTS_A_SLICE) /* of one that nobody waits for */
#define COHORTS_PARTS_A_SECOND 3200                        /* a twentieth of a core */
#define COHORTS_CROWD (1 << 20) /* parts: some 250 MB, and 150 MB of addresses */

struct cohorts {
    pthread_mutex_t lock;
    struct places places;    /* in the order of their first calls */
    size_t waiting;          /* parts of all */
    int64_t last_journal_id; /* of the last row with a call; 0: none yet */
    int64_t mark;            /* as it is in fold_mark */
    bool has_marks;          /* fold_cohort may have rows */
    struct addresses *addresses;
    size_t parts_a_slice; /* of one that calls wait for; at rest 32 times as many */
    size_t next;          /* whose turn it is, of those before round_end */
    size_t round_end;
    int64_t round_journal_id; /* the last row when it began */
    duration round_began, whole_began, due;
    bool is_whole; /* the round */
    struct cohorts_slice {
        size_t *at; /* the cohorts, by their numbers in places */
        size_t count, capacity, parts;
        size_t next; /* as it will be */
        bool ends_round;
    } slice;
};

/* addresses: borrowed, and written with their cohorts. parts_a_slice: COHORTS_PARTS_A_SLICE, or a finer cut. */
void cohorts_init(struct cohorts *cohorts, struct addresses *addresses, size_t parts_a_slice);
void cohorts_finish(struct cohorts *cohorts);

void cohorts_lock(struct cohorts *cohorts);
void cohorts_unlock(struct cohorts *cohorts);

/* Under the lock, at the start, when what the journal holds behind the marks has been added. last_journal_id: of the last row, or
 * of the furthest mark. */
void cohorts_begin(struct cohorts *cohorts, const struct fold_marks *marks,
                   int64_t last_journal_id);

/* Under the lock: after the row is committed, or when it is read back at the start; as fold_add. */
void cohorts_add(struct cohorts *cohorts, int64_t journal_id, const struct journal_entry *entry,
                 const struct fold_period *period);
void cohorts_add_rate_limited(struct cohorts *cohorts, const struct journal_entry *entry);

/* Nothing waits, and the mark says so. */
static inline bool cohorts_are_empty(const struct cohorts *cohorts)
{
    return cohorts->waiting == 0 && cohorts->mark >= cohorts->last_journal_id;
}

/* Under the lock, any thread: what waits of an account behind that mark of it. Up to which row of the journal that is
 * all: mark itself, and nothing is visited, where the account's mark is another. */
int64_t cohorts_visit(const struct cohorts *cohorts, int64_t account_id, int64_t mark,
                      fold_visit *visit, void *owner);

bool cohorts_are_due(const struct cohorts *cohorts, duration now);

/* How long a slice may wait for a batch to go with: a second, but in a round no longer than it is due. */
duration cohorts_may_wait(const struct cohorts *cohorts, duration now);

/* ---- One slice: chosen, written, and forgotten when that has committed ---- */

/* The next cohorts of the round; begins a round where one is over. at_rest: nobody waits for the commit. False: the round has come to
 * its end, and there is nothing to write. */
bool cohorts_choose(struct cohorts *cohorts, bool at_rest, duration now);

/* For a closing: cohorts with calls of before then, the beginning of an hour, a slice of four times as many. True: there are no
 * more. */
bool cohorts_choose_before(struct cohorts *cohorts, instant then);

/* Inside a transaction, under the addresses' lock, which is held until that has committed and cohorts_forget was called, or has
 * failed: then the next choice takes the same cohorts again. Without the cohorts' own. */
enum status cohorts_write(const struct cohorts *cohorts, struct db *db, instant now,
                          struct reason *reason);

/* True: a whole round is over, and what waits has come since it began. */
bool cohorts_forget(struct cohorts *cohorts, duration now);
