/* changes.h and ledger.h, keys: their end, the key that an account has chosen, whose a key is, and
 * when it was used last. */
#include "changes_harness.h"
#include "ledger/key_uses.h"

#include <pthread.h>
#include <stdio.h>

struct made {
    struct api_key key;
    struct api_key_text secret;
};

static struct made make(const struct caller *caller, const char *name, int64_t days)
{
    struct made made;
    const struct key_request request = {.name = text_of(name),
                                        .daily_credit_cap = NO_KEY_CAP,
                                        .life = {days * DAY_US},
                                        .source = API_KEY_CREATED};
    DONE(ledger_key_make(ledger, text_of(caller->email), &request, &made.key, &made.secret,
                         &reason));
    return made;
}

static bool is_live(const struct api_key_text *secret, struct key_standing *standing)
{
    struct digest digest = secret_digest(text_of(secret->characters));
    struct key_standing found;
    DONE(ledger_find_key(ledger, &digest, &found));
    if (standing)
        *standing = found;
    return found.is_live;
}

static struct api_key row_of(const struct caller *caller, const char *id)
{
    struct api_key key = {0};
    DONE(ledger_key_of(ledger, caller->account_id, text_of(id), &key, &reason));
    return key;
}

/* ---- The end of a life ---- */

static void a_life_ends_to_the_second(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct made key = make(&ann, "month", 30);
    struct key_standing standing;
    assert_int_equal(key.key.expires_at.us, at("2024-03-02T00:00:00Z").us);
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        clock_to("2024-03-01T23:59:59Z");
        assert_true(is_live(&key.secret, &standing));
        assert_int_equal(standing.stops_at.us, 0);
        assert_int_equal(row_of(&ann, key.key.outward_id).status, API_KEY_ACTIVE);
        clock_to("2024-03-02T00:00:00Z");
        assert_false(is_live(&key.secret, NULL));
        assert_int_equal(row_of(&ann, key.key.outward_id).status, API_KEY_EXPIRED);
        assert_true(is_live(&ann.secret, NULL));
    }
}

static void an_ended_life_frees_name_and_place(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    (void)make(&ann, "laptop", 30);
    const struct key_request again = {.name = TEXT_INITIAL("laptop"),
                                      .daily_credit_cap = NO_KEY_CAP};
    struct made made;
    assert_int_equal(
        ledger_key_make(ledger, TEXT("ann@b"), &again, &made.key, &made.secret, &reason),
        STATUS_EXISTS);
    clock_to("2024-03-02T00:00:00Z");
    DONE(ledger_key_make(ledger, TEXT("ann@b"), &again, &made.key, &made.secret, &reason));
}

static void a_grace_ends_no_later_than_the_life(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct made key = make(&ann, "", 30);
    struct key_rotation rotation;
    struct key_standing standing;
    clock_to("2024-03-01T12:00:00Z");
    DONE(ledger_key_rotate(ledger, text_of(key.key.outward_id), (duration){DAY_US}, &rotation,
                           &reason));
    assert_int_equal(rotation.key.expires_at.us, at("2024-03-31T12:00:00Z").us);
    assert_int_equal(rotation.key.source, API_KEY_ROTATED);
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        clock_to("2024-03-01T23:59:59Z");
        assert_true(is_live(&key.secret, &standing));
        assert_int_equal(standing.stops_at.us, at("2024-03-02T00:00:00Z").us);
        assert_string_equal(row_of(&ann, key.key.outward_id).replaced_by,
                            rotation.key.outward_id);
        clock_to("2024-03-02T00:00:00Z");
        assert_false(is_live(&key.secret, NULL));
        assert_true(is_live(&rotation.secret, &standing));
        assert_int_equal(standing.stops_at.us, 0);
    }
    clock_to("2024-03-31T12:00:00Z");
    assert_false(is_live(&rotation.secret, NULL));
}

/* ---- A grace that is changed ---- */

static void a_grace_is_extended_up_to_seven_days(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct text id = text_of(ann.key_id_outward);
    struct key_rotation rotation;
    struct api_key key;
    assert_int_equal(ledger_key_extend(ledger, id, (duration){DAY_US}, &key, &reason),
                     STATUS_CONFLICT);
    DONE(ledger_key_rotate(ledger, id, (duration){3600 * SECOND_US}, &rotation, &reason));
    clock_to("2024-02-01T00:30:00Z");
    DONE(ledger_key_extend(ledger, id, (duration){DAY_US}, &key, &reason));
    assert_int_equal(key.stops_at.us, at("2024-02-02T00:30:00Z").us);
    clock_to("2024-02-02T00:29:59Z");
    assert_true(is_live(&ann.secret, NULL));
    DONE(ledger_key_extend(ledger, id, (duration){KEY_GRACE_MAX_US}, &key, &reason));
    assert_int_equal(key.stops_at.us, at("2024-02-08T00:00:00Z").us);
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        clock_to("2024-02-07T23:59:59Z");
        assert_true(is_live(&ann.secret, NULL));
        clock_to("2024-02-08T00:00:00Z");
        assert_false(is_live(&ann.secret, NULL));
    }
    assert_int_equal(ledger_key_extend(ledger, id, (duration){DAY_US}, &key, &reason),
                     STATUS_CONFLICT);
}

static void a_grace_is_stopped_for_every_clock(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct text id = text_of(ann.key_id_outward);
    struct key_rotation rotation;
    assert_int_equal(ledger_key_stop(ledger, id, &reason), STATUS_CONFLICT);
    DONE(ledger_key_rotate(ledger, id, (duration){DAY_US}, &rotation, &reason));
    clock_to("2024-02-01T10:00:00Z");
    DONE(ledger_key_stop(ledger, id, &reason));
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        clock_to("2024-02-01T09:00:00Z");
        assert_false(is_live(&ann.secret, NULL));
        assert_int_equal(row_of(&ann, ann.key_id_outward).status, API_KEY_REVOKED);
        assert_true(is_live(&rotation.secret, NULL));
    }
    assert_int_equal(stored_integer("SELECT count(*) FROM audit_event WHERE verb = 'key_stop'"),
                     1);
}

/* ---- Whose a key is, and which one is chosen ---- */

static void a_key_is_its_account_s_alone(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free"), bob = caller_make("bob@b", "Free");
    struct api_key key;
    DONE(ledger_key_of(ledger, ann.account_id, text_of(ann.key_id_outward), &key, &reason));
    assert_int_equal(key.id, ann.key_id);
    const char *others[] = {bob.key_id_outward, "", "x", "00000000000000000000000000000000"};
    for (size_t i = 0; i < LENGTH_OF(others); i++) {
        assert_int_equal(
            ledger_key_of(ledger, ann.account_id, text_of(others[i]), &key, &reason),
            STATUS_MISSING);
        assert_null(strstr(reason.sentence, "bob"));
    }
}

static int64_t chosen_of(const struct caller *caller)
{
    struct chosen_key chosen = {0};
    enum status status = ledger_key_chosen(ledger, caller->account_id, &chosen, &reason);
    assert_true(status == STATUS_OK || status == STATUS_MISSING);
    return status == STATUS_OK ? chosen.id : 0;
}

static void the_first_key_is_chosen_and_another_by_name(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free"), bob = caller_make("bob@b", "Free");
    assert_int_equal(chosen_of(&ann), ann.key_id);
    struct made other = make(&ann, "other", 0);
    assert_int_equal(chosen_of(&ann), ann.key_id);
    DONE(ledger_key_choose(ledger, text_of(other.key.outward_id), &reason));
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        assert_int_equal(chosen_of(&ann), other.key.id);
        assert_int_equal(chosen_of(&bob), bob.key_id);
    }
    DONE(ledger_key_revoke(ledger, text_of(other.key.outward_id), &reason));
    assert_int_equal(chosen_of(&ann), 0);
    assert_int_equal(ledger_key_choose(ledger, text_of(other.key.outward_id), &reason),
                     STATUS_CONFLICT);
    struct made next = make(&ann, "next", 30);
    assert_int_equal(chosen_of(&ann), next.key.id);
    clock_to("2024-03-02T00:00:00Z");
    assert_int_equal(chosen_of(&ann), 0);
}

static void a_key_in_its_grace_may_be_chosen(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct made other = make(&ann, "other", 0);
    struct text id = text_of(other.key.outward_id);
    struct key_rotation rotation;
    DONE(ledger_key_rotate(ledger, id, (duration){DAY_US}, &rotation, &reason));
    DONE(ledger_key_choose(ledger, id, &reason));
    assert_int_equal(chosen_of(&ann), other.key.id);
    clock_to("2024-03-02T00:00:00Z");
    assert_int_equal(ledger_key_choose(ledger, id, &reason), STATUS_CONFLICT);
}

static void the_choice_follows_a_rotation(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    struct made other = make(&ann, "other", 0);
    struct key_rotation rotation;
    DONE(ledger_key_rotate(ledger, text_of(other.key.outward_id), (duration){0}, &rotation,
                           &reason));
    assert_int_equal(chosen_of(&ann), ann.key_id);
    DONE(ledger_key_rotate(ledger, text_of(ann.key_id_outward), (duration){DAY_US}, &rotation,
                           &reason));
    assert_int_equal(chosen_of(&ann), rotation.key.id);
}

/* ---- When it was used ---- */

static unsigned asked;

static struct text address_of(void *owner)
{
    asked++;
    return *(const struct text *)owner;
}

static void use(const struct caller *caller, const char *address)
{
    struct key_standing standing;
    assert_true(is_live(&caller->secret, &standing));
    struct text from = text_of(address);
    ledger_key_used(ledger, &standing, address_of, &from);
}

static void a_use_is_noted_once_a_minute(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free"), bob = caller_make("bob@b", "Free");
    asked = 0;
    clock_to("2024-02-01T10:00:59Z");
    use(&ann, "192.0.2.1");
    use(&ann, "192.0.2.2");
    assert_int_equal(asked, 1);
    use(&bob, "192.0.2.3");
    assert_int_equal(asked, 2);
    clock_to("2024-02-01T10:01:00Z");
    use(&ann, "2001:db8::1");
    assert_int_equal(asked, 3);
    assert_int_equal(row_of(&ann, ann.key_id_outward).last_used_at.us, 0);
    DONE(ledger_seen_write(ledger, &reason));
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        struct api_key key = row_of(&ann, ann.key_id_outward);
        assert_int_equal(key.last_used_at.us, at("2024-02-01T10:01:00Z").us);
        assert_string_equal(key.last_used_address, "2001:db8::1");
        key = row_of(&bob, bob.key_id_outward);
        assert_int_equal(key.last_used_at.us, at("2024-02-01T10:00:00Z").us);
        assert_string_equal(key.last_used_address, "192.0.2.3");
    }
    clock_to("2024-02-01T11:00:00Z");
    use(&ann, "192.0.2.9");
    reopen();
    assert_string_equal(row_of(&ann, ann.key_id_outward).last_used_address, "192.0.2.9");
}

static void more_keys_than_there_is_room_for_are_left_out(void **state)
{
    (void)state;
    struct key_uses *uses = key_uses_open();
    size_t count;
    assert_null(key_uses_take(uses, &count));
    for (int64_t id = 1; id <= KEY_USES_MAX + 10; id++)
        key_uses_note(uses, id, id, at("2024-02-01T10:00:59Z"), TEXT("::1"));
    key_uses_note(uses, 1, 1, at("2024-02-01T10:01:59Z"), TEXT("192.0.2.1"));
    struct key_use *taken = key_uses_take(uses, &count);
    assert_int_equal(count, KEY_USES_MAX);
    bool seen[KEY_USES_MAX + 1] = {false};
    for (size_t i = 0; i < count; i++) {
        assert_in_range(taken[i].key_id, 1, KEY_USES_MAX);
        assert_false(seen[taken[i].key_id]);
        seen[taken[i].key_id] = true;
        assert_string_equal(taken[i].address, taken[i].key_id == 1 ? "192.0.2.1" : "::1");
    }
    free(taken);
    key_uses_note(uses, KEY_USES_MAX + 1, 1, at("2024-02-01T10:02:00Z"), TEXT("::1"));
    taken = key_uses_take(uses, &count);
    assert_int_equal(count, 1);
    free(taken);
    key_uses_close(uses);
}

#define NOTERS 4
#define NOTED_KEYS 500
#define NOTED_MINUTES 200

static void *note_many(void *owner)
{
    for (int64_t minute = 1; minute <= NOTED_MINUTES; minute++)
        for (int64_t id = 1; id <= NOTED_KEYS; id++)
            if (key_uses_is_due(owner, id, (instant){minute * MINUTE_US}))
                key_uses_note(owner, id, id, (instant){minute * MINUTE_US}, TEXT("::1"));
    return NULL;
}

static void uses_are_noted_beside_who_takes_them(void **state)
{
    (void)state;
    struct key_uses *uses = key_uses_open();
    pthread_t noters[NOTERS];
    int64_t last[NOTED_KEYS + 1] = {0};
    for (size_t i = 0; i < NOTERS; i++)
        assert_int_equal(pthread_create(&noters[i], NULL, note_many, uses), 0);
    for (size_t i = 0; i <= NOTERS; i++) {
        size_t count;
        struct key_use *taken = key_uses_take(uses, &count);
        for (size_t k = 0; k < count; k++)
            if (taken[k].at.us > last[taken[k].key_id])
                last[taken[k].key_id] = taken[k].at.us;
        free(taken);
        if (i < NOTERS)
            assert_int_equal(pthread_join(noters[i], NULL), 0);
    }
    for (int64_t id = 1; id <= NOTED_KEYS; id++)
        assert_int_equal(last[id], NOTED_MINUTES * MINUTE_US);
    key_uses_close(uses);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_life_ends_to_the_second),
        FRESH(an_ended_life_frees_name_and_place),
        FRESH(a_grace_ends_no_later_than_the_life),
        FRESH(a_grace_is_extended_up_to_seven_days),
        FRESH(a_grace_is_stopped_for_every_clock),
        FRESH(a_key_is_its_account_s_alone),
        FRESH(the_first_key_is_chosen_and_another_by_name),
        FRESH(a_key_in_its_grace_may_be_chosen),
        FRESH(the_choice_follows_a_rotation),
        FRESH(a_use_is_noted_once_a_minute),
        cmocka_unit_test(more_keys_than_there_is_room_for_are_left_out),
        cmocka_unit_test(uses_are_noted_beside_who_takes_them),
    };
    return changes_main(tests, argc, argv);
}
