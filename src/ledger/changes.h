/* changes: what is changed of an account and its keys while calls go on.
 *
 * Each verb is one transaction, which leaves an audit event too. What it changes is in force for
 * the next call when that is durable, and not before; a verb that fails changes nothing. Those of
 * plans and overage come after ledger_terms_set. All block on the disk. */
#pragma once

#include "ledger/ledger.h"

struct plan_change {
    const struct plan *plan;      /* in force now; lives as long as the ledger */
    const struct plan *next_plan; /* NULL: no other plan waits */
    instant from;                 /* when the plan that was asked for is in force */
    int64_t included;             /* credits of the present billing period */
};

#define PLAN_PREVIEW_DIGEST_BYTES 88
#define PLAN_PREVIEW_LIFE_US (600 * SECOND_US) /* to read it, and to ask somebody */

struct plan_request {
    struct text plan;
    struct text preview; /* the digest of one: billed is what that shows, as of its moment, or
                          * nothing is done; empty: as things stand */
    const char *by;      /* what the audit event says; NULL: nothing, a command asked */
};

/* A plan behind the present one in the plan file comes into force at once, with the added
 * allowance prorated over the rest of the billing period; one before it, with the next period.
 * Asking for the present plan takes back a change that waits. STATUS_MISSING: no such account;
 * STATUS_INVALID: no such plan; STATUS_CONFLICT: it would not come to what the preview shows. */
enum status ledger_account_plan(struct ledger *ledger, struct text email,
                                const struct plan_request *request, struct plan_change *change,
                                struct reason *reason);

struct overage_change {
    bool is_on;
    bool sets_limit;           /* else the spend limit stays */
    int64_t spend_limit_cents; /* a billing period; NO_SPEND_LIMIT takes it away */
    const char *by;            /* as in struct plan_request */
};

#define SPEND_LIMIT_CENTS_MAX INT64_C(100000000) /* a million dollars, as the dearest plan */

/* STATUS_CONFLICT: the plan in force has no overage, or has it always and it was to be off. */
enum status ledger_account_overage(struct ledger *ledger, struct text email,
                                   const struct overage_change *change, struct reason *reason);

struct key_request {
    struct text name; /* empty, or unique among the account's keys that are not rotated */
    int64_t daily_credit_cap; /* NO_KEY_CAP, or 0 to KEY_CAP_MAX */
    duration life;            /* how long it works; 0: for ever */
    enum api_key_source source;
};

#define KEY_CAP_MAX INT64_C(1000000000000) /* as the largest daily cap of a plan */

/* As ledger_key_create. Where the account has chosen no key that is live, it chooses this one. */
enum status ledger_key_make(struct ledger *ledger, struct text email,
                            const struct key_request *request, struct api_key *key,
                            struct api_key_text *secret, struct reason *reason);

struct key_rotation {
    struct api_key key; /* the new one, with the name and the cap of the old */
    struct api_key_text secret;
    char previous_id[OUTWARD_ID_LENGTH + 1];
    instant stops_at; /* of the previous one; a whole second unless the grace is 0 */
};

#define KEY_GRACE_MAX_US (7 * DAY_US)

/* Makes a new key in the place of an active one, which goes on working for that long. A life that
 * was set for the old one begins anew, and so does its being chosen. Both share
 * one daily cap: what the old one was charged today counts for the new one, and in the grace
 * either's calls count for both. grace: 0 to KEY_GRACE_MAX_US. STATUS_MISSING: no such key;
 * STATUS_CONFLICT: it is not active; STATUS_EXHAUSTED: with the old one in grace there would be
 * over API_KEY_LIVE_MAX live keys. */
enum status ledger_key_rotate(struct ledger *ledger, struct text id, duration grace,
                              struct key_rotation *rotation, struct reason *reason);

/* cap: NO_KEY_CAP, or 0 to KEY_CAP_MAX credits a day (UTC), of the key and of all that it shares
 * its cap with by rotations. What these were charged today counts, to the last call.
 * STATUS_CONFLICT: the key works no more. */
enum status ledger_key_cap(struct ledger *ledger, struct text id, int64_t cap,
                           struct api_key *key, struct reason *reason);

/* ---- For who knows an account; see ledger_key_of about whose key it is ---- */

/* The key of that outward id, if it is the account's. A key never changes its account, so that
 * what was found holds for the verbs above and below. STATUS_MISSING: the account has none. */
enum status ledger_key_of(struct ledger *ledger, int64_t account_id, struct text id,
                          struct api_key *key, struct reason *reason);

/* Sets the end of a key's grace to that long from now, but not past KEY_GRACE_MAX_US from its
 * rotation. grace: over 0, up to KEY_GRACE_MAX_US. STATUS_CONFLICT: it is not in its grace. */
enum status ledger_key_extend(struct ledger *ledger, struct text id, duration grace,
                              struct api_key *key, struct reason *reason);

/* Ends a key in its grace. STATUS_CONFLICT: it is in none. */
enum status ledger_key_stop(struct ledger *ledger, struct text id, struct reason *reason);

/* Chooses the key that the console calls with. STATUS_CONFLICT: it works no more. */
enum status ledger_key_choose(struct ledger *ledger, struct text id, struct reason *reason);

/* What a call needs of the chosen key. */
struct chosen_key {
    int64_t id;
    char outward_id[OUTWARD_ID_LENGTH + 1];
    struct digest digest;
    char prefix[API_KEY_PREFIX_LENGTH + 1];
};

/* STATUS_MISSING: none was chosen, or it works no more. */
enum status ledger_key_chosen(struct ledger *ledger, int64_t account_id,
                              struct chosen_key *chosen, struct reason *reason);
