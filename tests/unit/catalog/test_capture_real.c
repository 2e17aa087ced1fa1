/* Real captures, where they are at hand. */
#include "catalog/capture.h"
#include "support/shared_files.h"
#include "support/unit.h"

static const struct {
    const char *path;
    const char *country;      /* NULL: the file tells it */
    int64_t captured_seconds; /* 0: the file tells it */
    const char *code;
    int64_t read_seconds;
    size_t hashtags;
    const char *first_id;
    int64_t first_views;
} captures[] = {
    {"data/MY-7d-2025-10-01.csv", NULL, 0, "MY", 1759354209, 100, "4232", 84150986},
    {"data/MY-7d-2025-10-02.csv", NULL, 0, "MY", 1759398603, 100, "4232", 84150986},
    {"data/MY-7d-2025-10-06.csv", NULL, 0, "MY", 1759748147, 100, "7525476975683895314",
     546374103},
    {"data/MY-7d-2025-10-07.csv", NULL, 0, "MY", 1759831760, 100, "7525476975683895314",
     632409224},
    {"data/QA-7d-2025-09-excerpt-items.json", NULL, 1759017600, "QA", 1759017600, 1, "405389",
     7939394},
    {"data/US-7d-2025-10-21-excerpt.json", NULL, 0, "US", 1761004800, 1, "601255", 254321646},
    {"data/creative-one-GetHashtagList-excerpt.json", "DE", 1787702400, "DE", 1787702400, 1,
     "2534", 1937783877},
};

static bool assert_reads(size_t i)
{
    struct text bytes;
    struct arena arena;
    struct capture capture;
    struct reason reason = {0};
    struct capture_options options = {.file_name = text_of(captures[i].path)};
    unsigned country;
    if (!shared_file_read(captures[i].path, &bytes))
        return false;
    if (captures[i].country) {
        assert_int_equal(country_find(text_of(captures[i].country), &country), STATUS_OK);
        options.has_country = options.has_period = true;
        options.country = (uint8_t)country;
    }
    options.has_captured_at = captures[i].captured_seconds > 0;
    options.captured_at = instant_of_seconds(captures[i].captured_seconds);
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    if (capture_read(bytes, &options, &arena, &capture, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    const struct ranking *ranking = &capture.rankings[0];
    assert_int_equal(capture.ranking_count, 1);
    assert_true(
        text_equals(country_at(ranking->list.country)->code, text_of(captures[i].code)));
    assert_int_equal(period_days[ranking->list.period], 7);
    assert_int_equal(instant_seconds(ranking->captured_at), captures[i].read_seconds);
    assert_int_equal(ranking->hashtag_count, captures[i].hashtags);
    assert_true(text_equals(ranking->hashtags[0].id, text_of(captures[i].first_id)));
    assert_int_equal(ranking->hashtags[0].views, captures[i].first_views);
    arena_finish(&arena);
    free((char *)bytes.at);
    return true;
}

static void real_captures_are_read(void **state)
{
    (void)state;
    size_t read = 0;
    for (size_t i = 0; i < LENGTH_OF(captures); i++)
        read += assert_reads(i);
    if (read == 0)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(real_captures_are_read)};
    return cmocka_run_group_tests_name("real captures", tests, NULL, NULL);
}
