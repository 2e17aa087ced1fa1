/* admin: the one path by which commands change accounts and keys.
 *
 * One process owns a ledger. A command takes the lock and runs its verbs itself; when the lock is
 * taken it sends the same verbs to the owner, `trendgate serve`, over the unix socket PATH.sock
 * (mode 0600: who may connect may do everything).
 *
 * Protocol: a request is one line of JSON, {"verb":"account_show","arguments":{...}}, ended by
 * LF; the answer is one line too, {"status":"ok","result":...} or
 * {"status":"<word of base/status.h>","sentence":"..."}. A connection carries any number of
 * them, one at a time. A request that is no such line is refused and the connection closed.
 *
 * verb            arguments                    result
 * account_create  email, name?, plan?          api_key, id (of the key)?, account_id?, plan
 * account_check   rows [[email, plan, name]]   {} or row (from 0) and sentence of the first fault
 * account_import  rows [[email, plan, name]]   keys [api_key]: all rows or none
 * account_list    after?                       accounts, has_more
 * account_show    email                        the account, and what it has used
 * account_plan    email, plan                  email, plan, next_plan?, from, credits_included
 * account_overage email, switch, limit?        the account; switch on or off, limit cents or none
 * account_grant   email, credits, reason       email, period_key, credits, credits_included
 * account_refund  email, charge_id, reason     the same, and overage_micros
 * invoice         email, period?               status, payment, statement, ...
 * invoice_paid    email, period                the same
 * account_suspend, account_resume   email      the account
 * account_sign_in_link   email                 email, link (signs in once), expires_at
 * key_create      email, name?,                api_key, id
 *                 daily_credit_cap?
 * key_list        email                        keys, newest first
 * key_rotate      id, grace?                   api_key, id, previous_id, stops_at
 * key_cap         id, daily_credit_cap         the key; the cap in credits, or none
 * key_revoke      id                           id, masked_key, email, was_revoked
 * usage           email, from?, to?            rows (a day and key each), totals, from, to */
#pragma once

#include "base/json_read.h"
#include "base/json_write.h"
#include "base/pool.h"
#include "ledger/ledger.h"
#include "settings/plan_book.h"

#include <uv.h>

#define ADMIN_ROWS_MAX 50000                       /* one transaction of a second or two */
#define ADMIN_MESSAGE_BYTES_MAX (32 * 1024 * 1024) /* that many rows of the longest kind */
#define ADMIN_CLIENTS_MAX 32        /* people and scripts at one server, not traffic */
#define ADMIN_READ_TIMEOUT_MS 10000 /* the owner's patience with a request, as serve sets it */
#define ADMIN_OPEN_WAIT_MS 5000     /* another command at work, or a server that is starting */
#define ADMIN_ANSWER_WAIT_MS 120000 /* the slowest verb behind others of its kind */

/* What verbs work on; borrowed. */
struct admin_context {
    struct ledger *ledger;
    struct plan_book *plans;
    struct text base_url; /* how customers reach the service, without a '/' at its end */
};

/* Runs the verb of one request (without its LF) and writes the answer (without LF) into an empty
 * buffer. Blocks on the disk; any thread. */
void admin_run(const struct admin_context *context, struct text request, struct buffer *answer);

/* ---- The command's side; one thread ---- */

struct admin;

struct admin_options {
    struct text ledger_path;
    struct text plans_file;              /* as [plans] file; read when verbs run here */
    const char *const *known_operations; /* for plans_read */
    const struct time_source *time;
    struct text base_url; /* as of the context; lives as long as the admin */
};

/* Takes the ledger or reaches its owner, and keeps it until admin_close, so that no other command
 * comes between two verbs run here. STATUS_BUSY: neither within ADMIN_OPEN_WAIT_MS. */
enum status admin_open(const struct admin_options *options, struct admin **admin,
                       struct reason *reason);
void admin_close(struct admin *admin);

/* arguments: a JSON object. *result is the caller's (json_document_finish). The verb's refusal
 * comes back as it was given; STATUS_UNAVAILABLE: the owner went away before it answered. */
enum status admin_call(struct admin *admin, struct text verb, struct text arguments,
                       json_t **result, struct reason *reason);

/* ---- The owner's side; on the loop's thread, verbs on pool threads ---- */

struct admin_listener;

struct admin_listener_options {
    struct text ledger_path;
    struct admin_context context;
    struct pool *pool;
    uint64_t read_timeout_ms; /* a whole request, from connecting or the last answer on */
};

/* Listens at PATH.sock; a socket left there by a killed owner is removed, anything else there is
 * STATUS_EXISTS. The caller holds the ledger's lock, and ignores SIGPIPE. */
enum status admin_listener_open(uv_loop_t *loop, const struct admin_listener_options *options,
                                struct admin_listener **listener, struct reason *reason);

/* Accepts nothing more; verbs that run are answered. Everything is freed while the loop runs on
 * until it has nothing left to do; the pool must outlive that. NULL is fine. */
void admin_listener_close(struct admin_listener *listener);
