/* How much may wait for the committer, and that none of it waits for ever. The committer is held up
 * by the ledger's lock, as a slow disk or a long verb would. */
#include "ledger/embedded.h"
#include "support/unit.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define COST 8
#define BATCH_MAX 4096 /* that the committer may have taken before it was held up */
#define CHARGES_MAX (COMMITTER_WAITING_MAX + 2 * BATCH_MAX)
#define PATIENCE_MS 60000

static char folder[] = "/tmp/trendgate-committer-XXXXXX";
static char path[64];
static struct ledger *ledger;
static struct account account;
static struct api_key key;
static struct reason reason;

static struct charge *charges; /* CHARGES_MAX */
static atomic_size_t settled_well, settled_badly;

#define DONE(expression)                                                                       \
    do {                                                                                       \
        if ((expression) != STATUS_OK)                                                         \
            fail_msg("%s: %s", #expression, reason.sentence);                                  \
    } while (0)

static void ledger_begin(void)
{
    static const struct plans plans = {.plans = {{.name = "Endless",
                                                  .included_credits = INT64_C(1) << 40,
                                                  .rate_limit_per_minute = 1000000}},
                                       .plan_count = 1};
    DONE(ledger_open(text_of(path), time_source_system(), &ledger, &reason));
    DONE(ledger_terms_set(ledger, &plans, &reason));
}

static void files_remove(void)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[96];
        (void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        (void)unlink(name);
    }
}

static struct ledger *held; /* while the committer is held up, also when a test fails then */

static void committer_let_go(void)
{
    if (held)
        ledger_unlock(&held);
    held = NULL;
}

static int set_up(void **state)
{
    (void)state;
    struct api_key_text secret;
    charges = memory_take_zeroed(CHARGES_MAX, sizeof(charges[0]));
    atomic_store(&settled_well, 0);
    atomic_store(&settled_badly, 0);
    ledger_begin();
    DONE(ledger_account_create(ledger, TEXT("a@x"), TEXT(""), TEXT("Endless"), &account,
                               &reason));
    DONE(ledger_key_create(ledger, TEXT("a@x"), TEXT(""), &key, &secret, &reason));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    committer_let_go();
    ledger_close(ledger);
    ledger = NULL;
    free(charges);
    files_remove();
    return 0;
}

/* A charge is settled once: its callback is taken away with the first time. */
static void settle(struct charge *charge, enum status status)
{
    charge->settled = NULL;
    atomic_fetch_add(status == STATUS_OK ? &settled_well : &settled_badly, 1);
}

static enum status charge_ask(struct charge *charge)
{
    *charge = (struct charge){.account_id = account.id,
                              .key_id = key.id,
                              .cost = credits_of(COST),
                              .endpoint = 1,
                              .request_id = TEXT("r"),
                              .settled = settle};
    return ledger_charge(ledger, charge);
}

static enum status slot_ask(void)
{
    struct charge slot = {
        .account_id = account.id, .key_id = key.id, .endpoint = 1, .outcome = CALL_HEAD};
    return ledger_charge(ledger, &slot);
}

static void settled_await(size_t count)
{
    for (int ms = 0; atomic_load(&settled_well) + atomic_load(&settled_badly) < count; ms++) {
        assert_true(ms < PATIENCE_MS);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static struct charge_standing standing(void)
{
    struct charge look = {.account_id = account.id, .key_id = key.id};
    ledger_look(ledger, &look);
    return look.standing;
}

static void charges_past_the_bound_are_refused_until_there_is_room(void **state)
{
    (void)state;
    held = ledger_lock(ledger);
    size_t asked = 0;
    while (asked < CHARGES_MAX && charge_ask(&charges[asked]) == STATUS_BUSY)
        asked++;
    assert_in_range(asked, COMMITTER_WAITING_MAX, COMMITTER_WAITING_MAX + BATCH_MAX);
    assert_int_equal(slot_ask(), STATUS_UNAVAILABLE);
    assert_int_equal(standing().quota.used.count, (int64_t)asked * COST);
    assert_int_equal(standing().rate.taken, asked);
    committer_let_go();
    settled_await(asked);
    assert_int_equal(charge_ask(&charges[asked]), STATUS_BUSY);
    settled_await(asked + 1);
    assert_int_equal(settled_badly, 0);
    assert_int_equal(standing().quota.used.count, (int64_t)(asked + 1) * COST);
}

static bool slot_is_taken(void)
{
    enum status status = slot_ask();
    assert_true(status == STATUS_OK || status == STATUS_UNAVAILABLE);
    return status == STATUS_OK;
}

/* Nobody waits for them, so nothing but this bound ends their number. */
static void slots_past_the_bound_are_refused_until_there_is_room(void **state)
{
    (void)state;
    held = ledger_lock(ledger);
    size_t asked = 0;
    while (asked <= 2 * COMMITTER_SLOTS_MAX && slot_is_taken())
        asked++;
    /* With what the committer had taken when it was held up, be it all up to its wake-up. */
    assert_in_range(asked, COMMITTER_SLOTS_MAX, 2 * COMMITTER_SLOTS_MAX);
    assert_int_equal(charge_ask(&charges[0]), STATUS_UNAVAILABLE);
    committer_let_go();
    for (int ms = 0; !slot_is_taken(); ms++) {
        assert_true(ms < PATIENCE_MS);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(standing().rate.taken, asked + 1);
}

/* Many batches, of which the last is taken when the committer knows that it closes. */
static void closing_settles_all_that_was_handed_over(void **state)
{
    (void)state;
    enum { COUNT = 5 * BATCH_MAX + 1 };
    held = ledger_lock(ledger);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(charge_ask(&charges[i]), STATUS_BUSY);
    assert_int_equal(slot_ask(), STATUS_OK);
    committer_let_go();
    ledger_close(ledger);
    assert_int_equal(settled_well, COUNT);
    assert_int_equal(settled_badly, 0);
    ledger_begin();
    assert_int_equal(standing().quota.used.count, COUNT * COST);
    assert_int_equal(standing().rate.taken, COUNT + 1);
}

#define DRAWN_BYTES (CHARGE_ID_BYTES - 2)

static size_t id_number(const struct charge *charge)
{
    return (size_t)(charge->charge_id[DRAWN_BYTES] << 8 | charge->charge_id[DRAWN_BYTES + 1]);
}

static bool is_drawn_alike(const struct charge *a, const struct charge *b)
{
    return memcmp(a->charge_id, b->charge_id, DRAWN_BYTES) == 0;
}

/* A turn of more charges than two bytes number, one of two, and a charge out of any turn. */
static void each_charge_has_an_id_of_its_own(void **state)
{
    (void)state;
    enum { NUMBERS = UINT16_MAX + 1, LONG = NUMBERS + 2, ALL = LONG + 3 };
    ledger_turn_gather();
    for (size_t i = 0; i < LONG; i++)
        assert_int_equal(charge_ask(&charges[i]), STATUS_BUSY);
    ledger_turn_end(ledger);
    settled_await(LONG);
    ledger_turn_gather();
    assert_int_equal(charge_ask(&charges[LONG]), STATUS_BUSY);
    assert_int_equal(charge_ask(&charges[LONG + 1]), STATUS_BUSY);
    ledger_turn_end(ledger);
    assert_int_equal(charge_ask(&charges[LONG + 2]), STATUS_BUSY);
    settled_await(ALL);
    assert_int_equal(settled_badly, 0);
    static const size_t firsts[] = {0, NUMBERS, LONG, LONG + 2, ALL};
    for (size_t part = 0; part + 1 < LENGTH_OF(firsts); part++) {
        const struct charge *first = &charges[firsts[part]];
        assert_true(part == 0 || !is_drawn_alike(first, first - 1));
        for (size_t i = firsts[part]; i < firsts[part + 1]; i++) {
            assert_true(is_drawn_alike(first, &charges[i]));
            assert_int_equal(id_number(&charges[i]), i - firsts[part]);
        }
    }
}

/* A byte that is drawn is zero 64 times once in 2^512 tries. */
static void every_drawn_byte_is_random(void **state)
{
    (void)state;
    uint8_t id[CHARGE_ID_BYTES], seen[DRAWN_BYTES] = {0};
    for (int i = 0; i < 64; i++) {
        charge_id_make(&(struct charge_ids){0}, id);
        for (size_t k = 0; k < DRAWN_BYTES; k++)
            seen[k] |= id[k];
    }
    for (size_t k = 0; k < DRAWN_BYTES; k++)
        assert_int_not_equal(seen[k], 0);
}

/* What is counted, at each moment, is what has become durable. */
static void what_was_done_is_counted(void **state)
{
    (void)state;
    struct ledger_counts *counts = memory_take(sizeof(*counts));
    held = ledger_lock(ledger);
    size_t asked = 0;
    while (asked < CHARGES_MAX && charge_ask(&charges[asked]) == STATUS_BUSY)
        asked++;
    ledger_counts(ledger, counts);
    assert_false(counts->admits);
    assert_in_range(counts->charges_waiting, COMMITTER_WAITING_MAX, asked);
    assert_int_equal(counts->calls[1][CALL_CHARGED], 0);
    assert_int_equal(counts->credits[1], 0);
    committer_let_go();
    settled_await(asked);
    ledger_counts(ledger, counts);
    assert_int_equal(counts->calls[1][CALL_CHARGED], asked);
    assert_int_equal(counts->credits[1], asked * COST);
    assert_int_equal(counts->overage[1], 0);
    assert_in_range(counts->journal_rows, asked / BATCH_MAX, asked);
    assert_int_equal(counts->failed_commits, 0);
    assert_int_equal(counts->undone_charges, 0);
    assert_int_equal(counts->charges_waiting, 0);
    assert_true(counts->admits);
    assert_int_equal(slot_ask(), STATUS_OK);
    for (int ms = 0; counts->calls[1][CALL_HEAD] == 0 || counts->fold_lag.us > 0; ms++) {
        assert_true(ms < PATIENCE_MS);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        ledger_counts(ledger, counts);
    }
    assert_int_equal(counts->calls[1][CALL_HEAD], 1);
    assert_int_equal(counts->slots_waiting, 0);
    assert_true(counts->folds > 0);
    free(counts);
}

int main(void)
{
    secret_start();
    check(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof(path), "%s/x.db", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(charges_past_the_bound_are_refused_until_there_is_room,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(slots_past_the_bound_are_refused_until_there_is_room,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_charge_has_an_id_of_its_own, set_up, tear_down),
        cmocka_unit_test(every_drawn_byte_is_random),
        cmocka_unit_test_setup_teardown(what_was_done_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_settles_all_that_was_handed_over, set_up,
                                        tear_down),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    check(rmdir(folder) == 0);
    return failed;
}
