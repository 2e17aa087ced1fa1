#include "ledger/embedded.h"

static struct charge_order order_of(const struct ledger *ledger, const struct charge *charge)
{
    return (struct charge_order){.account_id = charge->account_id,
                                 .key_id = charge->key_id,
                                 .cost = charge->cost,
                                 .operation_id = charge->operation_id,
                                 .now = time_now(ledger->time),
                                 .elapsed = time_elapsed(ledger->time)};
}

/* How a call that was refused its credits will be counted. */
static enum call_outcome refused_outcome(enum quota_verdict verdict)
{
    switch (verdict) {
    case QUOTA_KEY_DAILY: return CALL_KEY_DAILY;
    case QUOTA_DAILY: return CALL_DAILY;
    case QUOTA_INSUFFICIENT: return CALL_INSUFFICIENT;
    case QUOTA_SPEND_LIMIT: return CALL_SPEND_LIMIT;
    case QUOTA_GRANTED: break;
    }
    check_failed(__FILE__, __LINE__, "a refused call has a reason");
}

static void slot_record(struct ledger *ledger, const struct charge *charge,
                        enum call_outcome outcome)
{
    struct slot slot = {.entry = {.account_id = charge->account_id,
                                  .key_id = charge->key_id,
                                  .plan_version = charge->standing.terms->version,
                                  .endpoint = charge->endpoint,
                                  .outcome = outcome,
                                  .at = charge->standing.now}};
    ledger_copy_text(slot.address, sizeof(slot.address),
                     text_slice(charge->address, 0, sizeof(slot.address) - 1));
    committer_add_slot(&ledger->committer, &slot);
}

/* What this thread has decided in its present turn; a thread works for one ledger. */
static _Thread_local struct {
    bool gathers;
    struct charge_list charges;
} turn;

void ledger_turn_gather(void)
{
    turn.gathers = true;
}

void ledger_turn_end(struct ledger *ledger)
{
    committer_add_charges(&ledger->committer, &turn.charges);
    turn.gathers = false;
}

static enum status charge_hand_over(struct ledger *ledger, struct charge *charge)
{
    struct charge_list *charges = &turn.charges;
    secret_draw(charge->charge_id, CHARGE_ID_BYTES);
    charge->next = NULL;
    *(charges->count++ ? charges->last_link : &charges->first) = charge;
    charges->last_link = &charge->next;
    if (!turn.gathers)
        committer_add_charges(&ledger->committer, charges);
    return STATUS_BUSY;
}

enum status ledger_charge(struct ledger *ledger, struct charge *charge)
{
    charge->epoch = atomic_load(&ledger->committer.epoch);
    if (!atomic_load(&ledger->committer.admits) || committer_is_full(&ledger->committer))
        return STATUS_UNAVAILABLE;
    charge->order = order_of(ledger, charge);
    meter_charge(ledger->meter, &charge->order, &charge->standing);
    switch (charge->standing.verdict) {
    case CHARGE_RATE_LIMITED:
        slot_record(ledger, charge, CALL_OUTCOMES);
        return STATUS_EXHAUSTED;
    case CHARGE_REFUSED:
        slot_record(ledger, charge, refused_outcome(charge->standing.quota_verdict));
        return STATUS_EXHAUSTED;
    case CHARGE_TAKEN: break;
    }
    if (charge->standing.charged.count > 0)
        return charge_hand_over(ledger, charge);
    slot_record(ledger, charge, charge->outcome == CALL_CHARGED ? CALL_FREE : charge->outcome);
    return STATUS_OK;
}

void ledger_look(struct ledger *ledger, struct charge *charge)
{
    charge->order = order_of(ledger, charge);
    meter_look(ledger->meter, &charge->order, &charge->standing);
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
