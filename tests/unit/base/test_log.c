#include "base/limits.h"
#include "base/log.h"
#include "base/log_writer.h"
#include "support/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_BYTES 100
#define PATIENCE_MS 20000

/* Standard error becomes a pipe; its reading end is kept. */
static int reader;
static int kept;

static int set_up(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    reader = ends[0];
    kept = dup(STDERR_FILENO);
    assert_true(kept >= 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    assert_int_equal(close(ends[1]), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    log_writer_stop();
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    assert_int_equal(close(kept), 0);
    assert_int_equal(close(reader), 0);
    return 0;
}

static void start(void)
{
    struct reason reason = {""};
    assert_int_equal(log_writer_start(&reason), STATUS_OK);
}

/* "0000000 xxx...\n" */
static void line_write(unsigned number, char *line)
{
    memset(line, 'x', LINE_BYTES);
    int length = snprintf(line, LINE_BYTES, "%07u", number);
    line[length] = ' ';
    line[LINE_BYTES - 1] = '\n';
}

static void lines_add(unsigned count)
{
    char line[LINE_BYTES];
    for (unsigned i = 0; i < count; i++) {
        line_write(i, line);
        log_writer_add((struct text){line, sizeof(line)});
    }
}

/* What the pipe gives until the text ends in what is awaited. */
static struct text read_until(struct text awaited, char *room, size_t bytes)
{
    size_t length = 0;
    for (;;) {
        struct pollfd wait = {.fd = reader, .events = POLLIN};
        if (poll(&wait, 1, PATIENCE_MS) != 1)
            fail_msg("nothing came after %zu bytes", length);
        ssize_t got = read(reader, room + length, bytes - length);
        assert_true(got > 0);
        length += (size_t)got;
        if (length >= awaited.length &&
            memcmp(room + length - awaited.length, awaited.at, awaited.length) == 0)
            return (struct text){room, length};
    }
}

static void lines_are_written_in_order(void **state)
{
    (void)state;
    static char room[2000 * LINE_BYTES];
    char line[LINE_BYTES];
    start();
    lines_add(2000);
    line_write(1999, line);
    struct text rest = read_until((struct text){line, sizeof(line)}, room, sizeof(room));
    assert_int_equal(rest.length, sizeof(room));
    for (unsigned i = 0; i < 2000; i++) {
        line_write(i, line);
        assert_memory_equal(room + i * LINE_BYTES, line, LINE_BYTES);
    }
}

/* The number in the sentence that ends so; 0 for a line of ours. */
static unsigned dropped_in(struct text line)
{
    struct text end = TEXT(" lines were dropped: standard error is not read in time");
    int64_t count = 0;
    if (line.length == LINE_BYTES - 1)
        return 0;
    assert_true(line.length > end.length);
    struct text head = text_slice(line, 0, line.length - end.length);
    assert_true(text_equals(text_slice(line, head.length, line.length), end));
    while (text_find(head, ' ') < head.length)
        (void)text_cut(&head, ' ');
    assert_int_equal(text_read_integer(head, &count), STATUS_OK);
    return (unsigned)count;
}

/* More than the pipe and the queue hold, and nobody reads: no call blocks; what did not fit is
 * counted, and what did is whole. */
static void lines_that_nobody_reads_are_dropped_and_counted(void **state)
{
    (void)state;
    enum { LINES = 5 * LOG_QUEUE_BYTES / LINE_BYTES };
    static char room[4 * LOG_QUEUE_BYTES];
    unsigned whole = 0;
    unsigned dropped = 0;
    start();
    lines_add(LINES);
    while (whole + dropped < LINES) {
        struct text rest = read_until(TEXT("\n"), room, sizeof(room));
        while (rest.length > 0) {
            unsigned count = dropped_in(text_cut(&rest, '\n'));
            dropped += count;
            whole += count == 0;
        }
    }
    assert_int_equal(whole + dropped, LINES);
    assert_true(whole >= LOG_QUEUE_BYTES / LINE_BYTES);
    assert_true(dropped > 0);
}

static void stop_writes_what_waits(void **state)
{
    (void)state;
    static char room[LINE_BYTES * 100];
    char line[LINE_BYTES];
    start();
    lines_add(100);
    log_writer_stop();
    line_write(99, line);
    (void)read_until((struct text){line, sizeof(line)}, room, sizeof(room));
}

static void stop_gives_up_on_a_reader_who_stands_still(void **state)
{
    (void)state;
    start();
    lines_add(LOG_QUEUE_BYTES / LINE_BYTES);
    log_writer_stop(); /* returns */
}

static void a_reader_who_is_gone_harms_nobody(void **state)
{
    (void)state;
    start();
    assert_int_equal(close(reader), 0);
    reader = open("/dev/null", O_RDONLY | O_CLOEXEC);
    lines_add(100);
    log_writer_stop();
    log_line(LOG_INFO, "test", "nor without the writer");
}

static void without_the_writer_lines_are_written_at_once(void **state)
{
    (void)state;
    char room[256];
    log_line(LOG_ERROR, "test", "a %s\nline", "control\x01");
    struct text line = read_until(TEXT("\n"), room, sizeof(room));
    assert_true(
        text_equals(text_slice(line, 20, line.length), TEXT(" error test: a control??line\n")));
}

static void a_line_that_is_too_long_ends_with_a_whole_character(void **state)
{
    (void)state;
    static char room[2 * LOG_LINE_BYTES_MAX], sentence[2 * LOG_LINE_BYTES_MAX + 8];
    for (size_t offset = 0; offset < 3; offset++) {
        memset(sentence, 'x', offset);
        for (size_t i = offset; i + 3 < sizeof(sentence); i += 3)
            memcpy(sentence + i, "\xE2\x82\xAC", 4); /* the euro sign */
        log_line(LOG_ERROR, "test", "%s", sentence);
        struct text line = read_until(TEXT("\n"), room, sizeof(room));
        assert_true(line.length > LOG_LINE_BYTES_MAX - 8);
        assert_true(text_is_utf8(line));
        assert_memory_equal(line.at + line.length - 4, "...\n", 4);
    }
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_are_written_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_that_nobody_reads_are_dropped_and_counted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(stop_writes_what_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stop_gives_up_on_a_reader_who_stands_still, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_reader_who_is_gone_harms_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_that_is_too_long_ends_with_a_whole_character,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_the_writer_lines_are_written_at_once, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
