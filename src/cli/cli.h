/* cli: what every command shares: options, settings, results on stdout, faults on stderr.
 *
 * A command is a row of a table and a function that returns an exit code. Its options are a
 * table too, from which both the parsing and --help come. The global options (--config,
 * --database, --json, --help) may stand anywhere. Main thread only. */
#pragma once

#include "base/buffer.h"
#include "base/instant.h"
#include "base/json_write.h"
#include "settings/plans.h"
#include "settings/settings.h"

enum cli_exit { CLI_DONE = 0, CLI_REFUSED = 1, CLI_MISUSED = 2 };

struct cli_context {
    const char *version; /* the program's */
    const struct time_source *time;
    const char *config_file; /* --config or TRENDGATE_CONFIG; NULL: none */
    const char *database;    /* --database; NULL: what the settings say */
    bool json;               /* --json */
    bool makes_database;     /* the command may begin a new one where there is none */
    bool has_settings;
    struct settings settings; /* by cli_settings */
    char base_url[256];       /* by cli_admin_open, where no public URL is set */
};

/* A table of commands ends with a row without name. */
struct cli_command {
    const char *name;
    const char *sentence; /* in --help */
    enum cli_exit (*run)(struct cli_context *context, int argc,
                         char **argv); /* after the name */
};

struct cli_program {
    const struct cli_command *commands;
    const char *sentence;           /* in --help */
    const char *version;            /* "1.2.3" */
    const struct time_source *time; /* every command's */
};

/* The whole program: global options, then the command. Returns the exit code. */
enum cli_exit cli_main(const struct cli_program *program, int argc, char **argv);

/* A command of several, as `trendgate account`: group is "account". */
enum cli_exit cli_group(struct cli_context *context, const char *group,
                        const struct cli_command *commands, const char *sentence, int argc,
                        char **argv);

/* A table of options ends with a row without name. */
struct cli_option {
    const char *name;     /* "plan" for --plan */
    const char *value;    /* what stands for its value in --help; NULL: it takes none */
    const char *sentence; /* in --help */
};

#define CLI_OPTIONS_MAX 16

struct cli_usage {
    const char *command;  /* "account create" */
    const char *operands; /* "EMAIL"; NULL: none */
    size_t operands_min, operands_max;
    const char *sentence;             /* in --help, below the usage line */
    const struct cli_option *options; /* NULL: none */
};

struct cli_arguments {
    const char *values[CLI_OPTIONS_MAX]; /* by row; NULL: not given; "" for one without value */
    char **operands;                     /* within argv, which is reordered */
    size_t operand_count;
};

/* "--name VALUE", "--name=VALUE", "--" before operands that begin with '-'. False: the command
 * is over with *over: CLI_DONE after --help, CLI_MISUSED with the fault told on stderr. */
bool cli_parse(struct cli_context *context, const struct cli_usage *usage, int argc,
               char **argv, struct cli_arguments *arguments, enum cli_exit *over);

/* Opens the settings at the first call; they live as long as the context. */
enum status cli_settings(struct cli_context *context, const struct settings **settings,
                         struct reason *reason);

/* Says "trendgate: SENTENCE" on stderr. */
__attribute__((format(printf, 1, 2))) enum cli_exit cli_refuse(const char *format, ...);
__attribute__((format(printf, 1, 2))) enum cli_exit cli_misuse(const char *format, ...);

/* cli_refuse with the sentence of reason. */
enum cli_exit cli_refuse_for(const struct reason *reason);

/* One record on a line of stdout. Whether stdout took it is looked at once, by cli_main. */
void cli_print(struct text record);

/* Those of the names that is nearest to what was written, for "did you mean"; NULL: none near. */
const char *cli_nearest(const char *written, const char *const *names, size_t count);

/* A whole file. STATUS_TOO_LARGE: over the buffer's ceiling. reason names the file. */
enum status cli_read_file(const char *file, struct buffer *contents, struct reason *reason);
