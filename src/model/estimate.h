/* estimate: what a number of credits a billing period costs on each plan, by the lines that an
 * invoice would have.
 *
 * Overage that a plan leaves open counts as switched on. Exact for every plan that a plan file
 * may have and every use up to CREDITS_MAX: some 10^18 cents at most, which are more
 * micro-dollars than micros_usd holds and than an account is ever charged. Pure; any thread. */
#pragma once

#include "model/money.h"
#include "model/plan.h"

/* Micro-dollars that may be past MICROS_MAX: up to 10^22. */
__extension__ typedef __int128 wide_micros;

struct estimate {
    int64_t included_credits; /* of those asked for, or less */
    int64_t overage_credits;
    int64_t included_cents; /* the subscription's line */
    int64_t overage_cents;  /* the overage's */
    int64_t total_cents;    /* their sum */
    wide_micros exact;      /* the same before rounding: plans are compared by it */
    bool has_room;          /* the plan lets that much be used: included, or overage */
    bool fits_days;         /* its daily cap does, spread evenly over the period's days */
};

/* used: credits in one whole billing period of that many days. */
struct estimate estimate_of(const struct plan *plan, credits used, int days);

/* The plan that costs least for so much use and lets it happen; of equals the first. NULL: none
 * lets it. */
const struct plan *estimate_cheapest(const struct plan *plans, size_t count, credits used,
                                     int days);

/* The least use, in whole calls of that many credits, for which other costs less than plan; -1:
 * there is none up to CREDITS_MAX, or plan does not let so much be used before that is so. Daily
 * caps are not looked at. call_credits: 1 or more. */
int64_t estimate_break_even(const struct plan *plan, const struct plan *other,
                            credits call_credits);
