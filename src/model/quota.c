#include "model/quota.h"

static bool fits(credits used, credits cost, credits limit)
{
    return cost.count <= credits_left(limit, used).count;
}

enum quota_verdict quota_decide(const struct quota *quota, credits cost, bool period_ends_today,
                                credits *overage)
{
    credits covered = credits_least(cost, quota_remaining(quota));
    credits beyond = credits_left(cost, covered);
    bool key_refuses = !fits(quota->key_used, cost, quota->key_cap);
    bool day_refuses = !fits(quota->daily_used, cost, quota->daily_cap);
    bool period_refuses = !fits(quota->overage_used, beyond, quota->overage_permitted);
    enum quota_verdict of_period = quota->has_overage ? QUOTA_SPEND_LIMIT : QUOTA_INSUFFICIENT;
    if (!key_refuses && !day_refuses && !period_refuses) {
        *overage = beyond;
        return QUOTA_GRANTED;
    }
    if (period_refuses && !period_ends_today)
        return of_period;
    return key_refuses ? QUOTA_KEY_DAILY : day_refuses ? QUOTA_DAILY : of_period;
}
