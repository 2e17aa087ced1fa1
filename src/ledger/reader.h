/* reader: the ledger's second connection to its file, on which nothing can be written.
 *
 * The committer writes through the first one, under the ledger's lock; a long look at usage must
 * not hold that. Shared: its own lock, which stands before those of addresses,
 * cohorts, meter and terms, and behind none; opened at its first use. */
#pragma once

#include "base/instant.h"
#include "model/account.h"
#include "sql/db.h"

#include <pthread.h>

struct ledger;

struct reader {
    pthread_mutex_t lock;
    struct db *db; /* NULL until it is used */
};

void reader_init(struct reader *reader);
void reader_finish(struct reader *reader);

/* Locked for as long as it is held, with one view of the whole file:
 *     CLEANUP(reader_release) struct reader_view view = {.reader = NULL};
 *     TRY(reader_take(&ledger->reader, ledger->db, &view, reason)); */
struct reader_view {
    struct reader *reader; /* NULL: not taken */
    struct db_transaction transaction;
};
/* writer: the connection to the same database through which it is written. */
enum status reader_take(struct reader *reader, struct db *writer, struct reader_view *view,
                        struct reason *reason);
void reader_release(struct reader_view *view);

/* Who an account is, for who knows its number. */
struct account_identity {
    char outward_id[OUTWARD_ID_LENGTH + 1];
    instant created_at;
    instant updated_at;
    char next_plan[PLAN_NAME_BYTES_MAX + 1]; /* empty: none waits */
    instant next_plan_at;
};

/* STATUS_MISSING: there is no such account. Blocks. */
enum status ledger_account_identity(struct ledger *ledger, int64_t account_id,
                                    struct account_identity *identity, struct reason *reason);

/* The outward ids of all keys that an account ever had, by number. Blocks. */
struct account_key {
    int64_t id;
    char outward_id[OUTWARD_ID_LENGTH + 1];
};
struct account_keys {
    struct account_key *at;
    size_t count, capacity;
};
enum status ledger_account_keys(struct ledger *ledger, int64_t account_id,
                                struct account_keys *keys, struct reason *reason);
void account_keys_finish(struct account_keys *keys);

/* NULL: none of them. */
const struct account_key *account_keys_find(const struct account_keys *keys, int64_t id);
