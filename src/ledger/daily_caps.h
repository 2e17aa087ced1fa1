/* daily_caps: how many credits of a day an account's plan let it use, day by day. */
#pragma once

#include "base/reason.h"
#include "base/status.h"

struct ledger;

/* caps has room for count days from day_from on (days since 1970, UTC): the cap by the plan and
 * the plan file that were, or are to be, in force at the end of the day; 0: none. Blocks. */
enum status ledger_daily_caps(struct ledger *ledger, int64_t account_id, int64_t day_from,
                              size_t count, int64_t *caps, struct reason *reason);
