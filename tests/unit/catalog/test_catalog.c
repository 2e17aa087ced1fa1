#include "catalog/sample.h"
#include "support/unit.h"
#include "unit/catalog/catalog_harness.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>

static const struct list_key some_list = {.country = 7};

static void what_was_never_captured_is_missing(void **state)
{
    (void)state;
    catalog_begin(1, 10, WIDE_CACHE, false);
    assert_true(first_id(some_list) == -1);
    (void)publish(some_list, 20, 1, 0);
    assert_true(first_id(some_list) == -1); /* until the next look */
    poll_to_its_end();
    assert_true(first_id(some_list) == made_hashtag_id(1, 1));
    assert_true(first_id((struct list_key){.country = 8}) == -1);
    assert_true(first_id((struct list_key){.country = 7, .period = 1}) == -1);
    assert_int_equal(atomic_load(&renders), 1);
}

static void a_cold_list_wakes_its_caller_and_is_warm_then(void **state)
{
    (void)state;
    int64_t id = publish(some_list, 30, 1, 2);
    catalog_begin(1, 10, WIDE_CACHE, false);
    struct page_request request = {.list = some_list, .page = 2, .limit = 20};
    const struct catalog_page *cold;
    const struct catalog_page *warm;
    bool waited;
    assert_int_equal(find_telling(&request, &cold, &waited), STATUS_OK);
    assert_true(waited);
    assert_int_equal(find_telling(&request, &warm, &waited), STATUS_OK);
    assert_false(waited);
    assert_ptr_equal(warm, cold);
    assert_int_equal(cold->snapshot_id, id);
    assert_int_equal(cold->item_count, 10);
    assert_int_equal(cold->total, 30);
    assert_true(cold->captured_at.us == (TODAY - 2) * DAY_US);
    assert_true(text_equals(cold->source, TEXT("import")));
    catalog_page_release(cold);
    catalog_page_release(warm);
    request.page = 1; /* cut from the same view */
    assert_int_equal(find(&request, &cold), STATUS_OK);
    catalog_page_release(cold);
    assert_int_equal(atomic_load(&renders), 1);
}

#define CALLERS 500

static void many_callers_cost_one_render(void **state)
{
    (void)state;
    static struct caller callers[CALLERS];
    (void)publish(some_list, 250, 1, 0);
    catalog_begin(1, 10, WIDE_CACHE, false);
    struct gate gate;
    gate_close(&gate);
    for (unsigned i = 0; i < CALLERS; i++) {
        struct page_request request = {.list = some_list,
                                       .page = (uint8_t)(1 + i % 3),
                                       .limit = (uint8_t)(i % 2 ? 100 : 50),
                                       .compressed = i % 5 == 0};
        const struct catalog_page *page;
        caller_init(&callers[i]);
        assert_int_equal(catalog_find(catalog, &request, &callers[i].waiter, &page),
                         STATUS_BUSY);
    }
    gate_open(&gate);
    for (unsigned i = 0; i < CALLERS; i++) {
        caller_await(&callers[i]);
        const struct catalog_page *page = callers[i].waiter.page;
        assert_int_equal(callers[i].waiter.outcome, STATUS_OK);
        assert_int_equal(page->item_count, i % 2 == 0 ? 50 : i % 3 == 2 ? 50 : 100);
        assert_true(i % 5 != 0 || page->deflated.length > 0);
        catalog_page_release(page);
    }
    for (unsigned i = 0; i < CALLERS; i++)
        assert_int_equal(atomic_load(&callers[i].wakes), 1);
    assert_int_equal(atomic_load(&renders), 1);
}

static void waiting_is_bounded(void **state)
{
    (void)state;
    static struct caller callers[CATALOG_WAITERS_MAX + 1];
    (void)publish(some_list, 20, 1, 0);
    catalog_begin(1, 10, WIDE_CACHE, false);
    struct page_request request = {.list = some_list, .page = 1, .limit = 20};
    const struct catalog_page *page = NULL;
    struct gate gate;
    gate_close(&gate);
    for (size_t i = 0; i <= CATALOG_WAITERS_MAX; i++) {
        caller_init(&callers[i]);
        assert_int_equal(catalog_find(catalog, &request, &callers[i].waiter, &page),
                         i < CATALOG_WAITERS_MAX ? STATUS_BUSY : STATUS_EXHAUSTED);
    }
    assert_null(page);
    gate_open(&gate);
    for (size_t i = 0; i < CATALOG_WAITERS_MAX; i++) {
        caller_await(&callers[i]);
        catalog_page_release(callers[i].waiter.page);
    }
    assert_int_equal(find(&request, &page), STATUS_OK);
    catalog_page_release(page);
    assert_int_equal(atomic_load(&callers[CATALOG_WAITERS_MAX].wakes), 0);
}

static void nothing_job_run(struct pool_job *job)
{
    (void)job;
}

static void a_full_pool_refuses_for_now(void **state)
{
    (void)state;
    catalog_begin(1, 1, WIDE_CACHE, true);
    struct gate gate;
    gate_close(&gate);
    struct pool_job filler = {.run = nothing_job_run};
    assert_int_equal(pool_submit(pool, &filler), STATUS_OK);
    struct page_request request = {.list = some_list, .page = 1, .limit = 20};
    const struct catalog_page *page;
    assert_int_equal(find(&request, &page), STATUS_EXHAUSTED);
    (void)publish(some_list, 20, 1, 0);
    catalog_poll(catalog); /* finds no room and must not think itself under way for ever */
    gate_open(&gate);
    gate_close(&gate);
    gate_open(&gate);
    poll_to_its_end();
    assert_true(first_id(some_list) == made_hashtag_id(1, 1));
}

static void the_newest_capture_counts(void **state)
{
    (void)state;
    (void)publish(some_list, 20, 1, 5);
    (void)publish(some_list, 20, 2, 1);
    (void)publish(some_list, 20, 3, 9); /* an old capture that was imported late */
    catalog_begin(1, 10, WIDE_CACHE, false);
    assert_true(first_id(some_list) == made_hashtag_id(2, 1));
    (void)publish(some_list, 20, 4, 3);
    poll_to_its_end();
    assert_true(first_id(some_list) == made_hashtag_id(2, 1));
    (void)publish_from(TEXT("business-api"), some_list, 20, 5, 1); /* of the same moment */
    poll_to_its_end();
    assert_true(first_id(some_list) == made_hashtag_id(5, 1));
    (void)publish(some_list, 20, 6, 0);
    poll_to_its_end();
    poll_to_its_end();
    assert_true(first_id(some_list) == made_hashtag_id(6, 1));
    assert_int_equal(atomic_load(&renders), 3);
}

/* made_ranking files the odd ranks 2k+1 under the industry k: 9 and 47 under 4. */
static void industries_are_derived_until_captured(void **state)
{
    (void)state;
    struct list_key industry = some_list;
    industry.industry = 4;
    (void)publish(some_list, 60, 1, 0);
    catalog_begin(1, 10, WIDE_CACHE, false);
    struct page_request request = {.list = industry, .page = 1, .limit = 20};
    const struct catalog_page *page;
    assert_int_equal(find(&request, &page), STATUS_OK);
    assert_int_equal(page->total, 2);
    assert_non_null(memmem(page->items.at, page->items.length, "\"rank\":9,", 9));
    assert_non_null(memmem(page->items.at, page->items.length, "\"rank\":47,", 10));
    catalog_page_release(page);
    (void)publish(industry, 20, 3, 30); /* its own, but older: must not hide the fresher one */
    poll_to_its_end();
    assert_int_equal(find(&request, &page), STATUS_OK);
    assert_int_equal(page->total, 2);
    assert_true(page->captured_at.us == TODAY * DAY_US);
    catalog_page_release(page);
    (void)publish(industry, 20, 2, 0); /* of the same moment */
    poll_to_its_end();
    assert_int_equal(find(&request, &page), STATUS_OK);
    assert_int_equal(page->total, 20);
    assert_true(page->captured_at.us == TODAY * DAY_US);
    catalog_page_release(page);
    assert_true(first_id(industry) == made_hashtag_id(2, 1));
    assert_true(first_id(some_list) == made_hashtag_id(1, 1));
    request.new_only = true;
    assert_int_equal(find(&request, &page), STATUS_OK);
    assert_int_equal(page->total, 5); /* ranks 3, 7, 11, 15, 19 */
    catalog_page_release(page);
}

static void samples_fill_gaps_and_turn_over_at_midnight(void **state)
{
    (void)state;
    struct page_request request = {.list = some_list, .page = 1, .limit = 100};
    const struct catalog_page *page;
    catalog_begin(1, 10, WIDE_CACHE, true);
    for (int step = 0; step < 5; step++) { /* the fourth goes back a day */
        static const int64_t moments[] = {0, DAY_US - 1, DAY_US, DAY_US - 1, 2 * DAY_US};
        int64_t day = TODAY + moments[step] / DAY_US;
        atomic_store(&wall_us, TODAY * DAY_US + moments[step]);
        assert_int_equal(find(&request, &page), STATUS_OK);
        assert_int_equal(page->snapshot_id, -day);
        assert_true(page->captured_at.us == day * DAY_US);
        assert_true(page->as_of.us == (day - 1) * DAY_US);
        assert_true(text_equals(page->source, TEXT("sample")));
        assert_int_equal(page->total, 100);
        catalog_page_release(page);
        assert_int_equal(atomic_load(&renders), step == 0 ? 1 : step);
    }
    (void)publish(some_list, 20, 1, 400);
    poll_to_its_end();
    assert_true(first_id(some_list) == made_hashtag_id(1, 1));
    request.list.industry = 4; /* derived from what was captured */
    assert_int_equal(find(&request, &page), STATUS_OK);
    assert_true(text_equals(page->source, TEXT("import")));
    catalog_page_release(page);
    request.list.industry = INDUSTRY_ALL;
    request.list.country = 8;
    assert_int_equal(find(&request, &page), STATUS_OK);
    assert_true(text_equals(page->source, TEXT("sample")));
    catalog_page_release(page);
}

static void entries_tell_what_can_be_served(void **state)
{
    (void)state;
    static struct catalog_entry entries[LIST_COUNT];
    catalog_begin(1, 10, WIDE_CACHE, false);
    assert_int_equal(catalog_entries(catalog, entries), 0);
    (void)publish((struct list_key){.country = 9, .period = 2}, 20, 1, 3);
    (void)publish((struct list_key){.country = 2}, 20, 2, 4);
    (void)publish((struct list_key){.country = 3, .industry = 5}, 20, 3, 4);
    poll_to_its_end();
    assert_int_equal(catalog_entries(catalog, entries), 3);
    assert_int_equal(entries[0].list.country, 2);
    assert_int_equal(entries[0].list.industry, INDUSTRY_ALL);
    assert_int_equal(entries[1].list.country, 3);
    assert_int_equal(entries[1].list.industry, 5);
    assert_int_equal(entries[2].list.country, 9);
    assert_int_equal(entries[2].list.period, 2);
    assert_true(entries[2].captured_at.us == (TODAY - 3) * DAY_US);
    assert_true(text_equals(entries[2].source, TEXT("import")));
    (void)publish((struct list_key){.country = 3}, 20, 3,
                  3); /* the industry's is derived now */
    poll_to_its_end();
    assert_int_equal(catalog_entries(catalog, entries), 3);
    assert_int_equal(entries[1].list.country, 3);
    assert_int_equal(entries[1].list.industry, INDUSTRY_ALL);
    catalog_end();
    catalog_begin(1, 10, WIDE_CACHE, true);
    assert_int_equal(catalog_entries(catalog, entries), COUNTRY_COUNT * PERIOD_COUNT);
    for (size_t i = 1; i < COUNTRY_COUNT * PERIOD_COUNT; i++)
        assert_true(list_key_index(entries[i - 1].list) < list_key_index(entries[i].list));
    assert_true(text_equals(entries[0].source, TEXT("sample")));
    assert_true(text_equals(entries[2 * PERIOD_COUNT].source, TEXT("import")));
}

static void the_packed_form_joins_the_plain_one(void **state)
{
    (void)state;
    (void)publish(some_list, 20, 1, 0);
    catalog_begin(1, 10, WIDE_CACHE, false);
    struct page_request request = {.list = some_list, .page = 1, .limit = 20};
    const struct catalog_page *plain, *packed, *again;
    bool waited;
    assert_int_equal(find(&request, &plain), STATUS_OK);
    assert_int_equal(plain->deflated.length, 0);
    request.compressed = true;
    assert_int_equal(find_telling(&request, &packed, &waited), STATUS_OK);
    assert_true(waited);
    assert_true(packed->deflated.length > 0);
    request.compressed = false;
    assert_int_equal(find_telling(&request, &again, &waited), STATUS_OK);
    assert_false(waited);
    assert_ptr_equal(again, packed);
    assert_true(text_equals(plain->etag, packed->etag));
    assert_true(text_equals(plain->items, packed->items));
    catalog_page_release(plain);
    catalog_page_release(packed);
    catalog_page_release(again);
    assert_int_equal(atomic_load(&renders), 1);
}

static void health_follows_the_store(void **state)
{
    (void)state;
    (void)publish(some_list, 20, 1, 0);
    catalog_begin(1, 10, WIDE_CACHE, false);
    struct reason reason = {0};
    assert_true(first_id(some_list) == made_hashtag_id(1, 1));
    assert_int_equal(catalog_health(catalog, &reason), STATUS_OK);
    execute("ALTER TABLE snapshot RENAME TO elsewhere");
    poll_to_its_end();
    assert_int_not_equal(catalog_health(catalog, &reason), STATUS_OK);
    assert_string_not_equal(reason.sentence, "");
    assert_true(first_id(some_list) == made_hashtag_id(1, 1)); /* from memory */
    execute("ALTER TABLE elsewhere RENAME TO snapshot");
    (void)publish(some_list, 20, 2, -1);
    poll_to_its_end();
    assert_int_equal(catalog_health(catalog, &reason), STATUS_OK);
    assert_true(first_id(some_list) == made_hashtag_id(2, 1));
}

/* ---- Many lists in little memory ---- */

#define SAMPLES (COUNTRY_COUNT * PERIOD_COUNT)

static struct page_request sample_request(size_t i)
{
    struct list_key list = {.country = (uint8_t)(i / PERIOD_COUNT),
                            .period = (uint8_t)(i % PERIOD_COUNT)};
    return (struct page_request){.list = list, .page = 1, .limit = 30};
}

/* Compared with the page made without any catalogue. */
static void assert_is_sample(const struct catalog_page *page, size_t i)
{
    struct page_request request = sample_request(i);
    struct ranking ranking;
    arena_reset(&arena);
    assert_int_equal(sample_make(request.list, TODAY, &arena, &ranking), STATUS_OK);
    struct view *view = __real_view_render(&ranking, request.list, false, 1);
    const struct catalog_page *expected = view_page_make(view, 1, 30, false);
    assert_true(text_equals(page->items, expected->items));
    assert_true(text_equals(page->etag, expected->etag));
    catalog_page_release(expected);
    view_release(view);
}

/* The lists used last that are still warm; their memory, as far as pages and views tell it. */
static size_t warm_count(size_t *bytes)
{
    size_t count = 0;
    bool waited = false;
    *bytes = 0;
    while (count < SAMPLES) {
        struct page_request request = sample_request(SAMPLES - 1 - count);
        const struct catalog_page *page;
        assert_int_equal(find_telling(&request, &page, &waited), STATUS_OK);
        if (!waited)
            *bytes += catalog_page_bytes(page) +
                      atomic_load(&rendered_bytes[list_key_index(request.list)]);
        catalog_page_release(page);
        if (waited)
            break;
        count++;
    }
    return count;
}

static void a_small_cache_keeps_what_was_used_last(void **state)
{
    (void)state;
    static const size_t limits[] = {1, 300000, 2000000, WIDE_CACHE};
    for (size_t k = 0; k < LENGTH_OF(limits); k++) {
        static const struct catalog_page *held[SAMPLES];
        catalog_begin(1, 10, limits[k], true);
        for (size_t i = 0; i < SAMPLES; i++) {
            struct page_request request = sample_request(i);
            assert_int_equal(find(&request, &held[i]), STATUS_OK);
        }
        size_t bytes;
        size_t warm = warm_count(&bytes);
        print_message("%zu bytes: %zu lists warm in %zu\n", limits[k], warm, bytes);
        assert_true(bytes <= limits[k]);
        assert_true(warm > 0 || limits[k] == 1);
        assert_int_equal(warm == SAMPLES, limits[k] == WIDE_CACHE);
        for (size_t i = 0; i < SAMPLES; i += 7) /* what callers hold outlives its eviction */
            assert_is_sample(held[i], i);
        for (size_t i = 0; i < SAMPLES; i++)
            catalog_page_release(held[i]);
        catalog_end();
    }
}

static void what_is_asked_for_often_stays(void **state)
{
    (void)state;
    catalog_begin(1, 10, 300000, true); /* room for three */
    for (size_t i = 1; i < 30; i++) {
        struct page_request often = sample_request(0);
        struct page_request once = sample_request(i);
        const struct catalog_page *page;
        bool waited;
        assert_int_equal(find_telling(&often, &page, &waited), STATUS_OK);
        assert_int_equal(waited, i == 1);
        catalog_page_release(page);
        assert_int_equal(find_telling(&once, &page, &waited), STATUS_OK);
        assert_true(waited);
        catalog_page_release(page);
    }
    assert_int_equal(atomic_load(&renders), 30);
}

/* ---- Many threads at once ---- */

static atomic_bool hammering;

static void *hammer(void *owner)
{
    uint64_t seed = (uintptr_t)owner;
    for (int i = 0; i < 250; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        unsigned random = (unsigned)(seed >> 33);
        struct page_request request = {.list = {.country = (uint8_t)(random % 4),
                                                .period = (uint8_t)(random / 4 % 2),
                                                .industry = (uint8_t)(random / 8 % 2)},
                                       .new_only = random / 16 % 4 == 0,
                                       .page = (uint8_t)(1 + random / 64 % 3),
                                       .limit = (uint8_t)(10 + random / 256 % 4),
                                       .compressed = random / 1024 % 2};
        const struct catalog_page *page;
        check(find(&request, &page) == STATUS_OK);
        char expected[64];
        (void)snprintf(expected, sizeof(expected), "],\"pagination\":{\"page\":%u,\"size\":%u,",
                       request.page, request.limit);
        check(text_starts_with(page->closing, text_of(expected)));
        check(page->item_count <= request.limit);
        check(!request.compressed || page->deflated.length > 0);
        check(page->item_count == 0 || page->items.at[page->items.length - 1] == '}');
        catalog_page_release(page);
    }
    return NULL;
}

static void *look_and_turn(void *owner)
{
    (void)owner;
    static struct catalog_entry entries[LIST_COUNT];
    for (int64_t i = 0; atomic_load(&hammering); i++) {
        struct reason reason;
        catalog_poll(catalog);
        check(catalog_entries(catalog, entries) >= COUNTRY_COUNT * PERIOD_COUNT);
        check(catalog_health(catalog, &reason) == STATUS_OK);
        atomic_store(&wall_us, (TODAY + i / 64 % 2) * DAY_US);
        check(sched_yield() == 0);
    }
    return NULL;
}

static void threads_may_ask_while_lists_change(void **state)
{
    (void)state;
    catalog_begin(3, 1000, 150000, true);
    pthread_t threads[5];
    atomic_store(&hammering, true);
    assert_int_equal(pthread_create(&threads[4], NULL, look_and_turn, NULL), 0);
    for (uintptr_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)), 0);
    for (unsigned i = 0; i < 12; i++) {
        struct list_key list = {.country = (uint8_t)(i % 3), .industry = (uint8_t)(i % 2)};
        (void)publish(list, 40, i, 30 - (int)i);
    }
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    atomic_store(&hammering, false);
    assert_int_equal(pthread_join(threads[4], NULL), 0);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        CATALOG_TEST(what_was_never_captured_is_missing),
        CATALOG_TEST(a_cold_list_wakes_its_caller_and_is_warm_then),
        CATALOG_TEST(many_callers_cost_one_render),
        CATALOG_TEST(waiting_is_bounded),
        CATALOG_TEST(a_full_pool_refuses_for_now),
        CATALOG_TEST(the_newest_capture_counts),
        CATALOG_TEST(industries_are_derived_until_captured),
        CATALOG_TEST(samples_fill_gaps_and_turn_over_at_midnight),
        CATALOG_TEST(entries_tell_what_can_be_served),
        CATALOG_TEST(the_packed_form_joins_the_plain_one),
        CATALOG_TEST(health_follows_the_store),
        CATALOG_TEST(a_small_cache_keeps_what_was_used_last),
        CATALOG_TEST(what_is_asked_for_often_stays),
        CATALOG_TEST(threads_may_ask_while_lists_change),
    };
    return harness_run(tests, LENGTH_OF(tests));
}
