/* spread: `trendgate db migrate --citus`: a ledger's tables, spread over the servers of a Citus cluster.
 *
 * The customers' tables are distributed by bucket, in one colocation group, so that all of an account lies on
 * one server and a batch of one bucket is a transaction of that server alone. What every batch reads and
 * hardly anybody writes is a reference table, a copy on each server. cluster.h tells how calls are admitted
 * then, and docs/scaling.md what of this has met a real Citus. */
#pragma once

#include "base/reason.h"

/* The first release whose functions are as they are called here. */
#define SPREAD_CITUS_MIN 12

/* address: of the coordinator's database. What is done already is left, so that it may be run again, also
 * after a failure half-way. Each refusal says what to do.
 *   STATUS_INVALID      no database of PostgreSQL; it has no Citus, an older one, or no server for tables; it is
 *                       a worker's
 *   STATUS_BUSY         a node or a command is at work there
 *   STATUS_CONFLICT     a table is distributed in another way already; tables lie apart; a call does not come
 *                       to the server of its bucket */
enum status ledger_spread(struct text address, struct reason *reason);
