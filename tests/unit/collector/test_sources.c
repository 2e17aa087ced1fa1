/* What the sources ask, and what their answers come to: well, badly and oddly. */
#include "collector/contradictions.h"
#include "support/shared_files.h"
#include "support/unit.h"

#include <stdio.h>

#define NOW_SECONDS INT64_C(1761056551) /* 2025-10-21T14:22:31Z */

/* A question, what is answered, and what came of it. */
struct reading {
    struct arena arena;
    struct source_page page;
    struct reason reason;
    enum source_verdict verdict;
};

static struct list_key list_of(const char *country, int days, int64_t industry_id)
{
    unsigned index = 0;
    unsigned period;
    unsigned industry = INDUSTRY_ALL;
    assert_int_equal(country_find(text_of(country), &index), STATUS_OK);
    assert_int_equal(period_find(days, &period), STATUS_OK);
    if (industry_id > 0)
        assert_int_equal(industry_find(industry_id, &industry), STATUS_OK);
    return (struct list_key){(uint8_t)index, (uint8_t)period, (uint8_t)industry};
}

static void read_as(struct reading *reading, const char *name, struct source_question question,
                    struct client_answer answer, int64_t now_seconds)
{
    const struct source *source = source_find(text_of(name));
    assert_non_null(source);
    memset(reading, 0, sizeof(*reading));
    arena_init(&reading->arena, RANKING_ARENA_BYTES_MAX);
    reading->verdict = source->read(&question, &answer, instant_of_seconds(now_seconds),
                                    &reading->arena, &reading->page, &reading->reason);
    if (reading->verdict != SOURCE_GIVEN)
        assert_string_not_equal(reading->reason.sentence, "");
}

static void read_page(struct reading *reading, const char *name, int days, unsigned page,
                      const char *body)
{
    read_as(reading, name, (struct source_question){list_of("US", days, 0), page},
            (struct client_answer){
                .http_status = 200, .body = text_of(body), .retry_after_seconds = -1},
            NOW_SECONDS);
}

static void reading_finish(struct reading *reading)
{
    arena_finish(&reading->arena);
}

static void expect_given(const struct reading *reading, size_t hashtags, size_t warnings)
{
    assert_string_equal(reading->reason.sentence, "");
    assert_int_equal(reading->verdict, SOURCE_GIVEN);
    assert_int_equal(reading->page.hashtag_count, hashtags);
    if (reading->page.warnings != warnings)
        fail_msg("%zu warnings: %s", reading->page.warnings, reading->page.warning);
    assert_int_equal(reading->page.warning[0] != '\0', warnings > 0);
}

#define CENTER(rows, pagination)                                                               \
    "{\"code\":0,\"msg\":\"OK\",\"request_id\":\"r\",\"data\":{\"list\":[" rows                \
    "],\"pagination\":" pagination "}}"
#define ROW(id, rank, more)                                                                    \
    "{\"hashtag_id\":\"" id "\",\"hashtag_name\":\"n" id "\",\"publish_cnt\":5,"               \
    "\"video_views\":5000000000,\"rank\":" rank more "}"
#define MORE "{\"page\":1,\"size\":50,\"total\":100,\"has_more\":true}"
#define DONE "{\"page\":2,\"size\":50,\"total\":100,\"has_more\":false}"

#define FIFTY "12345678901234567890123456789012345678901234567890"
#define LONG_ID FIFTY FIFTY FIFTY FIFTY

#define ONE(rows) "{\"BaseResp\":{\"StatusCode\":0},\"items\":[" rows "]}"
#define ITEM(id, rank, more)                                                                   \
    "{\"hashtagID\":" id ",\"hashtagName\":\"n\",\"publishCnt\":\"17\",\"vv\":\"5000000000\"," \
    "\"rankIndex\":\"" rank "\"" more "}"

#define BUSINESS(rows)                                                                         \
    "{\"code\":0,\"message\":\"OK\",\"request_id\":\"r\",\"data\":{\"filter_info\":"           \
    "{\"country_code\":\"US\",\"date_range\":\"7DAY\",\"category_name\":\"ALL\"},\"list\":"    \
    "[" rows "]}}"
#define TAG(id, rank, change, more)                                                            \
    "{\"hashtag_id\":\"" id "\",\"hashtag_name\":\"n\",\"rank_position\":\"" rank              \
    "\",\"rank_change\":" change ",\"views\":5000000000,\"posts\":7" more "}"

static void center_gives_all_our_fields(void **state)
{
    struct reading reading;
    (void)state;
    read_page(
        &reading, "creative-center", 7, 1,
        CENTER(ROW("7243453127734525954", "2", ",\"rank_diff\":1,\"rank_diff_type\":3") "," ROW(
                   "405389", "1",
                   ",\"is_promoted\":true,\"rank_diff_type\":4,"
                   "\"country_info\":{\"id\":\"US\",\"value\":\"x\",\"label\":\"US\"},"
                   "\"industry_info\":{\"id\":22000000000,\"value\":\"x\"},"
                   "\"trend\":[{\"time\":1760918400,\"value\":1},"
                   "{\"time\":1760832000,\"value\":0.7}],"
                   "\"creators\":[{\"nick_name\":\"c\",\"avatar_url\":\"u\"}]"),
               MORE));
    expect_given(&reading, 2, 0);
    const struct hashtag *first = &reading.page.hashtags[0];
    const struct hashtag *second = &reading.page.hashtags[1];
    assert_true(text_equals(first->id, TEXT("405389")));
    assert_true(first->is_promoted);
    assert_int_equal(first->rank_change, RANK_NEW);
    assert_int_equal(industry_at(first->industry)->id, 22000000000);
    assert_int_equal(first->trend_count, 2);
    assert_int_equal(first->trend[0].time, 1760832000); /* sorted */
    assert_int_equal(first->trend[0].hundredths, 70);
    assert_int_equal(first->creator_count, 1);
    assert_int_equal(first->views, 5000000000);
    assert_true(text_equals(second->id, TEXT("7243453127734525954")));
    assert_int_equal(second->rank_diff, 1);
    assert_true(reading.page.tells_change);
    assert_false(reading.page.is_last);
    reading_finish(&reading);
}

static void the_last_page_is_told(void **state)
{
    static const struct {
        const char *name, *body;
        bool is_last;
    } rows[] = {
        {"creative-center", CENTER(ROW("1", "1", ""), MORE), false},
        {"creative-center", CENTER(ROW("1", "1", ""), DONE), true},
        {"creative-center", CENTER(ROW("1", "1", ""), "null"), true},
        {"creative-center", CENTER("", MORE), true},
        {"creative-one", ONE(ITEM("1", "1", "")), true},
        {"creative-one",
         "{\"BaseResp\":{\"StatusCode\":0},\"items\":[" ITEM(
             "1", "1", "") "],\"pagination\":{\"hasMore\":true}}",
         false},
        {"business-api", BUSINESS(TAG("1", "1", "0", "")), true},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct reading reading;
        read_page(&reading, rows[i].name, 7, 1, rows[i].body);
        assert_int_equal(reading.verdict, SOURCE_GIVEN);
        if (reading.page.is_last != rows[i].is_last)
            fail_msg("%s", rows[i].body);
        reading_finish(&reading);
    }
}

static void one_has_texts_for_numbers_and_any_scale(void **state)
{
    struct reading reading;
    (void)state;
    read_page(
        &reading, "creative-one", 7, 1,
        ONE(ITEM(
            "7243453127734525954", "1",
            ",\"industryIDs\":[\"22000000000\",23000000000],\"popularityCurve\":["
            "{\"timestamp\":\"1760918400\",\"value\":160},"
            "{\"timestamp\":1760745600,\"value\":\"40\"},"
            "{\"timestamp\":1760832000,\"value\":80.5}]") "," ITEM("2534", "2",
                                                                   ",\"popularityCurve\":null,"
                                                                   "\"industryIDs\":null")));
    expect_given(&reading, 2, 0);
    const struct hashtag *first = &reading.page.hashtags[0];
    assert_true(text_equals(first->id, TEXT("7243453127734525954")));
    assert_int_equal(first->posts, 17);
    assert_int_equal(first->views, 5000000000);
    assert_int_equal(industry_at(first->industry)->id, 22000000000);
    assert_int_equal(first->trend_count, 3);
    assert_int_equal(first->trend[0].time, 1760745600);
    assert_int_equal(first->trend[0].hundredths, 25);
    assert_int_equal(first->trend[1].hundredths, 50);
    assert_int_equal(first->trend[2].hundredths, 100);
    assert_false(reading.page.tells_change);
    assert_int_equal(first->rank_change, RANK_UNTOLD); /* our own history will say */
    reading_finish(&reading);
}

static void business_tells_change_and_history(void **state)
{
    struct reading reading;
    (void)state;
    read_page(
        &reading, "business-api", 7, 1,
        BUSINESS(TAG(
            "1", "1", "\"4\"",
            ",\"trending_history\":["
            "{\"date\":\"2025-10-20\",\"rank_position_daily\":\"1\","
            "\"views_daily\":400},"
            "{\"date\":\"2025-10-19\",\"views_daily\":\"100\"},"
            "{\"date\":\"2025-10-18\",\"views_daily\":null},"
            "{\"date\":\"2025-10-14 00:00:00\",\"views_daily\":200},"
            "{\"date\":\"2025-10-13\",\"views_daily\":900}]") "," TAG("2", "2", "\"NEW\"",
                                                                      "") "," TAG("3", "3",
                                                                                  "-7",
                                                                                  "") "," TAG("4",
                                                                                              "4",
                                                                                              "0",
                                                                                              "") "," TAG("5",
                                                                                                          "6",
                                                                                                          "\"+3\"",
                                                                                                          "") "," TAG("6",
                                                                                                                      "7",
                                                                                                                      "null",
                                                                                                                      "")));
    expect_given(&reading, 6, 0);
    const struct hashtag *hashtags = reading.page.hashtags;
    assert_int_equal(hashtags[0].rank_change, RANK_UP);
    assert_int_equal(hashtags[0].rank_diff, 4);
    assert_int_equal(hashtags[0].trend_count, 3); /* the seven days to the newest */
    assert_int_equal(hashtags[0].trend[0].hundredths, 50);
    assert_int_equal(hashtags[0].trend[1].hundredths, 25);
    assert_int_equal(hashtags[0].trend[2].hundredths, 100);
    assert_int_equal(hashtags[1].rank_change, RANK_NEW);
    assert_int_equal(hashtags[2].rank_change, RANK_DOWN);
    assert_int_equal(hashtags[2].rank_diff, 7);
    assert_int_equal(hashtags[3].rank_change, RANK_UNCHANGED);
    assert_int_equal(hashtags[4].rank_change, RANK_UP);
    assert_int_equal(hashtags[4].rank_diff, 3);
    assert_int_equal(hashtags[5].rank_change, RANK_UNTOLD);
    reading_finish(&reading);
}

static void tells_refusals_apart(void **state)
{
    static const char *const names[] = {"creative-center", "creative-one", "business-api"};
    static const struct {
        unsigned http_status;
        int64_t retry_after;
        enum source_verdict verdict;
    } rows[] = {
        {204, -1, SOURCE_BROKEN},        {302, -1, SOURCE_BROKEN},
        {400, -1, SOURCE_REFUSED},       {401, -1, SOURCE_NOT_PERMITTED},
        {403, -1, SOURCE_NOT_PERMITTED}, {404, -1, SOURCE_BROKEN},
        {429, -1, SOURCE_THROTTLED},     {429, 30, SOURCE_THROTTLED},
        {500, -1, SOURCE_BROKEN},        {503, -1, SOURCE_BROKEN},
        {503, 60, SOURCE_THROTTLED},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        for (size_t k = 0; k < LENGTH_OF(names); k++) {
            struct reading reading;
            struct client_answer answer = {.http_status = rows[i].http_status,
                                           .body = TEXT("{\"code\":0}"),
                                           .retry_after_seconds = rows[i].retry_after};
            read_as(&reading, names[k], (struct source_question){list_of("US", 7, 0), 1},
                    answer, NOW_SECONDS);
            if (reading.verdict != rows[i].verdict)
                fail_msg("%s, HTTP %u: %d", names[k], rows[i].http_status,
                         (int)reading.verdict);
            reading_finish(&reading);
        }
    }
}

static void reads_the_code_of_http_200(void **state)
{
    static const struct {
        const char *name, *body;
        enum source_verdict verdict;
        const char *words;
    } rows[] = {
        {"creative-center", "{\"code\":40101,\"msg\":\"no permission\"}", SOURCE_NOT_PERMITTED,
         "40101, not permitted: renew the headers in headers_file (no permission)"},
        {"creative-center", "{\"code\":\"40101\",\"msg\":\"x\"}", SOURCE_NOT_PERMITTED,
         "40101"},
        {"creative-center", "{\"code\":40000,\"msg\":\"x\"}", SOURCE_REFUSED, "a bad argument"},
        {"creative-center", "{\"code\":50000}", SOURCE_BROKEN, "not known (no message)"},
        {"creative-center", "{\"code\":5,\"msg\":\"a\\nb\"}", SOURCE_BROKEN, "control char"},
        {"creative-center", "{\"data\":{\"list\":[]}}", SOURCE_BROKEN, "has no code"},
        {"creative-center", "{\"code\":true,\"data\":{\"list\":[]}}", SOURCE_BROKEN, "no code"},
        {"creative-one", "{\"BaseResp\":{\"StatusCode\":40101}}", SOURCE_NOT_PERMITTED, "4010"},
        {"creative-one", "{\"code\":40101,\"msg\":\"login\"}", SOURCE_NOT_PERMITTED, "login"},
        {"creative-one", "{\"BaseResp\":{\"StatusCode\":7,\"StatusMessage\":\"m\"}}",
         SOURCE_BROKEN, "7, which is not known (m)"},
        {"creative-one", "{\"items\":[]}", SOURCE_BROKEN, "has no StatusCode"},
        {"creative-one", ONE(ITEM("1", "1", "") "," ITEM("2", "2", "") "," ITEM("3", "3", "")),
         SOURCE_NOT_PERMITTED, "not logged in"},
        {"business-api", "{\"code\":40105,\"message\":\"m\"}", SOURCE_NOT_PERMITTED,
         "renew access_token (m)"},
        {"business-api", "{\"code\":40001}", SOURCE_NOT_PERMITTED, "permission"},
        {"business-api", "{\"code\":40100}", SOURCE_THROTTLED, "too many requests"},
        {"business-api", "{\"code\":40002}", SOURCE_REFUSED, "a bad argument"},
        {"business-api", "{\"code\":51000}", SOURCE_BROKEN, "not known"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct reading reading;
        read_page(&reading, rows[i].name, 7, 1, rows[i].body);
        if (reading.verdict != rows[i].verdict ||
            !strstr(reading.reason.sentence, rows[i].words))
            fail_msg("%s: %d, %s", rows[i].body, (int)reading.verdict, reading.reason.sentence);
        reading_finish(&reading);
    }
}

static void refuses_what_is_broken(void **state)
{
    static const struct {
        const char *name, *body, *words;
    } rows[] = {
        {"creative-center", "", "with nothing"},
        {"creative-center", " \n<!doctype html><html>", "a page of HTML"},
        {"creative-one", "<html>", "a page of HTML"},
        {"business-api", "<html>", "a page of HTML"},
        {"creative-center", "[]", "something else, not a JSON object"},
        {"creative-center", "{\"code\":0,", "its answer is broken"},
        {"creative-center", "{\"code\":0,\"data\":{}}", "has no list"},
        {"creative-center", "{\"code\":0,\"data\":{\"list\":{}}}", "its list is no array"},
        {"creative-center", CENTER("7", MORE), "row 1: a hashtag should stand there"},
        {"creative-center", CENTER(ROW("1", "1.5", ""), MORE), "row 1: rank is not a whole"},
        {"creative-center", CENTER(ROW("1", "null", ""), MORE), "row 1: rank is missing"},
        {"creative-center", CENTER(ROW("1", "0", ""), MORE), "row 1: its rank is outside"},
        {"creative-center", CENTER(ROW("1", "9223372036854775807", ""), MORE),
         "rank is outside"},
        {"creative-center", CENTER(ROW("1", "1", ",\"rank_diff\":-9223372036854775807"), MORE),
         "a million"},
        {"creative-center", CENTER(ROW("1", "1", ",\"rank_diff_type\":5"), MORE),
         "1, 2, 3 and 4"},
        {"creative-center", CENTER(ROW("12345678901234567890", "1", ""), MORE),
         "1 to 19 digits"},
        {"creative-center", CENTER(ROW("1", "1", ",\"hashtag_id\":\"2\""), MORE), "broken"},
        {"creative-center", CENTER(ROW("x", "1", ""), MORE), "1 to 19 digits"},
        {"creative-center", CENTER(ROW(LONG_ID, "1", "") "," ROW(LONG_ID, "2", ""), MORE),
         "1 to 19 digits"},
        {"creative-center", CENTER(ROW("1", "1", ",\"country_info\":{\"id\":\"DE\"}"), MORE),
         "another country, DE"},
        {"creative-center",
         CENTER(ROW("1", "1", ",\"trend\":[{\"time\":1761350400,\"value\":1}]"), MORE),
         "into the future"},
        {"creative-center",
         CENTER(ROW("1", "1",
                    ",\"trend\":[{\"time\":1758326400,\"value\":1},"
                    "{\"time\":1760918400,\"value\":1}]"),
                MORE),
         "of a longer period"},
        {"creative-one",
         ONE("{\"hashtagID\":2.5e18,\"hashtagName\":\"n\",\"publishCnt\":1,\"vv\":1,"
             "\"rankIndex\":1}"),
         "neither a text of digits nor a whole number"},
        {"creative-one",
         ONE(ITEM("1", "1", ",\"popularityCurve\":[{\"timestamp\":1,\"value\":-1}]")),
         "no number from 0"},
        {"creative-one", "{\"BaseResp\":{\"StatusCode\":0}}", "has no items"},
        {"business-api", BUSINESS(TAG("1", "1", "\"UP\"", "")), "whole number nor NEW"},
        {"business-api", BUSINESS(TAG("1", "1", "-9223372036854775808", "")), "a million"},
        {"business-api",
         BUSINESS(TAG("1", "1", "0", ",\"trending_history\":[{\"date\":\"soon\"}]")),
         "no date"},
        {"business-api", BUSINESS(TAG("1", "1", "0", ",\"trending_history\":7")), "no array"},
        {"business-api",
         "{\"code\":0,\"data\":{\"filter_info\":{\"country_code\":\"GB\"},\"list\":[]}}",
         "another country or time"},
        {"business-api",
         "{\"code\":0,\"data\":{\"filter_info\":{\"date_range\":\"30DAY\"},\"list\":[]}}",
         "another country or time"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct reading reading;
        read_page(&reading, rows[i].name, 7, 1, rows[i].body);
        if (reading.verdict != SOURCE_BROKEN || !strstr(reading.reason.sentence, rows[i].words))
            fail_msg("%s: %d, %s", rows[i].body, (int)reading.verdict, reading.reason.sentence);
        reading_finish(&reading);
    }
}

static void never_sells_thirty_days_as_120(void **state)
{
    char body[8192] = CENTER("", MORE);
    struct reading reading;
    struct buffer built;
    (void)state;
    buffer_init_on(&built, body, sizeof(body) - 1);
    buffer_append(&built, TEXT("{\"code\":0,\"data\":{\"list\":[{\"hashtag_id\":\"1\","
                               "\"hashtag_name\":\"n\",\"publish_cnt\":1,\"video_views\":1,"
                               "\"rank\":1,\"trend\":["));
    for (int i = 0; i < 90; i++)
        buffer_append_format(&built, "%s{\"time\":%lld,\"value\":1}", i ? "," : "",
                             (long long)(1760918400 - i * DAY_SECONDS));
    buffer_append(&built, TEXT("]}]}}"));
    assert_false(built.overflowed);
    body[built.length] = '\0';
    read_page(&reading, "creative-center", 120, 1, body);
    assert_int_equal(reading.verdict, SOURCE_BROKEN);
    assert_non_null(strstr(reading.reason.sentence, "not of 120 days"));
    reading_finish(&reading);
}

static void a_second_page_does_not_begin_anew(void **state)
{
    struct reading reading;
    (void)state;
    read_page(&reading, "creative-center", 7, 2, CENTER(ROW("1", "51", ""), DONE));
    expect_given(&reading, 1, 0);
    reading_finish(&reading);
    read_page(&reading, "creative-center", 7, 2, CENTER(ROW("1", "1", ""), DONE));
    assert_int_equal(reading.verdict, SOURCE_BROKEN);
    assert_non_null(strstr(reading.reason.sentence, "page 2 begins with rank 1 again"));
    reading_finish(&reading);
}

static void contradictions_are_mended_and_counted(void **state)
{
    static const struct {
        const char *body;
        size_t hashtags, warnings;
        const char *words;
    } rows[] = {
        {CENTER(ROW("1", "1", "") "," ROW("2", "1", "") "," ROW("3", "2", ""), MORE), 3, 1,
         "the rank 1 is there twice"},
        {CENTER(ROW("1", "1", "") "," ROW("1", "2", "") "," ROW("3", "3", ""), MORE), 2, 1,
         "the hashtag 1 is there twice"},
        {CENTER(ROW("1", "1", ",\"rank_diff\":2,\"rank_diff_type\":1") "," ROW(
                    "2", "2", ",\"rank_diff\":1,\"rank_diff_type\":1"),
                MORE),
         2, 1, "the hashtags 1 and 2 both come from rank 3"},
        {CENTER(ROW("1", "1", ",\"rank_diff_type\":2") "," ROW(
                    "2", "3", ",\"rank_diff\":2,\"rank_diff_type\":3"),
                MORE),
         2, 1, "the hashtags 1 and 2 both come from rank 1"},
        {CENTER(ROW("1", "1", ",\"rank_diff\":-2,\"rank_diff_type\":1"), MORE), 1, 1,
         "moved by -2 ranks"},
        {CENTER(ROW("1", "1", ",\"rank_diff\":2,\"rank_diff_type\":4"), MORE), 1, 1,
         "new or unchanged, but moved by 2"},
        {CENTER(ROW("1", "1", ",\"industry_info\":{\"id\":99}"), MORE), 1, 1,
         "1 hashtags are of an industry that is not known"},
        {CENTER(ROW("1", "1", ",\"rank_diff\":1,\"rank_diff_type\":1") "," ROW(
                    "2", "2",
                    ",\"rank_diff\":1,\"rank_diff_type\":3") "," ROW("3", "3",
                                                                     ",\"rank_diff_type\":4"),
                MORE),
         3, 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct reading reading;
        read_page(&reading, "creative-center", 7, 1, rows[i].body);
        expect_given(&reading, rows[i].hashtags, rows[i].warnings);
        assert_string_equal(reading.page.warning[0] ? "some" : "",
                            rows[i].words[0] ? "some" : "");
        if (!strstr(reading.page.warning, rows[i].words))
            fail_msg("%s: %s", rows[i].body, reading.page.warning);
        for (size_t k = 1; k < reading.page.hashtag_count; k++)
            assert_true(reading.page.hashtags[k].rank > reading.page.hashtags[k - 1].rank);
        reading_finish(&reading);
    }
}

static void the_earlier_of_one_rank_stays_first(void **state)
{
    struct reading reading;
    (void)state;
    read_page(&reading, "creative-center", 7, 1,
              CENTER(ROW("9", "2", "") "," ROW("8", "1", "") "," ROW("7", "2",
                                                                     "") "," ROW("6", "2", ""),
                     MORE));
    assert_int_equal(reading.verdict, SOURCE_GIVEN);
    static const char *const ids[] = {"8", "9", "7", "6"};
    for (size_t i = 0; i < LENGTH_OF(ids); i++) {
        assert_true(text_equals(reading.page.hashtags[i].id, text_of(ids[i])));
        assert_int_equal(reading.page.hashtags[i].rank, i + 1);
    }
    reading_finish(&reading);
}

static void an_empty_list_is_one(void **state)
{
    static const char *const bodies[] = {CENTER("", MORE),
                                         "{\"code\":0,\"data\":{\"list\":null}}"};
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(bodies); i++) {
        struct reading reading;
        read_page(&reading, "creative-center", 7, 1, bodies[i]);
        expect_given(&reading, 0, 0);
        assert_true(reading.page.is_last);
        reading_finish(&reading);
    }
}

static const struct client_header own[] = {{TEXT_INITIAL("user-sign"), TEXT_INITIAL("abc")}};

static const struct source_options options = {
    .base_url = TEXT_INITIAL("https://a.example"),
    .access_token = TEXT_INITIAL("secret"),
    .advertiser_id = TEXT_INITIAL("7000000000000000001"),
    .headers = own,
    .header_count = 1};

static void expect_request(const char *name, struct list_key list, unsigned page,
                           const char *url, const char *body)
{
    struct arena arena;
    struct client_request request;
    const struct source *source = source_find(text_of(name));
    const struct source_question question = {list, page};
    arena_init(&arena, 16 * 1024);
    assert_true(source->gives(list));
    source->ask(&options, &question, &arena, &request);
    if (!text_equals(request.url, text_of(url)))
        fail_msg("%.*s", TEXT_PRINT(request.url));
    if (!text_equals(request.body, text_of(body)))
        fail_msg("%.*s", TEXT_PRINT(request.body));
    assert_true(text_equals(request.headers[0].name, TEXT("user-sign")));
    bool has_token = text_equals(text_of(name), TEXT("business-api"));
    assert_int_equal(request.header_count, has_token ? 2 : 1);
    if (has_token) {
        assert_true(text_equals(request.headers[1].name, TEXT("Access-Token")));
        assert_true(text_equals(request.headers[1].value, TEXT("secret")));
    }
    arena_finish(&arena);
}

static void asks_as_each_is_asked(void **state)
{
    (void)state;
    expect_request("creative-center", list_of("US", 7, 0), 1,
                   "https://a.example/creative_radar_api/v1/popular_trend/hashtag/list"
                   "?page=1&limit=50&period=7&country_code=US&sort_by=popular",
                   "");
    expect_request("creative-center", list_of("ALL", 120, 22000000000), 2,
                   "https://a.example/creative_radar_api/v1/popular_trend/hashtag/list"
                   "?page=2&limit=50&period=120&industry_id=22000000000&sort_by=popular",
                   "");
    expect_request("creative-one", list_of("DE", 30, 0), 3,
                   "https://a.example/CreativeOne/KnowledgeAPI/GetHashtagList",
                   "{\"timeRange\":30,\"countryCode\":\"DE\",\"page\":3,\"limit\":20}");
    expect_request("creative-one", list_of("DE", 7, 22000000000), 1,
                   "https://a.example/CreativeOne/KnowledgeAPI/GetHashtagList",
                   "{\"timeRange\":7,\"countryCode\":\"DE\",\"page\":1,\"limit\":20,"
                   "\"industryID\":22000000000}");
    expect_request("business-api", list_of("GB", 120, 0), 1,
                   "https://a.example/open_api/v1.3/discovery/trending_list/"
                   "?advertiser_id=7000000000000000001&discovery_type=HASHTAG"
                   "&country_code=GB&date_range=120DAY",
                   "");
}

static void gives_only_what_it_has(void **state)
{
    const struct source *one = source_find(TEXT("creative-one"));
    const struct source *business = source_find(TEXT("business-api"));
    (void)state;
    assert_false(one->gives(list_of("US", 120, 0))); /* its 90 days are not sold as 120 */
    assert_false(one->gives(list_of("ALL", 7, 0)));
    assert_false(business->gives(list_of("ALL", 7, 0)));
    assert_false(business->gives(list_of("US", 7, 22000000000)));
    assert_false(source_find(TEXT("file"))->gives(list_of("US", 7, 0)));
    assert_false(source_find(TEXT("sample"))->gives(list_of("US", 7, 0)));
    assert_null(source_find(TEXT("")));
    for (size_t i = 0; sources[i]; i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(sources[i]->preference, sources[k]->preference);
}

static void says_what_setting_is_missing(void **state)
{
    static const char *const urls[] = {"",
                                       "a.example",
                                       "ftp://a.example",
                                       "https://",
                                       "https:///x",
                                       "https://a.example/",
                                       "https://a.example/x?y",
                                       "https://me@a.example",
                                       "https://a example"};
    struct reason reason;
    (void)state;
    for (size_t k = 0; sources[k] && sources[k]->ask; k++) { /* those come first */
        assert_int_equal(sources[k]->accepts(&options, &reason), STATUS_OK);
        for (size_t i = 0; i < LENGTH_OF(urls); i++) {
            struct source_options other = options;
            other.base_url = text_of(urls[i]);
            assert_int_equal(sources[k]->accepts(&other, &reason), STATUS_INVALID);
            assert_non_null(strstr(reason.sentence, "base_url"));
        }
    }
    struct source_options other = options;
    other.access_token = TEXT("");
    assert_int_equal(source_find(TEXT("business-api"))->accepts(&other, &reason),
                     STATUS_INVALID);
    assert_non_null(strstr(reason.sentence, "access_token"));
    other.access_token = TEXT("a\r\nX: y");
    assert_int_equal(source_find(TEXT("business-api"))->accepts(&other, &reason),
                     STATUS_INVALID);
    assert_null(strstr(reason.sentence, "X: y"));
    other = options;
    other.advertiser_id = TEXT("1&country_code=GB");
    assert_int_equal(source_find(TEXT("business-api"))->accepts(&other, &reason),
                     STATUS_INVALID);
    assert_non_null(strstr(reason.sentence, "advertiser_id"));
}

static void real_answers_are_read(void **state)
{
    static const struct {
        const char *path, *name;
        int64_t now_seconds;
        const char *id;
        bool is_last;
    } rows[] = {
        {"data/US-7d-2025-10-21-excerpt.json", "creative-center", NOW_SECONDS, "601255", false},
        {"data/creative-one-GetHashtagList-excerpt.json", "creative-one", 1787702400, "2534",
         true},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct text bytes;
        struct reading reading;
        if (!shared_file_read(rows[i].path, &bytes))
            continue;
        read_as(&reading, rows[i].name, (struct source_question){list_of("US", 7, 0), 1},
                (struct client_answer){.http_status = 200, .body = bytes}, rows[i].now_seconds);
        expect_given(&reading, 1, 0);
        assert_true(text_equals(reading.page.hashtags[0].id, text_of(rows[i].id)));
        assert_int_equal(reading.page.is_last, rows[i].is_last);
        reading_finish(&reading);
        free((char *)(uintptr_t)bytes.at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(center_gives_all_our_fields),
        cmocka_unit_test(the_last_page_is_told),
        cmocka_unit_test(one_has_texts_for_numbers_and_any_scale),
        cmocka_unit_test(business_tells_change_and_history),
        cmocka_unit_test(tells_refusals_apart),
        cmocka_unit_test(reads_the_code_of_http_200),
        cmocka_unit_test(refuses_what_is_broken),
        cmocka_unit_test(never_sells_thirty_days_as_120),
        cmocka_unit_test(a_second_page_does_not_begin_anew),
        cmocka_unit_test(contradictions_are_mended_and_counted),
        cmocka_unit_test(the_earlier_of_one_rank_stays_first),
        cmocka_unit_test(an_empty_list_is_one),
        cmocka_unit_test(asks_as_each_is_asked),
        cmocka_unit_test(gives_only_what_it_has),
        cmocka_unit_test(says_what_setting_is_missing),
        cmocka_unit_test(real_answers_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
