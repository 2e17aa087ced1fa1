#include "base/instant.h"
#include "base/log.h"
#include "base/reason.h"
#include "support/unit.h"

#include <stdio.h>
#include <unistd.h>

static void reasons_are_written_whole_or_marked(void **state)
{
    (void)state;
    char letters[REASON_BYTES_MAX + 1];
    struct reason reason;
    for (int length = REASON_BYTES_MAX - 5; length <= REASON_BYTES_MAX; length++) {
        memset(letters, 'a', sizeof(letters));
        letters[length] = 0;
        assert_int_equal(reason_set(&reason, STATUS_BUSY, "%s", letters), STATUS_BUSY);
        if (length < REASON_BYTES_MAX) {
            assert_string_equal(reason.sentence, letters);
            continue;
        }
        memcpy(letters + REASON_BYTES_MAX - 4, "...", 4);
        assert_string_equal(reason.sentence, letters);
    }
    assert_int_equal(reason_text(&reason).length, REASON_BYTES_MAX - 1);
}

/* What is shown must stay UTF-8 wherever the cut falls. */
static void a_cut_never_splits_a_character(void **state)
{
    (void)state;
    static const char *const characters[] = {"\xC3\xA9", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80"};
    for (size_t kind = 0; kind < LENGTH_OF(characters); kind++) {
        for (int lead = 0; lead < 4; lead++) {
            char many[REASON_BYTES_MAX + 16] = "aaaa";
            size_t length = (size_t)lead;
            while (length < REASON_BYTES_MAX) {
                (void)snprintf(many + length, sizeof(many) - length, "%s", characters[kind]);
                length += strlen(characters[kind]);
            }
            struct reason reason;
            assert_int_equal(reason_set(&reason, STATUS_INVALID, "%s", many), STATUS_INVALID);
            struct text sentence = reason_text(&reason);
            assert_true(text_is_utf8(sentence));
            assert_in_range(sentence.length, REASON_BYTES_MAX - 4, REASON_BYTES_MAX - 1);
            assert_true(text_equals(text_slice(sentence, sentence.length - 3, sentence.length),
                                    TEXT("...")));
        }
    }
}

static void a_reason_may_be_unwanted(void **state)
{
    (void)state;
    assert_int_equal(reason_set(NULL, STATUS_MISSING, "%d", 1), STATUS_MISSING);
}

/* What log_line writes on standard error while it leads into a pipe. */
static struct text logged(const char *sentence, char *room, size_t bytes)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    int kept = dup(STDERR_FILENO);
    assert_true(kept >= 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_line(LOG_WARNING, "catalog", "%s", sentence);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    (void)close(ends[1]);
    ssize_t length = read(ends[0], room, bytes);
    (void)close(ends[0]);
    assert_true(length > 0);
    return (struct text){room, (size_t)length};
}

#define DATE_LENGTH (sizeof("2026-11-22T18:48:39Z") - 1)

static void log_lines_have_one_form(void **state)
{
    (void)state;
    char room[2 * LOG_LINE_BYTES_MAX];
    struct text line = logged("the \xE4\xB8\xAD list\n\x1B[31m\x7F is late", room,
                              sizeof(room));
    instant at;
    struct text date = text_slice(line, 0, DATE_LENGTH);
    assert_int_equal(instant_read(date, &at), STATUS_OK);
    assert_true(text_equals(text_slice(line, DATE_LENGTH, line.length),
                            TEXT(" warning catalog: the \xE4\xB8\xAD list??[31m? is late\n")));
}

static void long_log_lines_are_marked(void **state)
{
    (void)state;
    static const char start[] = "2026-11-22T18:48:39Z warning catalog: ";
    size_t fits = LOG_LINE_BYTES_MAX - (sizeof(start) - 1) - 2; /* a line's end and a NUL */
    char sentence[2 * LOG_LINE_BYTES_MAX];
    char room[2 * LOG_LINE_BYTES_MAX];
    for (size_t length = fits - 1; length <= fits + 5; length++) {
        memset(sentence, 'a', length);
        sentence[length] = 0;
        struct text line = logged(sentence, room, sizeof(room));
        assert_in_range(line.length, 1, LOG_LINE_BYTES_MAX);
        assert_int_equal(line.at[line.length - 1], '\n');
        struct text end = text_slice(line, line.length - 4, line.length);
        assert_int_equal(text_equals(end, TEXT("...\n")), length > fits);
        assert_int_equal(text_find(line, '\n'), line.length - 1);
    }
}

static void a_shorter_one_is_whole_or_marked(void **state)
{
    (void)state;
    static const struct {
        const char *sentence, *in_8_bytes;
    } cases[] = {{"", ""},
                 {"seven b", "seven b"},
                 {"eight by", "eigh..."},
                 {"one too long", "one ..."},
                 {"abc\xC3\xA9 and", "abc..."},
                 {"ab\xC3\xA9 and more", "ab\xC3\xA9..."}};
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct reason reason;
        char room[8];
        memset(room, 'x', sizeof(room));
        (void)reason_set(&reason, STATUS_IO, "%s", cases[i].sentence);
        reason_shorten(&reason, room, sizeof(room));
        assert_string_equal(room, cases[i].in_8_bytes);
    }
}

static void words_of_all_outcomes(void **state)
{
    (void)state;
    for (int a = STATUS_OK; a <= STATUS_CORRUPT; a++) {
        assert_non_null(status_word((enum status)a));
        for (int b = STATUS_OK; b < a; b++)
            assert_string_not_equal(status_word((enum status)a), status_word((enum status)b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_are_written_whole_or_marked),
        cmocka_unit_test(a_cut_never_splits_a_character),
        cmocka_unit_test(a_reason_may_be_unwanted),
        cmocka_unit_test(a_shorter_one_is_whole_or_marked),
        cmocka_unit_test(log_lines_have_one_form),
        cmocka_unit_test(long_log_lines_are_marked),
        cmocka_unit_test(words_of_all_outcomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
