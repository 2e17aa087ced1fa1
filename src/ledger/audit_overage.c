/* Whether overage began where the included credits of a billing period ended.
 *
 * Two loops may hand two charges of one account over in the other order than they were decided
 * in, so the credits that were decided before may stand a row behind. What is told lies apart by
 * more than that: by rows and by a minute. Where several nodes share a ledger an account is held from
 * the decision to its row, so that its charges stand in order, and nothing need lie apart; only what
 * was copied from a file came to be as there. */
#include "base/json_read.h"
#include "ledger/audit_parts.h"
#include "model/account.h"

#define ROWS_APART 2
#define TIME_APART_US (60 * SECOND_US)

/* Where an account stands that has had overage, in the period of its newest charge. */
struct audit_overage {
    int64_t account_id; /* 0: free place */
    instant anchor;
    struct billing_period period;
    struct audit_place began; /* the row of the period's first overage; id 0: none so far */
    bool is_told;             /* that its charges are out of order, or that they may be */
};

/* ---- Accounts with overage ---- */

static struct audit_overage *place_of(const struct audit *audit, int64_t account_id)
{
    size_t place = (uint64_t)account_id * UINT64_C(0x9E3779B97F4A7C15) >> 20 &
                   (audit->overage_capacity - 1);
    while (audit->overages[place].account_id != 0 &&
           audit->overages[place].account_id != account_id)
        place = (place + 1) & (audit->overage_capacity - 1);
    return &audit->overages[place];
}

#define OVERAGES_FIRST 256

static void grow(struct audit *audit)
{
    struct audit_overage *old = audit->overages;
    size_t old_capacity = audit->overage_capacity;
    audit->overage_capacity = old_capacity ? 2 * old_capacity : OVERAGES_FIRST;
    audit->overages = memory_take_zeroed(audit->overage_capacity, sizeof(old[0]));
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].account_id != 0)
            *place_of(audit, old[i].account_id) = old[i];
    free(old);
}

/* NULL: it has had none, and this entry has none. */
static struct audit_overage *overage_of(struct audit *audit, const struct journal_entry *entry)
{
    if (entry->overage > 0 && 2 * (audit->overage_count + 1) > audit->overage_capacity)
        grow(audit);
    if (audit->overage_capacity == 0)
        return NULL;
    struct audit_overage *overage = place_of(audit, entry->account_id);
    if (overage->account_id != 0)
        return overage;
    if (entry->overage == 0)
        return NULL;
    *overage = (struct audit_overage){.account_id = entry->account_id};
    audit->overage_count++;
    return overage;
}

/* ---- What was included ---- */

/* Credits of one period before overage. They rise within it with an upgrade, a grant or a refund,
 * and only then. */
struct included {
    int64_t at_first, at_last;
};

static void upgrade_read(struct text detail, const char *key, bool *has_first,
                         struct included *included)
{
    CLEANUP(json_document_finish) json_t *document = NULL;
    struct reason fault = {""};
    struct text period_key = {0};
    int64_t before = 0, after = 0;
    if (json_document_read(detail, &document, &fault) != STATUS_OK ||
        !json_read_text(document, "period_key", &period_key) ||
        !text_equals(period_key, text_of(key)) ||
        !json_read_integer(document, "included_before", &before) ||
        !json_read_integer(document, "included", &after) || after <= before || *has_first)
        return;
    *has_first = true;
    included->at_first = before;
}

/* From the last balance of the period back through the changes of plan. */
static enum status included_find(struct audit *audit, const struct audit_overage *overage,
                                 int64_t at_last, struct included *included,
                                 struct reason *reason)
{
    char key[PERIOD_KEY_BYTES];
    bool has_first = false;
    period_key_write(&overage->period, key);
    *included = (struct included){at_last, at_last};
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db,
                          "SELECT detail FROM audit_event WHERE bucket = $1 AND account_id = $2"
                          " AND verb IN ('account_plan', 'account_grant', 'account_refund')"
                          " ORDER BY id",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(overage->account_id));
    db_bind_integer(select, 2, overage->account_id);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        upgrade_read(db_column_text(select, 0), key, &has_first, included);
    }
}

struct balance {
    bool is_there;
    int64_t included, used, overage;
};

static enum status balance_read(struct audit *audit, const struct audit_overage *overage,
                                struct balance *balance, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        audit->db,
        "SELECT included + granted, used, overage FROM balance WHERE bucket = $1"
        " AND account_id = $2 AND period = $3",
        &select, reason));
    db_bind_integer(select, 1, account_bucket(overage->account_id));
    db_bind_integer(select, 2, overage->account_id);
    db_bind_integer(select, 3, overage->period.year * 12 + overage->period.month - 1);
    TRY(db_step(select, &balance->is_there, reason));
    if (balance->is_there)
        *balance = (struct balance){true, db_column_integer(select, 0),
                                    db_column_integer(select, 1), db_column_integer(select, 2)};
    return STATUS_OK;
}

/* ---- The two checks ---- */

static bool is_apart(const struct audit *audit, const struct audit_place *began)
{
    const struct audit_place *row = &audit->place;
    if (row->is_ordered && began->is_ordered)
        return true;
    return row->id >= began->id + ROWS_APART &&
           (row->boot != began->boot || row->elapsed_us >= began->elapsed_us + TIME_APART_US);
}

/* What was included when the period began is used, once overage was taken in it. */
static enum status period_check(struct audit *audit, const struct audit_overage *overage,
                                struct reason *reason)
{
    struct balance balance = {0};
    struct included included;
    bool is_new = !overage->began.is_ordered && overage->began.id + ROWS_APART > audit->mark;
    if (overage->began.id == 0 || is_new || !is_apart(audit, &overage->began))
        return STATUS_OK;
    TRY(balance_read(audit, overage, &balance, reason));
    if (!balance.is_there || balance.overage == 0 || balance.used >= balance.included)
        return STATUS_OK;
    TRY(included_find(audit, overage, balance.included, &included, reason));
    if (balance.used >= included.at_first)
        return STATUS_OK;
    char key[PERIOD_KEY_BYTES];
    period_key_write(&overage->period, key);
    return audit_differs(audit, overage->account_id, NULL, reason,
                         "%s, journal row %lld: overage begins once %lld included credits are "
                         "used, and %lld are",
                         key, (long long)overage->began.id, (long long)included.at_first,
                         (long long)balance.used);
}

/* Included credits that were charged after overage had begun, and without an upgrade. */
static enum status order_check(struct audit *audit, struct audit_overage *overage,
                               const struct journal_entry *entry, struct reason *reason)
{
    struct balance balance = {0};
    struct included included;
    if (overage->is_told || entry->credits == entry->overage ||
        !is_apart(audit, &overage->began))
        return STATUS_OK;
    overage->is_told = true;
    TRY(balance_read(audit, overage, &balance, reason));
    TRY(included_find(audit, overage, balance.included, &included, reason));
    if (included.at_first < included.at_last)
        return STATUS_OK;
    char key[PERIOD_KEY_BYTES];
    period_key_write(&overage->period, key);
    return audit_differs(
        audit, entry->account_id, NULL, reason,
        "%s, journal row %lld: %lld credits of overage are due, since it began "
        "in row %lld, and %lld are charged",
        key, (long long)audit->place.id, (long long)entry->credits,
        (long long)overage->began.id, (long long)entry->overage);
}

static enum status period_follow(struct audit *audit, struct audit_overage *overage,
                                 const struct journal_entry *entry, struct reason *reason)
{
    if (overage->period.end.us == 0)
        TRY(audit_anchor(audit, entry->account_id, &overage->anchor, reason));
    else
        TRY(period_check(audit, overage, reason));
    overage->period = billing_period_at(overage->anchor, entry->at);
    overage->began = (struct audit_place){0};
    overage->is_told = false;
    return STATUS_OK;
}

enum status audit_overage_entry(struct audit *audit, const struct journal_entry *entry,
                                struct reason *reason)
{
    struct audit_overage *overage = overage_of(audit, entry);
    if (!overage)
        return STATUS_OK;
    if (entry->at.us >= overage->period.end.us)
        TRY(period_follow(audit, overage, entry, reason));
    if (entry->at.us < overage->period.start.us)
        return STATUS_OK; /* of a period that is checked already: it came late */
    if (overage->began.id != 0)
        return order_check(audit, overage, entry, reason);
    if (entry->overage > 0)
        overage->began = audit->place;
    return STATUS_OK;
}

enum status audit_overage_end(struct audit *audit, struct reason *reason)
{
    for (size_t i = 0; i < audit->overage_capacity; i++)
        if (audit->overages[i].account_id != 0)
            TRY(period_check(audit, &audit->overages[i], reason));
    return STATUS_OK;
}

void audit_overage_close(struct audit *audit)
{
    free(audit->overages);
}
