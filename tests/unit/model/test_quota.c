/* Which limit says no: every combination as a row, then the edges of each limit. */
#include "model/quota.h"
#include "support/unit.h"

#include <stdio.h>

#define COST 8

/* Each limit as the rows want it: with room for one call, or one credit short of it. */
static struct quota quota_with(bool key_is_out, bool day_is_out, bool period_is_out,
                               bool has_overage)
{
    return (struct quota){
        .included = credits_of(100),
        .used = credits_of(period_is_out ? 93 : 92),
        .overage_permitted = credits_of(has_overage ? 50 : 0),
        .overage_used = credits_of(has_overage && period_is_out ? 50 : 0),
        .has_overage = has_overage,
        .daily_cap = credits_of(40),
        .daily_used = credits_of(day_is_out ? 33 : 32),
        .key_cap = credits_of(20),
        .key_used = credits_of(key_is_out ? 13 : 12),
    };
}

struct row {
    bool key, day, period; /* used up */
    /* What is named: without and with overage; and on the last day of the period. */
    enum quota_verdict plain, overage, plain_last_day, overage_last_day;
};

static const struct row rows[] = {
    {false, false, false, QUOTA_GRANTED, QUOTA_GRANTED, QUOTA_GRANTED, QUOTA_GRANTED},
    {true, false, false, QUOTA_KEY_DAILY, QUOTA_KEY_DAILY, QUOTA_KEY_DAILY, QUOTA_KEY_DAILY},
    {false, true, false, QUOTA_DAILY, QUOTA_DAILY, QUOTA_DAILY, QUOTA_DAILY},
    {true, true, false, QUOTA_KEY_DAILY, QUOTA_KEY_DAILY, QUOTA_KEY_DAILY, QUOTA_KEY_DAILY},
    {false, false, true, QUOTA_INSUFFICIENT, QUOTA_SPEND_LIMIT, QUOTA_INSUFFICIENT,
     QUOTA_SPEND_LIMIT},
    {true, false, true, QUOTA_INSUFFICIENT, QUOTA_SPEND_LIMIT, QUOTA_KEY_DAILY,
     QUOTA_KEY_DAILY},
    {false, true, true, QUOTA_INSUFFICIENT, QUOTA_SPEND_LIMIT, QUOTA_DAILY, QUOTA_DAILY},
    {true, true, true, QUOTA_INSUFFICIENT, QUOTA_SPEND_LIMIT, QUOTA_KEY_DAILY, QUOTA_KEY_DAILY},
};

static void assert_row(const struct row *row, bool has_overage, bool ends_today,
                       enum quota_verdict wanted)
{
    struct quota quota = quota_with(row->key, row->day, row->period, has_overage);
    credits overage = credits_of(7777);
    enum quota_verdict got = quota_decide(&quota, credits_of(COST), ends_today, &overage);
    if (got != wanted)
        fail_msg("key %d, day %d, period %d, overage %d, last day %d: wanted %d, got %d",
                 row->key, row->day, row->period, has_overage, ends_today, (int)wanted,
                 (int)got);
    assert_int_equal(overage.count, got == QUOTA_GRANTED ? 0 : 7777);
    assert_int_equal(quota_decide(&quota, credits_of(0), ends_today, &overage), QUOTA_GRANTED);
    assert_int_equal(overage.count, 0);
}

static void each_combination_names_what_resets_last(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        assert_row(&rows[i], false, false, rows[i].plain);
        assert_row(&rows[i], true, false, rows[i].overage);
        assert_row(&rows[i], false, true, rows[i].plain_last_day);
        assert_row(&rows[i], true, true, rows[i].overage_last_day);
    }
}

/* included, used, permitted overage, used of it, cost; and what is granted of it as overage. */
struct edge {
    int64_t included, used, permitted, overage_used, cost;
    int64_t overage; /* -1: refused */
};

static const struct edge edges[] = {
    {100, 92, 0, 0, 8, 0},                  /* the last credits */
    {100, 93, 0, 0, 8, -1},                 /* 7 left of 8: refused whole */
    {100, 93, 1, 0, 8, 1},                  /* unless overage covers the rest */
    {100, 93, 0, 0, 7, 0},                  /* a cheaper call still fits */
    {100, 100, 8, 0, 8, 8},                 /* all of it overage */
    {100, 100, 8, 1, 8, -1},                /* one credit under the spend limit */
    {100, 100, 9, 1, 8, 8},                 /* exactly up to it */
    {0, 0, 8, 0, 8, 8},                     /* a plan that includes nothing */
    {0, 0, 0, 0, 8, -1},                    /* and has no overage */
    {50, 92, 100, 0, 8, 8},                 /* used more than is included now */
    {50, 92, 0, 0, 8, -1},                  /* likewise without overage */
    {100, 95, 10, 50, 8, -1},               /* more overage used than is permitted now */
    {100, 92, 10, 50, 8, 0},                /* which does not matter while credits are left */
    {100, 100, CREDITS_MAX, 5, 8, 8},       /* no spend limit */
    {CREDITS_MAX, 0, 0, 0, CREDITS_MAX, 0}, /* the largest numbers there are */
};

static void the_edges_of_a_period(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(edges); i++) {
        const struct edge *edge = &edges[i];
        struct quota quota = {.included = credits_of(edge->included),
                              .used = credits_of(edge->used),
                              .overage_permitted = credits_of(edge->permitted),
                              .overage_used = credits_of(edge->overage_used),
                              .has_overage = edge->permitted > 0,
                              .daily_cap = NO_LIMIT,
                              .key_cap = NO_LIMIT};
        credits overage = credits_of(0);
        enum quota_verdict verdict = quota_decide(&quota, credits_of(edge->cost), false,
                                                  &overage);
        bool is_granted = verdict == QUOTA_GRANTED;
        if (is_granted != (edge->overage >= 0) ||
            (is_granted && overage.count != edge->overage))
            fail_msg("edge %zu: verdict %d, overage %lld", i, (int)verdict,
                     (long long)overage.count);
    }
}

static void a_cap_that_was_lowered_under_its_use_refuses(void **state)
{
    (void)state;
    struct quota quota = quota_with(false, false, false, false);
    credits overage;
    quota.daily_cap = credits_of(10);
    assert_int_equal(quota_decide(&quota, credits_of(1), false, &overage), QUOTA_DAILY);
    quota.key_cap = credits_of(0);
    assert_int_equal(quota_decide(&quota, credits_of(1), false, &overage), QUOTA_KEY_DAILY);
}

static void what_remains_is_never_negative(void **state)
{
    (void)state;
    struct quota quota = {.included = credits_of(5), .used = credits_of(8)};
    assert_int_equal(quota_remaining(&quota).count, 0);
    quota.used = credits_of(3);
    assert_int_equal(quota_remaining(&quota).count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_combination_names_what_resets_last),
        cmocka_unit_test(the_edges_of_a_period),
        cmocka_unit_test(a_cap_that_was_lowered_under_its_use_refuses),
        cmocka_unit_test(what_remains_is_never_negative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
