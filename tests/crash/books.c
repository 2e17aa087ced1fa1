#include "crash/books.h"

#include "support/unit.h"

#include <sqlite3.h>
#include <stdio.h>

#define ACCOUNTS_MAX 64

/* What was used, either as the journal tells it or as the tables do. */
struct sums {
    int64_t charged, slots; /* calls */
    int64_t credits, overage, overage_micros;
};

static sqlite3 *db;
static int64_t marks[ACCOUNTS_MAX]; /* up to which rows each account is folded */

static sqlite3_stmt *prepared(const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return statement;
}

static bool next_row(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        fail_msg("%s: %s", sqlite3_sql(statement), sqlite3_errmsg(db));
    if (code == SQLITE_DONE)
        assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return code == SQLITE_ROW;
}

static int64_t number(const char *sql)
{
    sqlite3_stmt *select = prepared(sql);
    assert_true(next_row(select));
    int64_t value = sqlite3_column_int64(select, 0);
    assert_false(next_row(select));
    return value;
}

static void entry_keep(struct books *books, const struct journal_entry *entry, int64_t row,
                       int64_t elapsed_us)
{
    assert_true(books->count < BOOK_ENTRIES_MAX);
    assert_in_range(entry->account_id, 1, ACCOUNTS_MAX - 1);
    struct book_entry *kept = &books->entries[books->count++];
    *kept = (struct book_entry){.entry = *entry,
                                .row = row,
                                .elapsed_us = elapsed_us,
                                .is_folded = row <= marks[entry->account_id]};
    if (entry->request_id.length > 0)
        memcpy(kept->request_id, entry->request_id.at, entry->request_id.length);
    kept->entry.request_id = kept->entry.idempotency_key = (struct text){NULL, 0};
}

static void row_read(struct books *books, sqlite3_stmt *row)
{
    struct journal_reader reader;
    struct journal_entry entry;
    struct text body = {sqlite3_column_blob(row, 4), (size_t)sqlite3_column_bytes(row, 4)};
    int64_t calls = 0;
    bool more;
    assert_int_equal(journal_body_read(body, (instant){sqlite3_column_int64(row, 1)}, &reader),
                     STATUS_OK);
    for (;;) {
        assert_int_equal(journal_body_next(&reader, &entry, &more), STATUS_OK);
        if (!more)
            break;
        entry_keep(books, &entry, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 2));
        calls++;
    }
    assert_int_equal(calls, sqlite3_column_int64(row, 3));
    books->last_row = sqlite3_column_int64(row, 0);
}

static void nothing_is_twice(const struct books *books)
{
    for (size_t i = 0; i < books->count; i++) {
        if (books->entries[i].entry.outcome != CALL_CHARGED)
            continue;
        for (size_t j = i + 1; j < books->count; j++)
            if (books->entries[j].entry.outcome == CALL_CHARGED &&
                strcmp(books->entries[i].request_id, books->entries[j].request_id) == 0)
                fail_msg("the call %s is in rows %lld and %lld of the journal",
                         books->entries[i].request_id, (long long)books->entries[i].row,
                         (long long)books->entries[j].row);
        assert_int_equal(books_count_charge(books, books->entries[i].entry.charge_id), 1);
    }
}

static void add(struct sums *sums, const struct journal_entry *entry)
{
    sums->charged += entry->outcome == CALL_CHARGED;
    sums->slots += entry->outcome != CALL_CHARGED;
    sums->credits += entry->credits;
    sums->overage += entry->overage;
    sums->overage_micros += entry->overage_micros;
}

static void journal_add(const struct books *books, struct sums sums[ACCOUNTS_MAX])
{
    for (size_t i = 0; i < books->count; i++) {
        const struct book_entry *kept = &books->entries[i];
        if (kept->is_folded)
            add(&sums[kept->entry.account_id], &kept->entry);
    }
}

/* Both projections say the same of every account as the rows up to its mark. */
static void usage_re_adds(const struct sums *wanted, int64_t account)
{
    sqlite3_stmt *select = prepared(
        "SELECT sum(charged), sum(unchanged + head + empty_page + replayed + free"
        " + invalid + conflict + key_daily + daily + insufficient + spend_limit"
        " + unavailable), sum(credits), sum(overage), sum(overage_micros)"
        " FROM usage_hour WHERE account_id = ?1");
    assert_int_equal(sqlite3_bind_int64(select, 1, account), SQLITE_OK);
    assert_true(next_row(select));
    assert_int_equal(sqlite3_column_int64(select, 0), wanted->charged);
    assert_int_equal(sqlite3_column_int64(select, 1), wanted->slots);
    assert_int_equal(sqlite3_column_int64(select, 2), wanted->credits);
    assert_int_equal(sqlite3_column_int64(select, 3), wanted->overage);
    assert_int_equal(sqlite3_column_int64(select, 4), wanted->overage_micros);
    assert_false(next_row(select));
}

static void balance_re_adds(const struct sums *wanted, int64_t account)
{
    sqlite3_stmt *select = prepared("SELECT sum(used), sum(overage), sum(overage_micros)"
                                    " FROM balance WHERE account_id = ?1");
    assert_int_equal(sqlite3_bind_int64(select, 1, account), SQLITE_OK);
    assert_true(next_row(select));
    assert_int_equal(sqlite3_column_int64(select, 0), wanted->credits - wanted->overage);
    assert_int_equal(sqlite3_column_int64(select, 1), wanted->overage);
    assert_int_equal(sqlite3_column_int64(select, 2), wanted->overage_micros);
    assert_false(next_row(select));
}

static bool has_table(const char *name)
{
    sqlite3_stmt *select = prepared(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1");
    assert_int_equal(sqlite3_bind_text(select, 1, name, -1, SQLITE_STATIC), SQLITE_OK);
    assert_true(next_row(select));
    bool has = sqlite3_column_int64(select, 0) == 1;
    assert_false(next_row(select));
    return has;
}

/* That of all accounts, or its cohort's where that is further. */
static void marks_read(struct books *books)
{
    books->mark = number("SELECT journal_id FROM fold_mark");
    books->is_in_round = false;
    for (int64_t account = 0; account < ACCOUNTS_MAX; account++)
        marks[account] = books->mark;
    if (!has_table("fold_cohort"))
        return;
    sqlite3_stmt *select = prepared("SELECT cohort, journal_id FROM fold_cohort");
    while (next_row(select)) {
        int64_t cohort = sqlite3_column_int64(select, 0);
        int64_t mark = sqlite3_column_int64(select, 1);
        if (mark <= books->mark)
            continue;
        assert_in_range(cohort, 0,
                        ACCOUNTS_MAX - 1); /* each of the first 64 accounts is alone in one */
        marks[cohort] = mark;
        books->is_in_round = true;
    }
}

static void all_read(struct books *books)
{
    marks_read(books);
    books->accounts = number("SELECT count(*) FROM account");
    sqlite3_stmt *rows = prepared(
        "SELECT id, at, elapsed_us, calls, body FROM journal ORDER BY id");
    while (next_row(rows))
        row_read(books, rows);
    nothing_is_twice(books);
    struct sums sums[ACCOUNTS_MAX] = {0};
    journal_add(books, sums);
    for (int64_t account = 1; account < ACCOUNTS_MAX; account++) {
        usage_re_adds(&sums[account], account);
        balance_re_adds(&sums[account], account);
    }
}

void books_read(const char *path, struct books *books)
{
    books->count = 0;
    books->mark = books->last_row = books->accounts = 0;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        fail_msg("%s: %s", path, sqlite3_errmsg(db));
    sqlite3_stmt *check_whole = prepared("PRAGMA integrity_check");
    assert_true(next_row(check_whole));
    assert_string_equal((const char *)sqlite3_column_text(check_whole, 0), "ok");
    assert_false(next_row(check_whole));
    assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    if (has_table("fold_mark"))
        all_read(books);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

size_t books_count_charge(const struct books *books, const uint8_t id[CHARGE_ID_BYTES])
{
    size_t found = 0;
    for (size_t i = 0; i < books->count; i++)
        found += books->entries[i].entry.outcome == CALL_CHARGED &&
                 memcmp(books->entries[i].entry.charge_id, id, CHARGE_ID_BYTES) == 0;
    return found;
}
