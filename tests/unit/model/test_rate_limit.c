#include "model/rate_limit.h"
#include "support/unit.h"

/* The plain model: every admitted instant, kept for ever, counted one by one. */
#define MODEL_MAX 200000
static int64_t model_ms[MODEL_MAX];
static size_t model_count;

static uint32_t model_taken(int64_t now_ms)
{
    uint32_t taken = 0;
    for (size_t i = model_count; i > 0 && now_ms - model_ms[i - 1] < RATE_WINDOW_MS; i--)
        taken++;
    return taken;
}

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % bound);
}

static void compare(const struct rate_window *window, uint32_t limit, int64_t now_ms)
{
    struct rate_standing standing = rate_window_look(window, limit, (uint32_t)now_ms);
    uint32_t taken = model_taken(now_ms);
    assert_int_equal(standing.remaining, taken < limit ? limit - taken : 0);
    int64_t oldest = taken ? model_ms[model_count - taken] + RATE_WINDOW_MS - now_ms : 0;
    assert_int_equal(standing.reset_ms, oldest);
    int64_t retry = taken >= limit ? model_ms[model_count - limit] + RATE_WINDOW_MS - now_ms
                                   : 0;
    assert_int_equal(standing.retry_ms, retry);
}

/* Random bursts, pauses and changes of the limit, over a clock that wraps 2^32 ms. */
static void every_decision_equals_the_plain_count(void **state)
{
    (void)state;
    static const uint32_t limits[] = {1, 2, 5, 15, 45, 120, 300, 1000};
    for (uint64_t seed = 1; seed <= 40; seed++) {
        random_state = seed;
        model_count = 0;
        struct rate_window window = {0};
        int64_t now_ms = (INT64_C(1) << 32) - 300000;
        uint32_t limit = 5;
        for (int step = 0; step < 4000; step++) {
            if (random_below(100) == 0)
                limit = limits[random_below((uint32_t)LENGTH_OF(limits))];
            if (random_below(200) == 0)
                now_ms += RATE_WINDOW_MS - random_below(3);
            now_ms += random_below(4) == 0 ? random_below(3000) : 0;
            compare(&window, limit, now_ms);
            bool expected = model_taken(now_ms) < limit;
            assert_int_equal(rate_window_take(&window, limit, (uint32_t)now_ms), expected);
            if (expected)
                model_ms[model_count++] = now_ms;
        }
        rate_window_finish(&window);
    }
}

static void lowering_and_raising_grants_nothing(void **state)
{
    (void)state;
    struct rate_window window = {0};
    for (int i = 0; i < 1000; i++)
        assert_true(rate_window_take(&window, 1000, 100));
    assert_false(rate_window_take(&window, 1000, 100));
    assert_false(rate_window_take(&window, 5, 200));
    assert_false(rate_window_take(&window, 1000, 60099));
    assert_true(rate_window_take(&window, 1000, 60100));
    rate_window_finish(&window);
}

static void a_restored_window_counts_what_was_admitted(void **state)
{
    (void)state;
    struct rate_window window = {0};
    rate_window_restore(&window, 3, 5000, 60000);
    rate_window_restore(&window, 3, 5000, 59999);
    rate_window_restore(&window, 3, 5000, 30000);
    rate_window_restore(&window, 3, 5000, 0);
    rate_window_restore(&window, 3, 5000, -7);
    assert_int_equal(rate_window_look(&window, 5, 5000).remaining, 1);
    assert_int_equal(rate_window_look(&window, 5, 5001).remaining, 2);
    assert_int_equal(rate_window_look(&window, 3, 5000).retry_ms, 30000);
    assert_false(rate_window_is_idle(&window, 64999));
    assert_true(rate_window_is_idle(&window, 65000));
    rate_window_finish(&window);
}

/* Threads read the clock before they hold the lock, so a reading may be overtaken by others. */
static void a_reading_that_was_overtaken_grants_nothing(void **state)
{
    (void)state;
    for (uint32_t limit = 1; limit <= 9; limit++) {
        struct rate_window window = {0};
        for (uint32_t i = 0; i < limit; i++)
            assert_true(rate_window_take(&window, limit, 1001 + i));
        assert_int_equal(rate_window_look(&window, limit, 1000).remaining, 0);
        assert_false(rate_window_take(&window, limit, 1000));
        assert_false(rate_window_is_idle(&window, 1000));
        assert_false(rate_window_take(&window, limit, 61000));
        assert_true(rate_window_take(&window, limit, 61001));
        assert_false(rate_window_take(&window, limit, 60999));
        rate_window_finish(&window);
    }
}

/* As the wall clock tells ages when it was stepped back between two calls. */
static void a_restored_window_stands_in_order(void **state)
{
    (void)state;
    struct rate_window window = {0};
    rate_window_restore(&window, 3, 100000, 10);
    rate_window_restore(&window, 3, 100000, 59000);
    rate_window_restore(&window, 3, 100000, 20000);
    struct rate_standing standing = rate_window_look(&window, 3, 100000);
    assert_int_equal(standing.remaining, 0);
    assert_int_equal(standing.reset_ms, 59990);
    assert_int_equal(standing.retry_ms, 59990);
    assert_int_equal(rate_window_look(&window, 3, 159989).remaining, 0);
    assert_int_equal(rate_window_look(&window, 3, 159990).remaining, 3);
    rate_window_finish(&window);
}

static void an_account_that_calls_rarely_keeps_a_short_ring(void **state)
{
    (void)state;
    struct rate_window window = {0};
    for (uint32_t i = 0; i < 100; i++)
        assert_true(rate_window_take(&window, 1000, i * RATE_WINDOW_MS));
    assert_true(window.capacity <= 4);
    rate_window_finish(&window);
}

static void a_window_is_idle_until_it_is_used_and_a_minute_after(void **state)
{
    (void)state;
    struct rate_window window = {0};
    assert_true(rate_window_is_idle(&window, 1000));
    assert_true(rate_window_take(&window, 5, 1000));
    assert_false(rate_window_is_idle(&window, 1000));
    assert_false(rate_window_is_idle(&window, 60999));
    assert_true(rate_window_is_idle(&window, 61000));
    rate_window_finish(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_decision_equals_the_plain_count),
        cmocka_unit_test(lowering_and_raising_grants_nothing),
        cmocka_unit_test(a_restored_window_counts_what_was_admitted),
        cmocka_unit_test(a_reading_that_was_overtaken_grants_nothing),
        cmocka_unit_test(a_restored_window_stands_in_order),
        cmocka_unit_test(an_account_that_calls_rarely_keeps_a_short_ring),
        cmocka_unit_test(a_window_is_idle_until_it_is_used_and_a_minute_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
