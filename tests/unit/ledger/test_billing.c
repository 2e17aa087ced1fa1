#include "billing_checks.h"
#include "ledger/embedded.h"
#include "sql/db.h"

#include <stdio.h>

/* ---- Closing ---- */

static void a_period_closes_with_its_last_charge(void **state)
{
    (void)state;
    char json[8192], again[8192];
    struct caller caller = caller_make("a@x", "Pro");
    clock_to("2024-02-29T23:00:00Z");
    assert_true(charged_by_price(&caller, NULL));
    clock_to("2024-02-29T23:59:59Z");
    assert_true(charged_by_price(&caller, NULL)); /* folds the one before */
    assert_true(charged_by_price(&caller, NULL));
    clock_step("2024-03-01T00:00:02Z");
    tend();
    struct statement_view view = statement_of(&caller, "2024-02", json);
    assert_true(view.is_closed && view.is_kept);
    assert_int_equal(view.total_cents, 7900);
    assert_int_equal(view.payment, PAYMENT_DUE);
    assert_has(json, "\"credits_used\":24");
    for (size_t i = 0; i < LENGTH_OF(between); i++) {
        between[i]();
        tend();
        statement_of(&caller, "2024-02", again);
        assert_string_equal(json, again);
        assert_int_equal(differences(), 0);
    }
}

static void what_comes_late_is_billed_next(void **state)
{
    (void)state;
    in_a_file_alone(); /* in a cluster nothing comes late */
    char json[8192], frozen[8192];
    struct caller caller = caller_make("a@x", "Pro");
    clock_to("2024-02-10T00:00:00Z");
    assert_true(charged(&caller, 400000, NULL));
    clock_to("2024-03-01T00:00:02Z");
    tend();
    statement_of(&caller, "2024-02", frozen);
    clock_to("2024-02-29T23:00:00Z"); /* stepped back */
    assert_true(charged(&caller, 10000, NULL));
    clock_to("2024-03-02T00:00:02Z");
    tend();
    statement_of(&caller, "2024-02", json);
    assert_string_equal(json, frozen);
    statement_of(&caller, "2024-03", json);
    assert_has(json, "\"credits_late\":10000");
    assert_has(json, "{\"cents\":300,\"cents_per_1000\":30,\"credits\":10000,");
    assert_has(json, "of 2024-02");
    assert_has(json, "\"total_cents\":8200");
    reopen();
    clock_to("2024-04-01T00:00:02Z");
    tend();
    assert_int_equal(stored_integer("SELECT total_cents FROM billing_period WHERE period ="
                                    " 2024 * 12 + 2"),
                     8200);
}

static void what_comes_late_alone_is_kept(void **state)
{
    (void)state;
    in_a_file_alone(); /* in a cluster nothing comes late */
    char json[8192];
    struct caller caller = caller_make("a@x", "Free");
    clock_to("2024-03-01T00:00:02Z");
    tend();
    clock_to("2024-02-29T23:00:00Z"); /* stepped back */
    assert_true(charged_by_price(&caller, NULL));
    clock_to("2024-04-01T00:00:02Z");
    tend();
    assert_int_equal(stored_integer("SELECT count(*) FROM billing_period"), 1);
    assert_true(statement_of(&caller, "2024-03", json).is_kept);
    assert_has(json, "\"credits_late\":8");
    assert_has(json, "\"credits_used\":0");
    statement_of(&caller, "2024-02", json);
    assert_has(json, "\"credits_used\":0");
    assert_int_equal(differences(), 0);
}

static void many_periods_close_at_once(void **state)
{
    (void)state;
    struct caller paid = caller_make("a@x", "Starter");
    struct caller free_of_charge = caller_make("b@x", "Free");
    (void)paid;
    (void)free_of_charge;
    reopen_at("2025-03-31T12:00:00Z");
    tend();
    assert_int_equal(stored_integer("SELECT count(*) FROM billing_period"), 13);
    assert_int_equal(
        stored_integer("SELECT CAST(sum(total_cents) AS BIGINT) FROM billing_period"),
        13 * 900);
    assert_int_equal(stored_integer("SELECT count(*) FROM open_invoice"), 13);
    clock_to("2025-02-01T00:00:00Z"); /* stepped back: nothing opens again */
    tend();
    assert_int_equal(stored_integer("SELECT count(*) FROM billing_period"), 13);
    assert_int_equal(differences(), 0);
}

/* The first charge is folded at once, the second would be a second after it: by then the day is
 * over, and the closing folds it. */
static void a_closing_leaves_nothing_to_fold(void **state)
{
    (void)state;
    in_a_file_alone(); /* in a cluster each lane has a mark */
    struct caller caller = caller_make("a@x", "Starter");
    clock_to("2024-02-29T23:59:59Z");
    assert_true(charged(&caller, 8, NULL));
    assert_true(charged(&caller, 8, NULL));
    assert_int_not_equal(stored_integer("SELECT journal_id FROM fold_mark"),
                         stored_integer("SELECT max(id) FROM journal"));
    clock_step("2024-03-01T00:00:02Z");
    tend();
    assert_int_equal(stored_integer("SELECT journal_id FROM fold_mark"),
                     stored_integer("SELECT max(id) FROM journal"));
    assert_int_equal(atomic_load(&ledger->committer.tally.unfolded_since_us), TALLY_FOLDED);
}

static void what_comes_with_a_fold_waits_since_then(void **state)
{
    (void)state;
    in_a_file_alone(); /* a cluster folds in transactions of their own */
    struct caller caller = caller_make("a@x", "Starter");
    clock_to("2024-02-20T00:00:00Z");
    assert_true(charged(&caller, 8, NULL));
    clock_to("2024-02-20T00:01:30Z");
    assert_true(charged(&caller, 8, NULL));
    assert_int_equal(atomic_load(&ledger->committer.tally.unfolded_since_us),
                     time_elapsed(ledger->time).us);
}

static void a_clock_far_ahead_closes_nothing(void **state)
{
    (void)state;
    bool has_more;
    struct caller caller = caller_make("a@x", "Starter");
    clock_to("2024-03-10T00:00:00Z");
    tend_with(14);
    clock_step("2026-03-10T00:00:00Z");
    assert_int_equal(ledger_billing_tend(ledger, 14, &has_more, &reason), STATUS_UNAVAILABLE);
    assert_false(has_more);
    assert_int_equal(stored_integer("SELECT count(*) FROM billing_period"), 1);
    assert_int_equal(stored_integer("SELECT count(*) FROM account WHERE unpaid_at > 0"), 0);
    clock_step("2023-03-10T00:00:00Z");
    tend_with(14);
    clock_step("2024-03-10T23:00:00Z");
    tend_with(14);
    assert_int_equal(stored_integer("SELECT count(*) FROM billing_period"), 1);
    clock_to("2024-04-01T00:00:02Z"); /* as ever */
    tend_with(14);
    assert_int_equal(stored_integer("SELECT count(*) FROM billing_period"), 2);
    assert_int_equal(stored_integer("SELECT count(*) FROM account WHERE unpaid_at > 0"), 1);
    clock_step("2024-06-01T00:00:02Z");
    assert_int_equal(ledger_billing_tend(ledger, 14, &has_more, &reason), STATUS_UNAVAILABLE);
    reopen(); /* which says that it is right */
    tend_with(14);
    assert_int_equal(stored_integer("SELECT count(*) FROM billing_period"), 4);
    assert_int_equal(differences(), 0);
    (void)caller;
}

/* ---- What was shown is what is billed ---- */

static enum status plan_as_shown(const struct caller *caller, const char *plan,
                                 const char *digest)
{
    struct plan_change change;
    const struct plan_request request = {
        .plan = text_of(plan), .preview = text_of(digest), .by = "console"};
    return ledger_account_plan(ledger, text_of(caller->email), &request, &change, &reason);
}

static void previewed(const struct caller *caller, const char *plan,
                      struct plan_preview *preview)
{
    DONE(ledger_plan_preview(ledger, caller->account_id,
                             &(struct plan_request){.plan = text_of(plan)}, preview, &reason));
    plan_preview_finish(preview);
}

static void a_change_is_billed_as_of_its_preview(void **state)
{
    (void)state;
    char json[8192];
    struct caller caller = caller_make("a@x", "Starter");
    struct plan_preview preview;
    clock_to("2024-02-15T12:00:00Z");
    previewed(&caller, "Growth", &preview);
    clock_to("2024-02-15T12:10:00Z");
    DONE(plan_as_shown(&caller, "Growth", preview.digest));
    statement_of(&caller, "2024-02", json);
    assert_non_null(strstr(json, "\"in_force_at\":\"2024-02-15T12:00:00Z\""));
    assert_non_null(strstr(json, "{\"cents\":1000,\"credits\":40000,"));
    assert_int_equal(stored_integer("SELECT count(*) FROM audit_event WHERE verb ="
                                    " 'account_plan' AND detail LIKE '%\"by\":\"console\"%'"),
                     1);
    assert_int_equal(differences(), 0);
}

static void a_change_of_other_numbers_than_its_preview_is_refused(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@x", "Starter"), other = caller_make("b@x", "Starter");
    struct plan_preview preview, later, cheaper;
    clock_to("2024-02-15T12:00:00Z");
    previewed(&caller, "Growth", &preview);
    previewed(&caller, "Free", &cheaper);
    assert_int_equal(plan_as_shown(&caller, "Pro", preview.digest), STATUS_CONFLICT);
    assert_int_equal(plan_as_shown(&other, "Growth", preview.digest), STATUS_CONFLICT);
    for (const char *const *bad =
             (const char *const[]){"x", "-", "1707998400-", "99999999999999999999-", NULL};
         *bad; bad++)
        assert_int_equal(plan_as_shown(&caller, "Growth", *bad), STATUS_CONFLICT);
    clock_to("2024-02-15T11:59:59Z"); /* stepped back: that moment is yet to come */
    assert_int_equal(plan_as_shown(&caller, "Growth", preview.digest), STATUS_CONFLICT);
    clock_to("2024-02-15T12:10:01Z");
    assert_int_equal(plan_as_shown(&caller, "Growth", preview.digest), STATUS_CONFLICT);
    assert_int_equal(stored_integer("SELECT count(*) FROM audit_event"
                                    " WHERE verb = 'account_plan'"),
                     0);
    clock_to("2024-02-16T00:00:00Z");
    previewed(&caller, "Growth", &preview);
    previewed(&caller, "Pro", &later);
    DONE(plan_as_shown(&caller, "Growth", preview.digest));
    assert_int_equal(plan_as_shown(&caller, "Pro", later.digest), STATUS_CONFLICT);
    previewed(&caller, "Pro", &later);
    plans.plans[3].price_cents += 100;
    DONE(ledger_terms_set(ledger, &plans, &reason));
    assert_int_equal(plan_as_shown(&caller, "Pro", later.digest), STATUS_CONFLICT);
    assert_int_equal(differences(), 0);
}

/* What is left of a period is another part of the next one. */
static void a_preview_of_the_period_before_is_refused(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@x", "Starter");
    struct plan_preview preview;
    clock_to("2024-02-29T23:59:00Z");
    previewed(&caller, "Growth", &preview);
    clock_to("2024-03-01T00:01:00Z");
    assert_int_equal(plan_as_shown(&caller, "Growth", preview.digest), STATUS_CONFLICT);
    assert_int_equal(differences(), 0);
}

static void a_change_of_plan_is_a_line(void **state)
{
    (void)state;
    char json[8192];
    struct caller caller = caller_make("a@x", "Starter");
    struct plan_change change;
    struct plan_preview preview;
    clock_to("2024-02-15T12:00:00Z");
    DONE(ledger_plan_preview(ledger, caller.account_id,
                             &(struct plan_request){.plan = TEXT("Growth")}, &preview,
                             &reason));
    assert_true(preview.is_at_once);
    assert_int_equal(preview.now.total_cents, 1000); /* of 2,000: half the month */
    assert_int_equal(preview.now.lines[0].credits, 40000);
    assert_int_equal(preview.next.total_cents, 2900);
    plan_preview_finish(&preview);
    DONE(plan_to(&caller, "Growth", &change));
    clock_to("2024-02-20T12:00:00Z");
    DONE(plan_to(&caller, "Free", &change));
    clock_to("2024-04-02T00:00:00Z");
    tend();
    statement_of(&caller, "2024-02", json);
    assert_has(json,
               "{\"cents\":900,\"credits\":20000,\"description\":\"Starter, 2024-02-01 to "
               "2024-03-01\",\"kind\":\"subscription\"");
    assert_has(json,
               "{\"cents\":1000,\"credits\":40000,\"description\":\"From Starter to Growth");
    assert_has(json, "\"total_cents\":1900");
    assert_int_equal(stored_integer("SELECT count(*) FROM billing_period"), 1);
    assert_int_equal(differences(), 0);
}

static void a_first_day_is_billed_by_the_plan_file_of_its_hour(void **state)
{
    (void)state;
    clock_to("2024-02-01T10:00:00Z");
    plans.plans[1].price_cents = 1100;
    DONE(ledger_terms_set(ledger, &plans, &reason));
    clock_to("2024-02-01T12:00:00Z");
    (void)caller_make("a@x", "Starter"); /* which never calls */
    plans.plans[1].price_cents = 1300;
    clock_to("2024-02-20T12:00:00Z");
    DONE(ledger_terms_set(ledger, &plans, &reason));
    reopen_at("2024-04-01T00:00:02Z");
    tend();
    assert_int_equal(stored_integer("SELECT total_cents FROM billing_period WHERE period ="
                                    " 2024 * 12 + 1"),
                     1100);
    assert_int_equal(stored_integer("SELECT total_cents FROM billing_period WHERE period ="
                                    " 2024 * 12 + 2"),
                     1300);
    assert_int_equal(differences(), 0);
}

/* ---- Periods without anything in them ---- */

static void an_empty_period_is_told_the_same_while_statements_are_written(void **state)
{
    (void)state;
    enum { MANY = 40 }; /* more than one piece of work */
    char before[8192], after[8192];
    struct caller callers[MANY];
    bool has_more;
    for (size_t i = 0; i < MANY; i++) {
        char email[32];
        (void)snprintf(email, sizeof(email), "a%zu@x", i);
        callers[i] = caller_make(email, "Free");
    }
    clock_to("2024-03-01T00:00:02Z");
    DONE(ledger_billing_tend(ledger, NEVER_SUSPENDS, &has_more, &reason));
    assert_true(has_more);
    assert_true(statement_of(&callers[MANY - 1], "2024-02", before).is_closed);
    tend();
    statement_of(&callers[MANY - 1], "2024-02", after);
    assert_string_equal(before, after);
    assert_has(after, "\"lines\":[]");
}

static void an_empty_period_outlives_its_plan(void **state)
{
    (void)state;
    char json[8192];
    struct plan_change change;
    struct caller caller = caller_make("a@x", "Free");
    clock_to("2024-04-10T00:00:00Z");
    tend();
    DONE(plan_to(&caller, "Starter", &change));
    clock_to("2024-05-02T00:00:00Z");
    tend();
    plans.plan_count--; /* the file drops Free */
    memmove(&plans.plans[0], &plans.plans[1], plans.plan_count * sizeof(plans.plans[0]));
    DONE(ledger_terms_set(ledger, &plans, &reason));
    reopen_at("2024-12-10T00:00:00Z");
    tend();
    reopen(); /* with the loads alone that count from now on */
    statement_of(&caller, "2024-02", json);
    assert_has(json, "\"plan\":\"Free\"");
    assert_has(json, "\"total_cents\":0");
    assert_int_equal(differences(), 0);
}

/* ---- Overage at two rates ---- */

static void each_rate_has_a_line(void **state)
{
    (void)state;
    char json[8192];
    struct caller caller = caller_make("a@x", "Pro");
    clock_to("2024-02-10T00:00:00Z");
    assert_true(charged(&caller, 400000, NULL));
    assert_true(charged(&caller, 16, NULL)); /* 0.48 cents */
    plans.plans[3].overage_cents_per_1000 = 60;
    DONE(ledger_terms_set(ledger, &plans, &reason));
    assert_true(charged(&caller, 8, NULL)); /* 0.48 cents */
    assert_true(charged(&caller, 1000, NULL));
    clock_to("2024-03-01T00:00:02Z");
    statement_of(&caller, "2024-02", json); /* as an open one, with its tail */
    tend();
    char frozen[8192];
    statement_of(&caller, "2024-02", frozen);
    assert_string_equal(json, frozen);
    assert_has(json, "{\"cents\":0,\"cents_per_1000\":30,\"credits\":16,");
    assert_has(json, "{\"cents\":60,\"cents_per_1000\":60,\"credits\":1008,");
    assert_has(json, "\"total_cents\":7960");
}

/* ---- Grants and refunds ---- */

static void a_grant_is_there_at_once_and_after_a_crash(void **state)
{
    (void)state;
    struct adjustment_made made;
    struct caller caller = caller_make("a@x", "Free");
    clock_to("2024-02-10T00:00:00Z");
    DONE(ledger_account_grant(ledger, text_of(caller.email), 500, TEXT("sorry"), &made,
                              &reason));
    assert_int_equal(made.allowance, 2500);
    for (size_t i = 0; i < LENGTH_OF(between); i++) {
        between[i]();
        assert_int_equal(standing_of(&caller).quota.included.count, 2500);
        assert_int_equal(differences(), 0);
    }
    clock_to("2024-03-01T00:00:02Z");
    assert_int_equal(standing_of(&caller).quota.included.count, 2000);
    tend();
    char json[8192];
    statement_of(&caller, "2024-02", json);
    assert_has(json, "\"kind\":\"grant\"");
    assert_has(json, "\"credits_granted\":500");
}

static void an_upgrade_keeps_what_was_granted(void **state)
{
    (void)state;
    struct adjustment_made made;
    struct plan_change change;
    struct caller caller = caller_make("a@x", "Free");
    clock_to("2024-02-15T12:00:00Z");
    DONE(ledger_account_grant(ledger, text_of(caller.email), 500, TEXT("sorry"), &made,
                              &reason));
    DONE(plan_to(&caller, "Starter", &change));
    for (size_t i = 0; i < LENGTH_OF(between); i++) {
        between[i]();
        assert_int_equal(standing_of(&caller).quota.included.count, 2000 + 500 + 9000);
    }
    assert_int_equal(differences(), 0);
}

static struct caller caller_of_next_period;

static void period_passes(void)
{
    clock_step("2024-03-01T00:00:00Z");
    (void)standing_of(&caller_of_next_period);
}

/* The first is at who is asked for, the second at the period. */
static void period_passes_at_the_third_look(void)
{
    static int looks;
    at_next_clock_look(looks++ == 0 ? period_passes_at_the_third_look : period_passes);
}

static void a_grant_counts_in_the_period_that_it_was_made_in(void **state)
{
    (void)state;
    in_a_file_alone(); /* on a server an account is held before the clock is read, and calls wait */
    struct adjustment_made made;
    struct caller caller = caller_of_next_period = caller_make("a@x", "Free");
    clock_to("2024-02-29T23:59:59Z");
    at_next_clock_look(period_passes_at_the_third_look);
    DONE(ledger_account_grant(ledger, text_of(caller.email), 500, TEXT("sorry"), &made,
                              &reason));
    assert_int_equal(made.period, number_of("2024-02"));
    for (size_t i = 0; i < LENGTH_OF(between); i++) {
        between[i]();
        assert_int_equal(standing_of(&caller).quota.included.count, 2000);
    }
    clock_to("2024-03-01T00:00:02Z");
    tend();
    assert_int_equal(differences(), 0);
}

static void a_grant_is_checked(void **state)
{
    (void)state;
    struct adjustment_made made;
    struct caller caller = caller_make("a@x", "Free");
    struct text email = text_of(caller.email);
    assert_int_equal(ledger_account_grant(ledger, email, 0, TEXT("x"), &made, &reason),
                     STATUS_INVALID);
    assert_int_equal(
        ledger_account_grant(ledger, email, GRANT_CREDITS_MAX + 1, TEXT("x"), &made, &reason),
        STATUS_INVALID);
    assert_int_equal(ledger_account_grant(ledger, email, 1, TEXT(""), &made, &reason),
                     STATUS_INVALID);
    assert_int_equal(ledger_account_grant(ledger, email, 1, TEXT("a\nb"), &made, &reason),
                     STATUS_INVALID);
    assert_int_equal(ledger_account_grant(ledger, TEXT("no@x"), 1, TEXT("x"), &made, &reason),
                     STATUS_MISSING);
    assert_int_equal(stored_integer("SELECT count(*) FROM journal"), 0);
}

static void a_refund_gives_back_what_was_taken_once(void **state)
{
    (void)state;
    char id[2 * CHARGE_ID_BYTES + 1], json[8192];
    struct adjustment_made made;
    struct caller caller = caller_make("a@x", "Pro");
    struct text email = text_of(caller.email);
    clock_to("2024-02-10T00:00:00Z");
    assert_true(charged(&caller, 399995, NULL));
    assert_true(charged(&caller, 8, NULL)); /* 5 included, 3 of overage */
    last_charge_id(id);
    DONE(ledger_account_refund(ledger, email, text_of(id), TEXT("broken"), &made, &reason));
    assert_int_equal(made.credits, 5);
    assert_int_equal(made.overage_micros, 900);
    struct charge_standing standing = standing_of(&caller);
    assert_int_equal(quota_remaining(&standing.quota).count, 5);
    assert_int_equal(standing.overage_spent.count, 0);
    for (size_t i = 0; i < LENGTH_OF(between); i++) {
        between[i]();
        assert_int_equal(
            ledger_account_refund(ledger, email, text_of(id), TEXT("broken"), &made, &reason),
            STATUS_CONFLICT);
        standing = standing_of(&caller);
        assert_int_equal(quota_remaining(&standing.quota).count, 5);
        assert_int_equal(standing.overage_spent.count, 0);
    }
    id[0] = id[0] == '0' ? '1' : '0';
    assert_int_equal(
        ledger_account_refund(ledger, email, text_of(id), TEXT("broken"), &made, &reason),
        STATUS_MISSING);
    clock_to("2024-03-01T00:00:02Z");
    tend();
    statement_of(&caller, "2024-02", json);
    assert_has(json, "\"credits_refunded\":8");
    assert_has(json, "\"total_cents\":7900");
    assert_int_equal(differences(), 0);
}

static void nobody_is_refunded_what_another_was_charged(void **state)
{
    (void)state;
    char id[2 * CHARGE_ID_BYTES + 1];
    struct adjustment_made made;
    struct caller caller = caller_make("a@x", "Pro");
    struct caller other = caller_make("b@x", "Pro");
    clock_to("2024-02-10T00:00:00Z");
    assert_true(charged(&other, 8, NULL)); /* folded with the next, as nothing was yet */
    assert_true(charged(&other, 8, NULL));
    assert_true(charged(&caller, 8, NULL));
    last_charge_id(id);
    assert_true(charged(&other, 8, NULL));            /* its range spans the other's row */
    for (size_t i = 0; i < LENGTH_OF(between); i++) { /* folded or not */
        between[i]();
        assert_int_equal(ledger_account_refund(ledger, text_of(other.email), text_of(id),
                                               TEXT("mine"), &made, &reason),
                         STATUS_MISSING);
    }
    DONE(ledger_account_refund(ledger, text_of(caller.email), text_of(id), TEXT("mine"), &made,
                               &reason));
    assert_int_equal(made.credits, 8);
    assert_int_equal(standing_of(&other).quota.included.count, 400000);
    assert_int_equal(differences(), 0);
}

static void a_refund_makes_room_under_the_spend_limit(void **state)
{
    (void)state;
    char id[2 * CHARGE_ID_BYTES + 1];
    struct adjustment_made made;
    struct caller caller = caller_make("a@x", "Pro");
    struct text email = text_of(caller.email);
    const struct overage_change limit = {
        .is_on = true, .sets_limit = true, .spend_limit_cents = 300}; /* 10,000 credits */
    clock_to("2024-02-10T00:00:00Z");
    DONE(ledger_account_overage(ledger, email, &limit, &reason));
    assert_true(charged(&caller, 400000, NULL));
    assert_true(charged(&caller, 10000, NULL));
    last_charge_id(id);
    assert_false(charged(&caller, 8, NULL));
    DONE(ledger_account_refund(ledger, email, text_of(id), TEXT("broken"), &made, &reason));
    for (size_t i = 0; i < LENGTH_OF(between); i++) {
        between[i]();
        assert_true(charged(&caller, 8, NULL));
    }
    assert_true(charged(&caller, 10000 - 24, NULL));
    assert_false(charged(&caller, 8, NULL));
    assert_int_equal(differences(), 0);
}

static void a_refund_of_a_closed_period_is_in_the_open_one(void **state)
{
    (void)state;
    char id[2 * CHARGE_ID_BYTES + 1], json[8192], frozen[8192];
    struct adjustment_made made;
    struct caller caller = caller_make("a@x", "Pro");
    clock_to("2024-02-10T00:00:00Z");
    assert_true(charged(&caller, 400000, NULL));
    assert_true(charged(&caller, 100000, NULL));
    last_charge_id(id);
    clock_to("2024-03-01T00:00:02Z");
    tend();
    statement_of(&caller, "2024-02", frozen);
    assert_has(frozen, "\"total_cents\":10900");
    DONE(ledger_account_refund(ledger, text_of(caller.email), text_of(id), TEXT("broken"),
                               &made, &reason));
    assert_int_equal(made.credits, 0);
    clock_to("2024-04-01T00:00:02Z");
    tend();
    statement_of(&caller, "2024-02", json);
    assert_string_equal(json, frozen);
    statement_of(&caller, "2024-03", json);
    assert_has(json, "{\"cents\":-3000,\"cents_per_1000\":30,\"credits\":100000,");
    assert_has(json, "\"total_cents\":4900");
    assert_int_equal(differences(), 0);
}

/* ---- Payment ---- */

static enum account_refusal refusal_of(const struct caller *caller)
{
    struct digest digest = secret_digest(
        (struct text){caller->secret.characters, API_KEY_LENGTH});
    struct key_standing standing;
    assert_int_equal(ledger_find_key(ledger, &digest, &standing), STATUS_OK);
    return standing.refusal;
}

static bool is_refused(const struct caller *caller)
{
    return refusal_of(caller) != ACCOUNT_ADMITTED;
}

static void unpaid_is_refused_after_the_grace_and_paying_resumes(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@x", "Starter");
    struct caller nothing = caller_make("b@x", "Free");
    struct text email = text_of(caller.email);
    clock_to("2024-03-14T23:59:59Z");
    tend_with(14);
    assert_false(is_refused(&caller));
    clock_to("2024-03-15T00:00:02Z");
    tend_with(14);
    assert_true(is_refused(&caller));
    assert_false(is_refused(&nothing));
    reopen();
    assert_int_equal(refusal_of(&caller), ACCOUNT_UNPAID);
    DONE(ledger_account_suspend(ledger, email, false, &reason)); /* the operator's is another */
    assert_true(is_refused(&caller));
    DONE(ledger_invoice_pay(ledger, email, number_of("2024-02"), PAYMENT_MANUAL, &reason));
    assert_false(is_refused(&caller));
    assert_int_equal(
        ledger_invoice_pay(ledger, email, number_of("2024-02"), PAYMENT_MANUAL, &reason),
        STATUS_CONFLICT);
    assert_int_equal(
        ledger_invoice_pay(ledger, email, number_of("2024-03"), PAYMENT_MANUAL, &reason),
        STATUS_MISSING);
    assert_int_equal(differences(), 0);
    clock_to("2024-04-20T00:00:00Z");
    DONE(ledger_account_suspend(ledger, email, true, &reason));
    tend_with(14);
    assert_int_equal(refusal_of(&caller), ACCOUNT_SUSPENDED);
    DONE(ledger_invoice_pay(ledger, email, number_of("2024-03"), PAYMENT_MANUAL, &reason));
    assert_true(is_refused(&caller)); /* by the operator still */
    DONE(ledger_account_suspend(ledger, email, false, &reason));
    assert_false(is_refused(&caller));
}

static void an_invoice_that_is_paid_in_time_refuses_nobody(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@x", "Starter");
    clock_to("2024-03-02T00:00:02Z");
    tend_with(14);
    DONE(ledger_invoice_pay(ledger, text_of(caller.email), number_of("2024-02"), PAYMENT_MANUAL,
                            &reason));
    assert_false(is_refused(&caller));
    clock_to("2024-03-20T00:00:02Z");
    tend_with(14);
    assert_false(is_refused(&caller));
    assert_int_equal(differences(), 0);
}

static void the_oldest_unpaid_invoice_keeps_refusing(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@x", "Starter");
    struct text email = text_of(caller.email);
    clock_to("2024-04-16T00:00:02Z"); /* both are overdue */
    tend_with(14);
    assert_true(is_refused(&caller));
    DONE(ledger_invoice_pay(ledger, email, number_of("2024-03"), PAYMENT_MANUAL, &reason));
    assert_true(is_refused(&caller));
    for (size_t i = 0; i < LENGTH_OF(between); i++) {
        between[i]();
        tend_with(14);
        assert_true(is_refused(&caller));
    }
    DONE(ledger_invoice_pay(ledger, email, number_of("2024-02"), PAYMENT_MANUAL, &reason));
    tend_with(14);
    assert_false(is_refused(&caller));
    assert_int_equal(differences(), 0);
}

static void a_newer_overdue_invoice_refuses_again(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@x", "Starter");
    struct text email = text_of(caller.email);
    clock_to("2024-04-16T00:00:02Z");
    tend_with(14);
    DONE(ledger_invoice_pay(ledger, email, number_of("2024-02"), PAYMENT_MANUAL, &reason));
    tend_with(14);
    assert_true(is_refused(&caller));
    DONE(ledger_invoice_pay(ledger, email, number_of("2024-03"), PAYMENT_MANUAL, &reason));
    tend_with(14);
    assert_false(is_refused(&caller));
}

/* ---- What an audit finds ---- */

static void an_audit_finds_what_was_tampered_with(void **state)
{
    (void)state;
    static const char *const tampers[] = {
        "UPDATE billing_period SET total_cents = total_cents + 1",
        "UPDATE billing_period SET statement = replace(statement, '7900', '7800')",
        "UPDATE billing_period SET digest = x'00'",
        "UPDATE billing_period SET digest = zeroblob(32)",
        "DELETE FROM billing_period",
        "DELETE FROM open_invoice",
        "UPDATE balance SET granted = granted + 1",
        "UPDATE billed SET credits = credits + 1",
        "INSERT INTO billed VALUES (1, 1, 24290, 24289, 0, -1, 8)",
        "DELETE FROM billed WHERE kind = 4",
        "INSERT INTO refund VALUES (1, 1, x'00112233445566778899aabbccddeeff')",
        "UPDATE billing_period SET ends_at = ends_at + 3000000000000000",
    };
    struct adjustment_made made;
    struct caller caller = caller_make("a@x", "Pro");
    clock_to("2024-02-10T00:00:00Z");
    assert_true(charged_by_price(&caller, NULL));
    DONE(ledger_account_grant(ledger, text_of(caller.email), 500, TEXT("sorry"), &made,
                              &reason));
    clock_to("2024-03-01T00:00:02Z");
    tend();
    assert_int_equal(differences(), 0);
    for (size_t i = 0; i < LENGTH_OF(tampers); i++) {
        ledger_close(ledger);
        execute("CREATE TABLE kept AS SELECT * FROM billing_period");
        execute("CREATE TABLE kept_open AS SELECT * FROM open_invoice");
        execute("CREATE TABLE kept_billed AS SELECT * FROM billed");
        execute("CREATE TABLE kept_balance AS SELECT * FROM balance");
        execute(tampers[i]);
        if (differences() == 0) {
            (void)reopen_status(); /* which is closed at the end */
            fail_msg("not found: %s", tampers[i]);
        }
        execute("DELETE FROM billing_period; INSERT INTO billing_period SELECT * FROM kept;"
                "DELETE FROM open_invoice; INSERT INTO open_invoice SELECT * FROM kept_open;"
                "DELETE FROM billed; INSERT INTO billed SELECT * FROM kept_billed;"
                "DELETE FROM balance; INSERT INTO balance SELECT * FROM kept_balance;"
                "DELETE FROM refund; DROP TABLE kept; DROP TABLE kept_open;"
                "DROP TABLE kept_billed; DROP TABLE kept_balance");
        assert_int_equal(reopen_status(), STATUS_OK);
        assert_int_equal(differences(), 0);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_period_closes_with_its_last_charge),
        FRESH(what_comes_late_is_billed_next),
        FRESH(what_comes_late_alone_is_kept),
        FRESH(many_periods_close_at_once),
        FRESH(a_closing_leaves_nothing_to_fold),
        FRESH(what_comes_with_a_fold_waits_since_then),
        FRESH(a_clock_far_ahead_closes_nothing),
        FRESH(a_preview_of_the_period_before_is_refused),
        FRESH(a_change_of_plan_is_a_line),
        FRESH(a_first_day_is_billed_by_the_plan_file_of_its_hour),
        FRESH(an_empty_period_is_told_the_same_while_statements_are_written),
        FRESH(an_empty_period_outlives_its_plan),
        FRESH(a_change_is_billed_as_of_its_preview),
        FRESH(a_change_of_other_numbers_than_its_preview_is_refused),
        FRESH(each_rate_has_a_line),
        FRESH(a_grant_is_there_at_once_and_after_a_crash),
        FRESH(an_upgrade_keeps_what_was_granted),
        FRESH(a_grant_counts_in_the_period_that_it_was_made_in),
        FRESH(a_grant_is_checked),
        FRESH(a_refund_gives_back_what_was_taken_once),
        FRESH(nobody_is_refunded_what_another_was_charged),
        FRESH(a_refund_makes_room_under_the_spend_limit),
        FRESH(a_refund_of_a_closed_period_is_in_the_open_one),
        FRESH(unpaid_is_refused_after_the_grace_and_paying_resumes),
        FRESH(an_invoice_that_is_paid_in_time_refuses_nobody),
        FRESH(the_oldest_unpaid_invoice_keeps_refusing),
        FRESH(a_newer_overdue_invoice_refuses_again),
        FRESH(an_audit_finds_what_was_tampered_with),
    };
    return changes_main(tests, argc, argv);
}
