#include "console/shell.h"

#include "console/assets.h"
#include "console/page.h"
#include "console/sign_in.h"

static void attribute(struct page *page, const char *name, struct text value)
{
    html_attribute(&page->html, text_of(name), value);
}

static void program_link(struct page *page, const struct asset *style,
                         const struct asset *script)
{
    html_open(&page->html, HTML_LINK);
    attribute(page, "rel", TEXT("stylesheet"));
    attribute(page, "href", style ? style->path : asset_account_css.path);
    if (!script)
        return;
    html_open(&page->html, HTML_SCRIPT);
    attribute(page, "src", script->path);
    html_flag(&page->html, TEXT("defer"));
    html_close(&page->html, HTML_SCRIPT);
}

/* Without the program, or without scripts, what there is: the account's forms. */
static void plain_body(struct page *page, bool has_program)
{
    struct html_writer *html = &page->html;
    page_paragraph(
        page, has_program ? TEXT("The console needs scripts, which this browser does not run.")
                          : TEXT("This program was built without the console's pages."));
    html_open(html, HTML_P);
    page_link(page, TEXT(PASSWORD_PATH), TEXT("Password"));
    html_text(html, TEXT(" "));
    page_link(page, TEXT("/docs"), TEXT("Docs"));
    html_close(html, HTML_P);
    form_open(page, TEXT(SIGN_OUT_PATH));
    form_close(page, TEXT("Sign out"));
}

void shell_page(struct call *call)
{
    if (call_find_session(call) != STATUS_OK) {
        sign_in_first(call);
        return;
    }
    struct page page;
    const struct asset *script = console_asset_find(TEXT("console.js"));
    page_head(&page, call, TEXT("Console"));
    program_link(&page, console_asset_find(TEXT("console.css")), script);
    html_close(&page.html, HTML_HEAD);
    html_open(&page.html, HTML_BODY);
    if (script) {
        html_open(&page.html, HTML_DIV);
        attribute(&page, "id", TEXT("console"));
        html_close(&page.html, HTML_DIV);
        html_open(&page.html, HTML_NOSCRIPT);
        plain_body(&page, true);
        html_close(&page.html, HTML_NOSCRIPT);
    } else {
        html_open(&page.html, HTML_MAIN);
        html_element_text(&page.html, HTML_H1, TEXT("Console"));
        plain_body(&page, false);
    }
    page_send(&page, 200);
}

void shell_redirect(struct call *call)
{
    page_redirect(call, TEXT(CONSOLE_PATH), (struct text){0});
}
