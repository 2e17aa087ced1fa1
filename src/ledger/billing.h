/* billing: what billing periods come to: closing them, their statements, what the operator gives
 * an account beside its calls, and how invoices come to be paid.
 *
 * All verbs come after ledger_terms_set and block on the disk. */
#pragma once

#include "base/buffer.h"
#include "ledger/changes.h"
#include "ledger/statement.h"

/* ---- Closing ---- */

/* A call that was decided before midnight is on its way for no longer. One that comes later
 * nevertheless is billed in the period that is open then. */
#define CLOSING_DELAY_US SECOND_US

#define NEVER_SUSPENDS (-1)

/* Closes the periods that have ended, writes some of the statements that are due, and refuses the
 * calls of accounts whose invoices are unpaid grace_days after their period's end. Each piece of
 * work holds the ledger for a few milliseconds at most; call again while *has_more. Costs next to
 * nothing when nothing is due. STATUS_UNAVAILABLE: not now, as while the wall clock stands more
 * than a day ahead of the time that has gone by since the opening. */
enum status ledger_billing_tend(struct ledger *ledger, int64_t grace_days, bool *has_more,
                                struct reason *reason);

/* ---- Statements ---- */

enum payment_state {
    PAYMENT_NONE, /* nothing is owed, or not yet: the period is open */
    PAYMENT_DUE,
    PAYMENT_PAID,
};

struct statement_view {
    struct billing_period period;
    bool is_closed;
    instant closed_at; /* of a closed one that is kept */
    bool is_kept;      /* a closed period without anything in it is not */
    struct digest digest;
    enum payment_state payment;
    instant paid_at;
    int64_t total_cents;
    struct buffer
        json; /* as statement_write: the frozen one, or a projection of the open one */
};

void statement_view_finish(struct statement_view *view);

#define PRESENT_PERIOD 0

/* number: of the period, or PRESENT_PERIOD. STATUS_MISSING: the account has no such period, or it
 * has not begun. On success the caller finishes *view. Holds up no charge. */
enum status ledger_statement(struct ledger *ledger, int64_t account_id, int64_t number,
                             struct statement_view *view, struct reason *reason);

/* The number of the period that holds the present, as the account sees it, and of its first. */
enum status ledger_periods_of(struct ledger *ledger, int64_t account_id, int64_t *first,
                              int64_t *present, struct reason *reason);

/* What a change to that plan would bill: at once, or with the next period. */
struct plan_preview {
    bool is_at_once;
    instant from;              /* when the plan would be in force */
    const struct plan *plan;   /* lives as long as the ledger */
    const struct plan *before; /* likewise */
    int64_t included;          /* credits of the present period after it */
    struct invoice now;        /* the lines that it adds to the open period */
    struct invoice next;       /* those of the next period's beginning */
    bool is_over;              /* what is used already is more than the plan includes */
    char digest[PLAN_PREVIEW_DIGEST_BYTES]; /* names these numbers, for struct plan_request */
};

void plan_preview_finish(struct plan_preview *preview);

/* Changes nothing that is stored. STATUS_INVALID: no such plan; STATUS_CONFLICT: request names the numbers of
 * another preview. On success the caller finishes *preview. */
enum status ledger_plan_preview(struct ledger *ledger, int64_t account_id,
                                const struct plan_request *request,
                                struct plan_preview *preview, struct reason *reason);

/* ---- What the operator gives ---- */

#define GRANT_CREDITS_MAX INT64_C(1000000000000) /* as the largest plan includes */

struct adjustment_made {
    int32_t period;         /* in which it counts */
    int64_t credits;        /* added to its allowance */
    int64_t allowance;      /* of the period, with them */
    int64_t overage_micros; /* given back with a refund */
};

/* Adds credits to the allowance of the present billing period. STATUS_INVALID: not 1 to
 * GRANT_CREDITS_MAX credits, or no reason. */
enum status ledger_account_grant(struct ledger *ledger, struct text email, int64_t count,
                                 struct text why, struct adjustment_made *made,
                                 struct reason *reason);

/* Gives back what one charge took: its included credits to the allowance of the present period,
 * the price of its overage to the present period's invoice. Daily caps and usage keep it: the call
 * was made. STATUS_MISSING: the account has no such charge; STATUS_CONFLICT: it was given back
 * already. charge_id: in hexadecimal. */
enum status ledger_account_refund(struct ledger *ledger, struct text email,
                                  struct text charge_id, struct text why,
                                  struct adjustment_made *made, struct reason *reason);

/* ---- Payment: the seam. An adapter asks for money in its own way and then says so here. ---- */

/* The one adapter that there is: the operator, who was paid outside of the program. */
#define PAYMENT_MANUAL "manual"

/* Records that the invoice of a closed period is paid, and ends a suspension for that.
 * STATUS_MISSING: nothing is owed for that period; STATUS_CONFLICT: it is paid. */
enum status ledger_invoice_pay(struct ledger *ledger, struct text email, int64_t number,
                               const char *adapter, struct reason *reason);
