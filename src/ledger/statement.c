#include "ledger/statement.h"

#include "base/json_read.h"
#include "ledger/unfolded.h"
#include "model/account.h"

#include <stdio.h>

/* ---- Periods by number ---- */

void period_number_write(int64_t number, char key[PERIOD_KEY_BYTES])
{
    period_key_write(
        &(struct billing_period){.year = (int)(number / 12), .month = (int)(number % 12 + 1)},
        key);
}

bool period_number_read(struct text key, int64_t *number)
{
    int64_t year, month;
    if (key.length != PERIOD_KEY_BYTES - 1 || key.at[4] != '-' || key.at[0] == '-' ||
        key.at[0] == '+' || key.at[5] == '-' || key.at[5] == '+' ||
        text_read_integer(text_slice(key, 0, 4), &year) != STATUS_OK ||
        text_read_integer(text_slice(key, 5, 7), &month) != STATUS_OK || year < 1970 ||
        month < 1 || month > 12)
        return false;
    *number = year * 12 + month - 1;
    return true;
}

struct billing_period period_of_number(instant anchor, int64_t number)
{
    int year = (int)(number / 12), month = (int)(number % 12 + 1);
    struct civil_date last = {year, month, month_length(year, month)};
    return billing_period_at(anchor, (instant){days_of_civil(last) * DAY_US});
}

int32_t statement_period(instant anchor, instant closed, const struct billing_period *period)
{
    if (period->end.us > closed.us)
        return period_number(period);
    struct billing_period open = billing_period_at(anchor, closed);
    return period_number(&open);
}

/* ---- What is billed ---- */

void statement_tail_finish(struct statement_tail *tail)
{
    free(tail->rows);
    *tail = (struct statement_tail){0};
}

static bool comes_before(const struct billed *a, const struct billed *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind;
    if (a->period != b->period)
        return a->period < b->period;
    return a->cents_per_1000 < b->cents_per_1000;
}

static bool is_same(const struct billed *a, const struct billed *b)
{
    return a->billed_in == b->billed_in && a->kind == b->kind && a->period == b->period &&
           a->cents_per_1000 == b->cents_per_1000;
}

/* In its place by kind, period and rate: a handful of rows. */
static void row_add(struct statement_tail *tail, const struct billed *row)
{
    size_t place = 0;
    if (row->credits == 0)
        return;
    while (place < tail->count && !is_same(&tail->rows[place], row) &&
           !comes_before(row, &tail->rows[place]))
        place++;
    if (place < tail->count && is_same(&tail->rows[place], row)) {
        tail->rows[place].credits += row->credits;
        return;
    }
    if (tail->count == tail->capacity) {
        tail->capacity = tail->capacity ? 2 * tail->capacity : 8;
        tail->rows = memory_grow(tail->rows, tail->capacity * sizeof(tail->rows[0]));
    }
    memmove(&tail->rows[place + 1], &tail->rows[place],
            (tail->count - place) * sizeof(tail->rows[0]));
    tail->rows[place] = *row;
    tail->count++;
}

struct billing {
    const struct statement_account *account;
    instant closed;
    struct statement_tail *tail;
};

/* Where several nodes share the ledger a balance has each charge at once. */
static void sum_add(void *owner, const struct fold_sum *sum)
{
    const struct billing *billing = owner;
    const struct statement_account *account = billing->account;
    if (sum->credits == 0)
        return;
    struct billing_period period = billing_period_at(account->created_at, sum->hour);
    struct billed row = {
        .account_id = account->id,
        .billed_in = statement_period(account->created_at, billing->closed, &period),
        .period = period_number(&period),
        .kind = BILLED_INCLUDED,
        .cents_per_1000 = BILLED_NO_RATE,
        .credits = sum->credits - sum->overage};
    if (!billing->tail->is_shared || row.billed_in != row.period)
        row_add(billing->tail, &row);
    if (sum->overage == 0)
        return;
    row.kind = BILLED_OVERAGE;
    row.cents_per_1000 = sum->overage_micros / (10 * sum->overage); /* one rate: see fold.h */
    row.credits = sum->overage;
    row_add(billing->tail, &row);
}

enum status statement_tail_read(struct ledger *ledger, struct db *db,
                                const struct statement_account *account, instant closed,
                                struct statement_tail *tail, struct reason *reason)
{
    struct billing billing = {account, closed, tail};
    tail->is_shared = db_kind(db) == DB_POSTGRES;
    return unfolded_read(ledger, db, account->id, sum_add, &billing, reason);
}

static enum status billed_read(struct db *db, const struct statement_account *account,
                               int64_t number, struct statement_tail *rows,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT period, kind, cents_per_1000, credits FROM billed"
                          " WHERE bucket = $1 AND account_id = $2 AND billed_in = $3",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account->id));
    db_bind_integer(select, 2, account->id);
    db_bind_integer(select, 3, number);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        int64_t kind = db_column_integer(select, 1);
        if (kind < 0 || kind >= BILLED_KINDS)
            return reason_set(reason, STATUS_CORRUPT,
                              "%s bills a kind %lld: restore it from a backup", db_path(db),
                              (long long)kind);
        row_add(rows, &(struct billed){.account_id = account->id,
                                       .billed_in = number,
                                       .period = db_column_integer(select, 0),
                                       .kind = (enum billed_kind)kind,
                                       .cents_per_1000 = db_column_integer(select, 2),
                                       .credits = db_column_integer(select, 3)});
    }
}

static void billed_line(struct statement *statement, const struct billed *row)
{
    struct invoice *invoice = &statement->invoice;
    int32_t period = (int32_t)row->period;
    bool is_own = row->period == row->billed_in;
    credits count = credits_of(row->credits);
    switch (row->kind) {
    case BILLED_INCLUDED: *(is_own ? &statement->used : &statement->late) += count.count; break;
    case BILLED_OVERAGE:
        *(is_own ? &statement->overage : &statement->late) += count.count;
        invoice_add_overage(invoice, period, count, row->cents_per_1000);
        break;
    case BILLED_REFUNDED:
        statement->refunded += count.count;
        invoice_add_refund(invoice, period, count, row->cents_per_1000);
        break;
    case BILLED_REFUNDED_INCLUDED:
        statement->refunded += count.count;
        statement->granted += count.count;
        invoice_add_return(invoice, period, count);
        break;
    case BILLED_GRANTED:
        statement->granted += count.count;
        invoice_add_grant(invoice, period, count);
        break;
    case BILLED_KINDS: break;
    }
}

/* ---- What the plans give and cost ---- */

struct change {
    struct text from, to;
    int64_t number; /* of the period in which it was asked for */
    instant at;     /* in force from then on */
    int64_t included_before, included, cents_before, cents;
};

static bool change_read(const json_t *event, struct change *change)
{
    struct text key;
    return json_read_text(event, "period_key", &key) &&
           period_number_read(key, &change->number) &&
           json_read_text(event, "from", &change->from) &&
           json_read_text(event, "to", &change->to) &&
           json_read_integer(event, "in_force_at_us", &change->at.us) &&
           json_read_integer(event, "included_before", &change->included_before) &&
           json_read_integer(event, "included", &change->included) &&
           json_read_integer(event, "subscription_cents_before", &change->cents_before) &&
           json_read_integer(event, "subscription_cents", &change->cents);
}

/* What is known of a period's plans so far. */
struct plans_found {
    struct statement *statement;
    char begins[PLAN_NAME_BYTES_MAX + 1]; /* the plan at its beginning; empty: not known */
    bool is_settled; /* begins is that of a change in the period or later */
    bool has_line;   /* the subscription has its line */
};

static void plan_set(char room[PLAN_NAME_BYTES_MAX + 1], struct text plan)
{
    (void)snprintf(room, PLAN_NAME_BYTES_MAX + 1, "%.*s", TEXT_PRINT(plan));
}

static void subscription_begin(struct plans_found *found, struct text plan, int64_t included,
                               int64_t cents)
{
    struct statement *statement = found->statement;
    plan_set(statement->plan, plan);
    statement->included = included;
    invoice_add_subscription(&statement->invoice, period_number(&statement->period),
                             text_of(statement->plan), included, cents);
    found->has_line = true;
}

/* The first change in the period or after it tells what the period began with; else the last one
 * before it does. */
static void change_follow(struct plans_found *found, const struct change *change)
{
    struct statement *statement = found->statement;
    int32_t number = period_number(&statement->period);
    if (change->number < number)
        plan_set(found->begins, change->to);
    else if (!found->is_settled)
        plan_set(found->begins, change->from);
    found->is_settled = found->is_settled || change->number >= number;
    bool is_upgrade = change->number == number && change->at.us < statement->period.end.us &&
                      !text_equals(change->from, change->to);
    if (!is_upgrade)
        return;
    if (!found->has_line)
        subscription_begin(found, change->from, change->included_before, change->cents_before);
    invoice_add_proration(
        &statement->invoice, number,
        &(struct invoice_proration){.from_plan = change->from,
                                    .plan = change->to,
                                    .at = change->at,
                                    .credits = change->included - change->included_before,
                                    .cents = change->cents - change->cents_before});
    plan_set(statement->plan, change->to);
    statement->included = change->included;
}

static enum status changes_follow(struct db *db, const struct statement_account *account,
                                  struct plans_found *found, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT detail FROM audit_event WHERE bucket = $1 AND account_id = $2"
                          " AND verb = 'account_plan' ORDER BY id",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account->id));
    db_bind_integer(select, 2, account->id);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        CLEANUP(json_document_finish) json_t *event = NULL;
        struct change change;
        if (json_document_read(db_column_text(select, 0), &event, reason) != STATUS_OK ||
            !change_read(event, &change))
            return reason_set(reason, STATUS_CORRUPT,
                              "%s holds a change of plan that cannot be read: restore it from "
                              "a backup",
                              db_path(db));
        change_follow(found, &change);
    }
}

static enum status balance_follow(struct db *db, const struct statement_account *account,
                                  struct plans_found *found, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT plan, included, subscription_cents FROM balance"
                          " WHERE bucket = $1 AND account_id = $2 AND period = $3",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(account->id));
    db_bind_integer(select, 2, account->id);
    db_bind_integer(select, 3, period_number(&found->statement->period));
    bool row;
    TRY(db_step(select, &row, reason));
    if (row)
        subscription_begin(found, db_column_text(select, 0), db_column_integer(select, 1),
                           db_column_integer(select, 2));
    return STATUS_OK;
}

/* A period that nobody has entered yet is what its plan's load says. */
static enum status load_follow(struct terms_book *book, const struct statement_account *account,
                               struct plans_found *found, struct reason *reason)
{
    const struct billing_period *period = &found->statement->period;
    struct text plan = text_of(found->begins[0] ? found->begins : account->plan);
    instant at = period->start.us > account->created_at.us ? period->start
                                                           : account->created_at;
    uint8_t slot;
    const struct terms *terms = NULL;
    if (terms_slot(book, plan, &slot) == STATUS_OK)
        terms = terms_at(book, at, slot);
    if (!terms)
        return reason_set(reason, STATUS_CORRUPT,
                          "no plan version has the plan %.*s that account %s is on: restore "
                          "the database from a backup",
                          TEXT_PRINT(plan), account->outward_id);
    const struct plan *loaded = terms->by_slot[slot];
    subscription_begin(found, text_of(loaded->name), loaded->included_credits,
                       loaded->price_cents);
    return STATUS_OK;
}

/* ---- The whole ---- */

void statement_finish(struct statement *statement)
{
    invoice_finish(&statement->invoice);
}

/* Included credits are in the balance, with those that came after the closing: these are billed
 * later. The tail's are counted already. */
static enum status used_read(struct db *db, const struct statement_account *account,
                             struct statement *statement, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        db,
        "SELECT coalesce((SELECT used FROM balance WHERE bucket = $1 AND account_id = $2"
        " AND period = $3), 0) - CAST(coalesce((SELECT sum(credits) FROM billed WHERE bucket = "
        "$1"
        " AND account_id = $2 AND billed_in > $3 AND period = $3 AND kind = 0), 0) AS BIGINT)",
        &select, reason));
    db_bind_integer(select, 1, account_bucket(account->id));
    db_bind_integer(select, 2, account->id);
    db_bind_integer(select, 3, period_number(&statement->period));
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    statement->used += db_column_integer(select, 0);
    return STATUS_OK;
}

static enum status lines_make(struct db *db, struct terms_book *book,
                              const struct statement_account *account,
                              const struct statement_tail *tail, struct statement *statement,
                              struct reason *reason)
{
    struct plans_found found = {.statement = statement};
    int32_t number = period_number(&statement->period);
    TRY(changes_follow(db, account, &found, reason));
    if (!found.has_line)
        TRY(balance_follow(db, account, &found, reason));
    if (!found.has_line)
        TRY(load_follow(book, account, &found, reason));
    CLEANUP(statement_tail_finish) struct statement_tail rows = {0};
    TRY(billed_read(db, account, number, &rows, reason));
    for (size_t i = 0; tail && i < tail->count; i++)
        if (tail->rows[i].billed_in == number)
            row_add(&rows, &tail->rows[i]);
    for (size_t i = 0; i < rows.count; i++)
        billed_line(statement, &rows.rows[i]);
    return used_read(db, account, statement, reason);
}

enum status statement_make(struct db *db, struct terms_book *book,
                           const struct statement_account *account,
                           const struct billing_period *period,
                           const struct statement_tail *tail, struct statement *statement,
                           struct reason *reason)
{
    struct statement made = {.period = *period};
    enum status status = lines_make(db, book, account, tail, &made, reason);
    if (status == STATUS_OK)
        *statement = made;
    else
        statement_finish(&made);
    return status;
}

enum status statement_make_empty(struct db *db, const struct statement_account *account,
                                 const struct billing_period *period,
                                 struct statement *statement, struct reason *reason)
{
    CLEANUP(statement_finish) struct statement told = {.period = *period};
    struct plans_found found = {.statement = &told};
    TRY(changes_follow(db, account, &found, reason));
    *statement = (struct statement){.period = *period};
    plan_set(statement->plan, text_of(found.begins[0] ? found.begins : account->plan));
    return STATUS_OK;
}

bool statement_is_empty(const struct statement *statement)
{
    return statement->invoice.count == 1 && statement->invoice.total_cents == 0 &&
           statement->used == 0 && statement->late == 0;
}
