/* postgres_session: one connection to a PostgreSQL server, made again where it is lost, and what became
 * of what it was asked. For postgres.c alone; owned like its db. */
#pragma once

#include "sql/engine.h"

#include <libpq-fe.h>

#define POSTGRES_PLACE_BYTES 320 /* a host name and the names of a database and a schema */

struct postgres {
    struct db is;
    PGconn *connection; /* NULL, or lost: made by the next that needs it. It does not block. */
    unsigned connected; /* how often so far: a server forgets what was prepared */
    bool reads_only;
    bool is_inside;      /* a transaction, to its end, also where it is lost */
    enum status spoiled; /* what failed in it first; STATUS_OK: nothing */
    struct db_options options;
    int soon;            /* statements on their way whose outcomes were not looked at */
    int answer_ms;       /* 0: as session_answer_ms says */
    const char *channel; /* that is listened to; NULL: none */
    bool has_missed;     /* what was notified while there was no connection */
    char place[POSTGRES_PLACE_BYTES]; /* for sentences */
};

/* STATUS_INVALID: libpq cannot read it. The sentence does not hold it, for it may hold a password. */
enum status session_address_check(const char *address, struct reason *reason);

/* Before anything is asked: outside of a transaction makes the connection where it is not; inside of
 * one that was spoiled or lost, tells the outcome of that. */
enum status session_be_ready(struct postgres *db, struct reason *reason);

/* How long the server may take for the answer to one statement. */
int session_answer_ms(const struct postgres *db);

/* The answer to what a PQsend... has put on its way: to be looked at by session_outcome. Past limit_ms
 * the connection is given up. */
PGresult *session_answer(struct postgres *db, int is_sent, int limit_ms);

/* What became of it; clears a result that is none, and leaves the others. NULL is a failure. */
enum status session_outcome(struct postgres *db, PGresult *result, struct reason *reason);

/* Statements whose answers are read together, in libpq's pipeline mode: soon_begin before each, soon_sent
 * after its PQsend...; soon_settle reads them, and tells the first failure. session_be_ready settles. */
bool session_soon_begin(struct postgres *db);
enum status session_soon_sent(struct postgres *db, int is_sent, struct reason *reason);
enum status session_soon_settle(struct postgres *db, struct reason *reason);

/* Whether anything was notified since the last look. */
bool session_has_heard(struct postgres *db);

/* Simple statements, whose rows are of no interest; each may take session_answer_ms. */
enum status session_execute(struct postgres *db, const char *sql, struct reason *reason);
