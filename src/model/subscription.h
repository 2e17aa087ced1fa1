/* subscription: what an account's plan gives and costs in one billing period.
 *
 * It is decided when the period begins, by the plan version in force then, and changes by
 * upgrades alone: what a plan file says later counts from the next period on. Pure; any thread. */
#pragma once

#include "model/billing_period.h"
#include "model/money.h"
#include "model/plan.h"

struct subscription {
    const struct plan *plan; /* the last of the period; borrowed */
    int64_t plan_version;    /* whose plan that is */
    int64_t included;        /* credits, of the plans alone */
    int64_t cents;           /* the sum of the invoice's lines: each is rounded once */
    int64_t granted;         /* credits on top of the included ones, by grants and refunds */
    int64_t refunded_micros; /* of the period's overage, given back within it */
};

/* Credits that may be used before overage. */
static inline credits subscription_allowance(const struct subscription *subscription)
{
    return credits_of(subscription->included + subscription->granted);
}

/* For a whole period. */
struct subscription subscription_of(const struct plan *plan, int64_t plan_version);

/* The same after an upgrade at now, within period or before an account's first: what the other
 * plan gives and costs more is added for the rest of the period, both by one fraction, the seconds
 * left over all of its seconds. Credits are rounded down, money to cents. What would become less
 * stays as it is. */
struct subscription subscription_upgrade(const struct subscription *subscription,
                                         const struct plan *plan, int64_t plan_version,
                                         const struct billing_period *period, instant now);
