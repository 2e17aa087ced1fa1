/* creative-center: the upstream's popular-trend list, in the dialect of our own endpoint.
 *
 * Since mid-2026 it answers 40101 to who does not bring headers of a session that may read it
 * (anonymous-user-id, timestamp, user-sign, ...): the operator's file of headers. */
#include "collector/source_answer.h"

enum { PAGE_SIZE = 50 /* the most that it gives */ };

static const struct source_code codes[] = {
    {40101, SOURCE_NOT_PERMITTED, "not permitted: renew the headers in headers_file"},
    {40100, SOURCE_NOT_PERMITTED, "not permitted: renew the headers in headers_file"},
    {40000, SOURCE_REFUSED, "a bad argument"},
    {0, SOURCE_BROKEN, NULL},
};

static bool gives(struct list_key list)
{
    (void)list;
    return true;
}

static void ask(const struct source_options *options, const struct source_question *question,
                struct arena *arena, struct client_request *request)
{
    char country[32] = "";
    char industry[48] = "";
    if (question->list.country != COUNTRY_ALL)
        (void)snprintf(country, sizeof(country), "&country_code=%.*s",
                       TEXT_PRINT(country_at(question->list.country)->code));
    if (question->list.industry != INDUSTRY_ALL)
        (void)snprintf(industry, sizeof(industry), "&industry_id=%lld",
                       (long long)industry_at(question->list.industry)->id);
    *request = (struct client_request){
        .url = source_url(options, arena,
                          "/creative_radar_api/v1/popular_trend/hashtag/list?page=%u&limit=%d"
                          "&period=%d%s%s&sort_by=popular",
                          question->page, PAGE_SIZE, period_days[question->list.period],
                          country, industry),
        .headers = options->headers,
        .header_count = options->header_count};
}

/* Each row names its country: that of another list would be sold as the wrong one. */
static enum status read_row(struct hashtag_reader *reader, const json_t *row,
                            const struct source_question *question, struct hashtag *hashtag)
{
    struct text code;
    TRY(hashtag_read(reader, row, hashtag));
    if (question->list.country == COUNTRY_ALL ||
        !json_read_text(json_object_get(row, "country_info"), "id", &code) ||
        text_equals_ignoring_case(code, country_at(question->list.country)->code))
        return STATUS_OK;
    return reason_set(reader->reason, STATUS_INVALID, "it is of another country, %.*s",
                      TEXT_PRINT(reason_shown(code)));
}

static enum source_verdict read_answer(const struct source_question *question,
                                       const struct client_answer *answer, instant now,
                                       struct arena *arena, struct source_page *page,
                                       struct reason *reason)
{
    json_t *document CLEANUP(json_document_finish) = NULL;
    *page = (struct source_page){.tells_change = true};
    enum source_verdict verdict = source_open_answer(answer, &document, reason);
    if (verdict == SOURCE_GIVEN)
        verdict = source_read_code(document, "code", "msg", codes, reason);
    if (verdict != SOURCE_GIVEN)
        return verdict;
    const json_t *data = json_object_get(document, "data");
    const json_t *list = json_object_get(data, "list");
    if (!list) {
        (void)reason_set(reason, STATUS_INVALID, "its answer has no list");
        return SOURCE_BROKEN;
    }
    source_read_more(json_object_get(data, "pagination"), "has_more", json_array_size(list),
                     PAGE_SIZE, page);
    return source_read_rows(question, list, now, read_row, arena, page, reason);
}

const struct source source_creative_center = {
    .name = "creative-center",
    .preference = 2,
    .patience = OF_A_STRANGER,
    .page_size = PAGE_SIZE,
    .pages_max = RANKING_HASHTAGS_MAX / PAGE_SIZE,
    .accepts = source_check_url,
    .gives = gives,
    .ask = ask,
    .read = read_answer,
};
