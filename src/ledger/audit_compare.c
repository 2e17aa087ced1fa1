#include "ledger/audit_parts.h"
#include "model/account.h"
#include "model/billing_period.h"

#define KEYS_MAX 5
#define VALUES_MAX AUDIT_SUMMED

/* One row of either side, by a rising key that begins with bucket and account. */
struct side_row {
    int64_t key[KEYS_MAX];
    int64_t values[VALUES_MAX];
};

/* One side of a comparison: rows in the order of their keys. */
struct side {
    struct db_statement *select;
    enum status (*next)(struct audit *audit, struct side *side, bool *is_there,
                        struct reason *reason);
    struct side_row row; /* the one that stands */
    bool is_there;
    struct billing_period period; /* the balances' own: of the row that gathers */
    int64_t account_id;           /* likewise: whose anchor is known */
    instant anchor;
    bool has_begun, has_hour; /* likewise: whether an hour stands */
};

struct comparison {
    size_t keys, values;
    enum status (*differs)(struct audit *audit, const struct side_row *row, size_t value,
                           const int64_t sums[2], struct reason *reason);
};

static void side_finish(struct side *side)
{
    db_statement_release(&side->select);
}

static enum status side_open(struct audit *audit, const char *sql, struct side *side,
                             struct reason *reason)
{
    TRY(db_statement_take(audit->db, sql, &side->select, reason));
    return side->next(audit, side, &side->is_there, reason);
}

static int keys_order(const struct side *journal, const struct side *table, size_t keys)
{
    if (!journal->is_there || !table->is_there)
        return journal->is_there ? -1 : 1;
    for (size_t i = 0; i < keys; i++)
        if (journal->row.key[i] != table->row.key[i])
            return journal->row.key[i] < table->row.key[i] ? -1 : 1;
    return 0;
}

/* A row that one side lacks is one of zeroes there. */
static enum status rows_compare(struct audit *audit, const struct comparison *comparison,
                                const struct side_row *journal, const struct side_row *table,
                                struct reason *reason)
{
    static const struct side_row zeroes;
    const struct side_row *there = journal ? journal : table;
    const struct side_row *left = journal ? journal : &zeroes;
    const struct side_row *right = table ? table : &zeroes;
    for (size_t i = 0; i < comparison->values; i++) {
        const int64_t sums[2] = {left->values[i], right->values[i]};
        if (sums[0] != sums[1])
            TRY(comparison->differs(audit, there, i, sums, reason));
    }
    return STATUS_OK;
}

static enum status sides_compare(struct audit *audit, const struct comparison *comparison,
                                 struct side *journal, struct side *table,
                                 struct reason *reason)
{
    while (journal->is_there || table->is_there) {
        int order = keys_order(journal, table, comparison->keys);
        TRY(rows_compare(audit, comparison, order <= 0 ? &journal->row : NULL,
                         order >= 0 ? &table->row : NULL, reason));
        if (order <= 0)
            TRY(journal->next(audit, journal, &journal->is_there, reason));
        if (order >= 0)
            TRY(table->next(audit, table, &table->is_there, reason));
    }
    return STATUS_OK;
}

/* ---- usage_hour ---- */

#define USAGE_KEYS 5

static enum status usage_next(struct audit *audit, struct side *side, bool *is_there,
                              struct reason *reason)
{
    (void)audit;
    TRY(db_step(side->select, is_there, reason));
    for (int i = 0; *is_there && i < USAGE_KEYS; i++)
        side->row.key[i] = db_column_integer(side->select, i);
    for (int i = 0; *is_there && i < AUDIT_SUMMED; i++)
        side->row.values[i] = db_column_integer(side->select, USAGE_KEYS + i);
    return STATUS_OK;
}

static enum status usage_differs(struct audit *audit, const struct side_row *row, size_t value,
                                 const int64_t sums[2], struct reason *reason)
{
    char hour[INSTANT_TEXT_BYTES];
    instant at = instant_of_seconds(row->key[4] * HOUR_SECONDS);
    size_t column = value < CALL_OUTCOMES ? value : value - CALL_OUTCOMES + USAGE_CREDITS;
    return audit_differs(audit, row->key[1], sums, reason,
                         "usage_hour of key %lld at endpoint %lld from %.*s on: %s",
                         (long long)row->key[2], (long long)row->key[3],
                         TEXT_PRINT(instant_rfc3339(at, hour)), usage_column_names[column]);
}

#define SUMMED_SQL                                                                             \
    "charged, unchanged, head, empty_page, replayed, free, invalid, conflict, key_daily,"      \
    " daily, insufficient, spend_limit, unavailable, credits, overage, overage_micros"
#define USAGE_SQL(from)                                                                        \
    "SELECT bucket, account_id, key_id, endpoint, hour, " SUMMED_SQL " FROM " from             \
    " ORDER BY bucket, account_id, key_id, endpoint, hour"

static enum status usage_compare(struct audit *audit, struct reason *reason)
{
    static const struct comparison usage = {USAGE_KEYS, AUDIT_SUMMED, usage_differs};
    CLEANUP(side_finish) struct side journal = {.next = usage_next};
    CLEANUP(side_finish) struct side table = {.next = usage_next};
    TRY(side_open(audit, USAGE_SQL("temp.readded WHERE is_unfolded = 0"), &journal, reason));
    TRY(side_open(audit, USAGE_SQL("usage_hour"), &table, reason));
    return sides_compare(audit, &usage, &journal, &table, reason);
}

/* ---- balance ---- */

enum { DAY, DAY_USED, USED, OVERAGE, OVERAGE_MICROS, BALANCE_VALUES };
#define BALANCE_KEYS 3 /* bucket, account, period */

static enum status anchor_find(struct audit *audit, struct side *side, int64_t account_id,
                               struct reason *reason)
{
    TRY(audit_anchor(audit, account_id, &side->anchor, reason));
    side->account_id = account_id;
    if (side->anchor.us != 0)
        return STATUS_OK;
    return audit_differs(audit, account_id, NULL, reason,
                         "there is no such account, but it was charged");
}

/* Hours rise within an account, so its periods and days do. */
static void hour_add(struct side *side, struct db_statement *hour)
{
    int64_t *values = side->row.values;
    int64_t day = db_column_integer(hour, 2) / 24;
    int64_t charged = db_column_integer(hour, 3);
    int64_t overage = db_column_integer(hour, 4);
    values[DAY_USED] = (day > values[DAY] ? 0 : values[DAY_USED]) + charged;
    values[DAY] = day;
    values[USED] += charged - overage;
    values[OVERAGE] += overage;
    values[OVERAGE_MICROS] += db_column_integer(hour, 5);
}

static void period_begin(struct side *side, instant at)
{
    side->period = billing_period_at(side->anchor, at);
    side->row = (struct side_row){.key = {account_bucket(side->account_id), side->account_id,
                                          side->period.year * 12 + side->period.month - 1}};
}

static instant hour_start(struct db_statement *hour)
{
    return instant_of_seconds(db_column_integer(hour, 2) * HOUR_SECONDS);
}

/* Adds up the hours of one period; the first hour of the next one then stands. */
static enum status readded_next(struct audit *audit, struct side *side, bool *is_there,
                                struct reason *reason)
{
    struct db_statement *hour = side->select;
    if (!side->has_begun)
        TRY(db_step(hour, &side->has_hour, reason));
    side->has_begun = true;
    *is_there = side->has_hour;
    if (!side->has_hour)
        return STATUS_OK;
    if (db_column_integer(hour, 1) != side->account_id)
        TRY(anchor_find(audit, side, db_column_integer(hour, 1), reason));
    period_begin(side, hour_start(hour));
    while (side->has_hour && db_column_integer(hour, 1) == side->account_id &&
           hour_start(hour).us < side->period.end.us) {
        hour_add(side, hour);
        TRY(db_step(hour, &side->has_hour, reason));
    }
    return STATUS_OK;
}

/* A row may be there before the first charge, to hold what a change of plan included. */
static enum status balance_next(struct audit *audit, struct side *side, bool *is_there,
                                struct reason *reason)
{
    (void)audit;
    TRY(db_step(side->select, is_there, reason));
    for (int i = 0; *is_there && i < BALANCE_KEYS; i++)
        side->row.key[i] = db_column_integer(side->select, i);
    for (int i = 0; *is_there && i < BALANCE_VALUES; i++)
        side->row.values[i] = db_column_integer(side->select, BALANCE_KEYS + i);
    if (*is_there && side->row.values[DAY_USED] == 0)
        side->row.values[DAY] = 0;
    return STATUS_OK;
}

static enum status balance_differs(struct audit *audit, const struct side_row *row,
                                   size_t value, const int64_t sums[2], struct reason *reason)
{
    static const char *const names[BALANCE_VALUES] = {
        [DAY] = "day",
        [DAY_USED] = "day_used",
        [USED] = "used",
        [OVERAGE] = "overage",
        [OVERAGE_MICROS] = "overage_micros",
    };
    return audit_differs(audit, row->key[1], sums, reason, "balance of %04lld-%02lld: %s",
                         (long long)(row->key[2] / 12), (long long)(row->key[2] % 12 + 1),
                         names[value]);
}

static enum status balances_compare(struct audit *audit, struct reason *reason)
{
    static const struct comparison balances = {BALANCE_KEYS, BALANCE_VALUES, balance_differs};
    CLEANUP(side_finish) struct side journal = {.next = readded_next};
    CLEANUP(side_finish) struct side table = {.next = balance_next};
    TRY(side_open(audit,
                  "SELECT bucket, account_id, hour, sum(credits), sum(overage),"
                  " sum(overage_micros) FROM temp.readded WHERE is_unfolded = 0 AND charged > 0"
                  " GROUP BY bucket, account_id, hour ORDER BY bucket, account_id, hour",
                  &journal, reason));
    TRY(side_open(audit,
                  "SELECT bucket, account_id, period, day, day_used, used, overage,"
                  " overage_micros FROM balance ORDER BY bucket, account_id, period",
                  &table, reason));
    return sides_compare(audit, &balances, &journal, &table, reason);
}

/* ---- What stands for itself ---- */

/* Each selects account, and two numbers for the sentence. */
static const struct {
    const char *sql;
    const char *sentence;
} faults[] = {
    {"SELECT DISTINCT account_id, key_id, 0 FROM temp.readded r WHERE NOT EXISTS"
     " (SELECT 1 FROM api_key k WHERE k.id = r.key_id AND k.account_id = r.account_id)",
     "the journal names a key that is none of the account: key, 0"},
    {"SELECT account_id, first_id, last_id FROM activity"
     " WHERE first_id > last_id OR last_id > (SELECT journal_id FROM fold_mark)",
     "activity: no such range of journal rows: first, last"},
    {"SELECT account_id, used, included + granted FROM balance WHERE used > included + granted",
     "balance: more credits used than included: used, included"},
};

static enum status fault_find(struct audit *audit, size_t fault, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db, faults[fault].sql, &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(audit_differs(audit, db_column_integer(select, 0), NULL, reason, "%s (%lld, %lld)",
                          faults[fault].sentence, (long long)db_column_integer(select, 1),
                          (long long)db_column_integer(select, 2)));
    }
}

enum status audit_compare(struct audit *audit, struct reason *reason)
{
    TRY(usage_compare(audit, reason));
    TRY(balances_compare(audit, reason));
    TRY(audit_billed_compare(audit, reason));
    for (size_t i = 0; i < LENGTH_OF(faults); i++)
        TRY(fault_find(audit, i, reason));
    return STATUS_OK;
}
