/* audit: re-adds the whole journal and compares what is kept of it elsewhere.
 *
 * Found is: a journal row that is missing, does not unpack or miscounts its calls; an entry of an
 * unknown account, key or plan version, or of a price that its plan version lacks; a charge id
 * used twice; a balance or usage_hour column that is not the journal's sum; an account's charge
 * outside all of its activity ranges; a fold mark that points nowhere. Not found is what the
 * journal does not know: rate-limited calls, and what else an account's plan includes.
 *
 * The journal up to the fold mark must give the tables exactly; what comes after it is looked at
 * for itself. All of it in one view of the file, from any process, while its owner writes on.
 *
 * Memory: charge ids take 22 to 43 bytes a charge in a hash table, for duplicates; each account
 * 48 bytes; sums are spilled into a temporary file past AUDIT_SUMS_MAX of them. */
#pragma once

#include "base/reason.h"
#include "sql/db.h"

#define AUDIT_SUMS_MAX 65536 /* of a key, endpoint and hour: 12 MB */

struct audit_difference {
    struct text account; /* its mail; its number when there is no such account; "-": of none */
    struct text what;
    bool has_sums; /* the two below count */
    int64_t journal;
    int64_t table;
};

struct audit_watch {
    void (*differs)(void *owner, const struct audit_difference *difference);
    void (*passed)(void *owner, int64_t rows, int64_t of_rows);
    void *owner;
};

struct audit_totals {
    int64_t rows, calls; /* of the journal */
    int64_t charges, credits, overage, overage_micros;
    int64_t unfolded_rows, unfolded_calls; /* of them, after the fold mark */
    int64_t differences;
};

/* db: from db_open_to_read, of a ledger of this version. Blocks. Any difference is told and is no
 * failure: look at totals->differences. */
enum status ledger_audit(struct db *db, const struct audit_watch *watch,
                         struct audit_totals *totals, struct reason *reason);
