#include "billing_checks.h"

#include "ledger/audit.h"
#include "ledger/embedded.h"
#include "sql/db.h"

void tend_with(int64_t grace_days)
{
    bool has_more = true;
    while (has_more)
        DONE(ledger_billing_tend(ledger, grace_days, &has_more, &reason));
}

void tend(void)
{
    tend_with(NEVER_SUSPENDS);
}

/* Charges of these tests cost what they like: only that is no difference. */
static void tell(void *owner, const struct audit_difference *difference)
{
    if (memmem(difference->what.at, difference->what.length, "endpoint 1 costs", 16))
        return;
    ++*(int64_t *)owner;
    print_error("audit: %.*s: %.*s (%lld, %lld)\n", TEXT_PRINT(difference->account),
                TEXT_PRINT(difference->what), (long long)difference->journal,
                (long long)difference->table);
}

static void passed(void *owner, int64_t rows, int64_t of_rows)
{
    (void)owner;
    (void)rows;
    (void)of_rows;
}

int64_t differences(void)
{
    struct db *db = NULL;
    struct audit_totals totals;
    int64_t told = 0;
    static const struct audit_price price = {1, "tiktok-popular-trend-hashtag", 8};
    DONE(db_open_to_read(text_of(ledger_path()),
                         &(struct db_options){.busy_timeout_ms = 1000, .schema = LEDGER_SCHEMA},
                         &db, &reason));
    DONE(ledger_audit(db, &(struct audit_prices){&price, 1},
                      &(struct audit_watch){tell, passed, &told}, &totals, &reason));
    db_close(db);
    return told;
}

int64_t number_of(const char *key)
{
    int64_t number = -1;
    assert_true(period_number_read(text_of(key), &number));
    return number;
}

/* The statement of a period, or of the present one (""), as text in room. */
struct statement_view statement_of(const struct caller *caller, const char *key,
                                   char room[8192])
{
    struct statement_view view;
    DONE(ledger_statement(ledger, caller->account_id, key[0] ? number_of(key) : PRESENT_PERIOD,
                          &view, &reason));
    assert_true(view.json.length < 8192);
    memcpy(room, view.json.bytes, view.json.length);
    room[view.json.length] = '\0';
    buffer_finish(&view.json);
    view.json = (struct buffer){0};
    return view;
}

void assert_has(const char *json, const char *wanted)
{
    if (!strstr(json, wanted))
        fail_msg("%s is not in %s", wanted, json);
}
