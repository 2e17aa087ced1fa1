/* account_terms: the commands by which an account's plan and overage are changed. */
#pragma once

#include "cli/cli.h"

enum cli_exit cli_account_plan(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_account_overage(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_account_grant(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_account_refund(struct cli_context *context, int argc, char **argv);
