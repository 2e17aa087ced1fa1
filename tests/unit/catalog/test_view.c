#include "base/json_read.h"
#include "base/secret.h"
#include "catalog/view.h"
#include "support/made_ranking.h"
#include "support/unit.h"

#include <zlib.h>

#define COUNT 250
#define BODY_BYTES_MAX (1024 * 1024)

static const struct list_key whole_list = {.country = 5, .period = 1};

static struct arena arena;
static struct ranking ranking;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    ranking = made_ranking(&arena, whole_list, COUNT, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static void body_write(struct buffer *body, const struct catalog_page *page)
{
    buffer_clear(body);
    buffer_append(body, page->opening);
    buffer_append(body, page->items);
    buffer_append(body, page->closing);
    assert_false(body->overflowed);
}

/* The page as it would be written by hand, from the hashtags one by one. */
static void expected_write(struct buffer *body, const bool *is_shown, size_t page, size_t limit)
{
    size_t total = 0;
    size_t written = 0;
    buffer_clear(body);
    buffer_append(body, TEXT("{\"code\":200,\"msg\":\"OK\",\"data\":{\"code\":0,\"msg\":\"OK\","
                             "\"data\":{\"list\":["));
    for (size_t i = 0; i < ranking.hashtag_count; i++) {
        if (!is_shown[i])
            continue;
        if (total / limit == page - 1) {
            struct json_writer writer = json_writer_on(body);
            buffer_append(body, written++ > 0 ? TEXT(",") : TEXT(""));
            hashtag_write(&writer, &ranking.hashtags[i], ranking.list.country);
        }
        total++;
    }
    buffer_append_format(body,
                         "],\"pagination\":{\"page\":%zu,\"size\":%zu,\"total\":%zu,"
                         "\"has_more\":%s}},\"request_id\":\"",
                         page, limit, total,
                         page < 10 && page * limit < total ? "true" : "false");
}

static void assert_pages(struct list_key list, bool new_only, const bool *is_shown)
{
    struct buffer found CLEANUP(buffer_finish);
    struct buffer expected CLEANUP(buffer_finish);
    buffer_init(&found, BODY_BYTES_MAX);
    buffer_init(&expected, BODY_BYTES_MAX);
    struct view *view = view_render(&ranking, list, new_only, 9);
    for (unsigned page = 1; page <= 10; page++) {
        for (unsigned limit = 1; limit <= 100; limit++) {
            const struct catalog_page *shown = view_page_make(view, page, limit, false);
            body_write(&found, shown);
            expected_write(&expected, is_shown, page, limit);
            if (!text_equals(buffer_text(&found), buffer_text(&expected)))
                fail_msg("page %u of %u: %.*s", page, limit, TEXT_PRINT(buffer_text(&found)));
            assert_int_equal(shown->deflated.length, 0);
            catalog_page_release(shown);
        }
    }
    view_release(view);
}

static void every_page_is_a_plain_slice(void **state)
{
    (void)state;
    bool is_shown[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        is_shown[i] = true;
    assert_pages(whole_list, false, is_shown);
}

/* hashtag_write writes the rank that a hashtag has, so equal bytes are equal ranks. */
static void filters_keep_ranks(void **state)
{
    (void)state;
    bool is_shown[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        is_shown[i] = ranking.hashtags[i].rank_change == RANK_NEW;
    assert_pages(whole_list, true, is_shown);

    struct list_key industry = whole_list;
    industry.industry = 4;
    size_t shown = 0;
    for (size_t i = 0; i < COUNT; i++)
        shown += is_shown[i] = ranking.hashtags[i].industry == 4;
    assert_in_range(shown, 2, 20);
    assert_pages(industry, false, is_shown);

    for (size_t i = 0; i < COUNT; i++)
        is_shown[i] = ranking.hashtags[i].industry == 4 &&
                      ranking.hashtags[i].rank_change == RANK_NEW;
    assert_pages(industry, true, is_shown);
}

/* What was captured for an industry is all of that industry, whatever its hashtags say. */
static void own_lists_of_an_industry_are_whole(void **state)
{
    (void)state;
    bool is_shown[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        is_shown[i] = true;
    ranking.list.industry = 4;
    assert_pages(ranking.list, false, is_shown);
}

static size_t list_length(const struct buffer *body)
{
    json_t *document CLEANUP(json_document_finish) = NULL;
    struct reason reason = {0};
    if (json_document_read(buffer_text(body), &document, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    const json_t *answer = json_object_get(document, "data");
    assert_string_equal(json_string_value(json_object_get(answer, "request_id")), "id");
    const json_t *list = json_object_get(json_object_get(answer, "data"), "list");
    assert_true(json_is_array(list));
    return json_array_size(list);
}

static const struct text tail = TEXT_INITIAL("id\"}}");

static void bodies_are_json(void **state)
{
    (void)state;
    struct buffer body CLEANUP(buffer_finish);
    buffer_init(&body, BODY_BYTES_MAX);
    struct view *view = view_render(&ranking, whole_list, false, 9);
    static const unsigned rows[][3] = {{1, 100, 100}, {2, 100, 100}, {3, 100, 50},
                                       {4, 100, 0},   {10, 25, 25},  {10, 1, 1}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        const struct catalog_page *page = view_page_make(view, rows[i][0], rows[i][1], false);
        body_write(&body, page);
        buffer_append(&body, tail);
        assert_int_equal(list_length(&body), rows[i][2]);
        assert_int_equal(page->item_count, rows[i][2]);
        assert_int_equal(page->total, COUNT);
        catalog_page_release(page);
    }
    view_release(view);
}

static void pages_tell_where_they_come_from(void **state)
{
    (void)state;
    struct view *view = view_render(&ranking, whole_list, false, 77);
    ranking.source = TEXT("gone"); /* nothing is borrowed from the ranking */
    const struct catalog_page *page = view_page_make(view, 1, 20, false);
    assert_true(text_equals(page->source, TEXT("import")));
    assert_int_equal(page->snapshot_id, 77);
    assert_int_equal(view_snapshot_id(view), 77);
    assert_true(page->captured_at.us == ranking.captured_at.us);
    assert_true(page->as_of.us == ranking_as_of(&ranking).us);
    assert_true(page->as_of.us != page->captured_at.us);
    catalog_page_release(page);
    view_release(view);
}

/* A last block of RFC 1951 section 3.2.4: stored, its length, the length's complement. */
static void stored_block_append(struct buffer *out, struct text bytes)
{
    size_t length = bytes.length;
    buffer_append_byte(out, 1);
    buffer_append_byte(out, (char)(length & 0xFF));
    buffer_append_byte(out, (char)(length >> 8));
    buffer_append_byte(out, (char)(~length & 0xFF));
    buffer_append_byte(out, (char)(~length >> 8 & 0xFF));
    buffer_append(out, bytes);
}

static void assert_inflates(struct text deflated, struct text expected)
{
    struct buffer room CLEANUP(buffer_finish);
    buffer_init(&room, BODY_BYTES_MAX);
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)deflated.at,
                       .avail_in = (uInt)deflated.length,
                       .next_out = (Bytef *)buffer_reserve(&room, BODY_BYTES_MAX),
                       .avail_out = BODY_BYTES_MAX};
    assert_int_equal(inflateInit2(&stream, -MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    room.length = BODY_BYTES_MAX - stream.avail_out;
    assert_int_equal(inflateEnd(&stream), Z_OK);
    assert_true(text_equals(buffer_text(&room), expected));
}

static void deflated_pages_take_a_stored_tail(void **state)
{
    (void)state;
    struct buffer body CLEANUP(buffer_finish);
    struct buffer packed CLEANUP(buffer_finish);
    buffer_init(&body, BODY_BYTES_MAX);
    buffer_init(&packed, BODY_BYTES_MAX);
    struct view *view = view_render(&ranking, whole_list, false, 9);
    for (unsigned page = 1; page <= 10; page += 3) {
        for (unsigned limit = 1; limit <= 100; limit += 11) {
            const struct catalog_page *shown = view_page_make(view, page, limit, true);
            body_write(&body, shown);
            assert_int_equal(shown->crc, crc32(0, (Bytef *)body.bytes, (uInt)body.length));
            buffer_append(&body, tail);
            buffer_clear(&packed);
            buffer_append(&packed, shown->deflated);
            stored_block_append(&packed, tail);
            assert_inflates(buffer_text(&packed), buffer_text(&body));
            catalog_page_release(shown);
        }
    }
    view_release(view);
}

static void assert_etag(const struct catalog_page *page)
{
    struct buffer body CLEANUP(buffer_finish);
    buffer_init(&body, BODY_BYTES_MAX);
    body_write(&body, page);
    struct text before = TEXT(
        "{\"code\":200,\"msg\":\"OK\",\"data\":{\"code\":0,\"msg\":\"OK\","
        "\"data\":");
    size_t behind = sizeof(",\"request_id\":\"") - 1;
    struct digest digest = secret_digest(
        text_slice(buffer_text(&body), before.length, body.length - behind));
    char expected[] = "W/\"000000000000000000000000\"";
    secret_hex(digest.bytes, 12, expected + 3);
    assert_true(text_equals(page->etag, text_of(expected)));
}

static const struct catalog_page *page_of_fresh_view(unsigned number, unsigned limit,
                                                     bool compressed, int64_t snapshot_id)
{
    struct view *view = view_render(&ranking, whole_list, false, snapshot_id);
    const struct catalog_page *page = view_page_make(view, number, limit, compressed);
    view_release(view); /* the page holds a share of its own */
    return page;
}

static void etags_follow_the_content(void **state)
{
    (void)state;
    const struct catalog_page *page = page_of_fresh_view(2, 20, false, 1);
    const struct catalog_page *again = page_of_fresh_view(2, 20, false, 2);
    const struct catalog_page *packed = page_of_fresh_view(2, 20, true, 2);
    assert_etag(page);
    assert_etag(packed);
    assert_true(text_equals(page->etag, again->etag));
    assert_true(text_equals(page->etag, packed->etag));

    ranking.hashtags[25].views++;
    const struct catalog_page *others[] = {
        page_of_fresh_view(2, 20, false, 1), page_of_fresh_view(3, 20, false, 1),
        page_of_fresh_view(2, 21, false, 1), page_of_fresh_view(1, 40, false, 1)};
    for (size_t i = 0; i < LENGTH_OF(others); i++) {
        assert_etag(others[i]);
        assert_false(text_equals(page->etag, others[i]->etag));
        for (size_t k = 0; k < i; k++)
            assert_false(text_equals(others[k]->etag, others[i]->etag));
    }
    for (size_t i = 0; i < LENGTH_OF(others); i++)
        catalog_page_release(others[i]);
    ranking.hashtags[25].views--;
    ranking.hashtags[100].views++; /* on another page */
    const struct catalog_page *same = page_of_fresh_view(2, 20, false, 3);
    assert_true(text_equals(page->etag, same->etag));
    catalog_page_release(same);
    catalog_page_release(page);
    catalog_page_release(again);
    catalog_page_release(packed);
}

static void empty_lists_have_empty_pages(void **state)
{
    (void)state;
    ranking.hashtag_count = 0;
    assert_pages(whole_list, false, NULL);
    assert_pages(whole_list, true, NULL);
    const struct catalog_page *page = page_of_fresh_view(1, 20, true, 1);
    struct buffer packed CLEANUP(buffer_finish);
    struct buffer body CLEANUP(buffer_finish);
    buffer_init(&packed, BODY_BYTES_MAX);
    buffer_init(&body, BODY_BYTES_MAX);
    body_write(&body, page);
    buffer_append(&body, tail);
    buffer_append(&packed, page->deflated);
    stored_block_append(&packed, tail);
    assert_inflates(buffer_text(&packed), buffer_text(&body));
    assert_int_equal(list_length(&body), 0);
    assert_int_equal(page->item_count, 0);
    assert_int_equal(page->total, 0);
    assert_true(page->as_of.us == ranking.captured_at.us);
    catalog_page_release(page);
}

static void shares_are_counted(void **state)
{
    (void)state;
    struct view *view = view_render(&ranking, whole_list, false, 1);
    assert_ptr_equal(view_take(view), view);
    view_release(view);
    const struct catalog_page *page = view_page_make(view, 1, 100, true);
    view_release(view);
    catalog_page_take(page);
    catalog_page_release(page);
    assert_int_equal(page->items.at[0], '{');
    assert_int_equal(page->items.at[page->items.length - 1], '}');
    catalog_page_release(page);
    catalog_page_release(NULL);
    view_release(NULL);
}

/* A cache that counts too little grows past its bound. */
static void memory_is_told(void **state)
{
    (void)state;
    struct view *whole = view_render(&ranking, whole_list, false, 1);
    struct view *fresh = view_render(&ranking, whole_list, true, 1);
    const struct catalog_page *plain = view_page_make(whole, 1, 100, false);
    const struct catalog_page *packed = view_page_make(whole, 1, 100, true);
    assert_true(view_bytes(whole) > plain->items.length + COUNT * sizeof(size_t));
    assert_true(view_bytes(fresh) < view_bytes(whole) / 2);
    assert_true(catalog_page_bytes(plain) > plain->closing.length);
    assert_true(catalog_page_bytes(packed) >=
                catalog_page_bytes(plain) + packed->deflated.length);
    catalog_page_release(plain);
    catalog_page_release(packed);
    view_release(whole);
    view_release(fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_page_is_a_plain_slice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(filters_keep_ranks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(own_lists_of_an_industry_are_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bodies_are_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pages_tell_where_they_come_from, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deflated_pages_take_a_stored_tail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(etags_follow_the_content, set_up, tear_down),
        cmocka_unit_test_setup_teardown(empty_lists_have_empty_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shares_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_is_told, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
