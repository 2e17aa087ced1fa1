#include "collector/jobs.h"

static void list_bind(struct db_statement *statement, struct list_key list)
{
    db_bind_text(statement, 1, country_at(list.country)->code);
    db_bind_integer(statement, 2, period_days[list.period]);
    db_bind_integer(statement, 3, industry_at(list.industry)->id);
}

/* Updates one that is there, by nothing: so it stays as it is read, until the end of the transaction. */
static enum status row_lock(struct db *db, struct list_key list, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *insert = NULL;
    TRY(db_statement_take(db,
                          "INSERT INTO collection_job VALUES ($1, $2, $3, 0, 0, 0, 0, 0, 0) "
                          "ON CONFLICT (country, period, industry) DO UPDATE "
                          "SET holder = collection_job.holder",
                          &insert, reason));
    list_bind(insert, list);
    return db_run(insert, reason);
}

/* A little before its beginning too: who waited for the file read the clock before who had
 * it. */
static bool span_holds(instant now, int64_t from, int64_t until)
{
    return now.us >= from - JOB_LEASE_US && now.us < until;
}

/* Until 0: it is free. */
static enum status row_read(struct db *db, struct list_key list, int64_t holder, instant now,
                            struct job_hindrance *hindrance, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT holder, leased_at, lease_until, paused_from, not_before FROM "
                          "collection_job WHERE country = $1 AND period = $2 AND industry = $3",
                          &select, reason));
    list_bind(select, list);
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    int64_t held_by = db_column_integer(select, 0);
    bool is_held = held_by != 0 && held_by != holder &&
                   span_holds(now, db_column_integer(select, 1), db_column_integer(select, 2));
    bool is_put_off = held_by == 0 && span_holds(now, db_column_integer(select, 3),
                                                 db_column_integer(select, 4));
    hindrance->until = (instant){is_held      ? db_column_integer(select, 2)
                                 : is_put_off ? db_column_integer(select, 4)
                                              : 0};
    hindrance->is_pause = is_put_off;
    return STATUS_OK;
}

static enum status row_hold(struct db *db, struct list_key list, int64_t holder, instant now,
                            struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(
        db,
        "UPDATE collection_job SET holder = $4, leased_at = $5, lease_until = "
        "$6 WHERE country = $1 AND period = $2 AND industry = $3",
        &update, reason));
    list_bind(update, list);
    db_bind_integer(update, 4, holder);
    db_bind_integer(update, 5, now.us);
    db_bind_integer(update, 6, now.us + JOB_LEASE_US);
    return db_run(update, reason);
}

enum status job_take(struct db *db, struct list_key list, int64_t holder, instant now,
                     struct job_hindrance *hindrance, struct reason *reason)
{
    check(holder != 0);
    CLEANUP(db_transaction_finish) struct db_transaction transaction = {NULL};
    TRY(db_begin(db, &transaction, reason));
    TRY(row_lock(db, list, reason));
    struct job_hindrance found;
    TRY(row_read(db, list, holder, now, &found, reason));
    if (found.until.us > 0) {
        *hindrance = found;
        return reason_set(reason, STATUS_BUSY, "another collector has that list");
    }
    TRY(row_hold(db, list, holder, now, reason));
    return db_commit(&transaction, reason);
}

enum status job_release(struct db *db, struct list_key list, int64_t holder,
                        const struct job_pause *pause, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(db,
                          "UPDATE collection_job SET holder = 0, leased_at = 0, lease_until = "
                          "0, failures = $5, paused_from = $6, not_before = $7 WHERE country = "
                          "$1 AND period = $2 AND industry = $3 AND holder = $4",
                          &update, reason));
    list_bind(update, list);
    db_bind_integer(update, 4, holder);
    db_bind_integer(update, 5, pause->failures);
    db_bind_integer(update, 6, pause->from.us);
    db_bind_integer(update, 7, pause->not_before.us);
    return db_run(update, reason);
}

static bool list_read(struct db_statement *row, struct list_key *list)
{
    unsigned country;
    unsigned period;
    unsigned industry = INDUSTRY_ALL;
    int64_t industry_id = db_column_integer(row, 2);
    if (country_find(db_column_text(row, 0), &country) != STATUS_OK ||
        period_find(db_column_integer(row, 1), &period) != STATUS_OK ||
        (industry_id != 0 && industry_find(industry_id, &industry) != STATUS_OK))
        return false; /* of a newer program */
    *list = (struct list_key){(uint8_t)country, (uint8_t)period, (uint8_t)industry};
    return true;
}

enum status job_visit(struct db *db,
                      void (*visit)(void *owner, struct list_key list,
                                    const struct job_pause *pause),
                      void *owner, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT country, period, industry, failures, paused_from, not_before "
                          "FROM collection_job WHERE failures > 0 OR not_before > 0",
                          &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    while (row) {
        struct list_key list;
        struct job_pause pause = {.failures = db_column_integer(select, 3),
                                  .from = {db_column_integer(select, 4)},
                                  .not_before = {db_column_integer(select, 5)}};
        if (list_read(select, &list))
            visit(owner, list, &pause);
        TRY(db_step(select, &row, reason));
    }
    return STATUS_OK;
}
