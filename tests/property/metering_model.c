#include "property/metering_model.h"

#include <time.h>

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)
#define WINDOW_MS 60000

/* ---- Dates, by the C library ---- */

static struct tm date_of(int64_t at_us)
{
    time_t seconds = at_us / SECOND;
    struct tm date;
    check(gmtime_r(&seconds, &date) != NULL);
    return date;
}

int model_day_of_month(int64_t at_us)
{
    return date_of(at_us).tm_mday;
}

/* 00:00 of the anchor day in that month, or of the month's last day. */
static int64_t start_of(const struct model_account *account, int64_t period)
{
    struct tm next = {
        .tm_year = (int)(period / 12) - 1900, .tm_mon = (int)(period % 12) + 1, .tm_mday = 1};
    time_t month_end = timegm(&next) - 1;
    struct tm last = date_of(month_end * SECOND);
    if (account->anchor_day < last.tm_mday)
        last.tm_mday = account->anchor_day;
    last.tm_hour = last.tm_min = last.tm_sec = 0;
    return timegm(&last) * SECOND;
}

int64_t model_period_at(const struct model_account *account, int64_t at_us)
{
    if (at_us < account->made_us)
        at_us = account->made_us;
    struct tm date = date_of(at_us);
    int64_t period = (date.tm_year + 1900) * INT64_C(12) + date.tm_mon;
    return start_of(account, period) > at_us ? period - 1 : period;
}

/* ---- Sums ---- */

int64_t model_day_used(const struct model *model, int account, int64_t day)
{
    int64_t sum = 0;
    for (int i = 0; i < model->call_count; i++)
        if (model->calls[i].account == account && model->calls[i].day == day)
            sum += model->calls[i].charged;
    return sum;
}

static int64_t key_used(const struct model *model, int key, int64_t day)
{
    int64_t sum = 0;
    for (int i = 0; i < model->call_count; i++)
        if (model->calls[i].key == key && model->calls[i].day == day)
            sum += model->calls[i].charged;
    return sum;
}

int64_t model_period_used(const struct model *model, int account, int64_t period,
                          int64_t *overage, int64_t *micros)
{
    int64_t used = 0;
    *overage = *micros = 0;
    for (int i = 0; i < model->call_count; i++) {
        const struct model_call *call = &model->calls[i];
        if (call->account != account || call->period != period)
            continue;
        used += call->charged - call->overage;
        *overage += call->overage;
        *micros += call->micros;
    }
    return used;
}

/* ---- The window ---- */

static bool took_slot(const struct model_call *call)
{
    return call->outcome != MODEL_RATE_LIMITED;
}

static void window_look(const struct model *model, int account, int64_t limit,
                        struct model_standing *standing)
{
    int64_t taken = 0, oldest_ms = 0;
    for (int i = 0; i < model->call_count; i++) {
        const struct model_call *call = &model->calls[i];
        if (call->account != account || !took_slot(call) || model->ms - call->ms >= WINDOW_MS)
            continue;
        if (taken++ == 0)
            oldest_ms = call->ms;
    }
    standing->limit = limit;
    standing->remaining = taken < limit ? limit - taken : 0;
    standing->reset_ms = taken > 0 ? oldest_ms + WINDOW_MS - model->ms : 0;
    standing->retry_ms = 0;
    /* The limit-th newest must grow old. */
    int64_t newer = 0;
    for (int i = model->call_count - 1; i >= 0 && taken >= limit; i--) {
        const struct model_call *call = &model->calls[i];
        if (call->account != account || !took_slot(call) || model->ms - call->ms >= WINDOW_MS)
            continue;
        if (++newer == limit) {
            standing->retry_ms = call->ms + WINDOW_MS - model->ms;
            break;
        }
    }
}

/* ---- Time of an account ---- */

/* By whose terms the period is decided: its start, or the account's making. */
static int64_t decided_us(const struct model_account *account)
{
    int64_t start_us = start_of(account, account->period);
    return start_us > account->made_us ? start_us : account->made_us;
}

static struct model_subscription subscription_begun(const struct model *model,
                                                    const struct model_account *account)
{
    int last = 0;
    for (int i = 0; i < model->load_count; i++)
        if (model->loads[i].at_us <= decided_us(account))
            last = i;
    struct model_plan plan = model->loads[last].plans[account->plan];
    return (struct model_subscription){plan.included, plan.monthly, plan};
}

void model_period_enter(const struct model *model, struct model_account *account,
                        int64_t period)
{
    account->period = period;
    account->plan = account->next_plan;
    account->subscription = subscription_begun(model, account);
    account->is_kept = false;
}

void model_account_follow(struct model *model, int place)
{
    struct model_account *account = &model->accounts[place];
    int64_t day = model->wall_us / DAY;
    if (day > account->day)
        account->day = day;
    int64_t now_us = model->wall_us < account->day * DAY ? account->day * DAY : model->wall_us;
    int64_t period = model_period_at(account, now_us);
    if (period <= account->period)
        return;
    if (account->is_kept || account->period < 0) {
        account->plan_before = account->plan;
        account->period_before = account->period;
        account->subscription_before = account->subscription;
    }
    model_period_enter(model, account, period);
}

void model_load(struct model *model, const struct model_plan plans[MODEL_PLANS])
{
    int64_t at_us = model->wall_us;
    for (int i = 0; i < MODEL_ACCOUNTS; i++) {
        const struct model_account *account = &model->accounts[i];
        if (account->period >= 0 && decided_us(account) >= at_us)
            at_us = decided_us(account) + 1;
    }
    check(model->load_count < MODEL_LOADS_MAX);
    struct model_load *load = &model->loads[model->load_count];
    if (model->load_count > 0 && memcmp(plans, load[-1].plans, sizeof(load->plans)) == 0)
        return;
    if (model->load_count > 0 && load[-1].at_us > at_us)
        at_us = load[-1].at_us;
    load->at_us = at_us;
    memcpy(load->plans, plans, sizeof(load->plans));
    memcpy(model->plans, plans, sizeof(model->plans));
    model->load_count++;
}

static int64_t of_rest(int64_t amount, int64_t rest, int64_t whole)
{
    return amount > 0 ? amount * rest / whole : 0;
}

bool model_plan_change(struct model *model, int place, int plan)
{
    struct model_account *account = &model->accounts[place];
    model_account_follow(model, place);
    bool is_at_once = plan >= account->plan;
    if (account->plan == plan && account->next_plan == plan)
        return true;
    account->next_plan = plan;
    account->is_kept = true;
    int64_t end_us = start_of(account, account->period + 1);
    account->pending_at_us = is_at_once ? 0 : end_us;
    if (!is_at_once)
        return false;
    int64_t now_us = model->wall_us < account->day * DAY ? account->day * DAY : model->wall_us;
    int64_t rest = end_us / SECOND - now_us / SECOND;
    int64_t whole = (end_us - start_of(account, account->period)) / SECOND;
    rest = rest < whole ? rest : whole;
    struct model_subscription *subscription = &account->subscription;
    const struct model_plan *from = &subscription->plan, *to = &model->plans[plan];
    if (account->plan != plan) {
        int64_t micros = of_rest((to->monthly - from->monthly) * 10000, rest, whole);
        subscription->included += of_rest(to->included - from->included, rest, whole);
        subscription->cents += (micros + 5000) / 10000;
        subscription->plan = *to;
    }
    account->plan = plan;
    return true;
}

void model_plans_follow(struct model *model)
{
    for (int i = 0; i < MODEL_ACCOUNTS; i++) {
        struct model_account *account = &model->accounts[i];
        if (account->pending_at_us == 0 || account->pending_at_us > model->wall_us)
            continue;
        model_account_follow(model, i);
        if (account->plan == account->next_plan) {
            account->pending_at_us = 0;
            account->is_kept = true;
        }
    }
}

/* ---- Calls ---- */

static bool overage_is_on(const struct model_account *account, const struct model_plan *plan)
{
    return plan->overage == MODEL_ALWAYS ||
           (plan->overage == MODEL_OPT_IN && account->has_opted_in);
}

/* Where the account stands before the call. */
static void standing_find(const struct model *model, int place, int key,
                          struct model_standing *standing)
{
    const struct model_account *account = &model->accounts[place];
    const struct model_plan *plan = &model->plans[account->plan];
    int64_t micros;
    standing->included = account->subscription.included;
    standing->cents = account->subscription.cents;
    standing->used = model_period_used(model, place, account->period, &standing->overage_used,
                                       &micros);
    standing->overage_permitted = standing->overage_used;
    if (overage_is_on(account, plan)) {
        int64_t left = account->spend_limit_cents * 10000 - micros;
        if (account->spend_limit_cents == UNLIMITED || plan->price == 0)
            standing->overage_permitted = UNLIMITED;
        else if (left > 0)
            standing->overage_permitted += left / (plan->price * 10);
    }
    standing->daily_cap = plan->cap > 0 ? plan->cap : UNLIMITED;
    standing->daily_used = model_day_used(model, place, account->day);
    standing->key_cap = model->keys[key].cap;
    standing->key_used = key_used(model, key, account->day);
    window_look(model, place, plan->rate, standing);
}

static bool is_over(int64_t cap, int64_t used, int64_t cost)
{
    return cap != UNLIMITED && used + cost > cap;
}

/* CONTRACT: 429 first; of several exhausted credit limits the one that resets last, and of those
 * that reset together the key's, the day's, the period's. */
static int outcome_of(const struct model *model, int place, int64_t cost,
                      const struct model_standing *standing)
{
    const struct model_account *account = &model->accounts[place];
    if (standing->remaining == 0)
        return MODEL_RATE_LIMITED;
    if (cost == 0)
        return MODEL_CHARGED;
    int64_t left = standing->included > standing->used ? standing->included - standing->used
                                                       : 0;
    int64_t beyond = cost > left ? cost - left : 0;
    int64_t day_end = (account->day + 1) * DAY;
    bool is_last_day = start_of(account, account->period + 1) == day_end;
    int of_period = overage_is_on(account, &model->plans[account->plan]) ? MODEL_SPEND_LIMIT
                                                                         : MODEL_INSUFFICIENT;
    /* Nothing beyond: what was permitted is of no matter. */
    bool period_is_out = beyond > 0 &&
                         is_over(standing->overage_permitted, standing->overage_used, beyond);
    bool key_is_out = is_over(standing->key_cap, standing->key_used, cost);
    bool day_is_out = is_over(standing->daily_cap, standing->daily_used, cost);
    if (period_is_out && (!is_last_day || (!key_is_out && !day_is_out)))
        return of_period;
    return key_is_out ? MODEL_KEY_DAILY : day_is_out ? MODEL_DAILY : MODEL_CHARGED;
}

static void call_add(struct model *model, int place, int key,
                     const struct model_standing *standing)
{
    struct model_account *account = &model->accounts[place];
    check(model->call_count < MODEL_CALLS_MAX);
    model->calls[model->call_count++] = (struct model_call){
        .account = place,
        .key = key,
        .outcome = standing->outcome,
        .true_ms = model->true_ms,
        .ms = model->ms,
        .made_ms = model->ms,
        .boot = model->boot,
        .wall_us = model->wall_us,
        .day = account->day,
        .hour = standing->now_us / (3600 * SECOND),
        .period = account->period,
        .charged = standing->charged,
        .overage = standing->overage,
        .micros = standing->micros,
        .limit = model->plans[account->plan].rate,
    };
    if (standing->charged > 0)
        account->is_kept = true;
}

void model_call(struct model *model, int place, int key, int64_t cost, int outcome, bool takes,
                struct model_standing *standing)
{
    struct model_account *account = &model->accounts[place];
    *standing = (struct model_standing){0};
    model_account_follow(model, place);
    standing_find(model, place, key, standing);
    standing->outcome = outcome_of(model, place, cost, standing);
    int64_t day_start = account->day * DAY;
    standing->now_us = model->wall_us < day_start ? day_start : model->wall_us;
    standing->period = account->period;
    standing->period_start_us = start_of(account, account->period);
    standing->period_end_us = start_of(account, account->period + 1);
    if (!takes)
        return;
    struct model_standing decided = *standing;
    if (decided.outcome == MODEL_CHARGED && cost > 0) {
        int64_t left = decided.included > decided.used ? decided.included - decided.used : 0;
        decided.charged = cost;
        decided.overage = cost > left ? cost - left : 0;
        decided.micros = decided.overage * model->plans[account->plan].price * 10;
    } else if (decided.outcome == MODEL_CHARGED)
        decided.outcome = outcome;
    call_add(model, place, key, &decided);
    standing_find(model, place, key, &decided); /* as it is afterwards */
    *standing = decided;
}

/* ---- The whole list ---- */

#define LOOK_BACK_MS (15 * INT64_C(60000))

void model_ages_tell(struct model *model)
{
    bool is_long_ago = false;
    for (int i = model->call_count - 1; i >= 0; i--) {
        struct model_call *call = &model->calls[i];
        if (!took_slot(call))
            continue;
        call->ms = call->made_ms;
        int64_t wall_age_ms = (model->wall_us - call->wall_us) / 1000;
        bool is_of_this_boot = call->boot == model->boot;
        if (wall_age_ms > LOOK_BACK_MS &&
            (!is_of_this_boot || model->ms - call->ms > LOOK_BACK_MS))
            is_long_ago = true;
        if (is_of_this_boot)
            continue;
        int64_t age_ms = is_long_ago ? LOOK_BACK_MS : wall_age_ms > 0 ? wall_age_ms : 0;
        call->ms = model->ms - age_ms;
    }
    int64_t newest_ms[MODEL_ACCOUNTS];
    for (int i = 0; i < MODEL_ACCOUNTS; i++)
        newest_ms[i] = INT64_MIN;
    for (int i = 0; i < model->call_count; i++) {
        struct model_call *call = &model->calls[i];
        if (!took_slot(call) || model->ms - call->ms >= WINDOW_MS)
            continue;
        if (call->ms < newest_ms[call->account])
            call->ms = newest_ms[call->account];
        newest_ms[call->account] = call->ms;
    }
}

const char *model_windows_check(const struct model *model)
{
    for (int i = 0; i < model->call_count; i++) {
        const struct model_call *call = &model->calls[i];
        int64_t before = 0;
        for (int j = 0; j < i; j++) {
            const struct model_call *other = &model->calls[j];
            before += other->account == call->account && took_slot(other) &&
                      call->true_ms - other->true_ms < WINDOW_MS;
        }
        if (took_slot(call) && before >= call->limit)
            return "more calls were admitted in 60 seconds than the plan has";
        if (!took_slot(call) && before < call->limit && model->boot == 0)
            return "a call was refused while fewer than the plan's were made";
    }
    return NULL;
}
