/* The source that is a folder: which files it shows, when, and what it reads of them. */
#include "collector/source_answer.h"
#include "support/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD                                                                                   \
    "hashtag_id,hashtag_name,country,rank,video_views,publish_count,crawl_date,crawl_time\n"
#define ROW "4232,gemini,Malaysia,1,84150986,17061,2025-10-01,21:30:09\n"
#define NAME "MY-7d-2025-10-01.csv"

static char folder[] = "/tmp/trendgate-folder-XXXXXX";
static struct watched *watched;
static const struct source_watch *watch;

static const char *path_of(const char *name)
{
    static char path[600];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void file_write(const char *name, const char *contents)
{
    FILE *file = fopen(path_of(name), "wbe");
    assert_non_null(file);
    assert_true(fputs(contents, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6); /* anew for each test */
    assert_non_null(mkdtemp(folder));
    const struct source_options options = {.folder = text_of(folder)};
    watch = source_file.watch;
    watched = watch->open(&options);
    return 0;
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
    (void)stat;
    (void)kind;
    (void)place;
    return remove(path);
}

static void folder_remove(void)
{
    assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static int tear_down(void **state)
{
    (void)state;
    watch->close(watched);
    folder_remove();
    return 0;
}

static bool looks(void)
{
    bool has_lost = false;
    struct reason reason = {0};
    if (watch->look(watched, &has_lost, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    return has_lost;
}

static void shows(const char *name)
{
    struct seen_file file;
    assert_true(watch->next(watched, &file));
    assert_string_equal(file.name, name);
    watch->pass(watched, &file, true);
}

static void shows_nothing(void)
{
    struct seen_file file;
    assert_false(watch->next(watched, &file));
}

static void shows_captures_by_name_and_passes_the_rest_over(void **state)
{
    (void)state;
    static const char *const passed_over[] = {
        ".hidden.csv", "x.csv.part", "notes.txt", "csv", ".csv", "turned\xE2\x80\xAE.csv",
        "no\xFF.csv"};
    file_write("b.json", "x");
    file_write("a.NDJSON", "x");
    file_write("c.jsonl", "x");
    file_write("d.csv", "x");
    for (size_t i = 0; i < LENGTH_OF(passed_over); i++)
        file_write(passed_over[i], "x");
    assert_int_equal(mkdir(path_of("folder.csv"), 0700), 0);
    assert_int_equal(symlink("d.csv", path_of("link.csv")), 0);
    assert_int_equal(mkfifo(path_of("pipe.csv"), 0600), 0);
    looks();
    assert_int_equal(watch->moving(watched), 4);
    shows_nothing();
    looks();
    assert_int_equal(watch->moving(watched), 0);
    shows("a.NDJSON");
    shows("b.json");
    shows("c.jsonl");
    shows("d.csv");
    shows_nothing();
    looks();
    shows_nothing();
}

static void a_file_that_grows_is_not_shown_before_it_stands_still(void **state)
{
    (void)state;
    file_write("a.csv", "x");
    looks();
    file_write("a.csv", "xy");
    looks();
    shows_nothing();
    looks();
    shows("a.csv");
    file_write("a.csv", "xyz"); /* it is another now */
    looks();
    shows_nothing();
    looks();
    shows("a.csv");
    assert_int_equal(chmod(path_of("a.csv"), 0400),
                     0); /* as who mends what could not be read */
    looks();
    looks();
    shows("a.csv");
}

static void one_that_was_passed_for_now_comes_with_the_next_look(void **state)
{
    (void)state;
    struct seen_file file;
    file_write("a.csv", "x");
    looks();
    looks();
    assert_true(watch->next(watched, &file));
    watch->pass(watched, &file, false);
    shows_nothing();
    looks();
    shows("a.csv");
}

static void tells_when_a_file_may_be_gone(void **state)
{
    (void)state;
    file_write("a.csv", "x");
    assert_true(looks()); /* nobody knows what was there before */
    assert_false(looks());
    assert_true(watch->has(watched, "a.csv"));
    file_write("b.csv", "x");
    assert_false(looks());
    assert_int_equal(unlink(path_of("a.csv")), 0);
    assert_true(looks());
    assert_false(watch->has(watched, "a.csv"));
    assert_false(looks());
}

static void a_folder_that_is_missing_is_told_and_found_again(void **state)
{
    (void)state;
    bool has_lost;
    char sentence[200];
    struct reason reason = {0};
    file_write("a.csv", "x");
    looks();
    looks();
    shows("a.csv");
    folder_remove();
    assert_int_equal(watch->look(watched, &has_lost, &reason), STATUS_MISSING);
    (void)snprintf(sentence, sizeof(sentence),
                   "there is no folder %s: make it, or set [source.file] folder", folder);
    assert_string_equal(reason.sentence, sentence);
    shows_nothing();
    assert_int_equal(mkdir(folder, 0700), 0);
    file_write("a.csv", "x");
    looks();
    looks();
    shows("a.csv");
}

static void a_folder_of_too_many_files_is_refused(void **state)
{
    (void)state;
    bool has_lost;
    struct reason reason = {0};
    for (int i = 0; i <= 10000; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%d", i);
        int file = open(path_of(name), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(file >= 0);
        assert_int_equal(close(file), 0);
    }
    assert_int_equal(watch->look(watched, &has_lost, &reason), STATUS_TOO_LARGE);
    assert_non_null(strstr(reason.sentence, "holds more than 10000 files: move those"));
    assert_int_equal(unlink(path_of("0")), 0);
    assert_int_equal(watch->look(watched, &has_lost, &reason), STATUS_OK);
}

/* ---- Reading ---- */

static enum status reads(const char *name, struct arena *arena, struct capture *capture,
                         struct reason *reason)
{
    struct seen_file file;
    looks();
    looks();
    do
        assert_true(watch->next(watched, &file));
    while (strcmp(file.name, name) != 0);
    return watch->read(watched, &file, (instant){INT64_C(20400) * DAY_US}, arena, capture,
                       reason);
}

static void reads_a_capture_as_import_does(void **state)
{
    (void)state;
    struct capture capture;
    struct reason reason = {0};
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    file_write(NAME, HEAD ROW);
    assert_int_equal(reads(NAME, &arena, &capture, &reason), STATUS_OK);
    assert_int_equal(capture.ranking_count, 1);
    const struct ranking *ranking = &capture.rankings[0];
    assert_true(text_equals(ranking->source, TEXT("file")));
    assert_true(text_equals(country_at(ranking->list.country)->code, TEXT("MY")));
    assert_int_equal(ranking->hashtag_count, 1);
}

static void is_refused(const char *name, const char *contents, const char *sentence)
{
    struct capture capture;
    struct reason reason = {0};
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    file_write(name, contents);
    enum status status = reads(name, &arena, &capture, &reason);
    assert_true(status != STATUS_OK && status != STATUS_BUSY && status != STATUS_IO);
    assert_string_equal(reason.sentence, sentence);
    assert_int_equal(unlink(path_of(name)), 0);
}

static void what_is_no_list_is_refused_with_what_to_do(void **state)
{
    (void)state;
    is_refused(NAME, "", NAME ": it is empty");
    is_refused("a.csv", HEAD ROW,
               "a.csv: which list it is stays unknown: say it in its name, such as "
               "MY-7d-2025-10-01.csv: country, period and day of the capture");
    is_refused(NAME, HEAD "4232,gemini,Malaysia,51,84150986,17061,2025-10-01,21:30:09\n",
               NAME ": the list MY, 7 days, begins with rank 51 there: give its pages in one "
                    "file, or all at once to `trendgate import`");
}

static void a_file_over_the_bound_is_not_read(void **state)
{
    (void)state;
    struct capture capture;
    struct reason reason = {0};
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    file_write(NAME, "");
    assert_int_equal(truncate(path_of(NAME), CAPTURE_BYTES_MAX + 1), 0);
    assert_int_equal(reads(NAME, &arena, &capture, &reason), STATUS_TOO_LARGE);
    assert_string_equal(reason.sentence, NAME ": it is over 64 MB: split it");
}

static void a_file_that_is_no_longer_what_was_seen_is_left_for_later(void **state)
{
    (void)state;
    struct seen_file file;
    struct capture capture;
    struct reason reason = {0};
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    const instant now = {INT64_C(20400) * DAY_US};
    file_write(NAME, HEAD ROW);
    looks();
    looks();
    assert_true(watch->next(watched, &file));
    file_write(NAME, HEAD ROW "more");
    assert_int_equal(watch->read(watched, &file, now, &arena, &capture, &reason), STATUS_BUSY);
    assert_int_equal(unlink(path_of(NAME)), 0);
    assert_int_equal(watch->read(watched, &file, now, &arena, &capture, &reason), STATUS_BUSY);
    assert_int_equal(symlink("/etc/passwd", path_of(NAME)), 0);
    assert_int_equal(watch->read(watched, &file, now, &arena, &capture, &reason), STATUS_BUSY);
}

/* ---- The port ---- */

static void every_source_goes_one_way(void **state)
{
    (void)state;
    const struct source_options none = {0};
    struct reason reason = {0};
    for (size_t i = 0; sources[i]; i++) {
        assert_non_null(sources[i]->accepts);
        assert_non_null(sources[i]->gives);
        assert_false(sources[i]->ask && sources[i]->watch);
        assert_true(!sources[i]->ask == !sources[i]->read);
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(sources[i]->preference, sources[k]->preference);
    }
    assert_true(source_is_collected(source_find(TEXT("file"))));
    assert_false(source_is_collected(source_find(TEXT("sample"))));
    assert_int_equal(source_file.accepts(&none, &reason), STATUS_INVALID);
    assert_string_equal(reason.sentence,
                        "folder is missing: name the folder that captures are put into");
    assert_int_equal(source_sample.accepts(&none, &reason), STATUS_OK);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(shows_captures_by_name_and_passes_the_rest_over),
        IN_A_FOLDER(a_file_that_grows_is_not_shown_before_it_stands_still),
        IN_A_FOLDER(one_that_was_passed_for_now_comes_with_the_next_look),
        IN_A_FOLDER(tells_when_a_file_may_be_gone),
        IN_A_FOLDER(a_folder_that_is_missing_is_told_and_found_again),
        IN_A_FOLDER(a_folder_of_too_many_files_is_refused),
        IN_A_FOLDER(reads_a_capture_as_import_does),
        IN_A_FOLDER(what_is_no_list_is_refused_with_what_to_do),
        IN_A_FOLDER(a_file_over_the_bound_is_not_read),
        IN_A_FOLDER(a_file_that_is_no_longer_what_was_seen_is_left_for_later),
        cmocka_unit_test(every_source_goes_one_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
