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

/* What a take says of the window is what a look would say behind it. */
static bool take(struct rate_window *window, uint32_t limit, uint32_t now_ms)
{
    struct rate_standing standing;
    bool taken = rate_window_take(window, limit, now_ms, &standing);
    struct rate_standing seen = rate_window_look(window, limit, now_ms);
    assert_int_equal(standing.limit, limit);
    assert_int_equal(standing.taken, seen.taken);
    assert_int_equal(standing.remaining, seen.remaining);
    assert_int_equal(standing.reset_ms, seen.reset_ms);
    assert_int_equal(standing.retry_ms, seen.retry_ms);
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
            assert_int_equal(take(&window, limit, (uint32_t)now_ms), expected);
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
        assert_true(take(&window, 1000, 100));
    assert_false(take(&window, 1000, 100));
    assert_false(take(&window, 5, 200));
    assert_false(take(&window, 1000, 60099));
    assert_true(take(&window, 1000, 60100));
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
            assert_true(take(&window, limit, 1001 + i));
        assert_int_equal(rate_window_look(&window, limit, 1000).remaining, 0);
        assert_false(take(&window, limit, 1000));
        assert_false(rate_window_is_idle(&window, 1000));
        assert_false(take(&window, limit, 61000));
        assert_true(take(&window, limit, 61001));
        assert_false(take(&window, limit, 60999));
        assert_true(take(&window, limit + 1, 61000));
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

/* As of a journal whose wall clock was stepped: a call in it is no older than the one before it, as a window is told from its
 * newest backwards. */
static void calls_restored_out_of_order_are_not_freed_early(void **state)
{
    (void)state;
    struct rate_window window = {0};
    rate_window_restore(&window, 3, 100000, 30000);
    rate_window_restore(&window, 3, 100000, 5000);
    rate_window_restore(&window, 3, 100000, 50000);
    assert_int_equal(rate_window_look(&window, 3, 129999).remaining, 0);
    assert_int_equal(rate_window_look(&window, 3, 130000).remaining, 1);
    assert_int_equal(rate_window_look(&window, 3, 154999).remaining, 1);
    assert_int_equal(rate_window_look(&window, 3, 155000).remaining, 3);
    rate_window_finish(&window);
}

static void an_account_that_calls_rarely_keeps_a_short_ring(void **state)
{
    (void)state;
    struct rate_window window = {0};
    for (uint32_t i = 0; i < 100; i++)
        assert_true(take(&window, 1000, i * RATE_WINDOW_MS));
    assert_true(window.capacity <= 4);
    rate_window_finish(&window);
}

static void a_window_is_idle_until_it_is_used_and_a_minute_after(void **state)
{
    (void)state;
    struct rate_window window = {0};
    assert_true(rate_window_is_idle(&window, 1000));
    assert_true(take(&window, 5, 1000));
    assert_false(rate_window_is_idle(&window, 1000));
    assert_false(rate_window_is_idle(&window, 60999));
    assert_true(rate_window_is_idle(&window, 61000));
    rate_window_finish(&window);
}

/* A window that is written and read after each call decides as the one that stays in memory. */
static void a_window_that_was_written_decides_the_same(void **state)
{
    (void)state;
    for (uint32_t limit = 1; limit <= 40; limit += 13) {
        struct rate_window kept = {0}, read = {0};
        char room[512];
        uint32_t now_ms = UINT32_MAX - 100000; /* over the clock's wrap */
        uint32_t newest_ms = now_ms;
        for (uint32_t i = 0; i < 2000; i++) {
            now_ms += i * 7919 % 5 == 0 ? i * 104729 % 20000 : i % 3;
            bool takes = take(&kept, limit, now_ms);
            assert_int_equal(take(&read, limit, now_ms), takes);
            newest_ms = takes ? now_ms : newest_ms;
            struct buffer bytes;
            buffer_init_on(&bytes, room, sizeof(room));
            rate_window_write(&read, &bytes);
            assert_false(bytes.overflowed);
            assert_int_equal(rate_window_read(&read, buffer_text(&bytes), newest_ms, limit),
                             STATUS_OK);
            assert_int_equal(rate_window_look(&read, limit, now_ms).taken,
                             rate_window_look(&kept, limit, now_ms).taken);
        }
        rate_window_finish(&kept);
        rate_window_finish(&read);
    }
}

/* Runs that are put before what was written, some in the same millisecond, are the window that stayed in memory. */
static void a_window_that_runs_were_added_to_decides_the_same(void **state)
{
    (void)state;
    enum { LIMIT = 150, WRITINGS = 3000, ROOM = 8 * WRITINGS };
    static char room[ROOM];
    struct rate_window kept = {0}, read = {0};
    size_t start = ROOM; /* of the bytes, which grow towards the front */
    uint32_t now_ms = UINT32_MAX - 100000, newest_ms = now_ms;
    for (uint32_t i = 0; i < WRITINGS; i++) {
        now_ms += i * 7919 % 7 == 0 ? i * 104729 % 9000 : i % 2 * 40;
        uint32_t calls = 0;
        while (calls < 1 + i % 3 && take(&kept, LIMIT, now_ms))
            calls++;
        if (calls == 0)
            continue;
        char run_room[16];
        struct buffer run;
        buffer_init_on(&run, run_room, sizeof(run_room));
        rate_window_write_run(&run, calls, now_ms - newest_ms);
        newest_ms = now_ms;
        start -= run.length;
        memcpy(room + start, run_room, run.length);
        assert_int_equal(rate_window_read(&read, (struct text){room + start, ROOM - start},
                                          newest_ms, LIMIT),
                         STATUS_OK);
        for (uint32_t later_ms = 0; later_ms <= RATE_WINDOW_MS; later_ms += 500)
            assert_int_equal(rate_window_look(&read, LIMIT, now_ms + later_ms).taken,
                             rate_window_look(&kept, LIMIT, now_ms + later_ms).taken);
    }
    assert_true(start < ROOM - WRITINGS); /* most were added */
    rate_window_finish(&kept);
    rate_window_finish(&read);
}

static void calls_of_one_millisecond_are_one_run(void **state)
{
    (void)state;
    struct rate_window window = {0};
    struct buffer bytes;
    char room[16];
    assert_true(take(&window, 1001, 40));
    for (int i = 0; i < 1000; i++)
        assert_true(take(&window, 1001, 70));
    buffer_init_on(&bytes, room, sizeof(room));
    rate_window_write(&window, &bytes);
    assert_int_equal(bytes.length, 5);
    assert_memory_equal(room, "\xe8\x07\x1e\x01\x00", 5);
    rate_window_finish(&window);
}

/* Nobody has called yet: the window of no bytes. */
static void an_unused_window_is_no_bytes(void **state)
{
    (void)state;
    struct rate_window window = {0};
    struct buffer bytes;
    char room[16];
    buffer_init_on(&bytes, room, sizeof(room));
    rate_window_write(&window, &bytes);
    assert_int_equal(bytes.length, 0);
    assert_int_equal(rate_window_read(&window, buffer_text(&bytes), 1000, 5), STATUS_OK);
    assert_int_equal(rate_window_look(&window, 5, 1000).taken, 0);
    rate_window_finish(&window);
}

/* Written under a higher limit: all that was taken stays taken. */
static void a_window_over_its_limit_is_read_whole(void **state)
{
    (void)state;
    struct rate_window window = {0};
    assert_int_equal(rate_window_read(&window, (struct text){"\x09\x00", 2}, 1000, 3),
                     STATUS_OK);
    assert_int_equal(rate_window_look(&window, 3, 1000).taken, 9);
    assert_true(window.capacity >= 9);
    assert_false(take(&window, 3, 60999));
    assert_true(take(&window, 3, 61000));
    rate_window_finish(&window);
}

static void what_is_older_than_a_minute_is_not_read(void **state)
{
    (void)state;
    struct rate_window window = {0};
    /* One call, two a minute before it, then what is no run. */
    assert_int_equal(rate_window_read(&window, text_of("\x01\xe0\xd4\x03\x02\x80"), 70000, 5),
                     STATUS_OK);
    assert_int_equal(rate_window_look(&window, 5, 70000).taken, 1);
    rate_window_finish(&window);
}

static void a_writing_is_forgotten_with_the_next_call(void **state)
{
    (void)state;
    struct rate_window window = {0};
    rate_window_wrote(&window, 6);
    assert_int_equal(rate_window_writing(&window), 0); /* it has no ring */
    assert_true(take(&window, 2, 1000));
    rate_window_wrote(&window, INT64_MAX);
    assert_int_equal(rate_window_writing(&window), INT64_MAX);
    assert_true(take(&window, 2, 1000));
    assert_int_equal(rate_window_writing(&window), 0);
    rate_window_wrote(&window, 8);
    assert_false(take(&window, 2, 1000));
    assert_int_equal(rate_window_writing(&window), 8);
    rate_window_restore(&window, 3, 1000, 5);
    assert_int_equal(rate_window_writing(&window), 0);
    rate_window_finish(&window);
    assert_int_equal(rate_window_writing(&window), 0);
}

static void what_is_no_window_is_refused(void **state)
{
    (void)state;
    static const struct text none[] = {
        {"\x05", 1},                     /* no pause */
        {"\x05\x80", 2},                 /* half a pause */
        {"\x00\x05", 2},                 /* no call in it */
        {"\x01\x05\x00\x01", 4},         /* none in the second run */
        {"\xc1\x84\x3d\x05", 4},         /* 1,000,001 calls */
        {"\xbf\x84\x3d\x05\x02\x05", 6}, /* the last of them in a second run */
    };
    for (size_t i = 0; i < LENGTH_OF(none); i++) {
        struct rate_window window = {0};
        assert_true(take(&window, 5, 1000));
        rate_window_wrote(&window, 7);
        assert_int_equal(rate_window_read(&window, none[i], 1000, 5), STATUS_CORRUPT);
        assert_int_equal(rate_window_look(&window, 5, 1000).taken, 0);
        assert_int_equal(rate_window_writing(&window), 0);
        rate_window_finish(&window);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_decision_equals_the_plain_count),
        cmocka_unit_test(lowering_and_raising_grants_nothing),
        cmocka_unit_test(a_restored_window_counts_what_was_admitted),
        cmocka_unit_test(a_reading_that_was_overtaken_grants_nothing),
        cmocka_unit_test(a_restored_window_stands_in_order),
        cmocka_unit_test(calls_restored_out_of_order_are_not_freed_early),
        cmocka_unit_test(an_account_that_calls_rarely_keeps_a_short_ring),
        cmocka_unit_test(a_window_is_idle_until_it_is_used_and_a_minute_after),
        cmocka_unit_test(a_window_that_was_written_decides_the_same),
        cmocka_unit_test(a_window_that_runs_were_added_to_decides_the_same),
        cmocka_unit_test(calls_of_one_millisecond_are_one_run),
        cmocka_unit_test(an_unused_window_is_no_bytes),
        cmocka_unit_test(a_window_over_its_limit_is_read_whole),
        cmocka_unit_test(what_is_older_than_a_minute_is_not_read),
        cmocka_unit_test(a_writing_is_forgotten_with_the_next_call),
        cmocka_unit_test(what_is_no_window_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
