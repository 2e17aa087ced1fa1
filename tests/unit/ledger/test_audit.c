/* audit.h, what it holds charges against: damage is planted in sound books, and told as the one thing
 * that it is. */
#include "changes_harness.h"
#include "ledger/audit.h"
#include "ledger/billing.h"
#include "ledger/terms.h"

#include <stdio.h>

static const struct audit_price price = {1, "tiktok-popular-trend-hashtag", 1};

/* Free includes two and a half calls of 8 credits, Starter five; both go on past them. */
static int books_make(void **state)
{
    if (ledger_make(state) != 0)
        return -1;
    plans.prices[0].credits = 8;
    plans.plans[2].overage = OVERAGE_NONE;
    for (size_t i = 0; i < 2; i++) {
        plans.plans[i].included_credits = i == 0 ? 20 : 40;
        plans.plans[i].daily_credit_cap = 0;
        plans.plans[i].overage = OVERAGE_ALWAYS;
        plans.plans[i].overage_cents_per_1000 = 75;
    }
    DONE(ledger_terms_set(ledger, &plans, &reason));
    return 0;
}

/* One journal row each, over a minute apart. */
static void calls(const struct caller *caller, const char *day, int count)
{
    for (int i = 0; i < count; i++) {
        char written[32];
        (void)snprintf(written, sizeof(written), "%sT%02d:00:00Z", day, i);
        clock_to(written);
        assert_true(charged_by_price(caller, NULL));
    }
}

/* ---- Auditing ---- */

struct found {
    size_t count;
    char first[400];
    char others[4096]; /* one behind the other */
};

static void differs(void *owner, const struct audit_difference *difference)
{
    struct found *found = owner;
    size_t length = strlen(found->others);
    if (found->count++ > 0)
        (void)snprintf(found->others + length, sizeof(found->others) - length, "%.*s;",
                       TEXT_PRINT(difference->what));
    else
        (void)snprintf(found->first, sizeof(found->first), "%.*s|%.*s",
                       TEXT_PRINT(difference->account), TEXT_PRINT(difference->what));
}

static void passed(void *owner, int64_t rows, int64_t of_rows)
{
    (void)owner;
    assert_true(rows <= of_rows);
}

static struct found audited_by(const struct audit_prices *prices)
{
    struct found found = {0};
    struct audit_totals totals;
    struct db *db = NULL;
    DONE(db_open_to_read(text_of(ledger_path()),
                         &(struct db_options){.busy_timeout_ms = 1000, .schema = LEDGER_SCHEMA},
                         &db, &reason));
    DONE(ledger_audit(db, prices, &(struct audit_watch){differs, passed, &found}, &totals,
                      &reason));
    db_close(db);
    return found;
}

static struct found audited(void)
{
    return audited_by(&(struct audit_prices){&price, 1});
}

static void assert_silent(void)
{
    struct found found = audited();
    if (found.count > 0)
        fail_msg("%s", found.first);
}

static void books_close(void)
{
    ledger_close(ledger);
    ledger = NULL;
    assert_silent();
}

/* wanted: the first of so many that are told. */
static void assert_told_first(const char *damage, const char *wanted, size_t count)
{
    execute(damage);
    struct found found = audited();
    assert_string_equal(found.first, wanted);
    if (found.count != count)
        fail_msg("%zu, not %zu: %s", found.count, count, found.others);
}

static void assert_told(const char *damage, const char *wanted)
{
    assert_told_first(damage, wanted, 1);
}

static bool tells(const char *words)
{
    struct found found = audited();
    return strstr(found.first, words) || strstr(found.others, words);
}

/* Writes plans into a version as if they had been its own. */
static void version_forge(int64_t id, const char *from, const char *to)
{
    char sql[512], digest[2 * sizeof(struct digest) + 1] = "";
    (void)snprintf(sql, sizeof(sql),
                   "UPDATE plan_version SET plans = replace(plans, '%s', '%s') WHERE id = %lld",
                   from, to, (long long)id);
    execute(sql);
    (void)snprintf(sql, sizeof(sql), "SELECT plans FROM plan_version WHERE id = %lld",
                   (long long)id);
    char forged[16384];
    stored_text(sql, forged, sizeof(forged));
    struct digest sum = secret_digest(text_of(forged));
    secret_hex(sum.bytes, sizeof(sum.bytes), digest);
    (void)snprintf(sql, sizeof(sql), "UPDATE plan_version SET digest = x'%s' WHERE id = %lld",
                   digest, (long long)id);
    execute(sql);
}

/* ---- Plan versions ---- */

static void a_plan_version_that_was_edited_is_told(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    calls(&caller, "2024-02-02", 1);
    books_close();
    execute("UPDATE plan_version SET plans = replace(plans, '\"Growth\"', '\"Gross\"')"
            " WHERE id = 2");
    struct found found = audited();
    assert_int_equal(found.count, 1);
    assert_true(text_starts_with(text_of(found.first),
                                 TEXT("-|plan version 2: the SHA-256 of its plans is ")));
}

static void a_charge_that_is_not_its_price_is_told(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    calls(&caller, "2024-02-02", 1);
    plans.prices[0].credits = 5;
    DONE(ledger_terms_set(ledger, &plans, &reason));
    calls(&caller, "2024-02-03", 1);
    books_close();
    version_forge(3, "hashtag\":5", "hashtag\":6");
    assert_told("SELECT 1", "a@b|2024-02, journal row 2: endpoint 1 costs 6 credits in plan "
                            "version 3, and 5 are charged");
}

static void a_charge_at_an_endpoint_without_a_price_is_told(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    calls(&caller, "2024-02-02", 1);
    books_close();
    static const struct audit_price another = {2, "another-operation", 8};
    struct found found = audited_by(&(struct audit_prices){&another, 1});
    assert_int_equal(found.count, 1);
    assert_string_equal(found.first,
                        "a@b|2024-02, journal row 1: a charge at endpoint 1, which "
                        "has no price");
}

static void overage_at_no_rate_of_its_version_is_told(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    calls(&caller, "2024-02-02", 3);
    books_close();
    version_forge(2, "overage_cents_per_1000\":75", "overage_cents_per_1000\":70");
    assert_told("SELECT 1",
                "a@b|2024-02, journal row 3: 4 credits of overage cost a rate of "
                "plan version 2, and 3000 micro-dollars are charged, which is none");
}

/* ---- Overage and what is included ---- */

static void overage_while_included_credits_are_left_is_told(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    calls(&caller, "2024-02-02", 6);
    books_close();
    assert_told_first(
        "UPDATE balance SET included = included + 100",
        "a@b|2024-02, journal row 3: overage begins once 120 included credits are used, "
        "and 20 are",
        2); /* and that the period includes 20 */
}

static void a_period_that_ended_is_told_by_its_name(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    calls(&caller, "2024-02-02", 6);
    calls(&caller, "2024-03-02", 6);
    calls(&caller, "2024-04-02", 1);
    books_close();
    assert_told_first(
        "UPDATE balance SET included = 21 WHERE period = 2024 * 12 + 1",
        "a@b|2024-02, journal row 3: overage begins once 21 included credits are used, "
        "and 20 are",
        2);
}

/* A server's journal has each account's charges in order: nothing need lie apart there. */
static void included_credits_after_overage_are_told(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    calls(&caller, "2024-02-02", 5);
    books_close();
    assert_told(
        "CREATE TEMP TABLE kept AS SELECT id, at, body FROM journal WHERE id IN (1, 5);"
        "UPDATE journal SET (at, body) = (SELECT at, body FROM kept"
        " WHERE kept.id = 6 - journal.id) WHERE id IN (1, 5)",
        is_on_a_server()
            ? "a@b|2024-02, journal row 2: 8 credits of overage are due, since it began in row "
              "1, and 0 are charged"
            : "a@b|2024-02, journal row 3: 8 credits of overage are due, since it began in row "
              "1, and 4 are charged");
}

/* An upgrade leaves included credits again after overage; a later period begins with its own. */
static void an_upgrade_explains_included_credits_after_overage(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    struct plan_change change;
    calls(&caller, "2024-02-02", 6);
    DONE(plan_to(&caller, "Starter", &change));
    assert_in_range(change.included, 21, 40);
    reopen();
    assert_silent();
    calls(&caller, "2024-02-03", 1);
    reopen();
    assert_silent();
    calls(&caller, "2024-02-04", 6);
    calls(&caller, "2024-03-04", 8);
    books_close();
}

/* What was included when overage began counts, whatever a later upgrade added and was not used. */
static void overage_is_held_against_what_was_included_before_an_upgrade(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    struct plan_change change;
    calls(&caller, "2024-02-02", 6);
    DONE(plan_to(&caller, "Starter", &change));
    DONE(plan_to(&caller, "Free", &change));
    DONE(plan_to(&caller, "Growth", &change));
    calls(&caller, "2024-03-02", 1);
    DONE(plan_to(&caller, "Pro", &change));
    calls(&caller, "2024-03-04", 1);
    books_close();
    assert_told("UPDATE audit_event SET detail = replace(detail, '\"included_before\":20',"
                " '\"included_before\":25')",
                "a@b|2024-02, journal row 3: overage begins once 25 included credits are used, "
                "and 20 are");
}

/* Two loops may hand over the last charge of a period and the first of the next in either order. */
static void a_charge_of_an_ended_period_may_come_late(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    calls(&caller, "2024-02-02", 6);
    calls(&caller, "2024-03-02", 6);
    books_close();
    execute("CREATE TEMP TABLE kept AS SELECT id, at, body FROM journal WHERE id IN (6, 7);"
            "UPDATE journal SET (at, body) = (SELECT at, body FROM kept"
            " WHERE kept.id = 13 - journal.id) WHERE id IN (6, 7)");
    assert_silent();
}

/* The clock that never steps begins anew with the machine. */
static void a_restart_of_the_machine_lies_far_enough_apart(void **state)
{
    (void)state;
    in_a_file_alone(); /* a server's journal goes by its wall clock */
    struct caller caller = caller_make("a@b", "Free");
    calls(&caller, "2024-02-02", 6);
    books_close();
    execute("UPDATE journal SET elapsed_us = id; UPDATE balance SET included = included + 100");
    assert_false(tells("overage begins"));
    execute("UPDATE journal SET boot = boot + 1, elapsed_us = 0 WHERE id = 6");
    assert_true(tells("overage begins"));
}

static void overage_without_its_balance_is_told_by_the_sums(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    calls(&caller, "2024-02-02", 6);
    books_close();
    execute("UPDATE balance SET overage = 0, used = 0");
    assert_false(tells("overage begins"));
    assert_true(tells("balance of 2024-02: overage"));
    execute("DELETE FROM balance");
    assert_false(tells("overage begins"));
    assert_true(tells("balance of 2024-02: overage"));
}

/* ---- What periods include and cost ---- */

static void load(int64_t included, int64_t cents)
{
    plans.plans[1].included_credits = included;
    plans.plans[1].price_cents = cents;
    DONE(ledger_terms_set(ledger, &plans, &reason));
}

/* Loads before, in and after upgrades; a downgrade that waits, and one that is taken back. */
static void history_make(void)
{
    struct caller caller = caller_make("a@b", "Free");
    struct plan_change change;
    calls(&caller, "2024-02-02", 2);
    load(4000, 1000);
    clock_to("2024-02-15T12:00:00Z"); /* the half of it */
    DONE(plan_to(&caller, "Starter", &change));
    load(6000, 3000);
    DONE(plan_to(&caller, "Free", &change));
    DONE(plan_to(&caller, "Starter", &change));
    calls(&caller, "2024-02-16", 2);
    DONE(plan_to(&caller, "Growth", &change));
    calls(&caller, "2024-03-02", 2);
    DONE(plan_to(&caller, "Starter", &change));
    load(50, 900);
    calls(&caller, "2024-04-02", 2);
    books_close();
}

static const struct {
    const char *damage, *wanted;
} of_subscriptions[] = {
    {"UPDATE balance SET included = included + 1 WHERE period = 2024 * 12 + 1",
     "a@b|balance of 2024-02: included"},
    {"UPDATE balance SET subscription_cents = 0 WHERE period = 2024 * 12 + 2",
     "a@b|balance of 2024-03: subscription_cents"},
    {"UPDATE balance SET plan = 'Growth' WHERE period = 2024 * 12 + 3",
     "a@b|balance of 2024-04: included"},
    {"UPDATE balance SET plan_version = 1 WHERE period = 2024 * 12 + 1",
     "a@b|balance of 2024-02: its plan is Growth of version 4, not Growth of 1"},
    {"UPDATE balance SET plan = 'None' WHERE period = 2024 * 12 + 3",
     "a@b|balance of 2024-04: no plan version that was loaded has its plan"},
    {"UPDATE plan_load SET plan_version = 2 WHERE id = 5",
     "-|plan_load: plan version 5 was never loaded"},
    {"UPDATE audit_event SET detail = replace(detail, '\"to\":\"Growth\"', '\"to\":\"Gross\"')",
     "a@b|balance of 2024-02: no plan version that was loaded has its plan"},
    {"UPDATE account SET created_at = created_at + 86400000000 * 90",
     "a@b|balance of 2024-02: the account has no such period"},
};

static void a_period_that_is_not_what_its_plans_say_is_told(void **state)
{
    for (size_t i = 0; i < LENGTH_OF(of_subscriptions); i++) {
        if (i > 0)
            assert_int_equal(ledger_remove(state) | books_make(state), 0);
        history_make();
        execute(of_subscriptions[i].damage);
        struct found found = audited();
        assert_string_equal(found.first, of_subscriptions[i].wanted);
    }
}

/* No ledger gets there: who loads a plan file is refused before. */
static void more_plans_than_can_be_told_apart_are_told(void **state)
{
    (void)state;
    in_a_file_alone(); /* a thousand statements are slow on a server */
    books_close();
    for (int64_t id = 100; id < 100 + TERMS_SLOTS_MAX; id++) {
        char sql[256], name[32];
        (void)snprintf(
            sql, sizeof(sql),
            "INSERT INTO plan_version SELECT %lld, loaded_at, x'%064llx', plans"
            " FROM plan_version WHERE id = 1;"
            "INSERT INTO plan_load SELECT %lld, at, %lld FROM plan_load WHERE id = 1",
            (long long)id, (long long)id, (long long)id, (long long)id);
        (void)snprintf(name, sizeof(name), "\"F%lld\"", (long long)id);
        execute(sql);
        version_forge(id, "\"Free\"", name);
    }
    assert_true(tells("plan_load: over 256 names of plans; balances cannot be compared"));
}

/* ---- What is owed ---- */

/* February of a@b is paid and March is overdue; f@b owes nothing for its call in February. */
static void invoices_make(void)
{
    struct caller owing = caller_make("a@b", "Starter"),
                  free_of_charge = caller_make("f@b", "Free");
    calls(&free_of_charge, "2024-02-02", 1);
    clock_to("2024-04-20T00:00:00Z");
    for (bool has_more = true; has_more;)
        DONE(ledger_billing_tend(ledger, 14, &has_more, &reason));
    DONE(ledger_invoice_pay(ledger, text_of(owing.email), 2024 * 12 + 1, PAYMENT_MANUAL,
                            &reason));
    for (bool has_more = true; has_more;)
        DONE(ledger_billing_tend(ledger, 14, &has_more, &reason));
    assert_int_equal(stored_integer("SELECT count(*) FROM open_invoice"), 1);
    assert_int_equal(stored_integer("SELECT count(*) FROM account WHERE unpaid_at > 0"), 1);
    books_close();
    execute("CREATE TABLE kept_open AS SELECT * FROM open_invoice;"
            "CREATE TABLE kept_account AS SELECT * FROM account");
}

#define OPEN_FOR_FREE(period)                                                                  \
    "INSERT INTO open_invoice SELECT bucket, id, " period                                      \
    ", 0, 99900 FROM account WHERE email = 'f@b'"

static const struct {
    const char *damage, *wanted;
} of_invoices[] = {
    {OPEN_FOR_FREE("2024 * 12 + 2"),
     "f@b|invoice of 2024-03: it is open, and no statement has it"},
    {OPEN_FOR_FREE("2024 * 12 + 3"),
     "f@b|invoice of 2024-04: it is open, and its period is not closed"},
    {OPEN_FOR_FREE("2024 * 12"),
     "f@b|invoice of 2024-01: it is open, and its period is not closed"},
    {OPEN_FOR_FREE("200000"),
     "f@b|invoice of 16666-09: it is open, and its period is not closed"},
    {OPEN_FOR_FREE("2024 * 12 + 1"),
     "f@b|invoice of 2024-02: it is open or paid, with nothing owed"},
    {"INSERT INTO open_invoice SELECT bucket, 99, period, ends_at, 900 FROM open_invoice",
     "99|invoice of 2024-03: it is open, and its period is not closed"},
    {"UPDATE open_invoice SET ends_at = ends_at - 1", "a@b|invoice of 2024-03: ends_at"},
    {"UPDATE open_invoice SET ends_at = ends_at + 1", "a@b|invoice of 2024-03: ends_at"},
    {"UPDATE open_invoice SET total_cents = 90000", "a@b|invoice of 2024-03: total_cents"},
    {"INSERT INTO open_invoice SELECT bucket, account_id, period, ends_at, 90000"
     " FROM billing_period WHERE period = 2024 * 12 + 1 AND total_cents > 0",
     "a@b|invoice of 2024-02: it is open and paid"},
    {"UPDATE account SET unpaid_at = (SELECT max(unpaid_at) FROM account)",
     "f@b|unpaid_at: it is refused as unpaid, and no open invoice is of a period that had "
     "ended "
     "by then"},
    {"UPDATE account SET unpaid_at = 1 WHERE unpaid_at > 0",
     "a@b|unpaid_at: it is refused as unpaid, and no open invoice is of a period that had "
     "ended "
     "by then"},
};

static void money_owed_that_no_statement_knows_is_told(void **state)
{
    (void)state;
    invoices_make();
    for (size_t i = 0; i < LENGTH_OF(of_invoices); i++) {
        assert_told(of_invoices[i].damage, of_invoices[i].wanted);
        execute("DELETE FROM open_invoice; INSERT INTO open_invoice SELECT * FROM kept_open;"
                "UPDATE account SET unpaid_at = (SELECT k.unpaid_at FROM kept_account k"
                " WHERE k.id = account.id)");
        assert_silent();
    }
    assert_told_first("DELETE FROM open_invoice",
                      "a@b|unpaid_at: it is refused as unpaid, and no open invoice is of a "
                      "period that had ended by then",
                      2); /* and that March is neither open nor paid */
}

/* ---- What several nodes share ---- */

/* Balances are written with each batch, usage by the node that wrote it, a moment later. */
static void what_a_node_has_not_folded_is_in_the_balances(void **state)
{
    (void)state;
    on_a_server_alone();
    struct caller caller = caller_make("a@b", "Free");
    calls(&caller, "2024-02-02", 2);
    books_close();
    execute(
        "INSERT INTO fold_mark SELECT node, id - 1, 0 FROM journal ORDER BY id DESC LIMIT 1");
    assert_true(
        tells("usage_hour of key 1 at endpoint 1 from 2024-02-02T01:00:00Z on: charged"));
    execute("DELETE FROM usage_hour WHERE hour = (SELECT max(hour) FROM usage_hour)");
    assert_silent();
    assert_told("UPDATE balance SET used = used - 8", "a@b|balance of 2024-02: used");
}

/* Two loops of the process that had the file may have handed charges over in the other order. */
static void what_was_copied_from_a_file_may_be_out_of_order(void **state)
{
    (void)state;
    on_a_server_alone();
    struct caller caller = caller_make("a@b", "Free");
    calls(&caller, "2024-02-02", 6);
    books_close();
    execute("CREATE TEMP TABLE kept AS SELECT id, at, body FROM journal WHERE id IN (2, 3);"
            "UPDATE journal SET (at, body) = (SELECT at, body FROM kept"
            " WHERE kept.id = 5 - journal.id) WHERE id IN (2, 3);"
            "UPDATE journal SET node = 0");
    assert_silent();
    assert_told(
        "UPDATE journal SET node = 1",
        "a@b|2024-02, journal row 3: 8 credits of overage are due, since it began in row "
        "2, and 0 are charged");
}

static const struct {
    const char *damage, *wanted;
} of_shared_books[] = {
    {"DELETE FROM account_window",
     "a@b|account_window: rows of the account: there, wanted (0, 1)"},
    {"INSERT INTO account_window VALUES (2, 2, 0, 0, 0, '')",
     "2|account_window: rows of an account that is not there: there, wanted (1, 0)"},
    {"DELETE FROM account_email",
     "a@b|account_email: rows of the account: there, wanted (0, 1)"},
    {"UPDATE account_email SET bucket = (bucket + 1) % 64",
     "a@b|account_email: rows of the account: there, wanted (0, 1)"},
    {"INSERT INTO account_email VALUES (0, 'c@d', 1)",
     "a@b|account_email: rows of an address that is not the account's: there, wanted (1, 0)"},
    {"INSERT INTO fold_mark VALUES (9, 100, 0)",
     "-|fold_mark of node 9: the journal's last row"},
    {"SELECT setval('journal_id', 1)", "-|the sequence journal_id: the journal's last row"},
};

static void what_nodes_share_is_whole(void **state)
{
    on_a_server_alone();
    for (size_t i = 0; i < LENGTH_OF(of_shared_books); i++) {
        if (i > 0)
            assert_int_equal(ledger_remove(state) | books_make(state), 0);
        struct caller caller = caller_make("a@b", "Free");
        calls(&caller, "2024-02-02", 2);
        books_close();
        assert_told(of_shared_books[i].damage, of_shared_books[i].wanted);
    }
}

#define ON_BOOKS(test) cmocka_unit_test_setup_teardown(test, books_make, ledger_remove)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        ON_BOOKS(a_plan_version_that_was_edited_is_told),
        ON_BOOKS(a_charge_that_is_not_its_price_is_told),
        ON_BOOKS(a_charge_at_an_endpoint_without_a_price_is_told),
        ON_BOOKS(overage_at_no_rate_of_its_version_is_told),
        ON_BOOKS(overage_while_included_credits_are_left_is_told),
        ON_BOOKS(a_period_that_ended_is_told_by_its_name),
        ON_BOOKS(included_credits_after_overage_are_told),
        ON_BOOKS(a_period_that_is_not_what_its_plans_say_is_told),
        ON_BOOKS(more_plans_than_can_be_told_apart_are_told),
        ON_BOOKS(an_upgrade_explains_included_credits_after_overage),
        ON_BOOKS(overage_is_held_against_what_was_included_before_an_upgrade),
        ON_BOOKS(a_charge_of_an_ended_period_may_come_late),
        ON_BOOKS(a_restart_of_the_machine_lies_far_enough_apart),
        ON_BOOKS(overage_without_its_balance_is_told_by_the_sums),
        ON_BOOKS(money_owed_that_no_statement_knows_is_told),
        ON_BOOKS(what_a_node_has_not_folded_is_in_the_balances),
        ON_BOOKS(what_was_copied_from_a_file_may_be_out_of_order),
        ON_BOOKS(what_nodes_share_is_whole),
    };
    return changes_main(tests, argc, argv);
}
