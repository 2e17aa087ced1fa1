/* embedded: the inside of the ledger over one SQLite file, shared by the files embedded_*.c.
 *
 * Every verb takes the ledger's lock for as long as it runs: begin with
 *     CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger); */
#pragma once

#include "ledger/changes.h"
#include "ledger/cluster.h"
#include "ledger/committer.h"
#include "ledger/directory.h"
#include "ledger/embedded_event.h"
#include "ledger/ledger.h"
#include "ledger/meter_changes.h"
#include "ledger/owner_lock.h"
#include "ledger/reader.h"
#include "sql/db.h"

#include <pthread.h>

struct ledger {
    pthread_mutex_t lock; /* over all but what has a lock of its own: see there */
    struct owner_lock owner;
    struct db *db;
    struct reader reader;
    struct directory *directory;
    struct session_table *sessions; /* ledger/session_table.h */
    struct key_uses *uses;          /* ledger/key_uses.h */
    const struct time_source *time;
    struct cluster *cluster; /* NULL: this process alone owns the ledger, in a file */
    struct terms_book terms;
    _Atomic int64_t loaded_id;      /* of the last row of plan_load that is in terms */
    _Atomic int64_t closed_us;      /* all periods that end by it are closed */
    atomic_bool has_statements_due; /* of closed periods */
    _Atomic int64_t unpaid_looked_at_us, unpaid_day_us; /* of the last look at open invoices */
    int64_t clock_offset_us; /* of the wall clock at the opening, over the one that counts on */
    struct meter *meter;     /* NULL until ledger_terms_set: nothing is metered yet */
    struct committer committer;
    struct idempotency *idempotency;
    bool is_loaded; /* what the file holds of keys and sessions is in memory */
};

struct ledger *ledger_lock(struct ledger *ledger);
void ledger_unlock(struct ledger **held);

/* db_begin for a verb, inside the lock: memory knows all that was changed before. */
enum status ledger_transact(struct ledger *ledger, struct db_transaction *transaction,
                            struct reason *reason);

/* Inside a transaction: what an account has used stands still until its end, and the meter knows
 * it. In a file that is always so. */
enum status ledger_hold(struct ledger *ledger, int64_t account_id, struct reason *reason);

/* The same for who changes nothing; in a transaction of its own. */
enum status ledger_hold_to_look(struct ledger *ledger, struct db_transaction *transaction,
                                int64_t account_id, struct reason *reason);

/* Puts the accounts with an id over after into the meter, if there is one. Inside the lock. */
enum status ledger_meter_accounts(struct ledger *ledger, int64_t after, struct reason *reason);

/* Puts back into the meter what balances and journal hold, and gives the unfolded part to the
 * committer's fold. Before the committer starts. */
enum status ledger_restore(struct ledger *ledger, struct reason *reason);

/* The one number that sql selects, as the largest id of a table plus one. Lives for ever: sql. */
enum status ledger_number(struct ledger *ledger, const char *sql, int64_t *id,
                          struct reason *reason);

/* 128 random bits in hexadecimal, NUL at the end. */
void ledger_outward_id(char outward_id[OUTWARD_ID_LENGTH + 1]);

/* The part of a text that a column of fixed room takes; longer is a bug. */
void ledger_copy_text(char *room, size_t room_bytes, struct text value);

/* UTF-8 without control bytes and not longer than bytes_max, else STATUS_INVALID; what: "name". */
enum status ledger_check_label(struct text label, size_t bytes_max, const char *what,
                               struct reason *reason);

/* As the account sees it: not in a day before one that it has entered (meter_present). */
instant ledger_present(const struct ledger *ledger, int64_t account_id);

/* STATUS_MISSING: no account has that mail. */
enum status ledger_find_account(struct ledger *ledger, struct text email,
                                struct account *account, struct reason *reason);

enum status ledger_find_account_of(struct ledger *ledger, int64_t account_id,
                                   struct account *account, struct reason *reason);

/* A new account's row and its event, inside a transaction; the meter is told after its commit. */
enum status ledger_account_write(struct ledger *ledger, const struct account_row *row,
                                 int64_t *id, struct reason *reason);

struct key_row {
    int64_t id;
    int64_t account_id;
    struct text name;
    bool has_cap;
    credits cap;        /* a day, when it has one */
    int64_t cap_family; /* 0: its own */
    instant expires_at; /* 0: never */
    enum api_key_source source;
    char outward_id[OUTWARD_ID_LENGTH + 1];
    struct digest digest;
};

/* When a key ceases to work by itself, of the ends of its grace and of its life; 0: never. */
instant ledger_key_end(instant stops_at, instant expires_at);
/* Makes a key and writes its row; inside a transaction. The directory is told by
 * ledger_publish_key once that is committed. */
enum status ledger_insert_key(struct ledger *ledger, struct key_row *row, instant now,
                              struct api_key_text *secret, struct reason *reason);
void ledger_publish_key(struct ledger *ledger, const struct key_row *row,
                        enum account_refusal refusal);

/* How many keys are live, and that no two that are not rotated share a name. */
enum status ledger_check_live_keys(struct ledger *ledger, int64_t account_id, const char *email,
                                   struct text name, struct reason *reason);

struct key_found { /* its row, with what is needed of its account */
    struct api_key key;
    int64_t account_id;
    int64_t cap_family; /* id of the first key that it goes back to by rotations */
    struct digest digest;
    enum account_refusal refusal; /* of its account's calls */
    char email[ACCOUNT_EMAIL_BYTES_MAX + 1];
};

/* By outward id. STATUS_MISSING: no such key. */
enum status ledger_find_key_row(struct ledger *ledger, struct text outward_id,
                                struct key_found *found, struct reason *reason);

/* When a key stops that was rotated, or is extended, now. */
instant ledger_stop_after(instant now, duration grace);

/* The row and the event of a revocation; the directory is told once that is committed. */
enum status ledger_revocation_write(struct ledger *ledger, const struct key_found *found,
                                    const char *verb, struct reason *reason);

/* Chooses a new key for an account that has chosen none, or one that works no more. */
enum status ledger_choose_first(struct ledger *ledger, int64_t account_id, int64_t key_id,
                                instant now, struct reason *reason);

/* The key as it is shown right after it was made. */
void ledger_read_new_key(const struct key_row *row, const struct api_key_text *secret,
                         instant now, struct api_key *key);

/* Writes into the table what accounts have entered: plans that waited for a period which has
 * begun. With a meter. */
enum status ledger_follow_plans(struct ledger *ledger, struct reason *reason);

#define LEDGER_NEXT_KEY_SQL "SELECT coalesce(max(id), 0) + 1 FROM api_key"
