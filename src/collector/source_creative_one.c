/* creative-one: GetHashtagList, the successor of the popular-trend list: no country, no
 * promotion and no rank change in it; numbers are texts at times; curves unsorted and of any
 * scale. */
#include "base/json_write.h"
#include "collector/source_answer.h"

enum {
    PAGE_SIZE = 20,
    LOGGED_OUT_ROWS = 3, /* what comes to who is not logged in, whatever the list holds */
};

static const struct source_code codes[] = {
    {40101, SOURCE_NOT_PERMITTED, "not permitted: renew the headers in headers_file"},
    {40100, SOURCE_NOT_PERMITTED, "not permitted: renew the headers in headers_file"},
    {40000, SOURCE_REFUSED, "a bad argument"},
    {0, SOURCE_BROKEN, NULL},
};

/* It has 90 days where we sell 120: those are another list. Nor is there a global one. */
static bool gives(struct list_key list)
{
    return list.country != COUNTRY_ALL && period_days[list.period] != 120;
}

static void ask(const struct source_options *options, const struct source_question *question,
                struct arena *arena, struct client_request *request)
{
    enum { BODY_BYTES = 160 };
    struct buffer body;
    char *room = arena_take(arena, BODY_BYTES);
    check(room);
    buffer_init_on(&body, room, BODY_BYTES);
    struct json_writer writer = json_writer_on(&body);
    json_object_open(&writer);
    json_member_integer(&writer, TEXT("timeRange"), period_days[question->list.period]);
    json_member_text(&writer, TEXT("countryCode"), country_at(question->list.country)->code);
    json_member_integer(&writer, TEXT("page"), question->page);
    json_member_integer(&writer, TEXT("limit"), PAGE_SIZE);
    if (question->list.industry != INDUSTRY_ALL)
        json_member_integer(&writer, TEXT("industryID"),
                            industry_at(question->list.industry)->id);
    json_object_close(&writer);
    check(!body.overflowed);
    *request = (struct client_request){
        .url = source_url(options, arena, "/CreativeOne/KnowledgeAPI/GetHashtagList"),
        .body = buffer_text(&body),
        .headers = options->headers,
        .header_count = options->header_count};
}

static enum status read_row(struct hashtag_reader *reader, const json_t *row,
                            const struct source_question *question, struct hashtag *hashtag)
{
    (void)question;
    return hashtag_read_one(reader, row, hashtag);
}

static enum source_verdict read_code(const json_t *document, struct reason *reason)
{
    const json_t *response = json_object_get(document, "BaseResp");
    if (!response && json_object_get(document, "code")) /* as the gateway before it answers */
        return source_read_code(document, "code", "msg", codes, reason);
    return source_read_code(response, "StatusCode", "StatusMessage", codes, reason);
}

static enum source_verdict read_answer(const struct source_question *question,
                                       const struct client_answer *answer, instant now,
                                       struct arena *arena, struct source_page *page,
                                       struct reason *reason)
{
    json_t *document CLEANUP(json_document_finish) = NULL;
    *page = (struct source_page){0};
    enum source_verdict verdict = source_open_answer(answer, &document, reason);
    if (verdict == SOURCE_GIVEN)
        verdict = read_code(document, reason);
    if (verdict != SOURCE_GIVEN)
        return verdict;
    const json_t *items = json_object_get(document, "items");
    if (!items) {
        (void)reason_set(reason, STATUS_INVALID, "its answer has no items");
        return SOURCE_BROKEN;
    }
    if (question->page == 1 && json_array_size(items) == LOGGED_OUT_ROWS) {
        (void)reason_set(reason, STATUS_FORBIDDEN,
                         "it gave %d rows, as to who is not logged in: renew the headers in "
                         "headers_file",
                         LOGGED_OUT_ROWS);
        return SOURCE_NOT_PERMITTED;
    }
    source_read_more(json_object_get(document, "pagination"), "hasMore", json_array_size(items),
                     PAGE_SIZE, page);
    return source_read_rows(question, items, now, read_row, arena, page, reason);
}

const struct source source_creative_one = {
    .name = "creative-one",
    .preference = 3,
    .patience = OF_A_STRANGER,
    .page_size = PAGE_SIZE,
    .pages_max = RANKING_HASHTAGS_MAX / PAGE_SIZE,
    .accepts = source_check_url,
    .gives = gives,
    .ask = ask,
    .read = read_answer,
};
