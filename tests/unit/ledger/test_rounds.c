/* A ledger whose cohorts are being written, some already and some not: whoever asks finds each call once, and so does who comes
 * after a crash. */
#include "billing_checks.h"
#include "ledger/embedded.h"
#include "ledger/events.h"
#include "ledger/unfolded.h"
#include "ledger/usage.h"

#include <stdio.h>

#define CALLERS 80 /* in 64 cohorts; a slice takes 32 of their parts */

static struct caller callers[CALLERS];
static int64_t calls_of[CALLERS];

static void called(size_t i)
{
    assert_true(charged(&callers[i], 8, NULL));
    calls_of[i]++;
}

static void each_calls(void)
{
    for (size_t i = 0; i < CALLERS; i++)
        called(i);
}

/* The next minutes of the day: whatever is due is due then. */
static void minutes_pass(void)
{
    char written[INSTANT_TEXT_BYTES] = "";
    (void)instant_rfc3339((instant){clock_now().us + 120 * SECOND_US}, written);
    clock_to(written);
}

/* The first slice of a round goes with a call, and then the round stands with the clock. Again, where a machine that stood still
 * has let the committer begin one at rest, which takes all. */
static void half_written(void)
{
    for (size_t i = 0; i < CALLERS; i++) {
        char mail[16];
        (void)snprintf(mail, sizeof(mail), "%zu@x", i);
        callers[i] = caller_make(mail, "Starter");
        calls_of[i] = 0;
    }
    clock_to("2024-02-10T12:00:00Z");
    do {
        each_calls();
        minutes_pass();
        called(0);
    } while (stored_integer("SELECT count(*) FROM fold_cohort") == 0);
    assert_true(stored_integer("SELECT journal_id FROM fold_mark") <
                stored_integer("SELECT min(journal_id) FROM fold_cohort"));
}

/* ---- What is found ---- */

static void row_add(void *owner, const struct usage_row *row)
{
    *(int64_t *)owner += row->sums[USAGE_CREDITS];
}

static int64_t used_by(const struct caller *caller)
{
    int64_t used = 0;
    const struct usage_query query = {.account_id = caller->account_id,
                                      .hours_before = INT64_MAX};
    DONE(ledger_usage_visit(ledger, &query, &(struct usage_visitor){row_add, &used}, &reason));
    return used;
}

static size_t events_of(const struct caller *caller)
{
    static struct event_page page;
    const struct event_query query = {.account_id = caller->account_id,
                                      .to = {INT64_MAX},
                                      .kinds = EVENT_CHARGED,
                                      .before = EVENTS_FROM_NEWEST,
                                      .limit = 100};
    DONE(ledger_events_read(ledger, &query, &page, &reason));
    assert_false(page.has_more);
    return page.count;
}

static void each_call_is_in_the_file_once(void)
{
    command_begins();
    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(used_by(&callers[i]), 8 * calls_of[i]);
        assert_int_equal(events_of(&callers[i]), calls_of[i]);
    }
    command_ends();
}

static void each_call_is_found_once(void)
{
    each_call_is_in_the_file_once();
    for (size_t i = 0; i < CALLERS; i++) {
        char json[8192], wanted[40];
        assert_int_equal(used_by(&callers[i]), 8 * calls_of[i]);
        assert_int_equal(events_of(&callers[i]), calls_of[i]);
        (void)snprintf(wanted, sizeof(wanted), "\"credits_used\":%lld,",
                       (long long)(8 * calls_of[i]));
        statement_of(&callers[i], "", json);
        assert_has(json, wanted);
        assert_int_equal(standing_of(&callers[i]).quota.used.count, 8 * calls_of[i]);
    }
    assert_int_equal(differences(), 0);
}

/* ---- Tests ---- */

static void every_reader_finds_each_call_once(void **state)
{
    (void)state;
    half_written();
    each_call_is_found_once();
    each_calls(); /* behind the slice, and before what is left of the round */
    each_call_is_found_once();
    for (int turn = 0; turn < 5; turn++) {
        minutes_pass();
        called(2);
        each_call_is_found_once();
    }
}

/* Who looks for single calls reads the rows from an account's first waiting one to its last, and none of others before and after. */
static void the_rows_to_look_at_are_the_accounts(void **state)
{
    (void)state;
    size_t written = 0;
    half_written();
    each_calls();
    const int64_t last = stored_integer("SELECT max(id) FROM journal");
    CLEANUP(ledger_unlock) struct ledger *held = ledger_lock(ledger);
    for (size_t i = 0; i < CALLERS; i++) {
        struct unfolded_rows rows;
        DONE(unfolded_find(held, held->db, callers[i].account_id, &rows, &reason));
        assert_int_equal(rows.behind, last);
        assert_int_equal(rows.last, last - CALLERS + 1 + (int64_t)i);
        assert_in_range(rows.first, 1, rows.last);
        written += rows.first == rows.last;
    }
    assert_in_range(written, 16, CALLERS / 2);
}

static void a_crash_in_a_round_loses_nothing(void **state)
{
    (void)state;
    half_written();
    each_calls();
    crash();
    each_call_is_found_once();
    minutes_pass();
    each_calls();
    crash();
    each_calls();
    reopen();
    each_call_is_found_once();
    assert_int_equal(stored_integer("SELECT journal_id FROM fold_mark"),
                     stored_integer("SELECT max(id) FROM journal"));
    assert_int_equal(stored_integer("SELECT count(*) FROM fold_cohort"), 0);
}

#define HOURS 14 /* with calls of each: more parts than one slice takes at rest */

/* The period's last charges wait in more parts than one slice takes. */
static void a_closing_writes_all_that_is_older(void **state)
{
    (void)state;
    char json[8192];
    half_written();
    clock_to("2024-02-29T09:59:59Z");
    for (int hour = 0; hour < HOURS; hour++) {
        (void)snprintf(json, sizeof(json), "2024-02-29T%02d:59:59Z", 10 + hour);
        clock_step(json);
        each_calls();
    }
    assert_true(ledger->committer.cohorts.waiting > COHORTS_PARTS_AT_REST);
    clock_step("2024-03-01T00:00:00Z");
    called(7);
    clock_step("2024-03-01T00:00:02Z");
    tend();
    assert_int_equal(stored_integer("SELECT count(*) FROM billing_period"), CALLERS);
    for (size_t i = 0; i < CALLERS; i++) {
        char wanted[40];
        (void)snprintf(wanted, sizeof(wanted), "\"credits_used\":%lld,",
                       (long long)(8 * (calls_of[i] - (i == 7))));
        assert_true(statement_of(&callers[i], "2024-02", json).is_kept);
        assert_has(json, wanted);
    }
    for (size_t i = 0; i < LENGTH_OF(between); i++) {
        between[i]();
        assert_int_equal(differences(), 0);
        assert_int_equal(used_by(&callers[7]), 8 * calls_of[7]);
    }
}

/* The charge that is given back is of a cohort that was written, and of one that was not. */
static void what_is_given_back_is_found_on_either_side(void **state)
{
    (void)state;
    half_written();
    for (size_t i = 0; i < CALLERS; i += CALLERS / 4) {
        char charge_id[2 * CHARGE_ID_BYTES + 1];
        called(i);
        last_charge_id(charge_id);
        called(i);
        minutes_pass();
        called(CALLERS - 1);
        struct adjustment_made made;
        DONE(ledger_account_refund(ledger, text_of(callers[i].email), text_of(charge_id),
                                   TEXT("broken"), &made, &reason));
    }
    assert_int_equal(differences(), 0);
}

/* ---- Whatever comes ---- */

static uint64_t dice;

static int64_t below(int64_t bound)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((dice >> 33) % (uint64_t)bound);
}

static void time_passes(int64_t us)
{
    char written[INSTANT_TEXT_BYTES] = "";
    (void)instant_rfc3339((instant){clock_now().us + us}, written);
    clock_to(written);
}

static void clock_steps(int64_t us)
{
    char written[INSTANT_TEXT_BYTES] = "";
    (void)instant_rfc3339((instant){clock_now().us + us}, written);
    clock_step(written);
}

static void one_of_them_calls(void)
{
    called((size_t)below(CALLERS));
}

static void some_call(void)
{
    for (int64_t i = below(40); i >= 0; i--)
        one_of_them_calls();
}

static void an_hour_passes(void)
{
    time_passes((1 + below(30)) * 3600 * SECOND_US);
    one_of_them_calls();
}

static void a_minute_passes(void)
{
    time_passes((1 + below(200)) * SECOND_US);
    one_of_them_calls();
}

static void the_clock_steps(void)
{
    clock_steps((below(7200) - 3600) * SECOND_US);
    one_of_them_calls();
}

static void days_pass(void)
{
    time_passes((1 + below(9)) * DAY_US);
    one_of_them_calls();
    tend();
}

static void a_plan_changes(void)
{
    struct plan_change change;
    (void)plan_to(&callers[below(CALLERS)], below(2) ? "Pro" : "Growth", &change);
}

static void a_call_is_given_back(void)
{
    size_t i = (size_t)below(CALLERS);
    char charge_id[2 * CHARGE_ID_BYTES + 1];
    struct adjustment_made made;
    called(i);
    last_charge_id(charge_id);
    if (below(2))
        days_pass();
    DONE(ledger_account_refund(ledger, text_of(callers[i].email), text_of(charge_id),
                               TEXT("broken"), &made, &reason));
}

/* What readers find but the credits of the open period, which ends here. */
static void each_call_is_told_once(void)
{
    each_call_is_in_the_file_once();
    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(used_by(&callers[i]), 8 * calls_of[i]);
        assert_int_equal(events_of(&callers[i]), calls_of[i]);
    }
    assert_int_equal(differences(), 0);
}

static void whatever_comes_each_call_is_told_once(void **state)
{
    (void)state;
    static void (*const happens[])(void) = {
        each_calls,      some_call,       some_call,           one_of_them_calls,
        a_minute_passes, a_minute_passes, days_pass,           crash,
        reopen,          an_hour_passes,  the_clock_steps,     crash,
        some_call,       a_plan_changes,  a_call_is_given_back};
    int64_t in_rounds = 0;
    half_written();
    parts_a_slice = 3;
    reopen();
    dice = 1;
    for (int step = 0; step < 120; step++) {
        happens[below(LENGTH_OF(happens))]();
        in_rounds += stored_integer("SELECT count(*) FROM fold_cohort") > 0;
        if (step % 4 == 0)
            each_call_is_told_once();
    }
    assert_in_range(in_rounds, 10, 110);
}

/* ---- Readers beside slices ---- */

#define CALLS_BESIDE 600

static _Atomic int64_t begun, told; /* calls of callers[0] */

/* Each moves the clock, so that a slice goes with it. */
static void *calls_make(void *owner)
{
    (void)owner;
    for (int64_t i = 1; i <= CALLS_BESIDE; i++) {
        time_passes(SECOND_US);
        atomic_store(&begun, i);
        check(charged(&callers[0], 8, NULL));
        atomic_store(&told, i);
        check(charged(&callers[i % CALLERS], 8, NULL));
    }
    return NULL;
}

/* No fewer than what was answered before it looked, and no more than what had begun when it was done. */
static void a_reader_beside_slices_finds_each_call_once(void **state)
{
    (void)state;
    pthread_t thread;
    half_written();
    parts_a_slice = 2;
    reopen();
    const int64_t before = used_by(&callers[0]);
    atomic_store(&begun, 0);
    atomic_store(&told, 0);
    assert_int_equal(pthread_create(&thread, NULL, calls_make, NULL), 0);
    bool is_right = true;
    int64_t looks = 0;
    for (; is_right && atomic_load(&told) < CALLS_BESIDE; looks++) {
        int64_t least = atomic_load(&told);
        int64_t calls = (used_by(&callers[0]) - before) / 8;
        /* of every CALLERS turns one is that account's again */
        is_right = calls >= least + least / CALLERS - 1 &&
                   calls <= atomic_load(&begun) * (CALLERS + 1) / CALLERS + 1;
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(is_right);
    assert_true(looks > 10);
    assert_int_equal(used_by(&callers[0]) - before,
                     8 * (CALLS_BESIDE + CALLS_BESIDE / CALLERS));
    assert_int_equal(differences(), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FRESH(every_reader_finds_each_call_once),
        FRESH(the_rows_to_look_at_are_the_accounts),
        FRESH(a_crash_in_a_round_loses_nothing),
        FRESH(a_closing_writes_all_that_is_older),
        FRESH(what_is_given_back_is_found_on_either_side),
        FRESH(whatever_comes_each_call_is_told_once),
        FRESH(a_reader_beside_slices_finds_each_call_once),
    };
    return changes_main(tests, argc, argv);
}
