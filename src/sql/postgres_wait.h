/* postgres_wait: one answer of a PostgreSQL server, waited for no longer than is said. For
 * postgres_session.c alone; blocks. */
#pragma once

#include <libpq-fe.h>
#include <stdbool.h>

/* What the server answers to what was put on its way by a PQsend... on a connection that does not block:
 * the last result, as PQexec has it; owned by the caller. *is_late: the server has not taken all of it,
 * or not answered to the end, within limit_ms; there is no result then, and the connection is of no more
 * use. */
PGresult *postgres_answer_await(PGconn *connection, int limit_ms, bool *is_late);
