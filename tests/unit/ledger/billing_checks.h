/* billing_checks: closing periods, and what is then said of them, over changes_harness. */
#pragma once

#include "changes_harness.h"
#include "ledger/billing.h"

/* Until nothing is left to do. */
void tend_with(int64_t grace_days);
void tend(void); /* nobody is suspended */

/* How many the audit tells, each on stderr. */
int64_t differences(void);

/* The number of a period, as in "2024-03". */
int64_t number_of(const char *key);

/* The statement of a period, or of the present one (""), as text in room. */
struct statement_view statement_of(const struct caller *caller, const char *key,
                                   char room[8192]);

void assert_has(const char *json, const char *wanted);
