/* documents: THE table of what is published about the API, and its publishing.
 *
 * A document is one row: where it is, what it is, and who renders it. Every one is answered to
 * anybody, by GET and HEAD, from memory: no key, no slot, no credits. */
#pragma once

#include "api/describe.h"
#include "call/shelf.h"

struct document {
    struct text path; /* matched byte by byte; none of the endpoint table's */
    struct text content_type;
    /* Appends the whole document; same facts, same bytes. */
    void (*render)(const struct describe_facts *facts, struct buffer *out);
    struct text headers; /* further whole lines, such as a Content-Security-Policy; or empty */
};

extern const struct document documents[];
extern const size_t document_count;

/* Files beside the API's own; at most DOCUMENT_EXTRAS_MAX. */
#define DOCUMENT_EXTRAS_MAX 8
struct asset;
struct document_extras {
    const struct asset *const *assets;
    size_t count;
};

/* Renders all of them and puts them on the shelf together, and the assets and the extras with them, in the place of those that were. Takes
 * milliseconds: not for a loop's thread. */
void documents_publish(struct shelf *shelf, const struct describe_facts *facts,
                       const struct document_extras *extras);
