/* Random rankings, written in each format and read back: nothing may differ. */
#include "catalog/capture.h"
#include "catalog/sample.h"
#include "support/unit.h"

#include <stdio.h>

#define ROUNDS 60
#define RANKINGS_MAX 4

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % below;
}

/* Names and texts with all that formats quote, escape or trip over. */
static struct text draw_text(struct arena *arena, size_t pieces_max)
{
    static const char *const pieces[] = {
        "a", "Z", "7",       "?",    "\"",     "\\",     ",",          "'",
        " ", "é", "本",      "🔥",    "❤️", "\u200d", "/",          "{",
        "]", ":", "العربية", "=1+1", "\\n",    "&amp;",  "\U0010FFFF", "ไทย"};
    char written[256] = "";
    size_t length = 0;
    for (size_t i = draw(pieces_max) + 1; i > 0; i--) {
        const char *piece = pieces[draw(LENGTH_OF(pieces))];
        memcpy(written + length, piece, strlen(piece));
        length += strlen(piece);
    }
    return arena_copy(arena, (struct text){written, length});
}

static int64_t draw_count(void)
{
    static const int64_t edges[] = {0, 1, 4294967295, 4294967296, 9007199254740993, INT64_MAX};
    return draw(3) == 0 ? edges[draw(LENGTH_OF(edges))] : (int64_t)draw(1u << 30);
}

static struct text draw_id(struct arena *arena, size_t place)
{
    char *id = NULL;
    switch (draw(4)) {
    case 0: check(asprintf(&id, "72434531277345%05zu", place) > 0); break;
    case 1: check(asprintf(&id, "1%zu", place) > 0); break;
    case 2: check(asprintf(&id, "00%zu", place) > 0); break;
    default: check(asprintf(&id, "3%04zu", place) > 0); break;
    }
    struct text kept = arena_copy(arena, text_of(id));
    free(id);
    return kept;
}

/* Within a week, so that it is a curve of any period. */
static void draw_trend(struct hashtag *hashtag, struct arena *arena)
{
    hashtag->trend_count = draw(5);
    hashtag->trend = arena_take(arena, hashtag->trend_count * sizeof(hashtag->trend[0]));
    int64_t day = 20000 + (int64_t)draw(100);
    for (size_t i = 0; i < hashtag->trend_count; i++) {
        day += 1 + (int64_t)draw(2);
        hashtag->trend[i] = (struct trend_point){day * DAY_SECONDS, (int)draw(101)};
    }
    if (hashtag->trend_count > 0)
        hashtag->trend[draw(hashtag->trend_count)].hundredths = 100;
}

static void draw_creators(struct hashtag *hashtag, struct arena *arena)
{
    hashtag->creator_count = draw(2) * draw(4);
    hashtag->creators = arena_take(arena, hashtag->creator_count * sizeof(struct creator));
    for (size_t i = 0; i < hashtag->creator_count; i++) {
        hashtag->creators[i].nick_name = draw(4) == 0
                                             ? arena_copy(arena, TEXT("two\nlines\t\x7F\x01"))
                                             : draw_text(arena, 9);
        hashtag->creators[i].avatar_url = draw(4) == 0
                                              ? TEXT("")
                                              : TEXT("https://example.invalid/a?b=%2F&c=\"d\"");
    }
}

static struct hashtag draw_hashtag(struct arena *arena, size_t place)
{
    struct hashtag hashtag = {
        .id = draw_id(arena, place),
        .name = draw_text(arena, 12),
        .industry = (unsigned)(draw(2) * draw(INDUSTRY_COUNT)),
        .is_promoted = draw(2),
        .rank_change = (enum rank_change)(1 + draw(4)),
        .posts = draw_count(),
        .views = draw_count(),
    };
    if (hashtag.rank_change == RANK_UP || hashtag.rank_change == RANK_DOWN)
        hashtag.rank_diff = draw_count();
    draw_trend(&hashtag, arena);
    draw_creators(&hashtag, arena);
    return hashtag;
}

/* number: makes the capture times of one file differ and rise. */
static struct ranking draw_ranking(struct arena *arena, struct list_key list, size_t number)
{
    static const char *const sources[] = {"import", "creative-center", "business-api", "x9"};
    struct ranking ranking = {
        .list = list,
        .captured_at = {(int64_t)(20300 + number) * DAY_US + (int64_t)draw(2) * 78609000000 +
                        (int64_t)draw(2) * (int64_t)draw(1000000)},
        .source = text_of(sources[draw(LENGTH_OF(sources))]),
        .hashtag_count = 1 + draw(12),
        .is_short = draw(3) == 0,
    };
    ranking.hashtags = arena_take(arena, ranking.hashtag_count * sizeof(struct hashtag));
    for (size_t i = 0; i < ranking.hashtag_count; i++) {
        ranking.hashtags[i] = draw_hashtag(arena, i);
        ranking.hashtags[i].rank = (int64_t)i + 1;
    }
    struct reason reason = {0};
    if (ranking_check(&ranking, &reason) != STATUS_OK)
        fail_msg("the test made an invalid ranking: %s", reason.sentence);
    return ranking;
}

static struct text written(struct ranking *rankings, size_t count, enum capture_format format)
{
    char *bytes = NULL;
    size_t length = 0;
    struct capture_writer writer;
    FILE *file = open_memstream(&bytes, &length);
    assert_int_equal(capture_write_open(&writer, file, format), STATUS_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(capture_write(&writer, &rankings[i]), STATUS_OK);
    assert_int_equal(capture_write_close(&writer), STATUS_OK);
    (void)fclose(file);
    return (struct text){bytes, length};
}

static void assert_same_hashtag(const struct hashtag *a, const struct hashtag *b)
{
    assert_true(text_equals(a->id, b->id));
    assert_true(text_equals(a->name, b->name));
    assert_int_equal(a->industry, b->industry);
    assert_int_equal(a->is_promoted, b->is_promoted);
    assert_int_equal(a->rank_change, b->rank_change);
    assert_int_equal(a->rank, b->rank);
    assert_int_equal(a->rank_diff, b->rank_diff);
    assert_int_equal(a->posts, b->posts);
    assert_int_equal(a->views, b->views);
    assert_int_equal(a->trend_count, b->trend_count);
    for (size_t i = 0; i < a->trend_count; i++) {
        assert_int_equal(a->trend[i].time, b->trend[i].time);
        assert_int_equal(a->trend[i].hundredths, b->trend[i].hundredths);
    }
    assert_int_equal(a->creator_count, b->creator_count);
    for (size_t i = 0; i < a->creator_count; i++) {
        assert_true(text_equals(a->creators[i].nick_name, b->creators[i].nick_name));
        assert_true(text_equals(a->creators[i].avatar_url, b->creators[i].avatar_url));
    }
}

static void assert_same(const struct ranking *a, const struct ranking *b)
{
    assert_int_equal(list_key_index(a->list), list_key_index(b->list));
    assert_int_equal(a->captured_at.us, b->captured_at.us);
    assert_true(text_equals(a->source, b->source));
    assert_int_equal(a->hashtag_count, b->hashtag_count);
    assert_int_equal(a->is_short, b->is_short);
    for (size_t i = 0; i < a->hashtag_count; i++)
        assert_same_hashtag(&a->hashtags[i], &b->hashtags[i]);
}

static void assert_reads_back(struct ranking *rankings, size_t count,
                              enum capture_format format)
{
    struct capture capture;
    struct reason reason = {0};
    struct arena arena;
    /* The largest hashtag has a longer curve than any list. */
    const struct capture_options options = {.file_name = TEXT("ZA-30d-1999-01-01"),
                                            .is_kept = rankings[0].hashtags[0].trend_count ==
                                                       HASHTAG_TREND_MAX};
    struct text bytes = written(rankings, count, format);
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    if (capture_read(bytes, &options, &arena, &capture, &reason) != STATUS_OK)
        fail_msg("%s\n%.*s", reason.sentence, TEXT_PRINT(bytes));
    free((char *)bytes.at); /* nothing may be borrowed from it */
    assert_int_equal(capture.ranking_count, count);
    for (size_t i = 0; i < count; i++)
        assert_same(&rankings[i], &capture.rankings[i]);
    arena_finish(&arena);
}

static void random_rankings_read_back(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct arena arena;
        struct ranking rankings[RANKINGS_MAX];
        size_t count = 1 + draw(RANKINGS_MAX);
        size_t lists[] = {draw(LIST_COUNT / 2), LIST_COUNT / 2 + draw(LIST_COUNT / 2)};
        arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
        for (size_t i = 0; i < count; i++) {
            struct list_key list = list_key_of_index(lists[2 * i >= count]);
            rankings[i] = draw_ranking(&arena, list, i);
        }
        assert_reads_back(rankings, count, CAPTURE_JSON);
        assert_reads_back(rankings, count, CAPTURE_NDJSON);
        assert_reads_back(rankings, count, CAPTURE_CSV);
        arena_finish(&arena);
    }
}

static void the_largest_hashtag_reads_back(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    char url[CREATOR_URL_BYTES_MAX];
    char name[CREATOR_NAME_BYTES_MAX];
    memset(url, '"', sizeof(url));
    memset(name, 1, sizeof(name)); /* six bytes each in JSON */
    struct ranking ranking = draw_ranking(&arena, list_key_of_index(7), 0);
    struct hashtag *hashtag = &ranking.hashtags[0];
    hashtag->creator_count = HASHTAG_CREATORS_MAX;
    hashtag->creators = arena_take(&arena, HASHTAG_CREATORS_MAX * sizeof(struct creator));
    for (size_t i = 0; i < HASHTAG_CREATORS_MAX; i++)
        hashtag->creators[i] = (struct creator){{name, sizeof(name)}, {url, sizeof(url)}};
    hashtag->trend_count = HASHTAG_TREND_MAX;
    hashtag->trend = arena_take(&arena, HASHTAG_TREND_MAX * sizeof(struct trend_point));
    for (size_t i = 0; i < HASHTAG_TREND_MAX; i++)
        hashtag->trend[i] = (struct trend_point){(int64_t)i * DAY_SECONDS, (int)i % 101};
    assert_int_equal(ranking_check(&ranking, NULL), STATUS_OK);
    assert_reads_back(&ranking, 1, CAPTURE_JSON);
    assert_reads_back(&ranking, 1, CAPTURE_NDJSON);
    assert_reads_back(&ranking, 1, CAPTURE_CSV);
    arena_finish(&arena);
}

static void sample_lists_are_not_read_back(void **state)
{
    (void)state;
    for (enum capture_format format = CAPTURE_JSON; format <= CAPTURE_CSV; format++) {
        struct arena arena;
        struct ranking ranking;
        struct capture capture;
        struct reason reason = {0};
        const struct capture_options options = {.file_name = TEXT("x")};
        arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
        assert_int_equal(sample_make((struct list_key){0}, 20779, &arena, &ranking), STATUS_OK);
        struct text bytes = written(&ranking, 1, format);
        assert_int_equal(capture_read(bytes, &options, &arena, &capture, &reason),
                         STATUS_FORBIDDEN);
        assert_non_null(strstr(reason.sentence, "made-up lists are not imported"));
        free((char *)bytes.at);
        ranking.source = TEXT("import");
        assert_reads_back(&ranking, 1, format);
        arena_finish(&arena);
    }
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    struct arena arena;
    struct ranking ranking;
    struct capture_writer writer;
    FILE *full = fopen("/dev/full", "wb");
    if (!full)
        skip();
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    assert_int_equal(sample_make((struct list_key){0}, 20779, &arena, &ranking), STATUS_OK);
    enum status opened = capture_write_open(&writer, full, CAPTURE_NDJSON);
    enum status wrote = capture_write(&writer, &ranking);
    enum status closed = capture_write_close(&writer);
    assert_int_equal(opened, STATUS_OK); /* nothing to write yet */
    assert_true(wrote == STATUS_IO || closed == STATUS_IO);
    (void)fclose(full);
    arena_finish(&arena);
}

static void formats_are_found_by_word(void **state)
{
    (void)state;
    enum capture_format format;
    assert_int_equal(capture_format_find(TEXT("csv"), &format), STATUS_OK);
    assert_int_equal(format, CAPTURE_CSV);
    assert_int_equal(capture_format_find(TEXT("json"), &format), STATUS_OK);
    assert_int_equal(format, CAPTURE_JSON);
    assert_int_equal(capture_format_find(TEXT("ndjson"), &format), STATUS_OK);
    assert_int_equal(format, CAPTURE_NDJSON);
    assert_int_equal(capture_format_find(TEXT("xml"), &format), STATUS_MISSING);
}

int main(void)
{
    const char *given = getenv("TRENDGATE_TEST_SEED");
    seed = given ? strtoull(given, NULL, 10) : 20251001;
    (void)fprintf(stderr, "TRENDGATE_TEST_SEED=%llu\n", (unsigned long long)seed);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_rankings_read_back),
        cmocka_unit_test(the_largest_hashtag_reads_back),
        cmocka_unit_test(sample_lists_are_not_read_back),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(formats_are_found_by_word),
    };
    return cmocka_run_group_tests_name("capture round trip", tests, NULL, NULL);
}
