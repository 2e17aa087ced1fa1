#include "api/documents.h"

#include "api/assets.h"
#include "api/docs.h"

#include <assert.h>

#define JSON .content_type = TEXT_INITIAL("application/json; charset=utf-8")

const struct document documents[] = {
    {.path = TEXT_INITIAL("/openapi.json"), JSON, .render = describe_openapi},
    {.path = TEXT_INITIAL("/swagger.json"), JSON, .render = describe_swagger},
    {.path = TEXT_INITIAL("/swagger/doc.json"), JSON, .render = describe_swagger},
    {.path = TEXT_INITIAL(DOCS_PATH),
     .content_type = TEXT_INITIAL("text/html; charset=utf-8"),
     .render = docs_html,
     .headers = TEXT_INITIAL(DOCS_HTML_HEADERS)},
    {.path = TEXT_INITIAL(DOCS_MARKDOWN_PATH),
     .content_type = TEXT_INITIAL("text/markdown; charset=utf-8"),
     .render = docs_markdown},
};

const size_t document_count = LENGTH_OF(documents);

static_assert(LENGTH_OF(documents) + ASSETS_MAX + DOCUMENT_EXTRAS_MAX <= SHELF_DOCUMENTS_MAX,
              "every document has its place");

/* Several times what the longest is, with as many plans as a plan file may hold. */
#define DOCUMENT_BYTES_MAX (4 * 1024 * 1024)

static void asset_add(struct shelf_entry *entry, const struct asset *asset)
{
    *entry = (struct shelf_entry){.path = asset->path,
                                  .content_type = asset->content_type,
                                  .body = asset->body,
                                  .is_immutable = true};
}

void documents_publish(struct shelf *shelf, const struct describe_facts *facts,
                       const struct document_extras *extras)
{
    struct buffer bodies[LENGTH_OF(documents)];
    struct shelf_entry entries[SHELF_DOCUMENTS_MAX];
    for (size_t i = 0; i < document_count; i++) {
        const struct document *document = &documents[i];
        buffer_init(&bodies[i], DOCUMENT_BYTES_MAX);
        document->render(facts, &bodies[i]);
        check(!bodies[i].overflowed);
        entries[i] = (struct shelf_entry){.path = document->path,
                                          .content_type = document->content_type,
                                          .headers = document->headers,
                                          .body = buffer_text(&bodies[i])};
    }
    for (size_t i = 0; i < asset_count; i++)
        asset_add(&entries[document_count + i], assets[i]);
    check(extras->count <= DOCUMENT_EXTRAS_MAX);
    for (size_t i = 0; i < extras->count; i++)
        asset_add(&entries[document_count + asset_count + i], extras->assets[i]);
    shelf_publish(shelf, entries, document_count + asset_count + extras->count);
    for (size_t i = 0; i < document_count; i++)
        buffer_finish(&bodies[i]);
}
