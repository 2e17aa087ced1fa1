/* statement: what one billing period of an account comes to: its invoice, and its canonical JSON.
 *
 * Made from what is kept: the period's balance, the changes of plan, and what is billed in it; so
 * that it comes out the same whenever it is made, once the period is closed. Works on any
 * connection to a ledger's file, inside one view or transaction of it. */
#pragma once

#include "base/buffer.h"
#include "ledger/billed.h"
#include "ledger/terms.h"
#include "model/billing_period.h"
#include "model/invoice.h"

struct statement_account {
    int64_t id;
    instant created_at;
    char outward_id[OUTWARD_ID_LENGTH + 1];
    char
        plan[PLAN_NAME_BYTES_MAX + 1]; /* as its row says it; counts where no change is known */
};

struct ledger;

struct statement {
    struct billing_period period;
    char plan[PLAN_NAME_BYTES_MAX + 1]; /* the last of the period */
    int64_t included;                   /* credits, by the plans */
    int64_t granted;                    /* on top of these, by grants and refunds */
    int64_t used, overage;              /* charged in the period and billed in it */
    int64_t late;                       /* charged in earlier periods and billed in it */
    int64_t refunded;                   /* given back: overage and included ones */
    struct invoice invoice;
};

void statement_finish(struct statement *statement);

/* More to count than the table billed has: the journal's unfolded tail. */
struct statement_tail {
    struct billed *rows; /* of one account */
    size_t count, capacity;
    bool is_shared; /* the ledger, by nodes of a cluster */
};
void statement_tail_finish(struct statement_tail *tail);

/* Adds what the account was charged and is not folded. closed: all periods that end by it
 * are. */
enum status statement_tail_read(struct ledger *ledger, struct db *db,
                                const struct statement_account *account, instant closed,
                                struct statement_tail *tail, struct reason *reason);

/* book: has the loads since the period's beginning, where the account has no balance of it.
 * tail: NULL for none. On success the caller finishes *statement. */
enum status statement_make(struct db *db, struct terms_book *book,
                           const struct statement_account *account,
                           const struct billing_period *period,
                           const struct statement_tail *tail, struct statement *statement,
                           struct reason *reason);

/* One in which nothing was used, owed or given: it names its plan and has no line. */
enum status statement_make_empty(struct db *db, const struct statement_account *account,
                                 const struct billing_period *period,
                                 struct statement *statement, struct reason *reason);

/* Nothing was used, owed or given: such a statement is not kept. */
bool statement_is_empty(const struct statement *statement);

#define STATEMENT_BYTES_MAX (1024 * 1024) /* some 4,000 lines: one a rate or an upgrade */

/* Members in the order of their names, no white space, integers alone: RFC 8785. */
void statement_write(const struct statement *statement, const struct statement_account *account,
                     struct buffer *json);

/* YYYY-MM of a period's number, and back; false: it is no such text. */
#define PERIOD_NUMBER_MIN (1970 * 12)
#define PERIOD_NUMBER_END (10000 * 12)
void period_number_write(int64_t number, char key[PERIOD_KEY_BYTES]);
bool period_number_read(struct text key, int64_t *number);

static inline int32_t period_number(const struct billing_period *period)
{
    return period->year * 12 + period->month - 1;
}

/* The period of that number, of an account with that anchor. */
struct billing_period period_of_number(instant anchor, int64_t number);

/* The period in whose statement a charge of period counts. */
int32_t statement_period(instant anchor, instant closed, const struct billing_period *period);
