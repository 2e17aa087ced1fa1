/* committer: the one thread that writes the journal.
 *
 * Loop threads hand over what was decided; the committer takes all that waits, appends one row,
 * commits with a sync, and settles the charges of that batch. Batches form by themselves: while
 * one commit runs, the next gathers; after one of many the committer lets a loop's turn end, whose answers bring
 * further calls: fewer rows are written so, and more in the same time. Some of them carry a slice of what the journal adds to
 * balances and usage (cohorts.h).
 *
 * When a commit fails its charges are undone and settled with STATUS_UNAVAILABLE, and nothing is
 * admitted until a later commit has synced: the connection is kept, because reopening would bring
 * the failed rows back from the operating system's cache as if they were durable. Calls that took
 * a slot alone have been answered: they wait for that later commit. */
#pragma once

#include "ledger/addresses.h"
#include "ledger/charge.h"
#include "ledger/cohorts.h"
#include "ledger/counts.h"

#include <uv.h>

struct ledger;

/* A call that took a slot alone, or none. */
struct slot {
    struct journal_entry entry; /* outcome CALL_OUTCOMES: rate-limited */
    char address[ADDRESS_TEXT_BYTES];
};

struct committer {
    uv_mutex_t lock;
    uv_cond_t arrived;
    struct charge *first, **last_link; /* charges whose callers wait */
    struct slot *slots;                /* nobody waits for these */
    atomic_size_t slot_count;
    size_t slot_capacity;
    atomic_size_t waiting;
    atomic_uint hand_overs;  /* so far, also of nothing */
    atomic_bool awaits_turn; /* until the next one; changed under lock */
    bool is_closing;
    pthread_t thread;
    bool has_thread;
    atomic_bool admits;
    /* Rises when a commit fails. What was decided before that counted on the failed charges, which
     * are undone: it is undone too. Read before deciding; changed under lock. */
    atomic_uint epoch;
    /* Closing periods is asked for under lock, and answered at closed. */
    uv_cond_t closed;
    instant close_until;
    unsigned closings_asked, closings_done;
    enum status close_status;
    struct tally tally;
    struct addresses addresses;

    struct cohorts cohorts;

    struct ledger *ledger; /* the committer's thread's own from here */
    size_t settled;        /* charges of the last row, */
    unsigned settled_at;   /* and hand_overs before that was settled */
    duration swept;
    instant drains_before; /* a closing waits for what was charged before; 0: none */
    struct buffer body;
};

/* Waiting charges past which new ones are refused: a second of the fastest disk. */
#define COMMITTER_WAITING_MAX 65536

/* Calls without charge that wait to be counted: from the first number on they are counted at once,
 * and past the second, some 50 MB while a disk stands still, no call is decided. As many may have
 * been on their way in a commit that failed, and wait again. */
#define COMMITTER_SLOTS_WAKE 4096
#define COMMITTER_SLOTS_MAX 262144

void committer_init(struct committer *committer, struct ledger *ledger);
void committer_start(struct committer *committer);

/* Commits and settles what waits, folds, and joins the thread. */
void committer_stop(struct committer *committer);
void committer_finish(struct committer *committer);

/* Hands a whole list over, also an empty one where a loop's turn ends; it is empty afterwards. Any thread; never
 * blocks on the disk. */
void committer_add_charges(struct committer *committer, struct charge_list *charges);
void committer_add_slot(struct committer *committer, const struct slot *slot);

/* Folds all that was charged before until, a slice a batch, and with the last one closes the periods
 * that end by it: see embedded_closing.c. Waits for that. STATUS_UNAVAILABLE: the thread does not run,
 * or the disk fails. */
enum status committer_close_periods(struct committer *committer, instant until,
                                    struct reason *reason);

/* True while COMMITTER_WAITING_MAX charges or COMMITTER_SLOTS_MAX slots wait: no more should be
 * decided. */
bool committer_is_full(const struct committer *committer);
