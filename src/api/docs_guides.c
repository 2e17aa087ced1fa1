#include "api/docs_examples.h"
#include "api/docs_parts.h"
#include "api/endpoints.h"
#include "call/call.h"
#include "ledger/idempotency.h"

#include <inttypes.h>

#define EXAMPLE_BYTES_MAX 8192

static void example(struct docs_page *page, enum docs_example which, struct text id,
                    bool is_titled)
{
    char room[EXAMPLE_BYTES_MAX];
    struct buffer code;
    buffer_init_on(&code, room, sizeof(room));
    docs_example_write(which, page->endpoint, page->facts->public_url, &code);
    check(!code.overflowed);
    const struct docs_code block = {.id = id,
                                    .label = docs_example_label(which),
                                    .language = docs_example_language(which),
                                    .code = buffer_text(&code),
                                    .is_titled = is_titled};
    page->face->code(page, &block);
}

void docs_example_request(struct docs_page *page)
{
    example(page, EXAMPLE_CURL, TEXT("curl"), false);
}

void docs_typescript(struct docs_page *page)
{
    example(page, EXAMPLE_TYPESCRIPT, TEXT("typescript"), false);
}

void docs_languages(struct docs_page *page)
{
    docs_paragraph(page, TEXT("Whole programs that take the key from the environment variable "
                              "`TRENDGATE_API_KEY`."));
    page->face->choice_open(page, TEXT("Language"));
    example(page, EXAMPLE_PYTHON, TEXT("python"), true);
    example(page, EXAMPLE_GO, TEXT("go"), true);
    example(page, EXAMPLE_C, TEXT("c"), true);
    page->face->choice_close(page);
}

void docs_freshness(struct docs_page *page)
{
    docs_paragraph_format(
        page,
        "How old a list is stands in its headers and is never guessed: `Last-Modified` is when "
        "it was captured, `X-Trend-As-Of` the date of its newest trend point, `X-Trend-Source` "
        "where it comes from. `X-Trend-Stale: 1` marks a list that was captured more than "
        "%" PRId64
        " hours ago, or that suddenly came with less than half of the hashtags of the "
        "capture before; it is served all the same. Missing days are not made up: a "
        "trend has the points that were captured.",
        page->facts->ttl_hours);
    docs_paragraph(page,
                   TEXT("`ETag` stands for the list itself. Send it back as `If-None-Match`: "
                        "while the list is the same, the answer is `304`, which costs no "
                        "credits. This prints `200` the first time and then `304`, until there "
                        "is a newer list:"));
    example(page, EXAMPLE_CONDITIONAL, TEXT("conditional"), false);
}

/* The page after the last is answered as the last, so that a loop over pages needs another end. */
static const struct parameter *clamped_first(const struct endpoint *endpoint)
{
    for (size_t i = 0; i < endpoint->parameter_count; i++)
        if (endpoint->parameters[i].kind == PARAMETER_CLAMPED)
            return &endpoint->parameters[i];
    return NULL;
}

void docs_paging(struct docs_page *page)
{
    const struct parameter *parameter = clamped_first(page->endpoint);
    check(parameter != NULL);
    docs_paragraph_format(
        page,
        "Read on while `pagination.has_more` is true, and stop when it is not. Do not wait for "
        "an empty list: `%.*s` is clamped, so asking for number %" PRId64 " brings number "
        "%" PRId64 " again, at full price. `has_more` is false on page %" PRId64
        " and on the last page of a shorter list.",
        TEXT_PRINT(parameter->name), parameter->maximum + 1, parameter->maximum,
        parameter->maximum);
    example(page, EXAMPLE_PAGING, TEXT("paging-python"), false);
    docs_paragraph(page, TEXT("`rank` is the place in the whole list, also under `filter_by`; "
                              "`total` counts what the filter left."));
}

void docs_retries(struct docs_page *page)
{
    docs_paragraph_format(
        page,
        "When an answer is lost on its way, you cannot know whether the call was charged. Give "
        "each call an `Idempotency-Key` of its own (1 to %d letters, digits, `.`, `_` or `-`) "
        "and repeat it with the same one: for %" PRId64
        " minutes a repeated call brings the same "
        "list again, with `Idempotent-Replayed: true` and `X-Credits-Charged: 0`. It takes one "
        "of the minute's calls and works with no credits left. With other parameters it is "
        "`422`.",
        IDEMPOTENCY_KEY_MAX, IDEMPOTENCY_LIFE_US / SECOND_US / 60);
    example(page, EXAMPLE_RETRY, TEXT("retry-python"), false);
}

static struct text key_words(enum endpoint_kind kind)
{
    switch (kind) {
    case ENDPOINT_OPEN: return TEXT("None");
    case ENDPOINT_ACCOUNT:
    case ENDPOINT_PRODUCT: return TEXT("x-api-key");
    case ENDPOINT_RPC: return TEXT("x-api-key, or Authorization: Bearer");
    case ENDPOINT_PAGE: return TEXT("The console's session");
    }
    check_failed(__FILE__, __LINE__, "kind is in the list");
}

void docs_related(struct docs_page *page)
{
    static const struct text columns[] = {TEXT_INITIAL("Path"), TEXT_INITIAL("What it does"),
                                          TEXT_INITIAL("Credits"), TEXT_INITIAL("Key")};
    docs_table_open(page, &(struct docs_table){.caption = TEXT("Related endpoints"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns)});
    for (size_t i = 0; i < endpoint_count; i++) {
        const struct endpoint *endpoint = &endpoints[i];
        if (endpoint == page->endpoint)
            continue;
        docs_row_open(page);
        docs_cell(page, DOCS_CODE, endpoint->path);
        docs_cell(page, DOCS_WORDS, endpoint->summary);
        if (endpoint->kind == ENDPOINT_RPC)
            docs_cell(page, DOCS_WORDS, TEXT("The tool's"));
        else
            docs_cell_format(page, DOCS_WORDS, "%" PRId64,
                             describe_credits(page->facts, endpoint));
        docs_cell(page, DOCS_WORDS, key_words(endpoint->kind));
        docs_row_close(page);
    }
    docs_table_close(page);
}

/* What customers would notice, newest first; the rest is in CHANGELOG.md. */
static const struct {
    struct text version, words;
} changes[] = {
    {TEXT_INITIAL("0.1.0"), TEXT_INITIAL("The first version: the endpoint, its metering, these "
                                         "documents, and the same as tools of /mcp.")},
};

void docs_changes(struct docs_page *page)
{
    static const struct text columns[] = {TEXT_INITIAL("Version"),
                                          TEXT_INITIAL("What changed for callers")};
    docs_table_open(page, &(struct docs_table){.caption = TEXT("Changes"),
                                               .columns = columns,
                                               .column_count = LENGTH_OF(columns),
                                               .form = DOCS_NAMED});
    for (size_t i = 0; i < LENGTH_OF(changes); i++) {
        docs_row_open(page);
        docs_cell(page, DOCS_WORDS, changes[i].version);
        docs_cell(page, DOCS_WORDS, changes[i].words);
        docs_row_close(page);
    }
    docs_table_close(page);
}
