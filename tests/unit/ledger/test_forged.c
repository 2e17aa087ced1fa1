/* audit.h, entries that no journal of ours has: each is told in its own words, and one that cannot be
 * added up spoils no sum. */
#include "changes_harness.h"
#include "ledger/audit.h"
#include "ledger/journal.h"

#include <stdio.h>

#define BODY_BYTES_MAX 512

static const struct audit_price price = {1, "tiktok-popular-trend-hashtag", 1};

static char told[4096]; /* one difference behind the other */

static void differs(void *owner, const struct audit_difference *difference)
{
    (void)owner;
    size_t length = strlen(told);
    (void)snprintf(told + length, sizeof(told) - length, "%.*s|%.*s;",
                   TEXT_PRINT(difference->account), TEXT_PRINT(difference->what));
}

static void passed(void *owner, int64_t rows, int64_t of_rows)
{
    (void)owner;
    assert_true(rows <= of_rows);
}

static void audited(void)
{
    struct audit_totals totals;
    struct db *db = NULL;
    const struct audit_prices prices = {&price, 1};
    told[0] = '\0';
    DONE(db_open_to_read(text_of(ledger_path()), &(struct db_options){.busy_timeout_ms = 1000},
                         &db, &reason));
    DONE(ledger_audit(db, &prices, &(struct audit_watch){differs, passed, NULL}, &totals,
                      &reason));
    db_close(db);
}

/* A sound charge of 8 credits, of account 1 and key 1, in a book of one more such charge. */
static struct journal_entry entry_of(instant now)
{
    struct journal_entry entry = {.account_id = 1,
                                  .key_id = 1,
                                  .plan_version = 1,
                                  .endpoint = 1,
                                  .outcome = CALL_CHARGED,
                                  .at = now,
                                  .credits = 8,
                                  .request_id = TEXT("forged")};
    memset(entry.charge_id, 7, CHARGE_ID_BYTES);
    return entry;
}

static void row_insert(instant now, const struct journal_entry *entry)
{
    CLEANUP(buffer_finish) struct buffer body;
    buffer_init(&body, BODY_BYTES_MAX);
    journal_body_open(&body);
    journal_body_add(&body, now, entry);
    char hex[2 * BODY_BYTES_MAX + 1] = "", sql[2 * BODY_BYTES_MAX + 256];
    secret_hex((const uint8_t *)body.bytes, body.length, hex);
    (void)snprintf(sql, sizeof(sql),
                   "INSERT INTO journal (at, boot, elapsed_us, calls, body)"
                   " SELECT %lld, boot, elapsed_us, 1, x'%s' FROM journal ORDER BY id DESC"
                   " LIMIT 1",
                   (long long)now.us, hex);
    execute(sql);
}

static void without_account(struct journal_entry *entry)
{
    entry->account_id = 0;
}
static void without_key(struct journal_entry *entry)
{
    entry->key_id = 0;
}
static void without_endpoint(struct journal_entry *entry)
{
    entry->endpoint = 0;
}
static void before_1970(struct journal_entry *entry)
{
    entry->at.us = -1;
}
static void after_9999(struct journal_entry *entry)
{
    entry->at.us = 2932897 * DAY_US;
}
static void of_nothing(struct journal_entry *entry)
{
    entry->credits = 0;
}
static void uncharged_with_credits(struct journal_entry *entry)
{
    entry->outcome = CALL_HEAD;
}
static void uncharged_with_money(struct journal_entry *entry)
{
    entry->outcome = CALL_HEAD;
    entry->credits = 0;
    entry->overage_micros = 1;
}
static void without_charge_id(struct journal_entry *entry)
{
    memset(entry->charge_id, 0, CHARGE_ID_BYTES);
}
static void of_no_version(struct journal_entry *entry)
{
    entry->plan_version = 99;
}
static void of_an_endpoint_without_price(struct journal_entry *entry)
{
    entry->endpoint = 2;
}

static const struct {
    void (*forge)(struct journal_entry *entry);
    const char *says;
} forgeries[] = {
    {without_account, "a call without account, key or endpoint"},
    {without_key, "a call without account, key or endpoint"},
    {without_endpoint, "a call without account, key or endpoint"},
    {before_1970, "a call outside of the calendar"},
    {after_9999, "a call outside of the calendar"},
    {of_nothing, "a charge of nothing"},
    {uncharged_with_credits, "credits for a call that was not charged"},
    {uncharged_with_money, "overage for a call that was not charged"},
    {without_charge_id, "the charge id 00000000000000000000000000000000 is none"},
    {of_no_version, "a call under a plan version that is not there"},
    {of_an_endpoint_without_price, "endpoint 2"},
};

static void every_forged_entry_is_told(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free");
    plans.prices[0].credits = 8;
    DONE(ledger_terms_set(ledger, &plans, &reason));
    assert_true(charged_by_price(&ann, NULL));
    instant now = clock_now();
    ledger_close(ledger);
    ledger = NULL;
    for (size_t i = 0; i < LENGTH_OF(forgeries); i++) {
        struct journal_entry entry = entry_of(now);
        entry.plan_version = stored_integer("SELECT max(id) FROM plan_version");
        audited();
        assert_string_equal(told, "");
        forgeries[i].forge(&entry);
        row_insert(now, &entry);
        audited();
        if (!strstr(told, forgeries[i].says))
            fail_msg("forgery %zu: %s", i, told);
        execute("DELETE FROM journal WHERE id = (SELECT max(id) FROM journal);"
                "UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = 'journal'");
    }
    struct journal_entry entry = entry_of(now);
    entry.plan_version = stored_integer("SELECT max(id) FROM plan_version");
    row_insert(now, &entry);
    audited();
    assert_string_equal(told, "");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {FRESH(every_forged_entry_is_told)};
    return changes_main(tests, argc, argv);
}
