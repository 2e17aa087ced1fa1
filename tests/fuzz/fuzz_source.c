/* fuzz_source: no body crashes the reader of a source, whatever the question; a page that is given
 * is a valid list, or mended into one, and what is not given has a sentence. FUZZ_SOURCE names the
 * source. See replay.c for how to run it. */
#include "collector/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Later than any point of a seed's curve. */
static const instant now = {INT64_C(1790000000) * SECOND_US};

static const struct source_question questions[] = {
    {{.country = 1, .period = 0, .industry = INDUSTRY_ALL}, 1},
    {{.country = COUNTRY_ALL, .period = 2, .industry = 3}, 2},
};

static void check_page(const struct source_question *question, const struct source_page *page)
{
    struct ranking ranking = {.list = question->list,
                              .source = TEXT("source"),
                              .hashtags = page->hashtags,
                              .hashtag_count = page->hashtag_count};
    check(ranking_check(&ranking, NULL) == STATUS_OK);
    check((page->warnings > 0) == (page->warning[0] != '\0'));
    check(text_is_utf8(text_of(page->warning)));
    for (size_t i = 0; i < page->hashtag_count; i++) {
        const struct hashtag *hashtag = &page->hashtags[i];
        check(!period_is_exceeded(hashtag_span_days(hashtag), question->list.period));
        check(hashtag->trend_count == 0 || hashtag->trend[hashtag->trend_count - 1].time <=
                                               instant_seconds(now) + 2 * DAY_SECONDS);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    const struct source *source = source_find(TEXT(FUZZ_SOURCE));
    const struct client_answer answer = {
        .http_status = 200, .body = {(const char *)bytes, length}, .retry_after_seconds = -1};
    check(source);
    for (size_t i = 0; i < LENGTH_OF(questions); i++) {
        struct arena arena;
        struct source_page page;
        struct reason reason = {0};
        arena_init(&arena, RANKING_ARENA_BYTES_MAX);
        if (source->read(&questions[i], &answer, now, &arena, &page, &reason) == SOURCE_GIVEN)
            check_page(&questions[i], &page);
        else
            check(reason.sentence[0] != '\0' && text_is_utf8(reason_text(&reason)));
        arena_finish(&arena);
    }
    return 0;
}
