#include "api/endpoints.h"
#include "cli/commands.h"

/* Room for all settings with their comments, and for their JSON. */
#define CONFIG_BYTES_MAX (256 * 1024)

static const struct cli_usage check_usage = {
    .command = "config check",
    .sentence =
        "Reads the settings and the plan file as `serve` would, and says what is wrong.",
};

static void checked_print(const struct cli_context *context, const struct settings *settings,
                          const struct plans *plans)
{
    CLEANUP(buffer_finish) struct buffer line;
    buffer_init(&line, CONFIG_BYTES_MAX);
    struct text config = context->config_file ? text_of(context->config_file) : TEXT("");
    if (context->json) {
        struct json_writer writer = json_writer_on(&line);
        json_object_open(&writer);
        json_member_text(&writer, TEXT("config_file"), config);
        json_member_text(&writer, TEXT("plans_file"), settings->plans_file);
        json_member_integer(&writer, TEXT("plans"), (int64_t)plans->plan_count);
        json_object_close(&writer);
        cli_print(buffer_text(&line));
        return;
    }
    buffer_append_format(
        &line, "settings: %.*s: good",
        TEXT_PRINT(config.length ? config : TEXT("no file, environment only")));
    cli_print(buffer_text(&line));
    buffer_clear(&line);
    buffer_append_format(&line, "plans: %.*s: %zu plans, good",
                         TEXT_PRINT(settings->plans_file.length ? settings->plans_file
                                                                : TEXT("the built-in ones")),
                         plans->plan_count);
    cli_print(buffer_text(&line));
}

static enum cli_exit config_check(struct cli_context *context, int argc, char **argv)
{
    struct cli_arguments arguments;
    enum cli_exit over;
    if (!cli_parse(context, &check_usage, argc, argv, &arguments, &over))
        return over;
    const struct settings *settings;
    struct plans plans;
    struct reason reason = {0};
    if (cli_settings(context, &settings, &reason) != STATUS_OK ||
        settings_database_check(settings->database_url, &reason) != STATUS_OK ||
        plans_read(settings->plans_file, priced_operations, &plans, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    checked_print(context, settings, &plans);
    return CLI_DONE;
}

enum { COMMENTED };

static const struct cli_option show_options[] = {
    {"commented", NULL, "With what each setting is for, its range and its default."},
    {NULL, NULL, NULL},
};

static const struct cli_usage show_usage = {
    .command = "config show",
    .sentence = "Prints the settings in force as a settings file (with --json: as one object).",
    .options = show_options,
};

static enum cli_exit config_show(struct cli_context *context, int argc, char **argv)
{
    struct cli_arguments arguments;
    enum cli_exit over;
    if (!cli_parse(context, &show_usage, argc, argv, &arguments, &over))
        return over;
    const struct settings *settings;
    struct reason reason = {0};
    if (cli_settings(context, &settings, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    CLEANUP(buffer_finish) struct buffer out;
    buffer_init(&out, CONFIG_BYTES_MAX);
    struct json_writer writer = json_writer_on(&out);
    if (context->json)
        settings_write_json(settings, &writer);
    else
        settings_write(settings, arguments.values[COMMENTED] != NULL, &out);
    check(!out.overflowed);
    bool ends_itself = out.length > 0 && out.bytes[out.length - 1] == '\n';
    cli_print(text_slice(buffer_text(&out), 0, out.length - ends_itself));
    return CLI_DONE;
}

enum cli_exit cli_config(struct cli_context *context, int argc, char **argv)
{
    static const struct cli_command commands[] = {
        {"check", "Says whether the settings and the plan file are good.", config_check},
        {"show", "Prints the settings in force.", config_show},
        {NULL, NULL, NULL},
    };
    return cli_group(context, "config", commands, "Settings: the file, the environment, plans.",
                     argc, argv);
}
