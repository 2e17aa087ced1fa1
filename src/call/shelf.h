/* shelf: the documents that are published at the moment, ready to be sent.
 *
 * A set of documents is frozen once it is on the shelf, and replaced whole: whoever still sends
 * one of the old set keeps that alive by its share. Publishing copies and compresses, which takes
 * milliseconds: never on a loop's thread. The shelf is shared: its own lock. */
#pragma once

#include "base/text.h"

#include <pthread.h>

#define SHELF_DOCUMENTS_MAX 32

/* What is put on the shelf; the texts are copied. */
struct shelf_entry {
    struct text path;
    struct text content_type;
    struct text headers; /* further whole lines, such as a Content-Security-Policy; or empty */
    struct text body;
    bool is_immutable; /* its path names its content: never asked for again */
};

/* One document of a set; lives as long as the share it came with. */
struct shelf_document {
    struct text path;
    struct text headers; /* whole lines: Content-Type, Cache-Control, ETag, the entry's */
    struct text etag;    /* weak: stands for the content, in any encoding */
    struct text body;
    struct text gzip; /* the body as one gzip member; empty when that is no shorter */
};

struct document_set;

struct shelf {
    pthread_mutex_t lock;
    struct document_set *now; /* NULL before the first shelf_publish */
};

void shelf_init(struct shelf *shelf);
void shelf_finish(struct shelf *shelf); /* when no document is being sent any more */

/* In force from now on, in the place of all that was. count: at most SHELF_DOCUMENTS_MAX. */
void shelf_publish(struct shelf *shelf, const struct shelf_entry *entries, size_t count);

/* The document of that path, with a share of its set; NULL: there is none, and no share. Any
 * thread; never blocks for long. */
const struct shelf_document *shelf_take(struct shelf *shelf, struct text path,
                                        struct document_set **share);
void shelf_release(struct document_set *share);
