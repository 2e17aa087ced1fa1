/* addresses: from where accounts were called, by day; gathered until it is written with the fold.
 *
 * Who writes the journal adds what it has committed, and writes it in the fold's transaction: of a file a few cohorts at
 * a time (cohorts.h), in a cluster all; readers merge what is not written yet. Best effort: it is no part of the journal, so
 * what a killed process had gathered is lost. Shared: its own lock, which stands behind the reader's
 * and the ledger's; loop threads never take it. */
#pragma once

#include "base/instant.h"
#include "base/places.h"
#include "base/reason.h"
#include "sql/db.h"

#include <pthread.h>

struct ledger;

#define ADDRESS_TEXT_BYTES 46    /* of the longest IPv6 address, with its NUL (RFC 4291) */
#define USER_AGENT_BYTES_MAX 256 /* what is kept of one: enough to tell programs apart */
#define ADDRESS_DAYS_KEPT 30     /* and today; so a whole billing period is there */
#define ADDRESSES_WAITING_MAX (1 << 20) /* some 150 MB; what comes past it is not counted */

/* Of an account: a customer's servers, not a crowd's. Nodes that write at once keep some more: of
 * those the first ones are told. */
#define ADDRESSES_A_DAY_MAX 64

struct addresses {
    pthread_mutex_t lock;
    struct places
        cohorts; /* each with its parts, by account, day and address: of a day ADDRESSES_A_DAY_MAX and one more */
    size_t waiting; /* parts of all */
};

void addresses_init(struct addresses *addresses);
void addresses_finish(struct addresses *addresses);

void addresses_lock(struct addresses *addresses);
void addresses_unlock(struct addresses *addresses);

/* One call. address: as client_address gives it; what is no address counts under none ("").
 * user_agent: empty for "not known". */
struct address_use {
    int64_t account_id;
    struct text address;
    struct text user_agent;
    instant at;
    bool has_succeeded;
};

/* ---- Under the lock ---- */

void addresses_add(struct addresses *addresses, const struct address_use *use);

/* Inside a transaction. The lock is held until that has committed and they were forgotten, or has failed: a reader finds every
 * call either here or in the table. */
enum status addresses_write(const struct addresses *addresses, struct db *db,
                            struct reason *reason);
/* *rows grows by how many were written. */
enum status addresses_write_cohort(const struct addresses *addresses, int64_t cohort,
                                   struct db *db, size_t *rows, struct reason *reason);

/* When that has committed. */
void addresses_forget(struct addresses *addresses);
void addresses_forget_cohort(struct addresses *addresses, int64_t cohort);

/* Inside a transaction that has written so many rows: some more than these go, of what is older than ADDRESS_DAYS_KEPT. */
enum status addresses_expire(struct db *db, instant now, size_t rows, struct reason *reason);

/* ---- Reading; blocks on the disk: on a pool thread ---- */

struct recent_address {
    char address[ADDRESS_TEXT_BYTES]; /* "": further ones than ADDRESSES_A_DAY_MAX a day */
    char user_agent[USER_AGENT_BYTES_MAX + 1];
    instant first_seen, last_seen;
    int64_t succeeded, failed; /* calls */
};

struct address_list {
    struct recent_address *at; /* the last one seen first; of one address one row */
    size_t count, capacity;
};

struct address_query {
    int64_t account_id;
    int64_t day_from, day_before; /* since 1970, UTC */
};

/* Added to an empty list, which address_list_finish frees, also after a failure. */
enum status ledger_addresses_list(struct ledger *ledger, const struct address_query *query,
                                  struct address_list *list, struct reason *reason);
void address_list_finish(struct address_list *list);
