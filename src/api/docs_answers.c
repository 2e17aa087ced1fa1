#include "api/docs_parts.h"
#include "call/answer_headers.h"
#include "call/failures.h"

#include <inttypes.h>

/* One row a status: the table is in the order of the statuses. */
static bool is_first_of_status(const struct docs_page *page, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (failures[i].status == failures[at].status &&
            failure_is_at(&failures[i], page->endpoint))
            return false;
    return failure_is_at(&failures[at], page->endpoint);
}

static void status_table(struct docs_page *page)
{
    static const struct text columns[] = {TEXT_INITIAL("Status"), TEXT_INITIAL("Description"),
                                          TEXT_INITIAL("Schema")};
    docs_table_open(page, &(struct docs_table){.caption = TEXT("Failure responses"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns),
                                               .form = DOCS_NAMED});
    for (size_t i = 0; i < FAILURE_COUNT; i++) {
        if (!is_first_of_status(page, i))
            continue;
        docs_row_open(page);
        docs_cell_format(page, DOCS_WORDS, "%u", failures[i].status);
        docs_cell(page, DOCS_WORDS, failure_status_line(failures[i].status));
        docs_cell_format(page, DOCS_CODE, "#/definitions/%.*s",
                         TEXT_PRINT(failure_schema.name));
        docs_row_close(page);
    }
    docs_table_close(page);
}

static void reason_table(struct docs_page *page)
{
    static const struct text columns[] = {TEXT_INITIAL("Reason"), TEXT_INITIAL("Status"),
                                          TEXT_INITIAL("When")};
    docs_heading(page, TEXT("The reasons"));
    docs_paragraph(page,
                   TEXT("Every failure has the envelope of a success: `code` is the status, "
                        "`msg` a sentence for people, and `data.reason` one of these words, "
                        "which do not change. No failure costs credits."));
    docs_table_open(page, &(struct docs_table){.caption = TEXT("The reasons of failures"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns),
                                               .form = DOCS_SHORT});
    for (size_t i = 0; i < FAILURE_COUNT; i++) {
        if (!failure_is_at(&failures[i], page->endpoint))
            continue;
        docs_row_open(page);
        docs_cell(page, DOCS_CODE, failures[i].reason);
        docs_cell_format(page, DOCS_WORDS, "%u", failures[i].status);
        docs_cell(page, DOCS_WORDS, failures[i].meaning);
        docs_row_close(page);
    }
    docs_table_close(page);
}

void docs_failures(struct docs_page *page)
{
    status_table(page);
    reason_table(page);
    docs_paragraph(page,
                   TEXT("`402` and `429` also say when to come back (`Retry-After`, and in the "
                        "body `reset_scope`, `resets_at` and `retry_after_seconds`), and in "
                        "`suggested_plan` the cheapest plan in which this very call would have "
                        "been answered. `503` always has `Retry-After`."));
}

void docs_headers(struct docs_page *page)
{
    static const struct text columns[] = {TEXT_INITIAL("Header"), TEXT_INITIAL("Sent with"),
                                          TEXT_INITIAL("Example"), TEXT_INITIAL("Meaning")};
    docs_table_open(page, &(struct docs_table){.caption = TEXT("Response headers"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns),
                                               .form = DOCS_NAMED});
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        const struct answer_header *header = &answer_headers[i];
        if (header->place == HEADER_ON_FILES) /* the page is about calls */
            continue;
        docs_row_open(page);
        docs_cell(page, DOCS_CODE, header->name);
        docs_cell_format(page, DOCS_WORDS, "%.*s%s",
                         TEXT_PRINT(answer_header_place_words(header->place)),
                         header->is_always ? "" : ", where it applies");
        docs_cell(page, DOCS_CODE, header->example);
        docs_cell(page, DOCS_WORDS, header->meaning);
        docs_row_close(page);
    }
    docs_table_close(page);
}
