/* Closing periods on the committer's thread, between two batches. */
#include "ledger/committer_parts.h"
#include "ledger/embedded_billing.h"

enum status committer_close_periods(struct committer *committer, instant until,
                                    struct reason *reason)
{
    uv_mutex_lock(&committer->lock);
    enum status status = STATUS_UNAVAILABLE;
    if (committer->has_thread && !committer->is_closing) {
        committer->close_until = until;
        unsigned asked = ++committer->closings_asked;
        uv_cond_signal(&committer->arrived);
        while ((int)(committer->closings_done - asked) < 0)
            uv_cond_wait(&committer->closed, &committer->lock);
        status = committer->close_status;
    }
    uv_mutex_unlock(&committer->lock);
    return status == STATUS_OK ? STATUS_OK
                               : reason_set(reason, status,
                                            "billing periods could not be closed; that is "
                                            "tried again");
}

static bool has_older_charge(const struct committer *committer, instant until)
{
    const struct charge *charge = committer->first;
    while (charge && charge->standing.now.us >= until.us)
        charge = charge->next;
    return charge != NULL;
}

void committer_closing_run(struct committer *committer, bool is_last)
{
    uv_mutex_lock(&committer->lock);
    unsigned asked = committer->closings_asked;
    instant until = committer->close_until;
    bool is_due = asked != committer->closings_done &&
                  (is_last || !has_older_charge(committer, until));
    uv_mutex_unlock(&committer->lock);
    if (!is_due)
        return;
    bool can_close = atomic_load(&committer->admits) && !is_last;
    committer->drains_before.us = 0;
    if (can_close && !cohorts_choose_before(&committer->cohorts, until)) {
        committer->drains_before = until;
        return;
    }
    enum status status = can_close ? ledger_close_until(committer->ledger, until, NULL)
                                   : STATUS_UNAVAILABLE;
    uv_mutex_lock(&committer->lock);
    committer->closings_done = asked;
    committer->close_status = status == STATUS_OK ? STATUS_OK : STATUS_UNAVAILABLE;
    uv_mutex_unlock(&committer->lock);
    uv_cond_broadcast(&committer->closed);
}
