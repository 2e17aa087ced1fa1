#include "ledger/cohorts.h"

#include "model/account.h"

#define ROUND_US SECOND_US /* at least */
#define WHOLE_ROUND_US (10 * SECOND_US)
#define ROUND_SECONDS 120 /* at most, while no more wait than COHORTS_CROWD */
#define ROUND_SECONDS_CROWDED 10
#define SLICES_AT_ONCE (COHORTS_PARTS_AT_REST / COHORTS_PARTS_A_SLICE)

struct cohort {
    int64_t number;
    int64_t mark; /* as it is in fold_cohort; or one that fold_mark is past */
    struct fold fold;
};

void cohorts_init(struct cohorts *cohorts, struct addresses *addresses, size_t parts_a_slice)
{
    *cohorts = (struct cohorts){.addresses = addresses,
                                .parts_a_slice = parts_a_slice,
                                .whole_began = {-WHOLE_ROUND_US}};
    places_init(&cohorts->places, sizeof(struct cohort));
    check(pthread_mutex_init(&cohorts->lock, NULL) == 0);
}

void cohorts_lock(struct cohorts *cohorts)
{
    check(pthread_mutex_lock(&cohorts->lock) == 0);
}

void cohorts_unlock(struct cohorts *cohorts)
{
    check(pthread_mutex_unlock(&cohorts->lock) == 0);
}

static struct cohort *cohort_at(const struct cohorts *cohorts, size_t i)
{
    return (struct cohort *)cohorts->places.entries + i;
}

void cohorts_finish(struct cohorts *cohorts)
{
    for (size_t i = 0; i < cohorts->places.count; i++)
        fold_finish(&cohort_at(cohorts, i)->fold);
    places_finish(&cohorts->places);
    free(cohorts->slice.at);
    check(pthread_mutex_destroy(&cohorts->lock) == 0);
}

/* ---- Gathering ---- */

/* NULL: none of its accounts was called yet. */
static struct cohort *cohort_find(const struct cohorts *cohorts, int64_t account_id)
{
    return places_find_number(&cohorts->places, account_cohort(account_id));
}

static struct cohort *cohort_make(struct cohorts *cohorts, int64_t number)
{
    struct cohort cohort = {.number = number};
    fold_init(&cohort.fold, false);
    return places_add_number(&cohorts->places, &cohort);
}

static struct cohort *cohort_of(struct cohorts *cohorts, int64_t account_id)
{
    struct cohort *known = cohort_find(cohorts, account_id);
    return known ? known : cohort_make(cohorts, account_cohort(account_id));
}

void cohorts_add(struct cohorts *cohorts, int64_t journal_id, const struct journal_entry *entry,
                 const struct fold_period *period)
{
    struct fold *fold = &cohort_of(cohorts, entry->account_id)->fold;
    cohorts->waiting -= fold->parts.count;
    fold_add(fold, journal_id, entry, period);
    cohorts->waiting += fold->parts.count;
    cohorts->last_journal_id = journal_id;
}

void cohorts_add_rate_limited(struct cohorts *cohorts, const struct journal_entry *entry)
{
    struct fold *fold = &cohort_of(cohorts, entry->account_id)->fold;
    cohorts->waiting -= fold->parts.count;
    fold_add_rate_limited(fold, entry->account_id, entry->key_id, entry->endpoint, entry->at);
    cohorts->waiting += fold->parts.count;
}

void cohorts_begin(struct cohorts *cohorts, const struct fold_marks *marks,
                   int64_t last_journal_id)
{
    check(last_journal_id >= cohorts->last_journal_id);
    cohorts->mark = marks->all;
    cohorts->last_journal_id = last_journal_id;
    cohorts->has_marks = true;
    const struct fold_mark *further = marks->further.entries;
    for (size_t i = 0; i < marks->further.count; i++) {
        struct cohort *known = places_find_number(&cohorts->places, further[i].cohort);
        struct cohort *cohort = known ? known : cohort_make(cohorts, further[i].cohort);
        cohort->mark = further[i].journal_id;
    }
}

int64_t cohorts_visit(const struct cohorts *cohorts, int64_t account_id, int64_t mark,
                      fold_visit *visit, void *owner)
{
    const struct cohort *cohort = cohort_find(cohorts, account_id);
    if (mark != (cohort && cohort->mark > cohorts->mark ? cohort->mark : cohorts->mark))
        return mark;
    if (cohort)
        fold_visit_account(&cohort->fold, account_id, visit, owner);
    return cohorts->last_journal_id;
}

/* ---- Whose turn it is ---- */

static bool is_round_over(const struct cohorts *cohorts)
{
    return cohorts->next == cohorts->round_end;
}

bool cohorts_are_due(const struct cohorts *cohorts, duration now)
{
    return now.us >=
           (is_round_over(cohorts) ? cohorts->round_began.us + ROUND_US : cohorts->due.us);
}

duration cohorts_may_wait(const struct cohorts *cohorts, duration now)
{
    if (is_round_over(cohorts))
        return (duration){ROUND_US};
    return (duration){cohorts->due.us > now.us ? cohorts->due.us - now.us : 0};
}

static void slice_open(struct cohorts *cohorts)
{
    cohorts->slice.count = cohorts->slice.parts = 0;
    cohorts->slice.next = cohorts->next;
    cohorts->slice.ends_round = false;
}

static void slice_take(struct cohorts *cohorts, size_t i)
{
    struct cohorts_slice *slice = &cohorts->slice;
    size_t parts = cohort_at(cohorts, i)->fold.parts.count;
    if (slice->count == slice->capacity) {
        slice->capacity = slice->capacity ? 2 * slice->capacity : 64;
        slice->at = memory_grow(slice->at, slice->capacity * sizeof(slice->at[0]));
    }
    slice->at[slice->count++] = i;
    slice->parts += parts;
}

/* How many parts a second are to be written, so that a round is no longer than it may be. */
static int64_t pace(const struct cohorts *cohorts)
{
    size_t seconds = cohorts->waiting > COHORTS_CROWD ? ROUND_SECONDS_CROWDED : ROUND_SECONDS;
    int64_t parts = (int64_t)(cohorts->waiting / seconds);
    return parts > COHORTS_PARTS_A_SECOND ? parts : COHORTS_PARTS_A_SECOND;
}

static size_t parts_due(const struct cohorts *cohorts, bool at_rest, duration now)
{
    size_t most = SLICES_AT_ONCE * cohorts->parts_a_slice;
    int64_t late_us = now.us - cohorts->due.us;
    if (at_rest || late_us > SECOND_US)
        return most;
    size_t late = late_us > 0 ? (size_t)(late_us * pace(cohorts) / SECOND_US) : 0;
    return late < most ? cohorts->parts_a_slice + late : most;
}

static void round_begin(struct cohorts *cohorts, bool at_rest, duration now)
{
    cohorts->next = 0;
    cohorts->round_end = cohorts->places.count;
    cohorts->round_journal_id = cohorts->last_journal_id;
    cohorts->round_began = cohorts->due = now;
    cohorts->is_whole = at_rest || now.us - cohorts->whole_began.us >= WHOLE_ROUND_US;
    if (cohorts->is_whole)
        cohorts->whole_began = now;
}

bool cohorts_choose(struct cohorts *cohorts, bool at_rest, duration now)
{
    if (is_round_over(cohorts))
        round_begin(cohorts, at_rest, now);
    slice_open(cohorts);
    size_t parts = parts_due(cohorts, at_rest, now);
    size_t i = cohorts->next;
    for (; i < cohorts->round_end && cohorts->slice.parts < parts; i++) {
        const struct fold *fold = &cohort_at(cohorts, i)->fold;
        if (fold->parts.count > 0 && (cohorts->is_whole || !fold_is_dense(fold)))
            slice_take(cohorts, i);
    }
    cohorts->slice.next = i;
    cohorts->slice.ends_round = i == cohorts->round_end;
    bool has_nothing = cohorts->slice.count == 0 && !cohorts->is_whole;
    if (has_nothing)
        cohorts->next = i;
    return !has_nothing;
}

bool cohorts_choose_before(struct cohorts *cohorts, instant then)
{
    size_t parts = 4 * cohorts->parts_a_slice;
    slice_open(cohorts);
    size_t i = 0;
    for (; i < cohorts->places.count && cohorts->slice.parts < parts; i++)
        if (fold_has_before(&cohort_at(cohorts, i)->fold, then))
            slice_take(cohorts, i);
    return i == cohorts->places.count;
}

/* ---- Writing ---- */

static bool slice_is_all(const struct cohorts *cohorts)
{
    return cohorts->slice.parts == cohorts->waiting;
}

static bool ends_whole_round(const struct cohorts *cohorts)
{
    return cohorts->slice.ends_round && cohorts->is_whole;
}

/* Up to where all accounts are folded when the slice is. */
static int64_t mark_after(const struct cohorts *cohorts)
{
    int64_t mark = slice_is_all(cohorts)       ? cohorts->last_journal_id
                   : ends_whole_round(cohorts) ? cohorts->round_journal_id
                                               : 0;
    return mark > cohorts->mark ? mark : cohorts->mark;
}

static enum status mark_write(const struct cohorts *cohorts, int64_t to, struct db *db,
                              struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(db, "UPDATE fold_mark SET journal_id = $1", &update, reason));
    db_bind_integer(update, 1, to);
    TRY(db_run(update, reason));
    CLEANUP(db_statement_release) struct db_statement *delete = NULL;
    if (!cohorts->has_marks)
        return STATUS_OK;
    TRY(db_statement_take(db, "DELETE FROM fold_cohort WHERE journal_id <= $1", &delete,
                          reason));
    db_bind_integer(delete, 1, to);
    return db_run(delete, reason);
}

static enum status cohort_mark_write(const struct cohorts *cohorts, const struct cohort *cohort,
                                     struct db *db, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *upsert = NULL;
    TRY(db_statement_take(
        db,
        "INSERT INTO fold_cohort (cohort, journal_id) VALUES ($1, $2)"
        " ON CONFLICT (cohort) DO UPDATE SET journal_id = excluded.journal_id",
        &upsert, reason));
    db_bind_integer(upsert, 1, cohort->number);
    db_bind_integer(upsert, 2, cohorts->last_journal_id);
    return db_run(upsert, reason);
}

static enum status marks_write(const struct cohorts *cohorts, struct db *db,
                               struct reason *reason)
{
    const struct cohorts_slice *slice = &cohorts->slice;
    int64_t mark = mark_after(cohorts);
    for (size_t i = 0; i < slice->count && !slice_is_all(cohorts); i++)
        TRY(cohort_mark_write(cohorts, cohort_at(cohorts, slice->at[i]), db, reason));
    return mark > cohorts->mark ? mark_write(cohorts, mark, db, reason) : STATUS_OK;
}

enum status cohorts_write(const struct cohorts *cohorts, struct db *db, instant now,
                          struct reason *reason)
{
    const struct cohorts_slice *slice = &cohorts->slice;
    size_t rows = 0; /* of addresses */
    for (size_t i = 0; i < slice->count; i++) {
        const struct cohort *cohort = cohort_at(cohorts, slice->at[i]);
        TRY(fold_write(&cohort->fold, db, reason));
        TRY(addresses_write_cohort(cohorts->addresses, cohort->number, db, &rows, reason));
    }
    TRY(addresses_expire(db, now, rows, reason));
    return marks_write(cohorts, db, reason);
}

bool cohorts_forget(struct cohorts *cohorts, duration now)
{
    const struct cohorts_slice *slice = &cohorts->slice;
    bool is_all = slice_is_all(cohorts);
    cohorts_lock(cohorts);
    int64_t mark = mark_after(cohorts);
    cohorts->has_marks = !is_all || (cohorts->has_marks && mark == cohorts->mark);
    cohorts->mark = mark;
    cohorts->due.us = now.us + (int64_t)slice->parts * SECOND_US / pace(cohorts);
    for (size_t i = 0; i < slice->count; i++) {
        struct cohort *cohort = cohort_at(cohorts, slice->at[i]);
        fold_finish(&cohort->fold); /* that of two minutes may be much */
        cohort->mark = cohorts->last_journal_id;
        addresses_forget_cohort(cohorts->addresses, cohort->number);
    }
    cohorts->waiting -= slice->parts;
    cohorts->next = is_all ? cohorts->round_end : slice->next;
    cohorts_unlock(cohorts);
    return is_all || ends_whole_round(cohorts);
}
