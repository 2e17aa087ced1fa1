#include "crash/deaths.h"

#include "support/unit.h"

#include <stdlib.h>

static int64_t step_of(const struct deaths *deaths)
{
    const char *full = getenv("TRENDGATE_TEST_FULL");
    return DEATHS_STEP(full && full[0] == '1' ? 1 : deaths->sample_step);
}

static bool death_is_survived(const struct deaths *deaths, int64_t n,
                              enum shim_survivors survivors)
{
    deaths->clear();
    shim_order(&(struct shim_orders){.dies_at = n});
    bool died = deaths->dies();
    shim_survive(survivors, (uint64_t)n);
    deaths->check(died);
    return died;
}

void deaths_are_survived(const struct deaths *deaths, enum shim_survivors survivors)
{
    int64_t step = step_of(deaths);
    int64_t n = 1 + (int64_t)survivors % step;
    while (death_is_survived(deaths, n, survivors))
        n += step;
    print_message("# %lld operations\n", (long long)n - 1);
    assert_true(n + step > deaths->operations_min);
}
