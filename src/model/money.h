/* money: US dollars in millionths, so that every price of a credit is whole.
 *
 * A price of C cents for 1,000 credits is 10 * C micro-dollars for one: nothing is rounded until
 * micros_to_cents, which is called once an invoice line. Pure; any thread. */
#pragma once

#include "model/credits.h"

typedef struct {
    int64_t count; /* may be negative: a refund */
} micros_usd;

#define MICROS_A_CENT INT64_C(10000)
#define MICROS_MAX                                                                             \
    INT64_C(1000000000000000000) /* 10^18, a million million dollars: what sums stay below */

static inline micros_usd micros_of_cents(int64_t cents)
{
    check(cents >= -INT64_MAX / MICROS_A_CENT && cents <= INT64_MAX / MICROS_A_CENT);
    return (micros_usd){cents * MICROS_A_CENT};
}

/* What that many credits past the included ones cost. */
static inline micros_usd micros_of_overage(credits overage, int64_t cents_per_1000)
{
    int64_t micros;
    check(!__builtin_mul_overflow(overage.count, 10 * cents_per_1000, &micros));
    return (micros_usd){micros};
}

/* How many whole credits that much money pays for; a price of 0 pays for CREDITS_MAX. */
static inline credits micros_pay_for(micros_usd amount, int64_t cents_per_1000)
{
    if (cents_per_1000 == 0)
        return (credits){CREDITS_MAX};
    int64_t count = amount.count / (10 * cents_per_1000);
    return (credits){count < 0 ? 0 : count > CREDITS_MAX ? CREDITS_MAX : count};
}

/* Half a cent is rounded away from zero. */
static inline int64_t micros_to_cents(micros_usd amount)
{
    int64_t half = amount.count < 0 ? -MICROS_A_CENT / 2 : MICROS_A_CENT / 2;
    return (amount.count + half) / MICROS_A_CENT;
}
