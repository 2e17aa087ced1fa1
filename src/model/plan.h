/* plan: what an account pays a month and what it may call for that.
 *
 * Pure values; any thread. Prices are whole US cents, credits are whole. */
#pragma once

#include "base/text.h"

enum overage { OVERAGE_NONE, OVERAGE_OPT_IN, OVERAGE_ALWAYS };

#define PLAN_NAME_BYTES_MAX 40

struct plan {
    char name[PLAN_NAME_BYTES_MAX + 1];
    int64_t price_cents;           /* a month, 0 to 100,000,000 */
    int64_t included_credits;      /* a billing period, 0 to 10^12 */
    int64_t daily_credit_cap;      /* 0: none; to 10^12 */
    int64_t rate_limit_per_minute; /* 1 to 1,000,000 */
    enum overage overage;
    int64_t overage_cents_per_1000; /* for 1,000 credits, 0 to 1,000,000; 0 with OVERAGE_NONE */
};

/* "none", "opt_in", "always". */
const char *overage_word(enum overage overage);
