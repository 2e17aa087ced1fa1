#include "ledger/counts.h"

#include "ledger/embedded.h"

void tally_init(struct tally *tally)
{
    memset(tally, 0, sizeof(*tally));
    atomic_init(&tally->unfolded_since_us, TALLY_FOLDED);
}

void tally_call(struct tally *tally, const struct journal_entry *entry)
{
    tally_add(&tally->calls[entry->endpoint][entry->outcome], 1);
    tally_add(&tally->credits[entry->endpoint], entry->credits);
    tally_add(&tally->overage[entry->endpoint], entry->overage);
}

void tally_fold_waits(struct tally *tally, bool waits, duration now)
{
    if (!waits)
        atomic_store(&tally->unfolded_since_us, TALLY_FOLDED);
    else if (atomic_load(&tally->unfolded_since_us) == TALLY_FOLDED)
        atomic_store(&tally->unfolded_since_us, now.us);
}

static int64_t read_number(const _Atomic int64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

static duration fold_lag(const struct tally *tally, duration now)
{
    int64_t since_us = atomic_load(&tally->unfolded_since_us);
    bool waits = since_us != TALLY_FOLDED && now.us > since_us;
    return (duration){waits ? now.us - since_us : 0};
}

void ledger_counts(const struct ledger *ledger, struct ledger_counts *counts)
{
    const struct committer *committer = &ledger->committer;
    const struct tally *tally = &committer->tally;
    for (size_t i = 0; i < ENDPOINT_NUMBERS; i++) {
        for (size_t outcome = 0; outcome < COUNTED_OUTCOMES; outcome++)
            counts->calls[i][outcome] = read_number(&tally->calls[i][outcome]);
        counts->credits[i] = read_number(&tally->credits[i]);
        counts->overage[i] = read_number(&tally->overage[i]);
    }
    counts->journal_rows = read_number(&tally->journal_rows);
    counts->failed_commits = read_number(&tally->failed_commits);
    counts->undone_charges = read_number(&tally->undone_charges);
    counts->folds = read_number(&tally->folds);
    counts->charges_waiting = (int64_t)atomic_load(&committer->waiting);
    counts->slots_waiting = (int64_t)atomic_load(&committer->slot_count);
    counts->fold_lag = fold_lag(tally, time_elapsed(ledger->time));
    counts->admits = atomic_load(&committer->admits) && !committer_is_full(committer);
}
