/* A disk that fails and comes back: a batch that is not durable is taken back whole, nothing is
 * admitted until a commit has synced again, and no restart is needed. */
#include "crash/scene.h"
#include "ledger/counts.h"
#include "support/unit.h"

#include <sqlite3.h>
#include <unistd.h>

static void charge_when_admitted(enum scene_account account)
{
    scene_charge_when_admitted(account);
    scene_await();
}

static bool is_refused_after_three_faults(void)
{
    assert_int_equal(scene_charge(ROOMY), STATUS_UNAVAILABLE);
    assert_int_equal(scene_slot(ROOMY, CALL_HEAD), STATUS_UNAVAILABLE);
    scene->call_count--; /* as if it had not been asked */
    return shim_faults() >= 3;
}

/* What the ledger says of itself to who watches it. */
struct watched {
    int64_t heads, rate_limited, failed_commits, undone;
    bool admits;
};

static struct watched watch(void)
{
    struct ledger_counts *counts = memory_take(sizeof(*counts));
    ledger_counts(scene_ledger, counts);
    struct watched watched = {.failed_commits = counts->failed_commits,
                              .undone = counts->undone_charges,
                              .admits = counts->admits};
    for (size_t i = 0; i < ENDPOINT_NUMBERS; i++) {
        watched.heads += counts->calls[i][CALL_HEAD];
        watched.rate_limited += counts->calls[i][CALL_OUTCOMES];
    }
    free(counts);
    return watched;
}

static void begin(bool folds_next)
{
    shim_order(&(struct shim_orders){0});
    scene_clear();
    scene_open();
    scene_round();
    if (folds_next)
        scene_advance(1);
    else
        scene_round(); /* this one may have folded, so the next does not */
}

static enum call_state last_call(void)
{
    return scene->calls[scene->call_count - 1].state;
}

static void nothing_was_taken(const struct charge_standing *before)
{
    struct charge_standing after = scene_standing(ROOMY);
    assert_int_equal(after.quota.used.count, before->quota.used.count);
    assert_int_equal(after.quota.overage_used.count, before->quota.overage_used.count);
    assert_int_equal(after.quota.daily_used.count, before->quota.daily_used.count);
}

/* A fault that stays: refused while it lasts, also after the ledger's own attempts; then the
 * disk is well, and the same ledger goes on. False: countdown is past the batch's last operation. */
static bool lasting_fault(const struct shim_orders *orders, bool folds_next)
{
    begin(folds_next);
    struct charge_standing before = scene_standing(ROOMY);
    shim_order(orders);
    assert_int_equal(scene_charge(ROOMY), STATUS_BUSY);
    scene_await();
    if (last_call() == CALL_SETTLED) { /* the fault may have met a checkpoint, which waits */
        shim_order(&(struct shim_orders){0});
        scene_close();
        assert_int_equal(scene_check(SCENE_EXACT), 0);
        return false;
    }
    assert_int_equal(last_call(), CALL_TAKEN_BACK);
    nothing_was_taken(&before);
    assert_int_equal(scene_charge(ROOMY), STATUS_UNAVAILABLE);
    scene_until(is_refused_after_three_faults); /* two of them its own attempts */
    nothing_was_taken(&before);
    assert_int_equal(ledger_health(scene_ledger, NULL), STATUS_UNAVAILABLE);
    shim_order(&(struct shim_orders){0});
    charge_when_admitted(ROOMY);
    assert_int_equal(last_call(), CALL_SETTLED);
    assert_int_equal(ledger_health(scene_ledger, NULL), STATUS_OK);
    scene_close();
    assert_int_equal(scene_check(SCENE_EXACT), 0);
    return true;
}

static void a_full_disk_refuses_until_there_is_room(void **state)
{
    (void)state;
    struct shim_orders orders = {.fails = SHIM_WRITE, .fault_code = SQLITE_FULL, .repeat = -1};
    while (lasting_fault(&orders, true))
        orders.countdown++;
    assert_true(orders.countdown > 3);
}

static void a_failing_sync_refuses_until_one_succeeds(void **state)
{
    (void)state;
    struct shim_orders orders = {
        .fails = SHIM_SYNC, .fault_code = SQLITE_IOERR_FSYNC, .repeat = -1};
    assert_true(lasting_fault(&orders, true));
    assert_true(lasting_fault(&orders, false));
}

/* Calls without a charge, some of them rate-limited, and a charge that makes them be written now:
 * the disk fails meanwhile, for that batch and for the ledger's own attempts. */
static void slots_of_a_failed_batch_are_counted_after_it(void **state)
{
    (void)state;
    begin(false);
    struct watched before = watch();
    int64_t rate_limited = 0;
    for (int i = 0; i < 5; i++)
        assert_int_equal(scene_slot(ROOMY, CALL_HEAD), STATUS_OK);
    while (rate_limited < 3)
        rate_limited += scene_slot(CAPPED, CALL_UNCHANGED) == STATUS_EXHAUSTED;
    shim_order(&(struct shim_orders){
        .fails = SHIM_SYNC, .fault_code = SQLITE_IOERR_FSYNC, .repeat = -1});
    assert_int_equal(scene_charge(ROOMY), STATUS_BUSY);
    scene_await();
    assert_int_equal(last_call(), CALL_TAKEN_BACK);
    scene_until(is_refused_after_three_faults);
    struct watched failing = watch();
    assert_true(failing.failed_commits >= before.failed_commits + 2); /* the third may go on */
    assert_int_equal(failing.undone, before.undone + 1);
    assert_false(failing.admits);
    shim_order(&(struct shim_orders){0});
    charge_when_admitted(ROOMY);
    struct watched after = watch();
    assert_int_equal(after.heads, before.heads + 5);
    assert_int_equal(after.rate_limited, before.rate_limited + rate_limited);
    assert_int_equal(after.undone, failing.undone);
    assert_true(after.admits);
    scene_close();
    assert_int_equal(scene_stored("SELECT sum(head) FROM usage_hour"), 5);
    assert_int_equal(scene_stored("SELECT sum(rate_limited) FROM usage_hour"), rate_limited);
    assert_int_equal(scene_check(SCENE_EXACT), 0);
}

static void an_account_made_on_a_full_disk_is_refused(void **state)
{
    (void)state;
    begin(true);
    struct api_key key;
    struct api_key_text secret;
    struct reason reason = {0};
    shim_order(
        &(struct shim_orders){.fails = SHIM_WRITE, .fault_code = SQLITE_FULL, .repeat = -1});
    assert_int_equal(ledger_key_create(scene_ledger, TEXT("roomy@example.com"), TEXT("new"),
                                       &key, &secret, &reason),
                     STATUS_IO);
    assert_non_null(strstr(reason.sentence, "is full: make room"));
    shim_order(&(struct shim_orders){0});
    charge_when_admitted(ROOMY);
    assert_int_equal(ledger_key_create(scene_ledger, TEXT("roomy@example.com"), TEXT("new"),
                                       &key, &secret, &reason),
                     STATUS_OK);
    scene_close();
    assert_int_equal(scene_check(SCENE_EXACT), 0);
}

/* ---- A fault that passes, at every operation of some seconds of calls ---- */

static void rounds_play(void)
{
    for (int second = 0; second < 5; second++) {
        charge_when_admitted(TINY);
        charge_when_admitted(ROOMY);
        charge_when_admitted(CAPPED);
        scene_advance(1);
    }
}

static void passing_faults(enum shim_kind kind, int code)
{
    int64_t countdown = 0;
    int64_t faults = 1;
    for (; faults > 0; countdown++) {
        begin(true);
        shim_order(&(struct shim_orders){
            .fails = kind, .fault_code = code, .countdown = countdown, .repeat = 1});
        rounds_play();
        faults = shim_faults();
        shim_order(&(struct shim_orders){0});
        scene_close();
        assert_int_equal(scene_check(SCENE_EXACT), 0);
    }
    assert_true(countdown > 5);
}

static void any_write_may_fail_once(void **state)
{
    (void)state;
    passing_faults(SHIM_WRITE, SQLITE_IOERR_WRITE);
}

static void any_sync_may_fail_once(void **state)
{
    (void)state;
    passing_faults(SHIM_SYNC, SQLITE_IOERR_FSYNC);
}

/* ---- The other ending: it dies before a commit has overwritten the failed one ---- */

static void die_after_a_failed_sync(void)
{
    scene_open();
    scene_round();
    shim_order(&(struct shim_orders){
        .fails = SHIM_SYNC, .fault_code = SQLITE_IOERR_FSYNC, .repeat = -1});
    check(scene_charge(ROOMY) == STATUS_BUSY);
    scene_await();
    check(last_call() == CALL_TAKEN_BACK);
    _exit(SHIM_DEATH);
}

static void a_batch_of_unknown_outcome_returns_once_at_most(void **state)
{
    (void)state;
    for (enum shim_survivors survivors = SHIM_ALL; survivors <= SHIM_TORN; survivors++) {
        scene_clear();
        shim_order(&(struct shim_orders){0});
        assert_true(scene_dies(die_after_a_failed_sync));
        shim_survive(survivors, 5);
        assert_int_equal(scene_check(survivors == SHIM_SYNCED ? SCENE_EXACT : SCENE_MAY_RETURN),
                         0);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(a_full_disk_refuses_until_there_is_room),
        SCENE_TEST(a_failing_sync_refuses_until_one_succeeds),
        SCENE_TEST(slots_of_a_failed_batch_are_counted_after_it),
        SCENE_TEST(an_account_made_on_a_full_disk_is_refused),
        SCENE_TEST(any_write_may_fail_once),
        SCENE_TEST(any_sync_may_fail_once),
        SCENE_TEST(a_batch_of_unknown_outcome_returns_once_at_most),
    };
    return scene_main(tests, argc, argv);
}
