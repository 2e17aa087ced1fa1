/* account_import: many accounts from one CSV file. */
#pragma once

#include "cli/cli.h"

/* Checks every row, then makes all accounts and prints email,key for each. A fault names file and
 * line, and nothing is imported. Files over ADMIN_ROWS_MAX rows go in several transactions: should a later one
 * be refused all the same (someone made such an account meanwhile), reason says up to which line
 * the file is imported. */
enum status cli_import_accounts(struct cli_context *context, const char *file,
                                struct reason *reason);
