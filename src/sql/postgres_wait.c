#include "sql/postgres_wait.h"

#include "base/instant.h"

#include <poll.h>

#define MILLISECOND_US 1000

static int left_ms(int64_t until_us)
{
    int64_t left_us = until_us - time_elapsed(time_source_system()).us;
    return left_us > 0 ? (int)((left_us + MILLISECOND_US - 1) / MILLISECOND_US) : 0;
}

/* False: neither came in time. A signal ends the wait early, and the caller looks again. */
static bool is_ready(PGconn *connection, short events, int64_t until_us)
{
    struct pollfd waited = {.fd = PQsocket(connection), .events = events};
    int left = left_ms(until_us);
    return left > 0 && poll(&waited, 1, left) != 0;
}

/* What the server sends meanwhile is read, or neither end would go on. A failure is left to
 * PQgetResult, which tells it. */
static bool is_sent(PGconn *connection, int64_t until_us)
{
    while (PQflush(connection) > 0) {
        if (!is_ready(connection, POLLIN | POLLOUT, until_us))
            return false;
        if (!PQconsumeInput(connection))
            return true;
    }
    return true;
}

static bool is_answered(PGconn *connection, int64_t until_us)
{
    while (PQisBusy(connection)) {
        if (!is_ready(connection, POLLIN, until_us))
            return false;
        if (!PQconsumeInput(connection))
            return true;
    }
    return true;
}

PGresult *postgres_answer_await(PGconn *connection, int limit_ms, bool *is_late)
{
    int64_t until_us = time_elapsed(time_source_system()).us +
                       (int64_t)limit_ms * MILLISECOND_US;
    PGresult *last = NULL;
    *is_late = !is_sent(connection, until_us);
    while (!*is_late && PQstatus(connection) == CONNECTION_OK) {
        *is_late = !is_answered(connection, until_us);
        PGresult *result = *is_late ? NULL : PQgetResult(connection);
        if (!result)
            break;
        PQclear(last);
        last = result;
    }
    if (!*is_late)
        return last;
    PQclear(last);
    return NULL;
}
