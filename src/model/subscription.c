#include "model/subscription.h"

struct subscription subscription_of(const struct plan *plan, int64_t plan_version)
{
    return (struct subscription){.plan = plan,
                                 .plan_version = plan_version,
                                 .included = plan->included_credits,
                                 .cents = plan->price_cents};
}

/* Of what is more; rounded down. A clock may stand before an account's first period. */
static int64_t prorated(int64_t more, const struct billing_period *period, instant now)
{
    int64_t whole = instant_seconds(period->end) - instant_seconds(period->start);
    int64_t rest = instant_seconds(period->end) - instant_seconds(now);
    if (rest > whole)
        rest = whole;
    int64_t product;
    check(rest >= 0 && !__builtin_mul_overflow(more, rest, &product));
    return more > 0 ? product / whole : 0;
}

struct subscription subscription_upgrade(const struct subscription *subscription,
                                         const struct plan *plan, int64_t plan_version,
                                         const struct billing_period *period, instant now)
{
    const struct plan *from = subscription->plan;
    int64_t included = plan->included_credits - from->included_credits;
    micros_usd price = micros_of_cents(plan->price_cents - from->price_cents);
    micros_usd more = {prorated(price.count, period, now)};
    return (struct subscription){.plan = plan,
                                 .plan_version = plan_version,
                                 .included = subscription->included +
                                             prorated(included, period, now),
                                 .granted = subscription->granted,
                                 .refunded_micros = subscription->refunded_micros,
                                 .cents = subscription->cents + micros_to_cents(more)};
}
