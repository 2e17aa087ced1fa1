/* audit: the journal re-added, told on standard output. */
#pragma once

#include "cli/cli.h"
#include "ledger/audit.h"

/* Audits one ledger with progress on a terminal and a line for each difference. */
enum status cli_audit_run(const struct cli_context *context, struct db *db,
                          struct audit_totals *totals, struct reason *reason);
