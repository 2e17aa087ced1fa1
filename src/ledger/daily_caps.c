#include "ledger/daily_caps.h"

#include "base/json_read.h"
#include "ledger/embedded.h"
#include "ledger/plan_json.h"

struct plan_step {
    instant at; /* when the plan came into force, or is to */
    uint8_t slot;
};

struct plan_steps {
    struct terms_book book; /* the loads of the range */
    uint8_t first_slot;     /* before the first step */
    struct plan_step *at;
    size_t count, capacity;
};

static void steps_finish(struct plan_steps *steps)
{
    terms_book_finish(&steps->book);
    free(steps->at);
}

static enum status loads_read(struct db *db, int64_t day_from, struct plan_steps *steps,
                              struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT l.at, l.plan_version, v.plans FROM plan_load l"
                          " JOIN plan_version v ON v.id = l.plan_version WHERE l.id >="
                          " coalesce((SELECT max(id) FROM plan_load WHERE at <= $1), 0)"
                          " ORDER BY l.at, l.id",
                          &select, reason));
    db_bind_integer(select, 1, day_from * DAY_US);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        struct plans plans;
        TRY(plan_json_read(db_column_text(select, 2), &plans, reason));
        TRY(terms_add(&steps->book, db_column_integer(select, 1),
                      (instant){db_column_integer(select, 0)}, &plans));
    }
}

/* A change takes the place of those that were to come into force later. */
static void step_add(struct plan_steps *steps, struct plan_step step)
{
    while (steps->count > 0 && steps->at[steps->count - 1].at.us >= step.at.us)
        steps->count--;
    if (steps->count == steps->capacity) {
        steps->capacity = steps->capacity ? 2 * steps->capacity : 16;
        steps->at = memory_grow(steps->at, steps->capacity * sizeof(steps->at[0]));
    }
    steps->at[steps->count++] = step;
}

static enum status change_follow(struct db *db, struct text detail, bool is_first,
                                 struct plan_steps *steps, struct reason *reason)
{
    CLEANUP(json_document_finish) json_t *event = NULL;
    struct text from, to;
    struct plan_step step;
    if (json_document_read(detail, &event, reason) != STATUS_OK ||
        !json_read_text(event, "from", &from) || !json_read_text(event, "to", &to) ||
        !json_read_integer(event, "in_force_at_us", &step.at.us))
        return reason_set(reason, STATUS_CORRUPT,
                          "%s holds a change of plan that cannot be read: restore it from a "
                          "backup",
                          db_path(db));
    if (is_first)
        TRY(terms_slot(&steps->book, from, &steps->first_slot));
    TRY(terms_slot(&steps->book, to, &step.slot));
    step_add(steps, step);
    return STATUS_OK;
}

static enum status changes_follow(struct db *db, int64_t account_id, struct plan_steps *steps,
                                  struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT detail FROM audit_event WHERE bucket = $1 AND account_id = $2"
                          " AND verb = 'account_plan' ORDER BY id",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    bool row = true;
    for (bool is_first = true; row; is_first = false) {
        TRY(db_step(select, &row, reason));
        if (row)
            TRY(change_follow(db, db_column_text(select, 0), is_first, steps, reason));
    }
    return STATUS_OK;
}

/* As the account's row says it: what counts where no change is known. */
static enum status plan_read(struct db *db, int64_t account_id, struct plan_steps *steps,
                             struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db, "SELECT plan FROM account WHERE bucket = $1 AND id = $2", &select,
                          reason));
    db_bind_integer(select, 1, account_bucket(account_id));
    db_bind_integer(select, 2, account_id);
    bool row;
    TRY(db_step(select, &row, reason));
    return row ? terms_slot(&steps->book, db_column_text(select, 0), &steps->first_slot)
               : reason_set(reason, STATUS_MISSING, "there is no such account");
}

static int64_t cap_at(const struct plan_steps *steps, instant at)
{
    uint8_t slot = steps->first_slot;
    for (size_t i = 0; i < steps->count && steps->at[i].at.us <= at.us; i++)
        slot = steps->at[i].slot;
    const struct terms *terms = terms_at(&steps->book, at, slot);
    return terms ? terms->by_slot[slot]->daily_credit_cap : 0;
}

enum status ledger_daily_caps(struct ledger *ledger, int64_t account_id, int64_t day_from,
                              size_t count, int64_t *caps, struct reason *reason)
{
    CLEANUP(steps_finish) struct plan_steps steps = {.at = NULL};
    terms_book_init(&steps.book);
    CLEANUP(reader_release) struct reader_view view = {.reader = NULL};
    TRY(reader_take(&ledger->reader, ledger->db, &view, reason));
    TRY(loads_read(view.reader->db, day_from, &steps, reason));
    TRY(plan_read(view.reader->db, account_id, &steps, reason));
    TRY(changes_follow(view.reader->db, account_id, &steps, reason));
    for (size_t i = 0; i < count; i++)
        caps[i] = cap_at(&steps, (instant){(day_from + (int64_t)i + 1) * DAY_US - 1});
    return STATUS_OK;
}
