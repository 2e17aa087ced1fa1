/* billing_model: what invoices come to, reckoned once more and plainly: every event of an account
 * is kept, and each period is added up from its first day. Shares no code with the program: days,
 * fractions and cents are its own. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_PLANS 6
#define MODEL_PERIODS 20

/* What one load of the plan file says. */
struct model_plan {
    int64_t price_cents, included, daily_cap, rate;
    int overage; /* 0 none, 1 left open, 2 always */
};
struct model_load {
    int64_t at_us;
    struct model_plan plans[MODEL_PLANS];
};

struct model_line {
    char kind; /* s, p, g, o, r (overage given back), b (included given back) */
    int32_t period;
    int64_t credits, rate, cents;
};

struct model_charge {
    char id[33];
    int32_t period;
    int64_t included, overage, rate;
    bool is_refunded;
};

struct model_period {
    int32_t number;
    int64_t included, granted, used, overage; /* credits */
    int64_t spent_micros;                     /* overage less what was given back within it */
    int64_t late_used, late_overage;          /* of these, billed in a later one */
    struct model_line *lines;
    size_t line_count;
};

struct model_account {
    int anchor_day;
    int64_t created_us;
    int plan, next_plan;
    struct model_plan basis; /* of the plan that the period's subscription is by */
    bool has_opted_in;
    int64_t spend_limit_cents; /* -1: none */
    int64_t day, day_used;
    struct model_period periods[MODEL_PERIODS]; /* the last is the present one */
    size_t period_count;
    struct model_charge *charges;
    size_t charge_count;
};

struct model {
    struct model_load *loads; /* by time */
    size_t load_count;
    int64_t closed_us; /* all periods that end by it are closed */
};

void model_load_add(struct model *model, int64_t at_us, const struct model_plan *plans);
void model_account_begin(struct model *model, struct model_account *account, int64_t at_us,
                         int plan);
void model_account_end(struct model_account *account);

/* Enters every period that has begun by then. */
void model_follow(struct model *model, struct model_account *account, int64_t at_us);

/* Whether the last period that was entered begins after that. */
bool model_is_past(const struct model_account *account, int64_t at_us);

/* Whether a call of that cost is charged, and how; id is kept with it by model_charge_named. */
bool model_charge(struct model *model, struct model_account *account, int64_t at_us,
                  int64_t cost);
void model_charge_named(struct model_account *account, const char *id);

void model_plan_change(struct model *model, struct model_account *account, int64_t at_us,
                       int plan);
void model_grant(struct model *model, struct model_account *account, int64_t at_us,
                 int64_t credits);
void model_refund(struct model *model, struct model_account *account, int64_t at_us,
                  struct model_charge *charge);

int64_t model_total(const struct model_period *period);
