/* What the addresses gather of calls, and what of it stands in the table when it is written. */
#include "file_harness.h"
#include "ledger/addresses.h"
#include "model/account.h"

#include <stdio.h>

#define DAY_0 INT64_C(20000) /* 2024-10-04 */

static struct addresses addresses;

static int set_up(void **state)
{
    (void)state;
    addresses_init(&addresses);
    return file_make();
}

static int tear_down(void **state)
{
    (void)state;
    addresses_finish(&addresses);
    file_remove();
    return 0;
}

static instant second_of_day(int64_t day, int64_t second)
{
    return (instant){day * DAY_US + second * SECOND_US};
}

static void used(int64_t account_id, const char *address, const char *user_agent, instant at)
{
    addresses_lock(&addresses);
    addresses_add(&addresses, &(struct address_use){.account_id = account_id,
                                                    .address = text_of(address),
                                                    .user_agent = text_of(user_agent),
                                                    .at = at,
                                                    .has_succeeded = true});
    addresses_unlock(&addresses);
}

static void write_down(void)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    addresses_lock(&addresses);
    DONE(db_begin(db, &transaction, &reason));
    DONE(addresses_write(&addresses, db, &reason));
    DONE(db_commit(&transaction, &reason));
    addresses_forget(&addresses);
    addresses_unlock(&addresses);
}

/* The addresses of one account's neighbours alone. */
static size_t write_down_cohort(int64_t account_id)
{
    size_t rows = 0;
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    addresses_lock(&addresses);
    DONE(db_begin(db, &transaction, &reason));
    DONE(addresses_write_cohort(&addresses, account_cohort(account_id), db, &rows, &reason));
    DONE(db_commit(&transaction, &reason));
    addresses_forget_cohort(&addresses, account_cohort(account_id));
    addresses_unlock(&addresses);
    return rows;
}

/* The one row of a query about an account ($1), as a text. */
static void assert_stored_of(const char *sql, int64_t account_id, const char *wanted)
{
    struct db_statement *select = NULL;
    char stored[1024] = "no row";
    bool row = false;
    DONE(db_statement_take(db, sql, &select, &reason));
    if (account_id != 0)
        db_bind_integer(select, 1, account_id);
    DONE(db_step(select, &row, &reason));
    if (row)
        (void)snprintf(stored, sizeof(stored), "%.*s", TEXT_PRINT(db_column_text(select, 0)));
    db_statement_release(&select);
    assert_string_equal(stored, wanted);
}

static void assert_stored(const char *sql, const char *wanted)
{
    assert_stored_of(sql, 0, wanted);
}

#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A255 A50 A50 A50 A50 A50 "aaaaa"

static void a_user_agent_is_kept_to_its_last_whole_character(void **state)
{
    (void)state;
    static const struct {
        const char *sent, *kept;
    } rows[] = {
        {"curl/8", "curl/8"},
        {"", ""},
        {A255 "z", A255 "z"},
        {A255 "zz", A255 "z"},
        {A255 "\xC3\xA9", A255},              /* e acute would end past the last byte */
        {A255 "\xE2\x82\xAC and more", A255}, /* so would a euro sign */
        {"\xC3\xA9 " A255, "\xC3\xA9 " A50 A50 A50 A50 A50 "aaa"},
        {"\xFFno UTF-8", ""},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        used((int64_t)i + 1, "192.0.2.1", rows[i].sent, second_of_day(DAY_0, 0));
    write_down();
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        assert_stored_of("SELECT user_agent FROM recent_address WHERE account_id = $1",
                         (int64_t)i + 1, rows[i].kept);
}

/* The last one that said any. */
static void a_call_without_user_agent_leaves_the_one_before(void **state)
{
    (void)state;
    used(1, "192.0.2.1", "first", second_of_day(DAY_0, 0));
    used(1, "192.0.2.1", "second", second_of_day(DAY_0, 1));
    used(1, "192.0.2.1", "", second_of_day(DAY_0, 2));
    write_down();
    used(1, "192.0.2.1", "", second_of_day(DAY_0, 3));
    write_down();
    assert_stored("SELECT user_agent FROM recent_address", "second");
    assert_stored("SELECT succeeded FROM recent_address", "4");
}

static void what_is_no_address_is_counted_under_none(void **state)
{
    (void)state;
    static const char *const none[] = {
        "", "unix:", "192.0.2.256", "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:aaaa"};
    for (size_t i = 0; i < LENGTH_OF(none); i++)
        used(1, none[i], "unit/1", second_of_day(DAY_0, 0));
    write_down();
    assert_stored("SELECT address || succeeded || user_agent FROM recent_address", "4");
}

/* Accounts of one bucket, days and addresses, as they come: each has its row and its own counts. */
static void each_account_day_and_address_has_its_row(void **state)
{
    (void)state;
    enum { ACCOUNTS = 5, DAYS = 3, ADDRESSES = 4 };
    for (int round = 0; round < 3; round++) {
        for (int64_t i = 0; i < ACCOUNTS * DAYS * ADDRESSES; i++) {
            int64_t shuffled = i * 37 % (ACCOUNTS * DAYS * ADDRESSES);
            int64_t account = 1 + shuffled % ACCOUNTS * ACCOUNT_BUCKETS;
            int64_t day = DAY_0 - shuffled / ACCOUNTS % DAYS;
            char address[ADDRESS_TEXT_BYTES];
            (void)snprintf(address, sizeof(address), "192.0.2.%d",
                           (int)(shuffled / (ACCOUNTS * DAYS)));
            used(account, address, "unit/1", second_of_day(day, round));
        }
        write_down();
    }
    assert_stored("SELECT count(*) FROM recent_address", "60");
    assert_stored("SELECT count(*) FROM recent_address WHERE succeeded = 3 AND failed = 0"
                  " AND last_seen - first_seen = 2000000",
                  "60");
}

/* A crowd: what is known of it is counted, and what comes past the bound is not. */
static void no_more_wait_than_the_bound(void **state)
{
    (void)state;
    for (int64_t i = 0; i < ADDRESSES_WAITING_MAX + 100; i++)
        used(1 + i, "192.0.2.1", "", second_of_day(DAY_0, 0));
    used(1, "192.0.2.1", "", second_of_day(DAY_0, 1));
    for (int i = 0; i < 2 * ADDRESSES_A_DAY_MAX; i++) /* which takes no name of the day */
        used(2, "192.0.2.2", "", second_of_day(DAY_0, 1));
    assert_int_equal(addresses.waiting, ADDRESSES_WAITING_MAX);
    assert_int_equal(write_down_cohort(1), 256);
    assert_stored("SELECT count(*) FROM recent_address", "256");
    assert_stored_of("SELECT succeeded FROM recent_address WHERE account_id = $1", 1, "2");
    assert_int_equal(addresses.waiting, ADDRESSES_WAITING_MAX - 256);
    used(2, "192.0.2.2", "", second_of_day(DAY_0, 2)); /* there is room again */
    (void)write_down_cohort(2);
    assert_stored("SELECT count(*) FROM recent_address WHERE address = '192.0.2.2'", "1");
}

/* Of neighbours in the table; an address of another cohort goes on waiting. */
static void cohorts_are_written_one_by_one(void **state)
{
    (void)state;
    const int64_t one = 1, neighbour = 1 + ACCOUNT_BUCKETS,
                  behind = 1 + ACCOUNT_BUCKETS * COHORT_ACCOUNTS, other = 2;
    const int64_t accounts[] = {one, neighbour, behind, other};
    for (size_t i = 0; i < LENGTH_OF(accounts); i++)
        used(accounts[i], "192.0.2.1", "unit/1", second_of_day(DAY_0, (int64_t)i));
    assert_int_equal(write_down_cohort(neighbour), 2);
    assert_stored("SELECT group_concat(account_id, ' ') FROM recent_address", "1 65");
    used(one, "192.0.2.1", "unit/2", second_of_day(DAY_0, 9));
    assert_int_equal(addresses.waiting, 3);
    write_down();
    assert_stored("SELECT count(*) FROM recent_address", "4");
    assert_stored_of("SELECT user_agent || succeeded || ((last_seen - first_seen) / 1000000)"
                     " FROM recent_address WHERE account_id = $1",
                     one, "unit/229");
    assert_int_equal(addresses.waiting, 0);
    assert_int_equal(write_down_cohort(other),
                     0); /* nothing waits there, and nothing ever did in the next one */
    assert_int_equal(write_down_cohort(3), 0);
    assert_stored("SELECT sum(succeeded) FROM recent_address", "5");
}

/* Of an account and day so many by name, whatever comes before they are written; each other day and account has its own. */
static void a_crowd_of_one_account_waits_under_none(void **state)
{
    (void)state;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < 3 * ADDRESSES_A_DAY_MAX; i++) {
            char address[ADDRESS_TEXT_BYTES];
            (void)snprintf(address, sizeof(address), "192.0.2.%d", i);
            used(1, address, "unit/1", second_of_day(DAY_0, pass));
        }
    assert_int_equal(addresses.waiting, ADDRESSES_A_DAY_MAX + 1);
    used(1, "198.51.100.1", "unit/1", second_of_day(DAY_0 + 1, 0));
    used(1 + ACCOUNT_BUCKETS, "198.51.100.1", "unit/1", second_of_day(DAY_0, 0));
    assert_int_equal(addresses.waiting, ADDRESSES_A_DAY_MAX + 3);
    write_down();
    assert_stored("SELECT count(*) FROM recent_address WHERE account_id = 1 AND day = 20000"
                  " AND succeeded = 2",
                  "64");
    assert_stored("SELECT succeeded FROM recent_address WHERE address = ''", "256");
    assert_stored("SELECT count(*) FROM recent_address WHERE address = '198.51.100.1'", "2");
}

/* More than what was written goes, so that a table that has grown shrinks again. */
static void what_is_old_goes_as_new_rows_come(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 100; i++)
        used(1 + i, "192.0.2.1", "", second_of_day(DAY_0 - ADDRESS_DAYS_KEPT - 1, 0));
    for (int64_t i = 0; i < 10; i++)
        used(1 + i, "192.0.2.1", "", second_of_day(DAY_0 - ADDRESS_DAYS_KEPT, 0));
    write_down();
    DONE(addresses_expire(db, second_of_day(DAY_0, 0), 0, &reason));
    assert_stored("SELECT count(*) > 10 AND count(*) < 110 FROM recent_address", "1");
    DONE(addresses_expire(db, second_of_day(DAY_0, 0), 50, &reason));
    assert_stored("SELECT count(*) FROM recent_address", "10");
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(a_user_agent_is_kept_to_its_last_whole_character),
        FRESH(a_call_without_user_agent_leaves_the_one_before),
        FRESH(what_is_no_address_is_counted_under_none),
        FRESH(each_account_day_and_address_has_its_row),
        FRESH(no_more_wait_than_the_bound),
        FRESH(cohorts_are_written_one_by_one),
        FRESH(a_crowd_of_one_account_waits_under_none),
        FRESH(what_is_old_goes_as_new_rows_come),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
