#include "ledger/usage.h"

#include "ledger/embedded.h"
#include "ledger/unfolded.h"

const char *const usage_column_names[USAGE_COLUMNS] = {
    "charged",     "unchanged",    "head",      "empty_page", "replayed",       "free",
    "invalid",     "conflict",     "key_daily", "daily",      "insufficient",   "spend_limit",
    "unavailable", "rate_limited", "credits",   "overage",    "overage_micros",
};

int64_t usage_calls(const struct usage_row *row)
{
    int64_t calls = 0;
    for (size_t i = 0; i <= USAGE_RATE_LIMITED; i++)
        calls += row->sums[i];
    return calls;
}

/* ---- The unfolded tail, of one query ---- */

struct tail {
    const struct usage_query *query;
    struct usage_row *rows; /* by key, endpoint and hour */
    size_t count, capacity;
};

static void tail_finish(struct tail *tail)
{
    free(tail->rows);
}

static int order_of(const struct usage_row *a, const struct usage_row *b)
{
    if (a->key_id != b->key_id)
        return a->key_id < b->key_id ? -1 : 1;
    if (a->endpoint != b->endpoint)
        return a->endpoint < b->endpoint ? -1 : 1;
    return a->hour == b->hour ? 0 : a->hour < b->hour ? -1 : 1;
}

/* The row of that key, endpoint and hour, made in its place. The tail is one account's calls of
 * a moment: a handful of rows. */
static struct usage_row *tail_row(struct tail *tail, const struct usage_row *wanted)
{
    size_t place = 0;
    while (place < tail->count && order_of(&tail->rows[place], wanted) < 0)
        place++;
    if (place < tail->count && order_of(&tail->rows[place], wanted) == 0)
        return &tail->rows[place];
    if (tail->count == tail->capacity) {
        tail->capacity = tail->capacity ? 2 * tail->capacity : 16;
        tail->rows = memory_grow(tail->rows, tail->capacity * sizeof(tail->rows[0]));
    }
    memmove(&tail->rows[place + 1], &tail->rows[place],
            (tail->count - place) * sizeof(tail->rows[0]));
    tail->count++;
    tail->rows[place] = *wanted;
    return &tail->rows[place];
}

static bool is_asked_for(const struct usage_query *query, const struct fold_sum *sum)
{
    int64_t hour = instant_hour(sum->hour);
    return (query->key_id == 0 || sum->key_id == query->key_id) &&
           (query->endpoint == 0 || sum->endpoint == query->endpoint) &&
           hour >= query->hours_from && hour < query->hours_before;
}

static void tail_add(void *owner, const struct fold_sum *sum)
{
    struct tail *tail = owner;
    if (!is_asked_for(tail->query, sum))
        return;
    struct usage_row *row = tail_row(tail,
                                     &(struct usage_row){.key_id = sum->key_id,
                                                         .endpoint = sum->endpoint,
                                                         .hour = instant_hour(sum->hour)});
    for (size_t i = 0; i <= USAGE_RATE_LIMITED; i++)
        row->sums[i] += sum->calls[i];
    row->sums[USAGE_CREDITS] += sum->credits;
    row->sums[USAGE_OVERAGE] += sum->overage;
    row->sums[USAGE_OVERAGE_MICROS] += sum->overage_micros;
}

/* ---- The table, and both together ---- */

static void row_read(struct db_statement *select, struct usage_row *row)
{
    *row = (struct usage_row){.key_id = db_column_integer(select, 0),
                              .endpoint = (uint8_t)db_column_integer(select, 1),
                              .hour = db_column_integer(select, 2)};
    for (int i = 0; i < USAGE_COLUMNS; i++)
        row->sums[i] = db_column_integer(select, 3 + i);
}

static void rows_add(struct usage_row *row, const struct usage_row *more)
{
    for (size_t i = 0; i < USAGE_COLUMNS; i++)
        row->sums[i] += more->sums[i];
}

static enum status table_select(struct db *db, const struct usage_query *query,
                                struct db_statement **select, struct reason *reason)
{
    TRY(db_statement_take(db,
                          "SELECT key_id, endpoint, hour, " USAGE_COLUMNS_SQL " FROM usage_hour"
                          " WHERE bucket = $1 AND account_id = $2 AND hour >= $3 AND hour < $4"
                          " AND ($5 = 0 OR key_id = $5) AND ($6 = 0 OR endpoint = $6)"
                          " ORDER BY key_id, endpoint, hour",
                          select, reason));
    db_bind_integer(*select, 1, account_bucket(query->account_id));
    db_bind_integer(*select, 2, query->account_id);
    db_bind_integer(*select, 3, query->hours_from);
    db_bind_integer(*select, 4, query->hours_before);
    db_bind_integer(*select, 5, query->key_id);
    db_bind_integer(*select, 6, query->endpoint);
    return STATUS_OK;
}

static enum status merge(struct db *db, const struct tail *tail,
                         const struct usage_visitor *visitor, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(table_select(db, tail->query, &select, reason));
    size_t next = 0;
    for (;;) {
        bool is_there;
        struct usage_row row;
        TRY(db_step(select, &is_there, reason));
        if (is_there)
            row_read(select, &row);
        while (next < tail->count && (!is_there || order_of(&tail->rows[next], &row) < 0))
            visitor->visit(visitor->owner, &tail->rows[next++]);
        if (!is_there)
            return STATUS_OK;
        if (next < tail->count && order_of(&tail->rows[next], &row) == 0)
            rows_add(&row, &tail->rows[next++]);
        visitor->visit(visitor->owner, &row);
    }
}

enum status ledger_usage_visit(struct ledger *ledger, const struct usage_query *query,
                               const struct usage_visitor *visitor, struct reason *reason)
{
    CLEANUP(reader_release) struct reader_view view = {.reader = NULL};
    TRY(reader_take(&ledger->reader, ledger->db, &view, reason));
    CLEANUP(tail_finish) struct tail tail = {.query = query};
    TRY(unfolded_read(ledger, view.reader->db, query->account_id, tail_add, &tail, reason));
    return merge(view.reader->db, &tail, visitor, reason);
}

struct billing_period ledger_billing_period(const struct ledger *ledger,
                                            const struct account *account)
{
    return billing_period_at(account->created_at, ledger_present(ledger, account->id));
}
