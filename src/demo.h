/* demo: what `serve --demo` makes on a database: one account and its key of the day. */
#pragma once

#include "ledger/ledger.h"
#include "settings/plans.h"

#define DEMO_EMAIL "demo@localhost"

/* Makes the account on the last plan of the file unless it is there, revokes the key that the
 * last start printed, and makes a new one. Touches no other account. Blocks on the disk. */
enum status demo_key_make(struct ledger *ledger, const struct plans *plans,
                          struct api_key_text *secret, struct reason *reason);
