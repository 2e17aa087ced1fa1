/* business-api: the Trending List of TikTok's Business API v1.3, the official route.
 *
 * Its parameters are those of the company's own SDK (tiktok-business-api-sdk on GitHub,
 * CreativeManagementApi, discoveryTrendingList), its answer that of the portal's page
 * "Discovery / Get popular hashtags" (business-api.tiktok.com/portal/docs?id=1825119032526849):
 * data.list[] with hashtag_id, hashtag_name, rank_position and rank_change (texts; a change
 * above 0 is a rise, "NEW" was not among the top 200 before), views and posts of country and
 * time, trending_history[] of up to 30 days with date and views_daily. There are no pages, no
 * list of the whole world, and categories that are named otherwise than our industries. */
#include "collector/source_answer.h"

enum { LIST_SIZE = 200 };

/* The portal's appendix of return codes. */
static const struct source_code codes[] = {
    {40001, SOURCE_NOT_PERMITTED, "the advertiser or the app lacks the permission"},
    {40101, SOURCE_NOT_PERMITTED, "not permitted: renew access_token"},
    {40102, SOURCE_NOT_PERMITTED, "the token is over: renew access_token"},
    {40103, SOURCE_NOT_PERMITTED, "the token is over: renew access_token"},
    {40104, SOURCE_NOT_PERMITTED, "the token is empty: set access_token"},
    {40105, SOURCE_NOT_PERMITTED, "the token is wrong: renew access_token"},
    {40100, SOURCE_THROTTLED, "too many requests"},
    {40000, SOURCE_REFUSED, "a bad argument"},
    {40002, SOURCE_REFUSED, "a bad argument"},
    {0, SOURCE_BROKEN, NULL},
};

static enum status check_options(const struct source_options *options, struct reason *reason)
{
    struct client_header token = {TEXT("Access-Token"), options->access_token};
    TRY(source_check_url(options, reason));
    if (options->access_token.length == 0)
        return reason_set(reason, STATUS_INVALID, "access_token is missing");
    if (!text_is_digits(options->advertiser_id) || options->advertiser_id.length > 32)
        return reason_set(reason, STATUS_INVALID,
                          "advertiser_id must be the digits of an advertiser's account");
    if (options->header_count >= CLIENT_HEADERS_MAX)
        return reason_set(reason, STATUS_INVALID, "headers_file has over %d headers",
                          CLIENT_HEADERS_MAX - 1);
    return client_header_check(&token, reason);
}

static bool gives(struct list_key list)
{
    return list.country != COUNTRY_ALL && list.industry == INDUSTRY_ALL;
}

static void ask(const struct source_options *options, const struct source_question *question,
                struct arena *arena, struct client_request *request)
{
    size_t count = options->header_count;
    struct client_header *headers = arena_take(arena, (count + 1) * sizeof(*headers));
    check(headers);
    if (count > 0)
        memcpy(headers, options->headers, count * sizeof(*headers));
    headers[count] = (struct client_header){TEXT("Access-Token"), options->access_token};
    *request = (struct client_request){
        .url = source_url(options, arena,
                          "/open_api/v1.3/discovery/trending_list/?advertiser_id=%.*s"
                          "&discovery_type=HASHTAG&country_code=%.*s&date_range=%dDAY",
                          TEXT_PRINT(options->advertiser_id),
                          TEXT_PRINT(country_at(question->list.country)->code),
                          period_days[question->list.period]),
        .headers = headers,
        .header_count = count + 1};
}

static enum status read_change(struct hashtag_reader *reader, const json_t *row,
                               struct hashtag *hashtag)
{
    const json_t *change = json_object_get(row, "rank_change");
    struct text word = TEXT("");
    int64_t places = 0;
    (void)json_read_text(row, "rank_change", &word);
    if (text_equals_ignoring_case(word, TEXT("NEW"))) {
        hashtag->rank_change = RANK_NEW;
        return STATUS_OK;
    }
    if (!change || json_is_null(change))
        return STATUS_OK;
    if (word.length > 0 && word.at[0] == '+')
        word = text_slice(word, 1, word.length);
    if (text_read_integer(word, &places) != STATUS_OK && !json_read_whole(change, &places))
        return reason_set(reader->reason, STATUS_INVALID,
                          "rank_change is neither a whole number nor NEW");
    if (places == INT64_MIN)
        places++; /* refused later, for its size */
    hashtag->rank_change = places > 0 ? RANK_UP : places < 0 ? RANK_DOWN : RANK_UNCHANGED;
    hashtag->rank_diff = places < 0 ? -places : places;
    return STATUS_OK;
}

/* "2025-10-21", whatever follows the date. A day without a number of views is left out. */
static enum status read_day(struct hashtag_reader *reader, const json_t *day,
                            struct trend_point *point, double *height, bool *is_told)
{
    enum { DATE_LENGTH = sizeof("2025-10-21") - 1 };
    struct text date;
    instant at = {0};
    int64_t views = 0;
    const json_t *written = json_object_get(day, "views_daily");
    if (!json_read_text(day, "date", &date) ||
        instant_read(text_slice(date, 0, DATE_LENGTH), &at) != STATUS_OK)
        return reason_set(reader->reason, STATUS_INVALID,
                          "a day of trending_history has no date");
    *is_told = written && !json_is_null(written);
    if (!*is_told)
        return STATUS_OK;
    if (!json_read_whole(written, &views) || views < 0)
        return reason_set(reader->reason, STATUS_INVALID,
                          "views_daily of trending_history is no whole number from 0");
    *point = (struct trend_point){.time = instant_seconds(at)};
    *height = (double)views;
    return STATUS_OK;
}

/* Of a list of 7 days the history has up to 30: the newest ones are of its period. */
static void keep_period(struct hashtag *hashtag, double *heights, int days)
{
    size_t kept = 0;
    int64_t newest = 0;
    for (size_t i = 0; i < hashtag->trend_count; i++)
        if (hashtag->trend[i].time > newest)
            newest = hashtag->trend[i].time;
    for (size_t i = 0; i < hashtag->trend_count; i++) {
        if (hashtag->trend[i].time <= newest - days * DAY_SECONDS)
            continue;
        heights[kept] = heights[i];
        hashtag->trend[kept++] = hashtag->trend[i];
    }
    hashtag->trend_count = kept;
}

static enum status read_history(struct hashtag_reader *reader, const json_t *history, int days,
                                struct hashtag *hashtag)
{
    double heights[HASHTAG_TREND_MAX] = {0};
    size_t kept = 0;
    if (!history || json_is_null(history))
        return STATUS_OK;
    size_t count = json_array_size(history);
    if (!json_is_array(history) || count > HASHTAG_TREND_MAX)
        return reason_set(reader->reason, STATUS_INVALID,
                          "trending_history is no array, or a very long one");
    TRY(hashtag_take_trend(reader, count, hashtag));
    for (size_t i = 0; i < count; i++) {
        bool is_told = false;
        TRY(read_day(reader, json_array_get(history, i), &hashtag->trend[kept], &heights[kept],
                     &is_told));
        kept += is_told;
    }
    hashtag->trend_count = kept;
    keep_period(hashtag, heights, days);
    hashtag_scale_trend(hashtag, heights);
    return STATUS_OK;
}

static enum status read_row(struct hashtag_reader *reader, const json_t *row,
                            const struct source_question *question, struct hashtag *hashtag)
{
    *hashtag = (struct hashtag){.industry = INDUSTRY_ALL};
    TRY(hashtag_read_id(reader, json_object_get(row, "hashtag_id"), hashtag));
    TRY(hashtag_read_name(reader, row, "hashtag_name", hashtag));
    TRY(hashtag_read_whole(reader, row, "rank_position", &hashtag->rank));
    TRY(hashtag_read_whole(reader, row, "views", &hashtag->views));
    TRY(hashtag_read_whole(reader, row, "posts", &hashtag->posts));
    TRY(read_change(reader, row, hashtag));
    return read_history(reader, json_object_get(row, "trending_history"),
                        period_days[question->list.period], hashtag);
}

/* It answers for the US and 7 days where it does not understand what is asked. */
static bool is_what_was_asked(const json_t *data, const struct source_question *question)
{
    const json_t *filter = json_object_get(data, "filter_info");
    struct text country = country_at(question->list.country)->code;
    struct text range = TEXT("");
    char asked[16];
    int length = snprintf(asked, sizeof(asked), "%dDAY", period_days[question->list.period]);
    struct text answered = country;
    (void)json_read_text(filter, "country_code", &answered);
    if (!json_read_text(filter, "date_range", &range))
        range = (struct text){asked, (size_t)length};
    return text_equals_ignoring_case(answered, country) &&
           text_equals(range, (struct text){asked, (size_t)length});
}

static enum source_verdict read_answer(const struct source_question *question,
                                       const struct client_answer *answer, instant now,
                                       struct arena *arena, struct source_page *page,
                                       struct reason *reason)
{
    json_t *document CLEANUP(json_document_finish) = NULL;
    *page = (struct source_page){.tells_change = true, .is_last = true};
    enum source_verdict verdict = source_open_answer(answer, &document, reason);
    if (verdict == SOURCE_GIVEN)
        verdict = source_read_code(document, "code", "message", codes, reason);
    if (verdict != SOURCE_GIVEN)
        return verdict;
    const json_t *data = json_object_get(document, "data");
    const json_t *list = json_object_get(data, "list");
    if (!list || !is_what_was_asked(data, question)) {
        (void)reason_set(reason, STATUS_INVALID,
                         list ? "it answered with the list of another country or time"
                              : "its answer has no list");
        return SOURCE_BROKEN;
    }
    return source_read_rows(question, list, now, read_row, arena, page, reason);
}

const struct source source_business_api = {
    .name = "business-api",
    .preference = 1,
    .patience = OF_A_STRANGER,
    .page_size = LIST_SIZE,
    .pages_max = 1,
    .accepts = check_options,
    .gives = gives,
    .ask = ask,
    .read = read_answer,
};
