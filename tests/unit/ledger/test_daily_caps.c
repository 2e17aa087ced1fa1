/* daily_caps.h: the cap of each day, over changes of plan and of the plan file. Built-in caps: Free
 * 500, Starter 5,000, Growth 25,000, Pro none. */
#include "changes_harness.h"
#include "ledger/daily_caps.h"

#define DAYS 62 /* of February and March 2024, and two of April */

static int64_t day_of(const char *date)
{
    return instant_day(at(date));
}

/* until: the day after those with that cap. */
struct caps_wanted {
    const char *until;
    int64_t cap;
};

static void assert_caps(const struct caller *caller, const struct caps_wanted *wanted)
{
    int64_t first = day_of("2024-02-01T00:00:00Z"), caps[DAYS];
    for (size_t way = 0; way < LENGTH_OF(between); way++) {
        between[way]();
        DONE(ledger_daily_caps(ledger, caller->account_id, first, DAYS, caps, &reason));
        const struct caps_wanted *now = wanted;
        for (int64_t i = 0; i < DAYS; i++) {
            if (now->until && first + i >= day_of(now->until))
                now++;
            assert_int_equal(caps[i], now->cap);
        }
    }
}

static void move(const struct caller *caller, const char *plan)
{
    struct plan_change change;
    DONE(plan_to(caller, plan, &change));
}

static void without_a_change_it_is_the_plans(void **state)
{
    (void)state;
    struct caller free = caller_make("free@b", "Free"), pro = caller_make("pro@b", "Pro");
    assert_caps(&free, (struct caps_wanted[]){{NULL, 500}});
    assert_caps(&pro, (struct caps_wanted[]){{NULL, 0}});
}

static void an_upgrade_counts_from_its_day_on(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    clock_to("2024-02-10T15:00:00Z");
    move(&caller, "Starter");
    clock_to("2024-02-20T23:59:59Z");
    move(&caller, "Growth");
    assert_caps(&caller, (struct caps_wanted[]){{"2024-02-10T00:00:00Z", 500},
                                                {"2024-02-20T00:00:00Z", 5000},
                                                {NULL, 25000}});
}

static void a_downgrade_counts_from_the_next_period_on_unless_it_is_taken_back(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Growth");
    clock_to("2024-02-10T00:00:00Z");
    move(&caller, "Free");
    const struct caps_wanted waits[] = {{"2024-03-01T00:00:00Z", 25000}, {NULL, 500}};
    assert_caps(&caller, waits);
    move(&caller, "Growth");
    assert_caps(&caller, (struct caps_wanted[]){{NULL, 25000}});
    move(&caller, "Free");
    clock_to("2024-03-10T00:00:00Z");
    assert_caps(&caller, waits);
}

static void a_plan_file_counts_from_its_day_on(void **state)
{
    (void)state;
    struct caller caller = caller_make("a@b", "Free");
    clock_to("2024-02-12T12:00:00Z");
    for (size_t i = 0; i < plans.plan_count; i++)
        if (text_equals(text_of(plans.plans[i].name), TEXT("Free")))
            plans.plans[i].daily_credit_cap = 700;
    DONE(ledger_terms_set(ledger, &plans, &reason));
    clock_to("2024-02-14T12:00:00Z");
    move(&caller, "Starter");
    assert_caps(&caller, (struct caps_wanted[]){{"2024-02-12T00:00:00Z", 500},
                                                {"2024-02-14T00:00:00Z", 700},
                                                {NULL, 5000}});
    int64_t cap;
    DONE(ledger_daily_caps(ledger, caller.account_id, day_of("2024-02-13T00:00:00Z"), 1, &cap,
                           &reason));
    assert_int_equal(cap, 700); /* also by the loads of its range alone */
}

static void another_accounts_changes_count_for_none(void **state)
{
    (void)state;
    struct caller ann = caller_make("ann@b", "Free"), bob = caller_make("bob@b", "Free");
    clock_to("2024-02-10T00:00:00Z");
    move(&bob, "Growth");
    assert_caps(&ann, (struct caps_wanted[]){{NULL, 500}});
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FRESH(without_a_change_it_is_the_plans),
        FRESH(an_upgrade_counts_from_its_day_on),
        FRESH(a_downgrade_counts_from_the_next_period_on_unless_it_is_taken_back),
        FRESH(a_plan_file_counts_from_its_day_on),
        FRESH(another_accounts_changes_count_for_none),
    };
    return changes_main(tests, argc, argv);
}
