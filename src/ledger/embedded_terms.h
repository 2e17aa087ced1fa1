/* embedded_terms: accounts and keys as memory has them, read from their rows. Inside the ledger's
 * lock. */
#pragma once

#include "ledger/embedded.h"

/* Loads of plan files that are not in memory yet. */
enum status ledger_loads_read(struct ledger *ledger, struct reason *reason);

/* Of the table account, for ledger_meter_account_put. */
#define METER_ACCOUNT_COLUMNS                                                                  \
    "id, plan, next_plan, has_opted_in, spend_limit_cents, created_at, next_plan_at,"          \
    " CASE WHEN next_plan_at = 0 THEN 0 ELSE (SELECT coalesce(max(period), 0) FROM balance b"  \
    " WHERE b.bucket = account.bucket AND b.account_id = account.id) END"

/* STATUS_CORRUPT: too many names of plans. */
enum status ledger_meter_account_put(struct ledger *ledger, struct db_statement *row,
                                     struct reason *reason);

/* Of the table api_key as k, for ledger_directory_entry_read. A key that was rotated without grace
 * counts as revoked: a clock that steps back must not bring it back to life. */
#define DIRECTORY_COLUMNS                                                                      \
    "k.digest, k.id, k.account_id, k.stops_at, k.revoked_at IS NOT NULL"                       \
    " OR coalesce(k.stops_at <= k.rotated_at, FALSE), k.expires_at, k.rotated_at IS NOT NULL"
#define DIRECTORY_COLUMN_COUNT 7

/* The account counts as not suspended. STATUS_CORRUPT: the digest is none. */
enum status ledger_directory_entry_read(struct ledger *ledger, struct db_statement *row,
                                        struct digest *digest, struct directory_entry *entry,
                                        struct reason *reason);
