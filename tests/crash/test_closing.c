/* A process that dies at its n-th write while a billing period closes, after a grant and a refund:
 * what was told stays, and every statement comes out the same. */
#include "crash/deaths.h"
#include "crash/scene.h"
#include "ledger/billing.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define SAMPLE_STEP 11
#define GRANTED 500
#define OPERATIONS_MIN 60 /* below that the run is not what it is meant to be */

/* What was told before the death; shared with the child. */
static struct told {
    bool grant, refund, closing;
    int64_t statements, cents;
} * told;

static struct reason reason;

#define DONE(expression)                                                                       \
    do {                                                                                       \
        enum status status_ = (expression);                                                    \
        if (status_ != STATUS_OK)                                                              \
            (void)fprintf(stderr, "%s: %s\n", #expression, reason.sentence);                   \
        check(status_ == STATUS_OK);                                                           \
    } while (0)

static void tend(void)
{
    bool has_more = true;
    while (has_more)
        DONE(ledger_billing_tend(scene_ledger, 14, &has_more, &reason));
}

/* The first charge of that account. */
static void refund_first(enum scene_account account)
{
    struct adjustment_made made;
    char id[2 * CHARGE_ID_BYTES];
    size_t i = 0;
    while (scene->calls[i].account != account || scene->calls[i].state != CALL_SETTLED)
        i++;
    secret_hex(scene->calls[i].charge_id, CHARGE_ID_BYTES, id);
    DONE(ledger_account_refund(scene_ledger, text_of(scene_emails[account]),
                               (struct text){id, sizeof(id)}, TEXT("test"), &made, &reason));
}

static void play(void)
{
    struct adjustment_made made;
    scene_open();
    scene_round();
    scene_advance(2);
    scene_round();
    DONE(ledger_account_grant(scene_ledger, text_of(scene_emails[TINY]), GRANTED, TEXT("test"),
                              &made, &reason));
    told->grant = true;
    refund_first(ROOMY);
    told->refund = true;
    scene_round(); /* not folded when the period ends */
    scene_advance(29 * DAY_SECONDS);
    tend();
    told->statements = scene_stored("SELECT count(*) FROM billing_period");
    told->cents = scene_stored("SELECT coalesce(sum(total_cents * (account_id + 7)), 0)"
                               " FROM billing_period");
    told->closing = true;
    scene_round();
    scene_close();
    scene_open();
    scene_advance(31 * DAY_SECONDS);
    tend();
    scene_close();
}

/* All or nothing of it, and what was told. */
static void adjustments_stand(void)
{
    int64_t granted = scene_stored("SELECT coalesce(sum(credits), 0) FROM billed"
                                   " WHERE kind = 4");
    int64_t refunds = scene_stored("SELECT count(*) FROM refund");
    int64_t given = scene_stored("SELECT count(*) FROM billed WHERE kind IN (2, 3)");
    assert_true(granted == GRANTED || (granted == 0 && !told->grant));
    assert_true(refunds == 1 || (refunds == 0 && !told->refund));
    assert_int_equal(refunds, given);
}

static void statements_stand(void)
{
    if (!told->closing)
        return;
    assert_true(scene_stored("SELECT count(*) FROM billing_period") >= told->statements);
    assert_int_equal(scene_stored("SELECT coalesce(sum(total_cents * (account_id + 7)), 0)"
                                  " FROM billing_period WHERE period = 2026 * 12"),
                     told->cents);
}

static void all_clear(void)
{
    scene_clear();
    memset(told, 0, sizeof(*told));
}

static bool run_dies(void)
{
    return scene_dies(play);
}

static void run_check(bool died)
{
    (void)died;
    assert_int_equal(scene_check(SCENE_EXACT), 0);
    adjustments_stand();
    statements_stand();
    scene_open();
    scene_advance(62 * DAY_SECONDS);
    tend();
    scene_close();
    statements_stand();
    assert_int_equal(scene_stored("SELECT count(*) FROM closing WHERE account_id IS NOT NULL"),
                     0);
    assert_true(scene_stored("SELECT count(*) FROM billing_period") > 0);
    assert_int_equal(scene_check(SCENE_EXACT), 0); /* and the audit agrees */
}

static void every_death_is_survived(enum shim_survivors survivors)
{
    const struct deaths deaths = {all_clear, run_dies, run_check, SAMPLE_STEP, OPERATIONS_MIN};
    deaths_are_survived(&deaths, survivors);
}

static void a_kill_while_a_period_closes_changes_no_statement(void **state)
{
    (void)state;
    every_death_is_survived(SHIM_ALL);
}

static void a_power_failure_while_a_period_closes_changes_no_statement(void **state)
{
    (void)state;
    every_death_is_survived(SHIM_TORN);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(a_kill_while_a_period_closes_changes_no_statement),
        SCENE_TEST(a_power_failure_while_a_period_closes_changes_no_statement),
    };
    told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(told != MAP_FAILED);
    return scene_main(tests, argc, argv);
}
