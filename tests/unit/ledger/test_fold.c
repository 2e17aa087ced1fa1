/* What a fold adds to the projections, read back from a real file. */
#include "file_harness.h"
#include "ledger/fold.h"

#include <stdio.h>

#define HOUR_US (INT64_C(3600) * SECOND_US)
#define DAY_0 INT64_C(20000) /* 2024-10-04 */

static struct fold fold;

static int set_up(void **state)
{
    (void)state;
    fold_init(&fold, false);
    return file_make();
}

static int tear_down(void **state)
{
    (void)state;
    fold_finish(&fold);
    file_remove();
    return 0;
}

static instant hour_of_day(int64_t day, int64_t hour)
{
    return (instant){(DAY_0 + day) * DAY_US + hour * HOUR_US + 17};
}

static const struct plan some = {.name = "Some"};
static const struct fold_period october = {.period = 2024 * 12 + 9,
                                           .subscription = {&some, 3, 2000, 900, 0, 0}},
                                november = {.period = 2024 * 12 + 10,
                                            .subscription = {&some, 3, 5, 900, 0, 0}};

static void charge(int64_t journal_id, int64_t account_id, instant at, int64_t cost,
                   int64_t overage, struct fold_period period)
{
    struct journal_entry entry = {.account_id = account_id,
                                  .key_id = 7,
                                  .endpoint = 1,
                                  .outcome = CALL_CHARGED,
                                  .at = at,
                                  .credits = cost,
                                  .overage = overage,
                                  .overage_micros = overage * 3000};
    fold_add(&fold, journal_id, &entry, &period);
}

static void slot(int64_t journal_id, int64_t account_id, instant at, enum call_outcome outcome)
{
    struct journal_entry entry = {
        .account_id = account_id, .key_id = 7, .endpoint = 1, .outcome = outcome, .at = at};
    fold_add(&fold, journal_id, &entry, NULL);
}

static void write_down(void)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    DONE(db_begin(db, &transaction, &reason));
    DONE(fold_write(&fold, db, &reason));
    DONE(db_commit(&transaction, &reason));
    fold_forget(&fold);
    assert_true(fold_is_empty(&fold));
}

/* sql selects one number; it lives for ever. */
static int64_t number(const char *sql)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    bool row;
    DONE(db_statement_take(db, sql, &select, &reason));
    DONE(db_step(select, &row, &reason));
    if (!row)
        fail_msg("no row: %s", sql);
    int64_t value = db_column_integer(select, 0);
    DONE(db_step(select, &row, &reason));
    assert_false(row);
    return value;
}

/* Those calls are in no journal, and would be found nowhere. */
static void what_was_rate_limited_outlives_the_journals(void **state)
{
    (void)state;
    charge(11, 1, hour_of_day(0, 3), 8, 0, october);
    slot(12, 1, hour_of_day(0, 3), CALL_HEAD);
    fold_add_rate_limited(&fold, 1, 7, 1, hour_of_day(0, 3));
    fold_add_rate_limited(&fold, 2, 7, 1, hour_of_day(0, 4));
    fold_forget_journal(&fold);
    assert_int_equal(fold.last_journal_id, 0);
    charge(11, 1, hour_of_day(0, 3), 8, 0, october);
    fold_add_rate_limited(&fold, 1, 7, 1, hour_of_day(0, 3));
    write_down();
    assert_int_equal(number("SELECT sum(charged) * 100 + sum(head) * 10 + sum(rate_limited)"
                            " FROM usage_hour WHERE account_id = 1"),
                     102);
    assert_int_equal(number("SELECT rate_limited FROM usage_hour WHERE account_id = 2"), 1);
    assert_int_equal(number("SELECT used FROM balance"), 8);
}

static void sums_stand_where_they_belong(void **state)
{
    (void)state;
    charge(11, 1, hour_of_day(0, 3), 8, 0, october);
    charge(12, 1, hour_of_day(0, 3), 8, 5, october);
    charge(12, 2, hour_of_day(0, 3), 1, 0, october);
    slot(13, 1, hour_of_day(0, 3), CALL_HEAD);
    slot(14, 1, hour_of_day(0, 4), CALL_INVALID);
    fold_add_rate_limited(&fold, 1, 7, 1, hour_of_day(0, 4));
    fold_add_rate_limited(&fold, 1, 7, 1, hour_of_day(0, 4));
    write_down();
    assert_int_equal(number("SELECT count(*) FROM usage_hour"), 3);
    assert_int_equal(number("SELECT charged * 1000 + head * 100 + credits FROM usage_hour"
                            " WHERE account_id = 1 AND key_id = 7 AND endpoint = 1"
                            " AND hour = 20000 * 24 + 3"),
                     2116);
    assert_int_equal(number("SELECT overage * 100000 + overage_micros FROM usage_hour"
                            " WHERE account_id = 1 AND hour = 20000 * 24 + 3"),
                     515000);
    assert_int_equal(number("SELECT invalid * 10 + rate_limited FROM usage_hour"
                            " WHERE account_id = 1 AND hour = 20000 * 24 + 4"),
                     12);
    assert_int_equal(number("SELECT used * 100 + overage FROM balance WHERE account_id = 1"
                            " AND period = 2024 * 12 + 9 AND included = 2000"
                            " AND plan = 'Some' AND plan_version = 3"
                            " AND subscription_cents = 900"
                            " AND day = 20000 AND day_used = 16"),
                     1105);
    assert_int_equal(number("SELECT used FROM balance WHERE account_id = 2"), 1);
    assert_int_equal(
        number("SELECT min(first_id) * 100 + max(last_id) FROM activity WHERE account_id = 1"
               " AND first_id < 14 AND first_at = last_at"
               " AND first_at = 20000 * 86400000000 + 3 * 3600000000 + 17"),
        1113);
    assert_int_equal(number("SELECT first_id * 100 + last_id FROM activity WHERE account_id = 1"
                            " AND first_id > 13"),
                     1414);
    assert_int_equal(
        number("SELECT sum(credits * (1 + 99 * kind)) FROM billed"
               " WHERE account_id = 1 AND cents_per_1000 = 300 * kind - (kind = 0)"),
        11 + 500);
}

static void a_second_fold_adds_to_the_first(void **state)
{
    (void)state;
    charge(1, 1, hour_of_day(0, 3), 8, 0, october);
    write_down();
    charge(2, 1, hour_of_day(0, 3), 8, 0, october);
    charge(2, 1, hour_of_day(0, 5), 8, 8, october);
    write_down();
    assert_int_equal(number("SELECT sum(charged) * 100 + sum(credits) FROM usage_hour"), 324);
    assert_int_equal(number("SELECT used * 1000 + overage * 100 + day_used FROM balance"),
                     16824);
    assert_int_equal(number("SELECT count(*) FROM activity"), 2);
}

/* Parts are written in no order: several that begin with one row share its range. */
static void an_activity_range_ends_with_the_last_of_its_parts(void **state)
{
    (void)state;
    const int64_t hours = 6;
    for (int64_t account = 1; account <= 20; account++) {
        for (int64_t hour = 0; hour < hours; hour++)
            charge(10, account, hour_of_day(0, hour), 8, 0, october);
        charge(20, account, hour_of_day(0, account % hours), 8, 0, october);
    }
    write_down();
    assert_int_equal(number("SELECT count(*) FROM activity WHERE first_id = 10"
                            " AND last_id = 20"),
                     20);
}

/* Parts are written in no order of time: a day within a fold, and one written before. */
static void a_new_day_within_a_fold_counts_alone(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 20; day++) {
        for (int64_t hour = 0; hour < 24; hour += 7)
            charge(1 + day, 1, hour_of_day(day, hour), 1 + day, 0, october);
        if (day % 3 == 0)
            write_down();
    }
    write_down();
    assert_int_equal(number("SELECT day FROM balance"), DAY_0 + 19);
    assert_int_equal(number("SELECT day_used FROM balance"), 4 * 20);
    assert_int_equal(number("SELECT used FROM balance"), 4 * 210);
}

static void periods_have_balances_of_their_own(void **state)
{
    (void)state;
    charge(1, 1, hour_of_day(0, 3), 8, 0, october);
    charge(2, 1, hour_of_day(30, 3), 5, 1, november);
    write_down();
    assert_int_equal(number("SELECT count(*) FROM balance"), 2);
    assert_int_equal(number("SELECT used FROM balance WHERE period = 2024 * 12 + 9"), 8);
    assert_int_equal(number("SELECT used * 100 + overage * 10 + included FROM balance"
                            " WHERE period = 2024 * 12 + 10"),
                     415);
}

static void calls_without_a_charge_lie_in_ranges_and_make_no_balance(void **state)
{
    (void)state;
    for (int outcome = CALL_UNCHANGED; outcome < CALL_OUTCOMES; outcome++)
        slot(3, 1, hour_of_day(0, 3), (enum call_outcome)outcome);
    write_down();
    assert_int_equal(number("SELECT count(*) FROM balance"), 0);
    assert_int_equal(number("SELECT first_id * 10 + last_id FROM activity"), 33);
    assert_int_equal(number("SELECT unchanged + head + empty_page + replayed + free + invalid +"
                            " conflict + key_daily + daily + insufficient + spend_limit +"
                            " unavailable FROM usage_hour WHERE charged = 0 AND"
                            " rate_limited = 0 AND credits = 0"),
                     CALL_OUTCOMES - 1);
}

/* More parts than the table begins with places for. */
static void many_accounts_fit_a_fold(void **state)
{
    (void)state;
    for (int64_t i = 1; i <= 3000; i++)
        charge(i, 1 + i % 1500, hour_of_day(i % 2, 0), 1, 0, october);
    write_down();
    assert_int_equal(number("SELECT sum(credits) FROM usage_hour"), 3000);
    assert_int_equal(number("SELECT sum(used) FROM balance"), 3000);
    assert_int_equal(number("SELECT count(*) FROM balance"), 1500);
}

/* Few numbers in all their mixtures: places are shared by parts that differ in one of them. */
static void parts_that_differ_in_one_number_are_told_apart(void **state)
{
    (void)state;
    int64_t row = 0;
    for (int64_t account = 1; account <= 40; account++)
        for (int64_t key = 1; key <= 6; key++)
            for (uint8_t endpoint = 1; endpoint <= 6; endpoint++)
                for (int64_t hour = 0; hour < 6; hour++) {
                    struct journal_entry entry = {.account_id = account,
                                                  .key_id = key,
                                                  .plan_version = 1,
                                                  .endpoint = endpoint,
                                                  .outcome = CALL_HEAD,
                                                  .at = hour_of_day(0, hour)};
                    fold_add(&fold, ++row, &entry, NULL);
                }
    write_down();
    assert_int_equal(number("SELECT count(*) FROM usage_hour WHERE head = 1"), row);
}

#define MANY 20000

/* What a second with very many accounts took is kept while the next ones are like it. */
static void a_small_fold_gives_the_memory_of_a_large_one_back(void **state)
{
    (void)state;
    for (int64_t i = 1; i <= MANY; i++)
        charge(i, i, hour_of_day(0, 0), 1, 0, october);
    size_t large = fold.parts.capacity;
    assert_true(large >= MANY);
    fold_forget(&fold);
    assert_true(fold_is_empty(&fold));
    assert_int_equal(fold.parts.capacity, large);
    charge(1, 1, hour_of_day(0, 3), 8, 0, october);
    write_down();
    assert_true(fold.parts.capacity < large);
    assert_int_equal(number("SELECT sum(credits) FROM usage_hour"), 8);
    charge(1, 1, hour_of_day(0, 3), 8, 0, october);
    charge(2, 1, hour_of_day(0, 3), 8, 0, october);
    const void *kept = fold.parts.entries;
    write_down();
    assert_ptr_equal(fold.parts.entries, kept);
    assert_int_equal(number("SELECT sum(credits) FROM usage_hour"), 24);
}

static void it_knows_whether_it_has_calls_of_before(void **state)
{
    (void)state;
    const instant midnight = {DAY_0 * DAY_US}, hour_before = {midnight.us - HOUR_US};
    assert_false(fold_has_before(&fold, midnight));
    charge(1, 1, hour_of_day(0, 0), 1, 0, october);
    assert_false(fold_has_before(&fold, midnight));
    charge(2, 1, (instant){midnight.us - 1}, 1, 0, october);
    assert_true(fold_has_before(&fold, midnight));
    assert_false(fold_has_before(&fold, hour_before));
}

/* A transaction that does not commit leaves the fold as it is: it is written with the next. */
static void a_fold_that_was_rolled_back_is_written_again(void **state)
{
    (void)state;
    charge(4, 1, hour_of_day(0, 3), 8, 0, october);
    {
        CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
        DONE(db_begin(db, &transaction, &reason));
        DONE(fold_write(&fold, db, &reason));
    }
    assert_int_equal(number("SELECT count(*) FROM balance"), 0);
    write_down();
    assert_int_equal(number("SELECT used FROM balance"), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sums_stand_where_they_belong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_rate_limited_outlives_the_journals, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_second_fold_adds_to_the_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_activity_range_ends_with_the_last_of_its_parts,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_day_within_a_fold_counts_alone, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(periods_have_balances_of_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            calls_without_a_charge_lie_in_ranges_and_make_no_balance, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_accounts_fit_a_fold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_that_differ_in_one_number_are_told_apart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_small_fold_gives_the_memory_of_a_large_one_back,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_knows_whether_it_has_calls_of_before, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_fold_that_was_rolled_back_is_written_again, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
