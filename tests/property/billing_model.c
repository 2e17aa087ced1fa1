#include "property/billing_model.h"

#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)

/* ---- The calendar, a day at a time ---- */

static bool is_leap(int year)
{
    return year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
}

static int days_in(int year, int month)
{
    if (month == 2)
        return is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

struct date {
    int year, month, day;
};

static struct date date_of(int64_t at_us)
{
    int64_t days = at_us / DAY;
    struct date date = {1970, 1, 1};
    while (days >= (is_leap(date.year) ? 366 : 365))
        days -= is_leap(date.year++) ? 366 : 365;
    while (days >= days_in(date.year, date.month))
        days -= days_in(date.year, date.month++);
    date.day += (int)days;
    return date;
}

static int64_t start_of(int32_t number, int anchor_day)
{
    int year = number / 12, month = number % 12 + 1;
    int64_t days = 0;
    for (int y = 1970; y < year; y++)
        days += is_leap(y) ? 366 : 365;
    for (int m = 1; m < month; m++)
        days += days_in(year, m);
    int day = anchor_day < days_in(year, month) ? anchor_day : days_in(year, month);
    return (days + day - 1) * DAY;
}

/* ---- Loads and periods ---- */

void model_load_add(struct model *model, int64_t at_us, const struct model_plan *plans)
{
    model->loads = realloc(model->loads, (model->load_count + 1) * sizeof(model->loads[0]));
    model->loads[model->load_count].at_us = at_us;
    memcpy(model->loads[model->load_count++].plans, plans, sizeof(model->loads[0].plans));
}

static const struct model_plan *plan_at(const struct model *model, int64_t at_us, int plan)
{
    size_t i = model->load_count - 1;
    while (i > 0 && model->loads[i].at_us > at_us)
        i--;
    return &model->loads[i].plans[plan];
}

static const struct model_plan *plan_now(const struct model *model, int plan)
{
    return &model->loads[model->load_count - 1].plans[plan];
}

static struct model_period *present(struct model_account *account)
{
    return &account->periods[account->period_count - 1];
}

static struct model_line *line_of(struct model_period *period, char kind, int32_t number,
                                  int64_t rate)
{
    for (size_t i = 0; i < period->line_count; i++) {
        struct model_line *line = &period->lines[i];
        if (kind != 'p' && line->kind == kind && line->period == number && line->rate == rate)
            return line;
    }
    period->lines = realloc(period->lines,
                            (period->line_count + 1) * sizeof(struct model_line));
    struct model_line *line = &period->lines[period->line_count++];
    *line = (struct model_line){.kind = kind, .period = number, .rate = rate};
    return line;
}

static void period_begin(struct model *model, struct model_account *account, int32_t number)
{
    int64_t start = start_of(number, account->anchor_day);
    struct model_period *period = &account->periods[account->period_count++];
    *period = (struct model_period){.number = number};
    account->plan = account->next_plan;
    account->basis = *plan_at(model, start > account->created_us ? start : account->created_us,
                              account->plan);
    period->included = account->basis.included;
    struct model_line *line = line_of(period, 's', number, 0);
    line->credits = account->basis.included;
    line->cents = account->basis.price_cents;
}

void model_account_begin(struct model *model, struct model_account *account, int64_t at_us,
                         int plan)
{
    struct date date = date_of(at_us);
    *account = (struct model_account){.anchor_day = date.day,
                                      .created_us = at_us,
                                      .plan = plan,
                                      .next_plan = plan,
                                      .spend_limit_cents = -1};
    period_begin(model, account, date.year * 12 + date.month - 1);
}

void model_account_end(struct model_account *account)
{
    for (size_t i = 0; i < account->period_count; i++)
        free(account->periods[i].lines);
    free(account->charges);
}

void model_follow(struct model *model, struct model_account *account, int64_t at_us)
{
    while (start_of(present(account)->number + 1, account->anchor_day) <= at_us)
        period_begin(model, account, present(account)->number + 1);
    if (at_us / DAY > account->day) {
        account->day = at_us / DAY;
        account->day_used = 0;
    }
}

bool model_is_past(const struct model_account *account, int64_t at_us)
{
    const struct model_period *period = &account->periods[account->period_count - 1];
    return at_us < start_of(period->number, account->anchor_day);
}

/* ---- Events ---- */

/* Credits of a period that is closed already are in the one that is open: as a line, when they
 * were overage. Only the last period is charged, so at most one begins for that. */
static struct model_period *billing(struct model *model, struct model_account *account,
                                    struct model_period *period, int64_t used, int64_t over)
{
    if (start_of(period->number + 1, account->anchor_day) > model->closed_us)
        return period;
    period->late_used += used;
    period->late_overage += over;
    model_follow(model, account, model->closed_us);
    return present(account);
}

bool model_charge(struct model *model, struct model_account *account, int64_t at_us,
                  int64_t cost)
{
    model_follow(model, account, at_us);
    struct model_period *period = present(account);
    const struct model_plan *plan = plan_now(model, account->plan);
    int64_t left = period->included + period->granted - period->used;
    int64_t over = cost > left ? cost - left : 0;
    bool has_overage = plan->overage == 2 || (plan->overage == 1 && account->has_opted_in);
    int64_t more_micros = over * plan->rate * 10;
    if (plan->daily_cap && account->day_used + cost > plan->daily_cap)
        return false;
    if (over > 0 && !has_overage)
        return false;
    if (over > 0 && account->spend_limit_cents >= 0 && plan->rate > 0 &&
        period->spent_micros + more_micros > account->spend_limit_cents * 10000)
        return false;
    account->day_used += cost;
    period->used += cost - over;
    period->overage += over;
    period->spent_micros += more_micros;
    struct model_period *billed_in = billing(model, account, period, cost - over, over);
    if (over > 0)
        line_of(billed_in, 'o', period->number, plan->rate)->credits += over;
    account->charges = realloc(account->charges,
                               (account->charge_count + 1) * sizeof(account->charges[0]));
    account->charges[account->charge_count++] = (struct model_charge){
        .period = period->number, .included = cost - over, .overage = over, .rate = plan->rate};
    return true;
}

void model_charge_named(struct model_account *account, const char *id)
{
    memcpy(account->charges[account->charge_count - 1].id, id, 33);
}

void model_plan_change(struct model *model, struct model_account *account, int64_t at_us,
                       int plan)
{
    model_follow(model, account, at_us);
    struct model_period *period = present(account);
    account->next_plan = plan;
    if (plan <= account->plan)
        return;
    int64_t end = start_of(period->number + 1, account->anchor_day);
    int64_t whole = (end - start_of(period->number, account->anchor_day)) / SECOND;
    int64_t rest = end / SECOND - at_us / SECOND;
    const struct model_plan *to = plan_now(model, plan);
    int64_t credits = to->included - account->basis.included;
    int64_t micros = (to->price_cents - account->basis.price_cents) * 10000;
    credits = credits > 0 ? credits * rest / whole : 0;
    micros = micros > 0 ? micros * rest / whole : 0;
    struct model_line *line = line_of(period, 'p', period->number, 0);
    line->credits = credits;
    line->cents = (micros + 5000) / 10000;
    period->included += credits;
    account->basis = *to;
    account->plan = plan;
}

void model_grant(struct model *model, struct model_account *account, int64_t at_us,
                 int64_t credits)
{
    model_follow(model, account, at_us);
    present(account)->granted += credits;
    line_of(present(account), 'g', present(account)->number, 0)->credits += credits;
}

void model_refund(struct model *model, struct model_account *account, int64_t at_us,
                  struct model_charge *charge)
{
    model_follow(model, account, at_us);
    struct model_period *period = present(account);
    charge->is_refunded = true;
    period->granted += charge->included;
    if (charge->included > 0)
        line_of(period, 'b', charge->period, 0)->credits += charge->included;
    if (charge->overage > 0)
        line_of(period, 'r', charge->period, charge->rate)->credits += charge->overage;
    if (charge->period == period->number)
        period->spent_micros -= charge->overage * charge->rate * 10;
}

/* Half a cent goes up, of what is given back as of what is charged. */
int64_t model_total(const struct model_period *period)
{
    int64_t total = 0;
    for (size_t i = 0; i < period->line_count; i++) {
        struct model_line *line = &period->lines[i];
        if (line->kind == 'o' || line->kind == 'r') {
            int64_t cents = (line->credits * line->rate * 10 + 5000) / 10000;
            line->cents = line->kind == 'r' ? -cents : cents;
        }
        total += line->cents;
    }
    return total;
}
