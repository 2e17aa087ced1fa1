/* plans: the plan file: what each plan costs and allows, and what each endpoint costs.
 *
 * Frozen after plans_read; any thread. A file with a fault is refused whole. */
#pragma once

#include "base/buffer.h"
#include "base/reason.h"
#include "model/plan.h"

#define PLANS_MAX 32
#define ENDPOINT_PRICES_MAX 64

struct endpoint_price {
    char operation_id[64];
    int64_t credits; /* 0 to 1,000,000 */
};

struct plans {
    struct plan plans[PLANS_MAX]; /* cheapest first, as in the file */
    size_t plan_count;
    struct endpoint_price prices[ENDPOINT_PRICES_MAX];
    size_t price_count;
};

/* file: empty for the plans built into the program. known_operations (NULL-ended): the operation
 * ids that a price may be given for. A fault names file, line and reason. */
enum status plans_read(struct text file, const char *const *known_operations,
                       struct plans *plans, struct reason *reason);

/* NULL: none has that name (compared in any letter case). */
const struct plan *plans_find(const struct plans *plans, struct text name);
