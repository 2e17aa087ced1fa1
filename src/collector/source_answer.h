/* source_answer: what the readers of all sources do alike: HTTP's verdict, JSON with a code in
 * it, rows that become a valid page.
 *
 * Pure but for the arena; any thread. */
#pragma once

#include "catalog/hashtag_read.h"
#include "collector/source.h"

/* What a code of a source means; a table of them ends with a row without meaning. Codes that
 * are in no row, but 0, mean that it is broken. */
struct source_code {
    int64_t code;
    enum source_verdict verdict;
    const char *meaning;
};

/* SOURCE_GIVEN: *document is an object, which the caller finishes. */
enum source_verdict source_open_answer(const struct client_answer *answer, json_t **document,
                                       struct reason *reason);

/* The code, which may come with HTTP 200, and with the message that explains it; both are
 * members of object. A code that is missing or no whole number is a fault. */
enum source_verdict source_read_code(const json_t *object, const char *code_name,
                                     const char *message_name, const struct source_code *codes,
                                     struct reason *reason);

/* Reads every element of rows, NULL and null being none, into page->hashtags, mends what
 * contradicts and checks the rest: what a row says by itself, the time and span of its
 * curve. */
typedef enum status source_read_row(struct hashtag_reader *reader, const json_t *row,
                                    const struct source_question *question,
                                    struct hashtag *hashtag);
enum source_verdict source_read_rows(const struct source_question *question, const json_t *rows,
                                     instant now, source_read_row *read, struct arena *arena,
                                     struct source_page *page, struct reason *reason);

/* Whether a page follows this one of so many rows: as the source says by that name, else by how
 * full the page is. */
void source_read_more(const json_t *pagination, const char *name, size_t rows,
                      unsigned page_size, struct source_page *page);

/* The address and query of a request, in arena. */
struct text source_url(const struct source_options *options, struct arena *arena,
                       const char *format, ...) __attribute__((format(printf, 3, 4)));

/* STATUS_INVALID: [source.NAME] base_url is missing or no address. */
enum status source_check_url(const struct source_options *options, struct reason *reason);

extern const struct source source_creative_center, source_creative_one, source_business_api,
    source_file, source_sample;
