/* credits: what calls cost and plans include, counted whole.
 *
 * One-field struct, so that a count of calls or an amount of money does not pass for it. Pure;
 * any thread. Sums are checked: CREDITS_MAX is far above any real plan, and passing it is a bug. */
#pragma once

#include "base/text.h"

typedef struct {
    int64_t count; /* 0 to CREDITS_MAX */
} credits;

#define CREDITS_MAX INT64_C(1000000000000000) /* 10^15: a thousand of the largest plans */

static inline credits credits_of(int64_t count)
{
    check(count >= 0 && count <= CREDITS_MAX);
    return (credits){count};
}

static inline credits credits_add(credits a, credits b)
{
    return credits_of(a.count + b.count);
}

/* What is left of whole after part; 0 when part is more. */
static inline credits credits_left(credits whole, credits part)
{
    return (credits){whole.count > part.count ? whole.count - part.count : 0};
}

static inline credits credits_least(credits a, credits b)
{
    return a.count < b.count ? a : b;
}
