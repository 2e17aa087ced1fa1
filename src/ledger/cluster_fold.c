#include "ledger/cluster_fold.h"

#include "ledger/cluster_batch.h"
#include "ledger/cluster_closing.h"
#include "ledger/cluster_way.h"
#include "ledger/embedded_billing.h"

static void entry_add(struct lane *lane, int64_t journal_id, const struct charge *charge,
                      const struct journal_entry *entry)
{
    const struct billing_period *period = &charge->standing.period;
    struct fold_period counted = {
        .period = period->year * 12 + period->month - 1,
        .subscription = charge->standing.subscription,
        .billed_in = ledger_billed_in(lane->cluster->ledger, entry->account_id, period)};
    if (entry->outcome == CALL_OUTCOMES)
        fold_add_rate_limited(&lane->fold, entry->account_id, entry->key_id, entry->endpoint,
                              entry->at);
    else
        fold_add(&lane->fold, journal_id, entry, &counted);
}

void lane_fold_add(struct lane *lane, int64_t journal_id, const struct charge *charges)
{
    struct addresses *addresses = &lane->cluster->ledger->committer.addresses;
    addresses_lock(addresses);
    for (const struct charge *charge = charges; charge; charge = charge->next) {
        struct journal_entry entry;
        if (!charge_entry(charge, &entry))
            continue;
        entry_add(lane, journal_id, charge, &entry);
        addresses_add(addresses,
                      &(struct address_use){
                          .account_id = charge->account_id,
                          .address = charge->address,
                          .user_agent = entry.outcome == CALL_CHARGED ? charge->user_agent
                                                                      : (struct text){0},
                          .at = entry.at,
                          .has_succeeded = call_has_succeeded(entry.outcome)});
    }
    addresses_unlock(addresses);
}

/* The mark first: who closes periods holds it. *is_ours: false when it was moved by another. */
static enum status mark_move(struct lane *lane, bool *is_ours, struct reason *reason)
{
    int64_t to = lane->fold.last_journal_id ? lane->fold.last_journal_id : lane->fold_from;
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(lane->db,
                          "UPDATE fold_mark SET journal_id = $2, seen_at = $3"
                          " WHERE node = $1 AND journal_id = $4 RETURNING node",
                          &update, reason));
    db_bind_integer(update, 1, lane->node);
    db_bind_integer(update, 2, to);
    db_bind_integer(update, 3, time_now(&lane->cluster->time).us);
    db_bind_integer(update, 4, lane->fold_from);
    return db_step(update, is_ours, reason);
}

static enum status mark_read(struct lane *lane, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(lane->db,
                          "SELECT journal_id FROM fold_mark WHERE node = $1 FOR UPDATE",
                          &select, reason));
    db_bind_integer(select, 1, lane->node);
    bool row;
    TRY(db_step(select, &row, reason));
    if (!row)
        return reason_set(reason, STATUS_CORRUPT, "node %lld has lost its fold mark",
                          (long long)lane->node);
    lane->fold_from = db_column_integer(select, 0);
    return STATUS_OK;
}

/* What was gathered is forgotten, and what the journal has of this node behind the mark read anew. */
static enum status fold_gather(struct lane *lane, struct reason *reason)
{
    TRY(mark_read(lane, reason));
    fold_forget_journal(&lane->fold);
    TRY(cluster_unfolded_read(lane->cluster->ledger, lane->db, lane->node, &lane->fold,
                              reason));
    lane->fold_is_behind = false;
    return STATUS_OK;
}

static enum status uses_forget(struct lane *lane, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *delete = NULL;
    TRY(db_statement_take(lane->db, "DELETE FROM idempotency_use WHERE at <= $1", &delete,
                          reason));
    db_bind_integer(delete, 1, time_now(&lane->cluster->time).us - IDEMPOTENCY_LIFE_US);
    return db_run(delete, reason);
}

/* Inside a transaction. */
static enum status fold_keep(struct lane *lane, struct reason *reason)
{
    bool is_ours = false;
    if (!lane->fold_is_behind)
        TRY(mark_move(lane, &is_ours, reason));
    if (!is_ours) { /* a row was lost sight of, or another node has folded some */
        TRY(fold_gather(lane, reason));
        TRY(mark_move(lane, &is_ours, reason));
        check(is_ours);
    }
    TRY(fold_write(&lane->fold, lane->db, reason));
    TRY(uses_forget(lane, reason));
    const struct addresses *addresses = &lane->cluster->ledger->committer.addresses;
    TRY(addresses_write(addresses, lane->db, reason));
    return addresses_expire(lane->db, time_now(&lane->cluster->time), addresses->waiting,
                            reason);
}

static enum status fold_transact(struct lane *lane, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin(lane->db, &transaction, reason));
    TRY(fold_keep(lane, reason));
    TRY(db_commit(&transaction, reason));
    if (lane->fold.last_journal_id)
        lane->fold_from = lane->fold.last_journal_id;
    fold_forget(&lane->fold);
    return STATUS_OK;
}

enum status lane_fold_write(struct lane *lane, struct reason *reason)
{
    struct addresses *addresses = &lane->cluster->ledger->committer.addresses;
    if (fold_is_empty(&lane->fold) && !lane->fold_is_behind)
        return STATUS_OK;
    TRY(batch_settle(lane->room, reason));
    addresses_lock(addresses);
    enum status status = fold_transact(lane, reason);
    if (status == STATUS_OK)
        addresses_forget(addresses);
    else
        lane->fold_is_behind = true;
    addresses_unlock(addresses);
    lane_count_fold(lane, status == STATUS_OK);
    return status;
}

static enum status mark_touch(struct lane *lane, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(lane->db, "UPDATE fold_mark SET seen_at = $2 WHERE node = $1",
                          &update, reason));
    db_bind_integer(update, 1, lane->node);
    db_bind_integer(update, 2, time_now(&lane->cluster->time).us);
    return db_run(update, reason);
}

static enum status try_transact(struct lane *lane, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin(lane->db, &transaction, reason));
    TRY(db_execute(lane->db, "LOCK TABLE journal IN ROW EXCLUSIVE MODE", reason));
    TRY(mark_touch(lane, reason));
    return db_commit(&transaction, reason);
}

enum status lane_try(struct lane *lane, struct reason *reason)
{
    TRY(batch_settle(lane->room, reason));
    db_answer_within(lane->db, CLUSTER_ASK_ANSWER_MS);
    enum status status = try_transact(lane, reason);
    db_answer_within(lane->db, 0);
    return status;
}

enum status lane_leave(struct lane *lane, struct reason *reason)
{
    TRY(batch_settle(lane->room, reason));
    CLEANUP(db_statement_release) struct db_statement *delete = NULL;
    TRY(db_statement_take(lane->db,
                          "DELETE FROM fold_mark WHERE node = $1 AND NOT EXISTS (SELECT 1 FROM"
                          " journal j WHERE j.node = $1 AND j.id > fold_mark.journal_id)",
                          &delete, reason));
    db_bind_integer(delete, 1, lane->node);
    return db_run(delete, reason);
}
