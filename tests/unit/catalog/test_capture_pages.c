/* Pages of one list become one ranking, or a sentence that says which page is missing. */
#include "catalog/capture.h"
#include "support/made_ranking.h"
#include "support/unit.h"

static struct arena arena;
static struct ranking lists[4];
static struct capture_page pages[4];
static struct ranking joined;
static struct capture_extent extent;
static struct reason reason;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    reason = (struct reason){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

/* The ranks from first to last of a list of 150. */
static void page_set(size_t i, size_t first, size_t last, const char *name)
{
    lists[i] = made_ranking(&arena, (struct list_key){.country = 5}, 150, 1);
    lists[i].hashtags += first - 1;
    lists[i].hashtag_count = last - first + 1;
    pages[i] = (struct capture_page){
        &lists[i], {.total = 150, .has_more = last < 150}, text_of(name)};
}

static enum status join(size_t count)
{
    return capture_join(pages, count, &arena, &joined, &extent, &reason);
}

static void pages_in_any_order_are_one_list(void **state)
{
    (void)state;
    page_set(0, 101, 150, "p3");
    page_set(1, 1, 50, "p1");
    page_set(2, 51, 100, "p2");
    for (size_t i = 0; i < 3; i++)
        assert_true(capture_is_page(&lists[i], &pages[i].extent));
    assert_int_equal(join(3), STATUS_OK);
    assert_int_equal(joined.hashtag_count, 150);
    for (size_t i = 0; i < 150; i++) {
        assert_int_equal(joined.hashtags[i].rank, i + 1);
        int64_t id;
        assert_int_equal(text_read_integer(joined.hashtags[i].id, &id), STATUS_OK);
        assert_true(id == made_hashtag_id(1, i + 1));
    }
    assert_int_equal(joined.captured_at.us, lists[0].captured_at.us);
    assert_false(capture_is_page(&joined, &extent));
}

static void last_pages_may_be_missing(void **state)
{
    (void)state;
    page_set(0, 1, 50, "p1");
    page_set(1, 51, 100, "p2");
    assert_int_equal(join(2), STATUS_OK);
    assert_int_equal(joined.hashtag_count, 100);
    assert_int_equal(extent.total, 150);
    assert_true(extent.has_more);
}

static void missing_pages_are_named(void **state)
{
    (void)state;
    page_set(0, 101, 150, "p3");
    page_set(1, 1, 50, "p1");
    assert_int_equal(join(2), STATUS_INVALID);
    assert_string_equal(
        reason.sentence,
        "the ranks 51 to 100 of the list BD, 7 days, are missing between p1 and "
        "p3: give that page too");
    page_set(0, 51, 100, "p2");
    assert_int_equal(join(1), STATUS_INVALID);
    assert_string_equal(
        reason.sentence,
        "p2: the list BD, 7 days, begins with rank 51 there: give the pages with "
        "the ranks 1 to 50 in the same command");
    page_set(0, 1, 50, "p1");
    page_set(1, 50, 60, "again");
    assert_int_equal(join(2), STATUS_INVALID);
    assert_string_equal(reason.sentence,
                        "p1 and again both hold rank 50 of the list BD, 7 days: give each page "
                        "once, and pages of one capture only");
}

static void a_hashtag_on_two_pages_is_told(void **state)
{
    (void)state;
    page_set(0, 1, 50, "p1");
    page_set(1, 51, 100, "p2");
    lists[1].hashtags[0].id = lists[0].hashtags[49].id;
    assert_int_equal(join(2), STATUS_INVALID);
    assert_non_null(
        strstr(reason.sentence, "p1 to p2 are no pages of one list (the hashtag_id"));
}

static void a_list_is_a_page_by_its_ranks_or_its_pagination(void **state)
{
    (void)state;
    page_set(0, 1, 50, "p1");
    assert_false(capture_is_page(&lists[0], &(struct capture_extent){0}));
    assert_false(capture_is_page(&lists[0], &(struct capture_extent){.total = 50}));
    assert_true(capture_is_page(&lists[0], &(struct capture_extent){.total = 51}));
    assert_true(capture_is_page(&lists[0], &(struct capture_extent){.has_more = true}));
    page_set(0, 2, 50, "p1");
    assert_true(capture_is_page(&lists[0], &(struct capture_extent){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pages_in_any_order_are_one_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(last_pages_may_be_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_pages_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_hashtag_on_two_pages_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_list_is_a_page_by_its_ranks_or_its_pagination, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("capture pages", tests, NULL, NULL);
}
