#include "console/page.h"

#include "api/assets.h"
#include "api/docs.h"
#include "console/assets.h"

#define PAGE_BYTES_MAX (256 * 1024)
#define BRAND "trendgate"
#define STRICT_TRANSPORT "Strict-Transport-Security: max-age=31536000\r\n"

static void attribute(struct page *page, const char *name, struct text value)
{
    html_attribute(&page->html, text_of(name), value);
}

/* ---- The document ---- */

static struct text theme_of(const struct call *call)
{
    struct text theme = cookie_read(call->request, TEXT("theme"));
    bool is_known = text_equals(theme, TEXT("light")) || text_equals(theme, TEXT("dark"));
    return is_known ? theme : (struct text){0};
}

static void head_link(struct page *page, const char *relation, struct text address)
{
    html_open(&page->html, HTML_LINK);
    attribute(page, "rel", text_of(relation));
    attribute(page, "href", address);
}

static void head_meta(struct page *page, const char *name, const char *content)
{
    html_open(&page->html, HTML_META);
    attribute(page, "name", text_of(name));
    attribute(page, "content", text_of(content));
}

void page_head(struct page *page, struct call *call, struct text title)
{
    page->call = call;
    buffer_init_secret(&page->out, PAGE_BYTES_MAX);
    buffer_init_on(&page->headers, page->headers_room, sizeof(page->headers_room));
    page->html = html_writer_on(&page->out);
    struct text theme = theme_of(call);
    html_open(&page->html, HTML_HTML);
    attribute(page, "lang", TEXT("en"));
    if (theme.length > 0)
        attribute(page, "data-theme", theme);
    html_open(&page->html, HTML_HEAD);
    html_open(&page->html, HTML_META);
    attribute(page, "charset", TEXT("utf-8"));
    html_open(&page->html, HTML_TITLE);
    html_text(&page->html, title);
    html_text(&page->html, TEXT(" - " BRAND));
    html_close(&page->html, HTML_TITLE);
    head_meta(page, "viewport", "width=device-width, initial-scale=1");
    head_meta(page, "color-scheme", "light dark");
    head_link(page, "icon", asset_mark_svg.path);
}

static void bar(struct page *page)
{
    struct html_writer *html = &page->html;
    html_open(html, HTML_HEADER);
    attribute(page, "class", TEXT("bar"));
    html_open(html, HTML_NAV);
    attribute(page, "aria-label", TEXT("Site"));
    html_open(html, HTML_A);
    attribute(page, "class", TEXT("brand"));
    attribute(page, "href", TEXT(CONSOLE_PATH));
    html_text(html, TEXT(BRAND));
    html_close(html, HTML_A);
    page_link(page, TEXT(DOCS_PATH), TEXT("Docs"));
    html_close(html, HTML_NAV);
    html_close(html, HTML_HEADER);
}

void page_open(struct page *page, struct call *call, struct text title)
{
    page_head(page, call, title);
    head_link(page, "stylesheet", asset_account_css.path);
    html_close(&page->html, HTML_HEAD);
    html_open(&page->html, HTML_BODY);
    bar(page);
    html_open(&page->html, HTML_MAIN);
    html_element_text(&page->html, HTML_H1, title);
}

static void page_answer(struct page *page, unsigned status)
{
    char room[3072];
    struct buffer headers;
    buffer_init_on(&headers, room, sizeof(room));
    buffer_append(&headers, TEXT(DOCS_HTML_HEADERS));
    if (text_starts_with(page->call->pipeline->public_url, TEXT("https://")))
        buffer_append(&headers, TEXT(STRICT_TRANSPORT));
    buffer_append(&headers, buffer_text(&page->headers));
    check(!headers.overflowed && !page->headers.overflowed && !page->out.overflowed);
    html_finish(&page->html);
    call_answer_page(page->call, status, buffer_text(&headers), buffer_text(&page->out));
    buffer_finish(&page->out);
}

void page_send(struct page *page, unsigned status)
{
    if (page->html.depth == 3)
        html_close(&page->html, HTML_MAIN);
    html_close(&page->html, HTML_BODY);
    html_close(&page->html, HTML_HTML);
    page_answer(page, status);
}

void page_paragraph(struct page *page, struct text sentence)
{
    html_element_text(&page->html, HTML_P, sentence);
}

void page_link(struct page *page, struct text address, struct text words)
{
    html_open(&page->html, HTML_A);
    attribute(page, "href", address);
    html_text(&page->html, words);
    html_close(&page->html, HTML_A);
}

void page_say(struct call *call, unsigned status, struct text title, struct text sentence)
{
    struct page page;
    page_open(&page, call, title);
    page_paragraph(&page, sentence);
    html_open(&page.html, HTML_P);
    page_link(&page, TEXT(CONSOLE_PATH), TEXT("To the console"));
    html_close(&page.html, HTML_P);
    page_send(&page, status);
}

void page_redirect(struct call *call, struct text path, struct text headers)
{
    struct page page;
    page_open(&page, call, TEXT("See the next page"));
    html_open(&page.html, HTML_P);
    page_link(&page, path, TEXT("Go on"));
    html_close(&page.html, HTML_P);
    buffer_append(&page.headers, TEXT("Location: "));
    buffer_append(&page.headers, path);
    buffer_append(&page.headers, TEXT("\r\n"));
    buffer_append(&page.headers, headers);
    page_send(&page, 303);
}
