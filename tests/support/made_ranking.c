#include "support/made_ranking.h"

#include "base/buffer.h"

#define CAPTURED_DAY INT64_C(20779) /* 2026-11-22 */
#define TREND_POINTS 7

static const struct text words[] = {TEXT_INITIAL("trend"),
                                    TEXT_INITIAL("\xF0\x9F\x98\x80"),
                                    TEXT_INITIAL("\xE4\xB8\xAD\xE6\x96\x87"),
                                    TEXT_INITIAL("why?"),
                                    TEXT_INITIAL("20"),
                                    TEXT_INITIAL("say\"it\\")};

int64_t made_hashtag_id(unsigned seed, size_t rank)
{
    check(seed < 1000000 && rank <= RANKING_HASHTAGS_MAX);
    return INT64_C(7000000000000000000) + (int64_t)seed * 10000 + (int64_t)rank;
}

static struct text written(struct arena *arena, const char *start, int64_t number)
{
    char room[64];
    struct buffer out;
    buffer_init_on(&out, room, sizeof(room));
    buffer_append(&out, text_of(start));
    buffer_append_integer(&out, number);
    check(!out.overflowed);
    struct text kept = arena_copy(arena, buffer_text(&out));
    check(kept.at != NULL);
    return kept;
}

static void trend_make(struct arena *arena, struct hashtag *hashtag, size_t rank)
{
    hashtag->trend = arena_take(arena, TREND_POINTS * sizeof(hashtag->trend[0]));
    check(hashtag->trend != NULL);
    hashtag->trend_count = TREND_POINTS;
    for (size_t i = 0; i < TREND_POINTS; i++) {
        int64_t day = CAPTURED_DAY - TREND_POINTS + (int64_t)i;
        int hundredths = i == rank % TREND_POINTS ? 100 : (int)((rank * 31 + i * 17) % 100);
        hashtag->trend[i] = (struct trend_point){day * DAY_SECONDS, hundredths};
    }
}

static void creators_make(struct arena *arena, struct hashtag *hashtag, size_t rank)
{
    hashtag->creator_count = rank % 3;
    if (hashtag->creator_count == 0)
        return;
    hashtag->creators = arena_take(arena, 2 * sizeof(hashtag->creators[0]));
    check(hashtag->creators != NULL);
    for (size_t i = 0; i < hashtag->creator_count; i++)
        hashtag->creators[i] = (struct creator){
            written(arena, "nick \xE2\x9D\xA4 ", (int64_t)(rank + i)),
            written(arena, "https://example.invalid/a.png?x-expires=", (int64_t)rank)};
}

static void hashtag_make(struct arena *arena, struct hashtag *hashtag, unsigned seed,
                         size_t rank)
{
    *hashtag = (struct hashtag){
        .id = written(arena, "", made_hashtag_id(seed, rank)),
        .name = written(arena, words[rank % LENGTH_OF(words)].at, (int64_t)(rank + seed)),
        .industry = (unsigned)(rank % 2 == 0 ? INDUSTRY_ALL : rank / 2 % INDUSTRY_COUNT),
        .is_promoted = rank % 11 == 0,
        .rank_change = (enum rank_change)(RANK_UP + rank % 4),
        .rank = (int64_t)rank,
        .posts = (int64_t)(rank * 1000 + seed),
        .views = INT64_C(5000000000) * (int64_t)rank + seed};
    if (hashtag->rank_change == RANK_UP || hashtag->rank_change == RANK_DOWN)
        hashtag->rank_diff = 1 + (int64_t)(rank % 9);
    if (rank % 7 != 0)
        trend_make(arena, hashtag, rank);
    creators_make(arena, hashtag, rank);
}

struct ranking made_ranking(struct arena *arena, struct list_key list, size_t count,
                            unsigned seed)
{
    struct hashtag *hashtags = arena_take(arena, count * sizeof(hashtags[0]));
    check(hashtags != NULL);
    for (size_t i = 0; i < count; i++)
        hashtag_make(arena, &hashtags[i], seed, i + 1);
    struct ranking ranking = {.list = list,
                              .captured_at = {CAPTURED_DAY * DAY_US + 3600 * SECOND_US},
                              .source = TEXT("import"),
                              .hashtags = hashtags,
                              .hashtag_count = count};
    struct reason reason = {0};
    check(ranking_check(&ranking, &reason) == STATUS_OK);
    return ranking;
}
