/* commands: one function a command, one file a function; each returns the program's exit code. */
#pragma once

#include "cli/cli.h"

struct store;

enum cli_exit cli_serve(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_collect(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_import(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_export(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_account(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_key(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_account_usage(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_invoice(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_audit(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_db(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_db_copy(struct cli_context *context, int argc, char **argv);
enum cli_exit cli_config(struct cli_context *context, int argc, char **argv);

/* The catalogue's store beside the database that the settings name. The caller closes it. */
enum status cli_store_open(struct cli_context *context, struct store **store,
                           struct reason *reason);

/* For commands that only read: STATUS_MISSING when neither the database nor its catalogue is
 * there, and nothing is made. */
enum status cli_store_open_existing(struct cli_context *context, struct store **store,
                                    struct reason *reason);
