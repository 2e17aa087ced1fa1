/* counts: what the ledger has done since it was opened, for who watches it.
 *
 * A call is counted when it is in the journal (a rate-limited one: with the batch it came in), by
 * the thread that writes the journal: calls themselves are not slowed down by it. What waits when
 * the process dies is counted by nobody. */
#pragma once

#include "ledger/journal.h"

#include <stdatomic.h>

struct ledger;

#define ENDPOINT_NUMBERS (UINT8_MAX + 1)     /* see the endpoint table */
#define COUNTED_OUTCOMES (CALL_OUTCOMES + 1) /* the last: rate-limited */

struct ledger_counts {
    int64_t calls[ENDPOINT_NUMBERS][COUNTED_OUTCOMES]; /* named by usage_column_names */
    int64_t credits[ENDPOINT_NUMBERS];
    int64_t overage[ENDPOINT_NUMBERS]; /* of the credits, those past the included ones */
    int64_t journal_rows;              /* batches that were written and synced */
    int64_t failed_commits;
    int64_t undone_charges; /* taken back because their batch could not be written */
    int64_t folds;
    int64_t charges_waiting, slots_waiting; /* for the next row, at the moment */
    duration
        fold_lag; /* since the oldest row that balances and usage do not hold yet; 0: none */
    bool admits;  /* calls can be metered at the moment */
};

/* Any thread; never blocks. Each number is one that was true, but they are not all of one moment. */
void ledger_counts(const struct ledger *ledger, struct ledger_counts *counts);

/* ---- The committer's own side ---- */

#define TALLY_FOLDED INT64_C(-1)

/* Written by the committer's thread alone, but for undone_charges. */
struct tally {
    _Atomic int64_t calls[ENDPOINT_NUMBERS][COUNTED_OUTCOMES];
    _Atomic int64_t credits[ENDPOINT_NUMBERS], overage[ENDPOINT_NUMBERS];
    _Atomic int64_t journal_rows, failed_commits, undone_charges, folds;
    _Atomic int64_t unfolded_since_us; /* by the elapsed clock, or TALLY_FOLDED */
};

static inline void tally_add(_Atomic int64_t *number, int64_t amount)
{
    int64_t before = atomic_load_explicit(number, memory_order_relaxed);
    atomic_store_explicit(number, before + amount, memory_order_relaxed);
}

void tally_init(struct tally *tally);

/* A call of the journal, or with outcome CALL_OUTCOMES one that was rate-limited. */
void tally_call(struct tally *tally, const struct journal_entry *entry);

/* After each batch: whether something waits to be folded. */
void tally_fold_waits(struct tally *tally, bool waits, duration now);
