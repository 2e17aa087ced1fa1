/* meter_changes: what is changed in the meter beside calls; see changes.h for the verbs.
 *
 * What is put here was written to the disk before, under the ledger's lock, which also keeps two
 * changes of one account apart. */
#pragma once

#include "ledger/meter.h"

/* The latest instant by whose terms any account's period was decided: a period's start, or the
 * account's making. */
instant meter_decided_by(struct meter *meter);

/* What is loaded from here on has no say in what begins by at. */
void meter_decide_by(struct meter *meter, instant at);

/* Adds to what the account may use in its present period, if that is the one of that number. */
struct meter_allowance {
    int64_t account_id;
    int32_t period;
    int64_t credits;
    int64_t refunded_micros; /* of the period's overage */
};
void meter_allowance_add(struct meter *meter, const struct meter_allowance *allowance);

void meter_overage_put(struct meter *meter, int64_t account_id, bool has_opted_in,
                       int64_t spend_limit_cents);

/* A key and what it shares with its family: all keys that go back to one by rotations. */
struct meter_key {
    int64_t account_id;
    int64_t key_id;
    int64_t cap_family; /* the first key's id */
    credits cap;        /* a day; NO_LIMIT */
    int32_t day;        /* for used */
    int64_t used;       /* by the family on that day, as far as it is in the journal */
};

/* Gives the family of a key a daily cap, or takes it (NO_LIMIT). A key that had none so far is
 * followed from here on; meter_key_catch_up brings what is not in the journal yet. day and used
 * count for the first key of a family that is put; each one of the family must be. */
void meter_key_cap_put(struct meter *meter, const struct meter_key *key);

/* A new key that takes the place of another one: it counts for that one's family, if that is
 * followed, also while the family has no cap. Before the key's first call. */
void meter_key_join(struct meter *meter, int64_t account_id, int64_t key_id,
                    int64_t cap_family);

/* What an account is on, and what it will be. */
struct meter_plan {
    int64_t account_id;
    uint8_t plan_slot;
    uint8_t next_plan_slot;
    struct subscription subscription; /* of the period */
    struct billing_period period;
    instant now; /* as the account sees it */
};

/* Enters the period that now lies in, as a call would. */
void meter_plan_look(struct meter *meter, int64_t account_id, instant now,
                     struct meter_plan *plan);

/* Moves plan to another one, by these terms: at once, with allowance and price prorated over the
 * rest of the period, when that one stands behind the present one in the plan file; else with the
 * next period. True: at once. Changes nothing but plan. */
bool meter_plan_change(const struct terms *terms, struct meter_plan *plan, uint8_t plan_slot);

/* Brings a changed plan into force. False: the account has entered the next period since it was
 * looked at, and is on the new plan from that period's beginning on. */
bool meter_plan_put(struct meter *meter, const struct meter_plan *plan);

/* What the account was entitled to in the period before plan's, if it was on the plan of that
 * slot from its beginning to its end. */
struct subscription meter_subscription_before(struct meter *meter,
                                              const struct meter_plan *plan, uint8_t slot,
                                              struct billing_period *period);

/* Counts a charge, once it is in the journal, for a key that is followed since after it was
 * decided. Costs a comparison where no key was. */
void meter_key_catch_up(struct meter *meter, const struct charge_order *order,
                        const struct charge_standing *standing);
