/* html_write: HTML written straight into a buffer, escaped and nested by construction.
 *
 * Follows the HTML Standard, section 13.1 (writing documents). Every text and every value goes
 * out escaped, whatever it holds, so that nobody has to remember which one is trusted. What would
 * break a page is a bug of ours and ends in check(): a tag closed in the wrong order, a void
 * element closed, a block inside a paragraph, a row outside a table; and so is what a strict
 * Content-Security-Policy would block: a style or on... attribute, a script or style with text.
 *
 * Owned by one thread. Texts are UTF-8, checked by who reads; a control byte goes out as U+FFFD. */
#pragma once

#include "base/buffer.h"

#define HTML_DEPTH_MAX 24 /* a page of ours is some 12 deep */

enum html_element {
    HTML_HTML,
    HTML_HEAD,
    HTML_TITLE,
    HTML_META,
    HTML_LINK,
    HTML_SCRIPT,
    HTML_BODY,
    HTML_HEADER,
    HTML_NAV,
    HTML_MAIN,
    HTML_FOOTER,
    HTML_SECTION,
    HTML_DIV,
    HTML_H1,
    HTML_H2,
    HTML_H3,
    HTML_P,
    HTML_UL,
    HTML_LI,
    HTML_DL,
    HTML_DT,
    HTML_DD,
    HTML_TABLE,
    HTML_CAPTION,
    HTML_THEAD,
    HTML_TBODY,
    HTML_TR,
    HTML_TH,
    HTML_TD,
    HTML_PRE,
    HTML_CODE,
    HTML_SPAN,
    HTML_A,
    HTML_NOSCRIPT,
    HTML_FORM,
    HTML_LABEL,
    HTML_INPUT,
    HTML_BUTTON,
    HTML_ELEMENTS /* how many there are */
};

struct html_writer {
    struct buffer *out; /* borrowed */
    enum html_element open[HTML_DEPTH_MAX];
    size_t depth;
    bool tag_is_open; /* its attributes may follow */
};

/* Writes the doctype. */
struct html_writer html_writer_on(struct buffer *out);

/* Opens an element; a void one (meta, link, input) is whole with that and is not closed. */
void html_open(struct html_writer *writer, enum html_element element);

/* Of the element opened last, before anything is written into it. */
void html_attribute(struct html_writer *writer, struct text name, struct text value);

/* An attribute that says all by being there, such as defer. */
void html_flag(struct html_writer *writer, struct text name);

void html_text(struct html_writer *writer, struct text text);

/* element: the one that is open innermost, named so that a slip is found. */
void html_close(struct html_writer *writer, enum html_element element);

/* An element with a text in it and nothing else. */
void html_element_text(struct html_writer *writer, enum html_element element, struct text text);

/* A style sheet in the head of a page that is kept as a file, where no policy blocks it. css: a
 * text of the program's own; it is not escaped. */
void html_sheet(struct html_writer *writer, struct text css);

/* At the end of the page: everything must be closed. */
void html_finish(const struct html_writer *writer);
