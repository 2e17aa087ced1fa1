#include "ledger/events.h"

#include "ledger/embedded.h"
#include "ledger/unfolded.h"

/* What one look reads at most: some 50 ms. */
#define ROWS_READ_MAX 8192
#define BYTES_READ_MAX (3 * 1024 * 1024) /* of 170,000 calls */
#define RANGES_READ_MAX 100000

/* Ranges of an account that may lie in one fold: its keys, endpoints and hours of two minutes. A
 * fold's ranges overlap; those of two folds never do. */
#define RANGES_A_FOLD_MAX 4096

enum event_kind event_kind_of(enum call_outcome outcome)
{
    if (outcome == CALL_CHARGED)
        return EVENT_CHARGED;
    return outcome < CALL_INVALID ? EVENT_NON_BILLABLE : EVENT_FAILED;
}

/* One reading of the journal, downward. */
struct look {
    struct db *db;
    const struct event_query *query;
    struct event_page *page;
    struct call_event *of_row; /* those of the present row that are asked for, in its order */
    size_t row_count, row_capacity;
    int64_t lowest; /* every row from here on has been read, or is not to be */
    size_t rows_read, bytes_read;
    bool is_over;
};

static void look_finish(struct look *look)
{
    free(look->of_row);
}

static void stop_before(struct look *look, struct event_place place)
{
    look->is_over = true;
    look->page->has_more = true;
    look->page->next = place;
}

/* ---- One row ---- */

static bool is_asked_for(const struct event_query *query, const struct journal_entry *entry)
{
    return entry->account_id == query->account_id &&
           (query->kinds & event_kind_of(entry->outcome)) != 0 &&
           (query->endpoint == 0 || entry->endpoint == query->endpoint) &&
           entry->at.us >= query->from.us && entry->at.us < query->to.us &&
           (query->request_id.length == 0 || text_equals(query->request_id, entry->request_id));
}

static void event_keep(struct look *look, struct event_place place,
                       const struct journal_entry *entry)
{
    if (look->row_count == look->row_capacity) {
        look->row_capacity = look->row_capacity ? 2 * look->row_capacity : 16;
        look->of_row = memory_grow(look->of_row, look->row_capacity * sizeof(look->of_row[0]));
    }
    struct call_event *event = &look->of_row[look->row_count++];
    *event = (struct call_event){.place = place, .entry = *entry};
    ledger_copy_text(event->request_id, sizeof(event->request_id), entry->request_id);
    ledger_copy_text(event->idempotency_key, sizeof(event->idempotency_key),
                     entry->idempotency_key);
    event->entry.request_id = (struct text){0};
    event->entry.idempotency_key = (struct text){0};
}

static enum status row_unpack(struct look *look, int64_t id, instant at, struct text body)
{
    struct event_place before = look->query->before;
    struct journal_reader reader;
    TRY(journal_body_read(body, at, &reader));
    for (int64_t call = 0;; call++) {
        struct journal_entry entry;
        bool more;
        TRY(journal_body_next(&reader, &entry, &more));
        if (!more || (id == before.row && call >= before.call))
            return STATUS_OK;
        if (is_asked_for(look->query, &entry))
            event_keep(look, (struct event_place){id, call}, &entry);
    }
}

/* From the row's last call to its first; one more than the page takes says that there are more. */
static void row_list(struct look *look)
{
    struct event_page *page = look->page;
    while (look->row_count > 0 && page->count < look->query->limit)
        page->events[page->count++] = look->of_row[--look->row_count];
    if (look->row_count > 0)
        stop_before(look, page->events[page->count - 1].place);
    look->row_count = 0;
}

static enum status row_read(struct look *look, struct db_statement *select,
                            struct reason *reason)
{
    int64_t id = db_column_integer(select, 0);
    struct text body = db_column_blob(select, 2);
    if (look->rows_read++ == ROWS_READ_MAX || look->bytes_read > BYTES_READ_MAX) {
        stop_before(look, (struct event_place){id + 1, 0});
        return STATUS_OK;
    }
    look->bytes_read += body.length;
    if (row_unpack(look, id, (instant){db_column_integer(select, 1)}, body) != STATUS_OK)
        return reason_set(reason, STATUS_CORRUPT,
                          "%s: journal row %lld does not unpack: restore it from a backup",
                          db_path(look->db), (long long)id);
    row_list(look);
    return STATUS_OK;
}

/* Rows first to last that were not read yet, the newest first. */
static enum status rows_read(struct look *look, int64_t first, int64_t last,
                             struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(look->db,
                          "SELECT id, at, body FROM journal WHERE id >= $1 AND id <= $2"
                          " ORDER BY id DESC",
                          &select, reason));
    db_bind_integer(select, 1, first);
    db_bind_integer(select, 2, last < look->lowest ? last : look->lowest - 1);
    while (!look->is_over) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            break;
        TRY(row_read(look, select, reason));
    }
    if (first < look->lowest)
        look->lowest = first;
    return STATUS_OK;
}

/* ---- The ranges ---- */

/* The greatest end of the ranges that begin at or before a row. */
static enum status greatest_end(struct look *look, int64_t row_id, int64_t *end,
                                struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(look->db,
                          "SELECT coalesce(max(last_id), 0) FROM (SELECT last_id FROM activity"
                          " WHERE bucket = $1 AND account_id = $2 AND first_id <= $3"
                          " ORDER BY first_id DESC LIMIT $4) AS nearest",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(look->query->account_id));
    db_bind_integer(select, 2, look->query->account_id);
    db_bind_integer(select, 3, row_id);
    db_bind_integer(select, 4, RANGES_A_FOLD_MAX);
    bool row;
    TRY(db_step(select, &row, reason));
    *end = row ? db_column_integer(select, 0) : 0;
    return STATUS_OK;
}

/* Ranges of before 0008 do not say when their calls were. */
static bool range_may_hold(const struct event_query *query, struct db_statement *select)
{
    return db_column_is_null(select, 2) || (db_column_integer(select, 2) < query->to.us &&
                                            db_column_integer(select, 3) >= query->from.us);
}

static enum status ranges_read(struct look *look, struct db_statement *select,
                               struct reason *reason)
{
    for (size_t count = 0; !look->is_over; count++) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        if (count == RANGES_READ_MAX)
            stop_before(look, (struct event_place){db_column_integer(select, 1) + 1, 0});
        else if (range_may_hold(look->query, select))
            TRY(rows_read(look, db_column_integer(select, 0), db_column_integer(select, 1),
                          reason));
    }
    return STATUS_OK;
}

/* By their ends: whatever range comes next, no unread row of it is above those that were read. */
static enum status folded_read(struct look *look, struct reason *reason)
{
    int64_t before = look->query->before.row, end;
    TRY(greatest_end(look, before, &end, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(look->db,
                          "SELECT first_id, last_id, first_at, last_at FROM activity"
                          " WHERE bucket = $1 AND account_id = $2 AND last_id <= $3"
                          " ORDER BY last_id DESC",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(look->query->account_id));
    db_bind_integer(select, 2, look->query->account_id);
    db_bind_integer(select, 3, end);
    return ranges_read(look, select, reason);
}

/* ---- The page ---- */

static enum status keys_name(struct look *look, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(look->db,
                          "SELECT outward_id FROM api_key WHERE bucket = $1 AND account_id = $2"
                          " AND id = $3",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(look->query->account_id));
    db_bind_integer(select, 2, look->query->account_id);
    for (size_t i = 0; i < look->page->count; i++) {
        struct call_event *event = &look->page->events[i];
        bool row;
        db_bind_integer(select, 3, event->entry.key_id);
        TRY(db_step(select, &row, reason));
        if (!row)
            continue;
        ledger_copy_text(event->key_id, sizeof(event->key_id),
                         text_slice(db_column_text(select, 0), 0, OUTWARD_ID_LENGTH));
        TRY(db_run(select, reason));
    }
    return STATUS_OK;
}

enum status ledger_events_read(struct ledger *ledger, const struct event_query *query,
                               struct event_page *page, struct reason *reason)
{
    check(query->limit > 0 && query->limit <= EVENTS_LISTED_MAX);
    CLEANUP(reader_release) struct reader_view view = {.reader = NULL};
    TRY(reader_take(&ledger->reader, ledger->db, &view, reason));
    int64_t before = query->before.row;
    CLEANUP(look_finish)
    struct look look = {.db = view.reader->db,
                        .query = query,
                        .page = page,
                        .lowest = before < INT64_MAX ? before + 1 : INT64_MAX};
    struct unfolded_rows unfolded;
    page->count = 0;
    page->has_more = false;
    TRY(unfolded_find(ledger, look.db, query->account_id, &unfolded, reason));
    if (unfolded.behind < INT64_MAX)
        TRY(rows_read(&look, unfolded.behind + 1, INT64_MAX, reason));
    if (unfolded.first > 0)
        TRY(rows_read(&look, unfolded.first, unfolded.last, reason));
    if (!look.is_over)
        TRY(folded_read(&look, reason));
    return keys_name(&look, reason);
}
