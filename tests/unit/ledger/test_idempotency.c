/* First, replay, conflict, wait: with time moved by hand, and with threads. */
#include "ledger/idempotency.h"
#include "support/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define LIFE IDEMPOTENCY_LIFE_US

static struct idempotency *table;
static int woken;

static void wake(struct idempotent_call *call)
{
    (void)call;
    woken++;
}

static struct idempotent_call call_of(int64_t account_id, const char *key, uint64_t arguments)
{
    return (struct idempotent_call){.account_id = account_id,
                                    .key = text_of(key),
                                    .endpoint = 1,
                                    .arguments_hash = arguments,
                                    .wake = wake};
}

static enum idempotency_verdict enter(struct idempotent_call *call, int64_t now_us)
{
    return idempotency_enter(table, call, (duration){now_us});
}

/* The first call with a key, charged at that time. */
static void remember(int64_t account_id, const char *key, uint64_t arguments, int64_t now_us)
{
    struct idempotent_call call = call_of(account_id, key, arguments);
    assert_int_equal(enter(&call, now_us), IDEMPOTENCY_FIRST);
    call.snapshot_id = 40 + (int64_t)arguments;
    memset(call.charge_id, (int)arguments, CHARGE_ID_BYTES);
    idempotency_leave(table, &call, true, (duration){now_us});
}

static enum idempotency_verdict asked(int64_t account_id, const char *key, uint64_t arguments,
                                      int64_t now_us)
{
    struct idempotent_call call = call_of(account_id, key, arguments);
    enum idempotency_verdict verdict = enter(&call, now_us);
    if (verdict == IDEMPOTENCY_FIRST)
        idempotency_leave(table, &call, false, (duration){now_us});
    return verdict;
}

static int set_up(void **state)
{
    (void)state;
    table = idempotency_open();
    woken = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    idempotency_close(table);
    return 0;
}

static void a_charged_call_is_replayed(void **state)
{
    (void)state;
    remember(1, "k", 5, 100);
    struct idempotent_call again = call_of(1, "k", 5);
    assert_int_equal(enter(&again, 200), IDEMPOTENCY_REPLAY);
    assert_int_equal(again.snapshot_id, 45);
    for (size_t i = 0; i < CHARGE_ID_BYTES; i++)
        assert_int_equal(again.charge_id[i], 5);
    assert_int_equal(asked(1, "k", 5, 300), IDEMPOTENCY_REPLAY);
}

static void other_arguments_or_endpoints_conflict(void **state)
{
    (void)state;
    remember(1, "k", 5, 100);
    assert_int_equal(asked(1, "k", 6, 200), IDEMPOTENCY_CONFLICT);
    struct idempotent_call elsewhere = call_of(1, "k", 5);
    elsewhere.endpoint = 2;
    assert_int_equal(enter(&elsewhere, 200), IDEMPOTENCY_CONFLICT);
    struct idempotent_call undecided = call_of(1, "young", 1);
    assert_int_equal(enter(&undecided, 200), IDEMPOTENCY_FIRST);
    assert_int_equal(asked(1, "young", 2, 200), IDEMPOTENCY_CONFLICT);
    idempotency_leave(table, &undecided, false, (duration){300});
    assert_int_equal(woken, 0);
}

static void keys_are_each_accounts_own(void **state)
{
    (void)state;
    remember(1, "k", 5, 100);
    assert_int_equal(asked(2, "k", 6, 200), IDEMPOTENCY_FIRST);
    assert_int_equal(asked(1, "K", 6, 200), IDEMPOTENCY_FIRST);
    assert_int_equal(asked(1, "kk", 6, 200), IDEMPOTENCY_FIRST);
}

static void a_call_that_was_not_charged_is_forgotten(void **state)
{
    (void)state;
    assert_int_equal(asked(1, "k", 5, 100), IDEMPOTENCY_FIRST);
    assert_int_equal(asked(1, "k", 6, 100), IDEMPOTENCY_FIRST);
    remember(1, "k", 7, 100);
    assert_int_equal(asked(1, "k", 7, 100), IDEMPOTENCY_REPLAY);
}

static void who_waits_is_woken_once_and_asks_again(void **state)
{
    (void)state;
    for (int charged = 0; charged < 2; charged++) {
        woken = 0;
        struct idempotent_call first = call_of(1, "k", 5), second = call_of(1, "k", 5),
                               third = call_of(1, "k", 5);
        assert_int_equal(enter(&first, 100), IDEMPOTENCY_FIRST);
        assert_int_equal(enter(&second, 110), IDEMPOTENCY_WAITS);
        assert_int_equal(enter(&third, 120), IDEMPOTENCY_WAITS);
        assert_int_equal(woken, 0);
        idempotency_leave(table, &first, charged, (duration){130});
        assert_int_equal(woken, 2);
        assert_int_equal(enter(&second, 140), charged ? IDEMPOTENCY_REPLAY : IDEMPOTENCY_FIRST);
        assert_int_equal(enter(&third, 150), charged ? IDEMPOTENCY_REPLAY : IDEMPOTENCY_WAITS);
        if (charged)
            continue;
        idempotency_leave(table, &second, false, (duration){160});
        assert_int_equal(woken, 3);
    }
}

static void it_lasts_ten_minutes_from_the_charge(void **state)
{
    (void)state;
    remember(1, "k", 5, 100);
    assert_int_equal(asked(1, "k", 5, 100 + LIFE - 1), IDEMPOTENCY_REPLAY);
    assert_int_equal(asked(1, "k", 6, 100 + LIFE), IDEMPOTENCY_FIRST);
    remember(1, "k", 7, 100 + LIFE);
    assert_int_equal(asked(1, "k", 7, 99 + 2 * LIFE), IDEMPOTENCY_REPLAY);
}

static void many_keys_are_told_apart_and_end_in_order(void **state)
{
    (void)state;
    enum { KEYS = 5000 };
    char key[16];
    for (int i = 0; i < KEYS; i++) {
        (void)snprintf(key, sizeof(key), "key-%d", i / 3);
        remember(1 + i % 3, key, (uint64_t)i, i);
    }
    for (int64_t now = KEYS; now <= LIFE + KEYS; now += now < LIFE ? LIFE - KEYS : KEYS / 10)
        for (int i = 0; i < KEYS; i += 7) {
            (void)snprintf(key, sizeof(key), "key-%d", i / 3);
            assert_int_equal(asked(1 + i % 3, key, (uint64_t)i, now),
                             now < i + LIFE ? IDEMPOTENCY_REPLAY : IDEMPOTENCY_FIRST);
        }
}

static struct journal_entry entry_of(const char *key, uint64_t arguments)
{
    struct journal_entry entry = {.account_id = 1,
                                  .endpoint = 1,
                                  .outcome = CALL_CHARGED,
                                  .idempotency_key = text_of(key),
                                  .arguments_hash = arguments,
                                  .snapshot_id = 77};
    memset(entry.charge_id, 9, CHARGE_ID_BYTES);
    return entry;
}

static void what_the_journal_remembers_is_replayed(void **state)
{
    (void)state;
    int64_t now = 1000;
    struct journal_entry old = entry_of("old", 1), young = entry_of("young", 2),
                         plain = entry_of("", 0);
    idempotency_restore(table, &plain, (duration){0}, (duration){now});
    idempotency_restore(table, &old, (duration){LIFE}, (duration){now});
    idempotency_restore(table, &young, (duration){LIFE - 10}, (duration){now});
    assert_int_equal(asked(1, "old", 3, now), IDEMPOTENCY_FIRST);
    struct idempotent_call again = call_of(1, "young", 2);
    assert_int_equal(enter(&again, now + 9), IDEMPOTENCY_REPLAY);
    assert_int_equal(again.snapshot_id, 77);
    assert_int_equal(again.charge_id[15], 9);
    assert_int_equal(asked(1, "young", 3, now + 9), IDEMPOTENCY_CONFLICT);
    assert_int_equal(asked(1, "young", 3, now + 10), IDEMPOTENCY_FIRST);
}

static void a_key_that_was_used_again_after_its_life_is_replayed(void **state)
{
    (void)state;
    struct journal_entry first = entry_of("k", 1), again = entry_of("k", 2);
    again.snapshot_id = 78;
    idempotency_restore(table, &first, (duration){LIFE + 1}, (duration){1000});
    idempotency_restore(table, &again, (duration){5}, (duration){1000});
    struct idempotent_call call = call_of(1, "k", 2);
    assert_int_equal(enter(&call, 1000 + LIFE - 6), IDEMPOTENCY_REPLAY);
    assert_int_equal(call.snapshot_id, 78);
    assert_int_equal(asked(1, "k", 2, 1000 + LIFE - 5), IDEMPOTENCY_FIRST);
}

/* As when the wall clock alone tells ages and was stepped back in between. */
static void of_two_charges_with_one_key_the_newer_counts(void **state)
{
    (void)state;
    struct journal_entry first = entry_of("k", 1), second = entry_of("k", 2);
    second.snapshot_id = 78;
    idempotency_restore(table, &first, (duration){5}, (duration){1000});
    idempotency_restore(table, &second, (duration){5}, (duration){1000});
    struct idempotent_call again = call_of(1, "k", 2);
    assert_int_equal(enter(&again, 1000), IDEMPOTENCY_REPLAY);
    assert_int_equal(again.snapshot_id, 78);
    assert_int_equal(asked(1, "k", 1, 1000), IDEMPOTENCY_CONFLICT);
    assert_int_equal(asked(1, "k", 1, 1000 + LIFE), IDEMPOTENCY_FIRST);
}

/* ---- Threads ---- */

#define THREADS 8
#define ROUNDS 3000
#define SHARED_KEYS 16

struct waiting {
    struct idempotent_call call;
    atomic_bool is_woken;
};

static atomic_int charges[SHARED_KEYS], replays;

static void wake_waiting(struct idempotent_call *call)
{
    atomic_store(&CONTAINER_OF(call, struct waiting, call)->is_woken, true);
}

static void one_call(int key, bool charged)
{
    char name[8];
    (void)snprintf(name, sizeof(name), "k%d", key);
    struct waiting waiting = {.call = call_of(3, name, 5)};
    waiting.call.wake = wake_waiting;
    for (;;) {
        atomic_store(&waiting.is_woken, false);
        switch (idempotency_enter(table, &waiting.call, (duration){0})) {
        case IDEMPOTENCY_FIRST:
            if (charged)
                atomic_fetch_add(&charges[key], 1);
            idempotency_leave(table, &waiting.call, charged, (duration){0});
            return;
        case IDEMPOTENCY_REPLAY: atomic_fetch_add(&replays, 1); return;
        case IDEMPOTENCY_CONFLICT: check_failed(__FILE__, __LINE__, "no conflict"); return;
        case IDEMPOTENCY_WAITS:
            while (!atomic_load(&waiting.is_woken))
                (void)sched_yield();
        }
    }
}

static void *calls_make(void *owner)
{
    int seed = *(int *)owner;
    for (int i = 0; i < ROUNDS; i++)
        one_call((i * 7 + seed) % SHARED_KEYS, i % 3 == seed % 3);
    return NULL;
}

static void threads_charge_each_key_once(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    int seeds[THREADS];
    for (int i = 0; i < THREADS; i++) {
        seeds[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, calls_make, &seeds[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < SHARED_KEYS; i++)
        assert_int_equal(atomic_load(&charges[i]), 1);
    assert_true(atomic_load(&replays) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_charged_call_is_replayed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_arguments_or_endpoints_conflict, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(keys_are_each_accounts_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_call_that_was_not_charged_is_forgotten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_waits_is_woken_once_and_asks_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(it_lasts_ten_minutes_from_the_charge, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_keys_are_told_apart_and_end_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_the_journal_remembers_is_replayed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_key_that_was_used_again_after_its_life_is_replayed,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_two_charges_with_one_key_the_newer_counts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(threads_charge_each_key_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
