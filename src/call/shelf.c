#include "call/shelf.h"

#include "base/buffer.h"
#include "base/secret.h"

#include <stdatomic.h>
#include <zlib.h>

struct document_set {
    atomic_size_t shares; /* the shelf's own is one */
    size_t count;
    struct shelf_document documents[SHELF_DOCUMENTS_MAX];
};

/* ---- A set ---- */

#define GZIP_WINDOW_BITS (15 + 16) /* zlib.h: 16 asks for gzip's own wrapper */
#define GZIP_MEMORY_LEVEL 9

/* Smallest at its slowest: done once, sent often. */
static struct text gzip_make(struct text body)
{
    z_stream stream = {0};
    check(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS,
                       GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t room = deflateBound(&stream, (uLong)body.length);
    char *bytes = memory_take(room);
    stream.next_in = (Bytef *)(uintptr_t)body.at;
    stream.avail_in = (uInt)body.length;
    stream.next_out = (Bytef *)bytes;
    stream.avail_out = (uInt)room;
    check(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    size_t length = stream.total_out;
    check(deflateEnd(&stream) == Z_OK);
    if (length < body.length)
        return (struct text){memory_grow(bytes, length), length};
    free(bytes);
    return (struct text){0};
}

static struct text copy_of(struct text original)
{
    char *copy = memory_take(original.length + 1);
    if (original.length > 0)
        memcpy(copy, original.at, original.length);
    return (struct text){copy, original.length};
}

#define ETAG_DIGEST_BYTES 16 /* 128 bits: no two contents share one by chance */
#define DOCUMENT_BYTES_MAX (16 * 1024 * 1024)
#define HEADERS_BYTES_MAX 4096

static struct text etag_of(struct text body)
{
    char digits[2 * ETAG_DIGEST_BYTES];
    struct digest digest = secret_digest(body);
    secret_hex(digest.bytes, ETAG_DIGEST_BYTES, digits);
    char etag[sizeof("W/\"\"") - 1 + sizeof(digits)];
    struct buffer out;
    buffer_init_on(&out, etag, sizeof(etag));
    buffer_append(&out, TEXT("W/\""));
    buffer_append(&out, (struct text){digits, sizeof(digits)});
    buffer_append_byte(&out, '"');
    check(!out.overflowed);
    return copy_of(buffer_text(&out));
}

#define FOR_EVER "public, max-age=31536000, immutable" /* a year; RFC 8246 */

static struct text headers_of(const struct shelf_entry *entry, struct text etag)
{
    char room[HEADERS_BYTES_MAX];
    struct buffer out;
    buffer_init_on(&out, room, sizeof(room));
    buffer_append_format(&out, "Content-Type: %.*s\r\nCache-Control: %s\r\nETag: %.*s\r\n",
                         TEXT_PRINT(entry->content_type),
                         entry->is_immutable ? FOR_EVER : "no-cache", TEXT_PRINT(etag));
    buffer_append(&out, entry->headers);
    check(!out.overflowed);
    return copy_of(buffer_text(&out));
}

static struct shelf_document document_make(const struct shelf_entry *entry)
{
    check(entry->body.length <= DOCUMENT_BYTES_MAX);
    struct text etag = etag_of(entry->body);
    return (struct shelf_document){.path = copy_of(entry->path),
                                   .headers = headers_of(entry, etag),
                                   .etag = etag,
                                   .body = copy_of(entry->body),
                                   .gzip = gzip_make(entry->body)};
}

static void text_free(struct text text)
{
    free((void *)(uintptr_t)text.at);
}

static void document_free(struct shelf_document *document)
{
    text_free(document->path);
    text_free(document->headers);
    text_free(document->etag);
    text_free(document->body);
    text_free(document->gzip);
}

void shelf_release(struct document_set *set)
{
    if (!set || atomic_fetch_sub(&set->shares, 1) > 1)
        return;
    for (size_t i = 0; i < set->count; i++)
        document_free(&set->documents[i]);
    free(set);
}

/* ---- The shelf ---- */

void shelf_init(struct shelf *shelf)
{
    *shelf = (struct shelf){0};
    check(pthread_mutex_init(&shelf->lock, NULL) == 0);
}

void shelf_finish(struct shelf *shelf)
{
    shelf_release(shelf->now);
    check(pthread_mutex_destroy(&shelf->lock) == 0);
}

void shelf_publish(struct shelf *shelf, const struct shelf_entry *entries, size_t count)
{
    check(count <= SHELF_DOCUMENTS_MAX);
    struct document_set *set = memory_take_zeroed(1, sizeof(*set));
    atomic_init(&set->shares, 1);
    set->count = count;
    for (size_t i = 0; i < count; i++)
        set->documents[i] = document_make(&entries[i]);
    check(pthread_mutex_lock(&shelf->lock) == 0);
    struct document_set *older = shelf->now;
    shelf->now = set;
    check(pthread_mutex_unlock(&shelf->lock) == 0);
    shelf_release(older);
}

static struct document_set *share_take(struct shelf *shelf)
{
    check(pthread_mutex_lock(&shelf->lock) == 0);
    struct document_set *set = shelf->now;
    if (set)
        atomic_fetch_add(&set->shares, 1);
    check(pthread_mutex_unlock(&shelf->lock) == 0);
    return set;
}

const struct shelf_document *shelf_take(struct shelf *shelf, struct text path,
                                        struct document_set **share)
{
    struct document_set *set = share_take(shelf);
    for (size_t i = 0; set && i < set->count; i++)
        if (text_equals(set->documents[i].path, path)) {
            *share = set;
            return &set->documents[i];
        }
    shelf_release(set);
    return NULL;
}
