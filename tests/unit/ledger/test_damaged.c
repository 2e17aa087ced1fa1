/* A ledger's file in which something stands that the ledger never writes: who asks for it is told so, and gets no numbers. */
#include "changes_harness.h"
#include "ledger/billing.h"
#include "ledger/daily_caps.h"
#include "ledger/embedded_preview.h"
#include "ledger/usage.h"

#include <stdio.h>

static struct caller ann;

static void end_periods(void)
{
    for (bool has_more = true; has_more;)
        DONE(ledger_billing_tend(ledger, NEVER_SUSPENDS, &has_more, &reason));
}

/* A closed period, a change of plan in the open one, and a charge that is not folded. */
static void books_make(void)
{
    struct plan_change change;
    ann = caller_make("ann@b", "Starter");
    clock_to("2024-02-10T12:00:00Z");
    assert_true(charged(&ann, 8, NULL));
    clock_to("2024-03-01T00:00:02Z");
    end_periods();
    clock_to("2024-03-05T12:00:00Z");
    DONE(plan_to(&ann, "Growth", &change));
    assert_true(charged(&ann, 8, NULL));
}

/* ---- What is asked ---- */

static enum status statement_ask(int64_t account_id, int64_t number)
{
    struct statement_view view;
    enum status status = ledger_statement(ledger, account_id, number, &view, &reason);
    if (status == STATUS_OK)
        statement_view_finish(&view);
    return status;
}

#define FEBRUARY (2024 * 12 + 1)

static enum status february(void)
{
    return statement_ask(ann.account_id, FEBRUARY);
}

static enum status present(void)
{
    return statement_ask(ann.account_id, PRESENT_PERIOD);
}

static enum status caps(void)
{
    int64_t found[3];
    return ledger_daily_caps(ledger, ann.account_id, instant_day(clock_now()), LENGTH_OF(found),
                             found, &reason);
}

static void pass(void *owner, const struct usage_row *row)
{
    (void)owner;
    (void)row;
}

static enum status usage(void)
{
    const struct usage_query query = {.account_id = ann.account_id, .hours_before = INT64_MAX};
    return ledger_usage_visit(ledger, &query, &(struct usage_visitor){pass, NULL}, &reason);
}

/* By a command, which reads the journal. */
static enum status usage_read(void)
{
    command_begins();
    enum status status = usage();
    command_ends();
    return status;
}

#define A_TAIL "UPDATE journal SET body = x'01ff' WHERE id = (SELECT max(id) FROM journal)"
#define UNPACKED "does not unpack: restore it from a backup"
#define UNREADABLE "holds a change of plan that cannot be read: restore it from a backup"
#define A_CHANGE "UPDATE audit_event SET detail = '{}' WHERE verb = 'account_plan'"
#define NO_JSON "UPDATE audit_event SET detail = '{' WHERE verb = 'account_plan'"

static const struct {
    const char *damage;
    enum status (*ask)(void);
    enum status status;
    const char *says;
} rows[] = {
    {"UPDATE billing_period SET digest = x'00'", february, STATUS_CORRUPT,
     "a digest of 1 bytes: restore it from a backup"},
    {"INSERT INTO billed SELECT bucket, id, 24290, 24290, 99, -1, 8 FROM account", present,
     STATUS_CORRUPT, "bills a kind 99: restore it from a backup"},
    {A_CHANGE, present, STATUS_CORRUPT, UNREADABLE},
    {A_CHANGE, caps, STATUS_CORRUPT, UNREADABLE},
    {NO_JSON, present, STATUS_CORRUPT, UNREADABLE},
    {NO_JSON, caps, STATUS_CORRUPT, UNREADABLE},
    {A_TAIL, usage_read, STATUS_CORRUPT, UNPACKED},
    {"DELETE FROM fold_mark", usage_read, STATUS_CORRUPT, "lacks its fold mark"},
    {"DELETE FROM fold_mark", usage, STATUS_CORRUPT, "lacks its fold mark"},
};

static void what_is_damaged_is_told(void **state)
{
    (void)state;
    books_make();
    execute("CREATE TABLE kept_period AS SELECT * FROM billing_period;"
            "CREATE TABLE kept_billed AS SELECT * FROM billed;"
            "CREATE TABLE kept_event AS SELECT * FROM audit_event;"
            "CREATE TABLE kept_mark AS SELECT * FROM fold_mark;"
            "CREATE TABLE kept_journal AS SELECT * FROM journal");
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        assert_int_equal(rows[i].ask(), STATUS_OK);
        execute(rows[i].damage);
        reason.sentence[0] = '\0';
        enum status status = rows[i].ask();
        if (status != rows[i].status || !strstr(reason.sentence, rows[i].says))
            fail_msg("%s: %s, %s", rows[i].damage, status_word(status), reason.sentence);
        execute(
            "DELETE FROM billing_period; INSERT INTO billing_period SELECT * FROM kept_period;"
            "DELETE FROM fold_mark; INSERT INTO fold_mark SELECT * FROM kept_mark;"
            "DELETE FROM billed; INSERT INTO billed SELECT * FROM kept_billed;"
            "UPDATE audit_event SET detail = (SELECT detail FROM kept_event"
            " WHERE kept_event.id = audit_event.id)"
            " WHERE id IN (SELECT id FROM kept_event);"
            "UPDATE journal SET body = (SELECT body FROM kept_journal"
            " WHERE kept_journal.id = journal.id)");
        assert_int_equal(rows[i].ask(), STATUS_OK);
    }
}

static void an_account_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct plan_preview preview;
    int64_t found, first, now;
    ann = caller_make("ann@b", "Starter");
    assert_int_equal(statement_ask(999, PRESENT_PERIOD), STATUS_MISSING);
    assert_int_equal(statement_ask(ann.account_id, FEBRUARY - 1), STATUS_MISSING);
    assert_int_equal(statement_ask(ann.account_id, FEBRUARY + 1), STATUS_MISSING);
    assert_int_equal(ledger_periods_of(ledger, 999, &first, &now, &reason), STATUS_MISSING);
    DONE(ledger_periods_of(ledger, ann.account_id, &first, &now, &reason));
    assert_int_equal(first, FEBRUARY);
    assert_int_equal(now, FEBRUARY);
    assert_int_equal(ledger_daily_caps(ledger, 999, 20000, 1, &found, &reason), STATUS_MISSING);
    assert_int_equal(ledger_plan_preview(ledger, 999,
                                         &(struct plan_request){.plan = TEXT("Pro")}, &preview,
                                         &reason),
                     STATUS_MISSING);
    assert_int_equal(ledger_plan_preview(ledger, ann.account_id,
                                         &(struct plan_request){.plan = TEXT("None")}, &preview,
                                         &reason),
                     STATUS_INVALID);
}

static void a_charge_id_is_32_digits(void **state)
{
    (void)state;
    char id[2 * CHARGE_ID_BYTES + 1], bad[2 * CHARGE_ID_BYTES + 2];
    struct adjustment_made made;
    ann = caller_make("ann@b", "Starter");
    struct text email = text_of(ann.email);
    assert_true(charged(&ann, 8, NULL));
    last_charge_id(id);
    static const char wrong[] = {'g', 'G', '/', ':', '@', '`', ' ', '-'};
    for (size_t i = 0; i < sizeof(wrong); i++) {
        (void)strcpy(bad, id);
        bad[i * 4 % sizeof(id)] = wrong[i];
        assert_int_equal(
            ledger_account_refund(ledger, email, text_of(bad), TEXT("x"), &made, &reason),
            STATUS_INVALID);
    }
    for (size_t length = 0; length < sizeof(id) - 1; length++)
        assert_int_equal(ledger_account_refund(ledger, email, (struct text){id, length},
                                               TEXT("x"), &made, &reason),
                         STATUS_INVALID);
    (void)strcpy(bad, id);
    bad[9] = '\0';
    assert_int_equal(ledger_account_refund(ledger, email, (struct text){bad, sizeof(id) - 1},
                                           TEXT("x"), &made, &reason),
                     STATUS_INVALID);
    (void)snprintf(bad, sizeof(bad), "%s0", id);
    assert_int_equal(
        ledger_account_refund(ledger, email, text_of(bad), TEXT("x"), &made, &reason),
        STATUS_INVALID);
    for (size_t i = 0; i < sizeof(id); i++)
        if (id[i] >= 'a' && id[i] <= 'f')
            id[i] = (char)(id[i] - 'a' + 'A');
    DONE(ledger_account_refund(ledger, email, text_of(id), TEXT("x"), &made, &reason));
    assert_int_equal(made.credits, 8);
}

/* What was granted already counts, so that sums stay within what is computed with. */
static void grants_have_a_bound_together(void **state)
{
    (void)state;
    struct adjustment_made made;
    ann = caller_make("ann@b", "Starter");
    enum status status = STATUS_OK;
    int64_t grants = 0;
    for (; status == STATUS_OK; grants += status == STATUS_OK)
        status = ledger_account_grant(ledger, text_of(ann.email), GRANT_CREDITS_MAX, TEXT("x"),
                                      &made, &reason);
    assert_int_equal(status, STATUS_INVALID);
    assert_int_equal(standing_of(&ann).quota.included.count,
                     20000 + grants * GRANT_CREDITS_MAX);
    assert_true(grants * GRANT_CREDITS_MAX <= CREDITS_MAX / 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FRESH(what_is_damaged_is_told),
        FRESH(an_account_that_is_not_there_is_told),
        FRESH(a_charge_id_is_32_digits),
        FRESH(grants_have_a_bound_together),
    };
    return changes_main(tests, argc, argv);
}
