/* changes.h, keys: rotation with and without grace, and a key's own daily cap, which counts to the
 * last call whenever it is set. */
#include "changes_harness.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

static bool is_live(const struct api_key_text *secret, instant *stops_at)
{
    struct digest digest = secret_digest(text_of(secret->characters));
    struct key_standing standing;
    DONE(ledger_find_key(ledger, &digest, &standing));
    if (stops_at)
        *stops_at = standing.stops_at;
    return standing.is_live;
}

static enum api_key_status status_of(const struct caller *caller, const char *id)
{
    struct api_key keys[64];
    size_t listed = 0;
    DONE(ledger_key_list(ledger, text_of(caller->email), keys, LENGTH_OF(keys), &listed,
                         &reason));
    for (size_t i = 0; i < listed; i++)
        if (strcmp(keys[i].outward_id, id) == 0)
            return keys[i].status;
    fail_msg("no key %s", id);
    return API_KEY_REVOKED;
}

static enum status rotate(const char *id, int64_t grace_s, struct key_rotation *rotation)
{
    return ledger_key_rotate(ledger, text_of(id), (duration){grace_s * SECOND_US}, rotation,
                             &reason);
}

static void both_keys_work_until_the_grace_is_over(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct key_rotation rotation;
    clock_to("2024-02-01T10:00:00.25Z");
    DONE(rotate(ann.key_id_outward, 3600, &rotation));
    assert_string_equal(rotation.previous_id, ann.key_id_outward);
    assert_int_equal(rotation.stops_at.us, at("2024-02-01T11:00:01Z").us);
    instant stops_at;
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        clock_to("2024-02-01T11:00:00.999Z");
        assert_true(is_live(&ann.secret, &stops_at));
        assert_int_equal(stops_at.us, rotation.stops_at.us);
        assert_true(is_live(&rotation.secret, &stops_at));
        assert_int_equal(stops_at.us, 0);
        assert_int_equal(status_of(&ann, ann.key_id_outward), API_KEY_GRACE);
        assert_int_equal(status_of(&ann, rotation.key.outward_id), API_KEY_ACTIVE);
        clock_to("2024-02-01T11:00:01Z");
        assert_false(is_live(&ann.secret, NULL));
        assert_true(is_live(&rotation.secret, NULL));
        assert_int_equal(status_of(&ann, ann.key_id_outward), API_KEY_EXPIRED);
    }
}

/* Also for a clock that steps back afterwards. */
static void a_rotation_without_grace_ends_the_old_key(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct key_rotation rotation;
    clock_to("2024-02-01T10:00:00Z");
    DONE(rotate(ann.key_id_outward, 0, &rotation));
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_false(is_live(&ann.secret, NULL));
        assert_true(is_live(&rotation.secret, NULL));
        clock_to("2024-02-01T09:00:00Z");
        assert_false(is_live(&ann.secret, NULL));
        assert_int_equal(status_of(&ann, ann.key_id_outward), API_KEY_EXPIRED);
        clock_to("2024-02-01T10:00:00Z");
    }
}

static void a_grace_can_be_ended_by_revoking(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct key_rotation rotation;
    DONE(rotate(ann.key_id_outward, 7 * 86400, &rotation));
    DONE(ledger_key_revoke(ledger, text_of(ann.key_id_outward), &reason));
    assert_false(is_live(&ann.secret, NULL));
    assert_int_equal(status_of(&ann, ann.key_id_outward), API_KEY_REVOKED);
    assert_true(is_live(&rotation.secret, NULL));
}

static void only_active_keys_are_rotated(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct key_rotation first, second;
    DONE(rotate(ann.key_id_outward, 60, &first));
    assert_int_equal(rotate(ann.key_id_outward, 60, &second), STATUS_CONFLICT);
    assert_non_null(strstr(reason.sentence, "rotate the one that took its place"));
    clock_to("2024-02-02T00:00:00Z");
    assert_int_equal(rotate(ann.key_id_outward, 60, &second), STATUS_CONFLICT);
    DONE(rotate(first.key.outward_id, 0, &second));
    DONE(ledger_key_revoke(ledger, text_of(second.key.outward_id), &reason));
    assert_int_equal(rotate(second.key.outward_id, 60, &first), STATUS_CONFLICT);
    assert_int_equal(rotate("no such id", 60, &first), STATUS_MISSING);
}

static void a_rotated_key_hands_on_its_name_and_its_cap(void **state)
{
    (void)state;
    (void)caller_make("ann@b", "Free");
    struct api_key key;
    struct api_key_text secret;
    struct key_rotation rotation;
    const struct key_request request = {.name = TEXT_INITIAL("laptop"), .daily_credit_cap = 16};
    DONE(ledger_key_make(ledger, TEXT("ann@b"), &request, &key, &secret, &reason));
    DONE(rotate(key.outward_id, 3600, &rotation));
    assert_string_equal(rotation.key.name, "laptop");
    assert_int_equal(rotation.key.daily_credit_cap, 16);
    assert_int_equal(ledger_key_make(ledger, TEXT("ann@b"), &request, &key, &secret, &reason),
                     STATUS_EXISTS);
    DONE(ledger_account_suspend(ledger, TEXT("ann@b"), true, &reason));
    DONE(rotate(rotation.key.outward_id, 0, &rotation));
    struct digest digest = secret_digest(text_of(rotation.secret.characters));
    struct key_standing standing;
    DONE(ledger_find_key(ledger, &digest, &standing));
    assert_true(standing.is_live && standing.refusal == ACCOUNT_SUSPENDED);
}

/* Both keys of a rotation are live: at the bound the old one has to end at once. */
static void a_rotation_keeps_the_bound_on_live_keys(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct api_key key;
    struct api_key_text secret;
    struct key_rotation rotation;
    for (int i = 1; i < API_KEY_LIVE_MAX; i++)
        DONE(ledger_key_create(ledger, TEXT("ann@b"), TEXT(""), &key, &secret, &reason));
    assert_int_equal(rotate(ann.key_id_outward, 60, &rotation), STATUS_EXHAUSTED);
    assert_non_null(strstr(reason.sentence, "--grace now"));
    assert_int_equal(status_of(&ann, ann.key_id_outward), API_KEY_ACTIVE);
    DONE(rotate(ann.key_id_outward, 0, &rotation));
    DONE(ledger_key_revoke(ledger, text_of(key.outward_id), &reason));
    DONE(rotate(rotation.key.outward_id, 60, &rotation));
    assert_int_equal(ledger_key_create(ledger, TEXT("ann@b"), TEXT(""), &key, &secret, &reason),
                     STATUS_EXHAUSTED);
    clock_to("2024-02-01T00:02:00Z"); /* the grace is over */
    DONE(ledger_key_create(ledger, TEXT("ann@b"), TEXT(""), &key, &secret, &reason));
}

/* ---- Caps ---- */

static void cap(const struct caller *caller, int64_t most)
{
    struct api_key key;
    DONE(ledger_key_cap(ledger, text_of(caller->key_id_outward), most, &key, &reason));
    assert_int_equal(key.daily_credit_cap, most);
}

static void assert_key_stands(const struct caller *caller, int64_t cap_wanted, int64_t used)
{
    struct charge_standing standing = standing_of(caller);
    assert_int_equal(standing.quota.key_cap.count, cap_wanted);
    assert_int_equal(standing.quota.key_used.count, used);
}

/* One call is folded, one in the journal alone, one of yesterday. */
static void a_cap_counts_what_the_key_took_today(void **state)
{
    (void)state;
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        char email[32];
        (void)snprintf(email, sizeof(email), "c%zu@b", way);
        clock_to("2024-02-01T23:59:59Z");
        struct caller caller = caller_make(email, "Starter");
        assert_true(charged(&caller, 80, NULL));
        clock_to("2024-02-02T00:00:00Z");
        assert_true(charged(&caller, 40, NULL));
        clock_to("2024-02-02T01:00:00Z");
        assert_true(charged(&caller, 20, NULL));
        cap(&caller, 100);
        assert_key_stands(&caller, 100, 60);
        between[way]();
        assert_key_stands(&caller, 100, 60);
        struct charge_standing standing;
        assert_false(charged(&caller, 41, &standing));
        assert_int_equal(standing.quota_verdict, QUOTA_KEY_DAILY);
        assert_true(charged(&caller, 40, NULL));
        between[way]();
        assert_false(charged(&caller, 1, NULL));
        cap(&caller, 120);
        assert_true(charged(&caller, 20, NULL));
        cap(&caller, NO_KEY_CAP);
        assert_true(charged(&caller, 30, NULL));
        between[way]();
        cap(&caller, 151);
        between[way]();
        assert_key_stands(&caller, 151, 150);
        clock_to("2024-02-03T00:00:00Z");
        assert_true(charged(&caller, 151, NULL));
        assert_false(charged(&caller, 1, NULL));
    }
}

static void a_cap_is_a_key_s_own(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Starter");
    const struct key_request request = {.daily_credit_cap = 8};
    struct caller other = ann;
    struct api_key key;
    DONE(ledger_key_make(ledger, TEXT("ann@b"), &request, &key, &other.secret, &reason));
    other.key_id = key.id;
    for (size_t way = 0; way < LENGTH_OF(between); way++)
        between[way]();
    assert_true(charged(&other, 8, NULL));
    assert_false(charged(&other, 8, NULL));
    assert_true(charged(&ann, 800, NULL));
    struct api_key unused;
    DONE(ledger_key_revoke(ledger, text_of(key.outward_id), &reason));
    assert_int_equal(ledger_key_cap(ledger, text_of(key.outward_id), 9, &unused, &reason),
                     STATUS_CONFLICT);
    struct key_rotation rotation;
    DONE(rotate(ann.key_id_outward, 0, &rotation));
    assert_int_equal(ledger_key_cap(ledger, text_of(ann.key_id_outward), 9, &unused, &reason),
                     STATUS_CONFLICT);
    assert_int_equal(ledger_key_cap(ledger, TEXT("no such id"), 9, &unused, &reason),
                     STATUS_MISSING);
}

/* The key that takes the place of a caller's own. */
static struct caller rotated(const struct caller *caller, int64_t grace_s)
{
    struct caller next = *caller;
    struct key_rotation rotation;
    DONE(rotate(caller->key_id_outward, grace_s, &rotation));
    next.key_id = rotation.key.id;
    next.secret = rotation.secret;
    memcpy(next.key_id_outward, rotation.key.outward_id, sizeof(next.key_id_outward));
    return next;
}

static void a_rotated_key_and_its_successor_share_one_cap(void **state)
{
    (void)state;
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        char email[32];
        (void)snprintf(email, sizeof(email), "s%zu@b", way);
        clock_to("2024-02-01T10:00:00Z");
        struct caller old = caller_make(email, "Starter"), other = old;
        cap(&old, 16);
        assert_true(charged(&old, 8, NULL));
        struct caller young = rotated(&old, 3600);
        between[way]();
        assert_key_stands(&young, 16, 8);
        assert_true(charged(&young, 8, NULL));
        between[way]();
        assert_false(charged(&old, 1, NULL));
        assert_false(charged(&young, 1, NULL));
        struct caller youngest = rotated(&young, 0);
        between[way]();
        assert_key_stands(&youngest, 16, 16);
        cap(&youngest, 24);
        assert_true(charged(&old, 8, NULL));
        between[way]();
        assert_key_stands(&old, 24, 24);
        assert_key_stands(&youngest, 24, 24);
        struct api_key key;
        DONE(ledger_key_create(ledger, text_of(email), TEXT(""), &key, &other.secret, &reason));
        other.key_id = key.id;
        assert_true(charged(&other, 800, NULL));
        clock_to("2024-02-02T00:00:00Z");
        assert_true(charged(&youngest, 24, NULL));
        assert_false(charged(&youngest, 1, NULL));
    }
}

/* The meter goes on counting for keys that had a cap once. */
static void a_key_that_was_made_while_there_was_no_cap_counts_for_the_next(void **state)
{
    (void)state;
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        char email[32];
        (void)snprintf(email, sizeof(email), "n%zu@b", way);
        clock_to("2024-02-01T10:00:00Z");
        struct caller old = caller_make(email, "Starter");
        cap(&old, 100);
        assert_true(charged(&old, 10, NULL));
        cap(&old, NO_KEY_CAP);
        struct caller young = rotated(&old, 3600);
        assert_true(charged(&young, 40, NULL));
        between[way]();
        cap(&young, 60);
        assert_key_stands(&young, 60, 50);
        assert_true(charged(&young, 10, NULL));
        assert_false(charged(&old, 1, NULL));
        between[way]();
        assert_key_stands(&young, 60, 60);
    }
}

/* One of them is folded, one in the journal alone, one works no more. */
static void a_cap_that_is_set_after_rotations_counts_them_all(void **state)
{
    (void)state;
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        char email[32];
        (void)snprintf(email, sizeof(email), "l%zu@b", way);
        clock_to("2024-02-01T10:00:00Z");
        struct caller first = caller_make(email, "Starter");
        assert_true(charged(&first, 10, NULL));
        struct caller second = rotated(&first, 86400);
        clock_to("2024-02-01T10:00:01Z");
        assert_true(charged(&second, 20, NULL));
        struct caller third = rotated(&second, 0);
        for (int i = 0; i < 20; i++)
            third = rotated(&third, 0);
        clock_to("2024-02-01T10:00:02Z");
        assert_true(charged(&third, 30, NULL));
        cap(&third, 70);
        between[way]();
        assert_key_stands(&third, 70, 60);
        assert_true(charged(&first, 10, NULL));
        between[way]();
        assert_false(charged(&third, 1, NULL));
        assert_key_stands(&first, 70, 70);
        cap(&first, NO_KEY_CAP);
        assert_true(charged(&third, 100, NULL));
    }
}

/* ---- Caps beside calls ---- */

#define CALLERS 4
#define ROUNDS 12
#define CAP_CALLS 300
#define EARLY_CALLS 60 /* of each caller: all of them together stay below the cap */

static atomic_int calls_charged;
static atomic_bool cap_is_set;

/* However long the setting takes on a busy machine, what was charged until then fits the cap. */
static void *calls_make(void *owner)
{
    const struct caller *caller = owner;
    for (int i = 0; i < CAP_CALLS; i++) {
        while (i == EARLY_CALLS && !atomic_load(&cap_is_set))
            (void)sched_yield();
        if (charged(caller, 8, NULL))
            atomic_fetch_add(&calls_charged, 1);
    }
    return NULL;
}

/* Four threads ask for four times what the cap allows, while the cap is set: what was charged
 * before, what waits for the journal and what comes after make up the cap to the credit. */
static void a_cap_that_is_set_under_load_is_exact(void **state)
{
    (void)state;
    plans.plans[plans.plan_count - 1].rate_limit_per_minute = 1000000;
    DONE(ledger_terms_set(ledger, &plans, &reason));
    for (int round = 0; round < ROUNDS; round++) {
        char email[32];
        (void)snprintf(email, sizeof(email), "r%d@b", round);
        clock_to("2024-02-01T00:00:00Z");
        struct caller caller = caller_make(email, "Enterprise");
        atomic_store(&calls_charged, 0);
        atomic_store(&cap_is_set, false);
        pthread_t threads[CALLERS];
        for (size_t i = 0; i < CALLERS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, calls_make, &caller), 0);
        while (atomic_load(&calls_charged) < 1 + 10 * round)
            clock_to("2024-02-01T00:00:01Z"); /* some rounds fold, some do not */
        cap(&caller, CAP_CALLS * 8);
        atomic_store(&cap_is_set, true);
        for (size_t i = 0; i < CALLERS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(atomic_load(&calls_charged), CAP_CALLS);
        assert_key_stands(&caller, CAP_CALLS * 8, CAP_CALLS * 8);
    }
}

/* ---- What is kept of each change ---- */

static void every_change_leaves_its_event_and_no_secret(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct key_rotation rotation;
    cap(&ann, 100);
    cap(&ann, NO_KEY_CAP);
    DONE(rotate(ann.key_id_outward, 3600, &rotation));
    DONE(ledger_key_revoke(ledger, text_of(ann.key_id_outward), &reason));
    DONE(ledger_key_revoke(ledger, text_of(ann.key_id_outward), &reason));
    assert_stored_text("SELECT group_concat(verb) FROM (SELECT verb FROM audit_event"
                       " WHERE account_id = 1 ORDER BY id) AS told",
                       "account_create,key_create,key_cap,key_cap,key_rotate,key_revoke");
    char detail[256], query[256];
    (void)snprintf(detail, sizeof(detail),
                   "{\"key_id\":\"%s\",\"previous_id\":\"%s\","
                   "\"stops_at\":\"2024-02-01T01:00:00Z\"}",
                   rotation.key.outward_id, ann.key_id_outward);
    assert_stored_text("SELECT detail FROM audit_event WHERE verb = 'key_rotate'", detail);
    (void)snprintf(query, sizeof(query),
                   "SELECT count(*) FROM audit_event WHERE instr(detail, '%.12s') > 0"
                   " OR instr(detail, '%s') > 0",
                   rotation.secret.characters + 9, rotation.secret.characters + 40);
    assert_int_equal(stored_integer(query), 0);
}

static void a_change_that_is_not_kept_is_not_in_force(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct key_rotation rotation;
    struct api_key key;
    events_refuse();
    assert_int_not_equal(rotate(ann.key_id_outward, 0, &rotation), STATUS_OK);
    assert_int_not_equal(ledger_key_cap(ledger, text_of(ann.key_id_outward), 0, &key, &reason),
                         STATUS_OK);
    assert_int_not_equal(ledger_key_revoke(ledger, text_of(ann.key_id_outward), &reason),
                         STATUS_OK);
    assert_int_not_equal(ledger_account_suspend(ledger, TEXT("ann@b"), true, &reason),
                         STATUS_OK);
    events_accept();
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_true(is_live(&ann.secret, NULL));
        assert_int_equal(status_of(&ann, ann.key_id_outward), API_KEY_ACTIVE);
        assert_true(charged(&ann, 8, NULL));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FRESH(both_keys_work_until_the_grace_is_over),
        FRESH(a_rotation_without_grace_ends_the_old_key),
        FRESH(a_grace_can_be_ended_by_revoking),
        FRESH(only_active_keys_are_rotated),
        FRESH(a_rotated_key_hands_on_its_name_and_its_cap),
        FRESH(a_rotation_keeps_the_bound_on_live_keys),
        FRESH(a_cap_counts_what_the_key_took_today),
        FRESH(a_cap_is_a_key_s_own),
        FRESH(a_rotated_key_and_its_successor_share_one_cap),
        FRESH(a_key_that_was_made_while_there_was_no_cap_counts_for_the_next),
        FRESH(a_cap_that_is_set_after_rotations_counts_them_all),
        FRESH(a_cap_that_is_set_under_load_is_exact),
        FRESH(every_change_leaves_its_event_and_no_secret),
        FRESH(a_change_that_is_not_kept_is_not_in_force),
    };
    return changes_main(tests, argc, argv);
}
