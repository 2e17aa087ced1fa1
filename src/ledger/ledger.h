/* ledger: the port to accounts, API keys and their charges, over one SQLite file that one server or command owns, or over a
 * PostgreSQL database that several share.
 *
 * ledger_open takes the lock PATH.lock of a file; while it is held no other ledger is opened there, and others only
 * read. Verbs block on the disk or the database and belong on a pool thread or in a command, any one at a time (the
 * ledger's own lock); a transaction begins and ends inside one verb. What is for loop threads says so. */
#pragma once

#include "base/instant.h"
#include "base/reason.h"
#include "ledger/charge.h"
#include "ledger/idempotency.h"
#include "model/account.h"
#include "model/api_key.h"

struct ledger;

#define LEDGER_SCHEMA "ledger" /* that holds its tables, on a server */

/* path: of the file, made when absent. STATUS_BUSY: another process owns it. */
enum status ledger_open(struct text path, const struct time_source *time,
                        struct ledger **ledger, struct reason *reason);
void ledger_close(struct ledger *ledger);

/* Brings plans into force: the first time, what balances and journal hold is put back into memory
 * and metering begins; later, the new terms count from the next call on (CONTRACT section 3 says
 * what waits for the next period). STATUS_CONFLICT: accounts are on a plan that plans lacks; the
 * terms in force stay. Blocks. */
enum status ledger_terms_set(struct ledger *ledger, const struct plans *plans,
                             struct reason *reason);

/* The same for a command, which is no reason to bring other plans into force: what a server has loaded last counts, if
 * any has. */
enum status ledger_terms_join(struct ledger *ledger, const struct plans *plans,
                              struct reason *reason);

/* What is in force; frozen, lives as long as the ledger. Any thread. */
const struct terms *ledger_terms(const struct ledger *ledger);

/* ---- Metering; after ledger_terms_set; any thread, never blocking on the disk ---- */

/* The charge step. STATUS_OK: the slot is taken, nothing is charged, the call may be answered.
 * STATUS_BUSY: slot and credits are taken; settled will be called with STATUS_OK when that is
 * durable, or with STATUS_UNAVAILABLE when it was taken back. STATUS_EXHAUSTED: refused;
 * standing.verdict says by what. STATUS_UNAVAILABLE: nothing is admitted at the moment. standing
 * is set in all cases but the last. */
enum status ledger_charge(struct ledger *ledger, struct charge *charge);

/* A loop thread decides many charges in one turn: after ledger_turn_gather they are kept until
 * ledger_turn_end hands them over together, which it then must. A loop tells every turn's end, also of one without
 * charges: the next row may wait for it. */
void ledger_turn_gather(void);
void ledger_turn_end(struct ledger *ledger);

/* Calls with an Idempotency-Key pass through these two: see idempotency.h. */
enum idempotency_verdict ledger_idempotent_enter(struct ledger *ledger,
                                                 struct idempotent_call *call);
void ledger_idempotent_leave(struct ledger *ledger, const struct idempotent_call *call,
                             bool charged);

/* Sets standing to what ledger_charge would find, without taking anything. Where several nodes share
 * the ledger: as far as this node knows, which is all there is right after ledger_catch_up. */
void ledger_look(struct ledger *ledger, struct charge *charge);

/* Finds out what an account may do now, where other nodes take from it too. Blocks. */
enum status ledger_catch_up(struct ledger *ledger, int64_t account_id, struct reason *reason);

/* STATUS_OK when the file can be read and takes charges. Blocks. */
enum status ledger_health(struct ledger *ledger, struct reason *reason);

/* STATUS_INVALID: not a mail address; STATUS_EXISTS: there is one with that mail (in any letter
 * case). name may be empty. plan must be known to the caller's plan file. */
enum status ledger_account_create(struct ledger *ledger, struct text email, struct text name,
                                  struct text plan, struct account *account,
                                  struct reason *reason);

/* One account and one key each, all or none in one transaction. keys has count places. */
struct account_row {
    struct text email;
    struct text plan;
    struct text name;
};
enum status ledger_account_import(struct ledger *ledger, const struct account_row *rows,
                                  size_t count, struct api_key_text *keys,
                                  struct reason *reason);

/* Changes nothing and says what ledger_account_import would say of this row alone:
 * STATUS_INVALID or STATUS_EXISTS. */
enum status ledger_account_check(struct ledger *ledger, const struct account_row *row,
                                 struct reason *reason);

/* STATUS_MISSING: none has that mail. */
enum status ledger_account_find(struct ledger *ledger, struct text email,
                                struct account *account, struct reason *reason);

/* By email, starting after the given one (empty: from the first), at most count. */
enum status ledger_account_list(struct ledger *ledger, struct text after_email,
                                struct account *accounts, size_t count, size_t *listed,
                                struct reason *reason);

enum status ledger_account_suspend(struct ledger *ledger, struct text email, bool suspended,
                                   struct reason *reason);

/* The key itself is in *secret and nowhere else afterwards. name: empty, or unique among the
 * account's live keys. STATUS_EXHAUSTED: API_KEY_LIVE_MAX live keys. */
enum status ledger_key_create(struct ledger *ledger, struct text email, struct text name,
                              struct api_key *key, struct api_key_text *secret,
                              struct reason *reason);

/* All keys of an account, newest first; where there are more than count, those that are over are
 * left out, the oldest first. */
enum status ledger_key_list(struct ledger *ledger, struct text email, struct api_key *keys,
                            size_t count, size_t *listed, struct reason *reason);

/* The key of that outward id, and whose it is. STATUS_MISSING: no such key. */
enum status ledger_key_find(struct ledger *ledger, struct text id, struct api_key *key,
                            char email[ACCOUNT_EMAIL_BYTES_MAX + 1], struct reason *reason);

/* id: the outward id. In force before this returns. STATUS_MISSING: no such key. Revoking a
 * revoked key is STATUS_OK. */
enum status ledger_key_revoke(struct ledger *ledger, struct text id, struct reason *reason);

/* What a call needs to know of a key and its account. */
struct key_standing {
    int64_t key_id;
    int64_t account_id;
    bool is_live; /* active, or in grace before its end */
    instant
        stops_at; /* of a rotated key, if its life is not over before; 0: it was not rotated */
    enum account_refusal refusal; /* of its account's calls */
};

/* By SHA-256 of the whole key. STATUS_MISSING: unknown. Any thread; about 0.1 us; never blocks
 * on the disk. */
enum status ledger_find_key(struct ledger *ledger, const struct digest *digest,
                            struct key_standing *standing);

/* Notes, once a minute a key and thread, that it was used now; address(owner) is asked for where
 * from only then. Any thread; never blocks on the disk. */
void ledger_key_used(struct ledger *ledger, const struct key_standing *key,
                     struct text (*address)(void *owner), void *owner);

/* Writes into the file what was noted of keys, and seen of sessions, since the last time. Blocks. */
enum status ledger_seen_write(struct ledger *ledger, struct reason *reason);
