/* Options and commands; what they say on stderr is read back from a file. */
#include "cli/cli.h"
#include "support/unit.h"

#include <stdio.h>
#include <unistd.h>

static struct cli_context context;
static struct cli_arguments given;
static enum cli_exit over;
static char said[4096];
static FILE *speech;

enum { PLAN, ALL };
static const struct cli_option options[] = {
    {"plan", "NAME", "Plan."}, {"all", NULL, "All."}, {NULL, NULL, NULL}};
static const struct cli_usage usage = {.command = "test",
                                       .operands = "A [B]",
                                       .operands_min = 1,
                                       .operands_max = 2,
                                       .sentence = "Tests.",
                                       .options = options};

/* Turns stdout and stderr into a file, and what was said there into `said`. */
static int streams[2];

static void listen_begin(void)
{
    (void)fflush(NULL);
    speech = tmpfile();
    assert_non_null(speech);
    for (int i = 0; i < 2; i++) {
        streams[i] = dup(i + 1);
        assert_true(dup2(fileno(speech), i + 1) >= 0);
    }
}

static void listen_end(void)
{
    (void)fflush(NULL);
    for (int i = 0; i < 2; i++) {
        assert_true(dup2(streams[i], i + 1) >= 0);
        assert_int_equal(close(streams[i]), 0);
    }
    rewind(speech);
    said[fread(said, 1, sizeof(said) - 1, speech)] = '\0';
    assert_int_equal(fclose(speech), 0);
}

/* Splits line at spaces into a fresh argv. */
static int split(char *line, char **argv)
{
    int argc = 0;
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    return argc;
}

static bool parsed(const char *line)
{
    static char words[256];
    static char *argv[32];
    (void)snprintf(words, sizeof(words), "%s", line);
    int argc = split(words, argv);
    context = (struct cli_context){.config_file = NULL};
    listen_begin();
    bool goes_on = cli_parse(&context, &usage, argc, argv, &given, &over);
    listen_end();
    return goes_on;
}

static void options_stand_anywhere(void **state)
{
    (void)state;
    assert_true(parsed("x --plan Pro --json y --database=sqlite:a=b"));
    assert_int_equal(given.operand_count, 2);
    assert_string_equal(given.operands[0], "x");
    assert_string_equal(given.operands[1], "y");
    assert_string_equal(given.values[PLAN], "Pro");
    assert_null(given.values[ALL]);
    assert_true(context.json);
    assert_string_equal(context.database, "sqlite:a=b");
    assert_true(parsed("--all --plan=  -"));
    assert_string_equal(given.values[PLAN], "");
    assert_non_null(given.values[ALL]);
    assert_string_equal(given.operands[0], "-");
    assert_true(parsed("-- --all"));
    assert_null(given.values[ALL]);
    assert_string_equal(given.operands[0], "--all");
}

static void misuse_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *sentence;
    } rows[] = {
        {"", "something is missing: trendgate test A [B]"},
        {"a b c", "'c' is one too many"},
        {"a --plam x", "unknown option --plam; did you mean --plan?"},
        {"a --jsn", "did you mean --json?"},
        {"a --something-else", "unknown option --something-else; --help shows"},
        {"a -x", "unknown option -x; options begin with --"},
        {"a --plan", "--plan needs a value: --plan NAME"},
        {"a --plan x --plan y", "--plan is given twice"},
        {"a --all=yes", "--all takes no value"},
    };
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        over = CLI_DONE;
        if (parsed(rows[i].line) || over != CLI_MISUSED || !strstr(said, rows[i].sentence))
            fail_msg("'%s': %s", rows[i].line, said);
        assert_memory_equal(said, "trendgate: ", 11);
        assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
    }
}

static void help_comes_from_the_table(void **state)
{
    (void)state;
    assert_false(parsed("--help"));
    assert_int_equal(over, CLI_DONE);
    assert_non_null(strstr(said, "usage: trendgate test A [B] [options]"));
    assert_non_null(strstr(said, "--plan NAME"));
    assert_non_null(strstr(said, "--database URL"));
}

static int ran_with;

static enum cli_exit run(struct cli_context *with, int argc, char **argv)
{
    ran_with = argc;
    return with->json && argc == 1 && strcmp(argv[0], "a") == 0 ? CLI_REFUSED : CLI_DONE;
}

static const struct cli_command commands[] = {
    {"import", "Import.", run}, {"export", "Export.", run}, {NULL, NULL, NULL}};

static enum cli_exit mained(const char *line)
{
    char words[256];
    char *argv[32];
    (void)snprintf(words, sizeof(words), "trendgate %s", line);
    int argc = split(words, argv);
    ran_with = -1;
    listen_begin();
    const struct cli_program program = {commands, "Program.", "1.2.3", time_source_system()};
    enum cli_exit ended = cli_main(&program, argc, argv);
    listen_end();
    return ended;
}

static void the_command_is_picked(void **state)
{
    (void)state;
    assert_int_equal(mained("--json import a"), CLI_REFUSED);
    assert_int_equal(ran_with, 1);
    assert_int_equal(mained("export"), CLI_DONE);
    assert_int_equal(ran_with, 0);
    assert_int_equal(mained("imprt"), CLI_MISUSED);
    assert_int_equal(ran_with, -1);
    assert_non_null(strstr(said, "unknown command 'imprt'; did you mean 'import'?"));
    assert_int_equal(mained(""), CLI_MISUSED);
    assert_int_equal(mained("--nothing"), CLI_MISUSED);
    assert_int_equal(mained("--help"), CLI_DONE);
    assert_non_null(strstr(said, "  export     Export."));
}

static void files_have_a_ceiling(void **state)
{
    (void)state;
    struct reason reason = {""};
    struct buffer contents;
    buffer_init(&contents, 10);
    assert_int_equal(cli_read_file("/proc/self/stat", &contents, &reason), STATUS_TOO_LARGE);
    assert_int_equal(cli_read_file("/nonexistent", &contents, &reason), STATUS_IO);
    assert_string_equal(reason.sentence, "cannot open /nonexistent: No such file or directory");
    buffer_finish(&contents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_anywhere),    cmocka_unit_test(misuse_is_told),
        cmocka_unit_test(help_comes_from_the_table), cmocka_unit_test(the_command_is_picked),
        cmocka_unit_test(files_have_a_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
