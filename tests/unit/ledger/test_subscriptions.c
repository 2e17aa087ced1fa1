/* What an account's plan gives and costs in each billing period, whatever plan files are loaded
 * meanwhile, and that a restart at any moment tells the same. Worked out by hand from the built-in
 * plans: Free 2,000 credits for nothing, Starter 20,000 for 900 cents, Growth 100,000 for 2,900. */
#include "changes_harness.h"
#include "ledger/billing.h"

#include <stdio.h>

static void assert_gives(const struct caller *caller, const char *plan, int64_t included,
                         int64_t cents)
{
    struct charge_standing standing = standing_of(caller);
    assert_string_equal(standing.plan->name, plan);
    assert_string_equal(standing.subscription.plan->name, plan);
    assert_int_equal(standing.quota.included.count, included);
    assert_int_equal(standing.subscription.included, included);
    assert_int_equal(standing.subscription.cents, cents);
}

static struct plan *plan_named(const char *name)
{
    for (size_t i = 0; i < plans.plan_count; i++)
        if (strcmp(plans.plans[i].name, name) == 0)
            return &plans.plans[i];
    fail_msg("there is no plan %s", name);
    return NULL;
}

static void load(const char *plan, int64_t included, int64_t cents)
{
    plan_named(plan)->included_credits = included;
    plan_named(plan)->price_cents = cents;
    DONE(ledger_terms_set(ledger, &plans, &reason));
}

static void move(const struct caller *caller, const char *plan)
{
    struct plan_change change;
    DONE(plan_to(caller, plan, &change));
}

static void a_load_counts_from_the_next_period(void **state)
{
    (void)state;
    struct caller idle = caller_make("idle@b", "Starter"),
                  busy = caller_make("busy@b", "Starter");
    assert_true(charged(&busy, 8, NULL));
    clock_to("2024-02-10T00:00:00Z");
    load("Starter", 30000, 1500);
    struct caller late = caller_make("late@b", "Starter");
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_gives(&idle, "Starter", 20000, 900);
        assert_gives(&busy, "Starter", 20000, 900);
        assert_gives(&late, "Starter", 30000, 1500);
    }
    clock_to("2024-02-20T00:00:00Z");
    load("Starter", 40000, 2000);
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_gives(&idle, "Starter", 20000, 900);
        assert_gives(&late, "Starter", 30000, 1500);
    }
    clock_to("2024-03-01T00:00:00Z");
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_gives(&idle, "Starter", 40000, 2000);
        assert_gives(&busy, "Starter", 40000, 2000);
        assert_gives(&late, "Starter", 30000, 1500); /* until the 10th */
    }
    clock_to("2024-03-10T00:00:00Z");
    assert_gives(&late, "Starter", 40000, 2000);
}

/* It may be written down after the midnight that it was ordered before. */
static void a_load_at_a_day_s_end_counts_after_it(void **state)
{
    (void)state;
    struct caller caller = caller_make("ann@b", "Starter");
    clock_to("2024-02-29T23:59:49Z");
    load("Starter", 30000, 1500);
    clock_step("2024-02-29T23:59:51Z");
    load("Starter", 40000, 2000);
    clock_to("2024-03-01T00:00:00Z");
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_gives(&caller, "Starter", 30000, 1500);
    }
    clock_to("2024-04-01T00:00:00Z");
    assert_gives(&caller, "Starter", 40000, 2000);
}

/* Prices that are set back are loaded again: the last load counts, not the version's first. */
static void what_is_set_back_is_in_force_again(void **state)
{
    (void)state;
    struct caller caller = caller_make("ann@b", "Starter");
    clock_to("2024-02-10T00:00:00Z");
    load("Starter", 30000, 1500);
    clock_to("2024-02-20T00:00:00Z");
    load("Starter", 20000, 900);
    DONE(ledger_terms_set(ledger, &plans, &reason)); /* the same is no load */
    assert_int_equal(stored_integer("SELECT count(*) FROM plan_version"), 2);
    assert_int_equal(stored_integer("SELECT count(*) FROM plan_load"), 3);
    clock_to("2024-03-02T00:00:00Z");
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_gives(&caller, "Starter", 20000, 900);
    }
    assert_int_equal(stored_integer("SELECT count(*) FROM plan_load"), 3);
}

static void an_upgrade_costs_the_rest_of_the_period(void **state)
{
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        assert_int_equal(ledger_remove(state) | ledger_make(state), 0);
        struct caller caller = caller_make("ann@b", "Free");
        clock_to("2024-02-15T12:00:00Z");
        move(&caller, "Starter");
        between[way]();
        assert_gives(&caller, "Starter", 2000 + 9000, 450);
        clock_to("2024-02-22T18:00:00Z"); /* a quarter is left */
        move(&caller, "Growth");
        between[way]();
        assert_gives(&caller, "Growth", 11000 + 20000, 450 + 500);
        move(&caller, "Free");
        between[way]();
        move(&caller, "Growth"); /* taken back: nothing is bought twice */
        between[way]();
        assert_gives(&caller, "Growth", 31000, 950);
        assert_true(charged(&caller, 8, NULL));
        between[way]();
        assert_gives(&caller, "Growth", 31000, 950);
        clock_to("2024-03-01T00:00:00Z");
        between[way]();
        assert_gives(&caller, "Growth", 100000, 2900);
    }
}

/* From what the period began with to what is in force now, by half. */
static void an_upgrade_after_a_load_starts_from_the_own_plan(void **state)
{
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        assert_int_equal(ledger_remove(state) | ledger_make(state), 0);
        struct caller caller = caller_make("ann@b", "Starter");
        clock_to("2024-02-15T12:00:00Z");
        load("Starter", 90000, 100);
        load("Growth", 200000, 4900);
        between[way]();
        move(&caller, "Growth");
        between[way]();
        assert_gives(&caller, "Growth", 20000 + 90000, 900 + 2000);
        move(&caller, "Starter");
        between[way]();
        clock_to("2024-03-01T00:00:00Z");
        between[way]();
        assert_gives(&caller, "Starter", 90000, 100);
    }
}

static void assert_period(const char *email, const char *month, const char *wanted)
{
    char sql[512];
    (void)snprintf(
        sql, sizeof(sql),
        "SELECT b.plan || ' ' || b.included || ' ' || b.subscription_cents || ' ' ||"
        " b.used FROM balance b JOIN account a ON a.id = b.account_id WHERE a.email ="
        " '%s' AND b.period = %s - 1",
        email, month);
    assert_stored_text(sql, wanted);
}

/* Whatever comes later, the period before tells what it gave and cost. */
static void the_period_before_keeps_its_own(void **state)
{
    (void)state;
    struct caller idle = caller_make("idle@b", "Starter"),
                  busy = caller_make("busy@b", "Starter"),
                  down = caller_make("down@b", "Growth"), young;
    clock_to("2024-02-29T23:59:59Z");
    assert_true(charged(&busy, 8, NULL));
    move(&down, "Free");
    clock_to("2024-03-05T00:00:00Z");
    load("Starter", 30000, 1500);
    young = caller_make("young@b", "Free");
    move(&idle, "Growth");
    move(&busy, "Growth"); /* its charge is not folded yet */
    move(&young, "Starter");
    crash();
    assert_true(charged(&idle, 8, NULL));
    clock_to("2024-03-05T00:02:00Z");
    assert_true(charged(&idle, 8, NULL)); /* folds */
    reopen();
    assert_period("idle@b", "2024 * 12 + 2", "Starter 20000 900 0");
    assert_period("busy@b", "2024 * 12 + 2", "Starter 20000 900 8");
    assert_period("down@b", "2024 * 12 + 2", "Growth 100000 2900 0");
    assert_period("down@b", "2024 * 12 + 3", "Free 2000 0 0");
    assert_int_equal(stored_integer("SELECT count(*) FROM balance b JOIN account a ON a.id ="
                                    " b.account_id WHERE a.email = 'young@b'"),
                     1);
}

/* A file that is loaded while the clock stands before a period that was entered is not its own. */
/* What was in force when it began must be known to a server that was started long after. */
static void the_period_before_keeps_its_own_after_a_late_start(void **state)
{
    (void)state;
    struct caller idle = caller_make("idle@b", "Starter");
    clock_to("2024-02-03T00:00:00Z");
    load("Starter", 30000, 1500);
    clock_to("2024-03-31T23:00:00Z");
    reopen();
    for (bool has_more = true; has_more;) /* closed periods need no loads any more */
        DONE(ledger_billing_tend(ledger, NEVER_SUSPENDS, &has_more, &reason));
    reopen();
    move(&idle, "Growth");
    assert_period("idle@b", "2024 * 12 + 2", "Starter 20000 900 0");
}

static void a_clock_that_steps_back_brings_no_other_terms(void **state)
{
    (void)state;
    struct caller caller = caller_make("ann@b", "Starter");
    clock_to("2024-03-01T00:00:01Z");
    assert_gives(&caller, "Starter", 20000, 900);
    assert_true(charged(&caller, 8, NULL));
    clock_to("2024-02-20T00:00:00Z");
    load("Starter", 30000, 1500);
    assert_gives(&caller, "Starter", 20000, 900);
    clock_to("2024-02-21T00:00:00Z");
    load("Starter", 40000, 2000);
    crash(); /* the charge was not folded */
    assert_gives(&caller, "Starter", 20000, 900);
    clock_to("2024-03-02T00:00:00Z");
    reopen();
    assert_gives(&caller, "Starter", 20000, 900);
    clock_to("2024-04-01T00:00:00Z");
    assert_gives(&caller, "Starter", 40000, 2000);
}

/* Made by a command before any plan file was loaded. */
static void an_account_older_than_all_terms_gets_the_first(void **state)
{
    (void)state;
    struct caller caller = caller_make("ann@b", "Starter");
    ledger_close(ledger);
    ledger = NULL;
    execute("DELETE FROM plan_load");
    execute("INSERT INTO plan_load (id, at, plan_version) VALUES (1, 1800000000000000, 1)");
    reopen();
    assert_gives(&caller, "Starter", 20000, 900);
}

static void damaged_terms_are_refused_at_start(void **state)
{
    (void)state;
    ledger_close(ledger);
    ledger = NULL;
    execute("UPDATE plan_version SET plans = '{}', digest = CAST('0' AS BLOB)");
    assert_int_equal(reopen_status(), STATUS_CORRUPT);
    assert_non_null(strstr(reason.sentence, "plan version 1 cannot be read"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_load_counts_from_the_next_period),
        FRESH(a_load_at_a_day_s_end_counts_after_it),
        FRESH(what_is_set_back_is_in_force_again),
        FRESH(an_upgrade_costs_the_rest_of_the_period),
        FRESH(an_upgrade_after_a_load_starts_from_the_own_plan),
        FRESH(the_period_before_keeps_its_own),
        FRESH(the_period_before_keeps_its_own_after_a_late_start),
        FRESH(a_clock_that_steps_back_brings_no_other_terms),
        FRESH(an_account_older_than_all_terms_gets_the_first),
        FRESH(damaged_terms_are_refused_at_start),
    };
    return changes_main(tests, argc, argv);
}
