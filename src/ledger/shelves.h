/* shelves: what a file's journal adds to its projections, a shelf of accounts at a time.
 *
 * The parts of an account wait on its shelf (account_shelf). Shelves take turns, in rounds: a slice, the next few of them, is
 * written whole, with its addresses, in the transaction of a batch. So no commit is long, a page of a table is written once
 * for all accounts on it, and what calls many accounts in a minute adds to each of them once.
 *
 * A round begins a second after the one before and, where few accounts were called, is one slice. Else its slices are of
 * SHELVES_PARTS_A_SLICE or a shelf more, and come at the pace of SHELVES_PARTS_A_SECOND or, with more, of a round a minute; past
 * SHELVES_WAITING_MAX six times as fast.
 *
 * Marks, in the transaction of the sums: up to fold_mark all accounts are folded; fold_shelf tells of shelves that are further.
 * A file's reader finds the mark of an account by fold_marks.h.
 *
 * Owned by the committer's thread; never blocks but in shelves_write. */
#pragma once

#include "ledger/addresses.h"
#include "ledger/fold.h"

#define SHELVES_PARTS_A_SLICE 32      /* half a millisecond of a commit that calls wait for */
#define SHELVES_PARTS_AT_REST 1024    /* of one that nobody waits for */
#define SHELVES_PARTS_A_SECOND 3200   /* a twentieth of a core */
#define SHELVES_WAITING_MAX (1 << 20) /* parts: some 250 MB, and 150 MB of addresses */

struct shelves {
    struct places places;    /* in the order of their first calls */
    size_t waiting;          /* parts of all */
    int64_t last_journal_id; /* of the last row with a call; 0: none yet */
    int64_t mark;            /* as it is in fold_mark */
    bool has_marks;          /* fold_shelf may have rows */
    struct addresses *addresses;
    size_t next; /* shelf of the round, which has those before round_end */
    size_t round_end;
    int64_t round_journal_id; /* the last row when it began */
    duration round_began, due;
    struct shelves_slice {
        size_t *at; /* the shelves, by their numbers in places */
        size_t count, capacity, parts;
        size_t next; /* as it will be */
        bool ends_round;
    } slice;
};

/* addresses: borrowed, and written with their shelves. */
void shelves_init(struct shelves *shelves, struct addresses *addresses);
void shelves_finish(struct shelves *shelves);

/* At the start, when what the journal holds behind its marks has been added. mark: as it is in fold_mark; last_journal_id: of
 * the last row, or of that. */
void shelves_begin(struct shelves *shelves, int64_t mark, int64_t last_journal_id);

/* After the row is committed, or when it is read back at the start; as fold_add. */
void shelves_add(struct shelves *shelves, int64_t journal_id, const struct journal_entry *entry,
                 const struct fold_period *period);
void shelves_add_rate_limited(struct shelves *shelves, const struct journal_entry *entry);

static inline bool shelves_are_empty(const struct shelves *shelves)
{
    return shelves->waiting == 0;
}

bool shelves_are_due(const struct shelves *shelves, duration now);

/* How long a slice may wait for a batch to go with: a second, but in a round no longer than it is due. */
duration shelves_may_wait(const struct shelves *shelves, duration now);

/* ---- One slice: chosen, written, and forgotten when that has committed ---- */

/* The next shelves of the round, until they have that many parts; begins a round where one is over. */
void shelves_choose(struct shelves *shelves, size_t parts, duration now);

/* Shelves with calls of before then, the beginning of an hour, until they have that many parts. True: there are no more. */
bool shelves_choose_before(struct shelves *shelves, instant then, size_t parts);

/* Inside a transaction, under the addresses' lock, which is held until that has committed and shelves_forget was called, or has
 * failed: then the next choice takes the same shelves again. */
enum status shelves_write(const struct shelves *shelves, struct db *db, instant now,
                          struct reason *reason);

/* True: a round is over, and what waits has come since it began. */
bool shelves_forget(struct shelves *shelves, duration now);
