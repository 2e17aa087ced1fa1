/* plans.h: the shipped plans, and every way in which a plan file is refused. */
#include "settings/plans.h"
#include "support/unit.h"

#include <stdio.h>
#include <unistd.h>

static char path[] = "/tmp/trendgate-plans-XXXXXX";
static const char *const operations[] = {"tiktok-popular-trend-hashtag", NULL};
static const char *const shipped[] = {"tiktok-popular-trend-hashtag",
                                      "tiktok-popular-trend-hashtag-history",
                                      "tiktok-popular-trend-hashtag-movers", NULL};

static int file_make(void **state)
{
    (void)state;
    int descriptor = mkstemp(path);
    return descriptor < 0 ? -1 : close(descriptor);
}

static int file_remove(void **state)
{
    (void)state;
    return unlink(path);
}

static enum status read_bytes(const char *bytes, struct plans *plans, struct reason *reason)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, strlen(bytes), file), strlen(bytes));
    assert_int_equal(fclose(file), 0);
    *reason = (struct reason){0};
    return plans_read(text_of(path), operations, plans, reason);
}

static void the_shipped_plans_are_those_promised(void **state)
{
    (void)state;
    static const struct plan promised[] = {
        {"Free", 0, 2000, 500, 5, OVERAGE_NONE, 0},
        {"Starter", 900, 20000, 5000, 15, OVERAGE_OPT_IN, 75},
        {"Growth", 2900, 100000, 25000, 45, OVERAGE_OPT_IN, 45},
        {"Pro", 7900, 400000, 0, 120, OVERAGE_ALWAYS, 30},
        {"Business", 19900, 1200000, 0, 300, OVERAGE_ALWAYS, 20},
        {"Enterprise", 49900, 5000000, 0, 1000, OVERAGE_ALWAYS, 12},
    };
    struct text files[] = {TEXT(""), TEXT(TRENDGATE_SOURCE_ROOT "/etc/plans.ini")};
    for (size_t f = 0; f < LENGTH_OF(files); f++) {
        struct plans plans;
        struct reason reason = {0};
        if (plans_read(files[f], shipped, &plans, &reason) != STATUS_OK)
            fail_msg("%s", reason.sentence);
        assert_int_equal(plans.plan_count, LENGTH_OF(promised));
        for (size_t i = 0; i < LENGTH_OF(promised); i++) {
            const struct plan *plan = &plans.plans[i];
            assert_string_equal(plan->name, promised[i].name);
            assert_int_equal(plan->price_cents, promised[i].price_cents);
            assert_int_equal(plan->included_credits, promised[i].included_credits);
            assert_int_equal(plan->daily_credit_cap, promised[i].daily_credit_cap);
            assert_int_equal(plan->rate_limit_per_minute, promised[i].rate_limit_per_minute);
            assert_int_equal(plan->overage, promised[i].overage);
            assert_int_equal(plan->overage_cents_per_1000, promised[i].overage_cents_per_1000);
        }
        assert_int_equal(plans.price_count, LENGTH_OF(shipped) - 1);
        for (size_t i = 0; i < plans.price_count; i++) {
            assert_string_equal(plans.prices[i].operation_id, shipped[i]);
            assert_int_equal(plans.prices[i].credits, 8);
        }
    }
}

static void a_plan_is_found_in_any_letter_case(void **state)
{
    (void)state;
    struct plans plans;
    struct reason reason = {0};
    assert_int_equal(plans_read(TEXT(""), shipped, &plans, &reason), STATUS_OK);
    assert_ptr_equal(plans_find(&plans, TEXT("gROWTH")), &plans.plans[2]);
    assert_null(plans_find(&plans, TEXT("Grow")));
}

#define FREE                                                                                   \
    "[plan Free]\nprice_cents = 5\nincluded_credits = 1\ndaily_credit_cap = 0\n"               \
    "rate_limit_per_minute = 1\noverage = none\n"

static void faults_name_file_line_and_reason(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *sentence; /* behind "PATH:" */
    } cases[] = {
        {"", "1: there is no [plan NAME] in it"},
        {"[endpoint tiktok-popular-trend-hashtag]\ncredits = 1\n",
         "1: there is no [plan NAME] in it"},
        {"[plans Free]\n",
         "1: [plans Free] is neither [plan NAME] nor [endpoint OPERATION_ID]"},
        {"[plan]\n", "1: name the plan with 1 to 40 letters, digits, blanks, '-' and '_'"},
        {"[plan A\"B]\n", "1: name the plan with 1 to 40 letters, digits, blanks, '-' and '_'"},
        {"[plan AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA]\n",
         "1: name the plan with 1 to 40 letters, digits, blanks, '-' and '_'"},
        {FREE "[plan fREE]\n", "7: there is a plan 'fREE' already"},
        {"\n[plan Free]\n", "2: the plan Free lacks overage"},
        {"[plan Free]\noverage = none\n", "1: the plan Free lacks price_cents"},
        {FREE "price_cents = 6\n", "7: price_cents is set in line 2 already"},
        {FREE "overage = none\n", "7: overage is set in line 6 already"},
        {FREE "overage_cents_per_1000 = 1\n", /* 0 would do */
         "1: the plan Free has overage = none and a price for it; leave overage_cents_per_1000 "
         "out"},
        {FREE "rate_limit = 1\n",
         "7: a plan has no rate_limit; did you mean rate_limit_per_minute?"},
        {FREE "rate_limit_per_minut = 1\n",
         "7: a plan has no rate_limit_per_minut; did you mean rate_limit_per_minute?"},
        {"[plan A]\nrate_limit_per_minute = 0\n",
         "2: rate_limit_per_minute = 0: write a whole number from 1 to 1000000"},
        {"[plan A]\nrate_limit_per_minute = 1000001\n",
         "2: rate_limit_per_minute = 1000001: write a whole number from 1 to 1000000"},
        {"[plan A]\nprice_cents = 9.99\n",
         "2: price_cents = 9.99: write a whole number from 0 to 100000000"},
        {"[plan A]\nprice_cents = 100000001\n",
         "2: price_cents = 100000001: write a whole number from 0 to 100000000"},
        {"[plan A]\nincluded_credits = 1000000000001\n",
         "2: included_credits = 1000000000001: write a whole number from 0 to 1000000000000"},
        {"[plan A]\noverage = sometimes\n",
         "2: overage = sometimes: write none, opt_in or always"},
        {"[plan A]\nprice_cents = 0\nincluded_credits = 1\ndaily_credit_cap = 0\n"
         "rate_limit_per_minute = 1\noverage = always\n",
         "1: the plan A lacks overage_cents_per_1000"},
        {FREE "[plan B]\nprice_cents = 4\nincluded_credits = 1\ndaily_credit_cap = 0\n"
              "rate_limit_per_minute = 1\noverage = none\n",
         "7: the plan B costs less than Free above it; write the cheapest first"},
        {FREE "[endpoint tiktok-popular-trend-hashtags]\n",
         "7: there is no endpoint 'tiktok-popular-trend-hashtags'; did you mean "
         "tiktok-popular-trend-hashtag?"},
        {FREE "[endpoint tiktok-popular-trend-hashtag]\n", "7: the endpoint lacks credits"},
        {FREE "[endpoint tiktok-popular-trend-hashtag]\ncredit = 1\n",
         "8: an endpoint has no credit; it has credits"},
        {FREE "bogus = 1\n",
         "7: a plan has no bogus; it has price_cents, included_credits, daily_credit_cap, "
         "rate_limit_per_minute, overage and overage_cents_per_1000"},
        {FREE "[endpoint bogus]\n", "7: there is no endpoint 'bogus'; those with a price are "
                                    "tiktok-popular-trend-hashtag"},
        {FREE, "1: the endpoint tiktok-popular-trend-hashtag has no price: write [endpoint "
               "tiktok-popular-trend-hashtag] and its credits"},
        {FREE "[endpoint tiktok-popular-trend-hashtag]\ncredits = -1\n",
         "8: credits = -1: write a whole number from 0 to 1000000"},
        {FREE "[endpoint tiktok-popular-trend-hashtag]\ncredits = 1\n"
              "[endpoint tiktok-popular-trend-hashtag]\ncredits = 1\n",
         "9: there is an [endpoint tiktok-popular-trend-hashtag] already"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct plans plans = {.plan_count = 77};
        struct reason reason;
        assert_int_not_equal(read_bytes(cases[i].bytes, &plans, &reason), STATUS_OK);
        assert_memory_equal(reason.sentence, path, strlen(path));
        assert_string_equal(reason.sentence + strlen(path) + 1, cases[i].sentence);
        assert_int_equal(plans.plan_count, 77);
    }
}

static void as_many_plans_as_there_is_room_for(void **state)
{
    (void)state;
    CLEANUP(buffer_finish) struct buffer file;
    buffer_init(&file, 65536);
    struct plans plans;
    struct reason reason;
    buffer_append(&file, TEXT("[endpoint tiktok-popular-trend-hashtag]\ncredits = 1\n"));
    for (int i = 0; i <= PLANS_MAX; i++) {
        if (i == PLANS_MAX) {
            buffer_append_byte(&file, '\0');
            assert_int_equal(read_bytes(file.bytes, &plans, &reason), STATUS_OK);
            assert_int_equal(plans.plan_count, PLANS_MAX);
            file.length--;
        }
        buffer_append_format(&file,
                             "[plan P%d]\nprice_cents = %d\nincluded_credits = 1\n"
                             "daily_credit_cap = 0\nrate_limit_per_minute = 1\n"
                             "overage = none\n",
                             i, i);
    }
    buffer_append_byte(&file, '\0');
    assert_int_equal(read_bytes(file.bytes, &plans, &reason), STATUS_TOO_LARGE);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    struct plans plans;
    struct reason reason = {0};
    assert_int_equal(plans_read(TEXT("/nonexistent"), operations, &plans, &reason),
                     STATUS_MISSING);
    assert_string_equal(reason.sentence, "/nonexistent: there is no such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_plans_are_those_promised),
        cmocka_unit_test(a_plan_is_found_in_any_letter_case),
        cmocka_unit_test(faults_name_file_line_and_reason),
        cmocka_unit_test(as_many_plans_as_there_is_room_for),
        cmocka_unit_test(a_missing_file_is_named),
    };
    return cmocka_run_group_tests(tests, file_make, file_remove);
}
