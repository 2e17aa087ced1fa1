/* metering_model: what metering must do, written as plainly as can be: a list of all calls, which
 * is added up anew for every question.
 *
 * It shares no code with the ledger: dates come from the C library, sums from the list. Plans,
 * accounts and keys are told apart by their places here. */
#pragma once

#include "base/text.h"

#define MODEL_PLANS 4
#define MODEL_ACCOUNTS 4
#define MODEL_KEYS_MAX 256
#define MODEL_CALLS_MAX 4096
#define MODEL_LOADS_MAX 256
#define UNLIMITED (-1)

enum model_overage { MODEL_NONE, MODEL_OPT_IN, MODEL_ALWAYS };

struct model_plan {
    int64_t rate, cap, included, price; /* cap 0: none; price: cents for 1,000 */
    enum model_overage overage;
    int64_t monthly; /* cents */
};

/* What was in force from then on. */
struct model_load {
    int64_t at_us;
    struct model_plan plans[MODEL_PLANS];
};

/* What a period gives and costs, and the plan that it was last bought by. */
struct model_subscription {
    int64_t included, cents;
    struct model_plan plan;
};

struct model_account {
    int plan, next_plan;
    bool has_opted_in;
    int64_t spend_limit_cents;              /* UNLIMITED */
    int anchor_day;                         /* of a month, 1 to 31 */
    int64_t made_us;                        /* no period is before that of its making */
    int64_t day;                            /* the latest that it has seen, since 1970 */
    int64_t period;                         /* months since year 0; -1: none yet */
    struct model_subscription subscription; /* of the period */
    int64_t pending_at_us; /* as the file knows it: when next_plan comes; 0: nothing waits */
    bool is_kept;          /* the file knows the period: a charge or a change was in it */
    int plan_before;       /* and what there was before it was entered */
    int64_t period_before;
    struct model_subscription subscription_before;
};

struct model_key {
    int account;
    int64_t cap; /* UNLIMITED */
    bool is_live;
};

enum model_outcome { /* of a call; the numbers of enum call_outcome and one more */
                     MODEL_CHARGED = 0,
                     MODEL_KEY_DAILY = 8,
                     MODEL_DAILY = 9,
                     MODEL_INSUFFICIENT = 10,
                     MODEL_SPEND_LIMIT = 11,
                     MODEL_RATE_LIMITED = 13,
};

struct model_call {
    int account, key;
    int outcome;
    int64_t true_ms;   /* on a clock that never begins anew */
    int64_t ms;        /* on the clock of this boot, as far as it can be told */
    int64_t made_ms;   /* on the clock of its own boot */
    int boot;          /* in which it was made */
    int64_t wall_us;   /* the wall clock, however it was set */
    int64_t day, hour; /* as the account saw them */
    int64_t period;
    int64_t charged, overage, micros;
    int64_t limit; /* the plan's calls a minute then */
};

struct model {
    struct model_plan plans[MODEL_PLANS]; /* of the last load */
    struct model_load loads[MODEL_LOADS_MAX];
    int load_count;
    struct model_account accounts[MODEL_ACCOUNTS];
    struct model_key keys[MODEL_KEYS_MAX];
    int key_count;
    struct model_call calls[MODEL_CALLS_MAX];
    int call_count;
    /* The present. */
    int64_t wall_us, ms, true_ms;
    int boot;
};

/* Where an account stands: what headers and refusals are made from. */
struct model_standing {
    int outcome;
    int64_t limit, remaining, reset_ms, retry_ms;
    int64_t included, used, overage_used, overage_permitted; /* or UNLIMITED */
    int64_t cents;
    int64_t daily_cap, daily_used, key_cap, key_used; /* caps: or UNLIMITED */
    int64_t charged, overage, micros;
    int64_t now_us, period_start_us, period_end_us;
    int64_t period;
};

/* outcome: what the call is if it costs nothing. Without takes nothing is added to the list, but
 * the account has seen the day. */
void model_call(struct model *model, int account, int key, int64_t cost, int outcome,
                bool takes, struct model_standing *standing);

/* Other plans come into force; not for a period that an account has entered. */
void model_load(struct model *model, const struct model_plan plans[MODEL_PLANS]);

/* Moves an account to another plan; true: at once. */
bool model_plan_change(struct model *model, int account, int plan);

/* Plans that waited and are due are written down. */
void model_plans_follow(struct model *model);

/* The account sees the present: a day or a period may begin. */
void model_account_follow(struct model *model, int account);

/* A period begins for the account, whatever the time. */
void model_period_enter(const struct model *model, struct model_account *account,
                        int64_t period);

/* The month of a period that holds at, counted from year 0. */
int64_t model_period_at(const struct model_account *account, int64_t at_us);

/* 1 to 31, UTC. */
int model_day_of_month(int64_t at_us);

/* Sums of the list. */
int64_t model_day_used(const struct model *model, int account, int64_t day);
int64_t model_period_used(const struct model *model, int account, int64_t period,
                          int64_t *overage, int64_t *micros);

/* The machine was started anew, or the ledger was: where a call is of an earlier boot, the wall
 * clock alone tells its age (never below 0), and what stands before a call of over 15 minutes is
 * not looked at. No call
 * counts as older than the one before it. */
void model_ages_tell(struct model *model);

/* Looks through the whole list: NULL, or what is wrong with any 60 s of it. */
const char *model_windows_check(const struct model *model);
