#include "ledger/embedded_billing.h"
#include "ledger/embedded_preview.h"

/* ---- What an account is on ---- */

static enum status account_plan_write(struct ledger *ledger, const struct meter_plan *plan,
                                      struct reason *reason)
{
    const struct terms *terms = terms_now(&ledger->terms);
    bool waits = plan->next_plan_slot != plan->plan_slot;
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE account SET plan = $3, next_plan = $4, next_plan_at = $5,"
                          " updated_at = $6 WHERE bucket = $1 AND id = $2",
                          &update, reason));
    db_bind_integer(update, 1, account_bucket(plan->account_id));
    db_bind_integer(update, 2, plan->account_id);
    db_bind_text(update, 3, text_of(terms->by_slot[plan->plan_slot]->name));
    db_bind_text(update, 4,
                 waits ? text_of(terms->by_slot[plan->next_plan_slot]->name) : TEXT(""));
    db_bind_integer(update, 5, waits ? plan->period.end.us : 0);
    db_bind_integer(update, 6, time_now(ledger->time).us);
    return db_run(update, reason);
}

#define PERIOD_INSERT_SQL                                                                      \
    "INSERT INTO balance (bucket, account_id, period, day, day_used, used, overage,"           \
    " overage_micros, plan, plan_version, included, subscription_cents)"                       \
    " VALUES ($1, $2, $3, $4, 0, 0, 0, 0, $5, $6, $7, $8)"                                     \
    " ON CONFLICT (bucket, account_id, period)"
#define PERIOD_KEEP_SQL PERIOD_INSERT_SQL " DO NOTHING"
#define PERIOD_PUT_SQL                                                                         \
    PERIOD_INSERT_SQL " DO UPDATE SET plan = excluded.plan, plan_version ="                    \
                      " excluded.plan_version, included = excluded.included,"                  \
                      " subscription_cents = excluded.subscription_cents"

/* A period without charges yet has no row. One that is made here begins on the period's first
 * day, or before it where the account's own first day is yet to come, so that charges which are not folded yet add
 * to it as they would have. */
static enum status period_write(struct ledger *ledger, const char *sql,
                                const struct meter_plan *plan,
                                const struct billing_period *period,
                                const struct subscription *subscription, struct reason *reason)
{
    instant first = plan->now.us < period->start.us ? plan->now : period->start;
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(ledger->db, sql, &insert, reason));
    db_bind_integer(insert, 1, account_bucket(plan->account_id));
    db_bind_integer(insert, 2, plan->account_id);
    db_bind_integer(insert, 3, period->year * 12 + period->month - 1);
    db_bind_integer(insert, 4, instant_day(first));
    db_bind_text(insert, 5, text_of(subscription->plan->name));
    db_bind_integer(insert, 6, subscription->plan_version);
    db_bind_integer(insert, 7, subscription->included);
    db_bind_integer(insert, 8, subscription->cents);
    return db_run(insert, reason);
}

/* What the account was on before period, as its row still says. */
static enum status slot_before(struct ledger *ledger, int64_t account_id,
                               const struct billing_period *period, uint8_t *slot,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT CASE WHEN next_plan <> '' AND next_plan_at < $3"
                          " THEN next_plan ELSE plan END FROM account"
                          " WHERE bucket = $1 AND id = $2",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    db_bind_integer(select, 3, period->start.us);
    bool row;
    TRY(db_step(select, &row, reason));
    check(row && terms_slot(&ledger->terms, db_column_text(select, 0), slot) == STATUS_OK);
    return STATUS_OK;
}

/* The period before may have ended without a row, or with charges that are not folded yet: what it
 * gave and cost must not be told by a plan that came later. */
static enum status period_before_keep(struct ledger *ledger, const struct meter_plan *plan,
                                      struct reason *reason)
{
    uint8_t slot = 0;
    TRY(slot_before(ledger, plan->account_id, &plan->period, &slot, reason));
    struct billing_period before;
    struct subscription subscription = meter_subscription_before(ledger->meter, plan, slot,
                                                                 &before);
    if (before.start.us == plan->period.start.us)
        return STATUS_OK; /* the account's first */
    return period_write(ledger, PERIOD_KEEP_SQL, plan, &before, &subscription, reason);
}

enum status ledger_period_keep(struct ledger *ledger, const struct meter_plan *plan,
                               struct reason *reason)
{
    TRY(period_before_keep(ledger, plan, reason));
    return period_write(ledger, PERIOD_KEEP_SQL, plan, &plan->period, &plan->subscription,
                        reason);
}

static enum status plan_write(struct ledger *ledger, const struct meter_plan *plan,
                              struct reason *reason)
{
    TRY(period_before_keep(ledger, plan, reason));
    TRY(account_plan_write(ledger, plan, reason));
    return period_write(ledger, PERIOD_PUT_SQL, plan, &plan->period, &plan->subscription,
                        reason);
}

/* ---- Plans that waited ---- */

/* *account_id: 0 when there is no more. */
static enum status due_account_find(struct ledger *ledger, int64_t after, int64_t *account_id,
                                    struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(ledger->db,
                          "SELECT coalesce(min(id), 0) FROM account WHERE next_plan <> ''"
                          " AND next_plan_at <= $1 AND id > $2",
                          &select, reason));
    db_bind_integer(select, 1, ledger_change_time(ledger).us);
    db_bind_integer(select, 2, after);
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *account_id = db_column_integer(select, 0);
    return STATUS_OK;
}

enum status ledger_follow_plans(struct ledger *ledger, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(ledger, &transaction, reason));
    int64_t account_id = 0;
    for (;;) {
        TRY(due_account_find(ledger, account_id, &account_id, reason));
        if (account_id == 0)
            return db_commit(&transaction, reason);
        struct meter_plan plan;
        TRY(ledger_hold(ledger, account_id, reason));
        meter_plan_look(ledger->meter, account_id, ledger_change_time(ledger), &plan);
        if (plan.plan_slot == plan.next_plan_slot)
            TRY(plan_write(ledger, &plan, reason));
    }
}

/* ---- Changing the plan ---- */

static enum status refuse_plan(struct text plan, struct reason *reason)
{
    return reason_set(reason, STATUS_INVALID,
                      "the plan file in force has no plan '%.*s': start or reload the server "
                      "with one that has",
                      TEXT_PRINT(text_slice(plan, 0, PLAN_NAME_BYTES_MAX)));
}

/* With the numbers by which an invoice prorates the price. */
static enum status plan_event_write(struct ledger *ledger, const struct meter_plan *before,
                                    const struct meter_plan *after, instant from,
                                    const char *by, struct reason *reason)
{
    const struct terms *terms = terms_now(&ledger->terms);
    char written[INSTANT_TEXT_BYTES], key[PERIOD_KEY_BYTES];
    period_key_write(&after->period, key);
    struct event event;
    ledger_event_open(&event);
    json_member_text(&event.detail, TEXT("from"),
                     text_of(terms->by_slot[before->plan_slot]->name));
    json_member_text(&event.detail, TEXT("to"),
                     text_of(terms->by_slot[after->next_plan_slot]->name));
    json_member_text(&event.detail, TEXT("in_force_at"), instant_rfc3339(from, written));
    json_member_integer(&event.detail, TEXT("in_force_at_us"), from.us);
    json_member_text(&event.detail, TEXT("period_key"), text_of(key));
    json_member_integer(&event.detail, TEXT("included_before"), before->subscription.included);
    json_member_integer(&event.detail, TEXT("included"), after->subscription.included);
    json_member_integer(&event.detail, TEXT("subscription_cents_before"),
                        before->subscription.cents);
    json_member_integer(&event.detail, TEXT("subscription_cents"), after->subscription.cents);
    json_member_integer(&event.detail, TEXT("plan_version"), terms->version);
    if (by)
        json_member_text(&event.detail, TEXT("by"), text_of(by));
    return ledger_event_write(ledger, after->account_id, "account_plan", &event, reason);
}

/* The period that began while the plan was changed may have a row already, of the plan before. */
static enum status period_overtaken_write(struct ledger *ledger, int64_t account_id,
                                          struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(ledger, &transaction, reason));
    struct meter_plan plan;
    TRY(ledger_hold(ledger, account_id, reason));
    meter_plan_look(ledger->meter, account_id, ledger_change_time(ledger), &plan);
    TRY(plan_write(ledger, &plan, reason));
    return db_commit(&transaction, reason);
}

static bool is_same_plan(const struct meter_plan *a, const struct meter_plan *b)
{
    return a->plan_slot == b->plan_slot && a->next_plan_slot == b->next_plan_slot;
}

enum status ledger_account_plan(struct ledger *ledger, struct text email,
                                const struct plan_request *request, struct plan_change *change,
                                struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    const struct terms *terms = terms_now(&held->terms);
    struct account account;
    uint8_t slot;
    TRY(ledger_find_account(held, email, &account, reason));
    TRY(ledger_hold(held, account.id, reason));
    const struct plan *wanted = plans_find(&terms->plans, request->plan);
    if (!wanted || terms_slot(&held->terms, text_of(wanted->name), &slot) != STATUS_OK)
        return refuse_plan(request->plan, reason);
    struct meter_plan before, after;
    meter_plan_look(held->meter, account.id, ledger_change_time(held), &before);
    if (request->preview.length > 0)
        TRY(plan_preview_hold(terms, request->preview, slot, &before, reason));
    after = before;
    bool is_at_once = meter_plan_change(terms, &after, slot);
    instant from = is_at_once ? after.now : after.period.end;
    if (!is_same_plan(&before, &after)) {
        TRY(plan_write(held, &after, reason));
        TRY(plan_event_write(held, &before, &after, from, request->by, reason));
        TRY(db_commit(&transaction, reason));
        if (!meter_plan_put(held->meter, &after))
            TRY(period_overtaken_write(held, account.id, reason));
    }
    *change = (struct plan_change){.plan = terms->by_slot[after.plan_slot],
                                   .next_plan = is_at_once ? NULL : wanted,
                                   .from = from,
                                   .included = after.subscription.included};
    return STATUS_OK;
}

/* ---- Overage ---- */

static enum status overage_check(const struct account *account, const struct plan *plan,
                                 const struct overage_change *change, struct reason *reason)
{
    check(change->spend_limit_cents >= NO_SPEND_LIMIT &&
          change->spend_limit_cents <= SPEND_LIMIT_CENTS_MAX);
    switch (plan->overage) {
    case OVERAGE_OPT_IN: return STATUS_OK;
    case OVERAGE_NONE:
        return reason_set(reason, STATUS_CONFLICT,
                          "%s is on %s, a plan without overage; move it to another plan first",
                          account->email, plan->name);
    case OVERAGE_ALWAYS:
        if (change->is_on)
            return STATUS_OK;
        return reason_set(reason, STATUS_CONFLICT,
                          "%s is on %s, whose overage is always on; bound it with --limit, or "
                          "move the account to another plan",
                          account->email, plan->name);
    }
    check(false);
    return STATUS_INVALID;
}

static enum status overage_write(struct ledger *ledger, const struct account *account,
                                 const struct overage_change *change, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(ledger->db,
                          "UPDATE account SET has_opted_in = $3, spend_limit_cents = $4,"
                          " updated_at = $5 WHERE bucket = $1 AND id = $2",
                          &update, reason));
    db_bind_integer(update, 1, account_bucket(account->id));
    db_bind_integer(update, 2, account->id);
    db_bind_integer(update, 3, change->is_on);
    db_bind_integer(update, 4, change->spend_limit_cents);
    db_bind_integer(update, 5, time_now(ledger->time).us);
    TRY(db_run(update, reason));
    struct event event;
    ledger_event_open(&event);
    json_member_boolean(&event.detail, TEXT("has_opted_in"), change->is_on);
    if (change->spend_limit_cents != NO_SPEND_LIMIT)
        json_member_integer(&event.detail, TEXT("spend_limit_cents"),
                            change->spend_limit_cents);
    if (change->by)
        json_member_text(&event.detail, TEXT("by"), text_of(change->by));
    return ledger_event_write(ledger, account->id, "account_overage", &event, reason);
}

enum status ledger_account_overage(struct ledger *ledger, struct text email,
                                   const struct overage_change *change, struct reason *reason)
{
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(ledger_transact(held, &transaction, reason));
    struct account account;
    TRY(ledger_find_account(held, email, &account, reason));
    TRY(ledger_hold(held, account.id, reason));
    struct meter_plan now;
    meter_plan_look(held->meter, account.id, ledger_change_time(held), &now);
    const struct plan *plan = terms_now(&held->terms)->by_slot[now.plan_slot];
    TRY(overage_check(&account, plan, change, reason));
    /* Where it is always on there is nothing to opt in to, also not for a later plan. */
    bool has_opted_in = plan->overage == OVERAGE_OPT_IN ? change->is_on : account.has_opted_in;
    int64_t limit = change->sets_limit ? change->spend_limit_cents : account.spend_limit_cents;
    TRY(overage_write(held, &account,
                      &(struct overage_change){
                          .is_on = has_opted_in, .spend_limit_cents = limit, .by = change->by},
                      reason));
    TRY(db_commit(&transaction, reason));
    meter_overage_put(held->meter, account.id, has_opted_in, limit);
    return STATUS_OK;
}
