/* events.h and addresses.h over a ledger that was charged: every call is an event, once, in the
 * order of the journal, and is its account's alone; so are addresses. */
#include "ledger/addresses.h"
#include "ledger/events.h"
#include "ledger/ledger.h"
#include "ledger/reader.h"
#include "support/unit.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static char folder[] = "/tmp/trendgate-events-XXXXXX";
static char path[64];
static struct reason reason;
static sem_t settled;
static struct ledger *ledger;

/* 2024-02-29T22:13:20Z. Elapsed time moves by hand: only then is something folded. */
#define FIRST_US (INT64_C(1709244800) * SECOND_US)
static _Atomic int64_t now_us = FIRST_US;
static _Atomic int64_t elapsed_us;

static instant now_read(void *owner)
{
    (void)owner;
    return (instant){atomic_load(&now_us)};
}

static duration elapsed_read(void *owner)
{
    (void)owner;
    return (duration){atomic_load(&elapsed_us)};
}

static const struct time_source clock_by_hand = {
    .now = now_read, .elapsed = elapsed_read, .boot = 1};

#define DONE(expression)                                                                       \
    do {                                                                                       \
        if ((expression) != STATUS_OK)                                                         \
            fail_msg("%s: %s", #expression, reason.sentence);                                  \
    } while (0)

static void on_settled(struct charge *charge, enum status status)
{
    (void)charge;
    check(status == STATUS_OK);
    check(sem_post(&settled) == 0);
}

/* What was called, the oldest first. */
#define MADE_MAX 512
static struct made {
    int64_t account_id;
    bool is_charged;
    uint8_t endpoint;
    instant at;
    uint8_t charge_id[CHARGE_ID_BYTES];
} made[MADE_MAX];
static size_t made_count;

static void call(int64_t account_id, int64_t key_id, uint8_t endpoint, bool is_charged,
                 const char *address)
{
    struct charge charge = {.account_id = account_id,
                            .key_id = key_id,
                            .cost = {is_charged ? 8 : 0},
                            .endpoint = endpoint,
                            .outcome = is_charged ? CALL_CHARGED : CALL_INVALID,
                            .request_id = TEXT("request"),
                            .address = text_of(address),
                            .user_agent = TEXT("unit/1"),
                            .settled = on_settled};
    enum status status = ledger_charge(ledger, &charge);
    assert_int_equal(status, is_charged ? STATUS_BUSY : STATUS_OK);
    while (is_charged && sem_wait(&settled) != 0)
        continue;
    struct made *kept = &made[made_count++];
    *kept = (struct made){.account_id = account_id,
                          .is_charged = is_charged,
                          .endpoint = endpoint,
                          .at = charge.standing.now};
    memcpy(kept->charge_id, charge.charge_id, CHARGE_ID_BYTES);
}

/* The next batch folds what came before it. */
static void second_pass(void)
{
    atomic_fetch_add(&elapsed_us, 2 * SECOND_US);
    atomic_fetch_add(&now_us, 2 * SECOND_US);
}

/* Keys 1 and 2 are ann's, 3 is bob's. */
static void calls_make(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t key = 1 + (int64_t)(i % 3);
        call(key == 3 ? 2 : 1, key, (uint8_t)(1 + i % 2), i % 4 != 3,
             key == 2 ? "2001:db8::1" : "192.0.2.1");
        if (i % 7 == 6)
            second_pass();
    }
    call(1, 1, 1, true, "192.0.2.1"); /* takes along the slots that wait */
}

static void opened(void)
{
    struct plans plans = {.plan_count = 1};
    plans.plans[0] = (struct plan){
        .name = "Free", .included_credits = 100000, .rate_limit_per_minute = 1000};
    DONE(ledger_open(text_of(path), &clock_by_hand, &ledger, &reason));
    DONE(ledger_terms_set(ledger, &plans, &reason));
}

static void reopened(void)
{
    ledger_close(ledger);
    opened();
}

static int ledger_make(void **state)
{
    (void)state;
    made_count = 0;
    atomic_store(&now_us, FIRST_US);
    (void)strcpy(strrchr(folder, '-'), "-XXXXXX");
    if (!mkdtemp(folder) || sem_init(&settled, 0, 0) != 0)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/a.db", folder);
    opened();
    static const char *const mails[] = {"ann@b", "ann@b", "bob@b"};
    for (size_t i = 0; i < LENGTH_OF(mails); i++) {
        struct account account;
        struct api_key key;
        struct api_key_text secret;
        if (i != 1)
            DONE(ledger_account_create(ledger, text_of(mails[i]), TEXT(""), TEXT("Free"),
                                       &account, &reason));
        DONE(ledger_key_create(ledger, text_of(mails[i]), TEXT(""), &key, &secret, &reason));
    }
    return 0;
}

static int ledger_remove(void **state)
{
    (void)state;
    ledger_close(ledger);
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[96];
        (void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        (void)unlink(name);
    }
    return rmdir(folder);
}

/* Beside the ledger, which minds its lock and nothing else. */
static void sql(const char *statement)
{
    const struct db_options options = {.journal = DB_JOURNAL_WAL, .busy_timeout_ms = 5000};
    struct db *db = NULL;
    DONE(db_open(text_of(path), &options, &db, &reason));
    DONE(db_execute(db, statement, &reason));
    db_close(db);
}

/* ---- Events ---- */

static struct event_query all_of(int64_t account_id, size_t limit)
{
    return (struct event_query){.account_id = account_id,
                                .from = {0},
                                .to = {INT64_MAX},
                                .kinds = EVENT_CHARGED | EVENT_NON_BILLABLE | EVENT_FAILED,
                                .before = EVENTS_FROM_NEWEST,
                                .limit = limit};
}

static struct event_page page;
static struct call_event found[MADE_MAX];
static size_t found_count;

static void all_read(struct event_query query)
{
    found_count = 0;
    do {
        DONE(ledger_events_read(ledger, &query, &page, &reason));
        assert_true(page.count <= query.limit);
        for (size_t i = 0; i < page.count; i++)
            found[found_count++] = page.events[i];
        query.before = page.next;
    } while (page.has_more);
}

static bool is_earlier(struct event_place a, struct event_place b)
{
    return a.row < b.row || (a.row == b.row && a.call < b.call);
}

/* Charged ones by their ids in order; all of them by their number. */
static void found_is_made(int64_t account_id)
{
    size_t place = 0, expected = 0;
    for (size_t i = made_count; i-- > 0;) {
        expected += made[i].account_id == account_id;
        if (made[i].account_id != account_id || !made[i].is_charged)
            continue;
        while (place < found_count && found[place].entry.outcome != CALL_CHARGED)
            place++;
        assert_true(place < found_count);
        assert_memory_equal(found[place].entry.charge_id, made[i].charge_id, CHARGE_ID_BYTES);
        assert_string_equal(found[place].request_id, "request");
        assert_int_equal(strlen(found[place].key_id), OUTWARD_ID_LENGTH);
        place++;
    }
    assert_int_equal(found_count, expected);
    for (size_t i = 0; i < found_count; i++) {
        assert_int_equal(found[i].entry.account_id, account_id);
        assert_true(i == 0 || is_earlier(found[i].place, found[i - 1].place));
    }
}

static void every_call_is_found_once(void)
{
    static const size_t limits[] = {1, 2, 3, 7, 100};
    for (size_t i = 0; i < LENGTH_OF(limits); i++)
        for (int64_t account = 1; account <= 2; account++) {
            all_read(all_of(account, limits[i]));
            found_is_made(account);
        }
}

static void calls_are_events_over_folds_and_in_the_tail(void **state)
{
    (void)state;
    all_read(all_of(1, 100));
    assert_int_equal(found_count, 0);
    calls_make(5);
    every_call_is_found_once(); /* all unfolded */
    calls_make(40);
    every_call_is_found_once();
    reopened(); /* all folded */
    every_call_is_found_once();
    calls_make(40);
    every_call_is_found_once();
}

/* Of several keys: each range of a fold begins and ends elsewhere, and covers the others' rows. */
static void overlapping_ranges_list_nothing_twice(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        for (int64_t i = 0; i < 12; i++)
            call(1, 1 + i % 2, (uint8_t)(1 + i / 2 % 3), true, "192.0.2.1");
        second_pass();
        call(2, 3, 1, true, "192.0.2.1");
    }
    reopened();
    every_call_is_found_once();
    sql("INSERT INTO activity SELECT bucket, account_id, first_id - 1, last_id + 1, NULL, NULL"
        " FROM activity WHERE account_id = 1 AND last_id < (SELECT max(last_id) FROM activity)"
        " AND first_id > 1 ON CONFLICT DO NOTHING");
    every_call_is_found_once();
}

static void pages_go_on_beside_new_calls(void **state)
{
    (void)state;
    calls_make(30);
    struct event_query query = all_of(1, 4);
    all_read(query);
    size_t before = found_count;
    struct event_place fourth = found[3].place, fifth = found[4].place;
    DONE(ledger_events_read(ledger, &query, &page, &reason));
    assert_true(page.has_more);
    query.before = page.next;
    second_pass();
    calls_make(10);
    DONE(ledger_events_read(ledger, &query, &page, &reason));
    assert_true(is_earlier(page.events[0].place, fourth));
    assert_int_equal(page.events[0].place.row, fifth.row);
    assert_int_equal(page.events[0].place.call, fifth.call);
    all_read(query);
    assert_int_equal(found_count, before - 4);
}

static void filters_hold_for_each_event(void **state)
{
    (void)state;
    calls_make(60);
    struct event_query query = all_of(1, 100);
    all_read(query);
    size_t all = found_count, of_first = 0, charged = 0, early = 0;
    instant cut = found[all / 2].entry.at;
    for (size_t i = 0; i < all; i++) {
        of_first += found[i].entry.endpoint == 1;
        charged += found[i].entry.outcome == CALL_CHARGED;
        early += found[i].entry.at.us < cut.us;
    }
    query.endpoint = 1;
    all_read(query);
    assert_int_equal(found_count, of_first);
    query = all_of(1, 3);
    query.kinds = EVENT_CHARGED;
    all_read(query);
    assert_int_equal(found_count, charged);
    query = all_of(1, 3);
    query.to = cut;
    all_read(query);
    assert_int_equal(found_count, early);
    query = all_of(1, 3);
    query.from = cut;
    all_read(query);
    assert_int_equal(found_count, all - early);
    query = all_of(1, 3);
    query.request_id = TEXT("another");
    all_read(query);
    assert_int_equal(found_count, 0);
}

static void a_row_that_does_not_unpack_is_told(void **state)
{
    (void)state;
    calls_make(3);
    sql("UPDATE journal SET body = x'01ff' WHERE id = 1");
    struct event_query query = all_of(1, 3);
    assert_int_equal(ledger_events_read(ledger, &query, &page, &reason), STATUS_CORRUPT);
    assert_non_null(strstr(reason.sentence, "does not unpack"));
}

/* ---- Addresses ---- */

static struct address_list addresses_of(int64_t account_id)
{
    struct address_list list = {.at = NULL};
    int64_t today = instant_day((instant){atomic_load(&now_us)});
    DONE(ledger_addresses_list(
        ledger, &(struct address_query){account_id, today - 100, today + 1}, &list, &reason));
    return list;
}

/* Of the days before today, and of those after. */
static size_t addresses_outside(int64_t account_id)
{
    int64_t today = instant_day((instant){atomic_load(&now_us)});
    const struct address_query around[] = {{account_id, today - 100, today},
                                           {account_id, today + 1, today + 100}};
    size_t listed = 0;
    for (size_t i = 0; i < LENGTH_OF(around); i++) {
        struct address_list list = {.at = NULL};
        DONE(ledger_addresses_list(ledger, &around[i], &list, &reason));
        listed += list.count;
        address_list_finish(&list);
    }
    return listed;
}

static int64_t calls_from(const struct address_list *list, const char *address)
{
    int64_t calls = 0;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->at[i].address, address) == 0)
            calls += list->at[i].succeeded + list->at[i].failed;
    return calls;
}

static void addresses_are_counted_before_and_after_they_are_written(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        calls_make(20);
        int64_t first = 0, second = 0, of_bob = 0;
        for (size_t i = 0; i < made_count; i++)
            of_bob += made[i].account_id == 2;
        struct address_list list = addresses_of(1);
        first = calls_from(&list, "192.0.2.1");
        second = calls_from(&list, "2001:db8::1");
        assert_int_equal(list.count, 2);
        assert_int_equal(first + second + of_bob, made_count);
        assert_true(first > 0 && second > 0);
        assert_string_equal(list.at[0].user_agent, "unit/1");
        address_list_finish(&list);
        assert_int_equal(addresses_outside(1), 0);
        list = addresses_of(2);
        assert_int_equal(list.count, 1);
        assert_int_equal(calls_from(&list, "192.0.2.1"), of_bob);
        address_list_finish(&list);
        if (round == 1)
            reopened();
    }
}

/* They wait together, and are written together. */
static void neighbours_have_addresses_of_their_own(void **state)
{
    (void)state;
    const int64_t neighbour = 1 + ACCOUNT_BUCKETS;
    for (int64_t id = 3; id <= neighbour; id++) {
        char mail[16];
        struct account account;
        (void)snprintf(mail, sizeof(mail), "%lld@b", (long long)id);
        DONE(ledger_account_create(ledger, text_of(mail), TEXT(""), TEXT("Free"), &account,
                                   &reason));
    }
    assert_int_equal(account_cohort(1), account_cohort(neighbour));
    for (int round = 0; round < 2; round++) {
        call(1, 1, 1, true, "192.0.2.1");
        call(neighbour, 4, 1, true, "198.51.100.1");
        for (int64_t id = 1; id <= neighbour; id += ACCOUNT_BUCKETS) {
            struct address_list list = addresses_of(id);
            assert_int_equal(list.count, 1);
            assert_int_equal(calls_from(&list, id == 1 ? "192.0.2.1" : "198.51.100.1"),
                             round + 1);
            address_list_finish(&list);
        }
        reopened();
    }
}

static int64_t address_rows(void)
{
    struct db *db = NULL;
    struct db_statement *select = NULL;
    bool row = false;
    DONE(db_open_to_read(text_of(path), &(struct db_options){.busy_timeout_ms = 5000}, &db,
                         &reason));
    DONE(db_statement_take(db, "SELECT count(*) FROM recent_address", &select, &reason));
    DONE(db_step(select, &row, &reason));
    assert_true(row);
    int64_t rows = db_column_integer(select, 0);
    db_statement_release(&select);
    db_close(db);
    return rows;
}

static void further_addresses_of_a_day_are_together(void **state)
{
    (void)state;
    for (int i = 0; i < ADDRESSES_A_DAY_MAX + 9; i++) {
        char address[ADDRESS_TEXT_BYTES];
        (void)snprintf(address, sizeof(address), "198.51.100.%d", i);
        call(1, 1, 1, true, address);
    }
    call(1, 1, 1, true, "no address");
    for (int round = 0; round < 2; round++) { /* while they wait, and when they are written */
        struct address_list list = addresses_of(1);
        assert_int_equal(list.count, ADDRESSES_A_DAY_MAX + 1);
        assert_int_equal(calls_from(&list, ""), 10);
        address_list_finish(&list);
        reopened();
        assert_int_equal(address_rows(), ADDRESSES_A_DAY_MAX + 1);
    }
}

static void addresses_are_forgotten_after_their_days(void **state)
{
    (void)state;
    call(1, 1, 1, true, "192.0.2.1");
    reopened();
    atomic_fetch_add(&now_us, ADDRESS_DAYS_KEPT * DAY_US);
    call(1, 1, 1, true, "192.0.2.2");
    reopened();
    struct address_list list = addresses_of(1);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.at[0].address, "192.0.2.2");
    address_list_finish(&list);
    atomic_fetch_add(&now_us, DAY_US);
    call(1, 1, 1, true, "192.0.2.2");
    reopened();
    list = addresses_of(1);
    assert_int_equal(list.count, 1);
    assert_int_equal(calls_from(&list, "192.0.2.2"), 2);
    address_list_finish(&list);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, ledger_make, ledger_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(calls_are_events_over_folds_and_in_the_tail),
        FRESH(overlapping_ranges_list_nothing_twice),
        FRESH(pages_go_on_beside_new_calls),
        FRESH(filters_hold_for_each_event),
        FRESH(a_row_that_does_not_unpack_is_told),
        FRESH(addresses_are_counted_before_and_after_they_are_written),
        FRESH(neighbours_have_addresses_of_their_own),
        FRESH(further_addresses_of_a_day_are_together),
        FRESH(addresses_are_forgotten_after_their_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
