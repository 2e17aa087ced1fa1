#include "cli/cli.h"

#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define NAMES_MAX 64
#define NEAR_EDITS_MAX 2
#define FILE_PIECE_BYTES 65536

static const struct cli_option global_options[] = {
    {"config", "FILE", "Settings file (environment: TRENDGATE_CONFIG)."},
    {"database", "URL",
     "sqlite:PATH or postgresql://USER@HOST:PORT/NAME (environment: TRENDGATE_DATABASE)."},
    {"json", NULL, "Results as JSON, one object a line."},
    {"help", NULL, "This page; -h for short."},
    {"version", NULL, "The program's version."},
    {NULL, NULL, NULL},
};
enum { GLOBAL_CONFIG, GLOBAL_DATABASE, GLOBAL_JSON, GLOBAL_HELP, GLOBAL_VERSION, GLOBAL_COUNT };

/* ---- What a person reads ---- */

__attribute__((format(printf, 1, 0))) static void complain(const char *format,
                                                           va_list arguments)
{
    char *line = NULL;
    check(vasprintf(&line, format, arguments) >= 0);
    secret_mask(line);
    (void)fflush(stdout);
    (void)fprintf(stderr, "trendgate: %s\n", line);
    free(line);
}

enum cli_exit cli_refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments);
    va_end(arguments);
    return CLI_REFUSED;
}

enum cli_exit cli_misuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(format, arguments);
    va_end(arguments);
    return CLI_MISUSED;
}

enum cli_exit cli_refuse_for(const struct reason *reason)
{
    return cli_refuse("%s", reason->sentence);
}

void cli_print(struct text record)
{
    (void)fwrite(record.at, 1, record.length, stdout);
    (void)fputc('\n', stdout);
}

const char *cli_nearest(const char *written, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    unsigned fewest = NEAR_EDITS_MAX + 1;
    for (size_t i = 0; i < count; i++) {
        unsigned edits = text_distance(text_of(written), text_of(names[i]));
        if (edits < fewest && edits < strlen(names[i])) {
            fewest = edits;
            nearest = names[i];
        }
    }
    return nearest;
}

static void options_print(const char *heading, const struct cli_option *options)
{
    if (!options || !options->name)
        return;
    (void)printf("\n%s\n", heading);
    for (; options->name; options++) {
        char left[64];
        (void)snprintf(left, sizeof(left), "--%s%s%s", options->name, options->value ? " " : "",
                       options->value ? options->value : "");
        (void)printf("  %-24s %s\n", left, options->sentence);
    }
}

static void usage_print(const struct cli_usage *usage)
{
    bool has_options = usage->options && usage->options->name;
    (void)printf("usage: trendgate %s%s%s%s\n\n%s\n", usage->command,
                 usage->operands ? " " : "", usage->operands ? usage->operands : "",
                 has_options ? " [options]" : "", usage->sentence);
    options_print("options:", usage->options);
    options_print("options of every command:", global_options);
}

static void commands_print(const char *group, const struct cli_command *commands,
                           const char *sentence)
{
    const char *gap = group ? " " : "";
    (void)printf("usage: trendgate %s%sCOMMAND ...\n\n%s\n\ncommands:\n", group ? group : "",
                 gap, sentence);
    for (; commands->name; commands++)
        (void)printf("  %-10s %s\n", commands->name, commands->sentence);
    options_print("options of every command:", global_options);
    (void)printf("\n`trendgate %s%sCOMMAND --help` says more of one.\n", group ? group : "",
                 gap);
}

/* ---- Options ---- */

static const struct cli_option *option_find(const struct cli_option *options, struct text name)
{
    for (; options && options->name; options++)
        if (text_equals(text_of(options->name), name))
            return options;
    return NULL;
}

static enum cli_exit option_unknown(const struct cli_option *options, struct text name)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (; options && options->name && count < NAMES_MAX - GLOBAL_COUNT; options++)
        names[count++] = options->name;
    for (size_t i = 0; i < GLOBAL_COUNT; i++)
        names[count++] = global_options[i].name;
    char written[64];
    (void)snprintf(written, sizeof(written), "%.*s", TEXT_PRINT(text_slice(name, 0, 63)));
    const char *near = cli_nearest(written, names, count);
    if (near)
        return cli_misuse("unknown option --%s; did you mean --%s?", written, near);
    return cli_misuse("unknown option --%s; --help shows the known ones", written);
}

/* One walk over argv. */
struct option_walk {
    const struct cli_option *options; /* of the command; NULL: none */
    int argc;
    char **argv;
    int at;
    const char **values; /* by row of options */
    const char *globals[GLOBAL_COUNT];
};

/* The option at walk->at, with its value; walk->at moves past both. */
static bool option_take(struct option_walk *walk, enum cli_exit *over)
{
    const char *written = walk->argv[walk->at++];
    if (strcmp(written, "-h") == 0)
        written = "--help";
    struct text rest = text_of(written + 2);
    struct text name = text_cut(&rest, '=');
    const struct cli_option *global = option_find(global_options, name);
    const struct cli_option *option = global ? global : option_find(walk->options, name);
    if (!option || written[1] != '-') {
        *over = written[1] == '-'
                    ? option_unknown(walk->options, name)
                    : cli_misuse("unknown option %s; options begin with --", written);
        return false;
    }
    const char **place = global ? &walk->globals[global - global_options]
                                : &walk->values[option - walk->options];
    if (*place) {
        *over = cli_misuse("--%s is given twice", option->name);
        return false;
    }
    *place = rest.at;
    if (!option->value && rest.at) {
        *over = cli_misuse("--%s takes no value", option->name);
        return false;
    }
    if (!*place)
        *place = !option->value ? "" : walk->at < walk->argc ? walk->argv[walk->at++] : NULL;
    if (!*place)
        *over = cli_misuse("--%s needs a value: --%s %s", option->name, option->name,
                           option->value);
    return *place != NULL;
}

static void globals_apply(const struct option_walk *walk, struct cli_context *context)
{
    if (walk->globals[GLOBAL_CONFIG])
        context->config_file = walk->globals[GLOBAL_CONFIG];
    if (walk->globals[GLOBAL_DATABASE])
        context->database = walk->globals[GLOBAL_DATABASE];
    if (walk->globals[GLOBAL_JSON])
        context->json = true;
}

static bool operands_check(const struct cli_usage *usage, const struct cli_arguments *arguments,
                           enum cli_exit *over)
{
    size_t count = arguments->operand_count;
    if (count >= usage->operands_min && count <= usage->operands_max)
        return true;
    if (count < usage->operands_min)
        *over = cli_misuse("something is missing: trendgate %s %s", usage->command,
                           usage->operands);
    else
        *over = cli_misuse("'%s' is one too many: trendgate %s%s%s",
                           arguments->operands[usage->operands_max], usage->command,
                           usage->operands ? " " : "", usage->operands ? usage->operands : "");
    return false;
}

/* --help and --version end a command before it begins. usage: of a command; NULL: of a group,
 * which prints its own. */
static bool is_told(const struct cli_context *context, const struct option_walk *walk,
                    const struct cli_usage *usage)
{
    if (walk->globals[GLOBAL_VERSION])
        (void)printf("trendgate %s\n", context->version);
    else if (walk->globals[GLOBAL_HELP] && usage)
        usage_print(usage);
    return walk->globals[GLOBAL_VERSION] || (walk->globals[GLOBAL_HELP] && usage);
}

bool cli_parse(struct cli_context *context, const struct cli_usage *usage, int argc,
               char **argv, struct cli_arguments *arguments, enum cli_exit *over)
{
    struct cli_arguments parsed = {.operands = argv};
    struct option_walk walk = {
        .options = usage->options, .argc = argc, .argv = argv, .values = parsed.values};
    bool options_ended = false;
    while (walk.at < argc) {
        char *word = argv[walk.at];
        if (options_ended || word[0] != '-' || word[1] == '\0') {
            walk.at++;
            argv[parsed.operand_count++] = word;
        } else if (strcmp(word, "--") == 0) {
            walk.at++;
            options_ended = true;
        } else if (!option_take(&walk, over)) {
            return false;
        }
    }
    if (is_told(context, &walk, usage)) {
        *over = CLI_DONE;
        return false;
    }
    globals_apply(&walk, context);
    if (!operands_check(usage, &parsed, over))
        return false;
    *arguments = parsed;
    return true;
}

/* ---- Commands ---- */

static enum cli_exit command_unknown(const char *group, const struct cli_command *commands,
                                     const char *written)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (; commands->name && count < NAMES_MAX; commands++)
        names[count++] = commands->name;
    const char *near = cli_nearest(written, names, count);
    const char *gap = group ? " " : "";
    const char *before = group ? group : "";
    if (near)
        return cli_misuse("unknown command '%s%s%s'; did you mean '%s%s%s'?", before, gap,
                          written, before, gap, near);
    return cli_misuse("unknown command '%s%s%s'; `trendgate %s%s--help` lists them", before,
                      gap, written, before, gap);
}

/* "help" alone asks for this page; "help WORDS" becomes "WORDS --help". */
static bool help_is_asked(struct option_walk *walk)
{
    static char option[] = "--help";
    if (walk->at == walk->argc || strcmp(walk->argv[walk->at], "help") != 0)
        return false;
    if (walk->at + 1 == walk->argc)
        return true;
    for (int i = walk->at; i + 1 < walk->argc; i++)
        walk->argv[i] = walk->argv[i + 1];
    walk->argv[walk->argc - 1] = option;
    return false;
}

enum cli_exit cli_group(struct cli_context *context, const char *group,
                        const struct cli_command *commands, const char *sentence, int argc,
                        char **argv)
{
    struct option_walk walk = {.argc = argc, .argv = argv};
    enum cli_exit over = CLI_MISUSED;
    while (walk.at < argc && argv[walk.at][0] == '-' && argv[walk.at][1] != '\0')
        if (!option_take(&walk, &over))
            return over;
    globals_apply(&walk, context);
    if (is_told(context, &walk, NULL))
        return CLI_DONE;
    if (walk.globals[GLOBAL_HELP] || help_is_asked(&walk)) {
        commands_print(group, commands, sentence);
        return CLI_DONE;
    }
    if (walk.at == argc)
        return cli_misuse("say what to do: `trendgate %s%s--help` lists the commands",
                          group ? group : "", group ? " " : "");
    const char *written = argv[walk.at++];
    for (const struct cli_command *command = commands; command->name; command++)
        if (strcmp(command->name, written) == 0)
            return command->run(context, argc - walk.at, argv + walk.at);
    return command_unknown(group, commands, written);
}

enum cli_exit cli_main(const struct cli_program *program, int argc, char **argv)
{
    struct cli_context context = {.version = program->version,
                                  .time = program->time,
                                  .config_file = getenv("TRENDGATE_CONFIG")};
    if (context.config_file && context.config_file[0] == '\0')
        context.config_file = NULL;
    enum cli_exit ended = cli_group(&context, NULL, program->commands, program->sentence,
                                    argc > 0 ? argc - 1 : 0, argv + 1);
    if (context.has_settings)
        settings_close(&context.settings);
    if ((fflush(stdout) != 0 || ferror(stdout)) && ended == CLI_DONE)
        return cli_refuse("cannot write the results to standard output: %s", strerror(errno));
    return ended;
}

/* ---- What commands need ---- */

enum status cli_settings(struct cli_context *context, const struct settings **settings,
                         struct reason *reason)
{
    if (!context->has_settings) {
        TRY(settings_open(context->config_file, environ, &context->settings, reason));
        context->has_settings = true;
        if (context->database)
            context->settings.database_url = text_of(context->database);
    }
    *settings = &context->settings;
    return STATUS_OK;
}

static enum status file_read(int file, const char *name, struct buffer *contents,
                             struct reason *reason)
{
    for (;;) {
        char piece[FILE_PIECE_BYTES];
        ssize_t length = read(file, piece, sizeof(piece));
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return reason_set(reason, STATUS_IO, "cannot read %s: %s", name, strerror(errno));
        if (length == 0)
            return STATUS_OK;
        buffer_append(contents, (struct text){piece, (size_t)length});
        if (contents->overflowed)
            return reason_set(reason, STATUS_TOO_LARGE, "%s is over %zu MB: split it", name,
                              contents->ceiling >> 20);
    }
}

enum status cli_read_file(const char *name, struct buffer *contents, struct reason *reason)
{
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return reason_set(reason, STATUS_IO, "cannot open %s: %s", name, strerror(errno));
    enum status status = file_read(file, name, contents, reason);
    check(close(file) == 0);
    return status;
}
