/* Whether each frozen statement is what its period comes to, and whether each closed period that
 * has anything in it has one. */
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

/* ---- One statement ---- */

struct kept_statement {
    bool is_there;
    int64_t total_cents;
    struct text json; /* borrowed from the statement that selects it */
    struct text digest;
    bool is_open;
    bool is_paid;
};

static enum status money_check(struct audit *audit, int64_t account_id, const char *key,
                               const struct kept_statement *kept, struct reason *reason)
{
    bool is_owed = kept->total_cents > 0;
    if (kept->is_open + kept->is_paid == is_owed)
        return STATUS_OK;
    return audit_differs(audit, account_id, NULL, reason, "invoice of %s: it is %s", key,
                         !is_owed        ? "open or paid, with nothing owed"
                         : kept->is_open ? "open and paid, or of another amount"
                                         : "neither open nor paid");
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
    return money_check(audit, account->id, key, kept, reason);
}

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
    TRY(db_statement_take(
        audit->db,
        "SELECT total_cents, statement, digest, EXISTS (SELECT 1 FROM open_invoice o"
        " WHERE o.bucket = b.bucket AND o.account_id = b.account_id AND o.period = b.period"
        " AND o.total_cents = b.total_cents), EXISTS (SELECT 1 FROM payment p"
        " WHERE p.bucket = b.bucket AND p.account_id = b.account_id AND p.period = b.period"
        " AND p.total_cents = b.total_cents) FROM billing_period b"
        " WHERE bucket = $1 AND account_id = $2 AND period = $3",
        &select, reason));
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
                                       .is_paid = db_column_integer(select, 4) != 0};
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

enum status audit_statements(struct audit *audit, struct terms_book *book,
                             struct reason *reason)
{
    struct written written;
    TRY(written_read(audit, &written, reason));
    TRY(strays_find(audit, &written, reason));
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
        instant until = account.id <= written.account_id ? written.some : written.all;
        TRY(account_check(audit, book, &account, until, reason));
    }
}
