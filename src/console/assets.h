/* assets: the console's files for browsers, built into the program.
 *
 * Made by the build from src/console/assets and from what web/ was built to, where that is there:
 * console.js and console.css are the console's own program. Frozen; any thread. */
#pragma once

#include "api/assets.h"

extern const struct asset asset_account_css; /* of the pages that need no script */

#define CONSOLE_ASSETS_MAX 8
extern const struct asset *const console_assets[];
extern const size_t console_asset_count;

/* By the name of its file, "console.js"; NULL: the program was built without it. */
const struct asset *console_asset_find(struct text name);
