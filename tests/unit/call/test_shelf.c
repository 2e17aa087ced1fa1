#include "base/secret.h"
#include "call/shelf.h"
#include "support/unit.h"

#include <stdio.h>
#include <zlib.h>

static struct shelf shelf;

static int set_up(void **state)
{
    (void)state;
    secret_start();
    shelf_init(&shelf);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    shelf_finish(&shelf);
    return 0;
}

static void publish(const char *body)
{
    const struct shelf_entry entries[] = {
        {.path = TEXT("/a"),
         .content_type = TEXT("text/plain"),
         .body = text_of(body),
         .is_immutable = true},
        {.path = TEXT("/b"),
         .content_type = TEXT("text/html"),
         .headers = TEXT("Content-Security-Policy: default-src 'none'\r\n"),
         .body = TEXT("b")},
    };
    shelf_publish(&shelf, entries, LENGTH_OF(entries));
}

static const struct shelf_document *take(const char *path, struct document_set **share)
{
    const struct shelf_document *document = shelf_take(&shelf, text_of(path), share);
    assert_non_null(document);
    return document;
}

static void assert_text(struct text found, const char *wanted)
{
    assert_int_equal(found.length, strlen(wanted));
    assert_memory_equal(found.at, wanted, found.length);
}

static void nothing_before_the_first(void **state)
{
    (void)state;
    struct document_set *share;
    assert_null(shelf_take(&shelf, TEXT("/a"), &share));
}

static void documents_are_found_by_their_whole_path(void **state)
{
    (void)state;
    struct document_set *share;
    publish("one");
    assert_null(shelf_take(&shelf, TEXT("/"), &share));
    assert_null(shelf_take(&shelf, TEXT("/ab"), &share));
    const struct shelf_document *document = take("/b", &share);
    assert_text(document->body, "b");
    char wanted[256];
    (void)snprintf(wanted, sizeof(wanted),
                   "Content-Type: text/html\r\nCache-Control: no-cache\r\nETag: %.*s\r\n"
                   "Content-Security-Policy: default-src 'none'\r\n",
                   TEXT_PRINT(document->etag));
    assert_text(document->headers, wanted);
    shelf_release(share);
    document = take("/a", &share);
    (void)snprintf(wanted, sizeof(wanted),
                   "Content-Type: text/plain\r\nCache-Control: public, max-age=31536000, "
                   "immutable\r\nETag: %.*s\r\n",
                   TEXT_PRINT(document->etag));
    assert_text(document->headers, wanted);
    shelf_release(share);
}

/* Under AddressSanitizer this reads freed memory when a share does not keep its set alive. */
static void a_share_keeps_what_was_replaced(void **state)
{
    (void)state;
    struct document_set *older, *newer;
    publish("one");
    const struct shelf_document *first = take("/a", &older);
    publish("two");
    const struct shelf_document *second = take("/a", &newer);
    assert_text(first->body, "one");
    assert_text(second->body, "two");
    shelf_release(older);
    assert_text(second->body, "two");
    shelf_release(newer);
}

static void tags_stand_for_the_content(void **state)
{
    (void)state;
    struct document_set *shares[3];
    const struct shelf_document *found[3];
    const char *const bodies[] = {"same", "other", "same"};
    for (size_t i = 0; i < LENGTH_OF(bodies); i++) {
        publish(bodies[i]);
        found[i] = take("/a", &shares[i]);
    }
    assert_false(text_equals(found[0]->etag, found[1]->etag));
    assert_true(text_equals(found[0]->etag, found[2]->etag));
    assert_true(text_starts_with(found[0]->etag, TEXT("W/\"")));
    for (size_t i = 0; i < LENGTH_OF(shares); i++)
        shelf_release(shares[i]);
}

static void gzip_is_the_same_and_shorter(void **state)
{
    (void)state;
    char body[4096 + 1], unpacked[sizeof(body)];
    for (size_t i = 0; i < sizeof(body) - 1; i++)
        body[i] = (char)('a' + i % 7);
    body[sizeof(body) - 1] = '\0';
    publish(body);
    struct document_set *share;
    const struct shelf_document *document = take("/a", &share);
    assert_in_range(document->gzip.length, 20, 200);
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)document->gzip.at,
                       .avail_in = (uInt)document->gzip.length,
                       .next_out = (Bytef *)unpacked,
                       .avail_out = sizeof(unpacked)};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_text((struct text){unpacked, stream.total_out}, body);
    assert_int_equal(inflateEnd(&stream), Z_OK);
    shelf_release(share);
}

static void what_would_grow_stays_plain(void **state)
{
    (void)state;
    publish("x");
    struct document_set *share;
    assert_int_equal(take("/a", &share)->gzip.length, 0);
    shelf_release(share);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_before_the_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(documents_are_found_by_their_whole_path, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_share_keeps_what_was_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tags_stand_for_the_content, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gzip_is_the_same_and_shorter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_would_grow_stays_plain, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("call/shelf", tests, NULL, NULL);
}
