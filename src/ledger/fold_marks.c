#include "ledger/fold_marks.h"

#include "model/account.h"

static enum status all_read(struct db *db, struct fold_marks *marks, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, "SELECT count(*), coalesce(max(journal_id), 0) FROM fold_mark",
                          &select, reason));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    marks->rows = db_column_integer(select, 0);
    marks->all = marks->furthest = db_column_integer(select, 1);
    return STATUS_OK;
}

static enum status cohorts_read(struct db *db, struct fold_marks *marks, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT cohort, journal_id FROM fold_cohort WHERE journal_id > $1",
                          &select, reason));
    db_bind_integer(select, 1, marks->all);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        const struct fold_mark mark = {db_column_integer(select, 0),
                                       db_column_integer(select, 1)};
        places_add_number(&marks->further, &mark);
        if (mark.journal_id > marks->furthest)
            marks->furthest = mark.journal_id;
    }
}

enum status fold_marks_read(struct db *db, struct fold_marks *marks, struct reason *reason)
{
    *marks = (struct fold_marks){.rows = 0};
    places_init(&marks->further, sizeof(struct fold_mark));
    TRY(all_read(db, marks, reason));
    return cohorts_read(db, marks, reason);
}

void fold_marks_finish(struct fold_marks *marks)
{
    places_finish(&marks->further);
}

int64_t fold_marks_of(const struct fold_marks *marks, int64_t account_id)
{
    const struct fold_mark *own = places_find_number(&marks->further,
                                                     account_cohort(account_id));
    return own ? own->journal_id : marks->all;
}
