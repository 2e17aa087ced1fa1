#include "property/metering_world.h"

#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- Time, moved by hand and read by the committer too ---- */

static _Atomic int64_t wall_us, elapsed_us;

static instant wall_read(void *owner)
{
    (void)owner;
    return (instant){atomic_load(&wall_us)};
}

static duration elapsed_read(void *owner)
{
    (void)owner;
    return (duration){atomic_load(&elapsed_us)};
}

struct time_source world_time = {.now = wall_read, .elapsed = elapsed_read, .boot = 1};

void world_clocks_set(const struct model *model)
{
    atomic_store(&wall_us, model->wall_us);
    atomic_store(&elapsed_us, model->ms * 1000);
}

/* ---- Differences ---- */

bool world_differs(struct world *world, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(world->difference, sizeof(world->difference), format, arguments);
    va_end(arguments);
    return false;
}

/* ---- Plans ---- */

const char *const world_plan_names[MODEL_PLANS] = {"Tiny", "Some", "More", "Tide"};

struct plans world_plans(const struct model *model)
{
    struct plans plans = {.plan_count = MODEL_PLANS};
    for (size_t i = 0; i < MODEL_PLANS; i++) {
        const struct model_plan *plan = &model->plans[i];
        plans.plans[i] = (struct plan){.price_cents = plan->monthly,
                                       .included_credits = plan->included,
                                       .daily_credit_cap = plan->cap,
                                       .rate_limit_per_minute = plan->rate,
                                       .overage = (enum overage)plan->overage,
                                       .overage_cents_per_1000 = plan->price};
        (void)snprintf(plans.plans[i].name, sizeof(plans.plans[i].name), "%s",
                       world_plan_names[i]);
    }
    return plans;
}

bool world_terms(struct world *world, const struct model_plan plans[MODEL_PLANS])
{
    model_plans_follow(&world->model);
    model_load(&world->model, plans);
    struct plans changed = world_plans(&world->model);
    DONE(ledger_terms_set(world->ledger, &changed, &world->reason));
    return true;
}

/* ---- Comparing ---- */

static int64_t limit_of(credits amount)
{
    return amount.count >= CREDITS_MAX ? UNLIMITED : amount.count;
}

static bool quota_same(struct world *world, const struct quota *quota,
                       const struct model_standing *wanted)
{
    SAME("included", quota->included.count, wanted->included);
    SAME("used", quota->used.count, wanted->used);
    SAME("overage used", quota->overage_used.count, wanted->overage_used);
    SAME("overage permitted", limit_of(quota->overage_permitted), wanted->overage_permitted);
    SAME("daily cap", limit_of(quota->daily_cap), wanted->daily_cap);
    SAME("daily used", quota->daily_used.count, wanted->daily_used);
    SAME("key cap", limit_of(quota->key_cap), wanted->key_cap);
    if (wanted->key_cap != UNLIMITED)
        SAME("key used", quota->key_used.count, wanted->key_used);
    return true;
}

static bool rate_same(struct world *world, const struct rate_standing *rate,
                      const struct model_standing *wanted)
{
    SAME("rate limit", rate->limit, wanted->limit);
    SAME("slots remaining", rate->remaining, wanted->remaining);
    SAME("ms to the oldest slot's return", rate->reset_ms, wanted->reset_ms);
    SAME("ms to the next admission", rate->retry_ms, wanted->retry_ms);
    return true;
}

static bool standing_same(struct world *world, const struct charge_standing *standing,
                          const struct model_standing *wanted)
{
    SAME("present", standing->now.us, wanted->now_us);
    SAME("period's start", standing->period.start.us, wanted->period_start_us);
    SAME("period's end", standing->period.end.us, wanted->period_end_us);
    SAME("period", standing->period.year * 12 + standing->period.month - 1, wanted->period);
    SAME("credits charged", standing->charged.count, wanted->charged);
    SAME("overage charged", standing->charged.count ? standing->overage.count : 0,
         wanted->overage);
    SAME("overage's cost", standing->overage_cost.count, wanted->micros);
    SAME("subscription's cents", standing->subscription.cents, wanted->cents);
    return rate_same(world, &standing->rate, wanted) &&
           quota_same(world, &standing->quota, wanted);
}

/* ---- Calls ---- */

struct waiting {
    struct charge charge;
    sem_t settled;
    enum status status;
};

static void settle(struct charge *charge, enum status status)
{
    struct waiting *waiting = CONTAINER_OF(charge, struct waiting, charge);
    waiting->status = status;
    (void)sem_post(&waiting->settled);
}

static enum quota_verdict quota_verdict_of(int outcome)
{
    switch (outcome) {
    case MODEL_KEY_DAILY: return QUOTA_KEY_DAILY;
    case MODEL_DAILY: return QUOTA_DAILY;
    case MODEL_INSUFFICIENT: return QUOTA_INSUFFICIENT;
    case MODEL_SPEND_LIMIT: return QUOTA_SPEND_LIMIT;
    default: return QUOTA_GRANTED;
    }
}

static bool verdict_same(struct world *world, const struct charge_standing *standing,
                         int outcome)
{
    enum quota_verdict quota = quota_verdict_of(outcome);
    enum charge_verdict verdict = outcome == MODEL_RATE_LIMITED ? CHARGE_RATE_LIMITED
                                  : quota == QUOTA_GRANTED      ? CHARGE_TAKEN
                                                                : CHARGE_REFUSED;
    SAME("verdict", standing->verdict, verdict);
    if (outcome != MODEL_RATE_LIMITED)
        SAME("quota's verdict", standing->quota_verdict, quota);
    return true;
}

static bool key_is_live(struct world *world, int key, bool *is_live)
{
    struct key_standing standing;
    if (ledger_find_key(world->ledger, &world->digests[key], &standing) != STATUS_OK)
        return world_differs(world, "key %d is unknown", key);
    SAME("key's account", standing.account_id,
         world->account_ids[world->model.keys[key].account]);
    SAME("key's life", standing.is_live, world->model.keys[key].is_live);
    *is_live = standing.is_live;
    return true;
}

static const uint8_t no_charge_id[CHARGE_ID_BYTES];

/* A refusal and a call without price are settled at once; where nodes share the ledger every call waits
 * for its answer. */
static bool statuses_same(struct world *world, enum status status,
                          const struct waiting *waiting, bool is_refused, int64_t charged)
{
    enum status settled = status == STATUS_BUSY ? waiting->status : STATUS_OK;
    if (world->is_shared) {
        SAME("status", status, STATUS_BUSY);
        SAME("settled", settled, is_refused ? STATUS_EXHAUSTED : STATUS_OK);
    } else {
        SAME("status", status,
             is_refused    ? STATUS_EXHAUSTED
             : charged > 0 ? STATUS_BUSY
                           : STATUS_OK);
        SAME("settled", settled, STATUS_OK);
    }
    if (status == STATUS_BUSY && charged > 0)
        SAME("has a charge id",
             memcmp(waiting->charge.charge_id, no_charge_id, CHARGE_ID_BYTES) != 0, true);
    return true;
}

bool world_call(struct world *world, int key, int64_t cost, int outcome)
{
    bool is_live;
    if (!key_is_live(world, key, &is_live) || !is_live)
        return world->difference[0] == '\0';
    struct waiting waiting = {
        .charge = {.account_id = world->account_ids[world->model.keys[key].account],
                   .key_id = world->key_ids[key],
                   .cost = credits_of(cost),
                   .endpoint = 1,
                   .outcome = (enum call_outcome)outcome,
                   .request_id = TEXT("r"),
                   .settled = settle}};
    check(sem_init(&waiting.settled, 0, 0) == 0);
    struct model_standing wanted;
    model_call(&world->model, world->model.keys[key].account, key, cost, outcome, true,
               &wanted);
    enum status status = ledger_charge(world->ledger, &waiting.charge);
    while (status == STATUS_BUSY && sem_wait(&waiting.settled) != 0)
        continue;
    bool is_refused = wanted.outcome == MODEL_RATE_LIMITED ||
                      quota_verdict_of(wanted.outcome) != QUOTA_GRANTED;
    if (cost == 0 && wanted.outcome != MODEL_RATE_LIMITED)
        is_refused = false;
    return statuses_same(world, status, &waiting, is_refused, wanted.charged) &&
           verdict_same(world, &waiting.charge.standing, is_refused ? wanted.outcome : 0) &&
           standing_same(world, &waiting.charge.standing, &wanted);
}

static bool look(struct world *world, int key)
{
    struct charge charge = {.account_id = world->account_ids[world->model.keys[key].account],
                            .key_id = world->key_ids[key],
                            .cost = credits_of(8)};
    struct model_standing wanted;
    model_call(&world->model, world->model.keys[key].account, key, 8, 0, false, &wanted);
    if (world->is_shared)
        DONE(ledger_catch_up(world->ledger, charge.account_id, &world->reason));
    ledger_look(world->ledger, &charge);
    return verdict_same(world, &charge.standing, wanted.outcome) &&
           standing_same(world, &charge.standing, &wanted);
}

bool world_look(struct world *world)
{
    for (int key = 0; key < world->model.key_count; key++)
        if (!look(world, key)) {
            size_t length = strlen(world->difference);
            (void)snprintf(world->difference + length, sizeof(world->difference) - length,
                           " (account %d, key %d)", world->model.keys[key].account, key);
            return false;
        }
    return true;
}

/* ---- Changes ---- */

static struct text email_of(int account)
{
    static const char *const emails[MODEL_ACCOUNTS] = {"a@x", "b@x", "c@x", "tide@x"};
    return text_of(emails[account]);
}

bool world_plan(struct world *world, int account, int plan)
{
    struct plan_change change;
    bool is_at_once = model_plan_change(&world->model, account, plan);
    DONE(ledger_account_plan(world->ledger, email_of(account),
                             &(struct plan_request){.plan = text_of(world_plan_names[plan])},
                             &change, &world->reason));
    SAME("at once", change.next_plan == NULL, is_at_once);
    return true;
}

bool world_overage(struct world *world, int account, bool is_on, int64_t limit_cents)
{
    struct model_account *model = &world->model.accounts[account];
    struct overage_change change = {
        .is_on = is_on, .sets_limit = true, .spend_limit_cents = limit_cents};
    model_account_follow(&world->model, account);
    enum model_overage overage = world->model.plans[model->plan].overage;
    bool is_right = overage == MODEL_OPT_IN || (overage == MODEL_ALWAYS && is_on);
    enum status status = ledger_account_overage(world->ledger, email_of(account), &change,
                                                &world->reason);
    SAME("overage's status", status, is_right ? STATUS_OK : STATUS_CONFLICT);
    if (!is_right)
        return true;
    model->spend_limit_cents = limit_cents;
    if (overage == MODEL_OPT_IN)
        model->has_opted_in = is_on;
    return true;
}

bool world_key_make(struct world *world, int account, int64_t cap)
{
    struct model *model = &world->model;
    int live = 0;
    for (int i = 0; i < model->key_count; i++)
        live += model->keys[i].account == account && model->keys[i].is_live;
    if (live >= API_KEY_LIVE_MAX || model->key_count == MODEL_KEYS_MAX)
        return true;
    struct key_request request = {.daily_credit_cap = cap == UNLIMITED ? NO_KEY_CAP : cap};
    struct api_key key;
    struct api_key_text secret;
    DONE(ledger_key_make(world->ledger, email_of(account), &request, &key, &secret,
                         &world->reason));
    int place = model->key_count++;
    model->keys[place] = (struct model_key){account, cap, true};
    world->key_ids[place] = key.id;
    memcpy(world->key_names[place], key.outward_id, sizeof(key.outward_id));
    world->digests[place] = secret_digest((struct text){secret.characters, API_KEY_LENGTH});
    return true;
}

bool world_key_revoke(struct world *world, int key)
{
    DONE(ledger_key_revoke(world->ledger, text_of(world->key_names[key]), &world->reason));
    world->model.keys[key].is_live = false;
    return true;
}

bool world_key_cap(struct world *world, int key, int64_t cap)
{
    if (!world->model.keys[key].is_live)
        return true;
    struct api_key changed;
    DONE(ledger_key_cap(world->ledger, text_of(world->key_names[key]),
                        cap == UNLIMITED ? NO_KEY_CAP : cap, &changed, &world->reason));
    world->model.keys[key].cap = cap;
    return true;
}

/* ---- Time ---- */

/* A row tells the age of its slots by its own moment: it must not be written after a step. */
bool world_flush(struct world *world)
{
    return world_call(world, TIDE, 1, 0);
}

/* The committer gives back windows that are idle, before their clock wraps: it must see days pass. */
#define SWEEP_MS (INT64_C(20) * 86400 * 1000)

bool world_wait(struct world *world, int64_t ms)
{
    while (ms > 0) {
        if (!world_flush(world))
            return false;
        int64_t part = ms < SWEEP_MS ? ms : SWEEP_MS;
        world->model.ms += part;
        world->model.true_ms += part;
        world->model.wall_us += part * 1000;
        ms -= part;
        world_clocks_set(&world->model);
        /* The sweep follows the first of these batches and comes before the second. */
        if (part == SWEEP_MS && (!world_flush(world) || !world_flush(world)))
            return false;
    }
    return true;
}

/* What was admitted before a boot is told by the wall clock alone, so this one is stepped only when
 * that is past. */
bool world_step_clock(struct world *world, int64_t us)
{
    bool has_just_booted = world->model.true_ms - world->booted_ms < 60000;
    if (!(has_just_booted ? world_wait(world, 60000) : world_flush(world)))
        return false;
    world->model.wall_us += us;
    world->stepped_ms = world->model.true_ms;
    world_clocks_set(&world->model);
    return true;
}
