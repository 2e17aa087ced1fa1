/* invoice: the lines of one billing period, and their sum.
 *
 * Every amount is exact micro-dollars until its line is rounded, once, half a cent away from
 * zero; the total is the sum of the rounded lines. The same lines make statements, projections of
 * the open period and previews of a change of plan; estimates agree with them. Pure; owned by
 * one thread. */
#pragma once

#include "base/instant.h"
#include "model/money.h"
#include "model/plan.h"
#include "model/subscription.h"

enum invoice_line_kind {
    INVOICE_SUBSCRIPTION, /* the plan at the period's beginning */
    INVOICE_PRORATION,    /* an upgrade within it: what is added to allowance and price */
    INVOICE_GRANT,        /* credits given by the operator: no money */
    INVOICE_OVERAGE,      /* credits past the included ones, at one rate */
    INVOICE_REFUND, /* of charges: overage at the rate that it cost, or included credits */
};

#define INVOICE_NO_RATE (-1) /* of a refund of included credits: no money */

/* "subscription", "proration", "grant", "overage", "refund". */
const char *invoice_line_word(enum invoice_line_kind kind);

struct invoice_line {
    enum invoice_line_kind kind;
    char plan[PLAN_NAME_BYTES_MAX + 1];      /* of a subscription or proration */
    char from_plan[PLAN_NAME_BYTES_MAX + 1]; /* of a proration: the plan before */
    instant at;                              /* of a proration */
    int32_t period;         /* in which it was used: year * 12 + month - 1 of its start */
    int64_t credits;        /* never negative */
    int64_t cents_per_1000; /* of overage and refund */
    micros_usd amount;      /* exact; below 0 for a refund */
    int64_t cents;          /* rounded */
};

struct invoice {
    struct invoice_line *lines; /* in the order of their addition */
    size_t count, capacity;
    int64_t total_cents; /* the sum of the lines' cents */
};

static inline void invoice_init(struct invoice *invoice)
{
    *invoice = (struct invoice){0};
}
void invoice_finish(struct invoice *invoice);

void invoice_add_subscription(struct invoice *invoice, int32_t period, struct text plan,
                              int64_t included, int64_t price_cents);

/* An upgrade that is decided already: credits and whole cents that it added. */
struct invoice_proration {
    struct text from_plan, plan;
    instant at;
    int64_t credits, cents;
};
void invoice_add_proration(struct invoice *invoice, int32_t period,
                           const struct invoice_proration *proration);

void invoice_add_grant(struct invoice *invoice, int32_t period, credits granted);
void invoice_add_overage(struct invoice *invoice, int32_t period, credits overage,
                         int64_t cents_per_1000);
/* Included credits of refunded charges. */
void invoice_add_return(struct invoice *invoice, int32_t period, credits included);
void invoice_add_refund(struct invoice *invoice, int32_t period, credits overage,
                        int64_t cents_per_1000);
