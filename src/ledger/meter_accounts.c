#include "ledger/meter_state.h"

/* ---- Accounts and plans ---- */

void meter_account_put(struct meter *meter, const struct meter_account *account)
{
    struct shard *shard = meter_shard_lock(meter, account->id);
    struct state *state = meter_state_make(shard, account->id);
    state->plan_slot = account->plan_slot;
    state->next_plan_slot = account->next_plan_slot;
    state->has_opted_in = account->has_opted_in;
    state->spend_limit_cents = account->spend_limit_cents;
    state->anchor = account->anchor;
    state->period_days = 0;
    state->exists = true;
    meter_shard_unlock(shard);
}

static bool account_exists(const struct shard *shard, int64_t account_id)
{
    const struct state *state = meter_state_at(shard, account_id);
    return state && state->exists;
}

instant meter_present(struct meter *meter, int64_t account_id, instant now)
{
    struct shard *shard = meter_shard_lock(meter, account_id);
    if (account_exists(shard, account_id))
        now = meter_present_in(meter_state_of(shard, account_id), now);
    meter_shard_unlock(shard);
    return now;
}

bool meter_account_find(struct meter *meter, int64_t account_id, struct meter_account *account)
{
    struct shard *shard = meter_shard_lock(meter, account_id);
    bool is_there = account_exists(shard, account_id);
    if (is_there) {
        const struct state *state = meter_state_of(shard, account_id);
        *account = (struct meter_account){.id = account_id,
                                          .plan_slot = state->plan_slot,
                                          .next_plan_slot = state->next_plan_slot,
                                          .has_opted_in = state->has_opted_in,
                                          .spend_limit_cents = state->spend_limit_cents,
                                          .anchor = state->anchor};
    }
    meter_shard_unlock(shard);
    return is_there;
}

static void keys_grow(struct shard *shard)
{
    struct key_day *old = shard->keys;
    size_t old_capacity = shard->key_capacity;
    shard->key_capacity = old_capacity ? 2 * old_capacity : 16;
    shard->keys = memory_take_zeroed(shard->key_capacity, sizeof(shard->keys[0]));
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].key_id != 0)
            shard->keys[meter_key_place(shard, old[i].key_id)] = old[i];
    free(old);
}

instant meter_decided_by(struct meter *meter)
{
    return (instant){atomic_load(&meter->decided_us)};
}

void meter_decide_by(struct meter *meter, instant at)
{
    int64_t latest_us = atomic_load(&meter->decided_us);
    while (latest_us < at.us &&
           !atomic_compare_exchange_weak(&meter->decided_us, &latest_us, at.us))
        continue;
}

void meter_allowance_add(struct meter *meter, const struct meter_allowance *allowance)
{
    struct shard *shard = meter_shard_lock(meter, allowance->account_id);
    struct state *state = meter_state_of(shard, allowance->account_id);
    if (state->period == allowance->period) {
        state->subscription.granted += allowance->credits;
        state->subscription.refunded_micros += allowance->refunded_micros;
    }
    meter_shard_unlock(shard);
}

void meter_overage_put(struct meter *meter, int64_t account_id, bool has_opted_in,
                       int64_t spend_limit_cents)
{
    struct shard *shard = meter_shard_lock(meter, account_id);
    struct state *state = meter_state_of(shard, account_id);
    state->has_opted_in = has_opted_in;
    state->spend_limit_cents = spend_limit_cents;
    meter_shard_unlock(shard);
}

/* The key's place, taken for it when it is new. */
static struct key_day *key_follow(struct meter *meter, struct shard *shard,
                                  const struct key_day *made)
{
    if (2 * (shard->key_count + 1) > shard->key_capacity)
        keys_grow(shard);
    struct key_day *key = &shard->keys[meter_key_place(shard, made->key_id)];
    if (key->key_id == 0) {
        *key = *made;
        shard->key_count++;
        atomic_fetch_add(&meter->keys_followed, 1);
    }
    return key;
}

void meter_key_cap_put(struct meter *meter, const struct meter_key *key)
{
    struct shard *shard = meter_shard_lock(meter, key->account_id);
    (void)key_follow(meter, shard,
                     &(struct key_day){.key_id = key->key_id,
                                       .cap_family = key->cap_family,
                                       .day = key->day,
                                       .used = key->key_id == key->cap_family ? key->used : 0});
    struct key_day *family = key_follow(meter, shard,
                                        &(struct key_day){.key_id = key->cap_family,
                                                          .cap_family = key->cap_family,
                                                          .day = key->day,
                                                          .used = key->used});
    family->cap = key->cap;
    meter_shard_unlock(shard);
}

void meter_key_join(struct meter *meter, int64_t account_id, int64_t key_id, int64_t cap_family)
{
    struct shard *shard = meter_shard_lock(meter, account_id);
    if (shard->key_count > 0 &&
        shard->keys[meter_key_place(shard, cap_family)].key_id == cap_family)
        (void)key_follow(meter, shard,
                         &(struct key_day){.key_id = key_id, .cap_family = cap_family});
    meter_shard_unlock(shard);
}

void meter_plan_look(struct meter *meter, int64_t account_id, instant now,
                     struct meter_plan *plan)
{
    struct shard *shard = meter_shard_lock(meter, account_id);
    struct state *state = meter_state_of(shard, account_id);
    struct meter_plan found = {.account_id = account_id};
    found.now = meter_time_follow(meter, state, now, &found.period);
    found.plan_slot = state->plan_slot;
    found.next_plan_slot = state->next_plan_slot;
    found.subscription = state->subscription;
    meter_shard_unlock(shard);
    *plan = found;
}

bool meter_plan_change(const struct terms *terms, struct meter_plan *plan, uint8_t plan_slot)
{
    const struct plan *from = meter_plan_in(terms, plan->plan_slot);
    const struct plan *to = meter_plan_in(terms, plan_slot);
    plan->next_plan_slot = plan_slot;
    if (to < from) /* plans stand cheapest first */
        return false;
    if (to > from)
        plan->subscription = subscription_upgrade(&plan->subscription, to, terms->version,
                                                  &plan->period, plan->now);
    plan->plan_slot = plan_slot;
    return true;
}

bool meter_plan_put(struct meter *meter, const struct meter_plan *plan)
{
    struct shard *shard = meter_shard_lock(meter, plan->account_id);
    struct state *state = meter_state_of(shard, plan->account_id);
    bool is_present = state->period == meter_period_number(&plan->period);
    state->next_plan_slot = plan->next_plan_slot;
    state->plan_slot = is_present ? plan->plan_slot : plan->next_plan_slot;
    state->subscription = is_present ? plan->subscription
                                     : meter_subscription_of(meter, state, plan->period.end,
                                                             state->plan_slot);
    meter_shard_unlock(shard);
    return is_present;
}

struct subscription meter_subscription_before(struct meter *meter,
                                              const struct meter_plan *plan, uint8_t slot,
                                              struct billing_period *period)
{
    struct shard *shard = meter_shard_lock(meter, plan->account_id);
    const struct state *state = meter_state_of(shard, plan->account_id);
    *period = billing_period_at(state->anchor, (instant){plan->period.start.us - 1});
    struct subscription before = meter_subscription_of(meter, state, period->start, slot);
    meter_shard_unlock(shard);
    return before;
}

static void state_visit(struct meter *meter, void (*visit)(void *owner, struct state *state),
                        void *owner)
{
    for (int64_t i = 0; i < SHARDS; i++) {
        struct shard *shard = meter_shard_lock(meter, i);
        meter_shard_visit(shard, visit, owner);
        meter_shard_unlock(shard);
    }
}

static void plans_count(void *owner, struct state *state)
{
    int64_t *counts = owner;
    counts[state->plan_slot]++;
    if (state->next_plan_slot != state->plan_slot)
        counts[state->next_plan_slot]++;
}

void meter_plan_counts(struct meter *meter, int64_t counts[TERMS_SLOTS_MAX])
{
    memset(counts, 0, TERMS_SLOTS_MAX * sizeof(counts[0]));
    state_visit(meter, plans_count, counts);
}

static void ring_sweep(void *owner, struct state *state)
{
    if (state->window.capacity > 0 && rate_window_is_idle(&state->window, *(uint32_t *)owner))
        rate_window_finish(&state->window);
}

void meter_sweep(struct meter *meter, duration elapsed)
{
    uint32_t now_ms = meter_milliseconds(elapsed);
    state_visit(meter, ring_sweep, &now_ms);
}

/* ---- Restoring ---- */

void meter_restore_balance(struct meter *meter, const struct meter_balance *balance)
{
    struct shard *shard = meter_shard_lock(meter, balance->account_id);
    struct state *state = meter_state_of(shard, balance->account_id);
    meter_balance_put(state, balance);
    instant day = {balance->day * DAY_US};
    (void)meter_deciding(meter, state, billing_period_at(state->anchor, day).start);
    meter_shard_unlock(shard);
}

void meter_restore_key(struct meter *meter, int64_t account_id, int64_t key_id, int32_t day,
                       int64_t used)
{
    struct shard *shard = meter_shard_lock(meter, account_id);
    struct key_day *key = meter_key_of(shard, key_id, day);
    if (key && key->day == day)
        key->used += used;
    meter_shard_unlock(shard);
}

static void entry_count(struct meter *meter, struct shard *shard, struct state *state,
                        const struct journal_entry *entry)
{
    struct billing_period period;
    (void)meter_time_follow(meter, state, entry->at, &period);
    meter_credits_move(state, meter_key_of(shard, entry->key_id, state->day),
                       credits_of(entry->credits), credits_of(entry->overage),
                       (micros_usd){entry->overage_micros});
}

void meter_restore_entry(struct meter *meter, const struct journal_entry *entry, bool counts,
                         instant admitted, instant now, duration elapsed)
{
    const struct terms *terms = terms_now(meter->terms);
    struct shard *shard = meter_shard_lock(meter, entry->account_id);
    struct state *state = meter_state_of(shard, entry->account_id);
    int64_t age_us = now.us - admitted.us;
    meter_shard_follow(shard, elapsed);
    if (counts)
        entry_count(meter, shard, state, entry);
    rate_window_restore(&state->window,
                        (uint32_t)meter_plan_in(terms, state->plan_slot)->rate_limit_per_minute,
                        meter_milliseconds(elapsed), age_us / 1000);
    meter_shard_unlock(shard);
}

struct meter_balance meter_balance_of(struct meter *meter, int64_t account_id)
{
    struct shard *shard = meter_shard_lock(meter, account_id);
    const struct state *state = meter_state_of(shard, account_id);
    struct meter_balance balance = {.account_id = account_id,
                                    .day = state->day,
                                    .period = state->period,
                                    .day_used = state->day_used,
                                    .subscription = state->subscription,
                                    .used = state->used,
                                    .overage = state->overage,
                                    .overage_micros = state->overage_micros};
    meter_shard_unlock(shard);
    return balance;
}

/* ---- Opening and closing ---- */

struct meter *meter_open(struct terms_book *terms)
{
    struct meter *meter = memory_take_zeroed(1, sizeof(*meter));
    meter->terms = terms;
    for (size_t i = 0; i < SHARDS; i++)
        check(pthread_mutex_init(&meter->shards[i].lock, NULL) == 0);
    return meter;
}

void meter_close(struct meter *meter)
{
    if (!meter)
        return;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &meter->shards[i];
        meter_shard_free_states(shard);
        free(shard->keys);
        check(pthread_mutex_destroy(&shard->lock) == 0);
    }
    free(meter);
}
