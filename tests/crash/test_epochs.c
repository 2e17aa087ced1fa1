/* What was decided on top of a commit that then fails: it counted on credits that are undone, so
 * it is taken back too, wherever it waited; and nobody who handed a charge over waits for ever. */
#include "crash/scene.h"
#include "ledger/embedded.h"
#include "support/unit.h"

#include <sqlite3.h>

static const struct shim_orders failing_syncs = {
    .fails = SHIM_SYNC, .fault_code = SQLITE_IOERR_FSYNC, .repeat = -1};

/* The next commit would succeed. */
static const struct shim_orders one_failing_sync = {
    .fails = SHIM_SYNC, .fault_code = SQLITE_IOERR_FSYNC, .repeat = 1};

static struct charge_standing before;
static struct ledger
    *held; /* while a batch is kept from the disk, also when a test fails then */

/* Then no batch comes but those of the test: nothing waits to be written or folded. */
static bool is_at_rest(void)
{
    static struct ledger_counts counts; /* large */
    ledger_counts(scene_ledger, &counts);
    return counts.charges_waiting == 0 && counts.slots_waiting == 0 && counts.fold_lag.us == 0;
}

static void begin(void)
{
    shim_order(&(struct shim_orders){0});
    scene_clear();
    scene_open();
    scene_round();
    scene_until(is_at_rest);
    before = scene_standing(ROOMY);
}

static enum call_state state_of(size_t number)
{
    return __atomic_load_n(&scene->calls[number].state, __ATOMIC_ACQUIRE);
}

static void states_are(size_t first, size_t count, enum call_state wanted)
{
    for (size_t number = first; number < first + count; number++)
        assert_int_equal(state_of(number), wanted);
}

/* charges: of ROOMY since begin. */
static void charged_are(int64_t charges)
{
    struct charge_standing after = scene_standing(ROOMY);
    int64_t used_before = before.quota.used.count + before.quota.overage_used.count;
    int64_t used_after = after.quota.used.count + after.quota.overage_used.count;
    assert_int_equal(used_after - used_before, charges * SCENE_COST);
    assert_int_equal(after.quota.daily_used.count - before.quota.daily_used.count,
                     charges * SCENE_COST);
    assert_int_equal(after.quota.key_used.count - before.quota.key_used.count,
                     charges * SCENE_COST);
}

static bool batch_is_taken(void)
{
    return atomic_load(&scene_ledger->committer.waiting) == 0;
}

/* One charge on its way to the disk, which the ledger's lock keeps it from. */
static void batch_hold(void)
{
    held = ledger_lock(scene_ledger);
    assert_int_equal(scene_charge(ROOMY), STATUS_BUSY);
    scene_until(batch_is_taken);
}

static void batch_let_go(void)
{
    if (held)
        ledger_unlock(&held);
    held = NULL;
}

static int end(void **state)
{
    batch_let_go();
    return scene_end(state);
}

static void charges_ask(size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(scene_charge(ROOMY), STATUS_BUSY);
}

static void heal_and_check(int64_t charges)
{
    shim_order(&(struct shim_orders){0});
    scene_charge_when_admitted(ROOMY);
    scene_await();
    charged_are(charges + 1);
    scene_close();
    assert_int_equal(scene_check(SCENE_EXACT), 0);
}

static void what_waits_behind_a_failed_commit_is_taken_back(void **state)
{
    (void)state;
    begin();
    size_t first = scene->call_count;
    batch_hold();
    charges_ask(5);
    charged_are(6);
    shim_order(&one_failing_sync);
    batch_let_go();
    scene_await();
    states_are(first, 6, CALL_TAKEN_BACK);
    charged_are(0);
    heal_and_check(0);
}

/* Answered meanwhile: they wait for a commit that succeeds, before and behind the batch. */
static void slots_that_come_during_a_failing_commit_are_counted(void **state)
{
    (void)state;
    begin();
    assert_int_equal(scene_slot(ROOMY, CALL_HEAD), STATUS_OK);
    batch_hold();
    for (int i = 0; i < 4; i++)
        assert_int_equal(scene_slot(ROOMY, CALL_HEAD), STATUS_OK);
    shim_order(&one_failing_sync);
    batch_let_go();
    scene_await();
    scene_charge_when_admitted(ROOMY);
    scene_close();
    assert_int_equal(scene_stored("SELECT sum(head) FROM usage_hour"), 5);
    assert_int_equal(scene_check(SCENE_EXACT), 0);
}

static size_t failing;

static bool commit_has_failed(void)
{
    return state_of(failing) == CALL_TAKEN_BACK;
}

static bool is_well_again(void)
{
    return atomic_load(&scene_ledger->committer.admits);
}

static void what_a_turn_gathered_before_the_failure_is_taken_back(void **state)
{
    (void)state;
    begin();
    failing = scene->call_count;
    batch_hold();
    ledger_turn_gather();
    charges_ask(2);
    charged_are(3);
    shim_order(&failing_syncs);
    batch_let_go();
    scene_until(commit_has_failed);
    shim_order(&(struct shim_orders){0});
    scene_until(is_well_again);
    states_are(failing + 1, 2, CALL_WAITS);
    charged_are(2);
    ledger_turn_end(scene_ledger);
    states_are(failing + 1, 2, CALL_TAKEN_BACK);
    charged_are(0);
    heal_and_check(0);
}

/* What the same turn decides after the recovery stands. */
static void of_one_turn_only_the_old_epoch_is_taken_back(void **state)
{
    (void)state;
    begin();
    failing = scene->call_count;
    batch_hold();
    ledger_turn_gather();
    charges_ask(2);
    shim_order(&failing_syncs);
    batch_let_go();
    scene_until(commit_has_failed);
    shim_order(&(struct shim_orders){0});
    scene_charge_when_admitted(ROOMY);
    charges_ask(2);
    charged_are(5);
    ledger_turn_end(scene_ledger);
    scene_await();
    states_are(failing + 1, 2, CALL_TAKEN_BACK);
    states_are(failing + 3, 3, CALL_SETTLED);
    charged_are(3);
    heal_and_check(3);
}

#define LOOKS_AT_LONE_BATCH 100

static void turn(size_t charges)
{
    ledger_turn_gather();
    charges_ask(charges);
    ledger_turn_end(scene_ledger);
}

static unsigned looks;

static bool batch_is_taken_or_let_go(void)
{
    if (looks++ == LOOKS_AT_LONE_BATCH)
        batch_let_go();
    return batch_is_taken();
}

/* As batch_hold, with a turn's charges. Where a batch of no charge came first, and waits for the lock, both are let go. */
static void turn_hold(size_t charges)
{
    held = ledger_lock(scene_ledger);
    turn(charges);
    looks = 0;
    scene_until(batch_is_taken_or_let_go);
}

/* After a row of many the committer lets a turn end; none does here. */
static void what_waits_is_written_though_no_turn_ends(void **state)
{
    (void)state;
    begin();
    size_t first = scene->call_count;
    turn_hold(20);
    turn(3);
    batch_let_go();
    scene_await();
    states_are(first, 23, CALL_SETTLED);
    heal_and_check(23);
}

static size_t settled_first;

static bool is_settled(void)
{
    return state_of(settled_first) == CALL_SETTLED;
}

/* More often than not: this thread may come when the committer has waited long enough. */
static void what_a_turn_brings_rides_with_what_waits(void **state)
{
    (void)state;
    enum { TIMES = 9 };
    unsigned rode = 0;
    begin();
    for (unsigned i = 0; i < TIMES; i++) {
        int64_t rows = scene_stored("SELECT count(*) FROM journal");
        settled_first = scene->call_count;
        turn_hold(20);
        turn(3);
        batch_let_go();
        scene_until(is_settled);
        turn(4);
        scene_await();
        rode += scene_stored("SELECT count(*) FROM journal") == rows + 2;
    }
    assert_true(rode > TIMES / 2);
    heal_and_check(27 * TIMES);
}

static void a_turn_that_was_gathered_is_handed_over_whole(void **state)
{
    (void)state;
    begin();
    size_t first = scene->call_count;
    ledger_turn_gather();
    charges_ask(7);
    assert_true(batch_is_taken()); /* nothing was handed over yet */
    ledger_turn_end(scene_ledger);
    scene_await();
    states_are(first, 7, CALL_SETTLED);
    charges_ask(1); /* the turn is over: this one waits for nobody */
    scene_await();
    heal_and_check(8);
}

static void a_turn_without_charges_brings_none(void **state)
{
    (void)state;
    begin();
    ledger_turn_gather();
    ledger_turn_end(scene_ledger);
    charged_are(0);
    heal_and_check(0);
}

/* Those of the failed batch go before those that came meanwhile, and all are in the journal once. */
static void slots_wait_for_a_commit_that_succeeds(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 3; i++)
        assert_int_equal(scene_slot(ROOMY, CALL_HEAD), STATUS_OK);
    batch_hold();
    for (int i = 0; i < 4; i++)
        assert_int_equal(scene_slot(ROOMY, CALL_HEAD), STATUS_OK);
    int64_t remaining = scene_standing(ROOMY).rate.remaining;
    shim_order(&one_failing_sync);
    batch_let_go();
    scene_await();
    shim_order(&(struct shim_orders){0});
    scene_charge_when_admitted(ROOMY);
    scene_await();
    scene_close();
    scene_open();
    /* One slot was lost with the charge that was taken back, one went to the charge after it. */
    assert_int_equal(scene_standing(ROOMY).rate.remaining, remaining);
    scene_close();
    assert_int_equal(scene_check(SCENE_EXACT), 0);
}

/* ---- Closing ---- */

static void closing_settles_all_that_waits(void **state)
{
    (void)state;
    begin();
    size_t first = scene->call_count;
    batch_hold();
    charges_ask(100);
    batch_let_go();
    scene_close();
    states_are(first, 101, CALL_SETTLED);
    assert_int_equal(scene_check(SCENE_EXACT), 0);
}

static void closing_on_a_failing_disk_settles_it_as_well(void **state)
{
    (void)state;
    begin();
    size_t first = scene->call_count;
    batch_hold();
    charges_ask(100);
    shim_order(&failing_syncs);
    batch_let_go();
    scene_close();
    states_are(first, 101, CALL_TAKEN_BACK);
    shim_order(&(struct shim_orders){0});
    shim_survive(SHIM_SYNCED, 0);
    assert_int_equal(scene_check(SCENE_EXACT), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_waits_behind_a_failed_commit_is_taken_back, end),
        cmocka_unit_test_teardown(slots_that_come_during_a_failing_commit_are_counted, end),
        cmocka_unit_test_teardown(what_a_turn_gathered_before_the_failure_is_taken_back, end),
        cmocka_unit_test_teardown(of_one_turn_only_the_old_epoch_is_taken_back, end),
        cmocka_unit_test_teardown(what_waits_is_written_though_no_turn_ends, end),
        cmocka_unit_test_teardown(what_a_turn_brings_rides_with_what_waits, end),
        cmocka_unit_test_teardown(a_turn_that_was_gathered_is_handed_over_whole, end),
        cmocka_unit_test_teardown(a_turn_without_charges_brings_none, end),
        cmocka_unit_test_teardown(slots_wait_for_a_commit_that_succeeds, end),
        cmocka_unit_test_teardown(closing_settles_all_that_waits, end),
        cmocka_unit_test_teardown(closing_on_a_failing_disk_settles_it_as_well, end),
    };
    return scene_main(tests, argc, argv);
}
