/* docs_face: how the page about an endpoint is written; once as HTML, once as Markdown.
 *
 * What the page says is written once, in docs_*.c, in the words of this header; a face turns each
 * into its own marks. So the two cannot say different things. "Marked" texts are ours and may hold
 * `code` between backticks; every other text is shown as it is, whatever it holds.
 *
 * A page belongs to one thread and lives as long as one rendering. */
#pragma once

#include "api/docs.h"
#include "base/html_write.h"

struct docs_face;

#define DOCS_COLUMNS_MAX 8

struct docs_page {
    const struct docs_face *face;
    const struct describe_facts *facts;
    const struct endpoint *endpoint; /* what the page is about */
    int64_t price;                   /* credits of its successful call */
    struct buffer *out;
    struct html_writer html;    /* the HTML face's own */
    const struct text *columns; /* of the table that is open */
    size_t column_count, column;
};

enum docs_cell {
    DOCS_WORDS,  /* shown as it is */
    DOCS_CODE,   /* likewise, in the letters of code */
    DOCS_MARKED, /* ours, with `code` in it */
};

/* Which cells stay on one line where there is room. */
enum docs_form {
    DOCS_WIDE,  /* none */
    DOCS_NAMED, /* the first of a row: a name */
    DOCS_SHORT, /* all but the last of a row */
};

struct docs_table {
    struct text caption;
    const struct text *columns;
    size_t column_count; /* 1 to DOCS_COLUMNS_MAX */
    enum docs_form form;
};

struct docs_code {
    struct text id;       /* unique on the page */
    struct text label;    /* what a reader calls it: "Python" */
    struct text language; /* as a Markdown fence names it: "python" */
    struct text code;
    bool is_titled; /* the label is a heading of its own */
};

struct docs_face {
    void (*section_open)(struct docs_page *page, struct text id, struct text title);
    void (*section_close)(struct docs_page *page);
    void (*heading)(struct docs_page *page, struct text title);
    void (*paragraph)(struct docs_page *page, struct text marked);
    void (*facts_open)(struct docs_page *page);
    void (*fact)(struct docs_page *page, struct text term, struct text words);
    void (*facts_close)(struct docs_page *page);
    void (*table_open)(struct docs_page *page, const struct docs_table *table);
    void (*row_open)(struct docs_page *page);
    void (*cell)(struct docs_page *page, enum docs_cell kind, struct text text);
    void (*row_close)(struct docs_page *page);
    void (*table_close)(struct docs_page *page);
    /* Examples that say the same in several languages, one at a time where scripts run. */
    void (*choice_open)(struct docs_page *page, struct text label);
    void (*code)(struct docs_page *page, const struct docs_code *code);
    void (*choice_close)(struct docs_page *page);
};

extern const struct docs_face docs_html_face;
extern const struct docs_face docs_markdown_face;

/* ---- The same by shorter names, for who writes the page ---- */

static inline void docs_heading(struct docs_page *page, struct text title)
{
    page->face->heading(page, title);
}

static inline void docs_paragraph(struct docs_page *page, struct text marked)
{
    page->face->paragraph(page, marked);
}

void docs_table_open(struct docs_page *page, const struct docs_table *table);
void docs_table_close(struct docs_page *page);
void docs_row_open(struct docs_page *page);
void docs_row_close(struct docs_page *page); /* the row must be full */
void docs_cell(struct docs_page *page, enum docs_cell kind, struct text text);

/* For sentences and cells with numbers in them; longer ones are a bug. */
#define DOCS_FORMATTED_BYTES_MAX 1024
__attribute__((format(printf, 2, 3))) void docs_paragraph_format(struct docs_page *page,
                                                                 const char *format, ...);
__attribute__((format(printf, 3, 4))) void docs_cell_format(struct docs_page *page,
                                                            enum docs_cell kind,
                                                            const char *format, ...);

/* ---- The sections, in the order of the page ---- */

struct docs_section {
    struct text id;
    struct text title;
    void (*write)(struct docs_page *page);
};

extern const struct docs_section docs_sections[];
extern const size_t docs_section_count;
