/* The one step that takes slot and credits, with time moved by hand and nothing on disk. */
#include "ledger/meter_changes.h"
#include "support/unit.h"

#include <stdio.h>

#define DAY_SECONDS_OF(day) ((day)*86400)
#define JAN_31 INT64_C(19753) /* 2024-01-31 */

static struct terms_book book;
static struct meter *meter;
static struct plans plans;
static struct charge_standing last;
static instant now;
static int64_t elapsed_ms;

static struct plan plan_of(const char *name, int64_t included, int64_t cap, int64_t rate,
                           enum overage overage, int64_t cents)
{
    struct plan plan = {.included_credits = included,
                        .daily_credit_cap = cap,
                        .rate_limit_per_minute = rate,
                        .overage = overage,
                        .overage_cents_per_1000 = cents};
    (void)snprintf(plan.name, sizeof(plan.name), "%s", name);
    return plan;
}

static uint8_t slot_of(const char *plan)
{
    uint8_t slot;
    assert_int_equal(terms_slot(&book, text_of(plan), &slot), STATUS_OK);
    return slot;
}

static void account_put(const char *plan, int64_t anchor_day)
{
    struct meter_account account = {.id = 7,
                                    .plan_slot = slot_of(plan),
                                    .next_plan_slot = slot_of(plan),
                                    .spend_limit_cents = NO_SPEND_LIMIT,
                                    .anchor = instant_of_seconds(DAY_SECONDS_OF(anchor_day))};
    meter_account_put(meter, &account);
}

static int set_up(void **state)
{
    (void)state;
    terms_book_init(&book);
    plans = (struct plans){.plan_count = 3};
    plans.plans[0] = plan_of("Small", 100, 40, 5, OVERAGE_NONE, 0);
    plans.plans[1] = plan_of("Open", 400, 0, 1000, OVERAGE_OPT_IN, 75);
    plans.plans[2] = plan_of("Always", 1000, 0, 1000, OVERAGE_ALWAYS, 30);
    assert_int_equal(terms_add(&book, 1, (instant){0}, &plans), STATUS_OK);
    meter = meter_open(&book);
    now = instant_of_seconds(DAY_SECONDS_OF(JAN_31) + 3600);
    elapsed_ms = 5000;
    account_put("Small", JAN_31);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    meter_close(meter);
    terms_book_finish(&book);
    return 0;
}

static struct charge_order order_of(int64_t key_id, int64_t cost)
{
    return (struct charge_order){
        .account_id = 7,
        .key_id = key_id,
        .cost = credits_of(cost),
        .now = now,
        .elapsed = {elapsed_ms * 1000},
    };
}

static enum charge_verdict charge(int64_t cost)
{
    struct charge_order order = order_of(1, cost);
    meter_charge(meter, &order, &last);
    return last.verdict;
}

/* A key that shares its cap with none. */
static void cap_put(int64_t account_id, int64_t key_id, credits cap, int32_t day)
{
    meter_key_cap_put(meter, &(struct meter_key){.account_id = account_id,
                                                 .key_id = key_id,
                                                 .cap_family = key_id,
                                                 .cap = cap,
                                                 .day = day});
}

static void a_minute_passes(void)
{
    elapsed_ms += RATE_WINDOW_MS;
    now.us += RATE_WINDOW_MS * 1000;
}

static void the_three_verdicts(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(charge(8), CHARGE_TAKEN);
    assert_int_equal(last.charged.count, 8);
    assert_int_equal(last.quota.used.count, 32);
    assert_int_equal(last.quota.daily_used.count, 32);
    assert_int_equal(last.rate.remaining, 1);
    assert_int_equal(charge(9), CHARGE_REFUSED);
    assert_int_equal(last.quota_verdict, QUOTA_DAILY);
    assert_int_equal(last.charged.count, 0);
    assert_int_equal(last.quota.used.count, 32);
    assert_int_equal(last.rate.remaining, 0);
    assert_int_equal(charge(0), CHARGE_RATE_LIMITED);
    assert_int_equal(charge(8), CHARGE_RATE_LIMITED);
    assert_int_equal(last.quota.used.count, 32);
    assert_int_equal(last.rate.retry_ms, RATE_WINDOW_MS);
}

static void a_look_takes_nothing(void **state)
{
    (void)state;
    struct charge_order order = order_of(1, 8);
    for (int i = 0; i < 10; i++) {
        meter_look(meter, &order, &last);
        assert_int_equal(last.verdict, CHARGE_TAKEN);
        assert_int_equal(last.charged.count, 0);
        assert_int_equal(last.rate.remaining, 5);
        assert_int_equal(last.quota.used.count, 0);
    }
}

static void undoing_gives_back_credits_and_no_slot(void **state)
{
    (void)state;
    account_put("Always", JAN_31);
    cap_put(7, 1, credits_of(2000), 0);
    assert_int_equal(charge(996), CHARGE_TAKEN);
    struct charge_order order = order_of(1, 8);
    meter_charge(meter, &order, &last);
    assert_int_equal(last.overage.count, 4);
    assert_int_equal(last.overage_cost.count, 4 * 300);
    struct charge_standing undone = last;
    meter_undo(meter, &order, &undone);
    assert_int_equal(charge(0), CHARGE_TAKEN);
    assert_int_equal(last.quota.used.count, 996);
    assert_int_equal(last.quota.overage_used.count, 0);
    assert_int_equal(last.quota.daily_used.count, 996);
    assert_int_equal(last.quota.key_used.count, 996);
    assert_int_equal(last.rate.remaining, 1000 - 3);
    assert_int_equal(meter_balance_of(meter, 7).overage_micros, 0);
}

static void undoing_after_midnight_touches_the_period_alone(void **state)
{
    (void)state;
    struct charge_order order = order_of(1, 8);
    meter_charge(meter, &order, &last);
    struct charge_standing undone = last;
    now.us += DAY_US;
    assert_int_equal(charge(3), CHARGE_TAKEN);
    meter_undo(meter, &order, &undone);
    assert_int_equal(meter_balance_of(meter, 7).used, 3);
    assert_int_equal(meter_balance_of(meter, 7).day_used, 3);
    now.us += 31 * DAY_US;
    assert_int_equal(charge(5), CHARGE_TAKEN);
    meter_undo(meter, &order, &undone);
    assert_int_equal(meter_balance_of(meter, 7).used, 5);
}

static void a_new_day_begins_at_midnight_once(void **state)
{
    (void)state;
    now = instant_of_seconds(DAY_SECONDS_OF(JAN_31 + 1) - 1);
    assert_int_equal(charge(40), CHARGE_TAKEN);
    assert_int_equal(charge(1), CHARGE_REFUSED);
    now.us += SECOND_US;
    assert_int_equal(charge(40), CHARGE_TAKEN);
    /* Back over midnight, by a second and by a month: it stays the day that was entered. */
    for (int64_t back = 1; back < 3000000; back += 2600000) {
        a_minute_passes();
        now = instant_of_seconds(DAY_SECONDS_OF(JAN_31 + 1) - back);
        assert_int_equal(charge(1), CHARGE_REFUSED);
        assert_int_equal(last.quota_verdict, QUOTA_DAILY);
        assert_int_equal(last.now.us, DAY_SECONDS_OF(JAN_31 + 1) * SECOND_US);
    }
    a_minute_passes();
    now = instant_of_seconds(DAY_SECONDS_OF(JAN_31 + 1) + 5);
    assert_int_equal(charge(1), CHARGE_REFUSED);
}

/* The 31st: the next period begins on February 29th, the one after on March 31st. */
static void a_period_begins_on_its_day_once(void **state)
{
    (void)state;
    plans.plans[0].daily_credit_cap = 0;
    assert_int_equal(terms_add(&book, 2, now, &plans), STATUS_OK);
    assert_int_equal(charge(100), CHARGE_TAKEN);
    now = instant_of_seconds(DAY_SECONDS_OF(JAN_31 + 29) - 1);
    assert_int_equal(charge(1), CHARGE_REFUSED);
    assert_int_equal(last.quota_verdict, QUOTA_INSUFFICIENT);
    now.us += SECOND_US;
    assert_int_equal(charge(100), CHARGE_TAKEN);
    assert_int_equal(last.period.month, 2);
    assert_int_equal(last.period.end.us, DAY_SECONDS_OF(JAN_31 + 60) * SECOND_US);
    now = instant_of_seconds(DAY_SECONDS_OF(JAN_31 + 3));
    assert_int_equal(charge(1), CHARGE_REFUSED);
    assert_int_equal(last.period.month, 2);
    a_minute_passes();
    now = instant_of_seconds(DAY_SECONDS_OF(JAN_31 + 60));
    assert_int_equal(charge(100), CHARGE_TAKEN);
    assert_int_equal(last.period.month, 3);
}

/* As a database tells that went back to an earlier state, or another node that was there before. */
static void the_period_of_a_balance_is_followed(void **state)
{
    (void)state;
    now = instant_of_seconds(DAY_SECONDS_OF(JAN_31 + 29));
    assert_int_equal(charge(8), CHARGE_TAKEN);
    assert_int_equal(last.period.month, 2);
    struct meter_balance earlier = meter_balance_of(meter, 7);
    earlier.day = JAN_31 + 1;
    earlier.period--;
    earlier.used = 90;
    meter_restore_balance(meter, &earlier);
    assert_int_equal(charge(8), CHARGE_TAKEN);
    assert_int_equal(last.period.month, 2);
    assert_int_equal(last.quota.used.count, 8);
    meter_restore_balance(meter, &earlier);
    now = instant_of_seconds(DAY_SECONDS_OF(JAN_31 + 2));
    assert_int_equal(charge(8), CHARGE_TAKEN);
    assert_int_equal(last.period.month, 1);
    assert_int_equal(last.period.start.us, DAY_SECONDS_OF(JAN_31) * SECOND_US);
    assert_int_equal(last.quota.used.count, 98);
}

/* No clock of this server's makes one; a file that was put together by hand may have it. */
static void a_balance_of_a_period_to_come_waits_for_it(void **state)
{
    (void)state;
    assert_int_equal(charge(8), CHARGE_TAKEN);
    struct meter_balance ahead = meter_balance_of(meter, 7);
    ahead.period++;
    meter_restore_balance(meter, &ahead);
    for (int64_t calls = 2; calls <= 3; calls++) {
        assert_int_equal(charge(8), CHARGE_TAKEN);
        assert_int_equal(last.period.month, 1);
        assert_int_equal(last.period.start.us, DAY_SECONDS_OF(JAN_31) * SECOND_US);
        assert_int_equal(last.quota.used.count, 8 * calls);
    }
    now = instant_of_seconds(DAY_SECONDS_OF(JAN_31 + 29));
    assert_int_equal(charge(8), CHARGE_TAKEN);
    assert_int_equal(last.period.month, 2);
    assert_int_equal(last.quota.used.count, 32);
}

static void an_account_that_is_put_anew_has_its_own_days(void **state)
{
    (void)state;
    assert_int_equal(charge(8), CHARGE_TAKEN);
    assert_int_equal(last.period.start.us, DAY_SECONDS_OF(JAN_31) * SECOND_US);
    account_put("Small", JAN_31 - 3);
    assert_int_equal(charge(8), CHARGE_TAKEN);
    assert_int_equal(last.period.start.us, DAY_SECONDS_OF(JAN_31 - 3) * SECOND_US);
}

static void lowering_and_raising_the_limit_grants_nothing(void **state)
{
    (void)state;
    account_put("Open", JAN_31);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(charge(0), CHARGE_TAKEN);
    assert_int_equal(charge(0), CHARGE_RATE_LIMITED);
    static const int64_t rates[] = {5, 1000, 1, 1000};
    for (size_t i = 0; i < LENGTH_OF(rates); i++) {
        elapsed_ms += 10000;
        plans.plans[1].rate_limit_per_minute = rates[i];
        assert_int_equal(terms_add(&book, 2 + (int64_t)i, now, &plans), STATUS_OK);
        assert_int_equal(charge(0), CHARGE_RATE_LIMITED);
        assert_int_equal(last.rate.limit, rates[i]);
    }
    elapsed_ms += 20000;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(charge(0), CHARGE_TAKEN);
    assert_int_equal(charge(0), CHARGE_RATE_LIMITED);
}

static bool plan_change(const char *plan)
{
    struct meter_plan change;
    meter_plan_look(meter, 7, now, &change);
    bool is_at_once = meter_plan_change(terms_now(&book), &change, slot_of(plan));
    assert_true(meter_plan_put(meter, &change));
    return is_at_once;
}

/* 15 of February's 31 days (the period from January 31st to the 28th has 29) are left. */
static void an_upgrade_adds_the_rest_of_the_period(void **state)
{
    (void)state;
    now = instant_of_seconds(DAY_SECONDS_OF(JAN_31 + 14));
    assert_int_equal(charge(40), CHARGE_TAKEN);
    assert_true(plan_change("Open"));
    assert_int_equal(charge(0), CHARGE_TAKEN);
    assert_int_equal(last.quota.included.count, 100 + 300 * 15 / 29);
    assert_int_equal(last.quota.used.count, 40);
    assert_true(plan_change("Open")); /* once */
    assert_false(plan_change("Small"));
    assert_int_equal(charge(0), CHARGE_TAKEN);
    assert_string_equal(last.plan->name, "Open");
    now = instant_of_seconds(DAY_SECONDS_OF(JAN_31 + 29));
    assert_int_equal(charge(0), CHARGE_TAKEN);
    assert_string_equal(last.plan->name, "Small");
    assert_int_equal(last.quota.included.count, 100);
}

static void overage_ends_at_the_spend_limit(void **state)
{
    (void)state;
    account_put("Open", JAN_31);
    assert_int_equal(charge(400), CHARGE_TAKEN);
    assert_int_equal(charge(1), CHARGE_REFUSED);
    assert_int_equal(last.quota_verdict, QUOTA_INSUFFICIENT);
    meter_overage_put(meter, 7, true, 10); /* pays for 133 */
    assert_int_equal(charge(134), CHARGE_REFUSED);
    assert_int_equal(last.quota_verdict, QUOTA_SPEND_LIMIT);
    assert_int_equal(charge(133), CHARGE_TAKEN);
    assert_int_equal(charge(1), CHARGE_REFUSED);
    meter_overage_put(meter, 7, true, NO_SPEND_LIMIT);
    assert_int_equal(charge(1000), CHARGE_TAKEN);
    assert_int_equal(meter_balance_of(meter, 7).overage_micros, 1133 * 750);
}

/* At the dearest price that a plan file takes, and without a limit of the customer's own. */
static void overage_ends_before_its_sum_does(void **state)
{
    (void)state;
    plans.plans[2].overage_cents_per_1000 = 1000000;
    assert_int_equal(terms_add(&book, 2, now, &plans), STATUS_OK);
    account_put("Always", JAN_31);
    assert_int_equal(charge(1000), CHARGE_TAKEN);
    assert_int_equal(charge(MICROS_MAX / 10000000 + 1), CHARGE_REFUSED);
    assert_int_equal(charge(MICROS_MAX / 10000000), CHARGE_TAKEN);
    assert_int_equal(meter_balance_of(meter, 7).overage_micros, MICROS_MAX);
    assert_int_equal(charge(1), CHARGE_REFUSED);
    assert_int_equal(last.quota_verdict, QUOTA_SPEND_LIMIT);
}

static void a_keys_cap_is_its_own(void **state)
{
    (void)state;
    account_put("Open", JAN_31);
    cap_put(7, 2, credits_of(16), 0);
    struct charge_order order = order_of(2, 8);
    meter_charge(meter, &order, &last);
    meter_charge(meter, &order, &last);
    meter_charge(meter, &order, &last);
    assert_int_equal(last.verdict, CHARGE_REFUSED);
    assert_int_equal(last.quota_verdict, QUOTA_KEY_DAILY);
    assert_int_equal(charge(8), CHARGE_TAKEN);
    now.us += DAY_US;
    order = order_of(2, 16);
    meter_charge(meter, &order, &last);
    assert_int_equal(last.verdict, CHARGE_TAKEN);
    cap_put(7, 2, NO_LIMIT, 0);
    meter_charge(meter, &order, &last);
    assert_int_equal(last.verdict, CHARGE_TAKEN);
    cap_put(7, 2, credits_of(32), 0);
    meter_charge(meter, &order, &last);
    assert_int_equal(last.verdict, CHARGE_REFUSED); /* what it used uncapped counts */
}

static void a_cap_given_after_a_charge_is_caught_up_with(void **state)
{
    (void)state;
    account_put("Open", JAN_31);
    struct charge_order undone = order_of(2, 8), kept = order_of(3, 8),
                        uncapped = order_of(4, 8);
    struct charge_standing of_undone, of_kept, of_uncapped;
    meter_charge(meter, &undone, &of_undone);
    meter_charge(meter, &kept, &of_kept);
    meter_charge(meter, &uncapped, &of_uncapped);
    cap_put(7, 2, credits_of(8), JAN_31);
    cap_put(7, 3, credits_of(8), JAN_31);
    meter_undo(meter, &undone, &of_undone);
    meter_key_catch_up(meter, &kept, &of_kept);
    meter_key_catch_up(meter, &uncapped, &of_uncapped);
    meter_look(meter, &undone, &last);
    assert_int_equal(last.quota.key_used.count, 0); /* the charge was never counted there */
    assert_int_equal(last.quota.used.count, 16);
    meter_look(meter, &kept, &last);
    assert_int_equal(last.quota.key_used.count, 8);
    assert_int_equal(last.quota_verdict, QUOTA_KEY_DAILY);
    meter_look(meter, &uncapped, &last);
    assert_int_equal(last.quota_verdict, QUOTA_GRANTED);
}

/* A charge of yesterday whose commit ends today: the key's use of today is not its business. */
static void a_key_that_has_gone_on_is_left_alone(void **state)
{
    (void)state;
    account_put("Open", JAN_31);
    cap_put(7, 2, credits_of(16), JAN_31);
    struct charge_order undone = order_of(2, 8), late = order_of(3, 8);
    struct charge_standing of_undone, of_late;
    meter_charge(meter, &undone, &of_undone);
    meter_charge(meter, &late, &of_late);
    cap_put(7, 3, credits_of(16), JAN_31 + 1);
    now.us += DAY_US;
    for (int64_t key = 2; key <= 3; key++) {
        struct charge_order today = order_of(key, 8);
        meter_charge(meter, &today, &last);
        assert_int_equal(last.quota.key_used.count, 8);
    }
    meter_undo(meter, &undone, &of_undone);
    meter_key_catch_up(meter, &late, &of_late);
    meter_restore_key(meter, 7, 2, JAN_31, 16);
    meter_restore_key(meter, 7, 99, JAN_31 + 1, 16); /* has no cap */
    for (int64_t key = 2; key <= 3; key++) {
        struct charge_order look = order_of(key, 8);
        meter_look(meter, &look, &last);
        assert_int_equal(last.quota.key_used.count, 8);
    }
}

static void a_key_of_no_family_has_no_cap(void **state)
{
    (void)state;
    cap_put(7, 2, credits_of(16), JAN_31);
    meter_key_join(meter, 7, 4, 3);
    meter_key_join(meter, 7, 5, 2);
    const struct {
        int64_t key_id, cap;
    } rows[] = {{2, 16}, {3, CREDITS_MAX}, {4, CREDITS_MAX}, {5, 16}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct charge_order look = order_of(rows[i].key_id, 8);
        meter_look(meter, &look, &last);
        assert_int_equal(last.quota.key_cap.count, rows[i].cap);
    }
}

static void plans_that_wait_are_counted_too(void **state)
{
    (void)state;
    int64_t counts[TERMS_SLOTS_MAX];
    struct meter_account account = {.id = 8,
                                    .plan_slot = slot_of("Always"),
                                    .next_plan_slot = slot_of("Small"),
                                    .spend_limit_cents = NO_SPEND_LIMIT,
                                    .anchor = now};
    meter_account_put(meter, &account);
    meter_plan_counts(meter, counts);
    assert_int_equal(counts[slot_of("Small")], 2);
    assert_int_equal(counts[slot_of("Always")], 1);
    assert_int_equal(counts[slot_of("Open")], 0);
}

/* At every place of eight shards, into the fourth of the chunks that double. */
static void many_accounts_and_keys_are_told_apart(void **state)
{
    (void)state;
    enum { ACCOUNTS = 140000, STEP = 8 };
    for (int64_t id = 1; id <= ACCOUNTS; id += STEP) {
        struct meter_account account = {.id = id,
                                        .plan_slot = slot_of("Open"),
                                        .next_plan_slot = slot_of("Open"),
                                        .spend_limit_cents = NO_SPEND_LIMIT,
                                        .anchor = now};
        meter_account_put(meter, &account);
        cap_put(id, id + 1, credits_of(id % 100), 0);
    }
    struct meter_account found;
    assert_false(meter_account_find(meter, 2, &found));
    assert_false(meter_account_find(meter, INT64_C(1) << 40, &found));
    assert_false(meter_account_find(meter, 0, &found));
    assert_false(meter_account_find(meter, -1, &found));
    for (int64_t id = 1; id <= ACCOUNTS; id += STEP) {
        assert_true(meter_account_find(meter, id, &found));
        struct charge_order order = {.account_id = id,
                                     .key_id = id + 1,
                                     .cost = credits_of(id % 100),
                                     .now = now,
                                     .elapsed = {elapsed_ms * 1000}};
        meter_charge(meter, &order, &last);
        assert_int_equal(last.verdict, CHARGE_TAKEN);
        assert_int_equal(last.quota.key_cap.count, id % 100);
        order.cost = credits_of(1);
        meter_charge(meter, &order, &last);
        assert_int_equal(last.verdict, CHARGE_REFUSED);
    }
    int64_t counts[TERMS_SLOTS_MAX];
    meter_plan_counts(meter, counts);
    assert_int_equal(counts[slot_of("Open")], (ACCOUNTS + STEP - 1) / STEP);
    meter_sweep(meter, (duration){(elapsed_ms + RATE_WINDOW_MS) * 1000});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_three_verdicts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_look_takes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(undoing_gives_back_credits_and_no_slot, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(undoing_after_midnight_touches_the_period_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_new_day_begins_at_midnight_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_period_begins_on_its_day_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_period_of_a_balance_is_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_balance_of_a_period_to_come_waits_for_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_account_that_is_put_anew_has_its_own_days, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(lowering_and_raising_the_limit_grants_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_upgrade_adds_the_rest_of_the_period, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(overage_ends_at_the_spend_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(overage_ends_before_its_sum_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_keys_cap_is_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_cap_given_after_a_charge_is_caught_up_with, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_key_that_has_gone_on_is_left_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_key_of_no_family_has_no_cap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(plans_that_wait_are_counted_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_accounts_and_keys_are_told_apart, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
