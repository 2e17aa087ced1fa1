/* biller: the server's thread that closes billing periods and writes their statements, a few at a
 * time. */
#pragma once

#include "base/instant.h"
#include "ledger/ledger.h"

struct biller;

/* ledger and time are borrowed; grace_days: as ledger_billing_tend takes it. NULL: the system has
 * no threads left. */
struct biller *biller_open(struct ledger *ledger, const struct time_source *time,
                           int64_t grace_days);

/* Finishes the piece of work that it is at. NULL is fine. */
void biller_close(struct biller *biller);

/* Looks for work, unless it is at some; now and then, on one thread. Never blocks. */
void biller_tend(struct biller *biller);
