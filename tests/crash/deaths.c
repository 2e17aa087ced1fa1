#include "crash/deaths.h"

#include "support/unit.h"

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
    int64_t n = 1 + deaths->passed_over;
    while (death_is_survived(deaths, n, survivors))
        n += deaths->step;
    print_message("# %lld operations\n", (long long)n - 1);
    assert_true(n + deaths->step > deaths->operations_min);
}
