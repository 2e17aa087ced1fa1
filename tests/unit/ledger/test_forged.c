/* audit.h, entries that no journal of ours has: each is told in its own words, and one that cannot be
 * added up spoils no sum. */
#include "changes_harness.h"
#include "ledger/audit.h"
#include "ledger/billing.h"
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
    struct journal_writer writer;
    journal_body_open(&writer, &body, now);
    journal_body_add(&writer, entry);
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

/* ---- Refunds and closings ---- */

/* Of the row that is no row of calls. */
static struct adjustment refund_read(char room[BODY_BYTES_MAX])
{
    size_t length = stored_bytes("SELECT hex(body) FROM journal WHERE calls = 0",
                                 (uint8_t *)room, BODY_BYTES_MAX);
    struct adjustment refund;
    bool is_one;
    assert_int_equal(
        journal_adjustment_read((struct text){room, length}, (instant){0}, &refund, &is_one),
        STATUS_OK);
    assert_true(is_one && refund.kind == ADJUSTMENT_REFUND);
    return refund;
}

static void refund_replace(const struct adjustment *refund)
{
    CLEANUP(buffer_finish) struct buffer body;
    buffer_init(&body, BODY_BYTES_MAX);
    journal_adjustment_write(&body, (instant){0}, refund);
    char hex[2 * BODY_BYTES_MAX + 1] = "", sql[2 * BODY_BYTES_MAX + 256];
    secret_hex((const uint8_t *)body.bytes, body.length, hex);
    (void)snprintf(sql, sizeof(sql), "UPDATE journal SET body = x'%s' WHERE calls = 0", hex);
    execute(sql);
}

static void of_another_charge(struct adjustment *refund)
{
    memset(refund->charge_id, 7, CHARGE_ID_BYTES);
    execute("UPDATE refund SET charge_id = x'07070707070707070707070707070707'");
}
static void of_more_credits(struct adjustment *refund)
{
    refund->credits++;
}
static void of_overage(struct adjustment *refund)
{
    refund->overage++;
}
static void of_money(struct adjustment *refund)
{
    refund->overage_micros++;
}
static void of_another_period(struct adjustment *refund)
{
    refund->charge_period--;
}
static void in_no_table(struct adjustment *refund)
{
    (void)refund;
    execute("DELETE FROM refund");
}
static void by_half_an_id(struct adjustment *refund)
{
    (void)refund;
    execute("UPDATE refund SET charge_id = x'0707'");
}
static void twice(struct adjustment *refund)
{
    (void)refund;
    execute("INSERT INTO journal (at, boot, elapsed_us, calls, body)"
            " SELECT at, boot, elapsed_us, 0, body FROM journal WHERE calls = 0");
}
static void after_closings_in_disorder(struct adjustment *refund)
{
    (void)refund;
    execute("INSERT INTO closing (id, at, closed_at, journal_id)"
            " SELECT 100, at, closed_at, journal_id FROM closing");
}
static void after_a_closing_of_fewer_rows(struct adjustment *refund)
{
    (void)refund;
    execute("INSERT INTO closing (id, at, closed_at, journal_id)"
            " SELECT 100, at + 86400000000, closed_at, journal_id - 1 FROM closing");
}

static const struct {
    void (*forge)(struct adjustment *refund);
    const char *says;
} forged_refunds[] = {
    {of_another_charge, "a refund of a charge that is not in the journal before it"},
    {of_more_credits, "a refund that is not what its charge took"},
    {of_overage, "a refund that is not what its charge took"},
    {of_money, "a refund that is not what its charge took"},
    {of_another_period, "a refund that is not what its charge took"},
    {in_no_table, "a refund that is not in the table refund"},
    {by_half_an_id, "refund: a charge id has 2 bytes"},
    {twice, "a charge is refunded a second time"},
    {after_closings_in_disorder, "closing: number 2 is not behind the one before"},
    {after_a_closing_of_fewer_rows, "closing: number 2 is not behind the one before"},
};

static void every_forged_refund_is_told(void **state)
{
    (void)state;
    struct adjustment_made made;
    struct caller ann = caller_make("ann@b", "Free");
    plans.prices[0].credits = 8;
    DONE(ledger_terms_set(ledger, &plans, &reason));
    assert_true(charged_by_price(&ann, NULL));
    clock_to("2024-03-01T00:00:02Z");
    for (bool has_more = true; has_more;)
        DONE(ledger_billing_tend(ledger, NEVER_SUSPENDS, &has_more, &reason));
    assert_true(charged_by_price(&ann, NULL));
    char id[2 * CHARGE_ID_BYTES + 1];
    last_charge_id(id);
    DONE(ledger_account_refund(ledger, text_of(ann.email), text_of(id), TEXT("broken"), &made,
                               &reason));
    ledger_close(ledger);
    ledger = NULL;
    execute("CREATE TABLE kept_journal AS SELECT * FROM journal;"
            "CREATE TABLE kept_refund AS SELECT * FROM refund;"
            "CREATE TABLE kept_closing AS SELECT * FROM closing");
    for (size_t i = 0; i < LENGTH_OF(forged_refunds); i++) {
        char room[BODY_BYTES_MAX];
        struct adjustment refund = refund_read(room);
        audited();
        assert_string_equal(told, "");
        forged_refunds[i].forge(&refund);
        if (stored_integer("SELECT count(*) FROM journal WHERE calls = 0") == 1)
            refund_replace(&refund);
        audited();
        if (!strstr(told, forged_refunds[i].says))
            fail_msg("forged refund %zu: %s", i, told);
        execute("DELETE FROM journal; INSERT INTO journal SELECT * FROM kept_journal;"
                "DELETE FROM refund; INSERT INTO refund SELECT * FROM kept_refund;"
                "DELETE FROM closing; INSERT INTO closing SELECT * FROM kept_closing;"
                "UPDATE sqlite_sequence SET seq = (SELECT max(id) FROM journal)"
                " WHERE name = 'journal'");
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {FRESH(every_forged_entry_is_told),
                                       FRESH(every_forged_refund_is_told)};
    return changes_main(tests, argc, argv);
}
