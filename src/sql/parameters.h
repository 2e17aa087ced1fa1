/* parameters: how many values a statement wants, as $1 to $n. */
#pragma once

#define SQL_PARAMETERS_MAX 32

/* The highest $n outside of quotes; past SQL_PARAMETERS_MAX, some number past it. */
int sql_parameters(const char *sql);
