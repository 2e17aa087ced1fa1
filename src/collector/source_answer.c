#include "collector/source_answer.h"

#include "collector/contradictions.h"

#include <stdarg.h>
#include <stdio.h>

static enum source_verdict verdict_of_status(unsigned http_status)
{
    switch (http_status) {
    case 200: return SOURCE_GIVEN;
    case 401:
    case 403: return SOURCE_NOT_PERMITTED;
    case 429: return SOURCE_THROTTLED;
    case 400:
    case 422: return SOURCE_REFUSED;
    default: return SOURCE_BROKEN;
    }
}

static struct text without_leading_blanks(struct text body)
{
    while (body.length > 0 && memchr(" \t\r\n", body.at[0], 4))
        body = text_slice(body, 1, body.length);
    return body;
}

enum source_verdict source_open_answer(const struct client_answer *answer, json_t **document,
                                       struct reason *reason)
{
    struct reason fault = {0};
    struct text body = without_leading_blanks(answer->body);
    enum source_verdict verdict = verdict_of_status(answer->http_status);
    if (answer->http_status == 503 && answer->retry_after_seconds >= 0)
        verdict = SOURCE_THROTTLED;
    if (verdict != SOURCE_GIVEN) {
        (void)reason_set(reason, STATUS_UNAVAILABLE, "it answered HTTP %u",
                         answer->http_status);
        return verdict;
    }
    if (body.length == 0 || body.at[0] != '{') {
        (void)reason_set(reason, STATUS_UNAVAILABLE, "it answered with %s, not a JSON object",
                         body.length == 0    ? "nothing"
                         : body.at[0] == '<' ? "a page of HTML"
                                             : "something else");
        return SOURCE_BROKEN;
    }
    if (json_document_read(body, document, &fault) != STATUS_OK) {
        (void)reason_set(reason, STATUS_UNAVAILABLE, "its answer is broken: %.*s",
                         TEXT_PRINT(reason_shown(reason_text(&fault))));
        return SOURCE_BROKEN;
    }
    return SOURCE_GIVEN;
}

enum source_verdict source_read_code(const json_t *object, const char *code_name,
                                     const char *message_name, const struct source_code *codes,
                                     struct reason *reason)
{
    int64_t code;
    struct text said = TEXT("no message");
    if (!json_read_whole(json_object_get(object, code_name), &code)) {
        (void)reason_set(reason, STATUS_UNAVAILABLE, "its answer has no %s", code_name);
        return SOURCE_BROKEN;
    }
    if (code == 0)
        return SOURCE_GIVEN;
    while (codes->meaning && codes->code != code)
        codes++;
    (void)json_read_text(object, message_name, &said);
    said = reason_shown(said);
    (void)reason_set(reason, STATUS_UNAVAILABLE, "it answered %s %lld, %s (%.*s)", code_name,
                     (long long)code, codes->meaning ? codes->meaning : "which is not known",
                     TEXT_PRINT(said));
    return codes->meaning ? codes->verdict : SOURCE_BROKEN;
}

/* What no mending helps, and what sentences about it must not show. */
static const char *row_fault(const struct hashtag *hashtag)
{
    if (!text_is_digits(hashtag->id) || hashtag->id.length > HASHTAG_ID_DIGITS_MAX)
        return "its hashtag id is not 1 to 19 digits";
    if (hashtag->rank < 1 || hashtag->rank > RANKING_HASHTAGS_MAX)
        return "its rank is outside 1 to 1000";
    if (hashtag->rank_diff > CONTRADICTION_RANK_MAX ||
        hashtag->rank_diff < -CONTRADICTION_RANK_MAX)
        return "it moved by over a million ranks";
    return NULL;
}
_Static_assert(HASHTAG_ID_DIGITS_MAX == 19 && RANKING_HASHTAGS_MAX == 1000 &&
                   CONTRADICTION_RANK_MAX == 1000000,
               "the sentences above say so");

/* After ranking_check, which sorted the curve. A day begins earlier in the east. */
static const char *curve_fault(const struct hashtag *hashtag, unsigned period, instant now)
{
    if (hashtag->trend_count == 0)
        return NULL;
    int64_t span_days = hashtag_span_days(hashtag);
    int64_t newest = hashtag->trend[hashtag->trend_count - 1].time / DAY_SECONDS;
    if (newest > instant_day(now) + 1)
        return "its curve reaches into the future";
    if (period_is_exceeded(span_days, period))
        return "its curve is that of a longer period";
    if (period_days[period] == 120 && span_days > 30 && hashtag_has_daily_points(hashtag))
        return "its curve has a point a day, so it is not of 120 days";
    return NULL;
}

static enum status read_row(struct hashtag_reader *reader, const json_t *row,
                            const struct source_question *question, source_read_row *read,
                            struct hashtag *hashtag)
{
    TRY(read(reader, row, question, hashtag));
    const char *fault = row_fault(hashtag);
    return fault ? reason_set(reader->reason, STATUS_INVALID, "%s", fault) : STATUS_OK;
}

static enum status check_page(const struct source_question *question,
                              const struct source_page *page, instant now,
                              struct reason *reason)
{
    struct ranking ranking = {.list = question->list,
                              .source = TEXT("source"),
                              .hashtags = page->hashtags,
                              .hashtag_count = page->hashtag_count};
    TRY(ranking_check(&ranking, reason));
    for (size_t i = 0; i < page->hashtag_count; i++) {
        const struct hashtag *hashtag = &page->hashtags[i];
        const char *fault = curve_fault(hashtag, question->list.period, now);
        if (fault)
            return reason_set(reason, STATUS_INVALID, "the hashtag of rank %lld: %s",
                              (long long)hashtag->rank, fault);
    }
    if (question->page > 1 && page->hashtag_count > 0 && page->hashtags[0].rank == 1)
        return reason_set(reason, STATUS_INVALID, "page %u begins with rank 1 again",
                          question->page);
    return STATUS_OK;
}

static enum status read_rows(const struct source_question *question, const json_t *rows,
                             struct hashtag_reader *reader, source_read_row *read,
                             struct source_page *page)
{
    size_t count = json_array_size(rows);
    if (count > RANKING_HASHTAGS_MAX)
        return reason_set(reader->reason, STATUS_TOO_LARGE, "it has %zu rows, %d are the most",
                          count, RANKING_HASHTAGS_MAX);
    struct hashtag *hashtags = arena_take(reader->arena, count * sizeof(*hashtags));
    if (!hashtags)
        return reason_set(reader->reason, STATUS_TOO_LARGE, "it takes too much memory");
    for (size_t i = 0; i < count; i++) {
        struct reason fault = {0};
        struct reason *whole = reader->reason;
        reader->reason = &fault;
        enum status status = read_row(reader, json_array_get(rows, i), question, read,
                                      &hashtags[i]);
        reader->reason = whole;
        if (status != STATUS_OK)
            return reason_set(whole, status, "row %zu: %s", i + 1, fault.sentence);
    }
    page->hashtags = hashtags;
    page->hashtag_count = count;
    return STATUS_OK;
}

enum source_verdict source_read_rows(const struct source_question *question, const json_t *rows,
                                     instant now, source_read_row *read, struct arena *arena,
                                     struct source_page *page, struct reason *reason)
{
    struct hashtag_reader reader = {
        .arena = arena, .reason = reason, .takes_unknown_industries = true};
    if (rows && !json_is_null(rows) && !json_is_array(rows)) {
        (void)reason_set(reason, STATUS_INVALID, "its list is no array");
        return SOURCE_BROKEN;
    }
    if (read_rows(question, rows, &reader, read, page) != STATUS_OK)
        return SOURCE_BROKEN;
    contradictions_mend(page);
    if (check_page(question, page, now, reason) != STATUS_OK)
        return SOURCE_BROKEN;
    page->warnings += reader.unknown_industries;
    if (reader.unknown_industries > 0 && !page->warning[0])
        (void)snprintf(page->warning, sizeof(page->warning),
                       "%zu hashtags are of an industry that is not known",
                       reader.unknown_industries);
    return SOURCE_GIVEN;
}

void source_read_more(const json_t *pagination, const char *name, size_t rows,
                      unsigned page_size, struct source_page *page)
{
    bool has_more = rows >= page_size;
    bool is_told = json_read_boolean(pagination, name, &has_more);
    page->promises_more = is_told && has_more && rows > 0;
    page->is_last = rows == 0 || !has_more;
}

struct text source_url(const struct source_options *options, struct arena *arena,
                       const char *format, ...)
{
    char query[CLIENT_URL_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(query, sizeof(query), format, arguments);
    va_end(arguments);
    check(length > 0 && (size_t)length < sizeof(query));
    char *url = arena_take(arena, options->base_url.length + (size_t)length);
    check(url); /* an arena for a list has room for an address */
    memcpy(url, options->base_url.at, options->base_url.length);
    memcpy(url + options->base_url.length, query, (size_t)length);
    return (struct text){url, options->base_url.length + (size_t)length};
}

enum status source_check_url(const struct source_options *options, struct reason *reason)
{
    struct text url = options->base_url;
    struct text host = text_starts_with(url, TEXT("https://"))  ? text_slice(url, 8, url.length)
                       : text_starts_with(url, TEXT("http://")) ? text_slice(url, 7, url.length)
                                                                : TEXT("");
    bool is_plain = host.length > 0 && host.at[0] != '/' && host.at[host.length - 1] != '/' &&
                    url.length <= SOURCE_URL_BYTES_MAX;
    for (size_t i = 0; i < host.length && is_plain; i++)
        is_plain = host.at[i] > ' ' && host.at[i] < 0x7F && !memchr("?#@\\", host.at[i], 4);
    if (is_plain)
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID,
                      "base_url must be the address that paths are added to, such as "
                      "https://HOST, without '/' at its end");
}
