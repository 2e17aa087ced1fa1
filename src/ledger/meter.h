/* meter: what every account may do now, held in memory, and the one step that takes it.
 *
 * Shared: 64 shards by the account's bucket, each under its own lock; a decision holds one of
 * them for well under a microsecond. Nothing here touches the disk: what the journal holds is put
 * back by meter_restore_*, and meter_undo takes back a charge that did not reach it. An idle
 * account takes some 130 bytes. Wall time decides days and periods and never goes backward for
 * an account; elapsed time decides the rate limit. */
#pragma once

#include "ledger/journal.h"
#include "ledger/terms.h"
#include "model/quota.h"
#include "model/rate_limit.h"
#include "model/subscription.h"

struct meter;

struct meter *meter_open(struct terms_book *terms);
void meter_close(struct meter *meter);

#define NO_SPEND_LIMIT (-1)

/* What an account's plan and switches are. */
struct meter_account {
    int64_t id;
    uint8_t plan_slot;
    uint8_t next_plan_slot;    /* from the next period on; the same: no change is due */
    bool has_opted_in;         /* to overage, where the plan leaves it open */
    int64_t spend_limit_cents; /* for overage, a period; NO_SPEND_LIMIT */
    instant anchor;            /* its first instant as an account */
};

/* What an account has used; kept in the table balance. */
struct meter_balance {
    int64_t account_id;
    int32_t day;    /* since 1970-01-01, of day_used */
    int32_t period; /* year * 12 + month - 1 of its start */
    int64_t day_used;
    int64_t used; /* of the included ones */
    int64_t overage;
    int64_t overage_micros;
    struct subscription subscription; /* of the period; its plan lives as long as the terms */
};

/* An account that is there already gets the new values; its use stays. */
void meter_account_put(struct meter *meter, const struct meter_account *account);

/* False: no such account. */
bool meter_account_find(struct meter *meter, int64_t account_id, struct meter_account *account);

/* The present as an account sees it: never in a day before the last that it has entered. now for
 * one that is not there. */
instant meter_present(struct meter *meter, int64_t account_id, instant now);

/* How many accounts are on each plan, by slot, now or from their next period on. */
void meter_plan_counts(struct meter *meter, int64_t counts[TERMS_SLOTS_MAX]);

enum charge_verdict {
    CHARGE_TAKEN,
    CHARGE_RATE_LIMITED, /* no slot: nothing is taken */
    CHARGE_REFUSED,      /* the slot alone is taken: see quota_verdict */
};

struct charge_order {
    int64_t account_id;
    int64_t key_id;
    credits cost; /* of an operation that the terms give no price; 0: the slot alone */
    struct text operation_id; /* whose price the terms tell; empty: it costs what cost says */
    instant now;              /* wall */
    duration elapsed;         /* since the process began */
};

/* The numbers that decided, after the decision: headers and refusals are made from these. Price,
 * plan and overage are all of the one version in terms, which the charge names. */
struct charge_standing {
    enum charge_verdict verdict;
    enum quota_verdict quota_verdict;
    const struct terms *terms;
    const struct plan *plan; /* by the terms in force: limits and the price of overage */
    struct subscription subscription; /* of the period: allowance and price */
    credits cost;                     /* of the call, if it is charged */
    struct rate_standing rate;
    struct quota quota;     /* with the call's credits taken, if they were */
    bool follows_key;       /* the key's use of the day is counted */
    uint32_t keys_followed; /* how many were, then */
    struct billing_period period;
    instant now; /* as the account sees it: never before the day of its last call */
    credits charged;
    credits overage; /* of them */
    micros_usd overage_cost;
    micros_usd overage_spent; /* in the period so far */
    bool has_opted_in;        /* to overage, and its limit: as in struct meter_account */
    int64_t spend_limit_cents;
};

/* A call of the account will be decided soon: has what decides fetched meanwhile. Takes no lock. */
void meter_expect(const struct meter *meter, int64_t account_id);

/* Takes slot and credits, or the slot, or nothing: in one step. The account must exist. */
void meter_charge(struct meter *meter, const struct charge_order *order,
                  struct charge_standing *standing);

/* The same numbers, taking neither slot nor credits; enters the period that now lies in, as a call would. verdict and quota_verdict say what a call of that
 * cost would meet. */
void meter_look(struct meter *meter, const struct charge_order *order,
                struct charge_standing *standing);

/* Gives back the credits of a charge that is not in the journal. Its slot stays taken. */
void meter_undo(struct meter *meter, const struct charge_order *order,
                const struct charge_standing *standing);

/* Whether this very call would have been admitted under another plan of the standing's terms, for
 * suggestions: a dearer one as after an upgrade now, a cheaper one as if the account were on it. */
bool meter_would_admit(const struct charge_standing *standing, const struct plan *plan,
                       credits cost);

/* ---- Restoring, before the first charge; oldest first ---- */

void meter_restore_balance(struct meter *meter, const struct meter_balance *balance);
/* Only keys that have a cap are followed; others are passed over. Counts for the key's family. */
void meter_restore_key(struct meter *meter, int64_t account_id, int64_t key_id, int32_t day,
                       int64_t used);
/* counts: false for an entry that the restored balance holds already: only its slot is put back.
 * admitted: when by the present wall clock. */
void meter_restore_entry(struct meter *meter, const struct journal_entry *entry, bool counts,
                         instant admitted, instant now, duration elapsed);

/* The balance of one account, as it would be written now. */
struct meter_balance meter_balance_of(struct meter *meter, int64_t account_id);

/* Gives back rings without an instant of the last minute; at least once a day. Takes each
 * shard's lock in turn. */
void meter_sweep(struct meter *meter, duration elapsed);
