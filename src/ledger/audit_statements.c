/* Whether each frozen statement is what its period comes to, whether each closed period that has
 * anything in it has one, and whether what is owed is what statements say. */
#include "ledger/audit_parts.h"
#include "ledger/statement.h"
#include "model/account.h"

/* Until when the statements of an account are written. */
struct written {
    instant all;        /* for every account */
    instant some;       /* for accounts up to the one below */
    int64_t account_id; /* 0: none */
};

static enum status written_read(struct audit *audit, struct written *written,
                                struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db, "SELECT at, account_id FROM closing ORDER BY id", &select,
                          reason));
    *written = (struct written){0};
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        instant at = {db_column_integer(select, 0)};
        if (!db_column_is_null(select, 1)) {
            written->some = at;
            written->account_id = db_column_integer(select, 1);
            return STATUS_OK;
        }
        written->all = written->some = at;
    }
}

static instant written_until(const struct written *written, int64_t account_id)
{
    return account_id <= written->account_id ? written->some : written->all;
}

/* ---- One statement ---- */

struct kept_statement {
    bool is_there;
    int64_t total_cents;
    struct text json; /* borrowed from the statement that selects it */
    struct text digest;
    bool is_open, is_paid;
    int64_t invoice_cents; /* of the one or the other */
    instant open_ends_at;  /* the grace of an open one counts from there */
};

static enum status money_check(struct audit *audit, int64_t account_id,
                               const struct billing_period *period,
                               const struct kept_statement *kept, struct reason *reason)
{
    char key[PERIOD_KEY_BYTES];
    period_key_write(period, key);
    bool is_owed = kept->total_cents > 0;
    if (kept->is_open + kept->is_paid != is_owed)
        return audit_differs(audit, account_id, NULL, reason, "invoice of %s: it is %s", key,
                             !is_owed        ? "open or paid, with nothing owed"
                             : kept->is_open ? "open and paid"
                                             : "neither open nor paid");
    if (is_owed && kept->invoice_cents != kept->total_cents)
        TRY(audit_differs(audit, account_id,
                          (const int64_t[2]){kept->total_cents, kept->invoice_cents}, reason,
                          "invoice of %s: total_cents", key));
    if (!kept->is_open || kept->open_ends_at.us == period->end.us)
        return STATUS_OK;
    return audit_differs(audit, account_id,
                         (const int64_t[2]){period->end.us, kept->open_ends_at.us}, reason,
                         "invoice of %s: ends_at", key);
}

static enum status kept_check(struct audit *audit, const struct statement_account *account,
                              const struct statement *statement,
                              const struct kept_statement *kept, struct reason *reason)
{
    char key[PERIOD_KEY_BYTES];
    period_key_write(&statement->period, key);
    CLEANUP(buffer_finish) struct buffer json;
    buffer_init(&json, STATEMENT_BYTES_MAX);
    statement_write(statement, account, &json);
    if (!kept->is_there)
        return statement_is_empty(statement)
                   ? STATUS_OK
                   : audit_differs(audit, account->id, NULL, reason,
                                   "statement of %s: it is missing", key);
    struct digest digest = secret_digest(kept->json);
    if (!text_equals(kept->digest,
                     (struct text){(const char *)digest.bytes, sizeof(digest.bytes)}))
        TRY(audit_differs(audit, account->id, NULL, reason,
                          "statement of %s: its digest is not that of its text", key));
    if (!text_equals(kept->json, buffer_text(&json)))
        TRY(audit_differs(audit, account->id,
                          (const int64_t[2]){statement->invoice.total_cents, kept->total_cents},
                          reason, "statement of %s: it is not what the period comes to", key));
    else if (kept->total_cents != statement->invoice.total_cents)
        TRY(audit_differs(audit, account->id,
                          (const int64_t[2]){statement->invoice.total_cents, kept->total_cents},
                          reason, "statement of %s: total_cents", key));
    return money_check(audit, account->id, &statement->period, kept, reason);
}

#define KEPT_SQL                                                                               \
    "SELECT b.total_cents, b.statement, b.digest, o.ends_at IS NOT NULL,"                      \
    " p.paid_at IS NOT NULL, coalesce(o.total_cents, p.total_cents, 0),"                       \
    " coalesce(o.ends_at, 0) FROM billing_period b"                                            \
    " LEFT JOIN open_invoice o ON o.bucket = b.bucket AND o.account_id = b.account_id"         \
    " AND o.period = b.period"                                                                 \
    " LEFT JOIN payment p ON p.bucket = b.bucket AND p.account_id = b.account_id"              \
    " AND p.period = b.period"                                                                 \
    " WHERE b.bucket = $1 AND b.account_id = $2 AND b.period = $3"

static enum status period_check(struct audit *audit, struct terms_book *book,
                                const struct statement_account *account,
                                const struct billing_period *period, struct reason *reason)
{
    CLEANUP(statement_finish) struct statement statement = {0};
    struct reason fault = {""};
    char key[PERIOD_KEY_BYTES];
    period_key_write(period, key);
    if (statement_make(audit->db, book, account, period, NULL, &statement, &fault) != STATUS_OK)
        return audit_differs(audit, account->id, NULL, reason,
                             "statement of %s: it cannot be made anew", key);
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db, KEPT_SQL, &select, reason));
    db_bind_integer(select, 1, account_bucket(account->id));
    db_bind_integer(select, 2, account->id);
    db_bind_integer(select, 3, period_number(period));
    struct kept_statement kept = {0};
    TRY(db_step(select, &kept.is_there, reason));
    if (kept.is_there)
        kept = (struct kept_statement){.is_there = true,
                                       .total_cents = db_column_integer(select, 0),
                                       .json = db_column_text(select, 1),
                                       .digest = db_column_blob(select, 2),
                                       .is_open = db_column_integer(select, 3) != 0,
                                       .is_paid = db_column_integer(select, 4) != 0,
                                       .invoice_cents = db_column_integer(select, 5),
                                       .open_ends_at = {db_column_integer(select, 6)}};
    audit->totals.statements += kept.is_there;
    return kept_check(audit, account, &statement, &kept, reason);
}

/* ---- All of them ---- */

static enum status account_check(struct audit *audit, struct terms_book *book,
                                 const struct statement_account *account, instant until,
                                 struct reason *reason)
{
    struct billing_period period = billing_period_at(account->created_at, account->created_at);
    while (period.end.us <= until.us) {
        TRY(period_check(audit, book, account, &period, reason));
        period = billing_period_at(account->created_at, period.end);
    }
    return STATUS_OK;
}

/* Statements of no account, or of a period that was not closed for it. */
static enum status strays_find(struct audit *audit, const struct written *written,
                               struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db,
                          "SELECT account_id, period FROM billing_period b WHERE ends_at >"
                          " CASE WHEN account_id <= $1 THEN $2 ELSE $3 END OR NOT EXISTS"
                          " (SELECT 1 FROM account a WHERE a.bucket = b.bucket"
                          " AND a.id = b.account_id)",
                          &select, reason));
    db_bind_integer(select, 1, written->account_id);
    db_bind_integer(select, 2, written->some.us);
    db_bind_integer(select, 3, written->all.us);
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        int64_t number = db_column_integer(select, 1);
        TRY(audit_differs(audit, db_column_integer(select, 0), NULL, reason,
                          "statement of %04lld-%02lld: its period is not closed",
                          (long long)(number / 12), (long long)(number % 12 + 1)));
    }
}

/* ---- What is owed ---- */

static bool is_closed(const struct written *written, int64_t account_id, instant anchor,
                      int64_t number)
{
    if (number < PERIOD_NUMBER_MIN || number >= PERIOD_NUMBER_END)
        return false;
    struct billing_period period = period_of_number(anchor, number);
    return period_number(&period) == number &&
           period.end.us <= written_until(written, account_id).us;
}

/* Open invoices that no look at a statement comes to: of no account, of a period that was not
 * closed for it, or without a statement. The server refuses calls for them all the same. */
static enum status stray_invoices_find(struct audit *audit, const struct written *written,
                                       struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(
        audit->db,
        "SELECT o.account_id, o.period, a.created_at, b.period IS NOT NULL FROM open_invoice o"
        " LEFT JOIN account a ON a.bucket = o.bucket AND a.id = o.account_id"
        " LEFT JOIN billing_period b ON b.bucket = o.bucket AND b.account_id = o.account_id"
        " AND b.period = o.period ORDER BY o.account_id, o.period",
        &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        int64_t account_id = db_column_integer(select, 0);
        int64_t number = db_column_integer(select, 1);
        bool has_period = !db_column_is_null(select, 2) &&
                          is_closed(written, account_id,
                                    (instant){db_column_integer(select, 2)}, number);
        if (has_period && db_column_integer(select, 3) != 0)
            continue;
        TRY(audit_differs(audit, account_id, NULL, reason,
                          "invoice of %04lld-%02lld: it is open, and %s",
                          (long long)(number / 12), (long long)(number % 12 + 1),
                          has_period ? "no statement has it" : "its period is not closed"));
    }
}

/* Accounts that are refused as unpaid for nothing that was due by then. Who is yet to be refused
 * cannot be told: the grace is a setting, and no row has it. */
static enum status unpaid_check(struct audit *audit, struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db,
                          "SELECT id FROM account a WHERE unpaid_at IS NOT NULL AND NOT EXISTS"
                          " (SELECT 1 FROM open_invoice o WHERE o.bucket = a.bucket"
                          " AND o.account_id = a.id AND o.ends_at <= a.unpaid_at) ORDER BY id",
                          &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        TRY(audit_differs(audit, db_column_integer(select, 0), NULL, reason,
                          "unpaid_at: it is refused as unpaid, and no open invoice is of a "
                          "period that had ended by then"));
    }
}

enum status audit_statements(struct audit *audit, struct terms_book *book,
                             struct reason *reason)
{
    struct written written;
    TRY(written_read(audit, &written, reason));
    TRY(strays_find(audit, &written, reason));
    TRY(stray_invoices_find(audit, &written, reason));
    TRY(unpaid_check(audit, reason));
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(audit->db,
                          "SELECT id, created_at, outward_id, plan FROM account ORDER BY id",
                          &select, reason));
    for (;;) {
        bool row;
        TRY(db_step(select, &row, reason));
        if (!row)
            return STATUS_OK;
        struct statement_account account = {.id = db_column_integer(select, 0),
                                            .created_at = {db_column_integer(select, 1)}};
        struct text id = db_column_text(select, 2), plan = db_column_text(select, 3);
        if (id.length >= sizeof(account.outward_id) || plan.length >= sizeof(account.plan))
            continue; /* told with the accounts' own columns */
        memcpy(account.outward_id, id.at, id.length);
        memcpy(account.plan, plan.at, plan.length);
        TRY(account_check(audit, book, &account, written_until(&written, account.id), reason));
    }
}
