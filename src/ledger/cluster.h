/* cluster: the part of a ledger that several nodes share, on PostgreSQL.
 *
 * What accounts may do is in rows (account_window, balance, key_day), and counts only while their
 * locks are held: a node holds the accounts of a batch, decides by the one meter, and writes what it
 * decided with the batch's journal row, in one transaction. So no two nodes decide about an account
 * at once, and the database's clock decides for all of them.
 *
 * Verbs beside calls (accounts, keys, plans, billing) go one after the other over all nodes, by an
 * advisory lock; each leaves an audit event, by which the other nodes follow within a second. */
#pragma once

#include "ledger/claims.h"
#include "ledger/cluster_queue.h"
#include "ledger/lane.h"
#include "ledger/meter_held.h"

#include <uv.h>

struct ledger;
struct sql_array;

/* Charges of one transaction: with more of them each took longer (docs/numbers-cluster.md). */
#define CLUSTER_BATCH_MAX 256

/* How long a verb of a node that serves waits for one answer, and what follows others waits for it. */
#define CLUSTER_VERB_ANSWER_MS 6000

#define CLUSTER_CHANNEL "trendgate_ledger"

struct cluster {
    struct ledger *ledger;
    const struct time_source *base;
    struct time_source
        time; /* the database's present, as last heard; base's where that is no real one */
    _Atomic int64_t ahead_us; /* of the database's clock over base's */

    bool is_spread; /* by Citus, over servers: see spread.h */

    uv_mutex_t lock; /* over the queue, and what is lost */
    uv_cond_t arrived, closed;
    struct cluster_queue queue;
    unsigned lost; /* bits: lanes whose last try failed, and the follower */
    bool is_closing;
    struct lane lanes[CLUSTER_LANES_SPREAD];
    size_t lane_count;    /* that run */
    struct claims claims; /* of the lanes, by their places */
    pthread_t follower;
    bool has_follower;
    duration swept; /* the follower's own */

    struct db *ears;             /* the follower's own: hears of changes on CLUSTER_CHANNEL */
    int woken;                   /* an event, with which the stop ends the follower's wait */
    _Atomic int64_t followed_id; /* the last event that this node knows */
};

/* time: the machine's. Commands need no more than that. */
struct cluster *cluster_make(struct ledger *ledger, const struct time_source *time);

/* Connects, takes a number for each lane, and begins to admit calls. Inside the ledger's lock. */
enum status cluster_start(struct cluster *cluster, struct reason *reason);

/* Settles what waits, and ends the threads. */
void cluster_stop(struct cluster *cluster);
void cluster_close(struct cluster *cluster);

/* Hands charges over to be decided and written; each is settled with
 *   STATUS_OK           charged, or its slot is taken
 *   STATUS_EXHAUSTED    refused, by the numbers in its standing
 *   STATUS_EXISTS       its Idempotency-Key was charged on another node: snapshot_id and charge_id tell
 *   STATUS_CONFLICT     the same, with other arguments
 *   STATUS_FORBIDDEN    the account's calls are refused
 *   STATUS_UNAVAILABLE  nothing was taken, as far as is known
 * Any thread; never blocks on the database. */
void cluster_add(struct cluster *cluster, struct charge_list *charges);

/* What the database's clock says now. Nothing where the node's own is to count. */
void cluster_clock_note(struct cluster *cluster, instant now);

/* STATUS_UNAVAILABLE while calls are refused: while the follower cannot read what others change, or no lane
 * commits. Each tries by itself, also where no call comes. Any thread; does not block. */
enum status cluster_health(const struct cluster *cluster, struct reason *reason);

/* ---- Accounts that are held ---- */

struct held {
    int64_t account_id;
    instant stamp; /* of the account's newest call */
    instant now;   /* the database's; not before that */
    bool is_refused;
    int64_t event_id; /* the newest: where this node knows of it, it knows of every key's end */
};

/* Inside a transaction of db: locks the accounts, and puts what they may do now into the meter.
 * accounts: in rising order, each once, of one bucket where those are spread; held has as many places.
 * STATUS_MISSING: one is not there. STATUS_CONFLICT: what this node knows is behind; when it has followed
 * it may try again. */
enum status cluster_hold(struct ledger *ledger, struct db *db, const int64_t *accounts,
                         size_t count, struct held *held, struct reason *reason);

/* Which keys of accounts that are held work no more: numbers, counted from 1, in both arrays. Each is
 * handed to found. */
enum status cluster_ended_keys(struct ledger *ledger, struct db *db, struct sql_array *accounts,
                               struct sql_array *keys, const struct held *held,
                               void (*found)(void *owner, int64_t number), void *owner,
                               struct reason *reason);

enum status cluster_key_day_write(struct db *db, const struct meter_key_day *key,
                                  struct reason *reason);

/* ---- For verbs; inside the ledger's lock ---- */

/* In place of db_begin: waits for verbs of other nodes, and follows what they changed. */
enum status cluster_begin(struct ledger *ledger, struct db_transaction *transaction,
                          struct reason *reason);

/* What a new account has beside its row. */
enum status cluster_account_write(struct ledger *ledger, int64_t account_id,
                                  struct text email_folded, struct reason *reason);

/* What the keys of a family that gets a daily cap were charged on its day. */
enum status cluster_cap_write(struct ledger *ledger, const struct meter_key *key,
                              struct reason *reason);

/* The journal's row of a grant or a refund: of no node, and never folded. */
enum status cluster_adjustment_write(struct ledger *ledger, int64_t account_id, instant at,
                                     struct text body, struct reason *reason);

/* Before anything is loaded: what is changed from now on is to be followed. Also finds out whether the
 * ledger is spread. */
enum status cluster_follow_from_here(struct ledger *ledger, struct reason *reason);

/* Brings accounts, keys, plans and sessions that others changed into memory. */
enum status cluster_follow(struct ledger *ledger, struct reason *reason);
