#include "ledger/shelves.h"

#include "model/account.h"

#define ROUND_US SECOND_US /* at least */
#define ROUND_SECONDS 60   /* at most, while no more wait than SHELVES_WAITING_MAX */
#define ROUND_SECONDS_CROWDED 10

struct shelf {
    int64_t number;
    struct fold fold;
};

void shelves_init(struct shelves *shelves, struct addresses *addresses)
{
    *shelves = (struct shelves){.addresses = addresses};
    places_init(&shelves->places, sizeof(struct shelf));
}

static struct shelf *shelf_at(const struct shelves *shelves, size_t i)
{
    return (struct shelf *)shelves->places.entries + i;
}

void shelves_finish(struct shelves *shelves)
{
    for (size_t i = 0; i < shelves->places.count; i++)
        fold_finish(&shelf_at(shelves, i)->fold);
    places_finish(&shelves->places);
    free(shelves->slice.at);
}

void shelves_begin(struct shelves *shelves, int64_t mark, int64_t last_journal_id)
{
    check(last_journal_id >= shelves->last_journal_id);
    shelves->mark = mark;
    shelves->last_journal_id = last_journal_id;
    shelves->has_marks = true;
}

/* ---- Gathering ---- */

static bool is_shelf(const void *entry, const void *wanted)
{
    return ((const struct shelf *)entry)->number == *(const int64_t *)wanted;
}

static struct shelf *shelf_of(struct shelves *shelves, int64_t account_id)
{
    int64_t number = account_shelf(account_id);
    uint32_t hash = places_hash(places_mix(0, number));
    struct shelf *known = places_find(&shelves->places, hash, is_shelf, &number);
    if (known)
        return known;
    struct shelf shelf = {.number = number};
    fold_init(&shelf.fold, false);
    return places_add(&shelves->places, hash, &shelf);
}

void shelves_add(struct shelves *shelves, int64_t journal_id, const struct journal_entry *entry,
                 const struct fold_period *period)
{
    struct fold *fold = &shelf_of(shelves, entry->account_id)->fold;
    shelves->waiting -= fold->parts.count;
    fold_add(fold, journal_id, entry, period);
    shelves->waiting += fold->parts.count;
    shelves->last_journal_id = journal_id;
}

void shelves_add_rate_limited(struct shelves *shelves, const struct journal_entry *entry)
{
    struct fold *fold = &shelf_of(shelves, entry->account_id)->fold;
    shelves->waiting -= fold->parts.count;
    fold_add_rate_limited(fold, entry->account_id, entry->key_id, entry->endpoint, entry->at);
    shelves->waiting += fold->parts.count;
}

/* ---- Whose turn it is ---- */

static bool is_round_over(const struct shelves *shelves)
{
    return shelves->next == shelves->round_end;
}

bool shelves_are_due(const struct shelves *shelves, duration now)
{
    return now.us >=
           (is_round_over(shelves) ? shelves->round_began.us + ROUND_US : shelves->due.us);
}

duration shelves_may_wait(const struct shelves *shelves, duration now)
{
    if (is_round_over(shelves))
        return (duration){ROUND_US};
    return (duration){shelves->due.us > now.us ? shelves->due.us - now.us : 0};
}

static void slice_open(struct shelves *shelves)
{
    shelves->slice.count = shelves->slice.parts = 0;
    shelves->slice.next = shelves->next;
    shelves->slice.ends_round = false;
}

static void slice_take(struct shelves *shelves, size_t i)
{
    struct shelves_slice *slice = &shelves->slice;
    size_t parts = shelf_at(shelves, i)->fold.parts.count;
    if (parts == 0)
        return;
    if (slice->count == slice->capacity) {
        slice->capacity = slice->capacity ? 2 * slice->capacity : 64;
        slice->at = memory_grow(slice->at, slice->capacity * sizeof(slice->at[0]));
    }
    slice->at[slice->count++] = i;
    slice->parts += parts;
}

void shelves_choose(struct shelves *shelves, size_t parts, duration now)
{
    if (is_round_over(shelves)) {
        shelves->next = 0;
        shelves->round_end = shelves->places.count;
        shelves->round_journal_id = shelves->last_journal_id;
        shelves->round_began = now;
    }
    slice_open(shelves);
    size_t i = shelves->next;
    for (; i < shelves->round_end && shelves->slice.parts < parts; i++)
        slice_take(shelves, i);
    shelves->slice.next = i;
    shelves->slice.ends_round = i == shelves->round_end;
}

bool shelves_choose_before(struct shelves *shelves, instant then, size_t parts)
{
    slice_open(shelves);
    size_t i = 0;
    for (; i < shelves->places.count && shelves->slice.parts < parts; i++)
        if (fold_has_before(&shelf_at(shelves, i)->fold, then))
            slice_take(shelves, i);
    return i == shelves->places.count;
}

/* ---- Writing ---- */

static bool slice_is_all(const struct shelves *shelves)
{
    return shelves->slice.parts == shelves->waiting;
}

/* Up to where all accounts are folded when the slice is. */
static int64_t mark_after(const struct shelves *shelves)
{
    int64_t mark = slice_is_all(shelves)       ? shelves->last_journal_id
                   : shelves->slice.ends_round ? shelves->round_journal_id
                                               : 0;
    return mark > shelves->mark ? mark : shelves->mark;
}

static enum status mark_write(const struct shelves *shelves, int64_t to, struct db *db,
                              struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *update = NULL;
    TRY(db_statement_take(db, "UPDATE fold_mark SET journal_id = $1", &update, reason));
    db_bind_integer(update, 1, to);
    TRY(db_run(update, reason));
    CLEANUP(db_statement_release) struct db_statement *delete = NULL;
    if (!shelves->has_marks)
        return STATUS_OK;
    TRY(db_statement_take(db, "DELETE FROM fold_shelf WHERE journal_id <= $1", &delete,
                          reason));
    db_bind_integer(delete, 1, to);
    return db_run(delete, reason);
}

static enum status shelf_mark_write(const struct shelves *shelves, const struct shelf *shelf,
                                    struct db *db, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *upsert = NULL;
    TRY(db_statement_take(db,
                          "INSERT INTO fold_shelf (shelf, journal_id) VALUES ($1, $2)"
                          " ON CONFLICT (shelf) DO UPDATE SET journal_id = excluded.journal_id",
                          &upsert, reason));
    db_bind_integer(upsert, 1, shelf->number);
    db_bind_integer(upsert, 2, shelves->last_journal_id);
    return db_run(upsert, reason);
}

static enum status marks_write(const struct shelves *shelves, struct db *db,
                               struct reason *reason)
{
    const struct shelves_slice *slice = &shelves->slice;
    int64_t mark = mark_after(shelves);
    for (size_t i = 0; i < slice->count && !slice_is_all(shelves); i++)
        TRY(shelf_mark_write(shelves, shelf_at(shelves, slice->at[i]), db, reason));
    return mark > shelves->mark ? mark_write(shelves, mark, db, reason) : STATUS_OK;
}

enum status shelves_write(const struct shelves *shelves, struct db *db, instant now,
                          struct reason *reason)
{
    const struct shelves_slice *slice = &shelves->slice;
    for (size_t i = 0; i < slice->count; i++) {
        const struct shelf *shelf = shelf_at(shelves, slice->at[i]);
        TRY(fold_write(&shelf->fold, db, reason));
        TRY(addresses_write_shelf(shelves->addresses, shelf->number, db, reason));
    }
    TRY(addresses_expire(db, now, slice->parts, reason));
    return marks_write(shelves, db, reason);
}

/* How many parts a second are to be written, so that a round is no longer than it may be. */
static int64_t pace(const struct shelves *shelves)
{
    size_t seconds = shelves->waiting > SHELVES_WAITING_MAX ? ROUND_SECONDS_CROWDED
                                                            : ROUND_SECONDS;
    int64_t parts = (int64_t)(shelves->waiting / seconds);
    return parts > SHELVES_PARTS_A_SECOND ? parts : SHELVES_PARTS_A_SECOND;
}

bool shelves_forget(struct shelves *shelves, duration now)
{
    const struct shelves_slice *slice = &shelves->slice;
    bool is_all = slice_is_all(shelves), is_over = is_all || slice->ends_round;
    int64_t mark = mark_after(shelves);
    shelves->has_marks = !is_all || (shelves->has_marks && mark == shelves->mark);
    shelves->mark = mark;
    shelves->due.us = now.us + (int64_t)slice->parts * SECOND_US / pace(shelves);
    for (size_t i = 0; i < slice->count; i++) {
        struct shelf *shelf = shelf_at(shelves, slice->at[i]);
        fold_finish(&shelf->fold); /* a minute's memory may be much */
        addresses_forget_shelf(shelves->addresses, shelf->number);
    }
    shelves->waiting -= slice->parts;
    shelves->next = is_over ? shelves->round_end : slice->next;
    return is_over;
}
