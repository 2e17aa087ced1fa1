/* postgres_database: a database for one test program, on the server of tests/support/postgres.py. */
#pragma once

#include <stdbool.h>

/* False: there is no server, and what needs one is skipped. */
bool postgres_is_there(void);

/* The address of this program's own database; made at the first call and left to the server, which does
 * not outlive the run. */
const char *postgres_address(void);

/* The same for somebody else: a role that is not the server's master, with what stands behind its name. */
const char *postgres_address_of(const char *role, const char *options);

/* Some SQL there, as the server's master and on a connection of its own. */
void postgres_run(const char *sql);

/* Ends every connection to it but the one that asks, and drops these schemas where they are. */
void postgres_clear(const char *schemas);
