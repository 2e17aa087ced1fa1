/* What statements are to bill, re-added from the journal: charges by the closings before their
 * rows, grants and refunds. Held against the table billed, the balances and the refunds. */
#include "ledger/audit_parts.h"
#include "ledger/billed.h"
#include "ledger/statement.h"
#include "model/account.h"

struct audit_billed {
    int64_t account_id;
    int64_t billed_in, period, cents_per_1000, credits;
    enum billed_kind kind;
};

#define ANCHORS 4096 /* a power of two: accounts whose anchor is remembered */

struct audit_closing {
    instant at;
    int64_t journal_id;
};

struct audit_refund {
    uint8_t charge_id[CHARGE_ID_BYTES];
    int64_t account_id;
    bool is_charged, is_given;
    int64_t credits, overage, overage_micros, period; /* of the charge */
};

struct audit_billing {
    struct places sums;             /* of what is billed, AUDIT_SUMS_MAX at most */
    struct audit_closing *closings; /* by rising id */
    size_t closing_count, closing_capacity;
    size_t closed;                /* how many closings the present journal row comes behind */
    struct audit_refund *refunds; /* by account and charge id */
    size_t refund_count, refund_capacity;
    struct {
        int64_t account_id;
        instant anchor;
    } anchors[ANCHORS];
};

/* ---- Opening ---- */

static enum status closings_read(struct audit *audit, struct reason *reason)
{
    struct audit_billing *billing = audit->billing;
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db, "SELECT at, journal_id FROM closing ORDER BY id", &select,
                          reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        if (billing->closing_count == billing->closing_capacity) {
            billing->closing_capacity = billing->closing_capacity
                                            ? 2 * billing->closing_capacity
                                            : 64;
            billing->closings = memory_grow(
                billing->closings, billing->closing_capacity * sizeof(billing->closings[0]));
        }
        struct audit_closing *closing = &billing->closings[billing->closing_count++];
        *closing = (struct audit_closing){{db_column_integer(select, 0)},
                                          db_column_integer(select, 1)};
        if (billing->closing_count > 1 && (closing[-1].at.us >= closing->at.us ||
                                           closing[-1].journal_id > closing->journal_id))
            TRY(audit_differs(audit, 0, NULL, reason,
                              "closing: number %zu is not behind the one before",
                              billing->closing_count));
    }
}

static struct audit_refund *refund_place(struct audit_billing *billing)
{
    if (billing->refund_count == billing->refund_capacity) {
        billing->refund_capacity = billing->refund_capacity ? 2 * billing->refund_capacity : 64;
        billing->refunds = memory_grow(billing->refunds,
                                       billing->refund_capacity * sizeof(billing->refunds[0]));
    }
    return &billing->refunds[billing->refund_count++];
}

static enum status refund_read(struct audit *audit, int64_t account_id, struct text id,
                               struct reason *reason)
{
    if (id.length != CHARGE_ID_BYTES)
        return audit_differs(audit, account_id, NULL, reason,
                             "refund: a charge id has %zu bytes", id.length);
    struct audit_refund *refund = refund_place(audit->billing);
    *refund = (struct audit_refund){.account_id = account_id};
    memcpy(refund->charge_id, id.at, CHARGE_ID_BYTES);
    return STATUS_OK;
}

static enum status refunds_read(struct audit *audit, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db,
                          "SELECT account_id, charge_id FROM refund"
                          " ORDER BY account_id, charge_id",
                          &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(refund_read(audit, db_column_integer(select, 0), db_column_blob(select, 1),
                        reason));
    }
}

enum status audit_billed_open(struct audit *audit, struct reason *reason)
{
    audit->billing = memory_take_zeroed(1, sizeof(*audit->billing));
    places_init(&audit->billing->sums, sizeof(struct audit_billed));
    TRY(closings_read(audit, reason));
    TRY(refunds_read(audit, reason));
    return db_execute(
        audit->scratch,
        "CREATE TABLE rebilled (bucket, account_id, billed_in, period, kind, cents_per_1000,"
        " credits, PRIMARY KEY (bucket, account_id, billed_in, period, kind, cents_per_1000))"
        " WITHOUT ROWID;"
        "CREATE TABLE readjusted (bucket, account_id, period, granted, refunded_micros)",
        reason);
}

void audit_billed_close(struct audit *audit)
{
    if (!audit->billing)
        return;
    places_finish(&audit->billing->sums);
    free(audit->billing->closings);
    free(audit->billing->refunds);
    free(audit->billing);
}

/* ---- Adding ---- */

static enum status sum_write(struct audit *audit, const struct audit_billed *sum,
                             struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *upsert = NULL;
    TRY(db_statement_take(audit->scratch,
                          "INSERT INTO rebilled VALUES ($7, $1, $2, $3, $4, $5, $6) ON CONFLICT"
                          " (bucket, account_id, billed_in, period, kind, cents_per_1000)"
                          " DO UPDATE SET credits = credits + excluded.credits",
                          &upsert, reason));
    db_bind_integer(upsert, 1, sum->account_id);
    db_bind_integer(upsert, 2, sum->billed_in);
    db_bind_integer(upsert, 3, sum->period);
    db_bind_integer(upsert, 4, sum->kind);
    db_bind_integer(upsert, 5, sum->cents_per_1000);
    db_bind_integer(upsert, 6, sum->credits);
    db_bind_integer(upsert, 7, account_bucket(sum->account_id));
    return db_run(upsert, reason);
}

static bool is_sum(const void *entry, const void *wanted_sum)
{
    const struct audit_billed *sum = entry, *wanted = wanted_sum;
    return sum->account_id == wanted->account_id && sum->billed_in == wanted->billed_in &&
           sum->period == wanted->period && sum->kind == wanted->kind &&
           sum->cents_per_1000 == wanted->cents_per_1000;
}

static uint32_t hash_of(const struct audit_billed *sum)
{
    uint64_t mixed = places_mix(places_mix(0, sum->account_id), sum->billed_in);
    mixed = places_mix(places_mix(mixed, sum->period), sum->kind);
    return places_hash(places_mix(mixed, sum->cents_per_1000));
}

static enum status sum_add(struct audit *audit, const struct audit_billed *added,
                           struct reason *reason)
{
    struct audit_billing *billing = audit->billing;
    if (added->credits == 0)
        return STATUS_OK;
    if (billing->sums.count == AUDIT_SUMS_MAX)
        TRY(audit_billed_spill(audit, reason));
    struct audit_billed wanted = *added;
    wanted.credits = 0;
    struct audit_billed *sum = places_find_or_add(&billing->sums, hash_of(&wanted), is_sum,
                                                  &wanted);
    sum->credits += added->credits;
    return STATUS_OK;
}

static enum status anchor_of(struct audit *audit, int64_t account_id, instant *anchor,
                             struct reason *reason)
{
    size_t place = (size_t)account_id & (ANCHORS - 1);
    if (audit->billing->anchors[place].account_id != account_id) {
        TRY(audit_anchor(audit, account_id, &audit->billing->anchors[place].anchor, reason));
        audit->billing->anchors[place].account_id = account_id;
    }
    *anchor = audit->billing->anchors[place].anchor;
    return STATUS_OK;
}

static struct audit_refund *refund_of(struct audit *audit, int64_t account_id,
                                      const uint8_t id[CHARGE_ID_BYTES])
{
    struct audit_billing *billing = audit->billing;
    size_t low = 0, high = billing->refund_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct audit_refund *refund = &billing->refunds[middle];
        int order = refund->account_id != account_id
                        ? (refund->account_id < account_id ? -1 : 1)
                        : memcmp(refund->charge_id, id, CHARGE_ID_BYTES);
        if (order == 0)
            return &billing->refunds[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Which closings a row comes behind: rows rise. */
static instant closed_before(struct audit *audit)
{
    struct audit_billing *billing = audit->billing;
    while (billing->closed < billing->closing_count &&
           billing->closings[billing->closed].journal_id < audit->place.id)
        billing->closed++;
    return billing->closed ? billing->closings[billing->closed - 1].at : (instant){0};
}

enum status audit_billed_entry(struct audit *audit, const struct journal_entry *entry,
                               struct reason *reason)
{
    instant anchor;
    TRY(anchor_of(audit, entry->account_id, &anchor, reason));
    struct billing_period period = billing_period_at(anchor, entry->at);
    struct audit_refund *refund = refund_of(audit, entry->account_id, entry->charge_id);
    if (refund) {
        refund->is_charged = true;
        refund->credits = entry->credits - entry->overage;
        refund->overage = entry->overage;
        refund->overage_micros = entry->overage_micros;
        refund->period = period_number(&period);
    }
    if (audit->place.is_unfolded)
        return STATUS_OK; /* not billed yet */
    struct audit_billed sum = {
        .account_id = entry->account_id,
        .billed_in = statement_period(anchor, closed_before(audit), &period),
        .period = period_number(&period),
        .kind = BILLED_INCLUDED,
        .cents_per_1000 = BILLED_NO_RATE,
        .credits = entry->credits - entry->overage};
    if (sum.billed_in != sum.period)
        TRY(sum_add(audit, &sum, reason));
    if (entry->overage == 0)
        return STATUS_OK;
    sum.kind = BILLED_OVERAGE;
    sum.cents_per_1000 = entry->overage_micros / (10 * entry->overage);
    sum.credits = entry->overage;
    return sum_add(audit, &sum, reason);
}

static enum status readjusted_write(struct audit *audit, const struct adjustment *adjustment,
                                    struct reason *reason)
{
    bool is_of_period = adjustment->charge_period == adjustment->period;
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(audit->scratch, "INSERT INTO readjusted VALUES ($5, $1, $2, $3, $4)",
                          &insert, reason));
    db_bind_integer(insert, 1, adjustment->account_id);
    db_bind_integer(insert, 2, adjustment->period);
    db_bind_integer(insert, 3, adjustment->credits);
    db_bind_integer(insert, 4, is_of_period ? adjustment->overage_micros : 0);
    db_bind_integer(insert, 5, account_bucket(adjustment->account_id));
    return db_run(insert, reason);
}

static enum status refund_check(struct audit *audit, const struct adjustment *adjustment,
                                struct reason *reason)
{
    struct audit_refund *refund = refund_of(audit, adjustment->account_id,
                                            adjustment->charge_id);
    const char *fault = !refund ? "a refund that is not in the table refund"
                        : !refund->is_charged
                            ? "a refund of a charge that is not in the journal before it"
                        : refund->is_given ? "a charge is refunded a second time"
                        : refund->credits != adjustment->credits ||
                                refund->overage != adjustment->overage ||
                                refund->overage_micros != adjustment->overage_micros ||
                                refund->period != adjustment->charge_period
                            ? "a refund that is not what its charge took"
                            : NULL;
    if (refund)
        refund->is_given = true;
    return fault ? audit_differs(audit, adjustment->account_id, NULL, reason,
                                 "journal row %lld: %s", (long long)audit->place.id, fault)
                 : STATUS_OK;
}

enum status audit_billed_adjustment(struct audit *audit, const struct adjustment *adjustment,
                                    struct reason *reason)
{
    bool is_refund = adjustment->kind == ADJUSTMENT_REFUND;
    struct audit_billed sum = {.account_id = adjustment->account_id,
                               .billed_in = adjustment->period,
                               .period = is_refund ? adjustment->charge_period
                                                   : adjustment->period,
                               .kind = is_refund ? BILLED_REFUNDED_INCLUDED : BILLED_GRANTED,
                               .cents_per_1000 = BILLED_NO_RATE,
                               .credits = adjustment->credits};
    TRY(readjusted_write(audit, adjustment, reason));
    TRY(sum_add(audit, &sum, reason));
    if (!is_refund)
        return STATUS_OK;
    TRY(refund_check(audit, adjustment, reason));
    if (adjustment->overage == 0)
        return STATUS_OK;
    sum.kind = BILLED_REFUNDED;
    sum.cents_per_1000 = adjustment->overage_micros / (10 * adjustment->overage);
    sum.credits = adjustment->overage;
    return sum_add(audit, &sum, reason);
}

/* ---- The end ---- */

enum status audit_billed_spill(struct audit *audit, struct reason *reason)
{
    struct audit_billing *billing = audit->billing;
    const struct audit_billed *sums = billing->sums.entries;
    for (size_t i = 0; i < billing->sums.count; i++)
        TRY(sum_write(audit, &sums[i], reason));
    places_clear(&billing->sums, AUDIT_SUMS_MAX);
    return STATUS_OK;
}

enum status audit_refunds_end(struct audit *audit, struct reason *reason)
{
    const struct audit_billing *billing = audit->billing;
    for (size_t i = 0; i < billing->refund_count; i++)
        if (!billing->refunds[i].is_given)
            TRY(audit_differs(
                audit, billing->refunds[i].account_id, NULL, reason,
                "refund: a charge is marked that the journal does not give back"));
    return STATUS_OK;
}
