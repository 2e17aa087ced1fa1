/* key_rows: keys as the console shows them, with what each was used for. On a pool thread. */
#pragma once

#include "console/errand.h"
#include "ledger/changes.h"

#define KEYS_LISTED_MAX 1000 /* the live ones, 20 at most, and the newest of the others */

struct key_sums {
    int64_t credits_this_period;
    int64_t calls_24h;
};

/* The keys of the errand's account as they were when they were read. */
struct key_rows {
    struct account account;
    struct api_key *keys; /* newest first, so that their numbers fall */
    struct key_sums *sums;
    size_t count;
    int64_t chosen_id; /* 0: none */
    int64_t period_hour, recent_hour;
};

/* False: the errand is refused. Either way key_rows_finish gives back what rows holds. */
bool key_rows_read(struct errand *errand, struct key_rows *rows);
void key_rows_finish(struct key_rows *rows);

/* A key as a verb returned it, as a member of that name, with what rows knows of its use: a new
 * key has none. Reads nothing, so that it cannot fail once a secret is there to be told. */
void key_row_tell(struct errand *errand, const char *name, const struct key_rows *rows,
                  const struct api_key *key, bool is_chosen);

/* The keys of the errand's account as "items". */
void key_rows_write(struct errand *errand);

/* One of them, as it is now, as a member of that name. */
void key_row_write(struct errand *errand, const char *name, struct text id);
