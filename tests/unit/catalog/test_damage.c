/* A damaged snapshot, or a file that another process holds, is no end of serving. */
#include "catalog/newest.h"
#include "support/unit.h"
#include "unit/catalog/catalog_harness.h"

static const struct list_key some_list = {.country = 7};

static void damage_is_told_and_not_kept(void **state)
{
    (void)state;
    (void)publish(some_list, 20, 1, 0);
    (void)publish((struct list_key){.country = 8}, 20, 2, 0);
    execute("CREATE TABLE good AS SELECT * FROM snapshot;"
            "UPDATE snapshot SET items = digest WHERE id = 1");
    catalog_begin(1, 10, WIDE_CACHE, true);
    struct page_request request = {.list = some_list, .page = 1, .limit = 20};
    const struct catalog_page *page;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(find(&request, &page), STATUS_CORRUPT);
        assert_null(page);
    }
    assert_true(first_id((struct list_key){.country = 8}) == made_hashtag_id(2, 1));
    execute("UPDATE snapshot SET items = good.items FROM good WHERE good.id = snapshot.id");
    assert_true(first_id(some_list) == made_hashtag_id(1, 1));
}

static void a_damaged_capture_gives_way_to_the_one_before_it(void **state)
{
    (void)state;
    (void)publish(some_list, 20, 1, 9);
    (void)publish(some_list, 20, 2, 3);
    (void)publish(some_list, 20, 3, 5); /* published last, not captured last */
    (void)publish(some_list, 20, 4, 2);
    execute("UPDATE snapshot SET items = digest WHERE id IN (2, 4)");
    catalog_begin(1, 10, WIDE_CACHE, true);
    struct page_request replay = {.list = some_list, .page = 1, .limit = 20, .snapshot_id = 4};
    const struct catalog_page *page;
    assert_int_equal(find(&replay, &page), STATUS_CORRUPT); /* that very list, or none */
    assert_true(first_id(some_list) == made_hashtag_id(3, 1));
    static struct catalog_entry entries[LIST_COUNT];
    (void)catalog_entries(catalog, entries);
    assert_true(entries[7 * PERIOD_COUNT].captured_at.us == (TODAY - 5) * DAY_US);
    (void)publish(some_list, 20, 5, 1);
    poll_to_its_end();
    assert_true(first_id(some_list) == made_hashtag_id(5, 1));
}

static void a_damaged_industry_is_derived(void **state)
{
    (void)state;
    struct list_key industry = some_list;
    industry.industry = 4;
    (void)publish(some_list, 60, 1, 5);
    (void)publish(industry, 20, 2, 1);
    execute("UPDATE snapshot SET items = digest WHERE id = 2");
    catalog_begin(1, 10, WIDE_CACHE, false);
    struct page_request request = {.list = industry, .page = 1, .limit = 20};
    const struct catalog_page *page;
    assert_int_equal(find(&request, &page), STATUS_OK);
    assert_int_equal(page->snapshot_id, 1);
    assert_int_equal(page->total, 2);
    catalog_page_release(page);
}

static void what_came_meanwhile_counts(void **state)
{
    (void)state;
    static struct newest_index index;
    struct snapshot_entry entry = {.id = 1, .list = some_list, .source = "import"};
    newest_add(&index, &entry);
    struct newest damaged = newest_find(&index, some_list);
    entry.id = 2;
    newest_add(&index, &entry);
    assert_true(newest_give_way(&index, &damaged, NULL));
    assert_int_equal(newest_find(&index, some_list).snapshot_id, 2);
    damaged = newest_find(&index, some_list);
    assert_false(newest_give_way(&index, &damaged, NULL)); /* nothing else is there */
    assert_int_equal(newest_find(&index, some_list).snapshot_id, 2);
}

static void a_lock_of_another_process_is_waited_out(void **state)
{
    (void)state;
    (void)publish(some_list, 20, 1, 0);
    catalog_begin(1, 10, WIDE_CACHE, false);
    struct page_request request = {.list = some_list, .page = 1, .limit = 20};
    const struct catalog_page *page;
    struct reason reason = {0};
    struct db *holder = file_hold();
    assert_int_equal(find(&request, &page), STATUS_BUSY);
    poll_to_its_end();
    assert_int_equal(catalog_health(catalog, &reason), STATUS_OK);
    file_release(holder);
    assert_true(first_id(some_list) == made_hashtag_id(1, 1));
}

int main(void)
{
    struct CMUnitTest tests[] = {
        CATALOG_TEST(damage_is_told_and_not_kept),
        CATALOG_TEST(a_damaged_capture_gives_way_to_the_one_before_it),
        CATALOG_TEST(a_damaged_industry_is_derived),
        cmocka_unit_test(what_came_meanwhile_counts),
        CATALOG_TEST(a_lock_of_another_process_is_waited_out),
    };
    return harness_run(tests, LENGTH_OF(tests));
}
