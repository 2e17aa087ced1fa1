#include "catalog/view.h"

#include "base/secret.h"

#include <stdatomic.h>
#include <zlib.h>

/* The page of 100 that a customer may ask for last; CONTRACT: has_more is false on it. */
#define PAGE_LAST 10

#define ETAG_DIGEST_BYTES 12 /* 96 bits: two versions of a page do not meet by chance */

struct view {
    atomic_size_t shares;
    int64_t snapshot_id;
    instant captured_at;
    instant as_of;
    struct buffer rendered; /* each hashtag followed by a comma */
    size_t *offsets;        /* hashtag_count + 1 places in rendered */
    size_t hashtag_count;
    char source[32];
    bool is_short;
};

struct page {
    struct catalog_page shown; /* first: a shown page is found back as its struct page */
    atomic_size_t shares;
    struct view *view;     /* NULL: the page has content of its own */
    struct buffer content; /* what items shows then */
    char source[32];       /* and where it is from */
    struct buffer closing;
    struct buffer deflated;
    struct buffer headers;
    char etag[sizeof("W/\"\"") + 2 * ETAG_DIGEST_BYTES];
};

static bool is_shown(const struct hashtag *hashtag, const struct ranking *ranking,
                     struct list_key list, bool new_only)
{
    bool in_industry = ranking->list.industry == list.industry ||
                       hashtag->industry == list.industry;
    return in_industry && (!new_only || hashtag->rank_change == RANK_NEW);
}

struct view *view_render(const struct ranking *ranking, struct list_key list, bool new_only,
                         int64_t snapshot_id)
{
    struct view *view = memory_take_zeroed(1, sizeof(*view));
    atomic_init(&view->shares, 1);
    view->snapshot_id = snapshot_id;
    view->captured_at = ranking->captured_at;
    view->as_of = ranking_as_of(ranking);
    view->is_short = ranking->is_short;
    check(ranking->source.length < sizeof(view->source));
    memcpy(view->source, ranking->source.at, ranking->source.length);
    buffer_init(&view->rendered, RANKING_ARENA_BYTES_MAX);
    view->offsets = memory_take((ranking->hashtag_count + 1) * sizeof(view->offsets[0]));
    for (size_t i = 0; i < ranking->hashtag_count; i++) {
        const struct hashtag *hashtag = &ranking->hashtags[i];
        if (!is_shown(hashtag, ranking, list, new_only))
            continue;
        view->offsets[view->hashtag_count++] = view->rendered.length;
        struct json_writer writer = json_writer_on(&view->rendered);
        hashtag_write(&writer, hashtag, list.country);
        buffer_append_byte(&view->rendered, ',');
    }
    view->offsets[view->hashtag_count] = view->rendered.length;
    check(!view->rendered.overflowed);
    buffer_shrink(&view->rendered);
    view->offsets = memory_grow(view->offsets,
                                (view->hashtag_count + 1) * sizeof(view->offsets[0]));
    return view;
}

struct view *view_take(struct view *view)
{
    atomic_fetch_add_explicit(&view->shares, 1, memory_order_relaxed);
    return view;
}

void view_release(struct view *view)
{
    if (!view || atomic_fetch_sub_explicit(&view->shares, 1, memory_order_acq_rel) > 1)
        return;
    buffer_finish(&view->rendered);
    free(view->offsets);
    free(view);
}

int64_t view_snapshot_id(const struct view *view)
{
    return view->snapshot_id;
}

size_t view_bytes(const struct view *view)
{
    return sizeof(*view) + view->rendered.capacity +
           (view->hashtag_count + 1) * sizeof(view->offsets[0]);
}

#define LIST_OPENING "{\"list\":["

static void closing_write(struct page *page, unsigned number, unsigned limit)
{
    const struct catalog_page *shown = &page->shown;
    bool has_more = number < PAGE_LAST && (size_t)number * limit < shown->total;
    buffer_append_format(&page->closing,
                         "],\"pagination\":{\"page\":%u,\"size\":%u,\"total\":%zu,"
                         "\"has_more\":%s}}",
                         number, limit, shown->total, has_more ? "true" : "false");
}

/* Over the bytes of data.data: of a slice from its opening brace to the one that closing ends
 * with. */
static void etag_write(struct page *page)
{
    struct buffer bytes;
    buffer_init(&bytes, 2 * RANKING_ARENA_BYTES_MAX);
    buffer_append(&bytes, page->view ? TEXT(LIST_OPENING) : TEXT(""));
    buffer_append(&bytes, page->shown.items);
    buffer_append(&bytes, buffer_text(&page->closing));
    struct digest digest = secret_digest(buffer_text(&bytes));
    buffer_finish(&bytes);
    memcpy(page->etag, "W/\"", 3);
    secret_hex(digest.bytes, ETAG_DIGEST_BYTES, page->etag + 3);
    page->etag[3 + 2 * ETAG_DIGEST_BYTES] = '"';
}

static void headers_write(struct page *page)
{
    const struct catalog_page *shown = &page->shown;
    char modified[INSTANT_TEXT_BYTES];
    char as_of[INSTANT_TEXT_BYTES];
    struct text last_modified = instant_http_date(shown->captured_at, modified);
    struct text date = instant_date(shown->as_of, as_of);
    buffer_append_format(&page->headers,
                         "ETag: %.*s\r\nLast-Modified: %.*s\r\nX-Trend-As-Of: %.*s\r\n"
                         "X-Trend-Source: %.*s\r\n",
                         TEXT_PRINT(shown->etag), TEXT_PRINT(last_modified), TEXT_PRINT(date),
                         TEXT_PRINT(shown->source));
}

static void deflate_piece(z_stream *stream, struct text piece, int flush)
{
    stream->next_in = (Bytef *)(uintptr_t)piece.at; /* zlib does not write there */
    stream->avail_in = (uInt)piece.length;
    check(deflate(stream, flush) == Z_OK || piece.length == 0);
    check(stream->avail_in == 0 && stream->avail_out > 0);
}

/* Ended by a full flush (RFC 1951: an empty stored block, on a byte boundary), so that a last
 * block with the request id can be put behind it. */
static void deflate_page(struct page *page)
{
    const struct catalog_page *shown = &page->shown;
    z_stream stream = {0};
    check(deflateInit2(&stream, 1, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) ==
          Z_OK);
    size_t plain = shown->opening.length + shown->items.length + shown->closing.length;
    size_t room = deflateBound(&stream, (uLong)plain) + 64;
    buffer_init(&page->deflated, room);
    stream.next_out = (Bytef *)buffer_reserve(&page->deflated, room);
    stream.avail_out = (uInt)room;
    deflate_piece(&stream, shown->opening, Z_NO_FLUSH);
    deflate_piece(&stream, shown->items, Z_NO_FLUSH);
    deflate_piece(&stream, shown->closing, Z_FULL_FLUSH);
    page->deflated.length = room - stream.avail_out;
    buffer_shrink(&page->deflated);
    (void)deflateEnd(&stream);
}

static uint32_t crc_of(const struct catalog_page *page)
{
    uLong crc = crc32_z(0, (const Bytef *)page->opening.at, page->opening.length);
    crc = crc32_z(crc, (const Bytef *)page->items.at, page->items.length);
    return (uint32_t)crc32_z(crc, (const Bytef *)page->closing.at, page->closing.length);
}

#define CLOSING_BYTES_MAX 256

/* All that follows from what the page shows; closing ends with data.data as yet. */
static void page_finish(struct page *page, bool compressed)
{
    struct catalog_page *shown = &page->shown;
    etag_write(page);
    shown->etag = text_of(page->etag);
    buffer_init(&page->headers, 512);
    headers_write(page);
    check(!page->headers.overflowed);
    shown->headers = buffer_text(&page->headers);
    buffer_append(&page->closing, TEXT(",\"request_id\":\""));
    check(!page->closing.overflowed);
    shown->closing = buffer_text(&page->closing);
    if (!compressed)
        return;
    deflate_page(page);
    shown->deflated = buffer_text(&page->deflated);
    shown->crc = crc_of(shown);
}

const struct catalog_page *view_page_make(struct view *view, unsigned number, unsigned limit,
                                          bool compressed)
{
    check(number >= 1 && number <= PAGE_LAST && limit >= 1);
    struct page *page = memory_take_zeroed(1, sizeof(*page));
    atomic_init(&page->shares, 1);
    page->view = view_take(view);

    struct catalog_page *shown = &page->shown;
    size_t first = (size_t)(number - 1) * limit;
    size_t end = first + limit;
    first = first < view->hashtag_count ? first : view->hashtag_count;
    end = end < view->hashtag_count ? end : view->hashtag_count;
    size_t last_comma = end > first ? 1 : 0;
    shown->opening = TEXT(CATALOG_BEFORE_DATA LIST_OPENING);
    shown->items = text_slice(buffer_text(&view->rendered), view->offsets[first],
                              view->offsets[end] - last_comma);
    shown->item_count = end - first;
    shown->total = view->hashtag_count;
    shown->snapshot_id = view->snapshot_id;
    shown->captured_at = view->captured_at;
    shown->as_of = view->as_of;
    shown->source = text_of(view->source);
    shown->is_short = view->is_short;

    buffer_init(&page->closing, CLOSING_BYTES_MAX);
    closing_write(page, number, limit);
    page_finish(page, compressed);
    return shown;
}

const struct catalog_page *page_make_whole(struct buffer *content,
                                           const struct page_facts *facts, bool compressed)
{
    check(facts->source.length < sizeof((struct page){0}.source) && !content->overflowed);
    struct page *page = memory_take_zeroed(1, sizeof(*page));
    atomic_init(&page->shares, 1);
    page->content = *content;
    buffer_init(content, 0);
    memcpy(page->source, facts->source.at, facts->source.length);
    page->shown = (struct catalog_page){.opening = TEXT(CATALOG_BEFORE_DATA),
                                        .items = buffer_text(&page->content),
                                        .item_count = facts->item_count,
                                        .total = facts->item_count,
                                        .snapshot_id = facts->snapshot_id,
                                        .captured_at = facts->captured_at,
                                        .as_of = facts->as_of,
                                        .source = text_of(page->source),
                                        .is_short = facts->is_short};
    buffer_init(&page->closing, CLOSING_BYTES_MAX);
    page_finish(page, compressed);
    return &page->shown;
}

static struct page *page_of(const struct catalog_page *shown)
{
    return (struct page *)(uintptr_t)shown;
}

size_t catalog_page_bytes(const struct catalog_page *shown)
{
    const struct page *page = page_of(shown);
    return sizeof(*page) + page->content.capacity + page->closing.capacity +
           page->deflated.capacity + page->headers.capacity;
}

void catalog_page_take(const struct catalog_page *shown)
{
    atomic_fetch_add_explicit(&page_of(shown)->shares, 1, memory_order_relaxed);
}

void catalog_page_release(const struct catalog_page *shown)
{
    if (!shown)
        return;
    struct page *page = page_of(shown);
    if (atomic_fetch_sub_explicit(&page->shares, 1, memory_order_acq_rel) > 1)
        return;
    view_release(page->view);
    buffer_finish(&page->content);
    buffer_finish(&page->closing);
    buffer_finish(&page->deflated);
    buffer_finish(&page->headers);
    free(page);
}
