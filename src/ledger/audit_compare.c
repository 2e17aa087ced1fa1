#include "ledger/audit_parts.h"
#include "ledger/statement.h"
#include "model/account.h"
#include "model/billing_period.h"

#define KEYS_MAX 6
#define VALUES_MAX AUDIT_SUMMED
#define PAGE_ROWS                                                                              \
    4096 /* of a kept table, at a time: PostgreSQL hands over all that are asked for */

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
    size_t keys, values; /* columns of the select */
    bool is_paged;       /* it takes rows after the key $1, $2 and so on, PAGE_ROWS of them */
    size_t page_rows;    /* of the page, so far */
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

static void page_begin(struct side *side)
{
    for (size_t i = 0; i < side->keys; i++)
        db_bind_integer(side->select, (int)i + 1, side->row.key[i]);
    side->page_rows = 0;
}

static enum status side_step(struct side *side, bool *is_there, struct reason *reason)
{
    TRY(db_step(side->select, is_there, reason));
    if (!*is_there && side->is_paged && side->page_rows == PAGE_ROWS) {
        page_begin(side);
        TRY(db_step(side->select, is_there, reason));
    }
    side->page_rows += *is_there;
    return STATUS_OK;
}

/* Rows as they are selected: the key first, then the values. */
static enum status row_next(struct audit *audit, struct side *side, bool *is_there,
                            struct reason *reason)
{
    (void)audit;
    TRY(side_step(side, is_there, reason));
    for (size_t i = 0; *is_there && i < side->keys; i++)
        side->row.key[i] = db_column_integer(side->select, (int)i);
    for (size_t i = 0; *is_there && i < side->values; i++)
        side->row.values[i] = db_column_integer(side->select, (int)(side->keys + i));
    return STATUS_OK;
}

static enum status side_open(struct audit *audit, struct db *db, const char *sql,
                             struct side *side, struct reason *reason)
{
    TRY(db_statement_take(db, sql, &side->select, reason));
    side->row.key[0] = INT64_MIN;
    if (side->is_paged)
        page_begin(side);
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

/* The scratch's select, and a paged one of the ledger. */
static enum status selects_compare(struct audit *audit, const struct comparison *comparison,
                                   const char *scratch, const char *kept, struct reason *reason)
{
    size_t keys = comparison->keys, values = comparison->values;
    CLEANUP(side_finish)
    struct side journal = {.next = row_next, .keys = keys, .values = values};
    CLEANUP(side_finish)
    struct side table = {.next = row_next, .keys = keys, .values = values, .is_paged = true};
    TRY(side_open(audit, audit->scratch, scratch, &journal, reason));
    TRY(side_open(audit, audit->db, kept, &table, reason));
    return sides_compare(audit, comparison, &journal, &table, reason);
}

/* The end of a paged select by columns of a key; the page's size as a number. */
#define TEXT_OF(number) #number
#define NUMBER_TEXT(number) TEXT_OF(number)
#define PAGED_SQL(key, parameters)                                                             \
    " WHERE (" key ") > (" parameters ") ORDER BY " key " LIMIT " NUMBER_TEXT(PAGE_ROWS)

/* ---- usage_hour ---- */

#define USAGE_KEYS 5

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
#define USAGE_KEY_SQL "bucket, account_id, key_id, endpoint, hour"

static enum status usage_compare(struct audit *audit, struct reason *reason)
{
    static const struct comparison usage = {USAGE_KEYS, AUDIT_SUMMED, usage_differs};
    return selects_compare(audit, &usage,
                           "SELECT " USAGE_KEY_SQL ", " SUMMED_SQL " FROM readded"
                           " WHERE is_unfolded = 0 ORDER BY " USAGE_KEY_SQL,
                           "SELECT " USAGE_KEY_SQL ", " SUMMED_SQL
                           " FROM usage_hour" PAGED_SQL(USAGE_KEY_SQL, "$1, $2, $3, $4, $5"),
                           reason);
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
    TRY(row_next(audit, side, is_there, reason));
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

/* Of a shared ledger balances hold what is not folded yet. */
#define CHARGED_SQL(folded)                                                                    \
    "SELECT bucket, account_id, hour, sum(credits), sum(overage), sum(overage_micros)"         \
    " FROM readded WHERE " folded "charged > 0 GROUP BY bucket, account_id, hour"              \
    " ORDER BY bucket, account_id, hour"

static enum status balances_compare(struct audit *audit, struct reason *reason)
{
    static const struct comparison balances = {BALANCE_KEYS, BALANCE_VALUES, balance_differs};
    CLEANUP(side_finish) struct side journal = {.next = readded_next};
    CLEANUP(side_finish)
    struct side table = {
        .next = balance_next, .keys = BALANCE_KEYS, .values = BALANCE_VALUES, .is_paged = true};
    TRY(side_open(audit, audit->scratch,
                  audit->is_shared ? CHARGED_SQL("") : CHARGED_SQL("is_unfolded = 0 AND "),
                  &journal, reason));
    TRY(side_open(
        audit, audit->db,
        "SELECT bucket, account_id, period, day, day_used, used, overage,"
        " overage_micros FROM balance" PAGED_SQL("bucket, account_id, period", "$1, $2, $3"),
        &table, reason));
    return sides_compare(audit, &balances, &journal, &table, reason);
}

/* ---- billed ---- */

static enum status billed_differs(struct audit *audit, const struct side_row *row, size_t value,
                                  const int64_t sums[2], struct reason *reason)
{
    (void)value;
    char key[PERIOD_KEY_BYTES] = "-";
    if (row->key[2] >= PERIOD_NUMBER_MIN && row->key[2] < PERIOD_NUMBER_END)
        period_number_write(row->key[2], key);
    return audit_differs(audit, row->key[1], sums, reason,
                         "billed in %s: credits of kind %lld at %lld cents", key,
                         (long long)row->key[4], (long long)row->key[5]);
}

#define BILLED_KEY_SQL "bucket, account_id, billed_in, period, kind, cents_per_1000"

static enum status billed_compare(struct audit *audit, struct reason *reason)
{
    static const struct comparison billed = {6, 1, billed_differs};
    return selects_compare(
        audit, &billed,
        "SELECT " BILLED_KEY_SQL ", credits FROM rebilled ORDER BY " BILLED_KEY_SQL,
        "SELECT " BILLED_KEY_SQL
        ", credits FROM billed" PAGED_SQL(BILLED_KEY_SQL, "$1, $2, $3, $4, $5, $6"),
        reason);
}

static enum status adjusted_differs(struct audit *audit, const struct side_row *row,
                                    size_t value, const int64_t sums[2], struct reason *reason)
{
    return audit_differs(audit, row->key[1], sums, reason, "balance of %04lld-%02lld: %s",
                         (long long)(row->key[2] / 12), (long long)(row->key[2] % 12 + 1),
                         value == 0 ? "granted" : "refunded_micros");
}

static enum status adjusted_compare(struct audit *audit, struct reason *reason)
{
    static const struct comparison adjusted = {BALANCE_KEYS, 2, adjusted_differs};
    return selects_compare(
        audit, &adjusted,
        "SELECT bucket, account_id, period, sum(granted),"
        " sum(refunded_micros) FROM readjusted"
        " GROUP BY bucket, account_id, period"
        " ORDER BY bucket, account_id, period",
        "SELECT bucket, account_id, period, granted, refunded_micros"
        " FROM balance" PAGED_SQL("bucket, account_id, period", "$1, $2, $3"),
        reason);
}

/* ---- Keys ---- */

/* A key that was never used is none of the journal's. */
static enum status key_differs(struct audit *audit, const struct side_row *row, size_t value,
                               const int64_t sums[2], struct reason *reason)
{
    (void)value;
    if (sums[0] == 0)
        return STATUS_OK;
    return audit_differs(
        audit, row->key[1], NULL, reason,
        "the journal names a key that is none of the account: key, 0 (%lld, 0)",
        (long long)row->key[2]);
}

static enum status keys_compare(struct audit *audit, struct reason *reason)
{
    static const struct comparison keys = {3, 1, key_differs};
    return selects_compare(audit, &keys,
                           "SELECT DISTINCT bucket, account_id, key_id, 1 FROM readded"
                           " ORDER BY bucket, account_id, key_id",
                           "SELECT bucket, account_id, id, 1 FROM api_key" PAGED_SQL(
                               "bucket, account_id, id", "$1, $2, $3"),
                           reason);
}

/* ---- What stands for itself ---- */

/* Each selects account, and two numbers for the sentence; $1 is the last row that can be named. */
struct fault {
    const char *sql;
    const char *sentence;
};

static const struct fault faults[] = {
    {"SELECT account_id, first_id, last_id FROM activity"
     " WHERE first_id > last_id OR last_id > $1",
     "activity: no such range of journal rows: first, last"},
    {"SELECT account_id, used, included + granted FROM balance"
     " WHERE used > included + granted AND $1 >= 0",
     "balance: more credits used than included: used, included"},
};

/* Of a ledger that several nodes share: each account has what locks it, and its mail address is in
 * the bucket that it is looked for in. */
static const struct fault faults_shared[] = {
    {"SELECT a.id, count(w.account_id), 1 FROM account a LEFT JOIN account_window w"
     " ON w.bucket = a.bucket AND w.account_id = a.id WHERE $1 >= 0 GROUP BY a.id"
     " HAVING count(w.account_id) <> 1",
     "account_window: rows of the account: there, wanted"},
    {"SELECT w.account_id, 1, 0 FROM account_window w WHERE $1 >= 0 AND NOT EXISTS"
     " (SELECT 1 FROM account a WHERE a.bucket = w.bucket AND a.id = w.account_id)",
     "account_window: rows of an account that is not there: there, wanted"},
    {"SELECT a.id, 0, 1 FROM account a WHERE $1 >= 0 AND NOT EXISTS (SELECT 1 FROM "
     "account_email e"
     " WHERE e.bucket = get_byte(sha256(convert_to(a.email_folded, 'UTF8')), 0) % 64"
     " AND e.email_folded = a.email_folded AND e.account_id = a.id)",
     "account_email: rows of the account: there, wanted"},
    {"SELECT e.account_id, 1, 0 FROM account_email e WHERE $1 >= 0 AND NOT EXISTS (SELECT 1"
     " FROM account a WHERE a.bucket = e.account_id % 64 AND a.id = e.account_id"
     " AND a.email_folded = e.email_folded)",
     "account_email: rows of an address that is not the account's: there, wanted"},
};

static enum status fault_find(struct audit *audit, const struct fault *fault,
                              struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db, fault->sql, &select, reason));
    db_bind_integer(select, 1, audit->is_shared ? audit->mark : audit->marks.furthest);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(audit_differs(audit, db_column_integer(select, 0), NULL, reason, "%s (%lld, %lld)",
                          fault->sentence, (long long)db_column_integer(select, 1),
                          (long long)db_column_integer(select, 2)));
    }
}

enum status audit_compare(struct audit *audit, struct reason *reason)
{
    TRY(usage_compare(audit, reason));
    TRY(balances_compare(audit, reason));
    TRY(billed_compare(audit, reason));
    TRY(adjusted_compare(audit, reason));
    TRY(audit_refunds_end(audit, reason));
    TRY(keys_compare(audit, reason));
    for (size_t i = 0; i < LENGTH_OF(faults); i++)
        TRY(fault_find(audit, &faults[i], reason));
    for (size_t i = 0; audit->is_shared && i < LENGTH_OF(faults_shared); i++)
        TRY(fault_find(audit, &faults_shared[i], reason));
    return STATUS_OK;
}
