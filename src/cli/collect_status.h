/* collect_status: how each source fares, as the catalogue's file has it; for `collect
 * --status`. */
#pragma once

#include "cli/cli.h"

/* A row a source, also of those that are off. Blocks on the disk. */
enum status collect_status_print(struct cli_context *context, const struct settings *settings,
                                 struct reason *reason);
