/* Which files were read: once by whoever, after a death, after a change. */
#include "collector/known_files.h"
#include "shared_file.h"

#include <stdio.h>

#define SOURCE TEXT("file")

static struct seen_file seen(const char *name, int64_t bytes)
{
    struct seen_file file = {.bytes = bytes, .modified_ns = 7, .changed_ns = 8};
    (void)snprintf(file.name, sizeof(file.name), "%s", name);
    return file;
}

static enum status take(unsigned collector, const struct seen_file *file, instant *until)
{
    return known_file_take(file_of[collector], SOURCE, file, (int64_t)collector + 1, wall_now(),
                           until, NULL);
}

static void takes(unsigned collector, struct seen_file file)
{
    instant untouched = {-1};
    assert_int_equal(take(collector, &file, &untouched), STATUS_OK);
    assert_int_equal(untouched.us, -1);
}

static void is_turned_away(unsigned collector, struct seen_file file, int64_t until_us)
{
    instant until = {0};
    assert_int_equal(take(collector, &file, &until), STATUS_BUSY);
    assert_int_equal(until.us, until_us);
}

static void is_known(unsigned collector, struct seen_file file)
{
    instant untouched = {-1};
    assert_int_equal(take(collector, &file, &untouched), STATUS_EXISTS);
    assert_int_equal(untouched.us, -1);
}

static void ends(unsigned collector, struct seen_file file, enum file_outcome outcome,
                 const char *sentence)
{
    const struct file_end end = {outcome, 1, text_of(sentence), wall_now()};
    assert_int_equal(
        known_file_end(file_of[collector], SOURCE, &file, (int64_t)collector + 1, &end, NULL),
        STATUS_OK);
}

static void stand_refused(int64_t count, const char *sentence)
{
    struct refused_files refused;
    assert_int_equal(known_files_refused(file_of[1], SOURCE, &refused, NULL), STATUS_OK);
    assert_int_equal(refused.count, count);
    assert_string_equal(refused.sentence, sentence);
}

static void one_collector_reads_a_file_and_nobody_again(void **state)
{
    (void)state;
    takes(0, seen("a.csv", 1));
    is_turned_away(1, seen("a.csv", 1), BEGIN_US + FILE_LEASE_US);
    takes(1, seen("b.csv", 1));
    ends(0, seen("a.csv", 1), FILE_IS_KEPT, "");
    is_known(0, seen("a.csv", 1));
    is_known(1, seen("a.csv", 1));
    collector_restart(0);
    is_known(0, seen("a.csv", 1));
}

static void what_changed_is_read_again(void **state)
{
    (void)state;
    struct seen_file file = seen("a.csv", 1);
    takes(0, file);
    ends(0, file, FILE_IS_REFUSED, "a.csv: it is empty");
    is_known(1, file);
    file.changed_ns++;
    takes(1, file);
    ends(1, file, FILE_IS_KEPT, "");
    file.modified_ns++;
    takes(0, file);
    ends(0, file, FILE_IS_KEPT, "");
    file.bytes++;
    takes(0, file);
}

static void a_file_whose_reader_died_is_read_by_the_next(void **state)
{
    (void)state;
    takes(0, seen("a.csv", 1));
    pass_by(FILE_LEASE_US - 1);
    is_turned_away(1, seen("a.csv", 1), BEGIN_US + FILE_LEASE_US);
    pass_by(1);
    takes(1, seen("a.csv", 1));
    ends(0, seen("a.csv", 1), FILE_IS_KEPT, ""); /* late: it is no longer his */
    is_turned_away(0, seen("a.csv", 1), BEGIN_US + 2 * FILE_LEASE_US);
}

static void a_file_that_was_given_back_is_read_again(void **state)
{
    (void)state;
    struct seen_file file = seen("a.csv", 1);
    takes(0, file);
    assert_int_equal(known_file_end(file_of[0], SOURCE, &file, 1, NULL, NULL), STATUS_OK);
    takes(1, file);
}

static void a_lease_of_a_clock_that_was_ahead_holds_nobody_up(void **state)
{
    (void)state;
    takes(0, seen("a.csv", 1));
    wall_clock_step(-2 * FILE_LEASE_US);
    takes(1, seen("a.csv", 1));
}

static void those_that_stand_refused_are_counted(void **state)
{
    (void)state;
    stand_refused(0, "");
    takes(0, seen("a.csv", 1));
    ends(0, seen("a.csv", 1), FILE_IS_REFUSED, "a.csv: it is empty");
    pass_by(1);
    takes(0, seen("b.csv", 1));
    ends(0, seen("b.csv", 1), FILE_IS_REFUSED, "b.csv: not UTF-8");
    takes(0, seen("c.csv", 1));
    ends(0, seen("c.csv", 1), FILE_IS_KEPT, "");
    stand_refused(2, "b.csv: not UTF-8");
    takes(1, seen("b.csv", 2)); /* mended */
    stand_refused(1, "a.csv: it is empty");
}

static bool is_a(const void *owner, const char *name)
{
    (void)owner;
    return strcmp(name, "a.csv") == 0;
}

static void what_is_gone_is_forgotten(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct seen_file file = seen((const char *const[]){"a.csv", "b.csv", "c.csv"}[i], 1);
        takes(0, file);
        ends(0, file, FILE_IS_KEPT, "");
    }
    assert_int_equal(known_files_sweep(file_of[0], TEXT("other"), is_a, NULL, NULL), STATUS_OK);
    is_known(0, seen("a.csv", 1));
    assert_int_equal(known_files_sweep(file_of[0], SOURCE, is_a, NULL, NULL), STATUS_OK);
    is_known(0, seen("b.csv", 1));
    is_known(0, seen("c.csv", 1));
    takes(0, seen("a.csv", 1));
}

#define OF_A_FILE(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, shared_file_set_up, shared_file_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OF_A_FILE(one_collector_reads_a_file_and_nobody_again),
        OF_A_FILE(what_changed_is_read_again),
        OF_A_FILE(a_file_whose_reader_died_is_read_by_the_next),
        OF_A_FILE(a_file_that_was_given_back_is_read_again),
        OF_A_FILE(a_lease_of_a_clock_that_was_ahead_holds_nobody_up),
        OF_A_FILE(those_that_stand_refused_are_counted),
        OF_A_FILE(what_is_gone_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
