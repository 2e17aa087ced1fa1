#include "ledger/cluster.h"

#include "base/log.h"
#include "ledger/cluster_batch.h"
#include "ledger/cluster_fold.h"
#include "ledger/embedded_billing.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define FOLD_INTERVAL_US                                                                       \
    (4 * SECOND_US) /* readers add what is not folded: some thousand rows at most */
#define FOLLOW_INTERVAL_MS 250
#define TRY_INTERVAL_US (SECOND_US / 4)
#define SWEEP_INTERVAL_US (3600 * SECOND_US)
#define LOCK_WAIT_MS 2000
#define STATEMENT_MS 5000     /* of a batch: its callers wait */
#define FOLLOW_ANSWER_MS 2000 /* it reads some rows, and holds the ledger's lock */

/* ---- The clock ---- */

static instant present(void *owner)
{
    const struct cluster *cluster = owner;
    return (instant){time_now(cluster->base).us + atomic_load(&cluster->ahead_us)};
}

static duration elapsed(void *owner)
{
    const struct cluster *cluster = owner;
    return time_elapsed(cluster->base);
}

void cluster_clock_note(struct cluster *cluster, instant now)
{
    if (cluster->base == time_source_system())
        atomic_store(&cluster->ahead_us, now.us - time_now(cluster->base).us);
}

/* ---- Handing over ---- */

static void lock(struct cluster *cluster)
{
    uv_mutex_lock(&cluster->lock);
}

static void unlock(struct cluster *cluster)
{
    uv_mutex_unlock(&cluster->lock);
}

/* Charges of several buckets are for several lanes. */
static void lanes_wake(struct cluster *cluster)
{
    if (cluster->is_spread)
        uv_cond_broadcast(&cluster->arrived);
    else
        uv_cond_signal(&cluster->arrived);
}

void cluster_add(struct cluster *cluster, struct charge_list *charges)
{
    if (charges->count == 0)
        return;
    for (struct charge *charge = charges->first; charge; charge = charge->next)
        charge->known_event = atomic_load(&cluster->followed_id);
    lock(cluster);
    (void)atomic_fetch_add(&cluster->ledger->committer.waiting, charges->count);
    queue_add(&cluster->queue, charges);
    unlock(cluster);
    lanes_wake(cluster);
}

static void charges_settle(struct charge *charge, enum status status)
{
    while (charge) {
        struct charge *next = charge->next;
        charge->settled(charge, status == STATUS_OK ? charge->decided : STATUS_UNAVAILABLE);
        charge = next;
    }
}

/* Inside the lock. */
static struct charge *charges_cut(struct cluster *cluster, size_t count_max, unsigned *line)
{
    size_t count;
    struct charge *taken = queue_take(&cluster->queue, count_max, line, &count);
    atomic_fetch_sub(&cluster->ledger->committer.waiting, count);
    return taken;
}

static void charges_refuse_waiting(struct cluster *cluster)
{
    lock(cluster);
    unsigned line;
    struct charge *waiting = charges_cut(cluster, SIZE_MAX, &line);
    unlock(cluster);
    charges_settle(waiting, STATUS_UNAVAILABLE);
}

/* ---- Whether calls are admitted ---- */

_Static_assert(CLUSTER_LANES_SPREAD <= CLAIMANTS_MAX, "each lane may have a claim");

#define FOLLOWER_BIT (1U << CLUSTER_LANES_SPREAD)

static unsigned lane_bit(const struct lane *lane)
{
    return 1U << (lane - lane->cluster->lanes);
}

/* Inside the lock. */
static bool has_lane(const struct cluster *cluster)
{
    unsigned lanes = (1U << cluster->lane_count) - 1;
    return (cluster->lost & lanes) != lanes;
}

static void lost_log(bool admitted, bool admits, const struct reason *reason)
{
    if (admitted && !admits)
        log_line(LOG_ERROR, "ledger", "calls are refused until the database answers: %s",
                 reason->sentence);
    else if (admits && !admitted)
        log_line(LOG_INFO, "ledger", "the database answers again");
    else if (admits && reason)
        log_line(LOG_WARNING, "ledger", "calls go by one connection less: %s",
                 reason->sentence);
}

/* reason: NULL where the database is there. */
static void lost_note(struct cluster *cluster, unsigned who, const struct reason *reason)
{
    lock(cluster);
    unsigned before = cluster->lost;
    cluster->lost = reason ? before | who : before & ~who;
    bool is_changed = cluster->lost != before;
    bool admitted = atomic_load(&cluster->ledger->committer.admits), admits = admitted;
    if (is_changed) {
        admits = !(cluster->lost & FOLLOWER_BIT) && has_lane(cluster);
        atomic_store(&cluster->ledger->committer.admits, admits);
        uv_cond_broadcast(&cluster->arrived);
    }
    unlock(cluster);
    if (is_changed)
        lost_log(admitted, admits, reason);
}

void lane_lose(struct lane *lane, const struct reason *reason)
{
    lost_note(lane->cluster, lane_bit(lane), reason);
}

/* Whether the lane's next batch would find what it needs. What waits is refused when none would. */
static void lane_probe(struct lane *lane)
{
    struct reason reason = {0};
    bool is_lost = lane_try(lane, &reason) != STATUS_OK;
    lost_note(lane->cluster, lane_bit(lane), is_lost ? &reason : NULL);
    if (is_lost && !atomic_load(&lane->cluster->ledger->committer.admits))
        charges_refuse_waiting(lane->cluster);
}

/* ---- The lanes' threads ---- */

/* NULL when the cluster closes and nothing waits, when it is time to try a commit or to fold, and when a lane
 * was lost or found again. What waits then in a line that is at work is for the lane that is at it. */
static struct charge *charges_take(struct lane *lane, unsigned *line, bool *is_over)
{
    struct cluster *cluster = lane->cluster;
    lock(cluster);
    unsigned lost = cluster->lost;
    bool takes = !(lost & lane_bit(lane)); /* else what arrives is news for others */
    uv_cond_t *news = takes ? &cluster->arrived : &cluster->closed;
    uint64_t wait_us = lost ? TRY_INTERVAL_US : FOLD_INTERVAL_US;
    int waited = 0;
    struct charge *taken = NULL;
    while (!(takes && (taken = charges_cut(cluster, CLUSTER_BATCH_MAX, line))) &&
           !cluster->is_closing && cluster->lost == lost && waited == 0)
        waited = uv_cond_timedwait(news, &cluster->lock, 1000 * wait_us);
    *is_over = cluster->is_closing && !taken;
    unlock(cluster);
    return taken;
}

/* Lanes count one after the other: see struct tally. */
static struct tally *tally_lock(struct lane *lane)
{
    lock(lane->cluster);
    return &lane->cluster->ledger->committer.tally;
}

void lane_count_fold(struct lane *lane, bool is_done)
{
    struct tally *tally = tally_lock(lane);
    tally_add(&tally->folds, is_done);
    tally_fold_waits(tally, !is_done, time_elapsed(lane->cluster->base));
    unlock(lane->cluster);
}

static void batch_count(struct lane *lane, const struct charge *charges, enum status status)
{
    struct tally *tally = tally_lock(lane);
    tally_add(&tally->failed_commits, status != STATUS_OK);
    tally_add(&tally->journal_rows, status == STATUS_OK && batch_journal_id(lane->room) != 0);
    for (const struct charge *charge = charges; charge && status == STATUS_OK;
         charge = charge->next) {
        struct journal_entry entry;
        if (charge_entry(charge, &entry))
            tally_call(tally, &entry);
    }
    tally_fold_waits(tally, true, time_elapsed(lane->cluster->base));
    unlock(lane->cluster);
}

static void line_leave(struct cluster *cluster, unsigned line)
{
    lock(cluster);
    queue_done(&cluster->queue, line);
    unlock(cluster);
    if (cluster->is_spread)
        lanes_wake(cluster);
}

/* One server of several that is lost is no reason to refuse the others' calls. What fails although the
 * database is there, as where rows are locked, is tried. */
static void batch_note(struct lane *lane, enum status status, const struct reason *reason)
{
    if (lane->placement && status != STATUS_OK)
        log_line(LOG_ERROR, "ledger", "calls of one bucket are refused: %s", reason->sentence);
    else if (status == STATUS_UNAVAILABLE)
        lane_lose(lane, reason);
    else if (status != STATUS_OK)
        lane_probe(lane);
}

static void charges_run(struct lane *lane, struct charge *charges, unsigned line)
{
    struct reason reason = {0};
    enum status status = batch_run(lane->room, charges, &reason);
    line_leave(lane->cluster, line);
    batch_count(lane, charges, status);
    if (status == STATUS_OK)
        lane_fold_add(lane, batch_journal_id(lane->room), charges);
    else
        lane->fold_is_behind = true;
    charges_settle(charges, status);
    batch_note(lane, status, &reason);
}

static bool is_lost(struct lane *lane)
{
    lock(lane->cluster);
    bool is_lost = (lane->cluster->lost & lane_bit(lane)) != 0;
    unlock(lane->cluster);
    return is_lost;
}

static void fold_if_due(struct lane *lane, bool is_over)
{
    duration now = time_elapsed(lane->cluster->base);
    struct reason reason = {0};
    if ((now.us - lane->folded.us < FOLD_INTERVAL_US && !is_over) || is_lost(lane))
        return;
    lane->folded = now;
    if (lane_fold_write(lane, &reason) != STATUS_OK)
        log_line(LOG_WARNING, "ledger", "usage is not folded: %s", reason.sentence);
}

static void *commit(void *owner)
{
    struct lane *lane = owner;
    bool is_over = false;
    while (!is_over) {
        unsigned line = 0;
        struct charge *charges = charges_take(lane, &line, &is_over);
        if (charges)
            charges_run(lane, charges, line);
        else if (!lane->placement)
            lane_probe(lane);
        fold_if_due(lane, is_over);
    }
    if (!is_lost(lane))
        (void)!lane_leave(lane, NULL); /* else its mark stays, and costs a row */
    return NULL;
}

/* ---- The follower's thread ---- */

bool cluster_pause(struct cluster *cluster, duration pause)
{
    lock(cluster);
    if (!cluster->is_closing)
        (void)uv_cond_timedwait(&cluster->closed, &cluster->lock, 1000 * (uint64_t)pause.us);
    bool is_closing = cluster->is_closing;
    unlock(cluster);
    return is_closing;
}

static enum status changes_follow(struct cluster *cluster, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(cluster->ledger);
    db_answer_within(held->db, FOLLOW_ANSWER_MS);
    enum status status = cluster_follow(held, reason);
    db_answer_within(held->db, CLUSTER_VERB_ANSWER_MS);
    return status;
}

/* What others changed, told at once or found a moment later. Also finds out when the database is lost,
 * for which one connection that ends is not enough, and when it is there again. */
static void follow_once(struct cluster *cluster)
{
    struct reason reason = {0};
    enum status status = changes_follow(cluster, &reason);
    if (status == STATUS_UNAVAILABLE)
        status = changes_follow(cluster, &reason);
    if (status == STATUS_UNAVAILABLE || status == STATUS_OK)
        lost_note(cluster, FOLLOWER_BIT, status == STATUS_OK ? NULL : &reason);
}

static void windows_sweep(struct cluster *cluster)
{
    duration now = time_elapsed(cluster->base);
    if (now.us - cluster->swept.us < SWEEP_INTERVAL_US)
        return;
    cluster->swept = now;
    meter_sweep(cluster->ledger->meter, (duration){time_now(&cluster->time).us});
}

static bool is_over(struct cluster *cluster)
{
    lock(cluster);
    bool is_closing = cluster->is_closing;
    unlock(cluster);
    return is_closing;
}

static void *follow(void *owner)
{
    struct cluster *cluster = owner;
    while (!is_over(cluster)) {
        bool is_heard;
        if (db_hear(cluster->ears, FOLLOW_INTERVAL_MS, cluster->woken, &is_heard, NULL) !=
            STATUS_OK)
            (void)cluster_pause(cluster, (duration){FOLLOW_INTERVAL_MS * 1000});
        follow_once(cluster);
        windows_sweep(cluster);
    }
    return NULL;
}

enum status cluster_health(const struct cluster *cluster, struct reason *reason)
{
    return atomic_load(&cluster->ledger->committer.admits)
               ? STATUS_OK
               : reason_set(reason, STATUS_UNAVAILABLE, "its database does not");
}

/* ---- Opening and closing ---- */

static enum status node_number(struct ledger *ledger, int64_t *node, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(cluster_begin(ledger, &transaction, reason));
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    int64_t marked, written;
    TRY(ledger_number(ledger, "SELECT coalesce(max(node), 0) FROM fold_mark", &marked, reason));
    TRY(ledger_number(ledger, "SELECT coalesce(max(node), 0) FROM journal", &written, reason));
    *node = (marked > written ? marked : written) + 1;
    TRY(db_statement_take(
        ledger->db, "INSERT INTO fold_mark (node, journal_id, seen_at) VALUES ($1, 0, $2)",
        &insert, reason));
    db_bind_integer(insert, 1, *node);
    db_bind_integer(insert, 2, time_now(ledger->time).us);
    TRY(db_run(insert, reason));
    return db_commit(&transaction, reason);
}

static const struct db_options connection = {.schema = LEDGER_SCHEMA,
                                             .busy_timeout_ms = LOCK_WAIT_MS,
                                             .statement_timeout_ms = STATEMENT_MS};

static enum status lane_open(struct cluster *cluster, struct lane *lane, struct reason *reason)
{
    TRY(db_open(text_of(db_address(cluster->ledger->db)), &connection, &lane->db, reason));
    TRY(node_number(cluster->ledger, &lane->node, reason));
    if (cluster->is_spread)
        lane->placement = placement_open(lane->db, &connection);
    lane->room = batch_room_open(lane);
    return STATUS_OK;
}

static enum status ears_open(struct cluster *cluster, struct reason *reason)
{
    cluster->woken = eventfd(0, EFD_CLOEXEC);
    if (cluster->woken < 0)
        return reason_set(reason, STATUS_UNAVAILABLE, "no event can be made: %s",
                          strerror(errno));
    TRY(db_open(text_of(db_address(cluster->ledger->db)), &connection, &cluster->ears, reason));
    return db_listen(cluster->ears, CLUSTER_CHANNEL, reason);
}

struct cluster *cluster_make(struct ledger *ledger, const struct time_source *time)
{
    struct cluster *cluster = memory_take_zeroed(1, sizeof(*cluster));
    cluster->ledger = ledger;
    cluster->woken = -1;
    cluster->base = time;
    cluster->time = (struct time_source){
        .now = present, .elapsed = elapsed, .owner = cluster, .boot = time->boot};
    queue_init(&cluster->queue);
    check(uv_mutex_init(&cluster->lock) == 0);
    check(uv_cond_init(&cluster->arrived) == 0);
    check(uv_cond_init(&cluster->closed) == 0);
    claims_init(&cluster->claims);
    for (size_t i = 0; i < LENGTH_OF(cluster->lanes); i++) {
        cluster->lanes[i].cluster = cluster;
        fold_init(&cluster->lanes[i].fold, true);
    }
    return cluster;
}

enum status cluster_start(struct cluster *cluster, struct reason *reason)
{
    size_t lanes = cluster->is_spread ? CLUSTER_LANES_SPREAD : CLUSTER_LANES;
    cluster->queue.is_by_bucket = cluster->is_spread;
    for (size_t i = 0; i < lanes; i++)
        TRY(lane_open(cluster, &cluster->lanes[i], reason));
    TRY(ears_open(cluster, reason));
    for (; cluster->lane_count < lanes; cluster->lane_count++) {
        struct lane *lane = &cluster->lanes[cluster->lane_count];
        check(pthread_create(&lane->thread, NULL, commit, lane) == 0);
    }
    db_answer_within(cluster->ledger->db, CLUSTER_VERB_ANSWER_MS);
    check(pthread_create(&cluster->follower, NULL, follow, cluster) == 0);
    cluster->has_follower = true;
    return STATUS_OK;
}

void cluster_stop(struct cluster *cluster)
{
    if (!cluster || !cluster->has_follower)
        return;
    lock(cluster);
    cluster->is_closing = true;
    uv_cond_broadcast(&cluster->arrived);
    uv_cond_broadcast(&cluster->closed);
    unlock(cluster);
    check(eventfd_write(cluster->woken, 1) == 0);
    for (size_t i = 0; i < cluster->lane_count; i++)
        check(pthread_join(cluster->lanes[i].thread, NULL) == 0);
    charges_refuse_waiting(cluster); /* where no lane was left to take them */
    check(pthread_join(cluster->follower, NULL) == 0);
    cluster->has_follower = false;
}

static void lane_close(struct lane *lane)
{
    batch_room_close(lane->room);
    placement_close(lane->placement);
    fold_finish(&lane->fold);
    db_close(lane->db);
}

void cluster_close(struct cluster *cluster)
{
    if (!cluster)
        return;
    for (size_t i = 0; i < LENGTH_OF(cluster->lanes); i++)
        lane_close(&cluster->lanes[i]);
    db_close(cluster->ears);
    if (cluster->woken >= 0)
        (void)close(cluster->woken);
    claims_finish(&cluster->claims);
    uv_cond_destroy(&cluster->closed);
    uv_cond_destroy(&cluster->arrived);
    uv_mutex_destroy(&cluster->lock);
    free(cluster);
}
