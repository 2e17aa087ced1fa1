#include "ledger/audit_parts.h"
#include "sql/scratch.h"

#include <stdarg.h>
#include <stdio.h>

#define PAGE_ROWS                                                                              \
    256 /* of the journal, at a time: PostgreSQL hands over all that are asked for */

/* ---- Telling ---- */

/* The mail of an account, or its number; in room. */
static enum status account_name(struct audit *audit, int64_t account_id, struct buffer *name,
                                struct reason *reason)
{
    if (account_id == 0) {
        buffer_append_byte(name, '-');
        return STATUS_OK;
    }
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db, "SELECT email FROM account WHERE id = $1", &select,
                          reason));
    db_bind_integer(select, 1, account_id);
    bool row;
    TRY(db_step(select, &row, reason));
    if (row)
        buffer_append(name, db_column_text(select, 0));
    else
        buffer_append_integer(name, account_id);
    return STATUS_OK;
}

enum status audit_differs(struct audit *audit, int64_t account_id, const int64_t sums[2],
                          struct reason *reason, const char *format, ...)
{
    char what[AUDIT_WHAT_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    check(length >= 0);
    CLEANUP(buffer_finish) struct buffer name;
    buffer_init(&name, REASON_BYTES_MAX);
    TRY(account_name(audit, account_id, &name, reason));
    audit->totals.differences++;
    audit->watch->differs(audit->watch->owner,
                          &(struct audit_difference){.account = buffer_text(&name),
                                                     .what = text_of(what),
                                                     .has_sums = sums != NULL,
                                                     .journal = sums ? sums[0] : 0,
                                                     .table = sums ? sums[1] : 0});
    return STATUS_OK;
}

/* ---- Periods ---- */

enum status audit_anchor(struct audit *audit, int64_t account_id, instant *anchor,
                         struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db, "SELECT created_at FROM account WHERE id = $1", &select,
                          reason));
    db_bind_integer(select, 1, account_id);
    bool row;
    TRY(db_step(select, &row, reason));
    *anchor = (instant){row ? db_column_integer(select, 0) : 0};
    return STATUS_OK;
}

enum status audit_period_key(struct audit *audit, const struct journal_entry *entry,
                             char key[PERIOD_KEY_BYTES], struct reason *reason)
{
    instant anchor;
    TRY(audit_anchor(audit, entry->account_id, &anchor, reason));
    struct billing_period period = billing_period_at(anchor, entry->at);
    period_key_write(&period, key);
    return STATUS_OK;
}

/* ---- The fold mark and the journal's end ---- */

static enum status number_select(struct audit *audit, const char *sql, int64_t *number,
                                 struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db, sql, &select, reason));
    bool row;
    *number = 0;
    TRY(db_step(select, &row, reason));
    if (row)
        *number = db_column_integer(select, 0);
    return STATUS_OK;
}

/* Of a file: one mark of all accounts, and no row may be missing. */
static enum status mark_check(struct audit *audit, int64_t *last, struct reason *reason)
{
    struct fold_marks *marks = &audit->marks;
    TRY(fold_marks_read(audit->db, marks, reason));
    audit->mark = marks->all;
    TRY(number_select(audit, "SELECT seq FROM sqlite_sequence WHERE name = 'journal'", last,
                      reason));
    if (marks->rows != 1 || marks->all < 0 || marks->all > *last)
        return audit_differs(audit, 0, (const int64_t[2]){*last, marks->all}, reason,
                             "fold_mark: the journal's last row");
    if (marks->furthest > *last)
        return audit_differs(audit, 0, (const int64_t[2]){*last, marks->furthest}, reason,
                             "fold_cohort: the journal's last row");
    return STATUS_OK;
}

/* Of a shared ledger: a mark a node, and ids that no batch came to have. */
static enum status marks_check(struct audit *audit, int64_t *last, struct reason *reason)
{
    int64_t given;
    TRY(number_select(audit, "SELECT coalesce(max(id), 0) FROM journal", last, reason));
    TRY(number_select(audit, "SELECT last_value FROM journal_id", &given, reason));
    audit->mark = *last;
    if (given < *last)
        TRY(audit_differs(audit, 0, (const int64_t[2]){*last, given}, reason,
                          "the sequence journal_id: the journal's last row"));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db,
                          "SELECT node, journal_id FROM fold_mark"
                          " WHERE journal_id < 0 OR journal_id > $1 ORDER BY node",
                          &select, reason));
    db_bind_integer(select, 1, *last);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(audit_differs(audit, 0, (const int64_t[2]){*last, db_column_integer(select, 1)},
                          reason, "fold_mark of node %lld: the journal's last row",
                          (long long)db_column_integer(select, 0)));
    }
}

/* ---- The journal ---- */

static enum status rows_missing(struct audit *audit, int64_t first, int64_t last,
                                struct reason *reason)
{
    return audit_differs(audit, 0, NULL, reason, "journal rows %lld to %lld are missing",
                         (long long)first, (long long)last);
}

static enum status place_check(struct audit *audit, const struct audit_place *row,
                               const struct audit_place *before, struct reason *reason)
{
    if (audit->is_shared)
        return STATUS_OK; /* the ids of batches that failed are nobody's */
    if (row->id != before->id + 1)
        TRY(rows_missing(audit, before->id + 1, row->id - 1, reason));
    if (row->boot == before->boot && row->elapsed_us < before->elapsed_us)
        TRY(audit_differs(audit, 0, NULL, reason,
                          "journal row %lld: its elapsed time is before the last row's",
                          (long long)row->id));
    return STATUS_OK;
}

static enum status entry_add(struct audit *audit, const struct journal_entry *entry,
                             struct reason *reason)
{
    struct audit_totals *totals = &audit->totals;
    bool can_be_added = false;
    TRY(audit_entry(audit, entry, &can_be_added, reason));
    totals->calls++;
    totals->charges += entry->outcome == CALL_CHARGED;
    totals->unfolded_calls += audit->place.is_unfolded;
    totals->credits += entry->credits;
    totals->overage += entry->overage;
    totals->overage_micros += entry->overage_micros;
    return can_be_added ? audit_sums_add(audit, entry, reason) : STATUS_OK;
}

/* Whether the row being read is folded for an account, though not for all. */
static bool is_further(const struct audit *audit, int64_t account_id)
{
    return !audit->is_shared && audit->place.id <= fold_marks_of(&audit->marks, account_id);
}

/* How many calls the body holds; -1: it does not unpack. */
static enum status body_add(struct audit *audit, struct text body, instant at, int64_t *calls,
                            struct reason *reason)
{
    struct journal_reader reader;
    struct journal_entry entry;
    bool more = true;
    bool is_unfolded = audit->place.is_unfolded;
    *calls = 0;
    enum status status = journal_body_read(body, at, &reader);
    while (status == STATUS_OK) {
        status = journal_body_next(&reader, &entry, &more);
        if (status != STATUS_OK || !more)
            break;
        audit->place.is_unfolded = is_unfolded && !is_further(audit, entry.account_id);
        TRY(entry_add(audit, &entry, reason));
        ++*calls;
    }
    if (status != STATUS_OK)
        *calls = -1;
    return STATUS_OK;
}

/* What does not unpack as one is told with the rows that hold calls. */
static enum status adjustment_add(struct audit *audit, struct text body, instant at,
                                  struct reason *reason)
{
    struct adjustment adjustment;
    bool is_one;
    if (journal_adjustment_read(body, at, &adjustment, &is_one) != STATUS_OK || !is_one)
        return STATUS_OK;
    audit->totals.adjustments++;
    return audit_billed_adjustment(audit, &adjustment, reason);
}

static enum status row_add(struct audit *audit, struct db_statement *row, struct reason *reason)
{
    int64_t calls;
    struct text body = db_column_blob(row, 3);
    instant at = {db_column_integer(row, 1)};
    TRY(adjustment_add(audit, body, at, reason));
    int64_t told = db_column_integer(row, 2);
    audit->totals.rows++;
    audit->totals.unfolded_rows += audit->place.is_unfolded;
    TRY(body_add(audit, body, at, &calls, reason));
    if (calls < 0)
        return audit_differs(audit, 0, NULL, reason, "journal row %lld does not unpack",
                             (long long)audit->place.id);
    if (calls != told)
        return audit_differs(audit, 0, (const int64_t[2]){calls, told}, reason,
                             "journal row %lld: calls", (long long)audit->place.id);
    return STATUS_OK;
}

/* After the row $1; up to the mark $2 a file's rows are folded for all accounts. */
#define FILE_SQL                                                                               \
    "SELECT id, at, calls, body, boot, elapsed_us, id > $2, 0 FROM journal WHERE id > $1"      \
    " ORDER BY id LIMIT $3"
#define SHARED_SQL                                                                             \
    "SELECT j.id, j.at, j.calls, j.body, 0, j.at, EXISTS (SELECT 1 FROM fold_mark m"           \
    " WHERE m.node = j.node AND m.journal_id < j.id), j.node FROM journal j WHERE j.id > $1"   \
    " AND $2 >= 0 ORDER BY j.id LIMIT $3"

static enum status page_add(struct audit *audit, struct db_statement *select,
                            struct audit_place *before, size_t *rows, struct reason *reason)
{
    db_bind_integer(select, 1, before->id);
    db_bind_integer(select, 2, audit->mark);
    db_bind_integer(select, 3, PAGE_ROWS);
    for (*rows = 0;; ++*rows) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        audit->place = (struct audit_place){
            .id = db_column_integer(select, 0),
            .boot = db_column_integer(select, 4),
            .elapsed_us = db_column_integer(select, 5),
            .is_unfolded = db_column_integer(select, 6) != 0,
            .is_ordered = db_column_integer(select, 7) != 0,
        };
        TRY(place_check(audit, &audit->place, before, reason));
        *before = audit->place;
        TRY(row_add(audit, select, reason));
    }
}

static enum status journal_add(struct audit *audit, int64_t last, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db, audit->is_shared ? SHARED_SQL : FILE_SQL, &select,
                          reason));
    struct audit_place before = {0};
    size_t rows = PAGE_ROWS;
    while (rows == PAGE_ROWS) {
        TRY(page_add(audit, select, &before, &rows, reason));
        audit->watch->passed(audit->watch->owner, before.id, last);
    }
    return before.id == last ? STATUS_OK : rows_missing(audit, before.id + 1, last, reason);
}

/* ---- The whole ---- */

static enum status audit_run(struct audit *audit, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction view = {NULL}, sums = {NULL};
    TRY(db_begin_reading(audit->db, &view, reason));
    TRY(db_begin(audit->scratch, &sums, reason));
    int64_t last;
    TRY(audit_sums_open(audit, reason));
    TRY(audit->is_shared ? marks_check(audit, &last, reason)
                         : mark_check(audit, &last, reason));
    TRY(audit_plans_open(audit, reason));
    TRY(audit_billed_open(audit, reason));
    TRY(journal_add(audit, last, reason));
    TRY(audit_overage_end(audit, reason));
    TRY(audit_sums_spill(audit, reason));
    TRY(audit_billed_spill(audit, reason));
    TRY(audit_subscriptions(audit, reason));
    return audit_compare(audit, reason);
}

enum status ledger_audit(struct db *db, const struct audit_prices *prices,
                         const struct audit_watch *watch, struct audit_totals *totals,
                         struct reason *reason)
{
    struct audit audit = {
        .db = db, .is_shared = db_kind(db) == DB_POSTGRES, .prices = prices, .watch = watch};
    TRY(db_open_scratch(&audit.scratch, reason));
    enum status status = audit_run(&audit, reason);
    db_close(audit.scratch);
    audit_entries_close(&audit);
    audit_overage_close(&audit);
    audit_plans_close(&audit);
    audit_billed_close(&audit);
    places_finish(&audit.sums);
    fold_marks_finish(&audit.marks);
    if (status == STATUS_OK)
        *totals = audit.totals;
    return status;
}
