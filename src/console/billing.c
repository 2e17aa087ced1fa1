#include "console/billing.h"

#include "api/look_ups.h"
#include "console/errand.h"
#include "ledger/billing.h"
#include "ledger/sessions.h"

#define BY_CONSOLE "console" /* in audit events */

static bool account_read(struct errand *errand, struct account *account)
{
    enum status status = ledger_account_of(
        errand_ledger(errand), errand->call->session.account_id, account, &errand->reason);
    if (status != STATUS_OK)
        errand_refuse_status(errand, status);
    return status == STATUS_OK;
}

/* ---- The plan ---- */

static void plan_refuse(struct errand *errand, const struct plan_request *request,
                        enum status status)
{
    if (status != STATUS_INVALID && status != STATUS_CONFLICT) {
        errand_refuse_status(errand, status);
        return;
    }
    errand->reason = (struct reason){""};
    if (status == STATUS_INVALID)
        errand_fault(errand, "plan", request->plan,
                     "must be a plan of GET /api/v1/billing/plans");
    else
        errand_refuse(errand, REFUSED_STALE_PREVIEW);
}

/* Changed is what the preview shows, or nothing: also where none was asked for. */
static enum status plan_change(struct errand *errand, struct plan_request *request,
                               const struct account *account, struct plan_preview *preview)
{
    struct plan_change change;
    TRY(ledger_plan_preview(errand_ledger(errand), account->id, request, preview,
                            &errand->reason));
    request->preview = text_of(preview->digest);
    TRY(ledger_account_plan(errand_ledger(errand), text_of(account->email), request, &change,
                            &errand->reason));
    errand_member_text(errand, "next_plan",
                       change.next_plan ? text_of(change.next_plan->name) : TEXT(""));
    return STATUS_OK;
}

static void plan(struct errand *errand)
{
    struct plan_request request = {.by = BY_CONSOLE};
    struct account account;
    CLEANUP(plan_preview_finish) struct plan_preview preview = {0};
    bool has_plan = errand_text(errand, "plan", &request.plan);
    (void)errand_text(errand, "preview_digest", &request.preview);
    if (!has_plan && !errand_is_refused(errand))
        errand_fault(errand, "plan", TEXT(""), "is missing");
    if (errand_is_refused(errand) || !account_read(errand, &account))
        return;
    enum status status = plan_change(errand, &request, &account, &preview);
    if (status == STATUS_OK)
        billing_preview_write(&errand->data, &preview);
    else
        plan_refuse(errand, &request, status);
}

void billing_plan(struct call *call)
{
    static const char *const members[] = {"plan", "preview_digest", NULL};
    errand_run(call, plan, members);
}

/* ---- Overage ---- */

static void overage_read(struct errand *errand, struct overage_change *change)
{
    if (!errand_boolean(errand, "allow_overage", &change->is_on) && !errand_is_refused(errand))
        errand_fault(errand, "allow_overage", TEXT(""), "is missing");
    change->sets_limit = true;
    change->spend_limit_cents = NO_SPEND_LIMIT;
    if (!errand_has(errand, "spend_limit_cents"))
        errand_fault(errand, "spend_limit_cents", TEXT(""),
                     "is missing: give US cents, or null for no limit");
    else if (errand_integer(errand, "spend_limit_cents", &change->spend_limit_cents) &&
             (change->spend_limit_cents < 0 ||
              change->spend_limit_cents > SPEND_LIMIT_CENTS_MAX))
        errand_fault(errand, "spend_limit_cents", TEXT(""),
                     "must be US cents from 0 to 100000000, or null for no limit");
}
_Static_assert(SPEND_LIMIT_CENTS_MAX == 100000000, "the sentence above says so");

static void overage(struct errand *errand)
{
    struct overage_change change = {.by = BY_CONSOLE};
    struct account account;
    overage_read(errand, &change);
    if (errand_is_refused(errand) || !account_read(errand, &account))
        return;
    enum status status = ledger_account_overage(errand_ledger(errand), text_of(account.email),
                                                &change, &errand->reason);
    if (status == STATUS_CONFLICT) {
        errand->reason = (struct reason){""};
        errand_refuse(errand, REFUSED_OVERAGE_FIXED);
        return;
    }
    if (status != STATUS_OK) {
        errand_refuse_status(errand, status);
        return;
    }
    json_member_boolean(&errand->data, TEXT("allow_overage"), change.is_on);
    json_name(&errand->data, TEXT("spend_limit_cents"));
    if (change.spend_limit_cents == NO_SPEND_LIMIT)
        json_write_raw(&errand->data, TEXT("null"));
    else
        json_write_integer(&errand->data, change.spend_limit_cents);
}

void billing_overage(struct call *call)
{
    static const char *const members[] = {"allow_overage", "spend_limit_cents", NULL};
    errand_run(call, overage, members);
}
