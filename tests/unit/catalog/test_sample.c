#include "catalog/sample.h"
#include "support/unit.h"

#include <stdio.h>

#define DAY INT64_C(20779) /* 2026-11-22 */
#define ARENA_BYTES_MAX (256 * 1024)

static struct ranking make(unsigned country, unsigned period, int64_t day, struct arena *arena)
{
    struct ranking ranking;
    struct list_key list = {.country = (uint8_t)country, .period = (uint8_t)period};
    arena_init(arena, ARENA_BYTES_MAX);
    assert_int_equal(sample_make(list, day, arena, &ranking), STATUS_OK);
    return ranking;
}

static void render(const struct ranking *ranking, struct buffer *out)
{
    buffer_clear(out);
    struct json_writer writer = json_writer_on(out);
    for (size_t i = 0; i < ranking->hashtag_count; i++)
        hashtag_write(&writer, &ranking->hashtags[i], ranking->list.country);
}

static const struct hashtag *find(const struct ranking *ranking, struct text id)
{
    for (size_t i = 0; i < ranking->hashtag_count; i++)
        if (text_equals(ranking->hashtags[i].id, id))
            return &ranking->hashtags[i];
    return NULL;
}

static bool has_byte(struct text name, unsigned char first, unsigned char last)
{
    for (size_t i = 0; i < name.length; i++)
        if ((unsigned char)name.at[i] >= first && (unsigned char)name.at[i] <= last)
            return true;
    return false;
}

struct traits {
    bool industries[INDUSTRY_COUNT];
    size_t without_industry, promoted, fresh, creators, wide_views, long_ids, short_ids, digits,
        questions, emoji, foreign;
};

static struct traits traits_of(const struct ranking *ranking)
{
    struct traits seen = {0};
    for (size_t i = 0; i < ranking->hashtag_count; i++) {
        const struct hashtag *hashtag = &ranking->hashtags[i];
        seen.industries[hashtag->industry] = true;
        seen.without_industry += hashtag->industry == INDUSTRY_ALL;
        seen.promoted += hashtag->is_promoted;
        seen.fresh += hashtag->rank_change == RANK_NEW;
        seen.creators += hashtag->creator_count > 0;
        seen.wide_views += hashtag->views > UINT32_MAX;
        seen.long_ids += hashtag->id.length == 19;
        seen.short_ids += hashtag->id.length < 10;
        seen.digits += text_is_digits(hashtag->name);
        seen.questions += text_find(hashtag->name, '?') < hashtag->name.length;
        seen.emoji += has_byte(hashtag->name, 0xF0, 0xF4) ||
                      has_byte(hashtag->name, 0xE2, 0xE2);
        seen.foreign += has_byte(hashtag->name, 0xD0, 0xED);
    }
    return seen;
}

static void assert_shows_everything(const struct ranking *ranking)
{
    struct traits seen = traits_of(ranking);
    for (unsigned i = 0; i < INDUSTRY_COUNT; i++)
        assert_true(seen.industries[i]);
    assert_in_range(seen.without_industry, 35, 65);
    assert_in_range(seen.promoted, 1, 15);
    assert_in_range(seen.fresh, 1, 30);
    assert_in_range(seen.creators, 10, 60);
    assert_in_range(seen.wide_views, 1, 20);
    assert_true(seen.long_ids >= 20);
    assert_true(seen.short_ids >= 5);
    assert_true(seen.digits >= 1);
    assert_true(seen.questions >= 1);
    assert_true(seen.emoji >= 1);
    assert_true(seen.foreign >= 5);
}

static void assert_names_differ(const struct ranking *ranking)
{
    for (size_t i = 0; i < ranking->hashtag_count; i++)
        for (size_t j = 0; j < i; j++)
            if (text_equals(ranking->hashtags[i].name, ranking->hashtags[j].name))
                fail_msg("%.*s twice", TEXT_PRINT(ranking->hashtags[i].name));
}

static void every_list_is_valid_and_shows_everything(void **state)
{
    (void)state;
    for (unsigned country = 0; country < COUNTRY_COUNT; country++) {
        for (unsigned period = 0; period < PERIOD_COUNT; period++) {
            struct arena arena;
            struct ranking ranking = make(country, period, DAY, &arena);
            struct reason reason = {0};
            assert_int_equal(ranking.hashtag_count, 100);
            if (ranking_check(&ranking, &reason) != STATUS_OK)
                fail_msg("country %u, period %u: %s", country, period, reason.sentence);
            for (size_t i = 0; i < 100; i++)
                assert_int_equal(ranking.hashtags[i].rank, i + 1);
            assert_shows_everything(&ranking);
            assert_names_differ(&ranking);
            arena_finish(&arena);
        }
    }
}

static void every_day_of_three_years_is_valid(void **state)
{
    (void)state;
    for (int64_t day = DAY; day < DAY + 3 * 366; day++) {
        struct arena arena;
        struct ranking ranking = make((unsigned)day % COUNTRY_COUNT, (unsigned)day % 3, day,
                                      &arena);
        assert_int_equal(ranking_check(&ranking, NULL), STATUS_OK);
        assert_shows_everything(&ranking);
        assert_names_differ(&ranking);
        arena_finish(&arena);
    }
}

static void the_same_question_has_the_same_answer(void **state)
{
    (void)state;
    struct arena arenas[3];
    struct ranking rankings[] = {make(46, 1, DAY, &arenas[0]), make(46, 1, DAY, &arenas[1]),
                                 make(45, 1, DAY, &arenas[2])};
    struct buffer out[3];
    for (size_t i = 0; i < 3; i++) {
        buffer_init(&out[i], 1024 * 1024);
        render(&rankings[i], &out[i]);
    }
    assert_true(text_equals(buffer_text(&out[0]), buffer_text(&out[1])));
    assert_false(text_equals(buffer_text(&out[0]), buffer_text(&out[2])));
    for (size_t i = 0; i < 3; i++) {
        buffer_finish(&out[i]);
        arena_finish(&arenas[i]);
    }
}

static void rank_changes_are_true(void **state)
{
    (void)state;
    for (int64_t day = DAY; day < DAY + 60; day++) {
        struct arena arenas[2];
        struct ranking before = make(68, (unsigned)day % 3, day - 1, &arenas[0]);
        struct ranking after = make(68, (unsigned)day % 3, day, &arenas[1]);
        size_t shared = 0;
        for (size_t i = 0; i < after.hashtag_count; i++) {
            const struct hashtag *now = &after.hashtags[i];
            const struct hashtag *then = find(&before, now->id);
            shared += then != NULL;
            if (!then) {
                assert_int_equal(now->rank_change, RANK_NEW);
                assert_int_equal(now->rank_diff, 0);
                continue;
            }
            int64_t rise = then->rank - now->rank;
            assert_int_equal(now->rank_change, rise > 0   ? RANK_UP
                                               : rise < 0 ? RANK_DOWN
                                                          : RANK_UNCHANGED);
            assert_int_equal(now->rank_diff, rise < 0 ? -rise : rise);
            assert_true(text_equals(now->name, then->name));
            assert_int_equal(now->industry, then->industry);
        }
        assert_in_range(shared, 70, 99);
        arena_finish(&arenas[0]);
        arena_finish(&arenas[1]);
    }
}

static void trends_end_the_day_before_and_reach_one(void **state)
{
    (void)state;
    static const size_t points[PERIOD_COUNT] = {7, 30, 18};
    static const int64_t step_days[PERIOD_COUNT] = {1, 1, 7};
    for (unsigned period = 0; period < PERIOD_COUNT; period++) {
        struct arena arena;
        struct ranking ranking = make(COUNTRY_ALL, period, DAY, &arena);
        assert_int_equal(ranking.captured_at.us, DAY * DAY_US);
        assert_int_equal(ranking_as_of(&ranking).us, (DAY - 1) * DAY_US);
        for (size_t i = 0; i < ranking.hashtag_count; i++) {
            const struct hashtag *hashtag = &ranking.hashtags[i];
            int highest = 0;
            assert_int_equal(hashtag->trend_count, points[period]);
            for (size_t k = 0; k < hashtag->trend_count; k++) {
                if (hashtag->trend[k].hundredths > highest)
                    highest = hashtag->trend[k].hundredths;
                if (k > 0)
                    assert_int_equal(hashtag->trend[k].time - hashtag->trend[k - 1].time,
                                     step_days[period] * DAY_SECONDS);
            }
            assert_int_equal(highest, 100);
            assert_int_equal(hashtag->trend[points[period] - 1].time, (DAY - 1) * DAY_SECONDS);
        }
        arena_finish(&arena);
    }
}

static void bounds_are_kept(void **state)
{
    (void)state;
    struct arena arena;
    struct ranking ranking;
    struct list_key list = {.country = 5};
    arena_init(&arena, ARENA_BYTES_MAX);
    static const int64_t refused[] = {-1, 0, 365, 2932897, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < LENGTH_OF(refused); i++)
        assert_int_equal(sample_make(list, refused[i], &arena, &ranking), STATUS_INVALID);
    list.period = 2;
    assert_int_equal(sample_make(list, 366, &arena, &ranking), STATUS_OK);
    assert_int_equal(ranking_check(&ranking, NULL), STATUS_OK);
    arena_reset(&arena);
    assert_int_equal(sample_make(list, 2932896, &arena, &ranking), STATUS_OK);
    assert_int_equal(ranking_check(&ranking, NULL), STATUS_OK);
    arena_finish(&arena);
    for (size_t ceiling = 0; ceiling < 30000; ceiling += 997) {
        arena_init(&arena, ceiling);
        assert_int_equal(sample_make(list, DAY, &arena, &ranking), STATUS_TOO_LARGE);
        arena_finish(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_list_is_valid_and_shows_everything),
        cmocka_unit_test(every_day_of_three_years_is_valid),
        cmocka_unit_test(the_same_question_has_the_same_answer),
        cmocka_unit_test(rank_changes_are_true),
        cmocka_unit_test(trends_end_the_day_before_and_reach_one),
        cmocka_unit_test(bounds_are_kept),
    };
    return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}
