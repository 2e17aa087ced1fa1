#include "ledger/embedded.h"

/* In a cluster windows are told by the wall clock of the database: see meter_held.h. */
static struct charge_order order_of(const struct ledger *ledger, const struct charge *charge)
{
    instant now = time_now(ledger->time);
    return (struct charge_order){.account_id = charge->account_id,
                                 .key_id = charge->key_id,
                                 .cost = charge->cost,
                                 .operation_id = charge->operation_id,
                                 .now = now,
                                 .elapsed = ledger->cluster ? (duration){now.us}
                                                            : time_elapsed(ledger->time)};
}

static void slot_record(struct ledger *ledger, const struct charge *charge)
{
    struct slot slot = {0};
    check(charge_entry(charge, &slot.entry));
    ledger_copy_text(slot.address, sizeof(slot.address),
                     text_slice(charge->address, 0, sizeof(slot.address) - 1));
    committer_add_slot(&ledger->committer, &slot);
}

/* What this thread has decided in its present turn; a thread works for one ledger. */
static _Thread_local struct {
    bool gathers;
    struct charge_list charges;
    struct charge_ids ids;
} turn;

void ledger_turn_gather(void)
{
    turn.gathers = true;
}

static void charges_hand_over(struct ledger *ledger)
{
    if (ledger->cluster)
        cluster_add(ledger->cluster, &turn.charges);
    else
        committer_add_charges(&ledger->committer, &turn.charges);
    turn.ids = (struct charge_ids){0};
}

void ledger_turn_end(struct ledger *ledger)
{
    charges_hand_over(ledger);
    turn.gathers = false;
}

static enum status charge_hand_over(struct ledger *ledger, struct charge *charge)
{
    struct charge_list *charges = &turn.charges;
    charge->next = NULL;
    *(charges->count++ ? charges->last_link : &charges->first) = charge;
    charges->last_link = &charge->next;
    if (!turn.gathers)
        charges_hand_over(ledger);
    return STATUS_BUSY;
}

enum status ledger_charge(struct ledger *ledger, struct charge *charge)
{
    charge->epoch = atomic_load(&ledger->committer.epoch);
    if (!atomic_load(&ledger->committer.admits) || committer_is_full(&ledger->committer))
        return STATUS_UNAVAILABLE;
    if (ledger->cluster)
        return charge_hand_over(ledger, charge); /* to be decided there */
    charge->order = order_of(ledger, charge);
    charge->decided = STATUS_OK;
    meter_charge(ledger->meter, &charge->order, &charge->standing);
    if (charge->standing.charged.count > 0) {
        charge_id_make(&turn.ids, charge->charge_id);
        return charge_hand_over(ledger, charge);
    }
    slot_record(ledger, charge);
    return charge->standing.verdict == CHARGE_TAKEN ? STATUS_OK : STATUS_EXHAUSTED;
}

void ledger_look(struct ledger *ledger, struct charge *charge)
{
    charge->order = order_of(ledger, charge);
    meter_look(ledger->meter, &charge->order, &charge->standing);
}

enum status ledger_catch_up(struct ledger *ledger, int64_t account_id, struct reason *reason)
{
    if (!ledger->cluster)
        return STATUS_OK;
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    return ledger_hold_to_look(held, &transaction, account_id, reason);
}

enum idempotency_verdict ledger_idempotent_enter(struct ledger *ledger,
                                                 struct idempotent_call *call)
{
    return idempotency_enter(ledger->idempotency, call, time_elapsed(ledger->time));
}

void ledger_idempotent_leave(struct ledger *ledger, const struct idempotent_call *call,
                             bool charged)
{
    idempotency_leave(ledger->idempotency, call, charged, time_elapsed(ledger->time));
}
