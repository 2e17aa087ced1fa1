/* embedded_sessions: what the verbs of sessions and of signing in share; all inside the lock. */
#pragma once

#include "ledger/embedded.h"
#include "ledger/session_table.h"
#include "ledger/sessions.h"

/* Into memory, without those that are over; before anybody asks for one. */
enum status ledger_sessions_load(struct ledger *ledger, struct reason *reason);

/* The rows of a SELECT of SESSION_COLUMNS, put into memory (session_table_put). */
#define SESSION_COLUMNS "digest, id, account_id, created_at, last_seen_at, by_link"
enum status ledger_sessions_add(struct ledger *ledger, struct db_statement *select,
                                struct reason *reason);

/* Sessions whose rows a transaction deletes: forgotten once that is committed. */
struct sessions_ended {
    struct digest digests[2 * SESSIONS_MAX];
    size_t count;
};
enum status ledger_sessions_delete(struct ledger *ledger, int64_t account_id,
                                   int64_t but_session_id, struct sessions_ended *ended,
                                   struct reason *reason);
void ledger_sessions_forget(struct ledger *ledger, const struct sessions_ended *ended);

/* Writes a new session inside a transaction; the table is told once that is committed. */
struct session_begun {
    struct session_token token;
    struct session_entry entry;
    struct sessions_ended ended; /* to make room */
};
enum status ledger_session_write(struct ledger *ledger, int64_t account_id,
                                 const struct session_origin *origin,
                                 struct session_begun *begun, struct reason *reason);
