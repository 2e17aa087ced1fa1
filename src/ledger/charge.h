/* charge: one call's charge step, from the decision to its place in the journal.
 *
 * A charge belongs to the call it lives in; while ledger_charge has answered STATUS_BUSY it
 * belongs to the ledger until settled was called, once, on a thread that commits, or on the loop's
 * own where the charge was overtaken. */
#pragma once

#include "ledger/meter.h"

struct charge {
    /* Set by the caller. */
    int64_t account_id;
    int64_t key_id;
    credits cost; /* and operation_id: as in struct charge_order */
    struct text operation_id;
    uint8_t endpoint;
    enum call_outcome outcome;   /* what the call will have been if its slot alone is taken */
    struct text request_id;      /* lives as long as the charge */
    struct text idempotency_key; /* likewise; empty: none */
    struct text address;         /* likewise: the client's, or empty; for recent addresses */
    struct text user_agent;      /* likewise */
    uint64_t arguments_hash;
    int64_t snapshot_id;
    void (*settled)(struct charge *charge, enum status status);

    /* Set by the ledger. */
    struct charge_standing standing;
    uint8_t charge_id[CHARGE_ID_BYTES]; /* when credits were taken */
    struct charge_order order;          /* when it was decided, and for whom */
    struct charge *next;                /* the ledger's own */
    unsigned epoch;                     /* likewise: of the committer when it was decided */
    enum status decided;                /* likewise: in a cluster, what it is settled with */
    int64_t known_event;                /* likewise: the last one its node knew when it came */
};

/* Charges in the order in which they were made. */
struct charge_list {
    struct charge *first, **last_link;
    size_t count;
};

/* Ids of charges that will stand in one row of the journal, which holds once what they share: 14 random bytes and a number from 0, its
 * higher byte first. Begins zeroed. An id tells how many charges went before in what its loop or lane handed over with it, and ids of the
 * same one are known as such; not how many charges lie between two others. It proves nothing of who has it. One thread's. */
struct charge_ids {
    uint8_t drawn[CHARGE_ID_BYTES - sizeof(uint16_t)];
    size_t count;
};

void charge_id_make(struct charge_ids *ids, uint8_t id[CHARGE_ID_BYTES]);

/* How a call is counted that is refused its credits; not for QUOTA_GRANTED. */
enum call_outcome charge_refused_outcome(enum quota_verdict verdict);

/* What the journal says of a charge that was decided; a rate-limited call, which it lacks, has the
 * outcome CALL_OUTCOMES. False: nothing is said of it anywhere. */
bool charge_entry(const struct charge *charge, struct journal_entry *entry);
