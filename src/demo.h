/* demo: what `serve --demo` makes on a database: one account and its key of the day. */
#pragma once

#include "ledger/sessions.h"
#include "settings/plans.h"
#include "settings/settings.h"

#define DEMO_EMAIL "demo@localhost"

/* STATUS_INVALID: the settings would have it listen where others can reach it. */
enum status demo_is_allowed(const struct settings *settings, struct reason *reason);

struct demo {
    struct api_key_text key;
    struct session_token link; /* signs in to the console once */
};

/* Makes the account on the last plan of the file unless it is there, revokes the key that the
 * last start printed, and makes a new one and a sign-in link. Touches no other account. Blocks on the disk. */
enum status demo_make(struct ledger *ledger, const struct plans *plans, struct demo *demo,
                      struct reason *reason);
