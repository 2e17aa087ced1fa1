#include "collector/budget.h"

static enum status row_make(struct db *db, struct text source, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(db,
                          "INSERT INTO source_use VALUES ($1, 0, 0, 0, 0, 0, 0, 0, 0, '') "
                          "ON CONFLICT (source) DO NOTHING",
                          &insert, reason));
    db_bind_text(insert, 1, source);
    return db_run(insert, reason);
}

/* What is read of it from here on stays as it is, until the end of the transaction: an update by nothing
 * locks the row. */
static enum status row_lock(struct db *db, struct text source, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(row_make(db, source, reason));
    TRY(db_statement_take(db, "UPDATE source_use SET lists = lists WHERE source = $1", &update,
                          reason));
    db_bind_text(update, 1, source);
    return db_run(update, reason);
}

/* A clock that is set back into a day that has passed stays in the later one. A day further ahead
 * was never entered, the clock was wrong: what it used counts for today, or the source would not
 * be asked until that day is over, years from now. */
static enum status today_read(struct db *db, struct text source, int64_t now_day, int64_t *day,
                              int64_t *used, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, "SELECT day, used_today FROM source_use WHERE source = $1",
                          &select, reason));
    db_bind_text(select, 1, source);
    bool row;
    TRY(db_step(select, &row, reason));
    int64_t kept = row ? db_column_integer(select, 0) : 0;
    bool is_impossible = kept > now_day + BUDGET_DAYS_AHEAD_MAX;
    *day = kept > now_day && !is_impossible ? kept : now_day;
    *used = row && (kept == *day || is_impossible) ? db_column_integer(select, 1) : 0;
    return STATUS_OK;
}

/* Those of an earlier boot are aged by the wall clock. */
#define AGE                                                                                    \
    "CASE WHEN boot = $2 THEN $3 - elapsed WHEN wall_at < $4 THEN $4 - wall_at ELSE 0 END"

static enum status window_read(struct db *db, const struct time_source *time,
                               struct text source, int64_t *count, duration *oldest_age,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT count(*), max(age) FROM (SELECT " AGE " AS age "
                          "FROM source_request WHERE source = $1) AS aged WHERE age < $5",
                          &select, reason));
    db_bind_text(select, 1, source);
    db_bind_integer(select, 2, time->boot);
    db_bind_integer(select, 3, time_elapsed(time).us);
    db_bind_integer(select, 4, time_now(time).us);
    db_bind_integer(select, 5, BUDGET_WINDOW_US);
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *count = db_column_integer(select, 0);
    *oldest_age = (duration){db_column_integer(select, 1)};
    return STATUS_OK;
}

/* Of an earlier boot whose wall clock ran ahead: their age is not known, and grows from now on. */
static enum status future_age(struct db *db, const struct time_source *time, struct text source,
                              struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(db,
                          "UPDATE source_request SET wall_at = $4, boot = $2, elapsed = $3 "
                          "WHERE source = $1 AND boot <> $2 AND wall_at > $4",
                          &update, reason));
    db_bind_text(update, 1, source);
    db_bind_integer(update, 2, time->boot);
    db_bind_integer(update, 3, time_elapsed(time).us);
    db_bind_integer(update, 4, time_now(time).us);
    return db_run(update, reason);
}

static enum status outdated_remove(struct db *db, const struct time_source *time,
                                   struct text source, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *remove = NULL;
    TRY(db_statement_take(db, "DELETE FROM source_request WHERE source = $1 AND " AGE " >= $5",
                          &remove, reason));
    db_bind_text(remove, 1, source);
    db_bind_integer(remove, 2, time->boot);
    db_bind_integer(remove, 3, time_elapsed(time).us);
    db_bind_integer(remove, 4, time_now(time).us);
    db_bind_integer(remove, 5, BUDGET_WINDOW_US);
    return db_run(remove, reason);
}

static enum status request_insert(struct db *db, const struct time_source *time,
                                  struct text source, int64_t *request, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(db,
                          "INSERT INTO source_request (source, wall_at, boot, elapsed) "
                          "VALUES ($1, $2, $3, $4) RETURNING id",
                          &insert, reason));
    db_bind_text(insert, 1, source);
    db_bind_integer(insert, 2, time_now(time).us);
    db_bind_integer(insert, 3, time->boot);
    db_bind_integer(insert, 4, time_elapsed(time).us);
    bool row;
    TRY(db_step(insert, &row, reason));
    check(row);
    *request = db_column_integer(insert, 0);
    return STATUS_OK;
}

static enum status today_write(struct db *db, struct text source, int64_t day, int64_t used,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(db,
                          "UPDATE source_use SET day = $2, used_today = $3 WHERE source = $1",
                          &update, reason));
    db_bind_text(update, 1, source);
    db_bind_integer(update, 2, day);
    db_bind_integer(update, 3, used);
    return db_run(update, reason);
}

/* How long until a request is permitted; 0: now. */
static enum status wait_find(struct db *db, const struct time_source *time,
                             const struct budget_limits *limits, int64_t day, int64_t used,
                             duration *wait, struct reason *reason)
{
    int64_t count;
    duration oldest_age;
    TRY(window_read(db, time, limits->source, &count, &oldest_age, reason));
    *wait = (duration){0};
    if (count >= limits->requests_per_minute)
        *wait = (duration){BUDGET_WINDOW_US - oldest_age.us};
    if (used >= limits->daily_budget)
        *wait = (duration){(day + 1) * DAY_US - time_now(time).us};
    return STATUS_OK;
}

enum status budget_take(struct db *db, const struct time_source *time,
                        const struct budget_limits *limits, int64_t *request, duration *wait,
                        struct reason *reason)
{
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin(db, &transaction, reason));
    TRY(row_lock(db, limits->source, reason));
    TRY(future_age(db, time, limits->source, reason));
    TRY(outdated_remove(db, time, limits->source, reason));
    int64_t day;
    int64_t used;
    int64_t taken;
    duration until;
    TRY(today_read(db, limits->source, instant_day(time_now(time)), &day, &used, reason));
    TRY(wait_find(db, time, limits, day, used, &until, reason));
    if (until.us > 0) {
        TRY(db_commit(&transaction, reason)); /* ages that were set stay set */
        *wait = until;
        return reason_set(reason, STATUS_EXHAUSTED, "the limit of %.*s is reached: %s",
                          TEXT_PRINT(limits->source),
                          used >= limits->daily_budget ? "daily_budget"
                                                       : "requests_per_minute");
    }
    TRY(request_insert(db, time, limits->source, &taken, reason));
    TRY(today_write(db, limits->source, day, used + 1, reason));
    TRY(db_commit(&transaction, reason));
    *request = taken;
    return STATUS_OK;
}

enum status budget_settle(struct db *db, const struct time_source *time, int64_t request,
                          struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(db,
                          "UPDATE source_request SET wall_at = $2, boot = $3, elapsed = $4 "
                          "WHERE id = $1",
                          &update, reason));
    db_bind_integer(update, 1, request);
    db_bind_integer(update, 2, time_now(time).us);
    db_bind_integer(update, 3, time->boot);
    db_bind_integer(update, 4, time_elapsed(time).us);
    return db_run(update, reason);
}

/* A pause that another collector began meanwhile outlives what is written here, unless it is a
 * breaker that this success closes. */
/* clang-format off */
#define THEIRS_COUNTS "paused_from <= $9 AND paused_until > $3 AND paused_until > $9 " \
                      "AND (is_shut = 0 OR $10 = 0)"
#define THEIRS_OR(theirs, ours) "CASE WHEN " THEIRS_COUNTS " THEN " theirs " ELSE " ours " END"
#define LATER_OF(kept, new) "CASE WHEN " kept " > " new " THEN " kept " ELSE " new " END"
static const char fare_write[] =
    "UPDATE source_use SET paused_from = " THEIRS_OR("paused_from", "$2")
    ", paused_until = " THEIRS_OR("paused_until", "$3") ", is_shut = " THEIRS_OR("is_shut", "$4")
    ", lists = lists + $5, succeeded_at = " LATER_OF("succeeded_at", "$6")
    ", failed_at = " LATER_OF("failed_at", "$7") ", fault = $8 WHERE source = $1";
/* clang-format on */

enum status budget_write_fare(struct db *db, const struct time_source *time, struct text source,
                              const struct source_fare *fare, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(row_make(db, source, reason));
    TRY(db_statement_take(db, fare_write, &update, reason));
    db_bind_text(update, 1, source);
    db_bind_integer(update, 2, fare->paused_from.us);
    db_bind_integer(update, 3, fare->paused_until.us);
    db_bind_integer(update, 4, fare->is_shut);
    db_bind_integer(update, 5, fare->lists_new);
    db_bind_integer(update, 6, fare->succeeded_at.us);
    db_bind_integer(update, 7, fare->failed_at.us);
    db_bind_text(update, 8, text_of(fare->fault));
    db_bind_integer(update, 9, time_now(time).us);
    db_bind_integer(update, 10, fare->closes_breaker);
    return db_run(update, reason);
}

enum status budget_read_fare(struct db *db, const struct time_source *time, struct text source,
                             struct source_fare *fare, struct reason *reason)
{
    struct source_fare read = {0};
    int64_t day;
    TRY(today_read(db, source, instant_day(time_now(time)), &day, &read.used_today, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT paused_from, paused_until, is_shut, lists, succeeded_at, "
                          "failed_at, fault FROM source_use WHERE source = $1",
                          &select, reason));
    db_bind_text(select, 1, source);
    bool row;
    TRY(db_step(select, &row, reason));
    if (row) {
        read.paused_from = (instant){db_column_integer(select, 0)};
        read.paused_until = (instant){db_column_integer(select, 1)};
        read.is_shut = db_column_integer(select, 2) != 0;
        read.lists = db_column_integer(select, 3);
        read.succeeded_at = (instant){db_column_integer(select, 4)};
        read.failed_at = (instant){db_column_integer(select, 5)};
        struct text fault = text_slice(db_column_text(select, 6), 0, sizeof(read.fault) - 1);
        if (fault.length > 0)
            memcpy(read.fault, fault.at, fault.length);
    }
    *fare = read;
    return STATUS_OK;
}
