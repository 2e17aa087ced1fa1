#include "call/call.h"

credits call_price(const struct pipeline *pipeline, const struct endpoint *endpoint)
{
    const struct terms *terms = ledger_terms(pipeline->ledger);
    for (size_t i = 0; i < terms->plans.price_count; i++)
        if (text_equals(text_of(terms->plans.prices[i].operation_id), endpoint->operation_id))
            return credits_of(terms->plans.prices[i].credits);
    return credits_of(endpoint->credits);
}

static void charge_prepare(struct call *call, enum call_outcome outcome, credits cost)
{
    call->charge = (struct charge){.account_id = call->key.account_id,
                                   .key_id = call->key.key_id,
                                   .cost = cost,
                                   .endpoint = call->endpoint->number,
                                   .outcome = outcome,
                                   .request_id = call->request_id};
    if (!call->is_first || !call->finding.page)
        return;
    call->charge.idempotency_key = call->idempotent.key;
    call->charge.arguments_hash = call->idempotent.arguments_hash;
    call->charge.snapshot_id = call->finding.page->snapshot_id;
}

/* What was found is not sent: its share goes back. */
static void finding_drop(struct call *call)
{
    catalog_page_release(call->finding.page);
    call->finding.page = NULL;
}

static void refuse_ledger(struct call *call)
{
    call->is_metered = false;
    call_refuse_overloaded(call,
                           TEXT("Calls cannot be metered at the moment; nothing was charged. "
                                "Try again shortly."));
}

enum status call_take_slot(struct call *call, enum call_outcome outcome)
{
    charge_prepare(call, outcome, credits_of(0));
    enum status status = ledger_charge(call->pipeline->ledger, &call->charge);
    call->is_metered = status != STATUS_UNAVAILABLE;
    if (status == STATUS_OK)
        return STATUS_OK;
    finding_drop(call);
    if (status == STATUS_EXHAUSTED)
        call_refuse_standing(call);
    else
        refuse_ledger(call);
    return status;
}

/* On the call's loop again. */
static void charge_resumed(struct http_task *task)
{
    struct call *call = CONTAINER_OF(task, struct call, task);
    if (call->settled == STATUS_OK) {
        call_answer_finding(call);
        return;
    }
    finding_drop(call);
    refuse_ledger(call);
}

/* On the committer's thread. */
static void charge_settled(struct charge *charge, enum status status)
{
    struct call *call = CONTAINER_OF(charge, struct call, charge);
    call->settled = status;
    call->task.run = charge_resumed;
    http_loop_post(http_exchange_loop(call->exchange), &call->task);
}

static void charge_take(struct call *call, credits cost)
{
    charge_prepare(call, CALL_CHARGED, cost);
    call->charge.settled = charge_settled;
    ledger_turn_gather();
    call->is_metered =
        true; /* before the hand-over: from then on another thread may settle it */
    enum status status = ledger_charge(call->pipeline->ledger, &call->charge);
    if (status == STATUS_BUSY)
        return;
    finding_drop(call);
    if (status == STATUS_EXHAUSTED)
        call_refuse_standing(call);
    else
        refuse_ledger(call);
}

void call_charge(struct call *call, enum call_outcome outcome)
{
    credits cost = call_price(call->pipeline, call->endpoint);
    if (outcome == CALL_CHARGED && cost.count > 0)
        charge_take(call, cost);
    else if (call_take_slot(call, outcome == CALL_CHARGED ? CALL_FREE : outcome) == STATUS_OK)
        call_answer_finding(call);
}
