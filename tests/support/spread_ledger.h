/* spread_ledger: a ledger as `trendgate db migrate --citus` leaves it, all of whose buckets lie in the one database
 * of this program (postgres_database.h). */
#pragma once

/* In a database that has no ledger yet. */
void spread_ledger_make(void);
