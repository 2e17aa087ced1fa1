#include "base/html_write.h"

/* What an element takes. */
enum html_content {
    TAKES_NOTHING, /* void: there is no end tag either; script has one */
    TAKES_BLOCKS,  /* elements alone */
    TAKES_TEXT,    /* running text, and the elements that are part of it */
    TAKES_ALL,
};

#define IN(element) (UINT64_C(1) << (element))

struct html_rule {
    const char *name;
    enum html_content content;
    uint64_t parents; /* where alone it may stand; 0: wherever its kind is taken */
};

_Static_assert(HTML_ELEMENTS <= 64, "a set of elements is 64 bits");

static const struct html_rule rules[HTML_ELEMENTS] = {
    [HTML_HTML] = {"html", TAKES_BLOCKS, 0},
    [HTML_HEAD] = {"head", TAKES_BLOCKS, IN(HTML_HTML)},
    [HTML_TITLE] = {"title", TAKES_TEXT, IN(HTML_HEAD)},
    [HTML_META] = {"meta", TAKES_NOTHING, IN(HTML_HEAD)},
    [HTML_LINK] = {"link", TAKES_NOTHING, IN(HTML_HEAD)},
    [HTML_SCRIPT] = {"script", TAKES_NOTHING, IN(HTML_HEAD)},
    [HTML_BODY] = {"body", TAKES_BLOCKS, IN(HTML_HTML)},
    [HTML_HEADER] = {"header", TAKES_BLOCKS, 0},
    [HTML_NAV] = {"nav", TAKES_ALL, 0},
    [HTML_MAIN] = {"main", TAKES_BLOCKS, 0},
    [HTML_FOOTER] = {"footer", TAKES_BLOCKS, 0},
    [HTML_SECTION] = {"section", TAKES_BLOCKS, 0},
    [HTML_DIV] = {"div", TAKES_ALL, 0},
    [HTML_H1] = {"h1", TAKES_TEXT, 0},
    [HTML_H2] = {"h2", TAKES_TEXT, 0},
    [HTML_H3] = {"h3", TAKES_TEXT, 0},
    [HTML_P] = {"p", TAKES_TEXT, 0},
    [HTML_UL] = {"ul", TAKES_BLOCKS, 0},
    [HTML_LI] = {"li", TAKES_ALL, IN(HTML_UL)},
    [HTML_DL] = {"dl", TAKES_BLOCKS, 0},
    [HTML_DT] = {"dt", TAKES_TEXT, IN(HTML_DL) | IN(HTML_DIV)},
    [HTML_DD] = {"dd", TAKES_ALL, IN(HTML_DL) | IN(HTML_DIV)},
    [HTML_TABLE] = {"table", TAKES_BLOCKS, 0},
    [HTML_CAPTION] = {"caption", TAKES_TEXT, IN(HTML_TABLE)},
    [HTML_THEAD] = {"thead", TAKES_BLOCKS, IN(HTML_TABLE)},
    [HTML_TBODY] = {"tbody", TAKES_BLOCKS, IN(HTML_TABLE)},
    [HTML_TR] = {"tr", TAKES_BLOCKS, IN(HTML_THEAD) | IN(HTML_TBODY)},
    [HTML_TH] = {"th", TAKES_TEXT, IN(HTML_TR)},
    [HTML_TD] = {"td", TAKES_ALL, IN(HTML_TR)},
    [HTML_PRE] = {"pre", TAKES_TEXT, 0},
    [HTML_CODE] = {"code", TAKES_TEXT, 0},
    [HTML_SPAN] = {"span", TAKES_TEXT, 0},
    [HTML_A] = {"a", TAKES_TEXT, 0},
    [HTML_NOSCRIPT] = {"noscript", TAKES_BLOCKS, 0},
    [HTML_FORM] = {"form", TAKES_BLOCKS, 0},
    [HTML_LABEL] = {"label", TAKES_TEXT, IN(HTML_DIV) | IN(HTML_P)},
    [HTML_INPUT] = {"input", TAKES_NOTHING, 0},
    [HTML_BUTTON] = {"button", TAKES_TEXT, 0},
};

static bool is_void(enum html_element element)
{
    return element == HTML_META || element == HTML_LINK || element == HTML_INPUT;
}

static bool is_of_text(enum html_element element)
{
    return element == HTML_CODE || element == HTML_SPAN || element == HTML_A ||
           element == HTML_BUTTON;
}

struct html_writer html_writer_on(struct buffer *out)
{
    buffer_append(out, TEXT("<!doctype html>"));
    return (struct html_writer){.out = out};
}

static void tag_finish(struct html_writer *writer)
{
    if (writer->tag_is_open)
        buffer_append_byte(writer->out, '>');
    writer->tag_is_open = false;
}

static bool may_stand_in(enum html_element element, enum html_element parent)
{
    if (rules[element].parents != 0)
        return (rules[element].parents & IN(parent)) != 0;
    switch (rules[parent].content) {
    case TAKES_NOTHING: return false;
    case TAKES_BLOCKS: return !is_of_text(element);
    case TAKES_TEXT: return is_of_text(element);
    case TAKES_ALL: return true;
    }
    check_failed(__FILE__, __LINE__, "the content is in the list");
}

void html_open(struct html_writer *writer, enum html_element element)
{
    check(writer->depth == 0 ? element == HTML_HTML
                             : may_stand_in(element, writer->open[writer->depth - 1]));
    tag_finish(writer);
    buffer_append_byte(writer->out, '<');
    buffer_append(writer->out, text_of(rules[element].name));
    writer->tag_is_open = true;
    if (is_void(element))
        return;
    check(writer->depth < HTML_DEPTH_MAX);
    writer->open[writer->depth++] = element;
}

static struct text escape_of(char byte)
{
    switch (byte) {
    case '&': return TEXT("&amp;");
    case '<': return TEXT("&lt;");
    case '>': return TEXT("&gt;");
    case '"': return TEXT("&quot;");
    case '\t':
    case '\n': return (struct text){0};
    default:
        return (unsigned char)byte < 0x20 || byte == 0x7F ? TEXT("\xEF\xBF\xBD")
                                                          : (struct text){0};
    }
}

static void append_escaped(struct buffer *out, struct text text)
{
    size_t kept = 0;
    for (size_t i = 0; i < text.length; i++) {
        struct text escape = escape_of(text.at[i]);
        if (escape.length == 0)
            continue;
        buffer_append(out, text_slice(text, kept, i));
        buffer_append(out, escape);
        kept = i + 1;
    }
    buffer_append(out, text_slice(text, kept, text.length));
}

static void attribute_begin(struct html_writer *writer, struct text name)
{
    check(writer->tag_is_open);
    check(!text_equals(name, TEXT("style")) && !text_starts_with(name, TEXT("on")));
    buffer_append_byte(writer->out, ' ');
    buffer_append(writer->out, name);
}

void html_attribute(struct html_writer *writer, struct text name, struct text value)
{
    attribute_begin(writer, name);
    buffer_append(writer->out, TEXT("=\""));
    append_escaped(writer->out, value);
    buffer_append_byte(writer->out, '"');
}

void html_flag(struct html_writer *writer, struct text name)
{
    attribute_begin(writer, name);
}

void html_text(struct html_writer *writer, struct text text)
{
    check(writer->depth > 0);
    enum html_content content = rules[writer->open[writer->depth - 1]].content;
    check(content == TAKES_TEXT || content == TAKES_ALL);
    tag_finish(writer);
    append_escaped(writer->out, text);
}

void html_close(struct html_writer *writer, enum html_element element)
{
    check(writer->depth > 0 && writer->open[writer->depth - 1] == element);
    tag_finish(writer);
    writer->depth--;
    buffer_append(writer->out, TEXT("</"));
    buffer_append(writer->out, text_of(rules[element].name));
    buffer_append_byte(writer->out, '>');
}

void html_element_text(struct html_writer *writer, enum html_element element, struct text text)
{
    html_open(writer, element);
    html_text(writer, text);
    html_close(writer, element);
}

void html_sheet(struct html_writer *writer, struct text css)
{
    check(writer->depth > 0 && writer->open[writer->depth - 1] == HTML_HEAD);
    check(!memchr(css.at, '<', css.length));
    tag_finish(writer);
    buffer_append(writer->out, TEXT("<style>"));
    buffer_append(writer->out, css);
    buffer_append(writer->out, TEXT("</style>"));
}

void html_finish(const struct html_writer *writer)
{
    check(writer->depth == 0 && !writer->tag_is_open);
}
