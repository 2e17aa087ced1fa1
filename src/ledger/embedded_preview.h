/* embedded_preview: previews of plan changes, and changes that are held to one. */
#pragma once

#include "ledger/changes.h"
#include "ledger/meter_changes.h"

/* Moves before back to the moment of the preview that is asked for, if a change from before to
 * the plan of that slot would then be of the numbers that were shown. STATUS_CONFLICT: it would
 * not, or the preview is of another change, or too old. */
enum status plan_preview_hold(const struct terms *terms, struct text digest, uint8_t slot,
                              struct meter_plan *before, struct reason *reason);
