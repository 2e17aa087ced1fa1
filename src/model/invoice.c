#include "model/invoice.h"

const char *invoice_line_word(enum invoice_line_kind kind)
{
    switch (kind) {
    case INVOICE_SUBSCRIPTION: return "subscription";
    case INVOICE_PRORATION: return "proration";
    case INVOICE_GRANT: return "grant";
    case INVOICE_OVERAGE: return "overage";
    case INVOICE_REFUND: return "refund";
    }
    check(false);
}

void invoice_finish(struct invoice *invoice)
{
    free(invoice->lines);
    invoice_init(invoice);
}

static struct invoice_line *line_add(struct invoice *invoice, enum invoice_line_kind kind,
                                     int32_t period, int64_t count, micros_usd amount)
{
    if (invoice->count == invoice->capacity) {
        invoice->capacity = invoice->capacity ? 2 * invoice->capacity : 8;
        invoice->lines = memory_grow(invoice->lines,
                                     invoice->capacity * sizeof(invoice->lines[0]));
    }
    struct invoice_line *line = &invoice->lines[invoice->count++];
    *line = (struct invoice_line){.kind = kind,
                                  .period = period,
                                  .credits = count,
                                  .amount = amount,
                                  .cents = micros_to_cents(amount)};
    invoice->total_cents += line->cents;
    return line;
}

static void plan_copy(char room[PLAN_NAME_BYTES_MAX + 1], struct text plan)
{
    check(plan.length <= PLAN_NAME_BYTES_MAX);
    if (plan.length > 0)
        memcpy(room, plan.at, plan.length);
}

void invoice_add_subscription(struct invoice *invoice, int32_t period, struct text plan,
                              int64_t included, int64_t price_cents)
{
    plan_copy(
        line_add(invoice, INVOICE_SUBSCRIPTION, period, included, micros_of_cents(price_cents))
            ->plan,
        plan);
}

void invoice_add_proration(struct invoice *invoice, int32_t period,
                           const struct invoice_proration *proration)
{
    struct invoice_line *line = line_add(invoice, INVOICE_PRORATION, period, proration->credits,
                                         micros_of_cents(proration->cents));
    line->at = proration->at;
    plan_copy(line->plan, proration->plan);
    plan_copy(line->from_plan, proration->from_plan);
}

void invoice_add_grant(struct invoice *invoice, int32_t period, credits granted)
{
    (void)line_add(invoice, INVOICE_GRANT, period, granted.count, (micros_usd){0});
}

void invoice_add_overage(struct invoice *invoice, int32_t period, credits overage,
                         int64_t cents_per_1000)
{
    line_add(invoice, INVOICE_OVERAGE, period, overage.count,
             micros_of_overage(overage, cents_per_1000))
        ->cents_per_1000 = cents_per_1000;
}

void invoice_add_return(struct invoice *invoice, int32_t period, credits included)
{
    line_add(invoice, INVOICE_REFUND, period, included.count, (micros_usd){0})->cents_per_1000 =
        INVOICE_NO_RATE;
}

void invoice_add_refund(struct invoice *invoice, int32_t period, credits overage,
                        int64_t cents_per_1000)
{
    micros_usd cost = micros_of_overage(overage, cents_per_1000);
    line_add(invoice, INVOICE_REFUND, period, overage.count, (micros_usd){-cost.count})
        ->cents_per_1000 = cents_per_1000;
}
