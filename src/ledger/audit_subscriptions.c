/* Whether each balance includes and costs what the loads of plan versions and the changes of plan
 * come to: the load that was in force when the period began, then every upgrade in it. */
#include "base/json_read.h"
#include "ledger/audit_parts.h"
#include "ledger/plan_json.h"
#include "ledger/statement.h"
#include "ledger/terms.h"
#include "model/account.h"
#include "model/subscription.h"

/* ---- The loads ---- */

/* *is_whole: all of them could be read; a version that could not is told with the plan versions. */
static enum status loads_read(struct audit *audit, struct terms_book *book, bool *is_whole,
                              struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db,
                          "SELECT l.at, l.plan_version, v.plans FROM plan_load l"
                          " JOIN plan_version v ON v.id = l.plan_version ORDER BY l.at, l.id",
                          &select, reason));
    *is_whole = true;
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        struct plans plans;
        struct reason fault = {""};
        if (plan_json_read(db_column_text(select, 2), &plans, &fault) != STATUS_OK) {
            *is_whole = false;
            continue;
        }
        if (terms_add(book, db_column_integer(select, 1),
                      (instant){db_column_integer(select, 0)}, &plans) == STATUS_OK)
            continue;
        *is_whole = false;
        return audit_differs(audit, 0, NULL, reason,
                             "plan_load: over %d names of plans; balances cannot be compared "
                             "with what plans gave",
                             TERMS_SLOTS_MAX);
    }
}

/* Every version that calls name was loaded. */
static enum status loads_check(struct audit *audit, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db,
                          "SELECT id FROM plan_version v WHERE NOT EXISTS"
                          " (SELECT 1 FROM plan_load l WHERE l.plan_version = v.id)",
                          &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(audit_differs(audit, 0, NULL, reason,
                          "plan_load: plan version %lld was never loaded",
                          (long long)db_column_integer(select, 0)));
    }
}

/* ---- One period ---- */

struct kept {
    int64_t account_id;
    struct billing_period period;
    instant decided; /* the period's start, or the account's making */
    struct text plan;
    int64_t plan_version, included, cents;
};

/* NULL: the version was not loaded, or lacks that plan. */
static const struct plan *plan_of(const struct terms_book *book, int64_t version,
                                  struct text name)
{
    const struct terms *terms = terms_of_version(book, version);
    return terms ? plans_find(&terms->plans, name) : NULL;
}

/* False: no load has that plan. */
static bool subscription_begin(struct terms_book *book, const struct kept *kept,
                               struct text plan, struct subscription *subscription)
{
    uint8_t slot;
    if (terms_slot(book, plan, &slot) != STATUS_OK)
        return false;
    const struct terms *terms = terms_at(book, kept->decided, slot);
    if (terms)
        *subscription = subscription_of(terms->by_slot[slot], terms->version);
    return terms != NULL;
}

/* A change that waited for the next period, or took one back that did, buys nothing. */
static bool upgrade_read(const json_t *event, const struct kept *kept, struct text *from,
                         struct text *to, int64_t *version, instant *at)
{
    struct text key;
    char wanted[PERIOD_KEY_BYTES];
    period_key_write(&kept->period, wanted);
    return json_read_text(event, "period_key", &key) && text_equals(key, text_of(wanted)) &&
           json_read_text(event, "from", from) && json_read_text(event, "to", to) &&
           json_read_integer(event, "plan_version", version) &&
           json_read_integer(event, "in_force_at_us", &at->us) &&
           at->us < kept->period.end.us && !text_equals(*from, *to);
}

/* False: a plan is unknown. */
static bool event_follow(struct terms_book *book, struct text detail, const struct kept *kept,
                         struct subscription *subscription)
{
    CLEANUP(json_document_finish) json_t *event = NULL;
    struct reason fault = {""};
    struct text from, to;
    int64_t version;
    instant at;
    if (json_document_read(detail, &event, &fault) != STATUS_OK ||
        !upgrade_read(event, kept, &from, &to, &version, &at))
        return true;
    const struct plan *plan = plan_of(book, version, to);
    if (!plan || (!subscription->plan && !subscription_begin(book, kept, from, subscription)))
        return false;
    *subscription = subscription_upgrade(subscription, plan, version, &kept->period, at);
    return true;
}

/* What the first upgrade came from is what the period began with; without one, what it has. */
static enum status subscription_readd(struct audit *audit, struct terms_book *book,
                                      const struct kept *kept,
                                      struct subscription *subscription, bool *is_known,
                                      struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db,
                          "SELECT detail FROM audit_event WHERE bucket = $1 AND account_id = $2"
                          " AND verb = 'account_plan' ORDER BY id",
                          &select, reason));
    db_bind_integer(select, 1, account_bucket(kept->account_id));
    db_bind_integer(select, 2, kept->account_id);
    *subscription = (struct subscription){0};
    *is_known = true;
    bool row = true;
    while (*is_known) {
        TRY(db_step(select, &row, reason));
        if (!row)
            break;
        *is_known = event_follow(book, db_column_text(select, 0), kept, subscription);
    }
    if (*is_known && !subscription->plan)
        *is_known = subscription_begin(book, kept, kept->plan, subscription);
    return STATUS_OK;
}

static enum status kept_check(struct audit *audit, struct terms_book *book,
                              const struct kept *kept, struct reason *reason)
{
    struct subscription wanted;
    bool is_known;
    char key[PERIOD_KEY_BYTES];
    period_key_write(&kept->period, key);
    TRY(subscription_readd(audit, book, kept, &wanted, &is_known, reason));
    if (!is_known)
        return audit_differs(audit, kept->account_id, NULL, reason,
                             "balance of %s: no plan version that was loaded has its plan",
                             key);
    if (!text_equals_ignoring_case(kept->plan, text_of(wanted.plan->name)) ||
        kept->plan_version != wanted.plan_version)
        TRY(audit_differs(audit, kept->account_id, NULL, reason,
                          "balance of %s: its plan is %s of version %lld, not %.*s of %lld",
                          key, wanted.plan->name, (long long)wanted.plan_version,
                          TEXT_PRINT(text_slice(kept->plan, 0, PLAN_NAME_BYTES_MAX)),
                          (long long)kept->plan_version));
    if (kept->included != wanted.included)
        TRY(audit_differs(audit, kept->account_id,
                          (const int64_t[2]){wanted.included, kept->included}, reason,
                          "balance of %s: included", key));
    if (kept->cents != wanted.cents)
        TRY(audit_differs(audit, kept->account_id,
                          (const int64_t[2]){wanted.cents, kept->cents}, reason,
                          "balance of %s: subscription_cents", key));
    return STATUS_OK;
}

static enum status row_check(struct audit *audit, struct terms_book *book,
                             struct db_statement *row, struct reason *reason)
{
    int64_t number = db_column_integer(row, 1);
    instant anchor = {db_column_integer(row, 2)};
    struct kept kept = {.account_id = db_column_integer(row, 0),
                        .plan = db_column_text(row, 3),
                        .plan_version = db_column_integer(row, 4),
                        .included = db_column_integer(row, 5),
                        .cents = db_column_integer(row, 6)};
    if (number >= PERIOD_NUMBER_MIN && number < PERIOD_NUMBER_END)
        kept.period = period_of_number(anchor, number);
    if (kept.period.year * 12 + kept.period.month - 1 != number)
        return audit_differs(audit, kept.account_id, NULL, reason,
                             "balance of %04lld-%02lld: the account has no such period",
                             (long long)(number / 12), (long long)(number % 12 + 1));
    kept.decided = kept.period.start.us > anchor.us ? kept.period.start : anchor;
    return kept_check(audit, book, &kept, reason);
}

static enum status balances_check(struct audit *audit, struct terms_book *book,
                                  struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db,
                          "SELECT b.account_id, b.period, a.created_at, b.plan, b.plan_version,"
                          " b.included, b.subscription_cents FROM balance b JOIN account a"
                          " ON a.bucket = b.bucket AND a.id = b.account_id"
                          " ORDER BY b.bucket, b.account_id, b.period",
                          &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(row_check(audit, book, select, reason));
    }
}

enum status audit_subscriptions(struct audit *audit, struct reason *reason)
{
    CLEANUP(terms_book_finish) struct terms_book book;
    terms_book_init(&book);
    bool is_whole;
    TRY(loads_read(audit, &book, &is_whole, reason));
    TRY(loads_check(audit, reason));
    if (!is_whole)
        return STATUS_OK;
    TRY(balances_check(audit, &book, reason));
    return audit_statements(audit, &book, reason);
}
