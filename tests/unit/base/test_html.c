#include "base/html_write.h"
#include "support/unit.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct page {
    struct buffer buffer;
    struct html_writer writer;
};

static struct page page_begin(void)
{
    struct page page;
    buffer_init(&page.buffer, 4096);
    page.writer = (struct html_writer){0};
    return page;
}

/* The writer keeps the buffer's address, so it starts once the page has its place. */
static struct html_writer *page_open(struct page *page)
{
    page->writer = html_writer_on(&page->buffer);
    html_open(&page->writer, HTML_HTML);
    html_open(&page->writer, HTML_BODY);
    return &page->writer;
}

static void page_is(struct page *page, const char *expected)
{
    html_close(&page->writer, HTML_BODY);
    html_close(&page->writer, HTML_HTML);
    html_finish(&page->writer);
    assert_false(page->buffer.overflowed);
    buffer_append_byte(&page->buffer, '\0');
    assert_string_equal(page->buffer.bytes, expected);
    buffer_finish(&page->buffer);
}

static void text_is_escaped(void **state)
{
    (void)state;
    struct page page = page_begin();
    struct html_writer *writer = page_open(&page);
    html_element_text(writer, HTML_P, TEXT("<b a='1'>&amp;\"\x01\x7F\t\n\xF0\x9F\x98\x80"));
    page_is(&page, "<!doctype html><html><body><p>&lt;b a='1'&gt;&amp;amp;&quot;"
                   "\xEF\xBF\xBD\xEF\xBF\xBD\t\n\xF0\x9F\x98\x80</p></body></html>");
}

static void values_are_escaped(void **state)
{
    (void)state;
    struct page page = page_begin();
    struct html_writer *writer = page_open(&page);
    html_open(writer, HTML_P);
    html_open(writer, HTML_A);
    html_attribute(writer, TEXT("href"), TEXT("/?a=1&b=\"><script>"));
    html_flag(writer, TEXT("hidden"));
    html_text(writer, TEXT("x"));
    html_close(writer, HTML_A);
    html_close(writer, HTML_P);
    page_is(&page, "<!doctype html><html><body><p><a href=\"/?a=1&amp;b=&quot;&gt;&lt;script"
                   "&gt;\" hidden>x</a></p></body></html>");
}

static void void_elements_have_no_end(void **state)
{
    (void)state;
    struct page page = page_begin();
    page.writer = html_writer_on(&page.buffer);
    struct html_writer *writer = &page.writer;
    html_open(writer, HTML_HTML);
    html_open(writer, HTML_HEAD);
    html_open(writer, HTML_META);
    html_attribute(writer, TEXT("charset"), TEXT("utf-8"));
    html_open(writer, HTML_SCRIPT);
    html_attribute(writer, TEXT("src"), TEXT("/a.js"));
    html_close(writer, HTML_SCRIPT);
    html_close(writer, HTML_HEAD);
    html_open(writer, HTML_BODY);
    page_is(&page, "<!doctype html><html><head><meta charset=\"utf-8\">"
                   "<script src=\"/a.js\"></script></head><body></body></html>");
}

/* ---- Slips, each of which ends the program ---- */

static void closes_another(struct html_writer *writer)
{
    html_open(writer, HTML_P);
    html_close(writer, HTML_BODY);
}

static void block_in_paragraph(struct html_writer *writer)
{
    html_open(writer, HTML_P);
    html_open(writer, HTML_TABLE);
}

static void cell_outside_row(struct html_writer *writer)
{
    html_open(writer, HTML_TD);
}

static void text_between_rows(struct html_writer *writer)
{
    html_open(writer, HTML_TABLE);
    html_text(writer, TEXT("x"));
}

static void running_text_in_body(struct html_writer *writer)
{
    html_open(writer, HTML_A);
}

static void inline_style(struct html_writer *writer)
{
    html_open(writer, HTML_P);
    html_attribute(writer, TEXT("style"), TEXT("color:red"));
}

static void inline_event(struct html_writer *writer)
{
    html_open(writer, HTML_P);
    html_attribute(writer, TEXT("onclick"), TEXT("x()"));
}

static void inline_script(struct html_writer *writer)
{
    *writer = html_writer_on(writer->out);
    html_open(writer, HTML_HTML);
    html_open(writer, HTML_HEAD);
    html_open(writer, HTML_SCRIPT);
    html_text(writer, TEXT("x()"));
}

static void late_attribute(struct html_writer *writer)
{
    html_open(writer, HTML_P);
    html_text(writer, TEXT("x"));
    html_attribute(writer, TEXT("id"), TEXT("x"));
}

static void left_open(struct html_writer *writer)
{
    html_finish(writer);
}

static void two_roots(struct html_writer *writer)
{
    html_close(writer, HTML_BODY);
    html_close(writer, HTML_HTML);
    html_open(writer, HTML_BODY);
}

static void too_deep(struct html_writer *writer)
{
    for (int i = 0; i < HTML_DEPTH_MAX; i++)
        html_open(writer, HTML_DIV);
}

static void sheet_in_body(struct html_writer *writer)
{
    html_sheet(writer, TEXT("p{}"));
}

static void sheet_that_ends(struct html_writer *writer)
{
    struct html_writer page = html_writer_on(writer->out);
    html_open(&page, HTML_HTML);
    html_open(&page, HTML_HEAD);
    html_sheet(&page, TEXT("</style>"));
}

static bool ends_the_program(void (*slip)(struct html_writer *writer))
{
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        (void)freopen("/dev/null", "w", stderr);
        struct page page = page_begin();
        slip(page_open(&page));
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void slips_end_the_program(void **state)
{
    (void)state;
    static void (*const slips[])(struct html_writer *) = {
        closes_another,       block_in_paragraph, cell_outside_row, text_between_rows,
        running_text_in_body, inline_style,       inline_event,     inline_script,
        late_attribute,       left_open,          two_roots,        too_deep,
        sheet_in_body,        sheet_that_ends};
    for (size_t i = 0; i < LENGTH_OF(slips); i++)
        if (!ends_the_program(slips[i]))
            fail_msg("slip %zu passed", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(values_are_escaped),
        cmocka_unit_test(void_elements_have_no_end),
        cmocka_unit_test(slips_end_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
