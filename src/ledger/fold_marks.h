/* fold_marks: up to which row of the journal a file's accounts are in its projections (cohorts.h).
 *
 * A cohort's mark is that of all accounts, or its own where that is further. Owned by whoever reads them, within one view of
 * the file: then a call is in the projections, or it is in a row behind its account's mark. Blocks on the disk. */
#pragma once

#include "base/places.h"
#include "base/reason.h"
#include "sql/db.h"

struct fold_mark {
    int64_t cohort;
    int64_t journal_id;
};

struct fold_marks {
    int64_t rows; /* of fold_mark: 1, else the file is damaged */
    int64_t all;
    int64_t furthest;      /* of any cohort */
    struct places further; /* struct fold_mark, of the cohorts that are */
};

/* The caller finishes *marks, also after a failure. */
enum status fold_marks_read(struct db *db, struct fold_marks *marks, struct reason *reason);
void fold_marks_finish(struct fold_marks *marks);

/* Of any thread, once they are read. */
int64_t fold_marks_of(const struct fold_marks *marks, int64_t account_id);
