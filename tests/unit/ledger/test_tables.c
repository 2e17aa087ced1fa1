/* The ledger's small tables in memory, by themselves: sessions, uses of keys, arrays for a server, periods by name. */
#include "ledger/embedded.h"
#include "ledger/key_uses.h"
#include "ledger/reader.h"
#include "ledger/session_table.h"
#include "ledger/sql_array.h"
#include "ledger/statement.h"
#include "support/unit.h"

#include <stdio.h>

static const instant noon = {INT64_C(1700000000) * SECOND_US};

/* ---- Sessions ---- */

/* Digests alike in their first two bytes, by which they are looked for. */
static struct session_entry session_of(uint8_t number, int64_t account_id)
{
    struct session_entry entry = {
        .id = number, .account_id = account_id, .created_at = noon, .last_seen_at = noon};
    entry.digest.bytes[31] = number;
    return entry;
}

static void sessions_of_one_chain_are_told_apart(void **state)
{
    (void)state;
    enum { SESSIONS = 5 };
    struct session_table *table = session_table_open();
    for (uint8_t i = 0; i < SESSIONS; i++) {
        struct session_entry entry = session_of(i, 1 + i % 2);
        session_table_add(table, &entry);
    }
    struct session_entry seen;
    for (uint8_t i = 0; i < SESSIONS; i++) {
        struct session_entry entry = session_of(i, 0);
        assert_true(session_table_see(table, &entry.digest, noon, &seen));
        assert_int_equal(seen.id, i);
    }
    struct session_entry middle = session_of(2, 0), none = session_of(SESSIONS, 0);
    assert_true(session_table_remove(table, &middle.digest));
    assert_false(session_table_remove(table, &middle.digest));
    assert_false(session_table_see(table, &none.digest, noon, &seen));
    struct session_entry last = session_of(SESSIONS - 1, 0);
    assert_true(session_table_see(table, &last.digest, noon, &seen));
    session_table_close(table);
}

/* Others have changed the account: what goes on is put, the rest goes; whoever saw a session last counts. */
static void sessions_that_go_on_keep_what_was_seen_of_them(void **state)
{
    (void)state;
    struct session_table *table = session_table_open();
    struct session_entry entries[] = {session_of(0, 1), session_of(1, 1), session_of(2, 2),
                                      session_of(3, 1)};
    for (size_t i = 0; i < 3; i++)
        session_table_add(table, &entries[i]);
    session_table_doubt_account(table, 1);
    entries[0].last_seen_at.us += SECOND_US; /* seen elsewhere since */
    entries[3].last_seen_at.us += SECOND_US; /* opened elsewhere */
    session_table_put(table, &entries[0]);
    session_table_put(table, &entries[3]);
    session_table_remove_doubted(table);
    struct session_entry seen;
    assert_true(session_table_see(table, &entries[0].digest, noon, &seen));
    assert_int_equal(seen.last_seen_at.us, noon.us + SECOND_US);
    assert_false(seen.is_doubted);
    assert_false(session_table_see(table, &entries[1].digest, noon, &seen));
    assert_true(session_table_see(table, &entries[2].digest, noon, &seen));
    assert_true(session_table_see(table, &entries[3].digest, noon, &seen));
    entries[0].last_seen_at = noon; /* older than what is known */
    session_table_put(table, &entries[0]);
    assert_true(session_table_see(table, &entries[0].digest, noon, &seen));
    assert_int_equal(seen.last_seen_at.us, noon.us + SECOND_US);
    session_table_close(table);
}

static void uses_of_sessions_are_taken_a_few_at_a_time(void **state)
{
    (void)state;
    enum { SESSIONS = 7, AT_ONCE = 3 };
    struct session_table *table = session_table_open();
    instant later = {noon.us + 3600 * SECOND_US};
    struct session_entry seen, taken[AT_ONCE];
    for (uint8_t i = 0; i < SESSIONS; i++) {
        struct session_entry entry = session_of(i, 1);
        session_table_add(table, &entry);
        assert_true(session_table_see(table, &entry.digest, later, &seen));
    }
    assert_int_equal(session_table_unwritten(table, taken, AT_ONCE), AT_ONCE);
    assert_int_equal(taken[0].last_seen_at.us, later.us);
    assert_int_equal(session_table_unwritten(table, taken, AT_ONCE), AT_ONCE);
    assert_int_equal(session_table_unwritten(table, taken, AT_ONCE), SESSIONS - 2 * AT_ONCE);
    assert_int_equal(session_table_unwritten(table, taken, AT_ONCE), 0);
    session_table_close(table);
}

/* ---- Uses of keys ---- */

/* Ids that meet in their places here and there. */
static int64_t scattered(int64_t number)
{
    return number * number * 7919;
}

static void uses_of_keys_are_noted_up_to_the_bound(void **state)
{
    (void)state;
    struct key_uses *uses = key_uses_open();
    for (int64_t i = 1; i <= KEY_USES_MAX + 10; i++)
        key_uses_note(uses, scattered(i), -i, noon, TEXT("192.0.2.1"));
    key_uses_note(uses, scattered(7), -7, (instant){noon.us + 60 * SECOND_US}, TEXT(""));
    size_t count;
    struct key_use *taken = key_uses_take(uses, &count);
    assert_int_equal(count, KEY_USES_MAX);
    for (size_t i = 0; i < count; i++) {
        int64_t number = (int64_t)i + 1;
        assert_int_equal(taken[i].key_id, scattered(number));
        assert_int_equal(taken[i].account_id, -number);
        assert_int_equal(taken[i].at.us % (60 * SECOND_US), 0);
        assert_string_equal(taken[i].address, number == 7 ? "" : "192.0.2.1");
    }
    free(taken);
    assert_null(key_uses_take(uses, &count));
    assert_int_equal(count, 0);
    key_uses_close(uses);
}

/* ---- Keys of an account ---- */

/* Its stop or its end, whichever comes first; 0 is never. */
static void a_key_ends_at_its_stop_or_its_end(void **state)
{
    (void)state;
    static const int64_t rows[][3] = {{0, 0, 0}, {5, 0, 5}, {0, 5, 5},
                                      {5, 6, 5}, {6, 5, 5}, {5, 5, 5}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        assert_int_equal(ledger_key_end((instant){rows[i][0]}, (instant){rows[i][1]}).us,
                         rows[i][2]);
}

static void a_key_is_found_among_others(void **state)
{
    (void)state;
    struct account_key at[9];
    for (size_t count = 0; count <= LENGTH_OF(at); count++) {
        struct account_keys keys = {.at = at, .count = count};
        if (count > 0)
            at[count - 1] = (struct account_key){.id = (int64_t)count * 10};
        for (int64_t id = 5; id <= 100; id += 5) {
            const struct account_key *found = account_keys_find(&keys, id);
            bool is_one = id % 10 == 0 && id <= (int64_t)count * 10;
            assert_true(is_one ? found && found->id == id : !found);
        }
    }
}

/* ---- Arrays for a server ---- */

static void an_array_quotes_what_a_server_would_read_otherwise(void **state)
{
    (void)state;
    struct sql_array array;
    sql_array_init(&array);
    assert_true(text_equals(sql_array_text(&array), TEXT("{}")));
    sql_array_clear(&array);
    sql_array_add_text(&array, TEXT("plain"));
    sql_array_add_text(&array, TEXT("with \"quotes\" and \\"));
    sql_array_add_text(&array, TEXT(""));
    assert_true(text_equals(sql_array_text(&array),
                            TEXT("{\"plain\",\"with \\\"quotes\\\" and \\\\\",\"\"}")));
    sql_array_clear(&array);
    sql_array_add(&array, INT64_MIN);
    sql_array_add(&array, 0);
    assert_true(text_equals(sql_array_text(&array), TEXT("{-9223372036854775808,0}")));
    sql_array_finish(&array);
}

/* ---- Periods by name ---- */

static void a_period_is_named_one_way(void **state)
{
    (void)state;
    static const char *const none[] = {"",        "2024",    "2024-1",  "2024-001", "2024/02",
                                       "-024-02", "+024-02", "2024--2", "2024-+2",  "20x4-02",
                                       "2024-0x", "1969-12", "2024-00", "2024-13",  "2024-02 "};
    int64_t number = -1;
    for (size_t i = 0; i < LENGTH_OF(none); i++)
        if (period_number_read(text_of(none[i]), &number))
            fail_msg("%s is read as %lld", none[i], (long long)number);
    for (int64_t wanted = INT64_C(1970) * 12; wanted < INT64_C(2150) * 12; wanted++) {
        char key[PERIOD_KEY_BYTES];
        period_number_write(wanted, key);
        assert_true(period_number_read(text_of(key), &number));
        assert_int_equal(number, wanted);
    }
    assert_true(period_number_read(TEXT("9999-12"), &number));
    assert_int_equal(number, 9999 * 12 + 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_of_one_chain_are_told_apart),
        cmocka_unit_test(sessions_that_go_on_keep_what_was_seen_of_them),
        cmocka_unit_test(uses_of_sessions_are_taken_a_few_at_a_time),
        cmocka_unit_test(uses_of_keys_are_noted_up_to_the_bound),
        cmocka_unit_test(a_key_ends_at_its_stop_or_its_end),
        cmocka_unit_test(a_key_is_found_among_others),
        cmocka_unit_test(an_array_quotes_what_a_server_would_read_otherwise),
        cmocka_unit_test(a_period_is_named_one_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
