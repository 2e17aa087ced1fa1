#include "api/docs.h"

#include "api/docs_parts.h"
#include "api/endpoints.h"

#include <stdarg.h>
#include <stdio.h>

const struct docs_section docs_sections[] = {
    {TEXT_INITIAL("parameters"), TEXT_INITIAL("Parameters"), docs_parameters},
    {TEXT_INITIAL("authentication"), TEXT_INITIAL("Authentication"), docs_authentication},
    {TEXT_INITIAL("billing"), TEXT_INITIAL("Billing"), docs_billing},
    {TEXT_INITIAL("failure-responses"), TEXT_INITIAL("Failure responses"), docs_failures},
    {TEXT_INITIAL("example-response"), TEXT_INITIAL("Example response"), docs_example_response},
    {TEXT_INITIAL("request-schema"), TEXT_INITIAL("Request schema"), docs_request_schema},
    {TEXT_INITIAL("response-schema"), TEXT_INITIAL("Response schema"), docs_response_schema},
    {TEXT_INITIAL("example-request"), TEXT_INITIAL("Example request"), docs_example_request},
    {TEXT_INITIAL("typescript-fetch"), TEXT_INITIAL("TypeScript fetch"), docs_typescript},
    {TEXT_INITIAL("more-languages"), TEXT_INITIAL("More languages"), docs_languages},
    {TEXT_INITIAL("response-headers"), TEXT_INITIAL("Response headers"), docs_headers},
    {TEXT_INITIAL("freshness"), TEXT_INITIAL("Freshness"), docs_freshness},
    {TEXT_INITIAL("paging"), TEXT_INITIAL("Paging"), docs_paging},
    {TEXT_INITIAL("retries"), TEXT_INITIAL("Retries"), docs_retries},
    {TEXT_INITIAL("related"), TEXT_INITIAL("Related endpoints"), docs_related},
    {TEXT_INITIAL("changes"), TEXT_INITIAL("Changes"), docs_changes},
};
const size_t docs_section_count = LENGTH_OF(docs_sections);

/* ---- What docs_face.h adds to a face ---- */

void docs_table_open(struct docs_page *page, const struct docs_table *table)
{
    check(!page->columns && table->column_count >= 1 &&
          table->column_count <= DOCS_COLUMNS_MAX);
    page->columns = table->columns;
    page->column_count = table->column_count;
    page->column = table->column_count;
    page->face->table_open(page, table);
}

void docs_table_close(struct docs_page *page)
{
    check(page->columns && page->column == page->column_count);
    page->columns = NULL;
    page->face->table_close(page);
}

void docs_row_open(struct docs_page *page)
{
    check(page->columns && page->column == page->column_count);
    page->column = 0;
    page->face->row_open(page);
}

void docs_row_close(struct docs_page *page)
{
    check(page->column == page->column_count);
    page->face->row_close(page);
}

void docs_cell(struct docs_page *page, enum docs_cell kind, struct text text)
{
    check(page->columns && page->column < page->column_count);
    page->face->cell(page, kind, text);
    page->column++;
}

__attribute__((format(printf, 2, 0))) static struct text formatted(
    char room[DOCS_FORMATTED_BYTES_MAX], const char *format, va_list arguments)
{
    int length = vsnprintf(room, DOCS_FORMATTED_BYTES_MAX, format, arguments);
    check(length >= 0 && length < DOCS_FORMATTED_BYTES_MAX);
    return (struct text){room, (size_t)length};
}

void docs_paragraph_format(struct docs_page *page, const char *format, ...)
{
    char room[DOCS_FORMATTED_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    page->face->paragraph(page, formatted(room, format, arguments));
    va_end(arguments);
}

void docs_cell_format(struct docs_page *page, enum docs_cell kind, const char *format, ...)
{
    char room[DOCS_FORMATTED_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    docs_cell(page, kind, formatted(room, format, arguments));
    va_end(arguments);
}

/* ---- The whole page ---- */

static void sections_write(struct docs_page *page)
{
    for (size_t i = 0; i < docs_section_count; i++) {
        const struct docs_section *section = &docs_sections[i];
        page->face->section_open(page, section->id, section->title);
        section->write(page);
        page->face->section_close(page);
    }
}

static struct docs_page page_of(const struct describe_facts *facts,
                                const struct docs_face *face, struct buffer *out)
{
    const struct endpoint *endpoint = &endpoints[0];
    return (struct docs_page){.face = face,
                              .facts = facts,
                              .endpoint = endpoint,
                              .price = describe_credits(facts, endpoint),
                              .out = out};
}

void docs_html(const struct describe_facts *facts, struct buffer *out)
{
    struct docs_page page = page_of(facts, &docs_html_face, out);
    docs_html_open(&page);
    sections_write(&page);
    docs_html_close(&page);
}

void docs_markdown(const struct describe_facts *facts, struct buffer *out)
{
    struct docs_page page = page_of(facts, &docs_markdown_face, out);
    docs_markdown_open(&page);
    sections_write(&page);
}
