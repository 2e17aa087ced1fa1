/* Plans as they are kept: the same bytes for the same plans, and read back whole or not at all. */
#include "ledger/plan_json.h"
#include "support/unit.h"

#include <stdio.h>

static struct plans written_plans(void)
{
    struct plans plans = {.plan_count = 2, .price_count = 2};
    plans.plans[0] = (struct plan){
        .name = "Free \"\\\xc3\xa9", .included_credits = 2000, .rate_limit_per_minute = 5};
    plans.plans[1] = (struct plan){.name = "Pro",
                                   .price_cents = 7900,
                                   .included_credits = 400000,
                                   .daily_credit_cap = 25000,
                                   .rate_limit_per_minute = 120,
                                   .overage = OVERAGE_OPT_IN,
                                   .overage_cents_per_1000 = 30};
    plans.prices[0] = (struct endpoint_price){"a-b", 8};
    plans.prices[1] = (struct endpoint_price){"c", 0};
    return plans;
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    struct plans plans = written_plans(), read;
    struct reason reason = {""};
    CLEANUP(buffer_finish) struct buffer json, again;
    buffer_init(&json, PLAN_JSON_BYTES_MAX);
    buffer_init(&again, PLAN_JSON_BYTES_MAX);
    plan_json_write(&json, &plans);
    assert_int_equal(plan_json_read(buffer_text(&json), &read, &reason), STATUS_OK);
    assert_int_equal(read.plan_count, 2);
    assert_string_equal(read.plans[0].name, plans.plans[0].name);
    assert_int_equal(read.plans[1].daily_credit_cap, 25000);
    assert_int_equal(read.plans[1].overage, OVERAGE_OPT_IN);
    assert_string_equal(read.prices[0].operation_id, "a-b");
    assert_int_equal(read.prices[0].credits, 8);
    plan_json_write(&again, &read);
    assert_true(text_equals(buffer_text(&json), buffer_text(&again)));
    buffer_finish(&again);
}

#define PLAN(name, overage)                                                                    \
    "{\"name\":" name ",\"price_cents\":0,\"included_credits\":0,\"daily_credit_cap\":0,"      \
    "\"rate_limit_per_minute\":1,\"overage\":" overage ",\"overage_cents_per_1000\":0}"
#define GOOD PLAN("\"A\"", "\"none\"")
#define LONG_41 "\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddX\""
#define LONG_64 "\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg\""

static const char *const damaged[] = {
    "",
    "[]",
    "{\"plans\":[],\"credits\":{}}",
    "{\"plans\":[" GOOD "]}",
    "{\"plans\":[" GOOD "],\"credits\":[]}",
    "{\"plans\":[" GOOD "],\"credits\":{\"a\":\"8\"}}",
    "{\"plans\":[" GOOD "],\"credits\":{" LONG_64 ":8}}",
    "{\"plans\":[" PLAN("7", "\"none\"") "],\"credits\":{}}",
    "{\"plans\":[" PLAN(LONG_41, "\"none\"") "],\"credits\":{}}",
    "{\"plans\":[" PLAN("\"A\"", "\"sometimes\"") "],\"credits\":{}}",
    "{\"plans\":[" PLAN("\"A\"", "1") "],\"credits\":{}}",
    "{\"plans\":[" GOOD ",{\"name\":\"B\"}],\"credits\":{}}",
    "{\"plans\":[" PLAN("\"A\\u0000\"", "\"none\"") "],\"credits\":{}}",
};

static void damage_is_refused_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(damaged); i++) {
        struct plans plans = {.plan_count = 77};
        struct reason reason = {""};
        assert_int_not_equal(plan_json_read(text_of(damaged[i]), &plans, &reason), STATUS_OK);
        assert_int_equal(plans.plan_count, 77);
        assert_int_not_equal(reason.sentence[0], '\0');
    }
    struct plans plans;
    struct reason reason = {""};
    assert_int_equal(
        plan_json_read(TEXT("{\"plans\":[" GOOD "],\"credits\":{}}"), &plans, &reason),
        STATUS_OK);
}

static void refused(const char *json)
{
    struct plans plans = {.plan_count = 77};
    struct reason reason = {""};
    assert_int_not_equal(plan_json_read(text_of(json), &plans, &reason), STATUS_OK);
    assert_int_equal(plans.plan_count, 77);
}

/* Each in turn under a name that nobody asks for. */
static void a_plan_without_one_of_its_members_is_refused(void **state)
{
    (void)state;
    static const char good[] = "{\"plans\":[" GOOD "],\"credits\":{}}";
    static const char *const names[] = {"name",
                                        "price_cents",
                                        "included_credits",
                                        "daily_credit_cap",
                                        "rate_limit_per_minute",
                                        "overage",
                                        "overage_cents_per_1000"};
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        char json[sizeof(good)], quoted[32];
        memcpy(json, good, sizeof(good));
        (void)snprintf(quoted, sizeof(quoted), "\"%s\"", names[i]);
        char *member = strstr(json, quoted);
        assert_non_null(member);
        member[1] = 'X';
        refused(json);
    }
}

static void more_than_the_bounds_is_refused(void **state)
{
    (void)state;
    CLEANUP(buffer_finish) struct buffer plans, prices;
    buffer_init(&plans, 1 << 20);
    buffer_init(&prices, 1 << 20);
    for (int i = 0; i <= PLANS_MAX; i++)
        buffer_append_format(&plans, "%s" GOOD, i == 0 ? "{\"plans\":[" : ",");
    buffer_append_format(&plans, "],\"credits\":{}}%c", '\0');
    refused(plans.bytes);
    for (int i = 0; i <= ENDPOINT_PRICES_MAX; i++)
        buffer_append_format(&prices, "%s\"e%d\":8",
                             i == 0 ? "{\"plans\":[" GOOD "],\"credits\":{" : ",", i);
    buffer_append_format(&prices, "}}%c", '\0');
    refused(prices.bytes);
    buffer_finish(&prices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(damage_is_refused_whole),
        cmocka_unit_test(a_plan_without_one_of_its_members_is_refused),
        cmocka_unit_test(more_than_the_bounds_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
