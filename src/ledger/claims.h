/* claims: which accounts each of some threads decides about, so that no two decide about one at once.
 *
 * A row's lock does not keep the lanes of a node apart: a server that ends the transaction of one gives the
 * lock to another, while the first still decides, in the memory that both share. Claims are taken before locks of
 * rows, and a thread that waits for a claim has none of its own. Any thread; blocks on claims alone. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#define CLAIMANTS_MAX 4

struct claims {
    uv_mutex_t lock; /* over all below */
    uv_cond_t released;
    struct claim {
        const int64_t *accounts; /* rising; the claimant's */
        size_t count;
    } of[CLAIMANTS_MAX];
};

void claims_init(struct claims *claims);
void claims_finish(struct claims *claims);

/* Waits until no other claimant has one of the accounts, which are rising and stay until they are released.
 * claimant: from 0 to CLAIMANTS_MAX - 1, and without a claim. */
void claims_take(struct claims *claims, size_t claimant, const int64_t *accounts, size_t count);

void claims_release(struct claims *claims, size_t claimant);
