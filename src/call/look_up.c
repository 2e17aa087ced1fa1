#include "call/call.h"

/* Whoever asks for a stale or made-up list is served at once, and has it fetched behind; but the
 * console, which pays nothing, is shown what is there. A list of
 * an industry is derived from the one over all industries, which is what is fetched. */
static struct list_key list_fetched(const struct page_request *request)
{
    struct list_key list = request->list;
    list.industry = INDUSTRY_ALL;
    return list;
}

static void demand_mark(struct call *call, const struct page_request *request,
                        const struct catalog_page *page)
{
    struct pipeline *pipeline = call->pipeline;
    if (!pipeline->collector || call_is_of_account(call))
        return;
    if (page->snapshot_id < 0 || pipeline_is_stale(pipeline, page->captured_at, page->is_short))
        collector_demand(pipeline->collector, list_fetched(request));
}

static void page_found(struct call *call, const struct catalog_page *page)
{
    demand_mark(call, &call->waiter.request, page);
    call_found(call, &(struct finding){.page = page});
}

static void refuse_missed(struct call *call)
{
    if (call->missed == STATUS_MISSING)
        call_refuse_plainly(call, FAILURE_NO_DATA);
    else if (call->missed == STATUS_EXHAUSTED)
        call_refuse_overloaded(call, TEXT("Too many calls wait for lists; try again shortly."));
    else
        call_refuse_plainly(call, FAILURE_UPSTREAM_UNAVAILABLE);
}

void call_refuse_page(struct call *call, enum status outcome)
{
    call->missed = outcome;
    call_take_slot(call, CALL_UNAVAILABLE, refuse_missed);
}

/* A refusal ends the call, so that the page is given back by a share of its own. */
void call_look_up_ended(struct call *call, enum status outcome, const struct catalog_page *page)
{
    if (call_authenticate(call) != STATUS_OK)
        catalog_page_release(page);
    else if (outcome == STATUS_OK)
        call_found(call, &(struct finding){.page = page});
    else
        call_refuse_page(call, outcome);
}

static void call_resumed(struct http_task *task)
{
    struct call *call = CONTAINER_OF(task, struct call, task);
    if (call->waiter.outcome == STATUS_OK)
        demand_mark(call, &call->waiter.request, call->waiter.page);
    call_look_up_ended(call, call->waiter.outcome, call->waiter.page);
}

/* On a pool thread. */
static void call_woken(struct catalog_waiter *waiter)
{
    struct call *call = CONTAINER_OF(waiter, struct call, waiter);
    http_loop_post(http_exchange_loop(call->exchange), &call->task);
}

/* STATUS_BUSY: call_resumed will have the page. */
static enum status page_seek(struct call *call, const struct catalog_page **page)
{
    call->waiter.wake = call_woken;
    call->task.run = call_resumed;
    struct page_request wanted = call->waiter.request;
    return catalog_find(call->pipeline->catalog, &wanted, &call->waiter, page);
}

static void page_settle(struct call *call, enum status status, const struct catalog_page *page)
{
    if (status == STATUS_OK)
        page_found(call, page);
    else if (status != STATUS_BUSY)
        call_refuse_page(call, status);
}

/* On the call's loop again, and the list is in the catalogue, or will not be. */
static void list_fetched_resumed(struct http_task *task)
{
    struct call *call = CONTAINER_OF(task, struct call, task);
    const struct catalog_page *page = NULL;
    if (call_authenticate(call) != STATUS_OK)
        return;
    enum status status = call->fetch.outcome;
    if (status == STATUS_OK)
        status = page_seek(call, &page);
    page_settle(call, status, page);
}

/* On the collector's thread. */
static void list_fetched_woken(struct collector_waiter *waiter)
{
    struct call *call = CONTAINER_OF(waiter, struct call, fetch);
    http_loop_post(http_exchange_loop(call->exchange), &call->task);
}

/* What the call would meet if its list were there; a HEAD costs nothing. */
static struct charge_standing list_look(const struct call *call)
{
    struct charge look = {.account_id = call->key.account_id, .key_id = call->key.key_id};
    if (call->request->method != HTTP_HEAD) {
        look.cost = credits_of(call->endpoint->credits);
        look.operation_id = call->endpoint->operation_id;
    }
    ledger_look(call->pipeline->ledger, &look);
    return look.standing;
}

/* The slot is taken; the numbers are those that it was taken with. */
static void refuse_unaffordable(struct call *call)
{
    struct charge_standing *standing = &call->charge.standing;
    standing->verdict = CHARGE_REFUSED;
    standing->quota_verdict = call->unaffordable;
    standing->cost = call_price(call->pipeline, call->endpoint);
    call_refuse_standing(call);
}

/* STATUS_BUSY: the call waits for the list to be fetched, or is refused: one that has no credits for it has nothing fetched for
 * it. Nor has one without a slot, which is told so when it takes that. */
static enum status list_await(struct call *call)
{
    if (!call->pipeline->collector || call->is_replay || call_is_of_account(call))
        return STATUS_MISSING;
    const struct charge_standing found = list_look(call);
    if (found.verdict == CHARGE_RATE_LIMITED)
        return STATUS_MISSING;
    if (found.verdict == CHARGE_REFUSED) {
        call->unaffordable = found.quota_verdict;
        call_take_slot(call, charge_refused_outcome(found.quota_verdict), refuse_unaffordable);
        return STATUS_BUSY;
    }
    call->fetch.wake = list_fetched_woken;
    call->fetch.list = list_fetched(&call->waiter.request);
    call->task.run = list_fetched_resumed;
    return collector_await(call->pipeline->collector, &call->fetch);
}

void call_look_up_page(struct call *call, const struct page_request *request)
{
    const struct catalog_page *page = NULL;
    call->waiter.request = *request;
    call->waiter.request.snapshot_id = call->is_replay ? call->idempotent.snapshot_id : 0;
    enum status status = page_seek(call, &page);
    if (status == STATUS_MISSING)
        status = list_await(call);
    page_settle(call, status, page);
}
