#include "base/instant.h"
#include "catalog/capture.h"
#include "catalog/store.h"
#include "cli/commands.h"
#include "cli/progress.h"

enum { COUNTRY, PERIOD, CAPTURED };

static const struct cli_option options[] = {
    {"country", "CODE", "The list's country, where the file does not say it; ALL: global."},
    {"period", "DAYS", "Days the ranking looks back: 7, 30 or 120."},
    {"captured", "DATE", "When it was captured: 2025-10-01 or 2025-10-01T21:30:09Z."},
    {NULL, NULL, NULL},
};

static const struct cli_usage usage = {
    .command = "import",
    .operands = "FILE...",
    .operands_min = 1,
    .operands_max = 100000,
    .sentence =
        "Keeps captured lists: JSON (an upstream's answer, a bare list, our own export), "
        "NDJSON or CSV.\nA file with a fault is refused whole; an option that contradicts "
        "the file too.",
    .options = options,
};

static bool capture_options_read(const struct cli_arguments *arguments,
                                 struct capture_options *read, enum cli_exit *over)
{
    unsigned index;
    int64_t days;
    const char *country = arguments->values[COUNTRY];
    const char *period = arguments->values[PERIOD];
    const char *captured = arguments->values[CAPTURED];
    *over = CLI_MISUSED;
    if (country && country_find(text_of(country), &index) != STATUS_OK) {
        (void)cli_misuse("--country %s is not known; give a code such as US, or ALL", country);
        return false;
    }
    read->has_country = country != NULL;
    read->country = country ? (uint8_t)index : 0;
    if (period && (text_read_integer(text_of(period), &days) != STATUS_OK ||
                   period_find(days, &index) != STATUS_OK)) {
        (void)cli_misuse("--period %s is not known; give 7, 30 or 120", period);
        return false;
    }
    read->has_period = period != NULL;
    read->period = period ? (uint8_t)index : 0;
    if (captured && instant_read(text_of(captured), &read->captured_at) != STATUS_OK) {
        (void)cli_misuse("--captured %s is no date; give one such as 2025-10-01 or "
                         "2025-10-01T21:30:09Z",
                         captured);
        return false;
    }
    read->has_captured_at = captured != NULL;
    return true;
}

static void ranking_print(const struct ranking *ranking, int64_t snapshot_id, bool is_new,
                          bool as_json)
{
    char room[INSTANT_TEXT_BYTES];
    struct text captured_at = instant_rfc3339(ranking->captured_at, room);
    struct text country = country_at(ranking->list.country)->code;
    struct text outcome = is_new ? TEXT("imported") : TEXT("already there");
    int64_t industry = industry_at(ranking->list.industry)->id;
    int days = period_days[ranking->list.period];
    struct buffer line CLEANUP(buffer_finish);
    buffer_init(&line, JSON_BYTES_MAX);
    if (as_json) {
        struct json_writer writer = json_writer_on(&line);
        json_object_open(&writer);
        json_member_text(&writer, TEXT("country_code"), country);
        json_member_integer(&writer, TEXT("period"), days);
        json_member_integer(&writer, TEXT("industry_id"), industry);
        json_member_text(&writer, TEXT("captured_at"), captured_at);
        json_member_text(&writer, TEXT("source"), ranking->source);
        json_member_integer(&writer, TEXT("hashtags"), (int64_t)ranking->hashtag_count);
        json_member_integer(&writer, TEXT("snapshot"), snapshot_id);
        json_member_boolean(&writer, TEXT("is_new"), is_new);
        json_object_close(&writer);
    } else {
        buffer_append_format(&line, "%.*s: %.*s %d days", TEXT_PRINT(outcome),
                             TEXT_PRINT(country), days);
        if (industry)
            buffer_append_format(&line, " industry %lld", (long long)industry);
        buffer_append_format(&line, ", %zu hashtags captured %.*s", ranking->hashtag_count,
                             TEXT_PRINT(captured_at));
    }
    cli_print(buffer_text(&line));
}

static enum status capture_publish(struct store *store, const struct capture *capture,
                                   bool as_json, struct reason *reason)
{
    struct progress progress CLEANUP(progress_finish);
    progress_init(&progress, "lists", (int64_t)capture->ranking_count);
    for (size_t i = 0; i < capture->ranking_count; i++) {
        const struct ranking *ranking = &capture->rankings[i];
        int64_t snapshot_id;
        enum status status = store_publish(store, ranking, &snapshot_id, reason);
        if (status != STATUS_OK && status != STATUS_EXISTS)
            return status;
        ranking_print(ranking, snapshot_id, status == STATUS_OK, as_json);
        progress_show(&progress, (int64_t)i + 1);
    }
    return STATUS_OK;
}

static enum status file_import(struct store *store, const char *file,
                               struct capture_options *given, bool as_json,
                               struct reason *reason)
{
    struct buffer contents CLEANUP(buffer_finish);
    buffer_init(&contents, CAPTURE_BYTES_MAX);
    TRY(cli_read_file(file, &contents, reason));
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    struct capture capture;
    given->file_name = text_of(file);
    TRY(capture_read(buffer_text(&contents), given, &arena, &capture, reason));
    enum status status = capture_publish(store, &capture, as_json, reason);
    if (status != STATUS_OK) {
        struct reason inner = *reason;
        return reason_set(reason, status, "%s: %s", file, inner.sentence);
    }
    return STATUS_OK;
}

enum cli_exit cli_import(struct cli_context *context, int argc, char **argv)
{
    struct cli_arguments arguments;
    struct capture_options given = {0};
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &arguments, &over) ||
        !capture_options_read(&arguments, &given, &over))
        return over;
    struct store *store;
    struct reason reason = {0};
    if (cli_store_open(context, &store, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    enum cli_exit outcome = CLI_DONE;
    struct progress progress;
    progress_init(&progress, "files", (int64_t)arguments.operand_count);
    for (size_t i = 0; i < arguments.operand_count; i++) {
        if (file_import(store, arguments.operands[i], &given, context->json, &reason) !=
            STATUS_OK) {
            progress_finish(&progress);
            outcome = cli_refuse_for(&reason);
        }
        progress_show(&progress, (int64_t)i + 1);
    }
    progress_finish(&progress);
    store_close(store);
    return outcome;
}
