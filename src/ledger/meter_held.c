#include "ledger/meter_held.h"

#include "ledger/meter_state.h"

/* A window tells instants by milliseconds that come round after weeks: an account that was idle for
 * a minute has an empty one. */
static enum status window_put(struct rate_window *window, const struct meter_held *held,
                              instant now, uint32_t limit)
{
    bool is_idle = now.us - held->stamp.us >= RATE_WINDOW_MS * INT64_C(1000);
    if (!held->has_calls && !is_idle)
        return rate_window_writing(window) == held->writing ? STATUS_OK : STATUS_BUSY;
    TRY(rate_window_read(window, is_idle ? (struct text){0} : held->calls,
                         meter_milliseconds((duration){held->stamp.us}), limit));
    rate_window_wrote(window, held->writing);
    return STATUS_OK;
}

enum status meter_held_put(struct meter *meter, const struct meter_held *held, instant now)
{
    meter_account_put(meter, &held->account);
    struct shard *shard = meter_shard_lock(meter, held->account.id);
    struct state *state = meter_state_of(shard, held->account.id);
    meter_shard_follow(shard,
                       (duration){now.us}); /* before, or it would give the window back */
    meter_balance_put(state, &held->balance);
    const struct plan *plan = meter_plan_in(terms_now(meter->terms), state->plan_slot);
    enum status status = window_put(&state->window, held, now,
                                    (uint32_t)plan->rate_limit_per_minute);
    meter_shard_unlock(shard);
    return status;
}

int64_t meter_held_writing(struct meter *meter, int64_t account_id)
{
    struct meter_account known;
    if (!meter_account_find(meter, account_id, &known))
        return 0;
    struct shard *shard = meter_shard_lock(meter, account_id);
    int64_t writing = rate_window_writing(&meter_state_of(shard, account_id)->window);
    meter_shard_unlock(shard);
    return writing;
}

void meter_held_wrote(struct meter *meter, int64_t account_id, int64_t writing)
{
    struct shard *shard = meter_shard_lock(meter, account_id);
    rate_window_wrote(&meter_state_of(shard, account_id)->window, writing);
    meter_shard_unlock(shard);
}

void meter_held_calls(struct meter *meter, int64_t account_id, struct buffer *calls)
{
    struct shard *shard = meter_shard_lock(meter, account_id);
    rate_window_write(&meter_state_of(shard, account_id)->window, calls);
    meter_shard_unlock(shard);
}

void meter_key_day_put(struct meter *meter, const struct meter_key_day *key)
{
    struct shard *shard = meter_shard_lock(meter, key->account_id);
    struct key_day *held = &shard->keys[meter_key_place(shard, key->cap_family)];
    check(held->key_id == key->cap_family);
    held->day = key->day;
    held->used = key->used;
    meter_shard_unlock(shard);
}

bool meter_key_day_find(struct meter *meter, int64_t account_id, int64_t key_id,
                        struct meter_key_day *key)
{
    struct shard *shard = meter_shard_lock(meter, account_id);
    const struct key_day *held = meter_key_of(shard, key_id, 0);
    if (held)
        *key = (struct meter_key_day){account_id, held->cap_family, held->day, held->used};
    meter_shard_unlock(shard);
    return held != NULL;
}
