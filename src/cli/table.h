/* table: records for people. On a terminal they stand in columns under a header; elsewhere, and
 * with --json, they are what cli_print_members prints. Main thread only. */
#pragma once

#include "cli/verb.h"

#define CLI_COLUMNS_MAX 16

/* Begun with members (a literal array, at most CLI_COLUMNS_MAX names) and count, else zeroed. */
struct cli_table {
    const char *const *members;
    size_t count;
    size_t widths[CLI_COLUMNS_MAX]; /* characters; of what was printed until now */
    bool has_header;
};

/* Prints the objects of an array, one a line. May be called for page after page: columns only
 * grow wider. */
void cli_table_print(struct cli_table *table, const struct cli_context *context,
                     const json_t *rows);

/* One object; on a terminal one member a line, with its name. */
void cli_print_object(const struct cli_context *context, const json_t *object,
                      const char *const *members, size_t count);
