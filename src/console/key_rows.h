/* key_rows: keys as the console shows them, with what each was used for. On a pool thread. */
#pragma once

#include "console/errand.h"
#include "ledger/changes.h"

#define KEYS_LISTED_MAX 1000 /* the live ones, 20 at most, and the newest of the others */

/* The keys of the errand's account as "items". */
void key_rows_write(struct errand *errand);

/* One of them, as it is now, as a member of that name. */
void key_row_write(struct errand *errand, const char *name, struct text id);
