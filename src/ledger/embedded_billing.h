/* embedded_billing: the part of the ledger's inside that closes periods and refuses who does not
 * pay. */
#pragma once

#include "ledger/embedded.h"

/* When a change beside calls happens: the present, but in no period that is closed. */
instant ledger_change_time(const struct ledger *ledger);

/* Whether the wall clock was set more than a day ahead since the ledger was opened. */
bool ledger_clock_is_ahead(const struct ledger *ledger);

/* Until when periods are closed, as the file has it. At the opening. */
enum status ledger_closings_load(struct ledger *ledger, struct reason *reason);

/* On the committer's thread: closes all periods that end by until, in the transaction of the slice that was chosen, after which
 * nothing charged before until waits. */
enum status ledger_close_until(struct ledger *ledger, instant until, struct reason *reason);

/* The row that says so, inside a transaction after which nothing charged before until is unfolded. */
enum status ledger_closing_write(struct ledger *ledger, instant until, struct reason *reason);

/* See ledger_billing_tend. */
enum status ledger_unpaid_suspend(struct ledger *ledger, int64_t grace_days, bool *has_more,
                                  struct reason *reason);

/* The period in whose statement a charge of that period counts. */
int32_t ledger_billed_in(const struct ledger *ledger, int64_t account_id,
                         const struct billing_period *period);

/* Gives the account's present period, and the one before, a balance. Inside a transaction. */
enum status ledger_period_keep(struct ledger *ledger, const struct meter_plan *plan,
                               struct reason *reason);

/* Tells the directory whether an account's calls are refused. Inside the lock. */
enum status ledger_refusal_publish(struct ledger *ledger, int64_t account_id,
                                   enum account_refusal refusal, struct reason *reason);
