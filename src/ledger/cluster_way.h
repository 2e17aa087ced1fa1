/* cluster_way: the way of a lane's batches to where their accounts are, and what became of a batch that
 * was lost on it. Owned by the lane's thread; blocks on the databases. */
#pragma once

#include "ledger/cluster.h"

/* How long a commit whose end was not seen is asked for before its calls are answered 503. */
#define CLUSTER_SETTLE_US (INT64_C(10) * SECOND_US)

/* How long one asking waits for an answer, and a try of a lane: past the wait for a lock, which the database
 * tells of itself. */
#define CLUSTER_ASK_ANSWER_MS 3000

#define SEVERAL (-1) /* in place of a bucket */

struct batch_name {
    int64_t bucket; /* of all its accounts; SEVERAL: where the lane's db has every one */
    uint8_t id[CHARGE_ID_BYTES];
};

struct batch_way {
    struct lane *lane;
    struct db *db;   /* that has the bucket which was found last; else the lane's */
    bool is_doubted; /* whether that batch stands in the journal */
    struct batch_name doubted;
};

/* db is the bucket's from now on. Outcomes: see placement_find. */
enum status way_find(struct batch_way *way, int64_t bucket, struct reason *reason);

/* What fails may do so because a bucket has moved: a status passes through. */
enum status way_note(struct batch_way *way, enum status status);

/* Asks for a batch of that many calls until it is known what its commit came to. STATUS_OK: it is in the
 * journal. STATUS_UNAVAILABLE: it is not, or it is in doubt, and logged. */
enum status way_resolve(struct batch_way *way, const struct batch_name *name,
                        int64_t call_count, struct reason *reason);

/* A batch in doubt is asked for once more: see batch_settle. */
enum status way_settle(struct batch_way *way, struct reason *reason);
