/* plan_json: plans as the canonical JSON that a plan version is kept as.
 *
 * {"plans":[{"name":...,"price_cents":...}],"credits":{"<operation id>":...}}, in the order of
 * the plan file: the same plans are the same bytes, and so have one digest. Pure; any thread. */
#pragma once

#include "base/buffer.h"
#include "settings/plans.h"

#define PLAN_JSON_BYTES_MAX (64 * 1024) /* 32 plans and 64 prices of some 200 bytes each */

void plan_json_write(struct buffer *json, const struct plans *plans);

/* STATUS_CORRUPT: not what plan_json_write wrote. */
enum status plan_json_read(struct text json, struct plans *plans, struct reason *reason);
