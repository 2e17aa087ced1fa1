#include "api/assets.h"
#include "api/docs_face.h"

static void attribute(struct docs_page *page, const char *name, struct text value)
{
    html_attribute(&page->html, text_of(name), value);
}

/* Every other part between backticks is code. */
static void marked_text(struct html_writer *html, struct text marked)
{
    bool is_code = false;
    while (marked.at) {
        struct text part = text_cut(&marked, '`');
        if (part.length > 0 && is_code)
            html_element_text(html, HTML_CODE, part);
        else if (part.length > 0)
            html_text(html, part);
        is_code = !is_code;
    }
}

static void section_open(struct docs_page *page, struct text id, struct text title)
{
    html_open(&page->html, HTML_SECTION);
    attribute(page, "id", id);
    attribute(page, "class", TEXT("section"));
    html_element_text(&page->html, HTML_H2, title);
}

static void section_close(struct docs_page *page)
{
    html_close(&page->html, HTML_SECTION);
}

static void heading(struct docs_page *page, struct text title)
{
    html_element_text(&page->html, HTML_H3, title);
}

static void paragraph(struct docs_page *page, struct text marked)
{
    html_open(&page->html, HTML_P);
    marked_text(&page->html, marked);
    html_close(&page->html, HTML_P);
}

static void facts_open(struct docs_page *page)
{
    html_open(&page->html, HTML_DL);
}

static void fact(struct docs_page *page, struct text term, struct text words)
{
    html_open(&page->html, HTML_DIV);
    html_element_text(&page->html, HTML_DT, term);
    html_element_text(&page->html, HTML_DD, words);
    html_close(&page->html, HTML_DIV);
}

static void facts_close(struct docs_page *page)
{
    html_close(&page->html, HTML_DL);
}

/* Rows become cards on narrow screens, and a browser that lays a table out otherwise no longer
 * takes it for one; the roles say that it is. */
static void open_as(struct docs_page *page, enum html_element element, const char *role)
{
    html_open(&page->html, element);
    attribute(page, "role", text_of(role));
}

static struct text form_word(enum docs_form form)
{
    switch (form) {
    case DOCS_WIDE: return TEXT("wide");
    case DOCS_NAMED: return TEXT("named");
    case DOCS_SHORT: return TEXT("short");
    }
    check_failed(__FILE__, __LINE__, "the form is in the list");
}

static void table_open(struct docs_page *page, const struct docs_table *table)
{
    struct html_writer *html = &page->html;
    open_as(page, HTML_TABLE, "table");
    attribute(page, "class", form_word(table->form));
    html_element_text(html, HTML_CAPTION, table->caption);
    open_as(page, HTML_THEAD, "rowgroup");
    open_as(page, HTML_TR, "row");
    for (size_t i = 0; i < table->column_count; i++) {
        open_as(page, HTML_TH, "columnheader");
        attribute(page, "scope", TEXT("col"));
        html_text(html, table->columns[i]);
        html_close(html, HTML_TH);
    }
    html_close(html, HTML_TR);
    html_close(html, HTML_THEAD);
    open_as(page, HTML_TBODY, "rowgroup");
}

static void table_close(struct docs_page *page)
{
    html_close(&page->html, HTML_TBODY);
    html_close(&page->html, HTML_TABLE);
}

static void row_open(struct docs_page *page)
{
    open_as(page, HTML_TR, "row");
}

static void row_close(struct docs_page *page)
{
    html_close(&page->html, HTML_TR);
}

static void cell(struct docs_page *page, enum docs_cell kind, struct text text)
{
    struct html_writer *html = &page->html;
    enum html_element element = page->column == 0 ? HTML_TH : HTML_TD;
    open_as(page, element, element == HTML_TH ? "rowheader" : "cell");
    if (element == HTML_TH)
        attribute(page, "scope", TEXT("row"));
    else
        attribute(page, "data-label", page->columns[page->column]);
    if (text.length > 0 && kind == DOCS_CODE)
        html_element_text(html, HTML_CODE, text);
    else if (kind == DOCS_MARKED)
        marked_text(html, text);
    else if (text.length > 0)
        html_text(html, text);
    html_close(html, element);
}

static void choice_open(struct docs_page *page, struct text label)
{
    html_open(&page->html, HTML_DIV);
    attribute(page, "data-tabs", label);
}

static void choice_close(struct docs_page *page)
{
    html_close(&page->html, HTML_DIV);
}

static void code(struct docs_page *page, const struct docs_code *block)
{
    struct html_writer *html = &page->html;
    html_open(html, HTML_DIV);
    attribute(page, "class", TEXT("code"));
    attribute(page, "id", block->id);
    html_open(html, HTML_DIV);
    attribute(page, "class", TEXT("code-bar"));
    html_element_text(html, block->is_titled ? HTML_H3 : HTML_P, block->label);
    html_close(html, HTML_DIV);
    html_open(html, HTML_PRE);
    html_element_text(html, HTML_CODE, block->code);
    html_close(html, HTML_PRE);
    html_close(html, HTML_DIV);
}

const struct docs_face docs_html_face = {
    .section_open = section_open,
    .section_close = section_close,
    .heading = heading,
    .paragraph = paragraph,
    .facts_open = facts_open,
    .fact = fact,
    .facts_close = facts_close,
    .table_open = table_open,
    .row_open = row_open,
    .cell = cell,
    .row_close = row_close,
    .table_close = table_close,
    .choice_open = choice_open,
    .code = code,
    .choice_close = choice_close,
};
