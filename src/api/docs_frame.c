#include "api/assets.h"
#include "api/docs_parts.h"

#include <inttypes.h>
#include <stdio.h>

#define BRAND "trendgate"

/* What else there is about the API, each under a short name. */
static const struct {
    struct text path, name;
} links[] = {
    {TEXT_INITIAL("/openapi.json"), TEXT_INITIAL("OpenAPI 3.1")},
    {TEXT_INITIAL("/swagger.json"), TEXT_INITIAL("Swagger 2.0")},
    {TEXT_INITIAL(DOCS_MARKDOWN_PATH), TEXT_INITIAL("Markdown")},
};

struct text docs_price_words(const struct docs_page *page, char room[DOCS_FORMATTED_BYTES_MAX])
{
    int length = snprintf(room, DOCS_FORMATTED_BYTES_MAX, "%" PRId64 " credits/request",
                          page->price);
    check(length > 0 && length < DOCS_FORMATTED_BYTES_MAX);
    return (struct text){room, (size_t)length};
}

struct text docs_short_path(const struct endpoint *endpoint)
{
    struct text base = TEXT(DOCS_BASE_PATH);
    return text_starts_with(endpoint->path, base)
               ? text_slice(endpoint->path, base.length, endpoint->path.length)
               : endpoint->path;
}

static struct text base_url_words(const struct docs_page *page,
                                  char room[DOCS_FORMATTED_BYTES_MAX])
{
    int length = snprintf(room, DOCS_FORMATTED_BYTES_MAX, "%.*s" DOCS_BASE_PATH,
                          TEXT_PRINT(page->facts->public_url));
    check(length > 0 && length < DOCS_FORMATTED_BYTES_MAX);
    return (struct text){room, (size_t)length};
}

/* ---- HTML ---- */

static void attribute(struct html_writer *html, const char *name, struct text value)
{
    html_attribute(html, text_of(name), value);
}

static void link_to(struct html_writer *html, struct text address, struct text words)
{
    html_open(html, HTML_A);
    attribute(html, "href", address);
    html_text(html, words);
    html_close(html, HTML_A);
}

static void meta(struct html_writer *html, struct text name, struct text content)
{
    html_open(html, HTML_META);
    attribute(html, "name", name);
    attribute(html, "content", content);
}

static void head_link(struct html_writer *html, struct text relation, struct text type,
                      struct text address)
{
    html_open(html, HTML_LINK);
    attribute(html, "rel", relation);
    if (type.length > 0)
        attribute(html, "type", type);
    attribute(html, "href", address);
}

static void head(struct docs_page *page)
{
    struct html_writer *html = &page->html;
    html_open(html, HTML_HEAD);
    html_open(html, HTML_META);
    attribute(html, "charset", TEXT("utf-8"));
    html_open(html, HTML_TITLE);
    html_text(html, page->endpoint->summary);
    html_text(html, TEXT(" - " BRAND));
    html_close(html, HTML_TITLE);
    meta(html, TEXT("viewport"), TEXT("width=device-width, initial-scale=1"));
    meta(html, TEXT("color-scheme"), TEXT("light dark"));
    meta(html, TEXT("description"), page->endpoint->summary);
    head_link(html, TEXT("stylesheet"), (struct text){0}, asset_docs_css.path);
    head_link(html, TEXT("icon"), asset_mark_svg.content_type, asset_mark_svg.path);
    head_link(html, TEXT("alternate"), TEXT("text/markdown"), TEXT(DOCS_MARKDOWN_PATH));
    html_open(html, HTML_SCRIPT);
    attribute(html, "src", asset_docs_js.path);
    html_flag(html, TEXT("defer"));
    html_close(html, HTML_SCRIPT);
    html_close(html, HTML_HEAD);
}

static void link_list(struct html_writer *html)
{
    html_open(html, HTML_NAV);
    attribute(html, "aria-label", TEXT("API documents"));
    html_open(html, HTML_UL);
    attribute(html, "class", TEXT("links"));
    for (size_t i = 0; i < LENGTH_OF(links); i++) {
        html_open(html, HTML_LI);
        link_to(html, links[i].path, links[i].name);
        html_close(html, HTML_LI);
    }
    html_close(html, HTML_UL);
    html_close(html, HTML_NAV);
}

static void bar(struct html_writer *html)
{
    html_open(html, HTML_HEADER);
    attribute(html, "class", TEXT("bar"));
    html_open(html, HTML_DIV);
    attribute(html, "class", TEXT("bar-row"));
    html_open(html, HTML_A);
    attribute(html, "class", TEXT("brand"));
    attribute(html, "href", TEXT(DOCS_PATH));
    html_text(html, TEXT(BRAND));
    html_close(html, HTML_A);
    link_list(html);
    html_close(html, HTML_DIV);
    html_close(html, HTML_HEADER);
}

static void table_of_contents(struct html_writer *html)
{
    html_open(html, HTML_NAV);
    attribute(html, "class", TEXT("toc"));
    attribute(html, "aria-labelledby", TEXT("toc-title"));
    html_open(html, HTML_P);
    attribute(html, "id", TEXT("toc-title"));
    html_text(html, TEXT("On this page"));
    html_close(html, HTML_P);
    html_open(html, HTML_UL);
    for (size_t i = 0; i < docs_section_count; i++) {
        html_open(html, HTML_LI);
        html_open(html, HTML_A);
        char anchor[64];
        int length = snprintf(anchor, sizeof(anchor), "#%.*s", TEXT_PRINT(docs_sections[i].id));
        check(length > 0 && length < (int)sizeof(anchor));
        attribute(html, "href", (struct text){anchor, (size_t)length});
        html_text(html, docs_sections[i].title);
        html_close(html, HTML_A);
        html_close(html, HTML_LI);
    }
    html_close(html, HTML_UL);
    html_close(html, HTML_NAV);
}

static void classed_text(struct html_writer *html, enum html_element element, const char *class,
                         struct text text)
{
    html_open(html, element);
    attribute(html, "class", text_of(class));
    html_text(html, text);
    html_close(html, element);
}

static void badges(struct docs_page *page)
{
    struct html_writer *html = &page->html;
    char room[DOCS_FORMATTED_BYTES_MAX];
    html_open(html, HTML_UL);
    attribute(html, "class", TEXT("badges"));
    html_element_text(html, HTML_LI, TEXT("GET"));
    html_element_text(html, HTML_LI, TEXT("apiKey"));
    html_element_text(html, HTML_LI, docs_price_words(page, room));
    html_element_text(html, HTML_LI, page->endpoint->answer->name);
    html_close(html, HTML_UL);
}

/* The address in the form that the page goes on with, and where to try it. */
static void address(struct docs_page *page)
{
    struct html_writer *html = &page->html;
    char room[DOCS_FORMATTED_BYTES_MAX];
    html_open(html, HTML_P);
    attribute(html, "class", TEXT("path"));
    html_element_text(html, HTML_CODE, docs_short_path(page->endpoint));
    html_close(html, HTML_P);
    page->face->facts_open(page);
    page->face->fact(page, TEXT("Base URL"), base_url_words(page, room));
    page->face->fact(page, TEXT("Operation id"), page->endpoint->operation_id);
    page->face->facts_close(page);
    if (!page->facts->has_console)
        return;
    html_open(html, HTML_P);
    html_open(html, HTML_A);
    attribute(html, "class", TEXT("button"));
    int length = snprintf(room, sizeof(room), "/console/playground?operation=%.*s",
                          TEXT_PRINT(page->endpoint->operation_id));
    check(length > 0 && length < (int)sizeof(room));
    attribute(html, "href", (struct text){room, (size_t)length});
    html_text(html, TEXT("Run in playground"));
    html_close(html, HTML_A);
    html_close(html, HTML_P);
}

static struct text eyebrow_words(const struct endpoint *endpoint,
                                 char room[DOCS_FORMATTED_BYTES_MAX])
{
    int length = snprintf(room, DOCS_FORMATTED_BYTES_MAX, "%s API endpoint", endpoint->tags[0]);
    check(length > 0 && length < DOCS_FORMATTED_BYTES_MAX);
    return (struct text){room, (size_t)length};
}

/* The backticks are part of the sentence as customers know it, so they stay where they are. */
static void lead(struct html_writer *html, struct text sentence)
{
    html_open(html, HTML_P);
    attribute(html, "class", TEXT("lead"));
    while (sentence.at) {
        html_text(html, text_cut(&sentence, '`'));
        if (!sentence.at)
            break;
        struct text code = text_cut(&sentence, '`');
        check(sentence.at != NULL);
        html_element_text(html, HTML_CODE, (struct text){code.at - 1, code.length + 2});
    }
    html_close(html, HTML_P);
}

static void opening(struct docs_page *page)
{
    struct html_writer *html = &page->html;
    char room[DOCS_FORMATTED_BYTES_MAX];
    html_open(html, HTML_DIV);
    attribute(html, "class", TEXT("opening"));
    classed_text(html, HTML_P, "eyebrow", eyebrow_words(page->endpoint, room));
    html_element_text(html, HTML_H1, page->endpoint->summary);
    lead(html, page->endpoint->description);
    badges(page);
    address(page);
    html_close(html, HTML_DIV);
}

void docs_html_open(struct docs_page *page)
{
    page->html = html_writer_on(page->out);
    struct html_writer *html = &page->html;
    html_open(html, HTML_HTML);
    attribute(html, "lang", TEXT("en"));
    head(page);
    html_open(html, HTML_BODY);
    html_open(html, HTML_P);
    html_open(html, HTML_A);
    attribute(html, "class", TEXT("skip"));
    attribute(html, "href", TEXT("#content"));
    html_text(html, TEXT("Skip to the content"));
    html_close(html, HTML_A);
    html_close(html, HTML_P);
    bar(html);
    html_open(html, HTML_DIV);
    attribute(html, "class", TEXT("frame"));
    table_of_contents(html);
    html_open(html, HTML_MAIN);
    attribute(html, "id", TEXT("content"));
    opening(page);
}

void docs_html_close(struct docs_page *page)
{
    struct html_writer *html = &page->html;
    html_close(html, HTML_MAIN);
    html_close(html, HTML_DIV);
    html_open(html, HTML_FOOTER);
    html_open(html, HTML_P);
    attribute(html, "class", TEXT("foot"));
    html_text(html, TEXT(BRAND " "));
    html_text(html, page->facts->version);
    html_text(html, TEXT(". Rendered from the endpoint table and the plans in force: what "
                         "stands here is what the service does."));
    html_close(html, HTML_P);
    html_close(html, HTML_FOOTER);
    html_close(html, HTML_BODY);
    html_close(html, HTML_HTML);
    html_finish(html);
}

/* ---- Markdown ---- */

static void line(struct docs_page *page, const char *before, struct text text,
                 const char *after)
{
    buffer_append(page->out, text_of(before));
    buffer_append(page->out, text);
    buffer_append(page->out, text_of(after));
}

void docs_markdown_open(struct docs_page *page)
{
    char room[DOCS_FORMATTED_BYTES_MAX];
    line(page, "", eyebrow_words(page->endpoint, room), "\n\n");
    buffer_append(page->out, TEXT("# "));
    describe_markdown(page->endpoint->summary, page->out);
    buffer_append(page->out, TEXT("\n\n"));
    line(page, "", page->endpoint->description, "\n\n");
    line(page, "- GET\n- apiKey\n- ", docs_price_words(page, room), "\n");
    line(page, "- ", page->endpoint->answer->name, "\n\n");
    line(page, "`", docs_short_path(page->endpoint), "`\n");
    page->face->facts_open(page);
    page->face->fact(page, TEXT("Base URL"), base_url_words(page, room));
    page->face->fact(page, TEXT("Operation id"), page->endpoint->operation_id);
    for (size_t i = 0; i < LENGTH_OF(links) - 1; i++) {
        line(page, "- ", links[i].name, ": ");
        line(page, "", page->facts->public_url, "");
        line(page, "", links[i].path, "\n");
    }
    page->face->facts_close(page);
}
