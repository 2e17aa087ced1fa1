/* fold: what the journal's newest rows add to balances and usage, gathered until it is written.
 *
 * Owned by one thread: the committer's, which has one for each cohort (cohorts.h), or a lane's. fold_add after a row is committed (or
 * read back at start), fold_write inside a later transaction, fold_forget when that has committed. Who owns it moves the mark
 * in the transaction of the sums, so that nothing is added twice and nothing is lost. */
#pragma once

#include "base/places.h"
#include "ledger/journal.h"
#include "model/subscription.h"
#include "sql/db.h"

struct fold {
    struct places parts;     /* by what they count */
    int64_t last_journal_id; /* 0: no row since the last fold */
    bool is_shared;          /* see fold_init */
};

/* Where a charge counts; nothing for calls that charge nothing. */
struct fold_period {
    int32_t period;
    struct subscription subscription; /* of a period that has no balance yet */
    int32_t billed_in; /* the period whose statement has it: a later one, where it came late */
};

/* is_shared: by nodes of a cluster, which write balances elsewhere. */
void fold_init(struct fold *fold, bool is_shared);
void fold_finish(struct fold *fold);

void fold_add(struct fold *fold, int64_t journal_id, const struct journal_entry *entry,
              const struct fold_period *period);

/* A call that took no slot: in usage alone. */
void fold_add_rate_limited(struct fold *fold, int64_t account_id, int64_t key_id,
                           uint8_t endpoint, instant at);

/* What waits of an account: one for each key, endpoint, hour and rate of overage. */
struct fold_sum {
    int64_t key_id;
    uint8_t endpoint;
    instant hour;                      /* its beginning; of one call some moment of it */
    uint32_t calls[CALL_OUTCOMES + 1]; /* the last: rate-limited, which no journal holds */
    int64_t credits, overage, overage_micros;
    int64_t first_journal_id, last_journal_id; /* that hold a call of it; 0: none */
};
typedef void fold_visit(void *owner,
                        const struct fold_sum *sum); /* in the order of their first calls */
void fold_visit_account(const struct fold *fold, int64_t account_id, fold_visit *visit,
                        void *owner);

/* Whether a call of before then waits; then: the beginning of an hour. */
bool fold_has_before(const struct fold *fold, instant then);

/* Whether each account, key and endpoint of it was called often, and its rows of the journal are no more than FOLD_DENSE_ROWS a call:
 * who lists its calls finds them without reading much else, however long the fold waits. True of an empty one. */
#define FOLD_DENSE_CALLS 16
#define FOLD_DENSE_ROWS 64
bool fold_is_dense(const struct fold *fold);

static inline bool fold_is_empty(const struct fold *fold)
{
    return fold->parts.count == 0 && fold->last_journal_id == 0;
}

/* What was rate-limited stays, which no journal holds; the rest is to be read from there anew. */
void fold_forget_journal(struct fold *fold);

/* Inside a transaction. */
enum status fold_write(const struct fold *fold, struct db *db, struct reason *reason);

/* When that has committed. The memory is kept for as many parts; above some 2 MB it is given back when this
 * one's filled less than an eighth of it. */
void fold_forget(struct fold *fold);
