/* audit_parts: the inside of an audit, shared by audit*.c. */
#pragma once

#include "base/buffer.h"
#include "base/places.h"
#include "ledger/audit.h"
#include "ledger/fold_marks.h"
#include "ledger/usage.h"
#include "model/billing_period.h"

struct terms_book;

#define AUDIT_WHAT_BYTES_MAX 256 /* the longest sentence about a difference */

/* Where a journal row stands. */
struct audit_place {
    int64_t id;
    int64_t boot, elapsed_us; /* of a shared ledger: 0, and the batch's wall time */
    bool is_ordered;          /* its node held each account from the decision to the row */
    bool
        is_unfolded; /* the projections lack some of it; of its account, for the call being read */
};

struct audit {
    struct db *db;
    struct db *scratch; /* where sums are kept */
    bool is_shared; /* several nodes write the ledger: balances hold what is not folded yet */
    const struct audit_prices *prices;
    const struct audit_watch *watch;
    struct audit_totals totals;
    int64_t
        mark; /* up to which row the projections have all accounts; of a shared ledger: the last row */
    struct fold_marks marks;  /* of a file */
    struct audit_place place; /* of the row being read */
    struct places sums;       /* re-added from the rows before, AUDIT_SUMS_MAX at most */
    /* Open addressing, a power of two places; all zeroes: free place. */
    uint8_t (*charge_ids)[CHARGE_ID_BYTES];
    size_t charge_id_capacity, charge_id_count;
    struct audit_range *ranges; /* likewise, by account */
    size_t range_capacity, range_count;
    struct audit_overage *overages; /* likewise */
    size_t overage_capacity, overage_count;
    struct audit_billing *billing;
    struct audit_version *versions; /* by rising id */
    size_t version_count, version_capacity;
};

/* Tells a difference of an account (0: of none), with sums or without. */
__attribute__((format(printf, 5, 6))) enum status audit_differs(struct audit *audit,
                                                                int64_t account_id,
                                                                const int64_t sums[2],
                                                                struct reason *reason,
                                                                const char *format, ...);

/* The first instant of an account; 0 when there is no such account. */
enum status audit_anchor(struct audit *audit, int64_t account_id, instant *anchor,
                         struct reason *reason);

/* Which billing period of its account an entry belongs to. */
enum status audit_period_key(struct audit *audit, const struct journal_entry *entry,
                             char key[PERIOD_KEY_BYTES], struct reason *reason);

/* ---- audit_sums.c: what the journal adds up to, in the scratch database ---- */

#define AUDIT_SUMMED (CALL_OUTCOMES + 3) /* the columns of usage_hour that the journal knows */

enum status audit_sums_open(struct audit *audit, struct reason *reason);
enum status audit_sums_add(struct audit *audit, const struct journal_entry *entry,
                           struct reason *reason);

/* After the last entry: all sums are in the scratch's readded. */
enum status audit_sums_spill(struct audit *audit, struct reason *reason);

/* ---- audit_entries.c: whether one entry can be right ---- */

/* *can_be_added: it has an account and a time that sums can be kept under. */
enum status audit_entry(struct audit *audit, const struct journal_entry *entry,
                        bool *can_be_added, struct reason *reason);
void audit_entries_close(struct audit *audit);

/* ---- audit_plans.c: whether a charge is what its plan version asks for ---- */

enum status audit_plans_open(struct audit *audit, struct reason *reason);
bool audit_plans_has(const struct audit *audit, int64_t version);
enum status audit_plans_entry(struct audit *audit, const struct journal_entry *entry,
                              struct reason *reason);
void audit_plans_close(struct audit *audit);

/* ---- audit_overage.c: whether overage began where the included credits ended ---- */

enum status audit_overage_entry(struct audit *audit, const struct journal_entry *entry,
                                struct reason *reason);
enum status audit_overage_end(struct audit *audit, struct reason *reason);
void audit_overage_close(struct audit *audit);

/* ---- audit_subscriptions.c: whether balances include and cost what their plans say ---- */

enum status audit_subscriptions(struct audit *audit, struct reason *reason);

/* ---- audit_billed.c: what statements are to bill, grants and refunds ---- */

enum status audit_billed_open(struct audit *audit, struct reason *reason);
enum status audit_billed_entry(struct audit *audit, const struct journal_entry *entry,
                               struct reason *reason);
enum status audit_billed_adjustment(struct audit *audit, const struct adjustment *adjustment,
                                    struct reason *reason);

/* After the last entry: all sums are in the scratch's rebilled and readjusted. */
enum status audit_billed_spill(struct audit *audit, struct reason *reason);

/* Tells refunds that are marked and were not given. */
enum status audit_refunds_end(struct audit *audit, struct reason *reason);
void audit_billed_close(struct audit *audit);

/* ---- audit_statements.c: whether frozen statements are what their periods come to ---- */

/* book: all loads. */
enum status audit_statements(struct audit *audit, struct terms_book *book,
                             struct reason *reason);

/* ---- audit_compare.c: the scratch against the kept tables ---- */

enum status audit_compare(struct audit *audit, struct reason *reason);
