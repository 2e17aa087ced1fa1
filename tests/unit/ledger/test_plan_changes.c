/* changes.h, plans and overage: what is in force when, and that a restart at any moment gives the
 * same. Expected credits are worked out by hand from the built-in plans: Free 2,000, Starter
 * 20,000, Growth 100,000, Pro 400,000, Business 1,200,000. */
#include "changes_harness.h"
#include "ledger/terms.h"

#include <stdio.h>

static void assert_stands(const struct caller *caller, const char *plan, int64_t included,
                          int64_t used)
{
    struct charge_standing standing = standing_of(caller);
    assert_string_equal(standing.plan->name, plan);
    assert_int_equal(standing.quota.included.count, included);
    assert_int_equal(standing.quota.used.count, used);
    assert_int_equal(standing.rate.limit, standing.plan->rate_limit_per_minute);
}

static struct plan_change moved(const struct caller *caller, const char *plan)
{
    struct plan_change change = {0};
    DONE(plan_to(caller, plan, &change));
    return change;
}

/* The clock, the day of the account's making, and what Free to Starter then includes: 2,000 and
 * that part of 18,000 which the rest is of the period. */
static const struct {
    const char *made, *changed;
    int64_t included;
} upgrades[] = {
    {"2024-02-01T00:00:00Z", "2024-02-01T00:00:00Z", 20000},                 /* 29 of 29 days */
    {"2024-02-01T00:00:00Z", "2024-02-15T12:00:00Z", 2000 + 18000 / 2},      /* 14.5 of 29 */
    {"2024-02-01T08:00:00Z", "2024-02-29T23:59:59Z", 2000},                  /* 1 second */
    {"2023-02-01T00:00:00Z", "2023-02-15T00:00:00Z", 2000 + 18000 / 2},      /* 14 of 28 */
    {"2024-01-31T10:00:00Z", "2024-02-28T00:00:00Z", 2000 + 18000 * 1 / 29}, /* to Feb 29 */
    {"2024-01-31T10:00:00Z", "2024-02-29T00:00:00Z", 20000},                 /* a new period */
    {"2024-01-31T10:00:00Z", "2024-03-30T00:00:00Z", 2000 + 18000 * 1 / 31}, /* to Mar 31 */
    {"2023-12-15T00:00:00Z", "2024-01-05T00:00:00Z",
     2000 + 18000 * 10 / 31}, /* over the year */
};

static void an_upgrade_counts_at_once_and_by_the_rest_of_the_period(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(upgrades); i++) {
        char email[32];
        (void)snprintf(email, sizeof(email), "u%zu@b", i);
        clock_to(upgrades[i].made);
        struct caller caller = caller_make(email, "Free");
        clock_to(upgrades[i].changed);
        assert_true(charged(&caller, 8, NULL));
        struct plan_change change = moved(&caller, "starter");
        assert_string_equal(change.plan->name, "Starter");
        assert_null(change.next_plan);
        assert_int_equal(change.from.us, clock_now().us);
        assert_int_equal(change.included, upgrades[i].included);
        for (size_t way = 0; way < LENGTH_OF(between); way++) {
            between[way]();
            assert_stands(&caller, "Starter", upgrades[i].included, 8);
        }
    }
}

static void a_downgrade_waits_for_the_period(void **state)
{
    (void)state;
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        char email[32];
        (void)snprintf(email, sizeof(email), "d%zu@b", way);
        clock_to("2024-02-01T00:00:00Z");
        struct caller caller = caller_make(email, "Pro");
        clock_to("2024-02-20T00:00:00Z");
        assert_true(charged(&caller, 100000, NULL));
        struct plan_change change = moved(&caller, "Free");
        assert_string_equal(change.plan->name, "Pro");
        assert_string_equal(change.next_plan->name, "Free");
        assert_int_equal(change.from.us, at("2024-03-01T00:00:00Z").us);
        between[way]();
        clock_to("2024-02-29T23:59:59Z");
        assert_stands(&caller, "Pro", 400000, 100000);
        assert_true(charged(&caller, 8, NULL));
        struct account account;
        DONE(ledger_account_find(ledger, text_of(email), &account, &reason));
        assert_string_equal(account.plan, "Pro");
        assert_string_equal(account.next_plan, "Free");
        assert_int_equal(account.next_plan_at.us, change.from.us);
        between[way]();
        clock_to("2024-03-01T00:00:00Z");
        DONE(ledger_account_find(ledger, text_of(email), &account, &reason));
        assert_string_equal(account.plan, "Free");
        assert_string_equal(account.next_plan, "");
        between[way]();
        assert_stands(&caller, "Free", 2000, 0);
        assert_true(charged(&caller, 8, NULL));
        between[way]();
        assert_stands(&caller, "Free", 2000, 8);
    }
    reopen();
    assert_int_equal(stored_integer("SELECT count(*) FROM account WHERE plan = 'Free'"
                                    " AND next_plan = '' AND next_plan_at = 0"),
                     LENGTH_OF(between));
}

/* The new period is entered while nobody runs, or its first charges are folded and only then it is
 * looked whether the account follows. */
static void a_plan_that_waited_survives_any_moment_of_a_restart(void **state)
{
    (void)state;
    struct caller caller = caller_make("ann@b", "Business");
    (void)moved(&caller, "Starter");
    clock_to("2024-03-01T00:00:01Z");
    assert_true(charged(&caller, 8, NULL));
    clock_to("2024-03-01T00:05:00Z");
    assert_true(charged(&caller, 8, NULL)); /* folds the one before */
    crash();
    assert_stands(&caller, "Starter", 20000, 16);
    clock_to("2024-04-20T00:00:00Z");
    (void)moved(&caller, "Free");
    reopen_at("2024-06-20T00:00:00Z");
    assert_stands(&caller, "Free", 2000, 0);
    assert_stored_text("SELECT plan || next_plan || next_plan_at FROM account", "Free0");
}

static void up_then_down_then_up_grants_nothing_twice(void **state)
{
    (void)state;
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        char email[32];
        (void)snprintf(email, sizeof(email), "z%zu@b", way);
        clock_to("2024-02-01T00:00:00Z");
        struct caller caller = caller_make(email, "Free");
        clock_to("2024-02-15T12:00:00Z");
        (void)moved(&caller, "Growth");
        between[way]();
        int64_t included = 2000 + 98000 / 2;
        assert_stands(&caller, "Growth", included, 0);
        assert_true(charged(&caller, 25000, NULL));
        assert_non_null(moved(&caller, "Starter").next_plan);
        between[way]();
        assert_null(moved(&caller, "Growth").next_plan); /* takes it back */
        between[way]();
        assert_stands(&caller, "Growth", included, 25000);
        (void)moved(&caller, "Free");
        between[way]();
        (void)moved(&caller, "Pro");
        included += 300000 / 2;
        between[way]();
        assert_stands(&caller, "Pro", included, 25000);
        clock_to("2024-03-01T00:00:00Z");
        between[way]();
        assert_stands(&caller, "Pro", 400000, 0);
    }
}

static void the_present_plan_asked_for_again_changes_nothing(void **state)
{
    (void)state;
    struct caller caller = caller_make("ann@b", "Growth");
    clock_to("2024-02-10T00:00:00Z");
    (void)moved(&caller, "Growth");
    assert_stands(&caller, "Growth", 100000, 0);
    assert_int_equal(stored_integer("SELECT count(*) FROM audit_event"
                                    " WHERE verb = 'account_plan'"),
                     0);
}

static void a_clock_that_steps_back_enters_no_period_twice(void **state)
{
    (void)state;
    struct caller caller = caller_make("ann@b", "Pro");
    assert_true(charged(&caller, 300000, NULL));
    (void)moved(&caller, "Free");
    clock_to("2024-03-01T00:00:00Z");
    assert_true(charged(&caller, 400, NULL));
    clock_to("2024-02-20T00:00:00Z");
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_stands(&caller, "Free", 2000, 400);
        assert_false(charged(&caller, 400, NULL)); /* 500 a day */
    }
    clock_to("2024-03-01T00:00:00Z");
    assert_stands(&caller, "Free", 2000, 400);
    assert_int_equal(stored_integer("SELECT count(*) FROM balance"), 2);
}

/* Charges of the last second that were not folded when the first act of the new period makes its
 * row: they stay where they belong. */
static void charges_of_an_ended_period_stay_there(void **state)
{
    (void)state;
    struct caller caller = caller_make("ann@b", "Starter");
    clock_to("2024-02-29T23:59:59Z");
    assert_true(charged(&caller, 80, NULL));
    (void)moved(&caller, "Free");
    assert_stands(&caller, "Starter", 20000, 80);
    clock_to("2024-03-01T00:00:00Z");
    (void)moved(&caller, "Growth");
    crash();
    assert_stands(&caller, "Growth", 2000 + 98000, 0);
    reopen();
    assert_stands(&caller, "Growth", 2000 + 98000, 0);
    assert_int_equal(
        stored_integer("SELECT CAST(sum(used) AS BIGINT) FROM balance WHERE period = 24289"),
        80);
    assert_int_equal(
        stored_integer("SELECT CAST(sum(used) AS BIGINT) FROM balance WHERE period = 24290"),
        0);
}

static void a_change_that_is_not_kept_is_not_in_force(void **state)
{
    (void)state;
    struct caller caller = caller_make("ann@b", "Growth");
    events_refuse();
    struct plan_change change;
    assert_int_not_equal(plan_to(&caller, "Pro", &change), STATUS_OK);
    assert_int_not_equal(plan_to(&caller, "Free", &change), STATUS_OK);
    const struct overage_change on = {.is_on = true};
    assert_int_not_equal(ledger_account_overage(ledger, text_of(caller.email), &on, &reason),
                         STATUS_OK);
    events_accept();
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_stands(&caller, "Growth", 100000, 0);
        assert_false(standing_of(&caller).quota.has_overage);
    }
    clock_to("2024-03-02T00:00:00Z");
    assert_stands(&caller, "Growth", 100000, 0);
}

static void unknown_accounts_and_plans_are_refused(void **state)
{
    (void)state;
    struct caller caller = caller_make("ann@b", "Free");
    struct plan_change change;
    assert_int_equal(plan_to(&caller, "Gold", &change), STATUS_INVALID);
    assert_non_null(strstr(reason.sentence, "'Gold'"));
    assert_int_equal(ledger_account_plan(ledger, TEXT("bob@b"),
                                         &(struct plan_request){.plan = TEXT("Pro")}, &change,
                                         &reason),
                     STATUS_MISSING);
}

/* ---- Overage ---- */

static enum status overage(const struct caller *caller, bool is_on, int64_t limit)
{
    const struct overage_change change = {
        .is_on = is_on, .sets_limit = true, .spend_limit_cents = limit};
    return ledger_account_overage(ledger, text_of(caller->email), &change, &reason);
}

static enum quota_verdict refused(const struct caller *caller, int64_t cost)
{
    struct charge_standing standing;
    assert_false(charged(caller, cost, &standing));
    return standing.quota_verdict;
}

static void use(const struct caller *caller, const char *plan, int64_t days)
{
    const struct plan *of = plans_find(&plans, text_of(plan));
    for (int64_t day = 1; day <= days; day++) {
        char date[32];
        (void)snprintf(date, sizeof(date), "2024-02-%02dT12:00:00Z", (int)day);
        clock_to(date);
        assert_true(charged(caller, of->included_credits / days, NULL));
    }
}

/* Starter: 75 cents for 1,000 credits, 5,000 a day. */
static void overage_is_switched_and_bounded_at_once(void **state)
{
    (void)state;
    struct caller caller = caller_make("ann@b", "Starter");
    use(&caller, "Starter", 4);
    clock_to("2024-02-10T00:00:00Z");
    assert_int_equal(refused(&caller, 8), QUOTA_INSUFFICIENT);
    DONE(overage(&caller, true, 3)); /* 3 cents pay for 40 credits */
    for (int i = 0; i < 5; i++) {
        struct charge_standing standing;
        assert_true(charged(&caller, 8, &standing));
        assert_int_equal(standing.overage.count, 8);
        assert_int_equal(standing.overage_cost.count, 8 * 750);
        between[(size_t)i % LENGTH_OF(between)]();
    }
    assert_int_equal(refused(&caller, 8), QUOTA_SPEND_LIMIT);
    DONE(overage(&caller, true, NO_SPEND_LIMIT));
    assert_true(charged(&caller, 800, NULL));
    DONE(overage(&caller, true, 0)); /* below what was spent */
    assert_int_equal(refused(&caller, 8), QUOTA_SPEND_LIMIT);
    const struct overage_change off = {.is_on = false};
    DONE(ledger_account_overage(ledger, text_of(caller.email), &off, &reason));
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_int_equal(refused(&caller, 8), QUOTA_INSUFFICIENT);
    }
    const struct overage_change on = {.is_on = true}; /* the limit stayed */
    DONE(ledger_account_overage(ledger, text_of(caller.email), &on, &reason));
    assert_int_equal(refused(&caller, 8), QUOTA_SPEND_LIMIT);
}

static void a_plan_says_whether_overage_can_be_switched(void **state)
{
    (void)state;
    struct caller free = caller_make("free@b", "Free"), pro = caller_make("pro@b", "Pro");
    assert_int_equal(overage(&free, true, 100), STATUS_CONFLICT);
    assert_non_null(strstr(reason.sentence, "Free, a plan without overage"));
    assert_int_equal(overage(&pro, false, 100), STATUS_CONFLICT);
    assert_non_null(strstr(reason.sentence, "always on"));
    assert_true(standing_of(&pro).quota.overage_permitted.count == CREDITS_MAX);
    DONE(overage(&pro, true, 30)); /* 30 cents for 1,000 */
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_int_equal(standing_of(&pro).quota.overage_permitted.count, 1000);
    }
    assert_int_equal(stored_integer("SELECT CAST(sum(has_opted_in) AS BIGINT) FROM account"),
                     0);
}

/* ---- The plan file ---- */

static void plan_forget(struct plans *file, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < file->plan_count; i++)
        if (strcmp(file->plans[i].name, name) != 0)
            file->plans[kept++] = file->plans[i];
    file->plan_count = kept;
}

static void a_plan_file_must_have_every_plan_in_use(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Pro");
    (void)caller_make("bob@b", "Pro");
    struct plans without_pro = plans, without_free = plans;
    plan_forget(&without_pro, "Pro");
    plan_forget(&without_free, "Free");
    (void)moved(&ann, "Free");
    assert_int_equal(ledger_terms_set(ledger, &without_pro, &reason), STATUS_CONFLICT);
    assert_non_null(strstr(reason.sentence, "the plan Pro, which 2 accounts are on"));
    assert_int_equal(ledger_terms_set(ledger, &without_free, &reason), STATUS_CONFLICT);
    assert_non_null(strstr(reason.sentence, "the plan Free, which 1 account is on"));
    assert_stands(&ann, "Pro", 400000, 0);
    DONE(ledger_account_plan(ledger, TEXT("bob@b"),
                             &(struct plan_request){.plan = TEXT("Business")},
                             &(struct plan_change){0}, &reason));
    clock_to("2024-03-01T00:00:00Z");
    DONE(ledger_terms_set(ledger, &without_pro, &reason)); /* ann has left it meanwhile */
    assert_stands(&ann, "Free", 2000, 0);
}

static void a_plan_that_was_left_while_nobody_ran_is_not_in_use(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Pro");
    (void)moved(&ann, "Free");
    const struct plans all = plans;
    plan_forget(&plans, "Pro");
    ledger_close(ledger);
    ledger = NULL;
    assert_int_equal(reopen_status(), STATUS_CONFLICT);
    assert_non_null(strstr(reason.sentence, "the plan Pro, which 1 account is on"));
    plans = all;
    reopen();
    plan_forget(&plans, "Pro");
    reopen_at("2024-03-01T00:00:00Z");
    assert_stands(&ann, "Free", 2000, 0);
    plans = all;
}

#define NEW_NAMES 30

/* Some new names beside Free, which are others at each turn. */
static struct plans with_new_names(int turn)
{
    struct plans file = plans;
    file.plan_count = 1 + NEW_NAMES;
    for (int i = 1; i <= NEW_NAMES; i++) {
        file.plans[i] = plans.plans[0];
        (void)snprintf(file.plans[i].name, sizeof(file.plans[i].name), "P%d-%d", turn, i);
    }
    return file;
}

static void names_of_plans_are_bounded_before_a_load_is_kept(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    int turns = (int)((TERMS_SLOTS_MAX - plans.plan_count) / NEW_NAMES);
    for (int turn = 0; turn < turns; turn++) {
        struct plans file = with_new_names(turn);
        DONE(ledger_terms_set(ledger, &file, &reason));
    }
    struct plans one_too_many = with_new_names(turns), known = with_new_names(0);
    int64_t loads = stored_integer("SELECT count(*) FROM plan_load");
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        assert_int_equal(ledger_terms_set(ledger, &one_too_many, &reason), STATUS_CONFLICT);
        assert_non_null(
            strstr(reason.sentence, "they are over 256; give a plan one of the names"));
        assert_int_equal(stored_integer("SELECT count(*) FROM plan_load"), loads);
        assert_true(charged(&ann, 8, NULL));
        DONE(ledger_terms_set(ledger, &known, &reason));
        DONE(ledger_terms_set(ledger, &plans, &reason));
        loads += 2;
        between[way]();
    }
    assert_stands(&ann, "Free", 2000, 24);
}

/* ---- What is kept of each change ---- */

static void every_change_leaves_its_event(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    clock_to("2024-02-15T12:00:00Z");
    (void)moved(&ann, "Starter");
    DONE(overage(&ann, true, 500));
    DONE(ledger_account_suspend(ledger, TEXT("ann@b"), true, &reason));
    DONE(ledger_account_suspend(ledger, TEXT("ann@b"), true, &reason));
    DONE(ledger_account_suspend(ledger, TEXT("ann@b"), false, &reason));
    assert_stored_text("SELECT group_concat(verb) FROM (SELECT verb FROM audit_event"
                       " WHERE account_id = 1 ORDER BY id) AS told",
                       "account_create,key_create,account_plan,account_overage,account_suspend,"
                       "account_resume");
    assert_stored_text("SELECT detail FROM audit_event WHERE verb = 'account_plan'",
                       "{\"from\":\"Free\",\"to\":\"Starter\",\"in_force_at\":"
                       "\"2024-02-15T12:00:00Z\",\"in_force_at_us\":1707998400000000,"
                       "\"period_key\":\"2024-02\",\"included_before\":2000,"
                       "\"included\":11000,\"subscription_cents_before\":0,"
                       "\"subscription_cents\":450,\"plan_version\":1}");
    assert_stored_text("SELECT detail FROM audit_event WHERE verb = 'account_overage'",
                       "{\"has_opted_in\":true,\"spend_limit_cents\":500}");
    assert_int_equal(stored_integer("SELECT count(*) FROM audit_event WHERE detail LIKE"
                                    " '%tg_live_%' OR at = 0 OR json_valid(detail) = 0"),
                     0);
}

/* Whoever checked the plan before a reload took it away must not put an account on it. */
static void a_plan_that_a_reload_took_away_gets_no_account(void **state)
{
    (void)state;
    struct plans fewer = plans;
    const char *gone = plans.plans[--fewer.plan_count].name;
    DONE(ledger_terms_set(ledger, &fewer, &reason));
    struct account account;
    assert_int_equal(ledger_account_create(ledger, TEXT("late@example.com"), TEXT(""),
                                           text_of(gone), &account, &reason),
                     STATUS_INVALID);
    assert_non_null(strstr(reason.sentence, gone));
    const struct account_row row = {
        .email = TEXT("late@example.com"), .plan = text_of(gone), .name = TEXT("")};
    struct api_key_text key;
    assert_int_equal(ledger_account_import(ledger, &row, 1, &key, &reason), STATUS_INVALID);
    assert_int_equal(
        stored_integer("SELECT count(*) FROM account WHERE email_folded = 'late@example.com'"),
        0);
    reopen();
}

/* ---- Prices ---- */

static void price_set(int64_t price)
{
    plans.prices[0].credits = price;
    DONE(ledger_terms_set(ledger, &plans, &reason));
}

static void price_to_5(void)
{
    price_set(5);
}

static void price_to_0(void)
{
    price_set(0);
}

/* A plan file that comes into force in the middle of a charge counts whole or not at all. */
static void a_charge_pays_the_price_of_the_version_that_it_names(void **state)
{
    (void)state;
    in_a_file_alone(); /* a cluster decides on another thread */
    struct caller caller = caller_make("price@b", "Free");
    struct charge_standing standing;
    price_set(8);
    assert_true(charged_by_price(&caller, &standing));
    assert_int_equal(standing.charged.count, 8);
    int64_t version = standing.terms->version;
    at_next_clock_look(price_to_5);
    assert_true(charged_by_price(&caller, &standing));
    assert_int_equal(standing.terms->version, version + 1);
    assert_int_equal(standing.charged.count, 5);
    assert_int_equal(standing.cost.count, 5);
    assert_stands(&caller, "Free", 2000, 13);
}

static void a_price_of_nothing_takes_the_slot_alone(void **state)
{
    (void)state;
    in_a_file_alone(); /* as above */
    struct caller caller = caller_make("free@b", "Free");
    struct charge_standing standing;
    price_set(8);
    at_next_clock_look(price_to_0);
    assert_true(charged_by_price(&caller, &standing));
    assert_int_equal(standing.charged.count, 0);
    assert_int_equal(standing.rate.remaining, 4);
    assert_stands(&caller, "Free", 2000, 0);
    ledger_close(ledger);
    ledger = NULL;
    assert_int_equal(stored_integer("SELECT free FROM usage_hour WHERE charged = 0"), 1);
    reopen();
}

static struct caller overtaken;
static struct charge_standing entered;
static int looks;

/* A call enters the next period when the change is written and not in force yet: with the third look
 * at the clock, after those for the account and for its plan. */
static void period_overtakes(void)
{
    if (++looks < 3) {
        at_next_clock_look(period_overtakes);
        return;
    }
    clock_to("2024-03-01T00:00:00Z");
    entered = standing_of(&overtaken);
}

static void a_period_that_begins_meanwhile_is_on_the_new_plan(void **state)
{
    (void)state;
    in_a_file_alone(); /* a cluster's call waits for the verb */
    overtaken = caller_make("late@b", "Free");
    clock_to("2024-02-29T23:59:59Z");
    assert_true(charged(&overtaken, 8, NULL));
    looks = 0;
    at_next_clock_look(period_overtakes);
    (void)moved(&overtaken, "Starter");
    assert_int_equal(looks, 3);
    assert_string_equal(entered.plan->name, "Free");
    assert_int_equal(entered.period.month, 3);
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_stands(&overtaken, "Starter", 20000, 8 * (int64_t)way);
        assert_true(charged(&overtaken, 8, NULL));
    }
}

/* The same when calls in the new period were folded while the change was written: a trigger stands for the fold. */
static void a_period_with_a_row_of_the_plan_before_is_written_anew(void **state)
{
    (void)state;
    in_a_file_alone(); /* as above */
    overtaken = caller_make("late@b", "Free");
    clock_to("2024-02-29T23:59:59Z");
    execute(
        "CREATE TRIGGER folded AFTER INSERT ON audit_event WHEN new.verb = 'account_plan' BEGIN"
        " INSERT INTO balance (bucket, account_id, period, day, day_used, included, used,"
        " overage, overage_micros, plan, plan_version, subscription_cents)"
        " SELECT bucket, account_id, period + 1, day + 1, 0, 2000, 0, 0, 0, 'Free',"
        " plan_version, 0 FROM balance WHERE account_id = new.account_id; END");
    looks = 0;
    at_next_clock_look(period_overtakes);
    (void)moved(&overtaken, "Starter");
    assert_int_equal(looks, 3);
    execute("DROP TRIGGER folded");
    assert_stored_text("SELECT plan || included FROM balance ORDER BY period DESC LIMIT 1",
                       "Starter20000");
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_stands(&overtaken, "Starter", 20000, 0);
    }
}

/* Its first period is that of its first day, also while the clock stands before it. */
static void a_plan_changes_before_the_first_day(void **state)
{
    (void)state;
    clock_to("2024-02-10T00:00:00Z");
    struct caller caller = caller_make("early@b", "Free");
    clock_to("2024-02-05T00:00:00Z");
    (void)moved(&caller, "Starter");
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_stands(&caller, "Starter", 20000, 8 * (int64_t)way);
        assert_true(charged(&caller, 8, NULL));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FRESH(an_upgrade_counts_at_once_and_by_the_rest_of_the_period),
        FRESH(a_downgrade_waits_for_the_period),
        FRESH(a_plan_that_waited_survives_any_moment_of_a_restart),
        FRESH(up_then_down_then_up_grants_nothing_twice),
        FRESH(the_present_plan_asked_for_again_changes_nothing),
        FRESH(a_clock_that_steps_back_enters_no_period_twice),
        FRESH(charges_of_an_ended_period_stay_there),
        FRESH(a_change_that_is_not_kept_is_not_in_force),
        FRESH(unknown_accounts_and_plans_are_refused),
        FRESH(overage_is_switched_and_bounded_at_once),
        FRESH(a_plan_says_whether_overage_can_be_switched),
        FRESH(a_plan_file_must_have_every_plan_in_use),
        FRESH(a_plan_that_a_reload_took_away_gets_no_account),
        FRESH(a_charge_pays_the_price_of_the_version_that_it_names),
        FRESH(a_price_of_nothing_takes_the_slot_alone),
        FRESH(a_period_that_begins_meanwhile_is_on_the_new_plan),
        FRESH(a_plan_changes_before_the_first_day),
        FRESH(a_plan_that_was_left_while_nobody_ran_is_not_in_use),
        FRESH(names_of_plans_are_bounded_before_a_load_is_kept),
        FRESH(a_period_with_a_row_of_the_plan_before_is_written_anew),
        FRESH(every_change_leaves_its_event),
    };
    return changes_main(tests, argc, argv);
}
