#include "model/ranking.h"
#include "support/unit.h"

#include <stdio.h>

#define US 68

static struct trend_point points[3];
static struct creator creator;
static struct hashtag hashtags[3];
static struct ranking ranking;

/* Three valid hashtags, out of order. */
static int set_up(void **state)
{
    (void)state;
    points[0] = (struct trend_point){1776816000, 47};
    points[1] = (struct trend_point){1776729600, 100};
    points[2] = (struct trend_point){1776902400, 0};
    creator = (struct creator){TEXT("❤️nick"), TEXT("https://example.invalid/a.png")};
    hashtags[0] = (struct hashtag){.id = TEXT("7243453127734525954"),
                                   .name = TEXT("geminiai"),
                                   .rank = 3,
                                   .rank_change = RANK_DOWN,
                                   .rank_diff = 2};
    hashtags[1] = (struct hashtag){.id = TEXT("4777"),
                                   .name = TEXT("prom"),
                                   .industry = 11,
                                   .rank = 1,
                                   .rank_change = RANK_NEW,
                                   .posts = 179872,
                                   .views = 766182036,
                                   .trend = points,
                                   .trend_count = 3};
    hashtags[2] = (struct hashtag){.id = TEXT("39660411"),
                                   .name = TEXT("125"),
                                   .rank = 2,
                                   .rank_change = RANK_UNCHANGED,
                                   .is_promoted = true,
                                   .views = 5000000000,
                                   .creators = &creator,
                                   .creator_count = 1};
    ranking = (struct ranking){.list = {.country = US},
                               .captured_at = {1777000000000000},
                               .source = TEXT("import"),
                               .hashtags = hashtags,
                               .hashtag_count = 3};
    return 0;
}

static void check_sorts_ranks_and_trends(void **state)
{
    (void)state;
    struct reason reason = {0};
    assert_int_equal(ranking_check(&ranking, &reason), STATUS_OK);
    assert_string_equal(reason.sentence, "");
    for (int i = 0; i < 3; i++)
        assert_int_equal(hashtags[i].rank, i + 1);
    assert_int_equal(points[0].time, 1776729600);
    assert_int_equal(points[2].time, 1776902400);
}

static void empty_rankings_are_valid(void **state)
{
    (void)state;
    ranking.hashtags = NULL;
    ranking.hashtag_count = 0;
    assert_int_equal(ranking_check(&ranking, NULL), STATUS_OK);
    assert_int_equal(ranking_as_of(&ranking).us, ranking.captured_at.us);
}

/* One hashtag made wrong in one way, and a part of the sentence that must say so. */
static char long_name[HASHTAG_NAME_BYTES_MAX + 1];
static void rank_twice(void)
{
    hashtags[0].rank = 2;
}
static void rank_zero(void)
{
    hashtags[0].rank = 0;
}
static void id_twice(void)
{
    hashtags[0].id = TEXT("4777");
}
static void id_empty(void)
{
    hashtags[0].id = TEXT("");
}
static void id_words(void)
{
    hashtags[0].id = TEXT("47x7");
}
static void id_long(void)
{
    hashtags[0].id = TEXT("12345678901234567890");
}
static void name_empty(void)
{
    hashtags[0].name = TEXT("");
}
static void name_long(void)
{
    memset(long_name, 'a', sizeof(long_name));
    hashtags[0].name = (struct text){long_name, sizeof(long_name)};
}
static void name_broken(void)
{
    hashtags[0].name = TEXT("a\xC3");
}
static void name_nul(void)
{
    hashtags[0].name = TEXT("a\0b");
}
static void name_c1(void)
{
    hashtags[0].name = TEXT("a\xC2\x85");
}
static void name_delete(void)
{
    hashtags[0].name = TEXT("a\x7F");
}
static void posts_negative(void)
{
    hashtags[0].posts = -1;
}
static void views_negative(void)
{
    hashtags[0].views = -1;
}
static void diff_negative(void)
{
    hashtags[0].rank_diff = -1;
}
static void diff_of_new(void)
{
    hashtags[1].rank_diff = 1;
}
static void diff_of_unchanged(void)
{
    hashtags[2].rank_diff = 1;
}
static void change_unknown(void)
{
    hashtags[0].rank_change = (enum rank_change)5;
}
static void change_below(void)
{
    hashtags[0].rank_change = (enum rank_change) - 1;
}
static void value_high(void)
{
    points[0].hundredths = 101;
}
static void value_low(void)
{
    points[0].hundredths = -1;
}
static void time_twice(void)
{
    points[0].time = points[1].time;
}
static void time_noon(void)
{
    points[0].time += 43200;
}
static void time_negative(void)
{
    points[0].time = -86400;
}
static void creator_broken(void)
{
    creator.nick_name = TEXT("\xFF");
}
static void time_late(void)
{
    points[0].time = 2932897 * DAY_SECONDS; /* 10000-01-01 */
}
static char long_words[CREATOR_URL_BYTES_MAX + 1];
static void nick_name_long(void)
{
    memset(long_words, 'a', sizeof(long_words));
    creator.nick_name = (struct text){long_words, CREATOR_NAME_BYTES_MAX + 1};
}
static void avatar_long(void)
{
    memset(long_words, 'a', sizeof(long_words));
    creator.avatar_url = (struct text){long_words, CREATOR_URL_BYTES_MAX + 1};
}
static void avatar_broken(void)
{
    creator.avatar_url = TEXT("\xFF");
}
static void creators_many(void)
{
    hashtags[2].creator_count = HASHTAG_CREATORS_MAX + 1;
}
static void source_long(void)
{
    ranking.source = TEXT(
        "a-source-of-more-than-the-bytes-that-it-may-have-at-the-very-most-0");
    assert_true(ranking.source.length > RANKING_SOURCE_BYTES_MAX);
}
static void source_spaced(void)
{
    ranking.source = TEXT("a source");
}
static void source_braced(void)
{
    ranking.source = TEXT("a{b");
}
static void source_colon(void)
{
    ranking.source = TEXT("a:b");
}
static void source_empty(void)
{
    ranking.source = TEXT("");
}
static void source_loud(void)
{
    ranking.source = TEXT("Import");
}
static void captured_early(void)
{
    ranking.captured_at.us = -1;
}
static void captured_late(void)
{
    ranking.captured_at.us = INT64_MAX;
}

static const struct fault {
    const char *label;
    void (*make)(void);
    const char *says;
} faults[] = {
    {"a rank twice", rank_twice, "both have the rank 2"},
    {"rank 0", rank_zero, "rank is below 1"},
    {"an id twice", id_twice, "\"4777\" stands there twice, as rank "},
    {"no id", id_empty, "not 1 to 19 digits"},
    {"an id of letters", id_words,
     "the hashtag of rank 3: its hashtag_id is not 1 to 19 digits"},
    {"an id of 20 digits", id_long, "not 1 to 19 digits"},
    {"no name", name_empty, "hashtag_name is empty"},
    {"a long name", name_long, "over 512 bytes"},
    {"a name in no UTF-8", name_broken, "hashtag_name is not UTF-8"},
    {"a NUL in a name", name_nul, "control character"},
    {"a C1 control in a name", name_c1, "control character"},
    {"a DEL in a name", name_delete, "control character"},
    {"posts below 0", posts_negative, "publish_cnt is below 0"},
    {"views below 0", views_negative, "video_views are below 0"},
    {"a difference below 0", diff_negative, "rank_diff is below 0"},
    {"a difference of a new one", diff_of_new, "rank_diff although"},
    {"a difference of an unchanged one", diff_of_unchanged, "rank_diff although"},
    {"an unknown change", change_unknown, "none of 1, 2, 3 and 4"},
    {"no change", change_below, "none of 1, 2, 3 and 4"},
    {"a value over 1", value_high, "outside 0 to 1"},
    {"a value below 0", value_low, "outside 0 to 1"},
    {"a time twice", time_twice, "time stands there twice"},
    {"a time at noon", time_noon, "not at 00:00 UTC"},
    {"a time before 1970", time_negative, "not at 00:00 UTC"},
    {"a broken nick name", creator_broken, "not UTF-8"},
    {"a time after 9999", time_late, "not at 00:00 UTC"},
    {"a long nick name", nick_name_long, "nick_name is over 1,024 bytes"},
    {"a long avatar_url", avatar_long, "avatar_url is over 4,096 bytes"},
    {"a broken avatar_url", avatar_broken, "not UTF-8"},
    {"101 creators", creators_many, "over 100 creators"},
    {"a long source", source_long, "source is not"},
    {"a blank in a source", source_spaced, "source is not"},
    {"a byte past z in a source", source_braced, "source is not"},
    {"a byte past 9 in a source", source_colon, "source is not"},
    {"no source", source_empty, "source is not"},
    {"a source in capitals", source_loud, "source is not"},
    {"captured before 1970", captured_early, "capture time"},
    {"captured after 9999", captured_late, "capture time"},
};

static void every_fault_is_refused_by_name(void **state)
{
    for (size_t i = 0; i < LENGTH_OF(faults); i++) {
        (void)set_up(state);
        faults[i].make();
        struct reason reason = {0};
        enum status status = ranking_check(&ranking, &reason);
        if (status != STATUS_INVALID || !strstr(reason.sentence, faults[i].says))
            fail_msg("%s: %s, \"%s\"", faults[i].label, status_word(status), reason.sentence);
    }
}

static void counts_over_their_bounds_are_refused(void **state)
{
    (void)state;
    struct trend_point *many = memory_take_zeroed(HASHTAG_TREND_MAX + 1, sizeof(*many));
    for (size_t i = 0; i <= HASHTAG_TREND_MAX; i++)
        many[i].time = (int64_t)i * DAY_SECONDS;
    hashtags[1].trend = many;
    hashtags[1].trend_count = HASHTAG_TREND_MAX;
    assert_int_equal(ranking_check(&ranking, NULL), STATUS_OK);
    hashtags[0].trend_count++; /* the check has put it first */
    struct reason reason = {0};
    assert_int_equal(ranking_check(&ranking, &reason), STATUS_INVALID);
    assert_non_null(strstr(reason.sentence, "over 400 points"));
    free(many);

    ranking.hashtag_count = RANKING_HASHTAGS_MAX + 1;
    assert_int_equal(ranking_check(&ranking, &reason), STATUS_INVALID);
    assert_non_null(strstr(reason.sentence, "1001 hashtags"));
}

static void as_of_is_the_newest_trend_point(void **state)
{
    (void)state;
    assert_int_equal(ranking_check(&ranking, NULL), STATUS_OK);
    assert_int_equal(instant_seconds(ranking_as_of(&ranking)), 1776902400);
}

/* Hashtags without a trend, or with an older one, come after it. */
static void as_of_is_not_the_last_hashtags(void **state)
{
    (void)state;
    static struct trend_point older = {1776729600, 100};
    hashtags[0].trend = &older; /* of rank 3 */
    hashtags[0].trend_count = 1;
    assert_int_equal(ranking_check(&ranking, NULL), STATUS_OK);
    assert_int_equal(instant_seconds(ranking_as_of(&ranking)), 1776902400);
}

static void a_source_has_letters_digits_and_dashes(void **state)
{
    (void)state;
    ranking.source = TEXT("creative-center-2");
    assert_int_equal(ranking_check(&ranking, NULL), STATUS_OK);
}

static void characters_above_the_controls_are_names(void **state)
{
    (void)state;
    static const struct text names[] = {TEXT_INITIAL("a\xC2\xA0"), TEXT_INITIAL("a\xC2\xBF"),
                                        TEXT_INITIAL("\xC3\x85"), TEXT_INITIAL(" ~")};
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        (void)set_up(state);
        hashtags[0].name = names[i];
        assert_int_equal(ranking_check(&ranking, NULL), STATUS_OK);
    }
}

static void keys_and_indexes_are_one_to_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < LIST_COUNT; i++)
        assert_int_equal(list_key_index(list_key_of_index(i)), i);
    assert_int_equal(list_key_index((struct list_key){0, 0, 0}), 0);
    assert_int_equal(list_key_index((struct list_key){COUNTRY_COUNT - 1, PERIOD_COUNT - 1,
                                                      INDUSTRY_COUNT - 1}),
                     LIST_COUNT - 1);
}

static void periods_are_found_by_their_days(void **state)
{
    (void)state;
    unsigned index = 9;
    assert_int_equal(period_find(8, &index), STATUS_MISSING);
    assert_int_equal(period_find(0, &index), STATUS_MISSING);
    assert_int_equal(index, 9);
    for (unsigned i = 0; i < PERIOD_COUNT; i++) {
        assert_int_equal(period_find(period_days[i], &index), STATUS_OK);
        assert_int_equal(index, i);
    }
}

static void assert_written(const struct hashtag *hashtag, unsigned country,
                           const char *expected)
{
    struct buffer out;
    buffer_init(&out, 4096);
    struct json_writer writer = json_writer_on(&out);
    hashtag_write(&writer, hashtag, country);
    buffer_append_byte(&out, '\0');
    assert_false(out.overflowed);
    assert_string_equal(out.bytes, expected);
    buffer_finish(&out);
}

static void hashtags_are_written_as_the_endpoint_says(void **state)
{
    (void)state;
    assert_int_equal(ranking_check(&ranking, NULL), STATUS_OK);
    assert_written(
        &hashtags[0], US,
        "{\"hashtag_id\":\"4777\",\"hashtag_name\":\"prom\",\"country_info\":{\"id\":"
        "\"US\",\"value\":\"United States\",\"label\":\"US\"},\"industry_info\":{"
        "\"id\":22000000000,\"value\":\"Apparel & Accessories\",\"label\":"
        "\"label_22000000000\"},\"is_promoted\":false,\"trend\":[{\"time\":1776729600,"
        "\"value\":1},{\"time\":1776816000,\"value\":0.47},{\"time\":1776902400,"
        "\"value\":0}],\"publish_cnt\":179872,\"video_views\":766182036,\"rank\":1,"
        "\"rank_diff\":0,\"rank_diff_type\":4}");
    assert_written(
        &hashtags[1], COUNTRY_ALL,
        "{\"hashtag_id\":\"39660411\",\"hashtag_name\":\"125\",\"country_info\":{"
        "\"id\":\"ALL\",\"value\":\"All countries\",\"label\":\"ALL\"},"
        "\"is_promoted\":true,\"trend\":[],\"creators\":[{\"nick_name\":\"❤️nick\","
        "\"avatar_url\":\"https://example.invalid/a.png\"}],\"publish_cnt\":0,"
        "\"video_views\":5000000000,\"rank\":2,\"rank_diff\":0,\"rank_diff_type\":2}");
}

static void every_hundredth_is_written_in_full(void **state)
{
    (void)state;
    for (int hundredths = 0; hundredths <= 100; hundredths++) {
        struct trend_point point = {0, hundredths};
        struct hashtag hashtag = {.id = TEXT("1"),
                                  .name = TEXT("a"),
                                  .trend = &point,
                                  .trend_count = 1,
                                  .rank = 1,
                                  .rank_change = RANK_UP};
        char value[16];
        (void)snprintf(value, sizeof(value), "%.2g", hundredths / 100.0);
        char *expected = NULL;
        check(asprintf(&expected,
                       "{\"hashtag_id\":\"1\",\"hashtag_name\":\"a\",\"country_info\":{\"id\":"
                       "\"US\",\"value\":\"United States\",\"label\":\"US\"},\"is_promoted\":"
                       "false,\"trend\":[{\"time\":0,\"value\":%s}],\"publish_cnt\":0,"
                       "\"video_views\":0,\"rank\":1,\"rank_diff\":0,\"rank_diff_type\":1}",
                       value) > 0);
        assert_written(&hashtag, US, expected);
        free(expected);
    }
}

#define DAY_AT(day) ((day)*INT64_C(86400))

static void a_curve_tells_what_it_spans(void **state)
{
    (void)state;
    struct trend_point curve[] = {
        {DAY_AT(20000), 10}, {DAY_AT(20007), 20}, {DAY_AT(20008), 100}};
    struct hashtag hashtag = {.trend = curve};
    assert_int_equal(hashtag_span_days(&hashtag), 0);
    assert_false(hashtag_has_daily_points(&hashtag));
    hashtag.trend_count = 2;
    assert_int_equal(hashtag_span_days(&hashtag), 8);
    assert_false(hashtag_has_daily_points(&hashtag));
    hashtag.trend_count = 3;
    assert_int_equal(hashtag_span_days(&hashtag), 9);
    assert_true(hashtag_has_daily_points(&hashtag));
}

/* By the places of period_days: 7, 30 and 120, whose weeks may begin before it. */
static void a_period_is_exceeded_from_its_next_day_on(void **state)
{
    (void)state;
    static const int64_t most[] = {7, 30, 127};
    for (unsigned period = 0; period < LENGTH_OF(most); period++) {
        assert_false(period_is_exceeded(most[period], period));
        assert_true(period_is_exceeded(most[period] + 1, period));
    }
}

static void what_is_untold_is_written_as_unchanged(void **state)
{
    (void)state;
    assert_int_equal(rank_change_number(RANK_UNTOLD), 2);
    assert_int_equal(rank_change_number(RANK_UP), 1);
    assert_int_equal(rank_change_number(RANK_NEW), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(check_sorts_ranks_and_trends, set_up),
        cmocka_unit_test_setup(empty_rankings_are_valid, set_up),
        cmocka_unit_test_setup(every_fault_is_refused_by_name, set_up),
        cmocka_unit_test_setup(counts_over_their_bounds_are_refused, set_up),
        cmocka_unit_test_setup(as_of_is_the_newest_trend_point, set_up),
        cmocka_unit_test_setup(as_of_is_not_the_last_hashtags, set_up),
        cmocka_unit_test_setup(a_source_has_letters_digits_and_dashes, set_up),
        cmocka_unit_test(characters_above_the_controls_are_names),
        cmocka_unit_test(keys_and_indexes_are_one_to_one),
        cmocka_unit_test(a_curve_tells_what_it_spans),
        cmocka_unit_test(a_period_is_exceeded_from_its_next_day_on),
        cmocka_unit_test(what_is_untold_is_written_as_unchanged),
        cmocka_unit_test(periods_are_found_by_their_days),
        cmocka_unit_test_setup(hashtags_are_written_as_the_endpoint_says, set_up),
        cmocka_unit_test(every_hundredth_is_written_in_full),
    };
    return cmocka_run_group_tests_name("ranking", tests, NULL, NULL);
}
