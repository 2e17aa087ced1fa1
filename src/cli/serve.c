#include "serve.h"

#include "cli/commands.h"

enum { LISTEN, ADMIN_LISTEN, THREADS, DEMO };

static const struct cli_option options[] = {
    {"listen", "ADDRESS:PORT", "Where to answer; port 0 picks a free one."},
    {"admin-listen", "ADDRESS:PORT", "Where to answer /metrics; nowhere unless asked for."},
    {"threads", "N", "Threads that answer calls; 0: one a core."},
    {"demo", NULL, "Sample lists, an account of its own and a new key; on 127.0.0.1 only."},
    {NULL, NULL, NULL},
};

static const struct cli_usage usage = {
    .command = "serve",
    .sentence =
        "Answers calls until SIGTERM; answers in flight are then finished. SIGHUP reads "
        "the plan file again.",
    .options = options,
};

enum cli_exit cli_serve(struct cli_context *context, int argc, char **argv)
{
    struct cli_arguments arguments;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &arguments, &over))
        return over;
    const struct settings *given;
    struct reason reason = {0};
    if (cli_settings(context, &given, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    struct settings settings = *given;
    if (arguments.values[LISTEN])
        settings.listen = text_of(arguments.values[LISTEN]);
    if (arguments.values[ADMIN_LISTEN])
        settings.admin_listen = text_of(arguments.values[ADMIN_LISTEN]);
    if (arguments.values[THREADS] &&
        (text_read_integer(text_of(arguments.values[THREADS]), &settings.threads) !=
             STATUS_OK ||
         settings.threads < 0 || settings.threads > SERVE_THREADS_MAX))
        return cli_misuse("--threads %s is not a number from 0 to %d",
                          arguments.values[THREADS], SERVE_THREADS_MAX);
    struct serve_options serving = {.settings = &settings,
                                    .config_file = context->config_file,
                                    .time = context->time,
                                    .is_demo = arguments.values[DEMO] != NULL};
    return serve(&serving, &reason) == STATUS_OK ? CLI_DONE : cli_refuse_for(&reason);
}
