/* quota: whether a call's credits may be taken, and which limit says no.
 *
 * Pure and total; any thread. All amounts are credits; days and periods are the caller's: what
 * is used is what was used in the present day or period. */
#pragma once

#include "model/credits.h"

#define NO_LIMIT ((credits){CREDITS_MAX})

struct quota {
    credits included; /* of the billing period */
    credits used;     /* in the period, up to included */
    credits
        overage_permitted; /* past them: 0 when overage is off; NO_LIMIT without spend limit */
    credits overage_used;
    bool has_overage;  /* a refusal past included is then the spend limit's */
    credits daily_cap; /* NO_LIMIT: none */
    credits daily_used;
    credits key_cap; /* NO_LIMIT: none */
    credits key_used;
};

enum quota_verdict {
    QUOTA_GRANTED,
    QUOTA_KEY_DAILY,    /* the key's own daily cap */
    QUOTA_DAILY,        /* the account's daily cap */
    QUOTA_INSUFFICIENT, /* the period's credits, and no overage */
    QUOTA_SPEND_LIMIT,  /* the period's credits, and overage up to its limit */
};

/* Takes nothing. *overage: the part of cost that is overage when granted. Of several limits that
 * say no, the one that resets last is named: the period's before the day's, which it outlives
 * unless both end together (period_ends_today); among those that reset together, the first of
 * key, day, period. A cost of 0 is always granted. */
enum quota_verdict quota_decide(const struct quota *quota, credits cost, bool period_ends_today,
                                credits *overage);

/* Included credits that are left in the period; never negative. */
static inline credits quota_remaining(const struct quota *quota)
{
    return credits_left(quota->included, quota->used);
}
