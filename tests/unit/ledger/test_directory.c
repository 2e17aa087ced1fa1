#include "ledger/directory.h"
#include "support/unit.h"

#include <pthread.h>
#include <stdatomic.h>

#define KEYS 20000
#define READERS 3

static struct digest digest_of(int64_t number)
{
    return secret_digest((struct text){(const char *)&number, sizeof(number)});
}

static void add(struct directory *directory, int64_t number)
{
    struct digest digest = digest_of(number);
    directory_add(directory, &digest,
                  &(struct directory_entry){.key_id = number, .account_id = number / 2});
}

static void all_that_was_added_is_found(void **state)
{
    (void)state;
    struct directory *directory = directory_open();
    struct directory_entry entry;
    struct digest digest = digest_of(1);
    assert_false(directory_find(directory, &digest, &entry));
    for (int64_t i = 0; i < KEYS; i++)
        add(directory, i);
    for (int64_t i = 0; i < KEYS; i++) {
        digest = digest_of(i);
        assert_true(directory_find(directory, &digest, &entry));
        assert_int_equal(entry.key_id, i);
        assert_int_equal(entry.account_id, i / 2);
        assert_false(entry.is_revoked);
        assert_int_equal(entry.refusal, ACCOUNT_ADMITTED);
    }
    for (int64_t i = KEYS; i < 2 * KEYS; i++) {
        digest = digest_of(i);
        assert_false(directory_find(directory, &digest, &entry));
    }
    directory_close(directory);
}

static void digests_that_differ_in_one_bit_are_told_apart(void **state)
{
    (void)state;
    struct directory *directory = directory_open();
    struct digest digest = digest_of(7);
    for (unsigned bit = 0; bit < 256; bit++) {
        struct digest changed = digest;
        changed.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        directory_add(directory, &changed, &(struct directory_entry){.key_id = bit});
    }
    struct directory_entry entry;
    assert_false(directory_find(directory, &digest, &entry));
    for (unsigned bit = 0; bit < 256; bit++) {
        struct digest changed = digest;
        changed.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_true(directory_find(directory, &changed, &entry));
        assert_int_equal(entry.key_id, bit);
    }
    directory_close(directory);
}

static void marks_are_kept_apart(void **state)
{
    (void)state;
    struct directory *directory = directory_open();
    struct digest digest = digest_of(1), other = digest_of(2);
    add(directory, 1);
    directory_add(directory, &other,
                  &(struct directory_entry){.key_id = 2, .stops_at = {5}, .is_revoked = true});
    struct directory_entry entry;
    directory_revoke(directory, &digest);
    static const enum account_refusal refusals[] = {ACCOUNT_SUSPENDED, ACCOUNT_UNPAID,
                                                    ACCOUNT_SUSPENDED, ACCOUNT_ADMITTED};
    for (size_t i = 0; i < LENGTH_OF(refusals); i++) {
        directory_refuse(directory, &digest, refusals[i]);
        assert_true(directory_find(directory, &digest, &entry));
        assert_true(entry.is_revoked);
        assert_int_equal(entry.refusal, refusals[i]);
    }
    assert_true(directory_find(directory, &other, &entry));
    assert_true(entry.is_revoked && entry.refusal == ACCOUNT_ADMITTED &&
                entry.stops_at.us == 5);
    directory_close(directory);
}

static void a_key_takes_at_most_ninety_bytes(void **state)
{
    (void)state;
    struct directory *directory = directory_open();
    size_t empty = directory_bytes(directory);
    const int64_t count = 200000;
    for (int64_t i = 0; i < count; i++)
        add(directory, i);
    size_t used = directory_bytes(directory) - empty;
    assert_true(used <= 90 * (size_t)count);
    assert_true(used >= 56 * (size_t)count);
    directory_close(directory);
}

/* Readers look for keys below `added` and must find each; none below `revoked` may be live. */
struct race {
    struct directory *directory;
    atomic_llong added;
    atomic_llong revoked;
    atomic_bool done;
    atomic_llong faults;
};

static void *look_up(void *owner)
{
    struct race *race = owner;
    int64_t at = 0;
    while (!atomic_load(&race->done)) {
        int64_t revoked = atomic_load(&race->revoked);
        int64_t added = atomic_load(&race->added);
        if (added == 0)
            continue;
        at = (at * 7919 + 1) % added;
        struct digest digest = digest_of(at);
        struct directory_entry entry;
        if (!directory_find(race->directory, &digest, &entry) || entry.key_id != at ||
            (at < revoked && !entry.is_revoked))
            atomic_fetch_add(&race->faults, 1);
    }
    return NULL;
}

static void look_ups_run_beside_changes(void **state)
{
    (void)state;
    struct race race = {.directory = directory_open()};
    pthread_t readers[READERS];
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, look_up, &race), 0);
    for (int64_t i = 0; i < KEYS; i++) {
        add(race.directory, i);
        atomic_store(&race.added, i + 1);
        if (i % 2 == 0)
            continue;
        struct digest digest = digest_of(i / 2);
        directory_revoke(race.directory, &digest);
        atomic_store(&race.revoked, i / 2 + 1);
    }
    atomic_store(&race.done, true);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    assert_int_equal(atomic_load(&race.faults), 0);
    directory_close(race.directory);
}

int main(void)
{
    secret_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_was_added_is_found),
        cmocka_unit_test(digests_that_differ_in_one_bit_are_told_apart),
        cmocka_unit_test(marks_are_kept_apart),
        cmocka_unit_test(a_key_takes_at_most_ninety_bytes),
        cmocka_unit_test(look_ups_run_beside_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
