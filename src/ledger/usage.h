/* usage: what an account's keys did, by hour: the table usage_hour and, added to it, what the
 * journal holds since the last fold. All in one view, so that the sums are the journal's.
 *
 * Reads through the ledger's reader (ledger/reader.h): these verbs block on the disk, hold up no
 * charge, and belong on a pool thread or in a command. */
#pragma once

#include "ledger/journal.h"
#include "model/account.h"
#include "model/billing_period.h"

struct ledger;

/* The columns of usage_hour: calls by outcome, in the order of enum call_outcome, then those that
 * were rate-limited (they are counted, but not in the journal), then sums of the charged ones. */
enum usage_column {
    USAGE_RATE_LIMITED = CALL_OUTCOMES,
    USAGE_CREDITS,
    USAGE_OVERAGE,        /* credits past the included ones */
    USAGE_OVERAGE_MICROS, /* what those cost */
    USAGE_COLUMNS,
};

/* Their names in that order, and the same for SQL. */
extern const char *const usage_column_names[USAGE_COLUMNS];
#define USAGE_COLUMNS_SQL                                                                      \
    "charged, unchanged, head, empty_page, replayed, free, invalid, conflict, key_daily,"      \
    " daily, insufficient, spend_limit, unavailable, rate_limited, credits, overage,"          \
    " overage_micros"

struct usage_row {
    int64_t key_id;
    uint8_t endpoint; /* number of its row in the endpoint table */
    int64_t hour;     /* since 1970, UTC */
    int64_t sums[USAGE_COLUMNS];
};

/* All calls of the row, whatever became of them. */
int64_t usage_calls(const struct usage_row *row);

struct usage_query {
    int64_t account_id;
    int64_t key_id;       /* 0: all keys */
    uint8_t endpoint;     /* 0: all endpoints */
    int64_t hours_from;   /* the first hour */
    int64_t hours_before; /* the first hour after the last */
};

struct usage_visitor {
    void (*visit)(void *owner, const struct usage_row *row);
    void *owner;
};

/* Calls visit for each key, endpoint and hour with a call, ordered by these three. */
enum status ledger_usage_visit(struct ledger *ledger, const struct usage_query *query,
                               const struct usage_visitor *visitor, struct reason *reason);

/* The account's billing period that holds the present, as the account sees it. */
struct billing_period ledger_billing_period(const struct ledger *ledger,
                                            const struct account *account);

#define HOUR_SECONDS INT64_C(3600)
static inline int64_t instant_hour(instant at)
{
    return at.us / (HOUR_SECONDS * SECOND_US);
}
