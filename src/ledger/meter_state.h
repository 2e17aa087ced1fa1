/* meter_state: the inside of the meter: one account's state, its shard, and how time moves it. For
 * meter*.c alone; every function but the first, and those that say so, wants the shard's lock held. */
#pragma once

#include "ledger/meter_changes.h"

#define SHARDS 64
#define CHUNK_FIRST 256 /* states; each chunk has twice as many as the one before */
#define CHUNKS_MAX 24

/* One account. All zeroes: no account. */
struct state {
    struct rate_window window;
    int64_t spend_limit_cents;
    int64_t day_used, used, overage, overage_micros;
    struct subscription subscription;
    instant anchor;
    int32_t day;
    int32_t period;       /* 0: none entered yet */
    int32_t period_began; /* its first day, */
    uint8_t period_days;  /* and how many it has; 0: to be worked out */
    uint8_t plan_slot;
    uint8_t next_plan_slot;
    bool has_opted_in : 1;
    bool exists : 1;
};

/* Today's credits of the keys that share one daily cap: kept with the first of them. */
struct key_day {
    int64_t key_id;     /* 0: free place */
    int64_t cap_family; /* the first key's id; where that is another, the rest stands there */
    credits cap;
    int64_t used;
    int32_t day;
};

struct shard {
    pthread_mutex_t lock;
    duration called; /* the latest call by the clock that never steps */
    struct state
        *_Atomic chunks[CHUNKS_MAX]; /* by and by; none moves or goes before the meter does */
    struct key_day *keys;            /* open addressing by key id; a power of two places */
    size_t key_capacity, key_count;
};

struct meter {
    struct terms_book *terms;
    atomic_uint keys_followed;  /* rises with every key that is followed anew */
    _Atomic int64_t decided_us; /* the latest instant by whose terms a period was decided */
    struct shard shards[SHARDS];
};

struct shard *meter_shard_lock(struct meter *meter, int64_t account_id);
void meter_shard_unlock(struct shard *shard);

/* Before a call at elapsed: gives back all windows when the last call of the shard is so long ago
 * that a machine which slept since would find them near their clock's wrap. */
void meter_shard_follow(struct shard *shard, duration elapsed);

/* Where the account's state is, or would be; NULL: its chunk is not there yet. Wants no lock, but who has none must not
 * look at what stands there. */
struct state *meter_state_at(const struct shard *shard, int64_t account_id);

/* The account must exist. */
struct state *meter_state_of(const struct shard *shard, int64_t account_id);

/* Makes the chunk where it is not there yet. */
struct state *meter_state_make(struct shard *shard, int64_t account_id);

/* Every account of the shard. */
void meter_shard_visit(struct shard *shard, void (*visit)(void *owner, struct state *state),
                       void *owner);

/* With their windows. Wants no lock: nobody may look any more. */
void meter_shard_free_states(struct shard *shard);

/* Where the key is, or would be; the table must not be empty. */
size_t meter_key_place(const struct shard *shard, int64_t key_id);

/* What counts for a key: that of its family. NULL for a key without a cap; begins anew each day. */
struct key_day *meter_key_of(struct shard *shard, int64_t key_id, int32_t day);

/* A slot that these terms lack is a bug: ledger_terms_set refuses such terms. */
const struct plan *meter_plan_in(const struct terms *terms, uint8_t slot);

/* The present as the account sees it: a clock that steps back is not followed, so that no day and
 * no period is entered twice. */
instant meter_present_in(const struct state *state, instant now);

/* Enters the day and the period that now lies in, once; returns the present as the account sees
 * it. */
instant meter_time_follow(struct meter *meter, struct state *state, instant now,
                          struct billing_period *period);

/* Makes the account stand as it was written down. */
void meter_balance_put(struct state *state, const struct meter_balance *balance);

/* By whose terms a period of the account is decided: those in force at its start, or when the
 * account was made. What is loaded from here on has no say in it. */
instant meter_deciding(struct meter *meter, const struct state *state, instant period_start);

/* What a plan gives an account in a period that begins with it. */
struct subscription meter_subscription_of(struct meter *meter, const struct state *state,
                                          instant period_start, uint8_t slot);

/* key: NULL for one without a cap. */
void meter_credits_move(struct state *state, struct key_day *key, credits charged,
                        credits overage, micros_usd overage_cost);

static inline int32_t meter_period_number(const struct billing_period *period)
{
    return period->year * 12 + period->month - 1;
}

static inline uint32_t meter_milliseconds(duration elapsed)
{
    return (uint32_t)(elapsed.us / 1000);
}
