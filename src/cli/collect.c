#include "catalog/store.h"
#include "cli/collect_status.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "collecting.h"
#include "settings/forms.h"

#include <signal.h>
#include <stdio.h>
#include <uv.h>

enum { ONCE, SOURCE, COUNTRY, PERIOD, STATUS };

static const struct cli_option options[] = {
    {"once", NULL,
     "Fetch what is due and read what is new, then end; else it goes on until SIGTERM."},
    {"source", "NAME", "From this source alone."},
    {"country", "CODE,...",
     "These countries, not those of the settings; ALL: the global list."},
    {"period", "DAYS,...", "These periods: 7, 30, 120."},
    {"status", NULL, "Show how each source fares, and fetch nothing."},
    {NULL, NULL, NULL},
};

static const struct cli_usage usage = {
    .command = "collect",
    .sentence =
        "Fetches lists from the sources that are on, reads captures that are put into the "
        "folder "
        "of [source.file],\nand keeps them. A server on the same database serves them within a "
        "second; limits and budgets are\nshared with it.",
    .options = options,
};

/* The main thread waits for a signal, or for the collector to end. */
struct collection {
    struct cli_context *context;
    struct collector *collector;
    struct progress progress;
    int64_t done;
    uv_loop_t loop;
    uv_signal_t terminate, interrupt;
    uv_async_t over;
    bool is_once, was_stopped;
};

static const char *outcome_word(enum collector_outcome outcome)
{
    switch (outcome) {
    case LIST_KEPT: return "kept";
    case LIST_IS_THE_SAME: return "unchanged";
    case LIST_FAILED: return "failed";
    case FILE_REFUSED: return "refused";
    }
    check(false);
}

static void event_print(struct cli_context *context, const struct collector_event *event)
{
    static const char *const members[] = {"outcome",  "country",  "period", "source",
                                          "hashtags", "sentence", "file"};
    bool has_list = event->outcome != FILE_REFUSED;
    CLEANUP(json_document_finish)
    json_t *row = json_pack(
        "{ss ss si ss# sI ss# ss#}", "outcome", outcome_word(event->outcome), "country",
        has_list ? country_at(event->list.country)->code.at : "", "period",
        has_list ? period_days[event->list.period] : 0, "source",
        event->source.at ? event->source.at : "", (int)event->source.length, "hashtags",
        (json_int_t)event->hashtag_count, "sentence",
        event->sentence.at ? event->sentence.at : "", (int)event->sentence.length, "file",
        event->file.at ? event->file.at : "", (int)event->file.length);
    if (row)
        cli_print_members(context, row, members, LENGTH_OF(members));
    (void)fflush(stdout);
}

/* On the collector's thread. */
static void list_told(void *owner, const struct collector_event *event)
{
    struct collection *collection = owner;
    collection->done++;
    progress_finish(&collection->progress);
    event_print(collection->context, event);
    if (!collection->is_once)
        return;
    collection->progress.total = collection->done + (int64_t)event->left;
    progress_show(&collection->progress, collection->done);
}

static void collection_ended(void *owner)
{
    struct collection *collection = owner;
    check(uv_async_send(&collection->over) == 0);
}

static void over(uv_async_t *async)
{
    struct collection *collection = async->data;
    uv_stop(&collection->loop);
}

static void stop(uv_signal_t *signal, int number)
{
    (void)number;
    struct collection *collection = signal->data;
    collection->was_stopped = true;
    collector_stop(collection->collector);
}

static void loop_begin(struct collection *collection)
{
    check(uv_loop_init(&collection->loop) == 0);
    check(uv_async_init(&collection->loop, &collection->over, over) == 0);
    check(uv_signal_init(&collection->loop, &collection->terminate) == 0);
    check(uv_signal_init(&collection->loop, &collection->interrupt) == 0);
    collection->over.data = collection->terminate.data = collection->interrupt.data =
        collection;
}

static void loop_end(struct collection *collection)
{
    uv_close((uv_handle_t *)&collection->over, NULL);
    uv_close((uv_handle_t *)&collection->terminate, NULL);
    uv_close((uv_handle_t *)&collection->interrupt, NULL);
    (void)uv_run(&collection->loop, UV_RUN_DEFAULT);
    check(uv_loop_close(&collection->loop) == 0);
}

static enum status collection_run(struct collection *collection,
                                  const struct collector_options *wanted, struct reason *reason)
{
    TRY(collector_open(wanted, &collection->collector, reason));
    check(uv_signal_start(&collection->terminate, stop, SIGTERM) == 0);
    check(uv_signal_start(&collection->interrupt, stop, SIGINT) == 0);
    (void)uv_run(&collection->loop, UV_RUN_DEFAULT);
    progress_finish(&collection->progress);
    enum status status = collector_wait(collection->collector, reason);
    collector_close(collection->collector);
    if (!collection->is_once)
        return STATUS_OK;
    if (collection->was_stopped)
        return reason_set(reason, STATUS_UNAVAILABLE, "stopped before all lists were fetched");
    return status;
}

static enum status collecting_check(const struct collecting *collecting, bool is_once,
                                    struct reason *reason)
{
    bool has_lists = false;
    bool is_any_on = false;
    bool is_any_watched = false;
    for (size_t i = 0; i < LIST_COUNT; i++)
        has_lists = has_lists || collecting->is_collected[i];
    for (size_t i = 0; i < collecting->source_count; i++) {
        const struct source *source = collecting->sources[i].source;
        is_any_on = is_any_on || source_is_collected(source);
        is_any_watched = is_any_watched || source->watch;
    }
    if (!is_any_on)
        return reason_set(reason, STATUS_MISSING,
                          "no source is on: set [source.NAME] enabled = true for one of "
                          "creative-center, creative-one, business-api and file");
    if (!has_lists && !is_any_watched && is_once)
        return reason_set(reason, STATUS_MISSING,
                          "nothing is to be fetched: name lists with --country, or set "
                          "[collect] countries");
    return STATUS_OK;
}

static enum status lists_collect(struct cli_context *context, const struct settings *settings,
                                 struct collecting *collecting, bool is_once,
                                 struct reason *reason)
{
    char path[PATH_BYTES_MAX];
    TRY(collecting_check(collecting, is_once, reason));
    TRY(store_path_of(settings->database_url, path, reason));
    struct collection collection = {.context = context, .is_once = is_once};
    const struct collector_options wanted = {
        .catalog_path = text_of(path),
        .time = context->time,
        .sources = collecting->sources,
        .source_count = collecting->source_count,
        .time_to_live = {settings->ttl_hours * 3600 * SECOND_US},
        .is_collected = collecting->is_collected,
        .stops_when_done = is_once,
        .told = list_told,
        .ended = collection_ended,
        .owner = &collection,
    };
    progress_init(&collection.progress, "lists", 0);
    loop_begin(&collection);
    enum status status = collection_run(&collection, &wanted, reason);
    loop_end(&collection);
    return status;
}

static bool lists_are_known(const struct cli_arguments *arguments)
{
    bool countries[COUNTRY_COUNT];
    bool periods[PERIOD_COUNT];
    const char *country = arguments->values[COUNTRY];
    const char *period = arguments->values[PERIOD];
    struct reason reason = {0};
    if (country && countries_read(text_of(country), countries, &reason) != STATUS_OK)
        (void)cli_misuse("--country: %s", reason.sentence);
    else if (period && periods_read(text_of(period), periods, &reason) != STATUS_OK)
        (void)cli_misuse("--period: %s", reason.sentence);
    else
        return true;
    return false;
}

enum cli_exit cli_collect(struct cli_context *context, int argc, char **argv)
{
    struct cli_arguments arguments;
    enum cli_exit over_with;
    if (!cli_parse(context, &usage, argc, argv, &arguments, &over_with))
        return over_with;
    const struct settings *settings;
    struct reason reason = {0};
    if (cli_settings(context, &settings, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    if (!lists_are_known(&arguments))
        return CLI_MISUSED;
    const struct collecting_choice choice = {
        arguments.values[SOURCE], arguments.values[COUNTRY], arguments.values[PERIOD], false};
    struct collecting collecting;
    enum status status = collecting_init(settings, &choice, &collecting, &reason);
    if (status != STATUS_OK)
        return cli_refuse_for(&reason);
    (void)signal(SIGPIPE, SIG_IGN);
    status = arguments.values[STATUS] ? collect_status_print(context, settings, &reason)
                                      : lists_collect(context, settings, &collecting,
                                                      arguments.values[ONCE] != NULL, &reason);
    collecting_finish(&collecting);
    return status == STATUS_OK ? CLI_DONE : cli_refuse_for(&reason);
}
