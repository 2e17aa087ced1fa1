#include "model/estimate.h"

struct estimate estimate_of(const struct plan *plan, credits used, int days)
{
    credits included = credits_least(used, credits_of(plan->included_credits));
    credits overage = credits_left(used, included);
    /* As invoice_add_overage, which ends the program where micros_usd does not hold it. */
    wide_micros cost = (wide_micros)overage.count * (10 * plan->overage_cents_per_1000);
    int64_t overage_cents = (int64_t)((cost + MICROS_A_CENT / 2) / MICROS_A_CENT);
    int64_t cap = plan->daily_credit_cap;
    return (struct estimate){
        .included_credits = included.count,
        .overage_credits = overage.count,
        .included_cents = plan->price_cents,
        .overage_cents = overage_cents,
        .total_cents = plan->price_cents + overage_cents,
        .exact = micros_of_cents(plan->price_cents).count + cost,
        .has_room = overage.count == 0 || plan->overage != OVERAGE_NONE,
        .fits_days = cap == 0 || used.count <= cap * days,
    };
}

const struct plan *estimate_cheapest(const struct plan *plans, size_t count, credits used,
                                     int days)
{
    const struct plan *cheapest = NULL;
    wide_micros least = 0;
    for (size_t i = 0; i < count; i++) {
        struct estimate estimate = estimate_of(&plans[i], used, days);
        if (!estimate.has_room || !estimate.fits_days || (cheapest && estimate.exact >= least))
            continue;
        cheapest = &plans[i];
        least = estimate.exact;
    }
    return cheapest;
}

static bool is_cheaper(const struct plan *plan, const struct plan *other, int64_t used)
{
    return estimate_of(other, credits_of(used), 1).exact <
           estimate_of(plan, credits_of(used), 1).exact;
}

/* Within each side of both plans' included credits the difference moves in one direction only. */
static int64_t first_within(const struct plan *plan, const struct plan *other, int64_t call,
                            int64_t low, int64_t high)
{
    if (low > high)
        return -1;
    if (is_cheaper(plan, other, low * call))
        return low * call;
    if (!is_cheaper(plan, other, high * call))
        return -1;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (is_cheaper(plan, other, middle * call))
            high = middle;
        else
            low = middle;
    }
    return high * call;
}

int64_t estimate_break_even(const struct plan *plan, const struct plan *other,
                            credits call_credits)
{
    int64_t call = call_credits.count;
    check(call > 0);
    int64_t a = plan->included_credits / call, b = other->included_credits / call;
    int64_t edges[] = {0, a < b ? a : b, a < b ? b : a, CREDITS_MAX / call};
    for (size_t i = 0; i + 1 < LENGTH_OF(edges); i++) {
        int64_t found = first_within(plan, other, call, edges[i] + (i > 0), edges[i + 1]);
        if (found >= 0)
            return estimate_of(plan, credits_of(found), 1).has_room ? found : -1;
    }
    return -1;
}
