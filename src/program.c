#include "program.h"

#include "api/version.h"
#include "base/secret.h"
#include "cli/commands.h"

static const struct cli_command commands[] = {
    {"serve", "Answer calls.", cli_serve},
    {"collect", "Fetch lists from the sources that are on.", cli_collect},
    {"import", "Keep captured lists.", cli_import},
    {"export", "Write the kept lists.", cli_export},
    {"account", "Make, list and show accounts.", cli_account},
    {"key", "Make, list and revoke API keys.", cli_key},
    {"usage", "Show what an account used.", cli_account_usage},
    {"invoice", "Show what a billing period comes to.", cli_invoice},
    {"audit", "Re-add the journal and compare all sums.", cli_audit},
    {"db", "Migrate, back up and show the database.", cli_db},
    {"config", "Check and show the settings.", cli_config},
    {NULL, NULL, NULL},
};

int program_run(const struct time_source *time, int argc, char **argv)
{
    secret_start();
    const struct cli_program program = {
        .commands = commands,
        .sentence = "Ranked lists of trending hashtags over HTTP.",
        .version = TRENDGATE_VERSION,
        .time = time,
    };
    return (int)cli_main(&program, argc, argv);
}
