#include "ledger/meter_state.h"

struct shard *meter_shard_lock(struct meter *meter, int64_t account_id)
{
    struct shard *shard = &meter->shards[(uint64_t)account_id % SHARDS];
    check(pthread_mutex_lock(&shard->lock) == 0);
    return shard;
}

void meter_shard_unlock(struct shard *shard)
{
    check(pthread_mutex_unlock(&shard->lock) == 0);
}

struct place {
    unsigned chunk;
    size_t at;
};

static size_t chunk_states(unsigned chunk)
{
    return (size_t)CHUNK_FIRST << chunk;
}

static struct place place_of(int64_t account_id)
{
    uint64_t rank = (uint64_t)account_id / SHARDS + CHUNK_FIRST;
    unsigned chunk = (unsigned)__builtin_clzll(CHUNK_FIRST) - (unsigned)__builtin_clzll(rank);
    return (struct place){chunk, rank - chunk_states(chunk)};
}

void meter_shard_visit(struct shard *shard, void (*visit)(void *owner, struct state *state),
                       void *owner)
{
    for (unsigned chunk = 0; chunk < CHUNKS_MAX; chunk++)
        for (size_t at = 0; shard->chunks[chunk] && at < chunk_states(chunk); at++)
            if (shard->chunks[chunk][at].exists)
                visit(owner, &shard->chunks[chunk][at]);
}

static void window_finish(void *owner, struct state *state)
{
    (void)owner;
    rate_window_finish(&state->window);
}

void meter_shard_free_states(struct shard *shard)
{
    meter_shard_visit(shard, window_finish, NULL);
    for (unsigned chunk = 0; chunk < CHUNKS_MAX; chunk++)
        free(shard->chunks[chunk]);
}

#define SLEPT_US (20 * DAY_US) /* ages are clear for 24 days, see rate_limit.h */

void meter_shard_follow(struct shard *shard, duration elapsed)
{
    if (elapsed.us <= shard->called.us)
        return;
    bool has_slept = elapsed.us - shard->called.us >= SLEPT_US;
    shard->called = elapsed;
    if (has_slept)
        meter_shard_visit(shard, window_finish, NULL);
}

struct state *meter_state_at(const struct shard *shard, int64_t account_id)
{
    struct place place = place_of(account_id);
    struct state *chunk = place.chunk < CHUNKS_MAX ? shard->chunks[place.chunk] : NULL;
    return chunk ? &chunk[place.at] : NULL;
}

struct state *meter_state_of(const struct shard *shard, int64_t account_id)
{
    struct state *state = meter_state_at(shard, account_id);
    check(state && state->exists);
    return state;
}

struct state *meter_state_make(struct shard *shard, int64_t account_id)
{
    struct place place = place_of(account_id);
    check(place.chunk < CHUNKS_MAX);
    if (!shard->chunks[place.chunk])
        shard->chunks[place.chunk] = memory_take_zeroed(chunk_states(place.chunk),
                                                        sizeof(struct state));
    return meter_state_at(shard, account_id);
}

size_t meter_key_place(const struct shard *shard, int64_t key_id)
{
    size_t place = (uint64_t)key_id * UINT64_C(0x9E3779B97F4A7C15) & (shard->key_capacity - 1);
    while (shard->keys[place].key_id != 0 && shard->keys[place].key_id != key_id)
        place = (place + 1) & (shard->key_capacity - 1);
    return place;
}

struct key_day *meter_key_of(struct shard *shard, int64_t key_id, int32_t day)
{
    if (shard->key_count == 0)
        return NULL;
    struct key_day *key = &shard->keys[meter_key_place(shard, key_id)];
    if (key->key_id == 0)
        return NULL;
    if (key->cap_family != key_id)
        key = &shard->keys[meter_key_place(shard, key->cap_family)];
    if (key->day < day) {
        key->day = day;
        key->used = 0;
    }
    return key;
}

instant meter_present_in(const struct state *state, instant now)
{
    instant day_start = {state->day * DAY_US};
    return now.us < day_start.us ? day_start : now;
}

const struct plan *meter_plan_in(const struct terms *terms, uint8_t slot)
{
    check(terms->by_slot[slot] != NULL);
    return terms->by_slot[slot];
}

instant meter_deciding(struct meter *meter, const struct state *state, instant period_start)
{
    instant at = period_start.us > state->anchor.us ? period_start : state->anchor;
    meter_decide_by(meter, at);
    return at;
}

struct subscription meter_subscription_of(struct meter *meter, const struct state *state,
                                          instant period_start, uint8_t slot)
{
    const struct terms *terms = terms_at(meter->terms,
                                         meter_deciding(meter, state, period_start), slot);
    check(terms != NULL); /* a plan file that lacks a plan in use is refused */
    return subscription_of(terms->by_slot[slot], terms->version);
}

static void period_enter(struct meter *meter, struct state *state,
                         const struct billing_period *period)
{
    state->period = meter_period_number(period);
    state->plan_slot = state->next_plan_slot;
    state->subscription = meter_subscription_of(meter, state, period->start, state->plan_slot);
    state->used = state->overage = state->overage_micros = 0;
}

static void period_remember(struct state *state, const struct billing_period *period)
{
    if (meter_period_number(period) != state->period)
        return;
    state->period_began = (int32_t)instant_day(period->start);
    state->period_days = (uint8_t)(instant_day(period->end) - state->period_began);
}

/* The period that the account has entered, where the day lies in it. */
static bool period_recall(const struct state *state, int32_t day, struct billing_period *period)
{
    int32_t passed = day - state->period_began;
    if (passed < 0 || passed >= state->period_days)
        return false;
    *period = (struct billing_period){
        .year = state->period / 12,
        .month = state->period % 12 + 1,
        .start = {state->period_began * DAY_US},
        .end = {(state->period_began + state->period_days) * DAY_US}};
    return true;
}

instant meter_time_follow(struct meter *meter, struct state *state, instant now,
                          struct billing_period *period)
{
    now = meter_present_in(state, now);
    int32_t day = (int32_t)instant_day(now);
    if (!period_recall(state, day, period)) {
        *period = billing_period_at(state->anchor, now);
        if (meter_period_number(period) > state->period)
            period_enter(meter, state, period);
        period_remember(state, period);
    }
    if (day > state->day) {
        state->day = day;
        state->day_used = 0;
    }
    return now;
}

void meter_balance_put(struct state *state, const struct meter_balance *balance)
{
    state->day = balance->day;
    state->period = balance->period;
    state->period_days = 0;
    state->day_used = balance->day_used;
    state->subscription = balance->subscription;
    state->used = balance->used;
    state->overage = balance->overage;
    state->overage_micros = balance->overage_micros;
}

void meter_credits_move(struct state *state, struct key_day *key, credits charged,
                        credits overage, micros_usd overage_cost)
{
    state->day_used += charged.count;
    state->used += charged.count - overage.count;
    state->overage += overage.count;
    state->overage_micros += overage_cost.count;
    if (key)
        key->used += charged.count;
}
