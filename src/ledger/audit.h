/* audit: re-adds the whole journal and compares what is kept of it elsewhere.
 *
 * Found is: a journal row that is missing, does not unpack or miscounts its calls; an entry of an
 * unknown account, key or plan version; a plan version whose digest is not its plans', or that was
 * never loaded; a charge that is not the price of its endpoint in its plan version, or whose
 * overage is at no rate of one of that version's plans; overage while included credits were left,
 * and included credits after it; a period that does not include or cost what the load in force at
 * its beginning and the upgrades in it come to; a charge id used twice; a balance or usage_hour
 * column that is not the journal's sum; credits to bill, grants and refunds that are not the
 * journal's; a charge refunded twice, or otherwise than it was taken; a frozen statement whose
 * digest is not its text's, or that its period does not come to, or that is missing; one that is owed
 * and neither open nor paid, an open invoice that no statement knows, or of another amount or end than
 * its period's; an account refused as unpaid with no such invoice; an account's charge outside all of its activity ranges; a
 * fold mark that points nowhere. Not found is what the journal does not know: rate-limited calls; nor
 * an overdue account that is not refused yet: the days of grace are in no row.
 * Overage is looked at when it began a minute and two rows before the journal's end: until then
 * what two loops decided may still come in the other order. A server that was killed where an
 * account's included credits ended may have lost some that were decided before its overage; that
 * is told as well.
 *
 * The journal up to the fold mark must give the tables exactly; what comes after it is looked at
 * for itself. All of it in one view of the database, from any process, while its owners write on.
 *
 * Where several nodes share the ledger each has a fold mark, balances must hold what comes after it
 * too, missing rows cannot be told from ids that failed batches took, and an account's charges stand
 * in the order of their decisions: overage is looked at at once there, but for rows of no node (0).
 * Found is also: an account without its one account_window, or whose mail address is not where it
 * is looked for in account_email, and rows there of no account; a sequence behind the journal.
 *
 * Memory: charge ids take 22 to 43 bytes a charge in a hash table, for duplicates; each account
 * 48 bytes, and 144 to 288 more if it had overage; each load of a plan version 6 KB; sums are
 * spilled into a temporary file of its own past AUDIT_SUMS_MAX of them (sql/scratch.h). */
#pragma once

#include "base/reason.h"
#include "sql/db.h"

#define AUDIT_SUMS_MAX 65536 /* of a key, endpoint and hour: 12 MB */

/* What the caller's endpoints cost, by the numbers that the journal knows them by. */
struct audit_price {
    uint8_t endpoint;
    const char *operation_id; /* by which a plan version names its price */
    int64_t otherwise;        /* credits of a call where it names none */
};

struct audit_prices {
    const struct audit_price *at;
    size_t count; /* at most ENDPOINT_PRICES_MAX */
};

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
    int64_t adjustments;                   /* grants and refunds */
    int64_t statements;                    /* frozen ones */
    int64_t differences;
};

/* db: from db_open_to_read, of a ledger of this version. Blocks. Any difference is told and is no
 * failure: look at totals->differences. */
enum status ledger_audit(struct db *db, const struct audit_prices *prices,
                         const struct audit_watch *watch, struct audit_totals *totals,
                         struct reason *reason);
