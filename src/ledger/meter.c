#include "ledger/meter_state.h"

static bool has_overage(const struct plan *plan, bool has_opted_in)
{
    return plan->overage == OVERAGE_ALWAYS || (plan->overage == OVERAGE_OPT_IN && has_opted_in);
}

/* What decides about overage, whichever the plan. */
struct overage_facts {
    bool has_opted_in;
    int64_t spend_limit_cents;
    credits used;
    micros_usd spent;
};

/* What the spend limit still pays for, on top of what was used. */
static credits overage_permitted(const struct overage_facts *facts, const struct plan *plan)
{
    if (!has_overage(plan, facts->has_opted_in))
        return facts->used;
    int64_t limit = facts->spend_limit_cents == NO_SPEND_LIMIT
                        ? MICROS_MAX
                        : micros_of_cents(facts->spend_limit_cents).count;
    micros_usd left = {limit - facts->spent.count};
    credits more = micros_pay_for(left, plan->overage_cents_per_1000);
    return more.count >= CREDITS_MAX - facts->used.count ? NO_LIMIT
                                                         : credits_add(facts->used, more);
}

static struct quota quota_of(const struct state *state, const struct plan *plan,
                             const struct key_day *key)
{
    const struct overage_facts facts = {
        .has_opted_in = state->has_opted_in,
        .spend_limit_cents = state->spend_limit_cents,
        .used = credits_of(state->overage),
        .spent = {state->overage_micros - state->subscription.refunded_micros}};
    return (struct quota){
        .included = subscription_allowance(&state->subscription),
        .used = credits_of(state->used),
        .overage_permitted = overage_permitted(&facts, plan),
        .overage_used = facts.used,
        .has_overage = has_overage(plan, state->has_opted_in),
        .daily_cap = plan->daily_credit_cap ? credits_of(plan->daily_credit_cap) : NO_LIMIT,
        .daily_used = credits_of(state->day_used),
        .key_cap = key ? key->cap : NO_LIMIT,
        .key_used = key ? credits_of(key->used) : credits_of(0),
    };
}

static bool period_ends_today(const struct billing_period *period, instant now)
{
    return period->end.us == day_end(now).us;
}

/* Whether the window has a slot; takes it where that is asked for. */
static bool slot_decide(struct state *state, const struct charge_order *order, bool takes,
                        struct charge_standing *decided)
{
    uint32_t limit = (uint32_t)decided->plan->rate_limit_per_minute;
    uint32_t now_ms = meter_milliseconds(order->elapsed);
    if (takes)
        return rate_window_take(&state->window, limit, now_ms, &decided->rate);
    decided->rate = rate_window_look(&state->window, limit, now_ms);
    return decided->rate.remaining > 0;
}

static void decide(struct meter *meter, struct shard *shard, const struct charge_order *order,
                   bool takes, struct charge_standing *decided)
{
    const struct terms *terms = terms_now(meter->terms);
    struct state *state = meter_state_of(shard, order->account_id);
    meter_shard_follow(shard, order->elapsed);
    rate_window_expect(&state->window);
    *decided = (struct charge_standing){
        .terms = terms, .cost = terms_price(terms, order->operation_id, order->cost)};
    decided->now = meter_time_follow(meter, state, order->now, &decided->period);
    decided->plan = meter_plan_in(terms, state->plan_slot);
    struct key_day *key = meter_key_of(shard, order->key_id, state->day);
    decided->follows_key = key != NULL;
    decided->keys_followed = atomic_load_explicit(&meter->keys_followed, memory_order_relaxed);
    decided->quota = quota_of(state, decided->plan, key);
    decided->quota_verdict = quota_decide(&decided->quota, decided->cost,
                                          period_ends_today(&decided->period, decided->now),
                                          &decided->overage);
    bool has_slot = slot_decide(state, order, takes, decided);
    decided->verdict = !has_slot                                 ? CHARGE_RATE_LIMITED
                       : decided->quota_verdict == QUOTA_GRANTED ? CHARGE_TAKEN
                                                                 : CHARGE_REFUSED;
    if (decided->verdict == CHARGE_TAKEN && takes) {
        decided->charged = decided->cost;
        decided->overage_cost = micros_of_overage(decided->overage,
                                                  decided->plan->overage_cents_per_1000);
        meter_credits_move(state, key, decided->charged, decided->overage,
                           decided->overage_cost);
        decided->quota = quota_of(state, decided->plan, key);
    }
    decided->overage_spent = (micros_usd){state->overage_micros -
                                          state->subscription.refunded_micros};
    decided->subscription = state->subscription;
    decided->has_opted_in = state->has_opted_in;
    decided->spend_limit_cents = state->spend_limit_cents;
}

void meter_expect(const struct meter *meter, int64_t account_id)
{
    const struct shard *shard = &meter->shards[(uint64_t)account_id % SHARDS];
    memory_expect(meter_state_at(shard, account_id), sizeof(struct state));
}

void meter_charge(struct meter *meter, const struct charge_order *order,
                  struct charge_standing *standing)
{
    struct shard *shard = meter_shard_lock(meter, order->account_id);
    decide(meter, shard, order, true, standing);
    meter_shard_unlock(shard);
}

void meter_look(struct meter *meter, const struct charge_order *order,
                struct charge_standing *standing)
{
    struct shard *shard = meter_shard_lock(meter, order->account_id);
    decide(meter, shard, order, false, standing);
    meter_shard_unlock(shard);
}

/* A day or period that has ended meanwhile has forgotten the charge already. */
void meter_undo(struct meter *meter, const struct charge_order *order,
                const struct charge_standing *standing)
{
    struct shard *shard = meter_shard_lock(meter, order->account_id);
    struct state *state = meter_state_of(shard, order->account_id);
    int64_t charged = standing->charged.count;
    int64_t overage = standing->overage.count;
    int32_t day = (int32_t)instant_day(standing->now);
    if (state->period == meter_period_number(&standing->period)) {
        state->used -= charged - overage;
        state->overage -= overage;
        state->overage_micros -= standing->overage_cost.count;
    }
    if (state->day == day)
        state->day_used -= charged;
    struct key_day *key = meter_key_of(shard, order->key_id, day);
    if (key && key->day == day && standing->follows_key)
        key->used -= charged;
    meter_shard_unlock(shard);
}

void meter_key_catch_up(struct meter *meter, const struct charge_order *order,
                        const struct charge_standing *standing)
{
    if (standing->follows_key || standing->keys_followed == atomic_load(&meter->keys_followed))
        return;
    struct shard *shard = meter_shard_lock(meter, order->account_id);
    int32_t day = (int32_t)instant_day(standing->now);
    struct key_day *key = meter_key_of(shard, order->key_id, day);
    if (key && key->day == day)
        key->used += standing->charged.count;
    meter_shard_unlock(shard);
}

/* Under another plan: a dearer one would be entered now, by the rest of the period. */
static int64_t included_with(const struct charge_standing *standing, const struct plan *plan)
{
    if (plan == standing->plan)
        return subscription_allowance(&standing->subscription).count;
    if (plan < standing->plan) /* plans stand cheapest first */
        return plan->included_credits + standing->subscription.granted;
    struct subscription upgraded = subscription_upgrade(&standing->subscription, plan,
                                                        standing->terms->version,
                                                        &standing->period, standing->now);
    return subscription_allowance(&upgraded).count;
}

bool meter_would_admit(const struct charge_standing *standing, const struct plan *plan,
                       credits cost)
{
    const struct overage_facts facts = {.has_opted_in = standing->has_opted_in,
                                        .spend_limit_cents = standing->spend_limit_cents,
                                        .used = standing->quota.overage_used,
                                        .spent = standing->overage_spent};
    struct quota quota = standing->quota;
    quota.included = credits_of(included_with(standing, plan));
    quota.daily_cap = plan->daily_credit_cap ? credits_of(plan->daily_credit_cap) : NO_LIMIT;
    quota.overage_permitted = overage_permitted(&facts, plan);
    credits overage;
    uint32_t taken = standing->rate.taken;
    if (standing->verdict == CHARGE_REFUSED && taken > 0)
        taken--; /* this very call's */
    return taken < plan->rate_limit_per_minute &&
           quota_decide(&quota, cost, false, &overage) == QUOTA_GRANTED;
}
