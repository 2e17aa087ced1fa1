#include "call/call.h"
#include "call/client_address.h"

credits call_price(const struct pipeline *pipeline, const struct endpoint *endpoint)
{
    return terms_price(ledger_terms(pipeline->ledger), endpoint->operation_id,
                       credits_of(endpoint->credits));
}

static void charge_prepare(struct call *call, enum call_outcome outcome)
{
    call->charge = (struct charge){
        .account_id = call->key.account_id,
        .key_id = call->key.key_id,
        .endpoint = call->endpoint->number,
        .outcome = outcome,
        .request_id = call->request_id,
        .address = client_address(call->request, call->pipeline->trusted_proxies),
        .user_agent = http_request_field(call->request, TEXT("User-Agent"))};
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

static void charge_refused(struct call *call, enum status status)
{
    finding_drop(call);
    if (status == STATUS_EXHAUSTED)
        call_refuse_standing(call);
    else
        refuse_ledger(call);
}

/* Another node knows more of the call than this one did: see ledger/cluster.h. */
static void charge_overtaken(struct call *call, enum status status)
{
    finding_drop(call);
    call->is_metered = false;
    if (status == STATUS_EXISTS)
        call_replay(call);
    else if (status == STATUS_CONFLICT)
        call_refuse_conflict(call);
    else if (call_authenticate(call) == STATUS_OK)
        refuse_ledger(call); /* it is refused, and why is not known here yet */
}

static void charge_ended(struct call *call, enum status status)
{
    if (status == STATUS_OK)
        call->go_on(call);
    else if (status == STATUS_EXISTS || status == STATUS_CONFLICT || status == STATUS_FORBIDDEN)
        charge_overtaken(call, status);
    else
        charge_refused(call, status);
}

/* On the call's loop again. */
static void charge_resumed(struct http_task *task)
{
    struct call *call = CONTAINER_OF(task, struct call, task);
    charge_ended(call, call->settled);
}

/* On whatever thread settles it: see charge.h. */
static void charge_settled(struct charge *charge, enum status status)
{
    struct call *call = CONTAINER_OF(charge, struct call, charge);
    call->settled = status;
    call->task.run = charge_resumed;
    http_loop_post(http_exchange_loop(call->exchange), &call->task);
}

/* What the console shows of the product is no call. */
static bool is_metered(const struct call *call)
{
    return call->endpoint->kind == ENDPOINT_PRODUCT;
}

static void charge_make(struct call *call)
{
    call->charge.settled = charge_settled;
    ledger_turn_gather();
    call->is_metered =
        true; /* before the hand-over: from then on another thread may settle it */
    enum status status = ledger_charge(call->pipeline->ledger, &call->charge);
    if (status != STATUS_BUSY)
        charge_ended(call, status);
}

void call_take_slot(struct call *call, enum call_outcome outcome, void (*go_on)(struct call *))
{
    if (!is_metered(call)) {
        go_on(call);
        return;
    }
    charge_prepare(call, outcome);
    call->go_on = go_on;
    charge_make(call);
}

/* The price is left to the ledger, which takes it from the terms that decide. */
void call_charge(struct call *call, enum call_outcome outcome)
{
    if (outcome != CALL_CHARGED || !is_metered(call)) {
        call_take_slot(call, outcome, call_answer_finding);
        return;
    }
    charge_prepare(call, CALL_CHARGED);
    call->charge.cost = credits_of(call->endpoint->credits);
    call->charge.operation_id = call->endpoint->operation_id;
    call->go_on = call_answer_finding;
    charge_make(call);
}
