/* idempotency: which Idempotency-Keys an account has used, and what came of the first call.
 *
 * Only calls that were charged are remembered, for IDEMPOTENCY_LIFE_US from their charge on; the
 * journal remembers them over restarts. While the first call with a key is undecided, the next
 * ones with it wait. Shared: its own lock, below the meter's. Nothing blocks on the disk. */
#pragma once

#include "ledger/journal.h"

#define IDEMPOTENCY_LIFE_US (INT64_C(600) * SECOND_US)

struct idempotency;

struct idempotency *idempotency_open(void);
void idempotency_close(struct idempotency *idempotency);

/* One call with an Idempotency-Key; lives in that call. */
struct idempotent_call {
    /* Set by the caller. */
    int64_t account_id;
    struct text key; /* 1 to IDEMPOTENCY_KEY_MAX bytes; lives as long as the call */
    uint8_t endpoint;
    uint64_t arguments_hash;
    /* For one that waits: idempotency_enter is worth asking again. Called once, on the thread
     * that decided the first call. */
    void (*wake)(struct idempotent_call *call);

    /* Set on IDEMPOTENCY_REPLAY: the first call's. */
    int64_t snapshot_id;
    uint8_t charge_id[CHARGE_ID_BYTES];

    struct idempotent_call *next; /* the table's own */
};

enum idempotency_verdict {
    IDEMPOTENCY_FIRST,    /* go on; idempotency_leave is owed */
    IDEMPOTENCY_REPLAY,   /* it was charged already: render it again */
    IDEMPOTENCY_CONFLICT, /* the key was used with another endpoint or other arguments */
    IDEMPOTENCY_WAITS,    /* the first is undecided: wake will be called */
};

enum idempotency_verdict idempotency_enter(struct idempotency *idempotency,
                                           struct idempotent_call *call, duration now);

/* Ends what IDEMPOTENCY_FIRST began. charged: remember it, with the call's snapshot_id and
 * charge_id; otherwise the key is as if never used. Wakes who waits. */
void idempotency_leave(struct idempotency *idempotency, const struct idempotent_call *call,
                       bool charged, duration now);

/* A charged call read from the journal, age old. */
void idempotency_restore(struct idempotency *idempotency, const struct journal_entry *entry,
                         duration age, duration now);
