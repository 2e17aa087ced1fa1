/* In which order cohorts are written, and that a call is in the projections or behind its account's mark, each once. */
#include "file_harness.h"
#include "ledger/cohorts.h"
#include "ledger/fold_marks.h"
#include "model/account.h"

#define HOUR_US (3600 * SECOND_US)
#define AT ((instant){INT64_C(20000) * DAY_US + 17}) /* 2024-10-04 */
#define ACCOUNTS 200 /* in 64 cohorts: 8 of four and 56 of three */
#define ROWS_MAX 4000

static struct addresses addresses;
static struct cohorts cohorts;
static duration now;

/* What the journal would hold: one call a row, of an account. */
static int64_t journal[ROWS_MAX + 1];
static int64_t last_row;

static void cohorts_make(void)
{
    addresses_init(&addresses);
    cohorts_init(&cohorts, &addresses, COHORTS_PARTS_A_SLICE);
}

static void cohorts_drop(void)
{
    cohorts_finish(&cohorts);
    addresses_finish(&addresses);
}

static int set_up(void **state)
{
    (void)state;
    last_row = 0;
    now.us = 5 * SECOND_US;
    cohorts_make();
    return file_make();
}

static int tear_down(void **state)
{
    (void)state;
    cohorts_drop();
    file_remove();
    return 0;
}

/* ---- Calls ---- */

static const struct plan some = {.name = "Some"};
static const struct fold_period october = {.period = 2024 * 12 + 9,
                                           .billed_in = 2024 * 12 + 9,
                                           .subscription = {&some, 3, 2000, 900, 0, 0}};

static struct journal_entry entry_of(int64_t account_id, instant at)
{
    return (struct journal_entry){.account_id = account_id,
                                  .key_id = account_id,
                                  .endpoint = 1,
                                  .outcome = CALL_CHARGED,
                                  .at = at,
                                  .credits = 8};
}

static void call_at(int64_t account_id, instant at)
{
    struct journal_entry entry = entry_of(account_id, at);
    assert_true(last_row < ROWS_MAX);
    journal[++last_row] = account_id;
    cohorts_add(&cohorts, last_row, &entry, &october);
    addresses_lock(&addresses);
    addresses_add(&addresses, &(struct address_use){.account_id = account_id,
                                                    .address = TEXT("192.0.2.1"),
                                                    .at = at,
                                                    .has_succeeded = true});
    addresses_unlock(&addresses);
}

static void call(int64_t account_id)
{
    call_at(account_id, AT);
}

static void rate_limited(int64_t account_id)
{
    struct journal_entry entry = entry_of(account_id, AT);
    cohorts_add_rate_limited(&cohorts, &entry);
}

static void each_calls(void)
{
    for (int64_t account = 1; account <= ACCOUNTS; account++)
        call(account);
}

/* ---- Slices ---- */

/* What was chosen. True: a round is over. */
static bool slice_written(void)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    addresses_lock(&addresses);
    DONE(db_begin(db, &transaction, &reason));
    DONE(cohorts_write(&cohorts, db, AT, &reason));
    DONE(db_commit(&transaction, &reason));
    bool is_over = cohorts_forget(&cohorts, now);
    addresses_unlock(&addresses);
    return is_over;
}

static bool next_slice(size_t parts)
{
    cohorts.parts_a_slice = parts;
    return cohorts_choose(&cohorts, false, now) && slice_written();
}

/* The same, and a round that begins with it is a whole one. */
static bool slice(size_t parts)
{
    if (cohorts.next == cohorts.round_end)
        now.us += 10 * SECOND_US;
    return next_slice(parts);
}

/* Cohorts with what is older: so many parts, and none of the others'. */
static bool older(instant then, size_t parts)
{
    cohorts.parts_a_slice = parts / 4;
    return cohorts_choose_before(&cohorts, then);
}

/* ---- What is stored ---- */

static int64_t number_of(const char *sql, int64_t of)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    bool row;
    DONE(db_statement_take(db, sql, &select, &reason));
    if (of != 0)
        db_bind_integer(select, 1, of);
    DONE(db_step(select, &row, &reason));
    assert_true(row);
    return db_column_integer(select, 0);
}

static int64_t number(const char *sql)
{
    return number_of(sql, 0);
}

static int64_t mark_of(int64_t account_id)
{
    CLEANUP(fold_marks_finish) struct fold_marks marks;
    DONE(fold_marks_read(db, &marks, &reason));
    assert_int_equal(marks.rows, 1);
    return fold_marks_of(&marks, account_id);
}

static int64_t calls_up_to(int64_t account_id, int64_t row)
{
    int64_t calls = 0;
    for (int64_t i = 1; i <= last_row && i <= row; i++)
        calls += journal[i] == account_id;
    return calls;
}

static int64_t last_call_up_to(int64_t account_id, int64_t row)
{
    while (row > 0 && journal[row] != account_id)
        row--;
    return row;
}

/* Each projection has what the journal has up to the account's mark, and the addresses with it. */
static void projections_are_the_journals(void)
{
    CLEANUP(fold_marks_finish) struct fold_marks marks;
    DONE(fold_marks_read(db, &marks, &reason));
    assert_true(marks.furthest <= last_row);
    for (int64_t account = 1; account <= ACCOUNTS; account++) {
        int64_t calls = calls_up_to(account, fold_marks_of(&marks, account));
        assert_int_equal(number_of("SELECT coalesce(sum(charged), 0) FROM usage_hour"
                                   " WHERE account_id = $1",
                                   account),
                         calls);
        assert_int_equal(
            number_of("SELECT coalesce(sum(used), 0) FROM balance WHERE account_id = $1",
                      account),
            8 * calls);
        assert_int_equal(number_of("SELECT coalesce(sum(succeeded), 0) FROM recent_address"
                                   " WHERE account_id = $1",
                                   account),
                         calls);
        assert_int_equal(number_of("SELECT coalesce(max(last_id), 0) FROM activity"
                                   " WHERE account_id = $1",
                                   account),
                         last_call_up_to(account, fold_marks_of(&marks, account)));
    }
}

/* As a start does: what the journal has behind the marks is added anew. */
static void started_again(void)
{
    CLEANUP(fold_marks_finish) struct fold_marks marks;
    DONE(fold_marks_read(db, &marks, &reason));
    cohorts_drop();
    cohorts_make();
    int64_t rows = last_row;
    for (int64_t row = 1; row <= rows; row++) {
        last_row = row - 1;
        if (row > fold_marks_of(&marks, journal[row]))
            call(journal[row]);
    }
    last_row = rows;
    cohorts_begin(&cohorts, &marks, rows);
}

/* ---- Tests ---- */

static void few_accounts_are_one_slice_and_one_mark(void **state)
{
    (void)state;
    for (int64_t account = 1; account <= 10; account++)
        call(account);
    rate_limited(3);
    assert_false(cohorts_are_empty(&cohorts));
    assert_true(slice(COHORTS_PARTS_A_SLICE));
    assert_true(cohorts_are_empty(&cohorts));
    assert_int_equal(number("SELECT journal_id FROM fold_mark"), 10);
    assert_int_equal(number("SELECT count(*) FROM fold_cohort"), 0);
    assert_int_equal(number("SELECT rate_limited FROM usage_hour WHERE account_id = 3"), 1);
    projections_are_the_journals();
}

static void a_round_writes_every_cohort_once(void **state)
{
    (void)state;
    size_t slices = 1;
    each_calls();
    for (; !slice(20); slices++) {
        assert_int_equal(number("SELECT journal_id FROM fold_mark"), 0);
        assert_int_equal(number("SELECT sum(charged) FROM usage_hour"),
                         ACCOUNTS - cohorts.waiting);
        projections_are_the_journals();
    }
    assert_in_range(slices, 9, 10); /* whole cohorts: of 20 to 23 parts */
    assert_int_equal(number("SELECT journal_id FROM fold_mark"), ACCOUNTS);
    assert_int_equal(number("SELECT count(*) FROM fold_cohort"), 0);
    assert_int_equal(number("SELECT max(charged) FROM usage_hour"), 1);
    assert_true(cohorts_are_empty(&cohorts));
}

/* Accounts of cohorts that were written already, and of such as were not there, wait for the next round. */
static void what_comes_in_a_round_is_left_for_the_next(void **state)
{
    (void)state;
    each_calls();
    assert_false(slice(20));
    each_calls();
    call(COHORT_ACCOUNTS * ACCOUNT_BUCKETS);
    while (!slice(20))
        projections_are_the_journals();
    assert_int_equal(number("SELECT journal_id FROM fold_mark"), ACCOUNTS);
    assert_in_range(cohorts.waiting, 20 + 1, 23 + 1);
    assert_int_equal(mark_of(1), ACCOUNTS);
    assert_int_equal(mark_of(64),
                     last_row); /* of the last cohort, written after the second calls */
    assert_true(slice(100));
    assert_int_equal(number("SELECT journal_id FROM fold_mark"), last_row);
    assert_int_equal(number("SELECT count(*) FROM fold_cohort"), 0);
    assert_int_equal(number("SELECT sum(charged) FROM usage_hour"), last_row);
}

static void a_slice_that_was_rolled_back_is_taken_again(void **state)
{
    (void)state;
    each_calls();
    assert_false(slice(20));
    size_t waiting = cohorts.waiting;
    cohorts_choose(&cohorts, false, now);
    {
        CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
        DONE(db_begin(db, &transaction, &reason));
        DONE(cohorts_write(&cohorts, db, AT, &reason));
    }
    assert_int_equal(cohorts.waiting, waiting);
    projections_are_the_journals();
    while (!slice(20))
        projections_are_the_journals();
    projections_are_the_journals();
    assert_int_equal(number("SELECT sum(charged) FROM usage_hour"), ACCOUNTS);
}

/* 429s take no slot: the journal lacks them, so no mark moves for them, not even back: here one that stands behind the last row
 * that the restart had to add. */
static void rate_limited_calls_move_no_mark(void **state)
{
    (void)state;
    call(1);
    call(2);
    call(1);
    assert_false(slice(1));
    assert_int_equal(cohorts.slice.count, 1);
    assert_int_equal(mark_of(1), 3);
    assert_int_equal(mark_of(2), 0);
    started_again();
    rate_limited(1);
    rate_limited(2);
    rate_limited(3);
    assert_false(slice(1));
    assert_false(slice(1));
    projections_are_the_journals();
    assert_int_equal(mark_of(1), 3);
    assert_true(slice(1));
    rate_limited(3);
    assert_true(slice(1));
    assert_int_equal(number("SELECT journal_id FROM fold_mark"), 3);
    assert_int_equal(number("SELECT sum(rate_limited) FROM usage_hour"), 4);
    projections_are_the_journals();
}

/* What a killed process had written of some accounts is all that there was: the mark of all accounts follows. */
static void a_mark_that_is_behind_moves_without_calls(void **state)
{
    (void)state;
    call(1);
    call(2);
    rate_limited(3);
    assert_false(slice(2));
    started_again();
    assert_int_equal(cohorts.waiting, 0);
    assert_false(cohorts_are_empty(&cohorts));
    assert_int_equal(number("SELECT journal_id FROM fold_mark"), 0);
    assert_true(slice(2));
    assert_true(cohorts_are_empty(&cohorts));
    assert_int_equal(number("SELECT journal_id FROM fold_mark"), 2);
    assert_int_equal(number("SELECT count(*) FROM fold_cohort"), 0);
    started_again();
    assert_true(cohorts_are_empty(&cohorts));
}

/* ---- What waits, for readers ---- */

static void sums_add(void *owner, const struct fold_sum *sum)
{
    *(int64_t *)owner += sum->credits;
    assert_int_equal(sum->hour.us, AT.us - 17);
    assert_true(sum->first_journal_id > 0 && sum->first_journal_id <= sum->last_journal_id);
}

/* Credits of the account that wait behind its mark; up_to: the last row of which they are all. */
static int64_t waiting_of(int64_t account_id, int64_t up_to)
{
    int64_t sum = 0;
    assert_int_equal(cohorts_visit(&cohorts, account_id, mark_of(account_id), sums_add, &sum),
                     up_to);
    return sum;
}

static void readers_find_what_waits_behind_the_mark_that_they_know(void **state)
{
    (void)state;
    int64_t sum = 0;
    each_calls();
    call(5);
    assert_int_equal(waiting_of(5, last_row), 16);
    assert_int_equal(waiting_of(ACCOUNTS + 5, last_row), 0); /* the same cohort, never called */
    assert_int_equal(waiting_of(1000000, last_row), 0);      /* and one of which nobody was */
    assert_false(slice(20));
    assert_int_equal(cohorts_visit(&cohorts, 5, 0, sums_add, &sum), 0); /* an older view */
    assert_int_equal(sum, 0);
    assert_int_equal(waiting_of(5, last_row), 0);
    call(5);
    assert_int_equal(waiting_of(5, last_row), 8);
    assert_int_equal(waiting_of(64, last_row), 8); /* which had no turn yet */
    while (!slice(20))
        continue;
    assert_int_equal(waiting_of(64, last_row), 0);
    assert_int_equal(waiting_of(5, last_row), 8);
    each_calls();
    assert_false(slice(20));
    assert_true(mark_of(5) > cohorts.mark);
    started_again();
    assert_int_equal(waiting_of(5, last_row), 0);
    assert_int_equal(waiting_of(64, last_row), 8);
    call(5);
    assert_int_equal(waiting_of(5, last_row), 8);
}

static void what_was_charged_before_a_day_is_found(void **state)
{
    (void)state;
    const instant midnight = {INT64_C(20001) * DAY_US};
    for (int64_t account = 1; account <= ACCOUNTS; account++)
        call_at(account, account_cohort(account) < 32 ? AT : midnight);
    const int64_t sooner = 104;
    assert_false(older(midnight, 12));
    while (!older(midnight, 12)) {
        assert_false(slice_written());
        projections_are_the_journals();
    }
    (void)slice_written();
    assert_int_equal(number("SELECT sum(charged) FROM usage_hour WHERE hour < 20001 * 24"),
                     sooner);
    projections_are_the_journals();
    assert_true(older(midnight, 12));
    assert_int_equal(cohorts.slice.count, 0);
    assert_false(slice_written());
}

/* A closing between two slices of a round leaves the round as it was. */
static void a_round_goes_on_behind_a_closing(void **state)
{
    (void)state;
    each_calls();
    assert_false(slice(20));
    size_t next = cohorts.next;
    call_at(1, (instant){AT.us - DAY_US});
    assert_true(older((instant){AT.us - 17}, 12));
    assert_false(slice_written());
    assert_int_equal(cohorts.next, next);
    projections_are_the_journals();
    while (!slice(20))
        projections_are_the_journals();
    assert_int_equal(number("SELECT sum(charged) FROM usage_hour"), ACCOUNTS + 1);
}

/* ---- When ---- */

static void a_round_begins_a_second_after_the_one_before(void **state)
{
    (void)state;
    assert_true(cohorts_are_due(&cohorts, now));
    each_calls();
    assert_int_equal(cohorts_may_wait(&cohorts, now).us, SECOND_US);
    assert_true(slice(ACCOUNTS));
    const duration began = now;
    call(1);
    assert_int_equal(cohorts_may_wait(&cohorts, now).us, SECOND_US);
    now.us = began.us + SECOND_US - 1;
    assert_false(cohorts_are_due(&cohorts, now));
    now.us++;
    assert_true(cohorts_are_due(&cohorts, now));
}

/* 3,200 parts a second: 32 of them are done in the 100th part of one. */
static void a_slice_that_comes_late_has_more(void **state)
{
    (void)state;
    each_calls();
    assert_false(slice(8));
    now.us = cohorts.due.us + SECOND_US / 100;
    assert_false(slice(8));
    assert_in_range(cohorts.slice.parts, 8 + 32, 8 + 32 + 3);
    now.us = cohorts.due.us + SECOND_US / 100;
    assert_false(slice(1)); /* 32 times as many are the most */
    assert_in_range(cohorts.slice.parts, 32, 32 + 3);
    cohorts.parts_a_slice = 4;
    now.us = cohorts.due.us;
    assert_true(cohorts_choose(&cohorts, true, now)); /* nobody waits: as many at once */
    assert_int_equal(cohorts.slice.parts, cohorts.waiting);
    assert_true(slice_written());
    projections_are_the_journals();
}

/* Account 1 and 65 share a cohort, and 2 and 66. */
static void who_calls_often_waits_for_a_whole_round(void **state)
{
    (void)state;
    assert_int_equal(account_cohort(1), account_cohort(65));
    assert_true(slice(ACCOUNTS)); /* a whole one */
    for (int calls = 0; calls < FOLD_DENSE_CALLS - 1; calls++)
        call(1);
    call(2);
    now.us += SECOND_US;
    assert_true(next_slice(ACCOUNTS)); /* 15 calls are not often */
    assert_true(cohorts_are_empty(&cohorts));
    for (int calls = 0; calls < FOLD_DENSE_CALLS; calls++)
        call(1);
    call(2);
    const int64_t mark = mark_of(3);
    now.us += SECOND_US;
    assert_false(next_slice(ACCOUNTS));
    assert_int_equal(number("SELECT sum(charged) FROM usage_hour"), FOLD_DENSE_CALLS + 1);
    assert_int_equal(mark_of(1), mark);
    assert_int_equal(mark_of(2), last_row);
    assert_int_equal(mark_of(3), mark);
    projections_are_the_journals();
    now.us += SECOND_US;
    assert_false(cohorts_choose(&cohorts, false, now));
    call(65);
    now.us += SECOND_US;
    assert_true(next_slice(ACCOUNTS)); /* all of who waits */
    assert_true(cohorts_are_empty(&cohorts));
    projections_are_the_journals();
}

/* The last call comes late: the range has become mostly others'. */
static void who_called_often_once_does_not_wait(void **state)
{
    (void)state;
    assert_true(slice(ACCOUNTS));
    for (int calls = 0; calls < FOLD_DENSE_CALLS - 1; calls++)
        call(1);
    for (int calls = 0; calls < FOLD_DENSE_CALLS * FOLD_DENSE_ROWS; calls++)
        call(2);
    call(1);
    now.us += SECOND_US;
    assert_false(next_slice(ACCOUNTS));
    assert_int_equal(mark_of(1), last_row);
    assert_int_equal(cohorts.waiting, 1);
    projections_are_the_journals();
}

static void at_rest_and_each_ten_seconds_a_round_is_whole(void **state)
{
    (void)state;
    assert_true(slice(ACCOUNTS));
    const duration whole = now;
    for (int calls = 0; calls < FOLD_DENSE_CALLS; calls++)
        call(1);
    now.us = whole.us + 10 * SECOND_US - 1;
    assert_false(cohorts_choose(&cohorts, false, now));
    assert_int_equal(cohorts_may_wait(&cohorts, now).us, SECOND_US);
    now.us += SECOND_US;
    assert_true(cohorts_choose(&cohorts, false, now));
    assert_true(slice_written());
    assert_true(cohorts_are_empty(&cohorts));
    for (int calls = 0; calls < FOLD_DENSE_CALLS; calls++)
        call(1);
    now.us += SECOND_US;
    assert_false(cohorts_choose(&cohorts, false, now));
    now.us += SECOND_US;
    assert_true(cohorts_choose(&cohorts, true, now));
    assert_true(slice_written());
    assert_true(cohorts_are_empty(&cohorts));
    projections_are_the_journals();
}

static void slices_of_a_round_come_at_a_pace(void **state)
{
    (void)state;
    each_calls();
    assert_false(slice(32));
    size_t parts = cohorts.slice.parts;
    const int64_t pause_us = (int64_t)parts * SECOND_US / COHORTS_PARTS_A_SECOND;
    assert_in_range(pause_us, 10000, 11000);
    assert_int_equal(cohorts_may_wait(&cohorts, now).us, pause_us);
    now.us += pause_us - 1;
    assert_false(cohorts_are_due(&cohorts, now));
    now.us++;
    assert_true(cohorts_are_due(&cohorts, now));
    now.us++;
    assert_int_equal(cohorts_may_wait(&cohorts, now).us, 0);
}

/* The more wait the faster: of so many, each within two minutes; of more than the memory is for, within ten seconds. */
static void the_pace_follows_what_waits(void **state)
{
    (void)state;
    static const struct {
        size_t waiting;
        int64_t parts_a_second;
    } rows[] = {{1000, 3200},
                {COHORTS_PARTS_A_SECOND * 120, 3200},
                {600000, 5000},
                {COHORTS_CROWD + 4, (COHORTS_CROWD + 4) / 10}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        each_calls();
        const size_t really = cohorts.waiting;
        cohorts.parts_a_slice = 100;
        now.us += 10 * SECOND_US;
        assert_true(cohorts_choose(&cohorts, false, now));
        cohorts.waiting = rows[i].waiting;
        size_t parts = cohorts.slice.parts;
        (void)slice_written();
        assert_int_equal(cohorts.due.us - now.us,
                         (int64_t)parts * SECOND_US / rows[i].parts_a_second);
        cohorts.waiting = really - parts;
    }
}

/* ---- Whatever comes ---- */

static uint64_t seed;

static int64_t below(int64_t bound)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((seed >> 33) % (uint64_t)bound);
}

static void rolled_back(void)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    cohorts.parts_a_slice = (size_t)(1 + below(60));
    if (!cohorts_choose(&cohorts, below(2) == 0, now))
        return;
    DONE(db_begin(db, &transaction, &reason));
    DONE(cohorts_write(&cohorts, db, AT, &reason));
}

static void something_happens(void)
{
    now.us += below(3) * SECOND_US;
    switch (below(9)) {
    case 0:
    case 1:
        for (int64_t calls = below(40); calls > 0; calls--)
            call_at(1 + below(ACCOUNTS), (instant){AT.us + below(2) * HOUR_US});
        break;
    case 2: rate_limited(1 + below(ACCOUNTS)); break;
    case 3: (void)slice((size_t)(1 + below(60))); break;
    case 4:
        (void)older((instant){AT.us - 17 + HOUR_US}, (size_t)(4 + below(60)));
        (void)slice_written();
        break;
    case 5: rolled_back(); break;
    case 6:
        for (int64_t calls = 0, account = 1 + below(ACCOUNTS); calls < 20; calls++)
            call(account);
        break;
    case 7: (void)next_slice((size_t)(1 + below(60))); break;
    default: started_again(); break;
    }
}

static void every_call_is_in_the_projections_once(void **state)
{
    (void)state;
    for (seed = 1; seed < 4; seed++) {
        (void)tear_down(NULL);
        assert_int_equal(set_up(NULL), 0);
        const uint64_t kept = seed;
        for (int step = 0; step < 120; step++) {
            something_happens();
            projections_are_the_journals();
        }
        while (!cohorts_are_empty(&cohorts))
            (void)slice(30);
        assert_int_equal(number("SELECT sum(charged) FROM usage_hour"), last_row);
        seed = kept;
    }
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(few_accounts_are_one_slice_and_one_mark),
        FRESH(a_round_writes_every_cohort_once),
        FRESH(what_comes_in_a_round_is_left_for_the_next),
        FRESH(a_slice_that_was_rolled_back_is_taken_again),
        FRESH(rate_limited_calls_move_no_mark),
        FRESH(a_mark_that_is_behind_moves_without_calls),
        FRESH(readers_find_what_waits_behind_the_mark_that_they_know),
        FRESH(what_was_charged_before_a_day_is_found),
        FRESH(a_round_goes_on_behind_a_closing),
        FRESH(a_round_begins_a_second_after_the_one_before),
        FRESH(a_slice_that_comes_late_has_more),
        FRESH(who_calls_often_waits_for_a_whole_round),
        FRESH(who_called_often_once_does_not_wait),
        FRESH(at_rest_and_each_ten_seconds_a_round_is_whole),
        FRESH(slices_of_a_round_come_at_a_pace),
        FRESH(the_pace_follows_what_waits),
        FRESH(every_call_is_in_the_projections_once),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
