#include "biller.h"

#include "base/log.h"
#include "base/pool.h"
#include "ledger/billing.h"

#define STRETCH_US                                                                             \
    (SECOND_US / 10) /* of many pieces, before whoever waits to stop it is heard */

struct biller {
    struct ledger *ledger;
    const struct time_source *time;
    int64_t grace_days;
    struct pool *pool;
    struct pool_job job;
    enum status status; /* of the last piece; the pool's thread's own */
    atomic_bool is_at_work;
};

static void work(struct pool_job *job)
{
    struct biller *biller = CONTAINER_OF(job, struct biller, job);
    int64_t begun_us = time_elapsed(biller->time).us;
    struct reason reason = {0};
    bool has_more = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && has_more &&
           time_elapsed(biller->time).us - begun_us < STRETCH_US)
        status = ledger_billing_tend(biller->ledger, biller->grace_days, &has_more, &reason);
    if (status != STATUS_OK && biller->status == STATUS_OK)
        log_line(LOG_ERROR, "ledger", "billing waits: %s", reason.sentence);
    biller->status = status;
    atomic_store(&biller->is_at_work, false);
}

struct biller *biller_open(struct ledger *ledger, const struct time_source *time,
                           int64_t grace_days)
{
    struct pool *pool = pool_open(1, 1);
    if (!pool)
        return NULL;
    struct biller *biller = memory_take_zeroed(1, sizeof(*biller));
    biller->ledger = ledger;
    biller->time = time;
    biller->grace_days = grace_days;
    biller->pool = pool;
    biller->job.run = work;
    atomic_init(&biller->is_at_work, false);
    return biller;
}

void biller_close(struct biller *biller)
{
    if (!biller)
        return;
    pool_close(biller->pool);
    free(biller);
}

void biller_tend(struct biller *biller)
{
    if (!atomic_exchange(&biller->is_at_work, true) &&
        pool_submit(biller->pool, &biller->job) != STATUS_OK)
        atomic_store(&biller->is_at_work, false);
}
