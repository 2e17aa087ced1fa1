#include "ledger/committer.h"

#include "base/log.h"
#include "ledger/committer_parts.h"
#include "ledger/embedded_billing.h"

#define SLOTS_INTERVAL_US SECOND_US
#define SWEEP_INTERVAL_US (3600 * SECOND_US) /* a day would do, see rate_limit.h */
#define RETRY_INTERVAL_US (SECOND_US / 10)   /* after a failed commit */
#define BATCH_MAX 4096                       /* a row of half a megabyte at most */

/* The most that a row may have to hold: every charge of a batch and every slot that waits twice
 * over, each with the longest of numbers and texts. */
#define SLOT_BYTES_MAX 48
#define CHARGE_BYTES_MAX 320
#define BODY_BYTES_MAX (32 * 1024 * 1024)
_Static_assert(2 * COMMITTER_SLOTS_MAX * SLOT_BYTES_MAX + BATCH_MAX * CHARGE_BYTES_MAX <
                   BODY_BYTES_MAX,
               "every row fits");

/* ---- Handing over ---- */

static void lock(struct committer *committer)
{
    uv_mutex_lock(&committer->lock);
}

static void unlock(struct committer *committer)
{
    uv_mutex_unlock(&committer->lock);
}

/* Returns how many they were. */
static size_t charges_settle(struct committer *committer, struct charge *charge,
                             enum status status)
{
    size_t count = 0;
    while (charge) {
        struct charge *next = charge->next;
        if (status != STATUS_OK)
            meter_undo(committer->ledger->meter, &charge->order, &charge->standing);
        charge->settled(charge, status);
        charge = next;
        count++;
    }
    if (status != STATUS_OK)
        atomic_fetch_add(&committer->tally.undone_charges, (int64_t)count);
    return count;
}

/* Takes those that were decided before the last failure out of the list. */
static struct charge *charges_overtaken(const struct committer *committer,
                                        struct charge_list *charges)
{
    struct charge *overtaken = NULL;
    struct charge **link = &charges->first;
    while (*link) {
        struct charge *charge = *link;
        if (charge->epoch == atomic_load(&committer->epoch)) {
            link = &charge->next;
            continue;
        }
        *link = charge->next;
        charge->next = overtaken;
        overtaken = charge;
        charges->count--;
    }
    charges->last_link = link;
    return overtaken;
}

void committer_add_charges(struct committer *committer, struct charge_list *charges)
{
    atomic_fetch_add(&committer->hand_overs, 1);
    if (charges->count == 0 && !atomic_load(&committer->awaits_turn))
        return;
    lock(committer);
    bool wakes = atomic_exchange(&committer->awaits_turn, false);
    struct charge *overtaken = charges_overtaken(committer, charges);
    if (charges->count > 0) {
        *committer->last_link = charges->first;
        committer->last_link = charges->last_link;
        wakes |= atomic_fetch_add(&committer->waiting, charges->count) == 0;
    }
    unlock(committer);
    if (wakes)
        uv_cond_signal(&committer->arrived);
    *charges = (struct charge_list){0};
    (void)charges_settle(committer, overtaken, STATUS_UNAVAILABLE);
}

/* After a failed commit: a new epoch, and what waited in the old one. */
static struct charge *charges_withdraw(struct committer *committer)
{
    lock(committer);
    atomic_fetch_add(&committer->epoch, 1);
    struct charge *withdrawn = committer->first;
    committer->first = NULL;
    committer->last_link = &committer->first;
    atomic_store(&committer->waiting, 0);
    unlock(committer);
    return withdrawn;
}

bool committer_is_full(const struct committer *committer)
{
    return atomic_load_explicit(&committer->waiting, memory_order_relaxed) >=
               COMMITTER_WAITING_MAX ||
           atomic_load_explicit(&committer->slot_count, memory_order_relaxed) >=
               COMMITTER_SLOTS_MAX;
}

void committer_add_slot(struct committer *committer, const struct slot *slot)
{
    lock(committer);
    if (committer->slot_count == committer->slot_capacity) {
        committer->slot_capacity = committer->slot_capacity ? 2 * committer->slot_capacity : 64;
        committer->slots = memory_grow(committer->slots,
                                       committer->slot_capacity * sizeof(*slot));
    }
    committer->slots[committer->slot_count++] = *slot;
    bool is_due = committer->slot_count == 1 || committer->slot_count == COMMITTER_SLOTS_WAKE;
    unlock(committer);
    if (is_due)
        uv_cond_signal(&committer->arrived);
}

/* ---- One batch ---- */

struct batch {
    struct charge *charges;
    struct slot *slots;
    size_t slot_count;
    int64_t calls;
    int64_t journal_id;
    bool is_last; /* the committer closes: fold all */
};

/* The calls behind slots[] whose outcome is no charge; rate-limited ones are in usage alone. */
static bool took_slot(const struct journal_entry *entry)
{
    return entry->outcome < CALL_OUTCOMES;
}

static void body_fill(struct buffer *body, struct batch *batch, instant at)
{
    struct journal_writer writer;
    journal_body_open(&writer, body, at);
    for (const struct charge *charge = batch->charges; charge; charge = charge->next) {
        struct journal_entry entry;
        check(charge_entry(charge, &entry));
        journal_body_add(&writer, &entry);
        batch->calls++;
    }
    for (size_t i = 0; i < batch->slot_count; i++) {
        if (!took_slot(&batch->slots[i].entry))
            continue;
        journal_body_add(&writer, &batch->slots[i].entry);
        batch->calls++;
    }
    check(!body->overflowed);
}

/* Not by RETURNING, for which SQLite makes a table each time: a quarter of a commit's processor time. */
static enum status row_id_read(struct db *db, int64_t *id, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, "SELECT last_insert_rowid()", &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *id = db_column_integer(select, 0);
    return STATUS_OK;
}

static enum status row_insert(struct committer *committer, struct batch *batch, instant now,
                              struct reason *reason)
{
    const struct ledger *ledger = committer->ledger;
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(ledger->db,
                          "INSERT INTO journal (at, boot, elapsed_us, calls, body)"
                          " VALUES ($1, $2, $3, $4, $5)",
                          &insert, reason));
    db_bind_integer(insert, 1, now.us);
    db_bind_integer(insert, 2, ledger->time->boot);
    db_bind_integer(insert, 3, time_elapsed(ledger->time).us);
    db_bind_integer(insert, 4, batch->calls);
    db_bind_blob(insert, 5, buffer_text(&committer->body));
    TRY(db_run(insert, reason));
    return row_id_read(ledger->db, &batch->journal_id, reason);
}

/* A row is written even without calls after a failure: it must be a real commit with a sync. */
static enum status batch_transact(struct ledger *held, struct batch *batch, bool folds,
                                  struct reason *reason)
{
    struct committer *committer = &held->committer;
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    instant now = time_now(held->time);
    body_fill(&committer->body, batch, now);
    TRY(db_begin(held->db, &transaction, reason));
    if (batch->calls > 0 || !atomic_load(&committer->admits))
        TRY(row_insert(committer, batch, now, reason));
    if (folds)
        TRY(cohorts_write(&committer->cohorts, held->db, now, reason));
    TRY(db_commit(&transaction, reason));
    /* Before the lock is free: who adds up the journal for a key finds each charge either there
     * or caught up with. */
    for (const struct charge *charge = batch->charges; charge; charge = charge->next)
        meter_key_catch_up(held->meter, &charge->order, &charge->standing);
    return STATUS_OK;
}

void committer_slice_done(struct committer *committer, duration now)
{
    struct tally *tally = &committer->tally;
    if (!cohorts_forget(&committer->cohorts, now))
        return;
    tally_add(&tally->folds, 1);
    tally_fold_waits(tally, false, now);
    tally_fold_waits(tally, !cohorts_are_empty(&committer->cohorts),
                     committer->cohorts.round_began);
}

/* The addresses are in memory or in the table at any moment, for who holds their lock. */
static enum status batch_commit(struct committer *committer, struct batch *batch, bool folds,
                                duration now, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(committer->ledger);
    if (!folds)
        return batch_transact(held, batch, false, reason);
    addresses_lock(&committer->addresses);
    enum status status = batch_transact(held, batch, true, reason);
    if (status == STATUS_OK)
        committer_slice_done(committer, now);
    addresses_unlock(&committer->addresses);
    return status;
}

static void batch_addresses(struct committer *committer, const struct batch *batch)
{
    struct addresses *addresses = &committer->addresses;
    addresses_lock(addresses);
    for (const struct charge *charge = batch->charges; charge; charge = charge->next)
        addresses_add(addresses, &(struct address_use){.account_id = charge->account_id,
                                                       .address = charge->address,
                                                       .user_agent = charge->user_agent,
                                                       .at = charge->standing.now,
                                                       .has_succeeded = true});
    for (size_t i = 0; i < batch->slot_count; i++) {
        const struct slot *slot = &batch->slots[i];
        addresses_add(addresses, &(struct address_use){
                                     .account_id = slot->entry.account_id,
                                     .address = text_of(slot->address),
                                     .at = slot->entry.at,
                                     .has_succeeded = call_has_succeeded(slot->entry.outcome)});
    }
    addresses_unlock(addresses);
}

/* Before the charges are settled: whoever has his answer finds it counted. */
static void batch_fold(struct committer *committer, const struct batch *batch)
{
    struct cohorts *cohorts = &committer->cohorts;
    struct tally *tally = &committer->tally;
    tally_add(&tally->journal_rows, batch->journal_id != 0);
    cohorts_lock(cohorts);
    for (const struct charge *charge = batch->charges; charge; charge = charge->next) {
        const struct billing_period *period = &charge->standing.period;
        struct journal_entry entry;
        check(charge_entry(charge, &entry));
        tally_call(tally, &entry);
        cohorts_add(cohorts, batch->journal_id, &entry,
                    &(struct fold_period){.period = period->year * 12 + period->month - 1,
                                          .subscription = charge->standing.subscription,
                                          .billed_in = ledger_billed_in(
                                              committer->ledger, entry.account_id, period)});
    }
    for (size_t i = 0; i < batch->slot_count; i++) {
        const struct journal_entry *slot = &batch->slots[i].entry;
        tally_call(tally, slot);
        if (took_slot(slot))
            cohorts_add(cohorts, batch->journal_id, slot, NULL);
        else
            cohorts_add_rate_limited(cohorts, slot);
    }
    cohorts_unlock(cohorts);
    batch_addresses(committer, batch);
}

/* After a failed commit: its slots go before those that have come since. */
static void slots_put_back(struct committer *committer, struct batch *batch)
{
    lock(committer);
    size_t count = batch->slot_count + committer->slot_count;
    if (count > 0)
        batch->slots = memory_grow(batch->slots, count * sizeof(batch->slots[0]));
    if (committer->slot_count > 0)
        memcpy(batch->slots + batch->slot_count, committer->slots,
               committer->slot_count * sizeof(batch->slots[0]));
    free(committer->slots);
    committer->slots = batch->slots;
    committer->slot_count = count;
    committer->slot_capacity = count;
    unlock(committer);
    batch->slots = NULL;
}

/* False: none is due. */
static bool slice_choose(struct committer *committer, const struct batch *batch, duration now)
{
    struct cohorts *cohorts = &committer->cohorts;
    if (cohorts_are_empty(cohorts))
        return false;
    if (committer->drains_before.us > 0) {
        cohorts_choose_before(cohorts, committer->drains_before);
        return true;
    }
    if (!batch->is_last && !cohorts_are_due(cohorts, now))
        return false;
    return cohorts_choose(cohorts, !batch->charges || batch->is_last, now);
}

static void batch_run(struct committer *committer, struct batch *batch)
{
    struct reason reason = {0};
    duration now = time_elapsed(committer->ledger->time);
    bool folds = slice_choose(committer, batch, now);
    enum status status = batch_commit(committer, batch, folds, now, &reason);
    bool admitted = atomic_exchange(&committer->admits, status == STATUS_OK);
    if (status == STATUS_OK)
        batch_fold(committer, batch);
    tally_add(&committer->tally.failed_commits, status != STATUS_OK);
    tally_fold_waits(&committer->tally, !cohorts_are_empty(&committer->cohorts), now);
    if (status != STATUS_OK && admitted)
        log_line(LOG_ERROR, "ledger",
                 "a batch is not durable; calls are refused until one is: %s", reason.sentence);
    if (status == STATUS_OK && !admitted)
        log_line(LOG_INFO, "ledger", "the journal takes batches again");
    if (status != STATUS_OK)
        slots_put_back(committer, batch);
    struct charge *withdrawn = status == STATUS_OK ? NULL : charges_withdraw(committer);
    committer->settled_at = atomic_load(&committer->hand_overs);
    committer->settled = charges_settle(committer, batch->charges,
                                        status == STATUS_OK ? STATUS_OK : STATUS_UNAVAILABLE);
    (void)charges_settle(committer, withdrawn, STATUS_UNAVAILABLE);
    if (now.us - committer->swept.us < SWEEP_INTERVAL_US)
        return;
    meter_sweep(committer->ledger->meter, now);
    committer->swept = now;
}

/* ---- The thread ---- */

static duration wait_longest(const struct committer *committer)
{
    if (!atomic_load(&committer->admits))
        return (duration){RETRY_INTERVAL_US};
    duration slice_in = {SWEEP_INTERVAL_US};
    if (!cohorts_are_empty(&committer->cohorts))
        slice_in = cohorts_may_wait(&committer->cohorts, time_elapsed(committer->ledger->time));
    bool slots_wait = committer->slot_count > 0;
    return slots_wait && slice_in.us > SLOTS_INTERVAL_US ? (duration){SLOTS_INTERVAL_US}
                                                         : slice_in;
}

static bool is_asked(const struct committer *committer)
{
    return committer->is_closing || committer->closings_asked != committer->closings_done;
}

/* Where few calls come the wait would cost more than it saves. */
#define AWAITED_AFTER_CHARGES 12
#define TURN_LONGEST_US 5000 /* one is over by then, see HTTP_TURN_US */

/* After a row of many, and before the next one, a turn ends in which its answers were written: what their readers ask next
 * rides with what waits already. At once the disk would be busy with that alone, and then again. */
static void turn_await(struct committer *committer)
{
    const struct time_source *time = committer->ledger->time;
    size_t waiting = atomic_load(&committer->waiting);
    int64_t until_us = time_elapsed(time).us + TURN_LONGEST_US, left_us = TURN_LONGEST_US;
    int waited = 0;
    /* Said before hand_overs is read, as who hands over counts before he looks whether that is said. */
    atomic_store(&committer->awaits_turn, committer->settled >= AWAITED_AFTER_CHARGES &&
                                              waiting > 0 && waiting < BATCH_MAX);
    if (atomic_load(&committer->hand_overs) != committer->settled_at)
        atomic_store(&committer->awaits_turn, false);
    while (atomic_load(&committer->awaits_turn) && !is_asked(committer) && waited == 0 &&
           left_us > 0) {
        waited = uv_cond_timedwait(&committer->arrived, &committer->lock,
                                   1000 * (uint64_t)left_us);
        left_us = until_us - time_elapsed(time).us;
    }
    atomic_store(&committer->awaits_turn, false);
}

/* Charges are taken at once then. Slots alone ride with the next charges, or with the next slice; after
 * a failure, when no charge can come, with the next attempt. */
static void batch_await(struct committer *committer)
{
    size_t slots_wake = atomic_load(&committer->admits) ? COMMITTER_SLOTS_WAKE : SIZE_MAX;
    int waited = 0;
    while (!committer->first && committer->slot_count < slots_wake && !is_asked(committer) &&
           waited == 0)
        waited = uv_cond_timedwait(&committer->arrived, &committer->lock,
                                   1000 * (uint64_t)wait_longest(committer).us);
}

static bool batch_take(struct committer *committer, struct batch *batch)
{
    lock(committer);
    turn_await(committer);
    batch_await(committer);
    *batch = (struct batch){.charges = committer->first,
                            .slots = committer->slots,
                            .slot_count = committer->slot_count,
                            .is_last = committer->is_closing};
    struct charge **link = &batch->charges;
    size_t taken = 0;
    for (; taken < BATCH_MAX && *link; taken++)
        link = &(*link)->next;
    atomic_fetch_sub(&committer->waiting, taken);
    committer->first = *link;
    *link = NULL;
    if (!committer->first)
        committer->last_link = &committer->first;
    committer->slots = NULL;
    committer->slot_count = 0;
    committer->slot_capacity = 0;
    unlock(committer);
    return batch->charges || batch->slot_count > 0 || !batch->is_last ||
           !cohorts_are_empty(&committer->cohorts);
}

static void *work(void *owner)
{
    struct committer *committer = owner;
    struct batch batch;
    while (batch_take(committer, &batch)) {
        batch_run(committer, &batch);
        committer_closing_run(committer, batch.is_last);
        free(batch.slots);
        if (batch.is_last && !batch.charges && !atomic_load(&committer->admits))
            break; /* what is not durable now is replayed, or was refused */
    }
    committer_closing_run(committer, true);
    return NULL;
}

void committer_init(struct committer *committer, struct ledger *ledger)
{
    *committer = (struct committer){.ledger = ledger};
    tally_init(&committer->tally);
    committer->last_link = &committer->first;
    atomic_init(&committer->admits, true);
    atomic_init(&committer->epoch, 0);
    check(uv_cond_init(&committer->arrived) == 0);
    check(uv_cond_init(&committer->closed) == 0);
    check(uv_mutex_init(&committer->lock) == 0);
    addresses_init(&committer->addresses);
    cohorts_init(&committer->cohorts, &committer->addresses, COHORTS_PARTS_A_SLICE);
    buffer_init(&committer->body, BODY_BYTES_MAX);
}

void committer_start(struct committer *committer)
{
    check(pthread_create(&committer->thread, NULL, work, committer) == 0);
    committer->has_thread = true;
}

void committer_stop(struct committer *committer)
{
    if (!committer->has_thread)
        return;
    lock(committer);
    committer->is_closing = true;
    uv_cond_signal(&committer->arrived);
    unlock(committer);
    check(pthread_join(committer->thread, NULL) == 0);
    committer->has_thread = false;
}

void committer_finish(struct committer *committer)
{
    cohorts_finish(&committer->cohorts);
    addresses_finish(&committer->addresses);
    buffer_finish(&committer->body);
    free(committer->slots);
    uv_cond_destroy(&committer->closed);
    uv_cond_destroy(&committer->arrived);
    uv_mutex_destroy(&committer->lock);
}
