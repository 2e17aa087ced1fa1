#include "ledger/audit_parts.h"

#include <stdarg.h>
#include <stdio.h>

#define PASSED_EVERY 256 /* rows between two calls of passed */

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

static enum status mark_check(struct audit *audit, int64_t *last, struct reason *reason)
{
    int64_t marks;
    TRY(number_select(audit, "SELECT count(*) FROM fold_mark", &marks, reason));
    TRY(number_select(audit, "SELECT journal_id FROM fold_mark", &audit->mark, reason));
    TRY(number_select(audit, "SELECT seq FROM sqlite_sequence WHERE name = 'journal'", last,
                      reason));
    if (marks != 1 || audit->mark < 0 || audit->mark > *last)
        return audit_differs(audit, 0, (const int64_t[2]){*last, audit->mark}, reason,
                             "fold_mark: the journal's last row");
    return STATUS_OK;
}

/* ---- The journal ---- */

static enum status rows_missing(struct audit *audit, int64_t first, int64_t last,
                                struct reason *reason)
{
    return audit_differs(audit, 0, NULL, reason, "journal rows %lld to %lld are missing",
                         (long long)first, (long long)last);
}

static enum status place_check(struct audit *audit, const struct audit_place *row,
                               struct audit_place *before, struct reason *reason)
{
    if (row->id != before->id + 1)
        TRY(rows_missing(audit, before->id + 1, row->id - 1, reason));
    if (row->boot == before->boot && row->elapsed_us < before->elapsed_us)
        TRY(audit_differs(audit, 0, NULL, reason,
                          "journal row %lld: its elapsed time is before the last row's",
                          (long long)row->id));
    *before = *row;
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
    totals->unfolded_calls += audit->place.id > audit->mark;
    totals->credits += entry->credits;
    totals->overage += entry->overage;
    totals->overage_micros += entry->overage_micros;
    return can_be_added ? audit_sums_add(audit, entry, reason) : STATUS_OK;
}

/* How many calls the body holds; -1: it does not unpack. */
static enum status body_add(struct audit *audit, struct text body, instant at, int64_t *calls,
                            struct reason *reason)
{
    struct journal_reader reader;
    struct journal_entry entry;
    bool more = true;
    *calls = 0;
    enum status status = journal_body_read(body, at, &reader);
    while (status == STATUS_OK) {
        status = journal_body_next(&reader, &entry, &more);
        if (status != STATUS_OK || !more)
            break;
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
    TRY(adjustment_add(audit, db_column_blob(row, 5), (instant){db_column_integer(row, 1)},
                       reason));
    int64_t told = db_column_integer(row, 4);
    audit->totals.rows++;
    audit->totals.unfolded_rows += audit->place.id > audit->mark;
    TRY(body_add(audit, db_column_blob(row, 5), (instant){db_column_integer(row, 1)}, &calls,
                 reason));
    if (calls < 0)
        return audit_differs(audit, 0, NULL, reason, "journal row %lld does not unpack",
                             (long long)audit->place.id);
    if (calls != told)
        return audit_differs(audit, 0, (const int64_t[2]){calls, told}, reason,
                             "journal row %lld: calls", (long long)audit->place.id);
    return STATUS_OK;
}

static enum status journal_add(struct audit *audit, int64_t last, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db,
                          "SELECT id, at, boot, elapsed_us, calls, body FROM journal"
                          " ORDER BY id",
                          &select, reason));
    struct audit_place before = {0};
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            break;
        audit->place = (struct audit_place){db_column_integer(select, 0),
                                            db_column_integer(select, 2),
                                            db_column_integer(select, 3)};
        TRY(place_check(audit, &audit->place, &before, reason));
        TRY(row_add(audit, select, reason));
        if (audit->place.id % PASSED_EVERY == 0)
            audit->watch->passed(audit->watch->owner, audit->place.id, last);
    }
    return before.id == last ? STATUS_OK : rows_missing(audit, before.id + 1, last, reason);
}

/* ---- The whole ---- */

static enum status audit_run(struct audit *audit, struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin_reading(audit->db, &transaction, reason));
    int64_t last;
    TRY(audit_sums_open(audit, reason));
    TRY(mark_check(audit, &last, reason));
    TRY(audit_plans_open(audit, reason));
    TRY(audit_billed_open(audit, reason));
    TRY(journal_add(audit, last, reason));
    TRY(audit_overage_end(audit, reason));
    TRY(audit_sums_spill(audit, reason));
    TRY(audit_subscriptions(audit, reason));
    return audit_compare(audit, reason);
}

enum status ledger_audit(struct db *db, const struct audit_prices *prices,
                         const struct audit_watch *watch, struct audit_totals *totals,
                         struct reason *reason)
{
    struct audit audit = {.db = db, .prices = prices, .watch = watch};
    enum status status = audit_run(&audit, reason);
    audit_entries_close(&audit);
    audit_overage_close(&audit);
    audit_plans_close(&audit);
    audit_billed_close(&audit);
    free(audit.sums);
    if (status == STATUS_OK)
        *totals = audit.totals;
    return status;
}
