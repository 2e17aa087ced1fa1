/* audit.h, usage.h and reader.h over a ledger that was charged: what was tampered with is found and
 * named, and every sum is the journal's. */
#include "ledger/audit.h"
#include "ledger/ledger.h"
#include "ledger/reader.h"
#include "ledger/usage.h"
#include "sql/migrate.h"
#include "support/unit.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static char folder[] = "/tmp/trendgate-books-XXXXXX";
static char path[64];   /* of the ledger that is charged once for all tests */
static char copied[64]; /* of the copy that a test tampers with */
static struct reason reason;
static sem_t settled;

/* 2023-11-14T22:13:20Z, moved by hand. Elapsed time stands: nothing is folded before the end. */
static _Atomic int64_t now_us = INT64_C(1700000000) * SECOND_US;

static instant now_read(void *owner)
{
    (void)owner;
    return (instant){atomic_load(&now_us)};
}

static duration elapsed_read(void *owner)
{
    (void)owner;
    return (duration){0};
}

static const struct time_source clock_by_hand = {
    .now = now_read, .elapsed = elapsed_read, .boot = 1};

#define DONE(expression)                                                                       \
    do {                                                                                       \
        if ((expression) != STATUS_OK)                                                         \
            fail_msg("%s: %s", #expression, reason.sentence);                                  \
    } while (0)

/* ---- A ledger with a history ---- */

#define CALLS 40
#define COST 8

static struct plans plans_of(void)
{
    struct plans plans = {.plan_count = 1};
    plans.plans[0] = (struct plan){.name = "Free",
                                   .included_credits = 100,
                                   .rate_limit_per_minute = 1000,
                                   .overage = OVERAGE_ALWAYS,
                                   .overage_cents_per_1000 = 75};
    return plans;
}

static void on_settled(struct charge *charge, enum status status)
{
    (void)charge;
    check(status == STATUS_OK);
    check(sem_post(&settled) == 0);
}

static uint8_t endpoint = 1; /* that is called */

static void call(struct ledger *ledger, int64_t account_id, int64_t key_id, int64_t cost)
{
    struct charge charge = {.account_id = account_id,
                            .key_id = key_id,
                            .cost = {cost},
                            .endpoint = endpoint,
                            .outcome = cost > 0 ? CALL_CHARGED : CALL_INVALID,
                            .request_id = TEXT("request"),
                            .settled = on_settled};
    enum status status = ledger_charge(ledger, &charge);
    if (cost == 0) {
        assert_int_equal(status, STATUS_OK);
        return;
    }
    assert_int_equal(status, STATUS_BUSY);
    while (sem_wait(&settled) != 0)
        continue;
}

/* Keys 1 and 2 are ann's, 3 is bob's. Calls are half an hour apart, so that they cross a day. */
static void calls_make(struct ledger *ledger, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t key = 1 + (int64_t)(i % 3);
        call(ledger, key == 3 ? 2 : 1, key, i % 4 == 3 ? 0 : COST);
        atomic_fetch_add(&now_us, 1800 * SECOND_US);
    }
}

static struct ledger *opened(const char *file)
{
    struct ledger *ledger = NULL;
    struct plans plans = plans_of();
    DONE(ledger_open(text_of(file), &clock_by_hand, &ledger, &reason));
    DONE(ledger_terms_set(ledger, &plans, &reason));
    return ledger;
}

static struct db *read_only(const char *file)
{
    struct db *db = NULL;
    DONE(db_open_to_read(text_of(file), &(struct db_options){.busy_timeout_ms = 1000}, &db,
                         &reason));
    return db;
}

static void copy(const char *from, const char *to)
{
    struct db *db = read_only(from);
    (void)unlink(to);
    DONE(db_copy_out(db, &(struct db_copy){.file = text_of(to)}, &reason));
    db_close(db);
}

static void file_remove(const char *file)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[96];
        (void)snprintf(name, sizeof(name), "%s%s", file, endings[i]);
        (void)unlink(name);
    }
}

static int ledger_make(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || sem_init(&settled, 0, 0) != 0)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/a.db", folder);
    (void)snprintf(copied, sizeof(copied), "%s/b.db", folder);
    struct ledger *ledger = opened(path);
    struct account account;
    struct api_key key;
    struct api_key_text secret;
    static const char *const mails[] = {"ann@b", "ann@b", "bob@b"};
    for (size_t i = 0; i < LENGTH_OF(mails); i++) {
        if (i != 1)
            DONE(ledger_account_create(ledger, text_of(mails[i]), TEXT(""), TEXT("Free"),
                                       &account, &reason));
        DONE(ledger_key_create(ledger, text_of(mails[i]), TEXT(""), &key, &secret, &reason));
    }
    calls_make(ledger, CALLS);
    ledger_close(ledger);
    return 0;
}

static int copy_make(void **state)
{
    (void)state;
    copy(path, copied);
    return 0;
}

static int copy_remove(void **state)
{
    (void)state;
    file_remove(copied);
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    file_remove(path);
    return rmdir(folder);
}

/* ---- Auditing ---- */

struct found {
    size_t count;
    char lines[256][400];
};

static void differs(void *owner, const struct audit_difference *difference)
{
    struct found *found = owner;
    assert_true(found->count < LENGTH_OF(found->lines));
    (void)snprintf(found->lines[found->count++], sizeof(found->lines[0]), "%.*s|%.*s|%lld|%lld",
                   TEXT_PRINT(difference->account), TEXT_PRINT(difference->what),
                   (long long)difference->journal, (long long)difference->table);
}

static void passed(void *owner, int64_t rows, int64_t of_rows)
{
    (void)owner;
    assert_true(rows <= of_rows);
}

static struct audit_totals audited(const char *file, struct found *found)
{
    struct audit_totals totals;
    const struct audit_watch watch = {differs, passed, found};
    *found = (struct found){0};
    struct db *db = read_only(file);
    static const struct audit_price price = {1, "tiktok-popular-trend-hashtag", COST};
    DONE(ledger_audit(db, &(struct audit_prices){&price, 1}, &watch, &totals, &reason));
    db_close(db);
    assert_int_equal(totals.differences, found->count);
    return totals;
}

static bool names(const struct found *found, const char *words)
{
    for (size_t i = 0; i < found->count; i++)
        if (strstr(found->lines[i], words))
            return true;
    return false;
}

static void tamper(const char *sql)
{
    const struct db_options options = {.journal = DB_JOURNAL_WAL};
    struct db *db = NULL;
    DONE(db_open(text_of(copied), &options, &db, &reason));
    DONE(db_execute(db, sql, &reason));
    db_close(db);
}

static void honest_books_are_clean(void **state)
{
    (void)state;
    struct found found;
    struct audit_totals totals = audited(path, &found);
    assert_int_equal(found.count, 0);
    assert_int_equal(totals.calls, CALLS);
    assert_int_equal(totals.charges, 30);
    assert_int_equal(totals.credits, 30 * COST);
    assert_true(totals.overage > 0);
    assert_int_equal(totals.overage_micros, totals.overage * 750);
    assert_int_equal(totals.unfolded_rows, 0);
}

static const struct {
    const char *sql;
    const char *named; /* account|what|journal|table, or a part of it */
} tamperings[] = {
    {"UPDATE balance SET used = used + 8 WHERE account_id = 1",
     "ann@b|balance of 2023-11: used|"},
    {"UPDATE balance SET overage = overage - 1 WHERE account_id = 1",
     "ann@b|balance of 2023-11: overage|"},
    {"UPDATE balance SET overage_micros = 0 WHERE account_id = 1",
     "ann@b|balance of 2023-11: overage_micros|"},
    {"UPDATE balance SET day_used = day_used + 8 WHERE account_id = 2",
     "bob@b|balance of 2023-11: day_used|"},
    {"UPDATE balance SET day = day - 1 WHERE account_id = 2", "bob@b|balance of 2023-11: day|"},
    {"UPDATE balance SET included = 1 WHERE account_id = 1",
     "ann@b|balance: more credits used"},
    {"DELETE FROM balance WHERE account_id = 2", "bob@b|balance of 2023-11: used|80|0"},
    {"UPDATE balance SET period = period + 1 WHERE account_id = 2",
     "bob@b|balance of 2023-12: used|0|80"},
    {"UPDATE usage_hour SET charged = charged + 1 WHERE key_id = 3 AND hour ="
     " (SELECT min(hour) FROM usage_hour WHERE key_id = 3)",
     "bob@b|usage_hour of key 3 at endpoint 1 from 2023-11-14T23:00:00Z on: charged|"},
    {"UPDATE usage_hour SET invalid = invalid + 1 WHERE key_id = 2", ": invalid|"},
    {"UPDATE usage_hour SET credits = 0 WHERE key_id = 1", ": credits|8|0"},
    {"UPDATE usage_hour SET overage = overage + 1", ": overage|"},
    {"UPDATE usage_hour SET overage_micros = overage_micros + 1", ": overage_micros|"},
    {"UPDATE usage_hour SET key_id = 2 WHERE key_id = 3", "bob@b|usage_hour of key 2"},
    {"DELETE FROM usage_hour WHERE key_id = 2", "|usage_hour of key 2"},
    {"UPDATE fold_mark SET journal_id = journal_id - 2", "|balance of 2023-11"},
    {"UPDATE fold_mark SET journal_id = journal_id + 1", "-|fold_mark: "},
    {"UPDATE fold_mark SET journal_id = -1", "-|fold_mark: "},
    {"DELETE FROM fold_mark", "-|fold_mark: "},
    {"INSERT INTO fold_cohort VALUES (3, (SELECT max(id) + 1 FROM journal))",
     "-|fold_cohort: the journal's last row"},
    {"DELETE FROM activity WHERE account_id = 2",
     "bob@b|activity: no range holds journal row "},
    {"UPDATE activity SET last_id = last_id - 1 WHERE account_id = 1",
     "ann@b|activity: no range"},
    {"UPDATE activity SET first_id = last_id + 1000 WHERE account_id = 1",
     "ann@b|activity: no range"},
    {"UPDATE activity SET last_id = last_id + 100 WHERE account_id = 1",
     "ann@b|activity: no such range"},
    {"DELETE FROM journal WHERE id = 3", "-|journal rows 3 to 3 are missing|"},
    {"DELETE FROM journal WHERE id = (SELECT max(id) FROM journal)", " are missing|"},
    {"INSERT INTO journal (at, boot, elapsed_us, calls, body) SELECT at, boot, elapsed_us, "
     "calls,"
     " body FROM journal WHERE id = 1",
     " is used a second time|"},
    {"UPDATE journal SET calls = calls + 1 WHERE id = 2", "-|journal row 2: calls|"},
    {"UPDATE journal SET body = x'01ff' WHERE id = 2", "-|journal row 2 does not unpack|"},
    {"UPDATE journal SET body = x'02' WHERE id = 2", "-|journal row 2 does not unpack|"},
    {"UPDATE journal SET at = at + 86400000000 WHERE id = 1", "ann@b|usage_hour of key 1"},
    {"UPDATE journal SET elapsed_us = -1 WHERE id = 2", "-|journal row 2: its elapsed time"},
    {"UPDATE api_key SET account_id = 1, bucket = 1 WHERE id = 3",
     "bob@b|the journal names a key"},
    {"PRAGMA foreign_keys=OFF; DELETE FROM account WHERE id = 2", "2|there is no such account"},
    {"DELETE FROM plan_load; DELETE FROM plan_version",
     "a call under a plan version that is not there"},
    {"UPDATE plan_version SET plans = replace(plans, ':75', ':76')",
     " cost a rate of plan version 1, and 3000 micro-dollars are charged, which is none"},
    {"UPDATE plan_version SET digest = zeroblob(32)",
     "-|plan version 1: the SHA-256 of its plans is "},
    {"UPDATE plan_version SET plans = '{'", "-|plan version 1 cannot be read"},
};

static void every_tampering_is_found_and_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(tamperings); i++) {
        copy(path, copied);
        tamper(tamperings[i].sql);
        struct found found;
        (void)audited(copied, &found);
        if (!names(&found, tamperings[i].named))
            fail_msg("%s: not told: %s; but %zu others, first: %s", tamperings[i].sql,
                     tamperings[i].named, found.count, found.lines[0]);
        file_remove(copied);
    }
}

/* What the journal does not know is nobody's lie. */
static void rate_limited_calls_are_not_compared(void **state)
{
    (void)state;
    tamper("UPDATE usage_hour SET rate_limited = 7");
    tamper(
        "INSERT INTO balance SELECT 0, 64, 24286, 19000, 0, 100, 0, 0, 0, 'Free', 1, 0, 0, 0");
    struct found found;
    (void)audited(copied, &found);
    assert_int_equal(found.count, 0);
}

/* ---- Beside an owner that goes on ---- */

static void the_unfolded_tail_belongs_to_the_books(void **state)
{
    (void)state;
    struct ledger *ledger = opened(copied);
    calls_make(ledger, CALLS);
    struct found found;
    struct audit_totals totals = audited(copied, &found);
    assert_int_equal(found.count, 0);
    assert_true(totals.unfolded_rows > 0);
    assert_in_range(totals.charges, 60, 60);
    ledger_close(ledger);
    totals = audited(copied, &found);
    assert_int_equal(found.count, 0);
    assert_int_equal(totals.unfolded_rows, 0);
    assert_int_equal(totals.calls, 2 * CALLS);
}

static void a_reader_cannot_write(void **state)
{
    (void)state;
    struct db *db = read_only(copied);
    assert_int_not_equal(db_execute(db, "DELETE FROM journal", &reason), STATUS_OK);
    assert_int_not_equal(db_execute(db, "CREATE TABLE t (a)", &reason), STATUS_OK);
    db_close(db);
    assert_int_equal(db_open_to_read(TEXT("/tmp/trendgate-none/x.db"),
                                     &(struct db_options){.busy_timeout_ms = 0}, &db, &reason),
                     STATUS_MISSING);
}

static void a_copy_overwrites_nothing(void **state)
{
    (void)state;
    struct db *db = read_only(path);
    assert_int_equal(db_copy_out(db, &(struct db_copy){.file = text_of(copied)}, &reason),
                     STATUS_EXISTS);
    int64_t version = 0;
    DONE(db_version(db, &migrations_ledger, &version, &reason));
    assert_int_equal(version, migrations_ledger.sqlite.count);
    db_close(db);
}

/* ---- Usage ---- */

struct usage_sums {
    size_t rows;
    int64_t calls;
    struct usage_row last;
    int64_t sums[USAGE_COLUMNS];
};

static void usage_add(void *owner, const struct usage_row *row)
{
    struct usage_sums *sums = owner;
    const struct usage_row *last = &sums->last;
    if (sums->rows++ > 0)
        assert_true(row->key_id > last->key_id ||
                    (row->key_id == last->key_id && row->endpoint > last->endpoint) ||
                    (row->key_id == last->key_id && row->endpoint == last->endpoint &&
                     row->hour > last->hour));
    sums->last = *row;
    sums->calls += usage_calls(row);
    for (size_t i = 0; i < USAGE_COLUMNS; i++)
        sums->sums[i] += row->sums[i];
}

static struct usage_sums used(struct ledger *ledger, struct usage_query query)
{
    struct usage_sums sums = {0};
    const struct usage_visitor visitor = {usage_add, &sums};
    if (query.hours_before == 0)
        query.hours_before = INT64_MAX;
    DONE(ledger_usage_visit(ledger, &query, &visitor, &reason));
    return sums;
}

static void usage_is_the_journals_with_its_tail(void **state)
{
    (void)state;
    struct ledger *ledger = opened(copied);
    atomic_fetch_sub(&now_us, 1800 * SECOND_US); /* an hour that the table holds already */
    calls_make(ledger, CALLS);
    struct usage_sums ann = used(ledger, (struct usage_query){.account_id = 1});
    struct usage_sums bob = used(ledger, (struct usage_query){.account_id = 2});
    struct found found;
    struct audit_totals totals = audited(copied, &found);
    assert_true(totals.unfolded_rows > 0);
    assert_int_equal(ann.sums[CALL_CHARGED] + bob.sums[CALL_CHARGED], totals.charges);
    assert_int_equal(ann.sums[USAGE_CREDITS] + bob.sums[USAGE_CREDITS], totals.credits);
    assert_int_equal(ann.sums[USAGE_OVERAGE] + bob.sums[USAGE_OVERAGE], totals.overage);
    assert_int_equal(ann.sums[USAGE_OVERAGE_MICROS] + bob.sums[USAGE_OVERAGE_MICROS],
                     totals.overage_micros);
    struct usage_sums first = used(ledger, (struct usage_query){.account_id = 1, .key_id = 1});
    struct usage_sums second = used(ledger, (struct usage_query){.account_id = 1, .key_id = 2});
    assert_int_equal(first.rows + second.rows, ann.rows);
    assert_int_equal(first.sums[CALL_INVALID] + second.sums[CALL_INVALID],
                     ann.sums[CALL_INVALID]);
    assert_int_equal(used(ledger, (struct usage_query){.account_id = 1, .endpoint = 2}).rows,
                     0);
    int64_t hour = first.last.hour;
    struct usage_query early = {.account_id = 1, .key_id = 1, .hours_before = hour};
    struct usage_query late = {.account_id = 1, .key_id = 1, .hours_from = hour};
    assert_int_equal(used(ledger, late).rows, 1);
    assert_int_equal(used(ledger, early).sums[USAGE_CREDITS] +
                         used(ledger, late).sums[USAGE_CREDITS],
                     first.sums[USAGE_CREDITS]);
    ledger_close(ledger);
}

/* The last calls are in no table yet: they are added to the hour that has a row, or make one. */
static void unfolded_calls_stand_in_their_hours(void **state)
{
    (void)state;
    struct ledger *ledger = opened(copied);
    call(ledger, 1, 1, COST);
    ledger_close(ledger);
    ledger = opened(copied);
    int64_t before = used(ledger, (struct usage_query){.account_id = 1, .key_id = 1}).calls;
    for (int i = 0; i < 4; i++) {
        endpoint = (uint8_t)(2 - i % 2);
        call(ledger, 1, 1, COST);
    }
    endpoint = 1;
    struct usage_sums both = used(ledger, (struct usage_query){.account_id = 1, .key_id = 1});
    struct usage_query first = {.account_id = 1, .key_id = 1, .endpoint = 1};
    struct usage_query second = {.account_id = 1, .key_id = 1, .endpoint = 2};
    assert_int_equal(both.calls, before + 4);
    assert_int_equal(used(ledger, first).calls, before + 2);
    assert_int_equal(used(ledger, second).calls, 2);
    assert_int_equal(used(ledger, second).rows, 1);
    assert_int_equal(used(ledger, first).rows, both.rows - 1);
    assert_int_equal(used(ledger, first).last.sums[CALL_CHARGED], 3);
    ledger_close(ledger);
}

static void an_identity_is_the_accounts(void **state)
{
    (void)state;
    struct ledger *ledger = opened(copied);
    struct account account;
    struct account_identity identity;
    DONE(ledger_account_find(ledger, TEXT("bob@b"), &account, &reason));
    DONE(ledger_account_identity(ledger, account.id, &identity, &reason));
    assert_string_equal(identity.outward_id, account.outward_id);
    assert_int_equal(identity.created_at.us, account.created_at.us);
    assert_int_equal(ledger_account_identity(ledger, 99, &identity, &reason), STATUS_MISSING);
    struct billing_period period = ledger_billing_period(ledger, &account);
    assert_true(period.start.us <= now_us && now_us < period.end.us);
    ledger_close(ledger);
}

#define ON_A_COPY(test) cmocka_unit_test_setup_teardown(test, copy_make, copy_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_books_are_clean),
        cmocka_unit_test(every_tampering_is_found_and_named),
        ON_A_COPY(rate_limited_calls_are_not_compared),
        ON_A_COPY(the_unfolded_tail_belongs_to_the_books),
        ON_A_COPY(a_reader_cannot_write),
        ON_A_COPY(a_copy_overwrites_nothing),
        ON_A_COPY(usage_is_the_journals_with_its_tail),
        ON_A_COPY(unfolded_calls_stand_in_their_hours),
        ON_A_COPY(an_identity_is_the_accounts),
    };
    return cmocka_run_group_tests(tests, ledger_make, folder_remove);
}
