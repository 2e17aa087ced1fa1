#include "crash/books.h"
#include "crash/scene.h"
#include "ledger/audit.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE_US (60 * SECOND_US)

static struct books books;

static const struct scene_call *call_of(const struct book_entry *kept)
{
    static const char opening[] = "call-";
    assert_int_equal(strncmp(kept->request_id, opening, sizeof(opening) - 1), 0);
    size_t number = strtoul(kept->request_id + sizeof(opening) - 1, NULL, 10);
    assert_true(number < scene->call_count);
    return &scene->calls[number];
}

/* Each charge in the journal was asked for, was not refused, and names its call. */
static void entries_were_asked_for(enum scene_promise promise)
{
    for (size_t i = 0; i < books.count; i++) {
        const struct book_entry *kept = &books.entries[i];
        if (kept->entry.outcome != CALL_CHARGED) {
            assert_int_equal(kept->entry.credits, 0);
            continue;
        }
        const struct scene_call *call = call_of(kept);
        assert_int_equal(kept->entry.credits, SCENE_COST);
        if (call->state == CALL_PLANNED ||
            (call->state == CALL_TAKEN_BACK && promise != SCENE_MAY_RETURN))
            fail_msg("%s was refused and is in the journal", kept->request_id);
        if (call->state != CALL_WAITS)
            assert_memory_equal(kept->entry.charge_id, call->charge_id, CHARGE_ID_BYTES);
    }
}

static size_t settled_missing(enum scene_promise promise, const char *when)
{
    size_t missing = 0;
    for (size_t i = 0; i < scene->call_count; i++) {
        const struct scene_call *call = &scene->calls[i];
        size_t found = books_count_charge(&books, call->charge_id);
        if (call->state != CALL_SETTLED || found == 1)
            continue;
        missing++;
        if (promise != SCENE_MAY_LOSE)
            fail_msg(
                "%s, call-%zu of %zu was settled and is %zu times in the journal, which has "
                "%zu entries and ends with row %lld (folded to %lld)",
                when, i, scene->call_count, found, books.count, (long long)books.last_row,
                (long long)books.mark);
    }
    return missing;
}

/* What the journal says that an account has used now. */
struct used {
    int64_t credits, overage, day_credits;
    int64_t slots; /* of the last 60 s */
};

static struct used used_of(int64_t account_id, const struct charge_standing *standing)
{
    struct used used = {0};
    for (size_t i = 0; i < books.count; i++) {
        const struct journal_entry *entry = &books.entries[i].entry;
        if (entry->account_id != account_id)
            continue;
        used.slots += scene->elapsed.us - books.entries[i].elapsed_us < MINUTE_US;
        if (instant_day(entry->at) == instant_day(scene->now))
            used.day_credits += entry->credits;
        if (entry->at.us < standing->period.start.us || entry->at.us >= standing->period.end.us)
            continue;
        used.credits += entry->credits;
        used.overage += entry->overage;
    }
    return used;
}

static void standing_is_the_journals(enum scene_account account)
{
    struct charge_standing standing = scene_standing(account);
    const struct quota *quota = &standing.quota;
    struct used used = used_of(account + 1, &standing);
    assert_int_equal(quota->used.count, used.credits - used.overage);
    assert_int_equal(quota->overage_used.count, used.overage);
    assert_int_equal(quota->daily_used.count, used.day_credits);
    if (quota->key_cap.count < CREDITS_MAX)
        assert_int_equal(quota->key_used.count, used.day_credits);
    int64_t limit = standing.rate.limit;
    assert_int_equal(standing.rate.remaining,
                     limit - (used.slots < limit ? used.slots : limit));
}

/* A change of plan that was told done is in force. */
static void plan_is_as_told(enum scene_account account)
{
    const struct scene_plan *told = &scene->plans[account];
    struct charge_standing standing = scene_standing(account);
    if (!told->is_told || standing.period.start.us != told->period_start.us)
        return;
    assert_int_equal(standing.quota.included.count, told->included);
    assert_ptr_equal(standing.plan, &standing.terms->plans.plans[told->plan]);
}

/* ---- The product's own re-adding ---- */

static void differs(void *owner, const struct audit_difference *difference)
{
    (void)owner;
    print_error("# audit: %.*s: %.*s\n", TEXT_PRINT(difference->account),
                TEXT_PRINT(difference->what));
}

static void passed(void *owner, int64_t rows, int64_t of_rows)
{
    (void)owner;
    (void)rows;
    (void)of_rows;
}

static void audit_agrees(void)
{
    struct db *db = NULL;
    struct reason reason = {0};
    struct audit_totals totals;
    const struct audit_watch watch = {.differs = differs, .passed = passed};
    assert_int_equal(db_open_to_read(text_of(scene->path),
                                     &(struct db_options){.busy_timeout_ms = 1000}, &db,
                                     &reason),
                     STATUS_OK);
    static const struct audit_price price = {1, "tiktok-popular-trend-hashtag", SCENE_COST};
    const struct audit_prices prices = {&price, 1};
    enum status status = ledger_audit(db, &prices, &watch, &totals, &reason);
    db_close(db);
    if (status != STATUS_OK)
        fail_msg("audit: %s", reason.sentence);
    assert_int_equal(totals.differences, 0);
    assert_int_equal(totals.calls, books.count);
}

static size_t in_rounds;

size_t scene_deaths_in_rounds(void)
{
    return in_rounds;
}

size_t scene_check(enum scene_promise promise)
{
    scene_open();
    books_read(scene->path, &books);
    in_rounds += books.is_in_round;
    size_t missing = settled_missing(promise, "after the death");
    entries_were_asked_for(promise);
    for (enum scene_account account = 0; account < SCENE_ACCOUNTS; account++) {
        standing_is_the_journals(account);
        if (promise != SCENE_MAY_LOSE)
            plan_is_as_told(account);
    }
    audit_agrees();
    scene_round();
    scene_close();
    scene_resume();
    books_read(scene->path, &books);
    assert_int_equal(books.mark, books.last_row);
    assert_int_equal(settled_missing(promise, "after playing on"), missing);
    entries_were_asked_for(promise);
    audit_agrees();
    return missing;
}

int64_t scene_stored(const char *sql)
{
    struct db *db = NULL;
    struct db_statement *select = NULL;
    struct reason reason = {0};
    bool row = false;
    assert_int_equal(db_open_to_read(text_of(scene->path),
                                     &(struct db_options){.busy_timeout_ms = 1000}, &db,
                                     &reason),
                     STATUS_OK);
    assert_int_equal(db_statement_take(db, sql, &select, &reason), STATUS_OK);
    assert_int_equal(db_step(select, &row, &reason), STATUS_OK);
    assert_true(row);
    int64_t value = db_column_integer(select, 0);
    db_statement_release(&select);
    db_close(db);
    return value;
}
