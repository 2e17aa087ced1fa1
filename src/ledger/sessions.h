/* sessions: who is signed in to the console, and how that comes about.
 *
 * What a cookie or a link holds is a token of SESSION_TOKEN_LENGTH characters that is kept
 * nowhere: the file and memory hold its SHA-256. All verbs but ledger_find_session are one
 * transaction, leave an audit event where something changed, and block on the disk. */
#pragma once

#include "base/password.h"
#include "ledger/ledger.h"
#include "model/session.h"

struct session_token {
    char characters[SESSION_TOKEN_LENGTH +
                    1]; /* NUL at its end; a secret: never log or keep it */
};

/* 256 bits from the operating system. */
struct session_token session_token_make(void);

/* True when written has the length and the alphabet of a token. */
bool session_token_is_well_formed(struct text written);

/* What a request needs to know of its session. */
struct session_standing {
    int64_t id;
    int64_t account_id;
    /* It began with a sign-in link, and until then may set a password without the old one; 0: it
     * began with a password. */
    instant link_password_until;
};

/* By SHA-256 of the token; marks the session as seen. STATUS_MISSING: there is none, or it is
 * over. Any thread; never blocks on the disk. */
enum status ledger_find_session(struct ledger *ledger, const struct digest *digest,
                                struct session_standing *standing);

/* Where a session begins. */
struct session_origin {
    struct text ip;
    struct text
        user_agent; /* cut to SESSION_AGENT_BYTES_MAX; left out when it is no plain text */
    bool by_link;
};

/* Of the account's SESSIONS_MAX the one that was idle longest ends when one more begins. */
enum status ledger_session_begin(struct ledger *ledger, int64_t account_id,
                                 const struct session_origin *origin,
                                 struct session_token *token, struct reason *reason);

/* By the digest of its token. One that is over already is STATUS_OK. */
enum status ledger_session_end(struct ledger *ledger, const struct digest *digest,
                               struct reason *reason);

/* By outward id, of that account's. STATUS_MISSING: it has no such session. */
enum status ledger_session_end_by_id(struct ledger *ledger, int64_t account_id, struct text id,
                                     struct reason *reason);

/* All of the account but that one; 0: all. */
enum status ledger_session_end_others(struct ledger *ledger, int64_t account_id,
                                      int64_t but_session_id, struct reason *reason);

struct session {
    int64_t id;
    char outward_id[OUTWARD_ID_LENGTH + 1];
    instant created_at;
    instant last_seen_at;
    char ip[64];
    char user_agent[SESSION_AGENT_BYTES_MAX + 1];
};

/* Those that go on, newest first; at most SESSIONS_MAX. */
enum status ledger_session_list(struct ledger *ledger, int64_t account_id,
                                struct session sessions[SESSIONS_MAX], size_t *listed,
                                struct reason *reason);

/* Writes into the file what was seen since the last time; at most every minute is soon enough. */
enum status ledger_sessions_write(struct ledger *ledger, struct reason *reason);

/* ---- Signing in ---- */

struct account_login {
    int64_t account_id;
    char password_hash[PASSWORD_HASH_BYTES_MAX]; /* empty: none was set */
};

/* By mail address, in any letter case. STATUS_MISSING: there is no such account. */
enum status ledger_login_find(struct ledger *ledger, struct text email,
                              struct account_login *login, struct reason *reason);

enum status ledger_login_of(struct ledger *ledger, int64_t account_id,
                            struct account_login *login, struct reason *reason);

/* Ends every session of the account and its sign-in link too: whoever had them knows no password. */
enum status ledger_password_set(struct ledger *ledger, int64_t account_id, struct text hash,
                                struct reason *reason);

/* As ledger_account_create, with the password that it signs in with. */
enum status ledger_account_sign_up(struct ledger *ledger, const struct account_row *row,
                                   struct text password_hash, int64_t *account_id,
                                   struct reason *reason);

/* A token that signs in once within SIGN_IN_LINK_LIFE_US. Those that were made before and not
 * used work no more. STATUS_MISSING: there is no such account. */
enum status ledger_link_make(struct ledger *ledger, struct text email,
                             struct session_token *token, instant *expires_at,
                             struct reason *reason);

/* Uses a link up and begins a session. STATUS_MISSING: there is no such link, it was used, or its
 * time is over. */
enum status ledger_link_use(struct ledger *ledger, const struct digest *digest,
                            const struct session_origin *origin, struct session_token *token,
                            struct reason *reason);

/* Whether ledger_link_use would find it. */
enum status ledger_link_check(struct ledger *ledger, const struct digest *digest,
                              struct reason *reason);

/* The account with that number, which is there. */
enum status ledger_account_of(struct ledger *ledger, int64_t account_id,
                              struct account *account, struct reason *reason);
