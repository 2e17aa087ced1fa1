/* Headers and refusals from the numbers that decided; the answer itself is played by a fake. */
#include "base/json_read.h"
#include "call/call.h"
#include "support/unit.h"

#include <stdio.h>

static struct pipeline pipeline = {.upgrade_url = {"/console/billing", 16}};
static struct terms terms;
static struct call call;
static struct buffer told; /* what the fake was given: status, headers, members */
static json_t *members;
static unsigned refused_status;
static char refused_headers[128];

void call_refuse(struct call *refused, const struct refusal *refusal)
{
    assert_ptr_equal(refused, &call);
    refused_status = refusal->failure->status;
    (void)snprintf(refused_headers, sizeof(refused_headers), "%.*s",
                   TEXT_PRINT(refusal->headers));
    buffer_append_format(&told, "{%.*s\"reason\":\"%.*s\"}", TEXT_PRINT(refusal->extra),
                         TEXT_PRINT(refusal->failure->reason));
    members = json_loadb(told.bytes, told.length, 0, NULL);
    assert_non_null(members);
}

static const struct plan small = {.name = "Small",
                                  .included_credits = 100,
                                  .daily_credit_cap = 50,
                                  .rate_limit_per_minute = 5},
                         large = {.name = "Large",
                                  .included_credits = 1000,
                                  .rate_limit_per_minute = 10};

/* 2026-11-22T20:00:00.900Z, in a period that ends on the 30th. */
#define NOW_US INT64_C(1795377600900000)
#define PERIOD_END INT64_C(1795996800)
#define DAY_END INT64_C(1795392000)

static int set_up(void **state)
{
    (void)state;
    buffer_init(&told, 65536);
    members = NULL;
    terms = (struct terms){.version = 1};
    terms.plans.plans[0] = small;
    terms.plans.plans[1] = large;
    terms.plans.plan_count = 2;
    call = (struct call){.pipeline = &pipeline};
    call.charge.order.now = (instant){NOW_US};
    call.charge.standing = (struct charge_standing){
        .verdict = CHARGE_REFUSED,
        .terms = &terms,
        .plan = &terms.plans.plans[0],
        .subscription = {.plan = &terms.plans.plans[0], .plan_version = 1, .included = 100},
        .cost = credits_of(8),
        .rate = {.limit = 5, .taken = 2, .remaining = 3, .reset_ms = 30001},
        .quota = {.included = credits_of(100),
                  .used = credits_of(48),
                  .overage_permitted = credits_of(0),
                  .daily_cap = credits_of(50),
                  .daily_used = credits_of(48),
                  .key_cap = NO_LIMIT},
        .period = {.end = {PERIOD_END * SECOND_US}, .year = 2026, .month = 10},
        .now = {NOW_US},
    };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_finish(&told);
    json_decref(members);
    return 0;
}

static void assert_text(const char *name, const char *wanted)
{
    assert_string_equal(json_string_value(json_object_get(members, name)), wanted);
}

static void assert_number(const char *name, int64_t wanted)
{
    const json_t *value = json_object_get(members, name);
    assert_true(json_is_integer(value));
    assert_int_equal(json_integer_value(value), wanted);
}

static void headers_tell_where_the_account_stands(void **state)
{
    (void)state;
    struct buffer headers CLEANUP(buffer_finish);
    buffer_init(&headers, 4096);
    struct charge_standing *standing = &call.charge.standing;
    standing->verdict = CHARGE_TAKEN;
    standing->charged = credits_of(8);
    memset(call.charge.charge_id, 0xAB, CHARGE_ID_BYTES);
    call_standing_headers(&call, &headers);
    buffer_append_byte(&headers, '\0');
    assert_string_equal(headers.bytes, "RateLimit-Policy: \"minute\";q=5;w=60\r\n"
                                       "RateLimit: \"minute\";r=3;t=31\r\n"
                                       "X-RateLimit-Limit: 5\r\n"
                                       "X-RateLimit-Remaining: 3\r\n"
                                       "X-RateLimit-Reset: 31\r\n"
                                       "X-Credits-Charged: 8\r\n"
                                       "X-Credits-Remaining: 52\r\n"
                                       "X-Credits-Daily-Remaining: 2\r\n"
                                       "X-Charge-Id: abababababababababababababababab\r\n");
}

static void a_plan_without_cap_and_a_free_call_say_less(void **state)
{
    (void)state;
    struct buffer headers CLEANUP(buffer_finish);
    buffer_init(&headers, 4096);
    struct quota *quota = &call.charge.standing.quota;
    quota->daily_cap = NO_LIMIT;
    quota->used = credits_of(130); /* more than is included now */
    call_standing_headers(&call, &headers);
    buffer_append_byte(&headers, '\0');
    assert_non_null(strstr(headers.bytes, "X-Credits-Charged: 0\r\n"));
    assert_non_null(strstr(headers.bytes, "X-Credits-Remaining: 0\r\n"));
    assert_null(strstr(headers.bytes, "Daily"));
    assert_null(strstr(headers.bytes, "Charge-Id"));
}

static void a_day_that_is_used_up_ends_at_midnight(void **state)
{
    (void)state;
    call.charge.standing.quota_verdict = QUOTA_DAILY;
    call_refuse_standing(&call);
    assert_int_equal(refused_status, 402);
    assert_text("reason", "daily_credit_limit");
    assert_text("reset_scope", "daily");
    assert_text("resets_at", "2026-11-23T00:00:00Z");
    assert_number("retry_after_seconds", DAY_END - NOW_US / SECOND_US);
    assert_text("plan", "Small");
    assert_text("suggested_plan", "Large");
    assert_text("upgrade_url", "/console/billing");
    assert_number("credit_cost", 8);
    assert_number("credits_included", 100);
    assert_number("credits_used", 48);
    assert_number("credits_remaining", 52);
    assert_number("daily_credit_limit", 50);
    assert_number("daily_credits_used", 48);
    assert_number("daily_credits_remaining", 2);
    char header[64];
    (void)snprintf(header, sizeof(header), "Retry-After: %lld\r\n",
                   (long long)(DAY_END - NOW_US / SECOND_US));
    assert_string_equal(refused_headers, header);
}

/* The account is in the day that it has entered; who waits goes by the wall clock. */
static void a_clock_that_was_stepped_back_makes_the_wait_longer(void **state)
{
    (void)state;
    struct charge *charge = &call.charge;
    charge->order.now.us -= DAY_US;
    charge->standing.quota_verdict = QUOTA_DAILY;
    call_refuse_standing(&call);
    assert_text("resets_at", "2026-11-23T00:00:00Z");
    assert_number("retry_after_seconds", DAY_END + DAY_SECONDS - NOW_US / SECOND_US);
    json_decref(members);
    buffer_clear(&told);
    charge->standing.verdict = CHARGE_RATE_LIMITED;
    charge->standing.rate.retry_ms = 5000;
    call_refuse_standing(&call);
    assert_text("resets_at", "2026-11-21T20:00:06Z");
    assert_number("retry_after_seconds", 5);
}

static void each_refusal_has_its_word_and_its_clock(void **state)
{
    (void)state;
    static const struct {
        enum quota_verdict verdict;
        const char *reason, *scope, *resets_at;
    } rows[] = {
        {QUOTA_KEY_DAILY, "key_daily_limit", "daily", "2026-11-23T00:00:00Z"},
        {QUOTA_DAILY, "daily_credit_limit", "daily", "2026-11-23T00:00:00Z"},
        {QUOTA_INSUFFICIENT, "insufficient_credits", "monthly", "2026-11-30T00:00:00Z"},
        {QUOTA_SPEND_LIMIT, "spend_limit", "monthly", "2026-11-30T00:00:00Z"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        call.charge.standing.quota_verdict = rows[i].verdict;
        json_decref(members);
        buffer_clear(&told);
        call_refuse_standing(&call);
        assert_int_equal(refused_status, 402);
        assert_text("reason", rows[i].reason);
        assert_text("reset_scope", rows[i].scope);
        assert_text("resets_at", rows[i].resets_at);
        assert_null(json_object_get(members, "rate_limit_per_minute"));
    }
}

/* From 0.9 s after the full second: 7.05 s later is in the eighth second, 7.2 s later in the ninth. */
static void a_slots_return_is_never_told_too_early(void **state)
{
    (void)state;
    static const struct {
        int64_t retry_ms, seconds;
        const char *resets_at;
    } rows[] = {{7050, 8, "2026-11-22T20:00:08Z"},
                {7100, 8, "2026-11-22T20:00:08Z"},
                {7200, 8, "2026-11-22T20:00:09Z"},
                {1, 1, "2026-11-22T20:00:01Z"},
                {60000, 60, "2026-11-22T20:01:01Z"}};
    struct charge_standing *standing = &call.charge.standing;
    standing->verdict = CHARGE_RATE_LIMITED;
    standing->rate.remaining = 0;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        standing->rate.retry_ms = rows[i].retry_ms;
        json_decref(members);
        buffer_clear(&told);
        call_refuse_standing(&call);
        assert_int_equal(refused_status, 429);
        assert_text("reason", "rate_limited");
        assert_text("reset_scope", "minute");
        assert_number("retry_after_seconds", rows[i].seconds);
        assert_text("resets_at", rows[i].resets_at);
        assert_number("rate_limit_per_minute", 5);
        assert_text("suggested_plan", "Large");
        assert_null(json_object_get(members, "credit_cost"));
    }
}

/* This very call's own slot does not speak against another plan. */
static void the_suggested_plan_is_the_first_that_admits_the_call(void **state)
{
    (void)state;
    struct charge_standing *standing = &call.charge.standing;
    standing->quota_verdict = QUOTA_DAILY;
    standing->spend_limit_cents = NO_SPEND_LIMIT;
    terms.plans.plans[1].rate_limit_per_minute = 2;
    call_refuse_standing(&call); /* two slots are taken, one of them by this call */
    assert_text("suggested_plan", "Large");
    terms.plans.plans[1].rate_limit_per_minute = 1;
    json_decref(members);
    buffer_clear(&told);
    call_refuse_standing(&call);
    assert_null(json_object_get(members, "suggested_plan"));
    /* Overage that is always on admits what no allowance does. */
    standing->quota.used = standing->quota.included;
    terms.plans.plans[1] = large;
    terms.plans.plans[1].included_credits = 0;
    terms.plans.plans[1].overage = OVERAGE_ALWAYS;
    json_decref(members);
    buffer_clear(&told);
    call_refuse_standing(&call);
    assert_text("suggested_plan", "Large");
    /* But not past a spend limit. */
    standing->spend_limit_cents = 0;
    terms.plans.plans[1].overage_cents_per_1000 = 75;
    json_decref(members);
    buffer_clear(&told);
    call_refuse_standing(&call);
    assert_null(json_object_get(members, "suggested_plan"));
    /* Overage that must be opted in to admits nothing before that. */
    standing->spend_limit_cents = NO_SPEND_LIMIT;
    terms.plans.plans[1].overage = OVERAGE_OPT_IN;
    json_decref(members);
    buffer_clear(&told);
    call_refuse_standing(&call);
    assert_null(json_object_get(members, "suggested_plan"));
    standing->has_opted_in = true;
    json_decref(members);
    buffer_clear(&told);
    call_refuse_standing(&call);
    assert_text("suggested_plan", "Large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(headers_tell_where_the_account_stands, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_plan_without_cap_and_a_free_call_say_less, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_was_stepped_back_makes_the_wait_longer,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_day_that_is_used_up_ends_at_midnight, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(each_refusal_has_its_word_and_its_clock, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_slots_return_is_never_told_too_early, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_suggested_plan_is_the_first_that_admits_the_call,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
