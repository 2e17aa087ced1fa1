#include "api/docs_parts.h"

static void add(struct docs_page *page, struct text text)
{
    buffer_append(page->out, text);
}

static void add_text(struct docs_page *page, struct text text)
{
    describe_markdown(text, page->out);
}

/* Neither a backtick nor a line's end occurs in what we show so; a '|' would end the cell. */
static void add_code(struct docs_page *page, struct text code)
{
    buffer_append_byte(page->out, '`');
    for (size_t i = 0; i < code.length; i++) {
        check(code.at[i] != '`' && code.at[i] != '\n');
        if (code.at[i] == '|')
            buffer_append_byte(page->out, '\\');
        buffer_append_byte(page->out, code.at[i]);
    }
    buffer_append_byte(page->out, '`');
}

static void section_open(struct docs_page *page, struct text id, struct text title)
{
    (void)id;
    add(page, TEXT("\n## "));
    add_text(page, title);
    add(page, TEXT("\n"));
}

static void section_close(struct docs_page *page)
{
    (void)page;
}

static void heading(struct docs_page *page, struct text title)
{
    add(page, TEXT("\n### "));
    add_text(page, title);
    add(page, TEXT("\n"));
}

static void paragraph(struct docs_page *page, struct text marked)
{
    add(page, TEXT("\n"));
    add(page, marked);
    add(page, TEXT("\n"));
}

static void facts_open(struct docs_page *page)
{
    add(page, TEXT("\n"));
}

static void fact(struct docs_page *page, struct text term, struct text words)
{
    add(page, TEXT("- "));
    add_text(page, term);
    add(page, TEXT(": "));
    add_text(page, words);
    add(page, TEXT("\n"));
}

static void facts_close(struct docs_page *page)
{
    (void)page;
}

static void table_open(struct docs_page *page, const struct docs_table *table)
{
    add(page, TEXT("\n|"));
    for (size_t i = 0; i < table->column_count; i++) {
        add(page, TEXT(" "));
        add_text(page, table->columns[i]);
        add(page, TEXT(" |"));
    }
    add(page, TEXT("\n|"));
    for (size_t i = 0; i < table->column_count; i++)
        add(page, TEXT("---|"));
    add(page, TEXT("\n"));
}

static void row_open(struct docs_page *page)
{
    add(page, TEXT("|"));
}

static void cell(struct docs_page *page, enum docs_cell kind, struct text text)
{
    add(page, TEXT(" "));
    if (kind == DOCS_MARKED)
        add(page, text);
    else if (kind == DOCS_CODE && text.length > 0)
        add_code(page, text);
    else
        add_text(page, text);
    add(page, TEXT(" |"));
}

static void row_close(struct docs_page *page)
{
    add(page, TEXT("\n"));
}

static void table_close(struct docs_page *page)
{
    (void)page;
}

static void choice_open(struct docs_page *page, struct text label)
{
    (void)page;
    (void)label;
}

static void choice_close(struct docs_page *page)
{
    (void)page;
}

static void code(struct docs_page *page, const struct docs_code *block)
{
    if (block->is_titled)
        heading(page, block->label);
    add(page, TEXT("\n```"));
    add(page, block->language);
    add(page, TEXT("\n"));
    add(page, block->code);
    add(page, TEXT("\n```\n"));
}

const struct docs_face docs_markdown_face = {
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
