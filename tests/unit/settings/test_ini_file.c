/* ini_file.h: what inih would let pass is refused by file and line. */
#include "settings/ini_file.h"
#include "support/unit.h"

#include <stdio.h>
#include <unistd.h>

struct heard {
    char lines[2048];
};

static enum status hear(void *owner, const struct ini_entry *entry, struct reason *reason)
{
    static const char kinds[] = {'[', '=', ']'};
    struct heard *heard = owner;
    size_t used = strlen(heard->lines);
    (void)snprintf(heard->lines + used, sizeof(heard->lines) - used, "%u%c%.*s|%.*s|%.*s\n",
                   entry->line, kinds[entry->kind], TEXT_PRINT(entry->section),
                   TEXT_PRINT(entry->name), TEXT_PRINT(entry->value));
    if (text_equals(entry->name, TEXT("refuse")))
        return reason_set(reason, STATUS_CONFLICT, "not this");
    return STATUS_OK;
}

static enum status read_text(struct text bytes, struct heard *heard, struct reason *reason)
{
    *heard = (struct heard){0};
    *reason = (struct reason){0};
    struct ini_visitor visitor = {.visit = hear, .owner = heard};
    return ini_read(bytes, TEXT("a.ini"), &visitor, reason);
}

static void entries_come_in_order_with_their_lines(void **state)
{
    (void)state;
    struct heard heard;
    struct reason reason;
    struct text bytes = TEXT("\xEF\xBB\xBF# a\n[one two]\r\nx = 1 ; why\r\n; b\ny=\n\n"
                             "[ three ]\nurl = http://h:1/a=b;c # d");
    assert_int_equal(read_text(bytes, &heard, &reason), STATUS_OK);
    assert_string_equal(heard.lines,
                        "2[one two||\n3=one two|x|1\n5=one two|y|\n2]one two||\n"
                        "7[three||\n8=three|url|http://h:1/a=b;c # d\n7]three||\n");
}

static void nothing_is_in_an_empty_file(void **state)
{
    (void)state;
    struct heard heard;
    struct reason reason;
    assert_int_equal(read_text(TEXT(""), &heard, &reason), STATUS_OK);
    assert_int_equal(read_text((struct text){0}, &heard, &reason), STATUS_OK);
    assert_int_equal(read_text(TEXT("\n\n#\n"), &heard, &reason), STATUS_OK);
    assert_string_equal(heard.lines, "");
}

static void faults_name_file_line_and_reason(void **state)
{
    (void)state;
    static const struct {
        struct text bytes;
        const char *sentence;
    } cases[] = {
        {TEXT_INITIAL("[a]\nx = 1\nnonsense\n"), "a.ini:3: the line is neither"},
        {TEXT_INITIAL("[a]\nx: 1\n"), "a.ini:2: the line is neither"},
        {TEXT_INITIAL("[a]\nx: y = 1\n"), "a.ini:2: the line is neither"},
        {TEXT_INITIAL("[a]\n= 1\n"), "a.ini:2: the line is neither"},
        {TEXT_INITIAL("[a]\nX = 1\n"), "a.ini:2: the line is neither"},
        {TEXT_INITIAL("x = 1\n"), "a.ini:1: there must be a [section]"},
        {TEXT_INITIAL("[a]\nx = 1\n y = 2\n"), "a.ini:3: the line begins with a blank"},
        {TEXT_INITIAL("[a]\n\tmore\n"), "a.ini:2: the line begins with a blank"},
        {TEXT_INITIAL("[a] b\n"), "a.ini:1: a section is written [NAME]"},
        {TEXT_INITIAL("[a\n"), "a.ini:1: a section is written [NAME]"},
        {TEXT_INITIAL("[]\n"), "a.ini:1: a section is written [NAME]"},
        {TEXT_INITIAL("[\n"), "a.ini:1: a section is written [NAME]"},
        {TEXT_INITIAL("[a]]\n"), "a.ini:1: a section is written [NAME]"},
        {TEXT_INITIAL("[a]\nx = \x01\n"), "a.ini:2: the line holds control characters"},
        {TEXT_INITIAL("[a]\nx = \x00 1\n"), "a.ini:2: the line holds control characters"},
        {TEXT_INITIAL("[a]\nx = \xFF\n"), "a.ini:2: the line holds control characters"},
        {TEXT_INITIAL("[a]\nx = 1\ry = 2\n"), "a.ini:2: the line holds control characters"},
        {TEXT_INITIAL("[a]\nrefuse = 1\nnonsense\n"), "a.ini:2: not this"},
        {TEXT_INITIAL("[a]\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx = 1\n"),
         "a.ini:2: the name is too long"},
    };
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct heard heard;
        struct reason reason;
        assert_int_not_equal(read_text(cases[i].bytes, &heard, &reason), STATUS_OK);
        if (strncmp(reason.sentence, cases[i].sentence, strlen(cases[i].sentence)) != 0)
            fail_msg("'%s' is not '%s...'", reason.sentence, cases[i].sentence);
    }
}

/* "[a]\n", then "x = 111..." of that many bytes. */
static struct text long_line(char *room, size_t bytes)
{
    memcpy(room, "[a]\nx = ", 8);
    memset(room + 8, '1', bytes - 4);
    return (struct text){room, 4 + bytes};
}

static void the_longest_line_is_whole_and_the_next_is_refused(void **state)
{
    (void)state;
    char room[1024];
    struct heard heard;
    struct reason reason;
    assert_int_equal(read_text(long_line(room, INI_LINE_BYTES_MAX), &heard, &reason),
                     STATUS_OK);
    assert_int_equal(strlen(heard.lines), strlen("1[a||\n2=a|x|\n1]a||\n") + 192);
    assert_int_equal(read_text(long_line(room, INI_LINE_BYTES_MAX + 1), &heard, &reason),
                     STATUS_INVALID);
    assert_string_equal(reason.sentence, "a.ini:2: the line has 197 bytes, 196 are the most");
    struct text comment = long_line(room, 900);
    room[4] = '#';
    assert_int_equal(read_text(comment, &heard, &reason), STATUS_OK);
    assert_string_equal(heard.lines, "1[a||\n1]a||\n");
}

static void a_section_keeps_its_whole_name(void **state)
{
    (void)state;
    char room[128] = "[";
    memset(room + 1, 'a', INI_SECTION_BYTES_MAX);
    memcpy(room + 1 + INI_SECTION_BYTES_MAX, "]\nx=1\n", 7);
    struct heard heard;
    struct reason reason;
    assert_int_equal(read_text(text_of(room), &heard, &reason), STATUS_OK);
    room[1 + INI_SECTION_BYTES_MAX] = 'a';
    memcpy(room + 2 + INI_SECTION_BYTES_MAX, "]\n", 3);
    assert_int_equal(read_text(text_of(room), &heard, &reason), STATUS_INVALID);
    assert_string_equal(reason.sentence, "a.ini:1: the name of the section is too long");
}

static void files_that_cannot_be_read_say_why(void **state)
{
    (void)state;
    CLEANUP(arena_finish) struct arena arena;
    arena_init(&arena, (size_t)4 * INI_FILE_BYTES_MAX);
    struct text bytes;
    struct reason reason;
    assert_int_equal(ini_load("/nonexistent.ini", &arena, &bytes, &reason), STATUS_MISSING);
    assert_string_equal(reason.sentence, "/nonexistent.ini: there is no such file");
    assert_int_equal(ini_load("/", &arena, &bytes, &reason), STATUS_IO);
    assert_string_equal(reason.sentence, "/: cannot be read: Is a directory");
    assert_int_equal(ini_load("/dev/zero", &arena, &bytes, &reason), STATUS_TOO_LARGE);
    assert_int_equal(ini_load("/dev/null", &arena, &bytes, &reason), STATUS_OK);
    assert_int_equal(bytes.length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_in_order_with_their_lines),
        cmocka_unit_test(nothing_is_in_an_empty_file),
        cmocka_unit_test(faults_name_file_line_and_reason),
        cmocka_unit_test(the_longest_line_is_whole_and_the_next_is_refused),
        cmocka_unit_test(a_section_keeps_its_whole_name),
        cmocka_unit_test(files_that_cannot_be_read_say_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
