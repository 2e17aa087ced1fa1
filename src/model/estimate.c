#include "model/estimate.h"

struct estimate estimate_of(const struct plan *plan, credits used, int days)
{
    credits included = credits_least(used, credits_of(plan->included_credits));
    credits overage = credits_left(used, included);
    CLEANUP(invoice_finish) struct invoice invoice;
    invoice_init(&invoice);
    invoice_add_subscription(&invoice, 0, text_of(plan->name), plan->included_credits,
                             plan->price_cents);
    invoice_add_overage(&invoice, 0, overage, plan->overage_cents_per_1000);
    int64_t cap = plan->daily_credit_cap;
    return (struct estimate){
        .included_credits = included.count,
        .overage_credits = overage.count,
        .included_cents = invoice.lines[0].cents,
        .overage_cents = invoice.lines[1].cents,
        .total_cents = invoice.total_cents,
        .exact = invoice.exact,
        .has_room = overage.count == 0 || plan->overage != OVERAGE_NONE,
        .fits_days = cap == 0 || used.count <= cap * days,
    };
}

const struct plan *estimate_cheapest(const struct plan *plans, size_t count, credits used,
                                     int days)
{
    const struct plan *cheapest = NULL;
    micros_usd least = {0};
    for (size_t i = 0; i < count; i++) {
        struct estimate estimate = estimate_of(&plans[i], used, days);
        if (!estimate.has_room || !estimate.fits_days ||
            (cheapest && estimate.exact.count >= least.count))
            continue;
        cheapest = &plans[i];
        least = estimate.exact;
    }
    return cheapest;
}

/* No plan asks for more than 10^12 credits of overage, so that sums stay within int64. */
#define USE_MAX INT64_C(1000000000000)

static bool is_cheaper(const struct plan *plan, const struct plan *other, int64_t used)
{
    return estimate_of(other, credits_of(used), 1).exact.count <
           estimate_of(plan, credits_of(used), 1).exact.count;
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
    int64_t edges[] = {0, a < b ? a : b, a < b ? b : a, USE_MAX / call};
    for (size_t i = 0; i + 1 < LENGTH_OF(edges); i++) {
        int64_t found = first_within(plan, other, call, edges[i] + (i > 0), edges[i + 1]);
        if (found >= 0)
            return estimate_of(plan, credits_of(found), 1).has_room ? found : -1;
    }
    return -1;
}
