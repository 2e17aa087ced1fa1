#include "support/postgres_database.h"

#include "support/unit.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char address[256];
static char address_of_role[384];

bool postgres_is_there(void)
{
    return getenv("TRENDGATE_TEST_POSTGRES") != NULL;
}

static void run_at(const char *server, const char *sql)
{
    PGconn *connection = PQconnectdb(server);
    if (PQstatus(connection) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(connection));
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
}

const char *postgres_address(void)
{
    if (address[0] != '\0')
        return address;
    const char *server = getenv("TRENDGATE_TEST_POSTGRES");
    assert_non_null(server);
    const char *slash = strrchr(server, '/');
    char sql[64];
    (void)snprintf(sql, sizeof(sql), "CREATE DATABASE test_%d", (int)getpid());
    run_at(server, sql);
    (void)snprintf(address, sizeof(address), "%.*s/test_%d", (int)(slash - server), server,
                   (int)getpid());
    return address;
}

const char *postgres_address_of(const char *role, const char *options)
{
    const char *at = strchr(postgres_address(), '@');
    assert_non_null(at);
    (void)snprintf(address_of_role, sizeof(address_of_role), "postgresql://%s%s%s", role, at,
                   options);
    return address_of_role;
}

void postgres_run(const char *sql)
{
    run_at(postgres_address(), sql);
}

void postgres_clear(const char *schemas)
{
    char sql[512];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
                   " WHERE datname = current_database() AND pid <> pg_backend_pid();"
                   "SET client_min_messages = error; DROP SCHEMA IF EXISTS %s CASCADE",
                   schemas);
    postgres_run(sql);
}
