#include "ledger/claims.h"

#include "base/status.h"

#include <stdbool.h>

void claims_init(struct claims *claims)
{
    *claims = (struct claims){0};
    check(uv_mutex_init(&claims->lock) == 0);
    check(uv_cond_init(&claims->released) == 0);
}

void claims_finish(struct claims *claims)
{
    uv_cond_destroy(&claims->released);
    uv_mutex_destroy(&claims->lock);
}

static bool has_one_of(const struct claim *claim, const int64_t *accounts, size_t count)
{
    for (size_t i = 0, j = 0; i < count && j < claim->count;) {
        if (accounts[i] == claim->accounts[j])
            return true;
        if (accounts[i] < claim->accounts[j])
            i++;
        else
            j++;
    }
    return false;
}

static bool is_taken(const struct claims *claims, const int64_t *accounts, size_t count)
{
    for (size_t i = 0; i < CLAIMANTS_MAX; i++)
        if (has_one_of(&claims->of[i], accounts, count))
            return true;
    return false;
}

void claims_take(struct claims *claims, size_t claimant, const int64_t *accounts, size_t count)
{
    uv_mutex_lock(&claims->lock);
    check(claimant < CLAIMANTS_MAX && claims->of[claimant].count == 0);
    while (is_taken(claims, accounts, count))
        uv_cond_wait(&claims->released, &claims->lock);
    claims->of[claimant] = (struct claim){accounts, count};
    uv_mutex_unlock(&claims->lock);
}

void claims_release(struct claims *claims, size_t claimant)
{
    uv_mutex_lock(&claims->lock);
    claims->of[claimant] = (struct claim){0};
    uv_cond_broadcast(&claims->released);
    uv_mutex_unlock(&claims->lock);
}
