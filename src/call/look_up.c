#include "call/call.h"

static void page_found(struct call *call, const struct catalog_page *page)
{
    call_found(call, &(struct finding){.page = page});
}

void call_refuse_page(struct call *call, enum status status)
{
    if (call_take_slot(call, CALL_UNAVAILABLE) != STATUS_OK)
        return;
    if (status == STATUS_MISSING)
        call_refuse_plainly(call, FAILURE_NO_DATA);
    else if (status == STATUS_EXHAUSTED)
        call_refuse_overloaded(call, TEXT("Too many calls wait for lists; try again shortly."));
    else
        call_refuse_plainly(call, FAILURE_UPSTREAM_UNAVAILABLE);
}

/* A refusal ends the call, so that the page is given back by a share of its own. */
void call_look_up_ended(struct call *call, enum status outcome, const struct catalog_page *page)
{
    if (call_authenticate(call) != STATUS_OK)
        catalog_page_release(page);
    else if (outcome == STATUS_OK)
        page_found(call, page);
    else
        call_refuse_page(call, outcome);
}

static void call_resumed(struct http_task *task)
{
    struct call *call = CONTAINER_OF(task, struct call, task);
    call_look_up_ended(call, call->waiter.outcome, call->waiter.page);
}

/* On a pool thread. */
static void call_woken(struct catalog_waiter *waiter)
{
    struct call *call = CONTAINER_OF(waiter, struct call, waiter);
    http_loop_post(http_exchange_loop(call->exchange), &call->task);
}

void call_look_up_page(struct call *call, const struct page_request *request)
{
    call->waiter.wake = call_woken;
    call->task.run = call_resumed;
    const struct catalog_page *page;
    struct page_request wanted = *request;
    wanted.snapshot_id = call->is_replay ? call->idempotent.snapshot_id : 0;
    enum status status = catalog_find(call->pipeline->catalog, &wanted, &call->waiter, &page);
    if (status == STATUS_OK)
        page_found(call, page);
    else if (status != STATUS_BUSY)
        call_refuse_page(call, status);
}
