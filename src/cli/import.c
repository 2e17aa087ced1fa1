#include "base/instant.h"
#include "catalog/capture.h"
#include "catalog/store_history.h"
#include "cli/commands.h"
#include "cli/progress.h"

#include <stdarg.h>
#include <stdio.h>

enum { COUNTRY, PERIOD, CAPTURED };

/* Files with pages are kept until all are read; an answer of 50 hashtags has about 60 KB. */
#define WAITING_BYTES_MAX (64 * 1024 * 1024)

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
        "the file or its name too.\nA list that comes in pages (an upstream gives at most 50 "
        "hashtags a page) is given\nin one command: p1.json p2.json.",
    .options = options,
};

static bool is_before_1970(struct text date)
{
    int64_t year;
    return date.length > 4 && date.at[4] == '-' && text_is_digits(text_slice(date, 0, 4)) &&
           text_read_integer(text_slice(date, 0, 4), &year) == STATUS_OK && year < 1970;
}

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
    if (captured && is_before_1970(text_of(captured))) {
        (void)cli_misuse("--captured %s is before 1970; give the time of the capture, such as "
                         "2025-10-01",
                         captured);
        return false;
    }
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
        buffer_append_format(&line, ", %zu hashtag%s captured %.*s", ranking->hashtag_count,
                             ranking->hashtag_count == 1 ? "" : "s", TEXT_PRINT(captured_at));
    }
    cli_print(buffer_text(&line));
}

/* What is imported all the same. */
__attribute__((format(printf, 1, 2))) static void warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("trendgate: warning: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
}

/* A file that holds pages, kept until all files are read. */
struct waiting_file {
    struct arena arena;
    struct capture capture;
    const char *name;
    size_t bytes;
};

struct import {
    struct store *store;
    const struct time_source *time;
    struct capture_options given;
    bool as_json;
    struct waiting_file *waiting; /* grown */
    size_t waiting_count;
    size_t waiting_bytes; /* of the files */
};

static void import_finish(struct import *import)
{
    for (size_t i = 0; i < import->waiting_count; i++)
        arena_finish(&import->waiting[i].arena);
    free(import->waiting);
    store_close(import->store);
}

/* Puts the file's name before the sentence. */
static enum status name_file(const char *file, enum status status, struct reason *reason)
{
    struct reason inner = *reason;
    return status == STATUS_OK ? STATUS_OK
                               : reason_set(reason, status, "%s: %s", file, inner.sentence);
}

static enum status list_publish(struct import *import, const struct ranking *ranking,
                                struct reason *reason)
{
    int64_t snapshot_id;
    enum status status = store_publish(import->store, ranking, &snapshot_id, reason);
    if (status != STATUS_OK && status != STATUS_EXISTS)
        return status;
    ranking_print(ranking, snapshot_id, status == STATUS_OK, import->as_json);
    return STATUS_OK;
}

/* The lists that are whole; *pages: how many are not. */
static enum status capture_publish(struct import *import, const struct capture *capture,
                                   size_t *pages, struct reason *reason)
{
    struct progress progress CLEANUP(progress_finish);
    progress_init(&progress, "lists", (int64_t)capture->ranking_count);
    *pages = 0;
    for (size_t i = 0; i < capture->ranking_count; i++) {
        if (capture_is_page(&capture->rankings[i], &capture->extents[i]))
            ++*pages;
        else
            TRY(list_publish(import, &capture->rankings[i], reason));
        progress_show(&progress, (int64_t)i + 1);
    }
    return STATUS_OK;
}

static void low_curves_warn(const char *file, const struct capture *capture)
{
    if (capture->low_curve_count > 0)
        warn("%s: the greatest value of %zu of its %zu curves is not 1; they are kept as "
             "captured",
             file, capture->low_curve_count, capture->curve_count);
}

static void rows_show(void *owner, size_t rows)
{
    progress_show(owner, (int64_t)rows);
}

static enum status file_read(struct import *import, struct waiting_file *file,
                             struct reason *reason)
{
    struct buffer contents CLEANUP(buffer_finish);
    buffer_init(&contents, CAPTURE_BYTES_MAX);
    TRY(cli_read_file(file->name, &contents, reason));
    file->bytes = contents.length;
    struct progress rows CLEANUP(progress_finish);
    progress_init(&rows, "rows", 0);
    struct capture_options known = import->given;
    known.file_name = text_of(file->name);
    known.now = time_now(import->time);
    known.progress = rows_show;
    known.owner = &rows;
    return capture_read(buffer_text(&contents), &known, &file->arena, &file->capture, reason);
}

/* Takes the file's arena over. */
static enum status file_keep(struct import *import, struct waiting_file *file,
                             struct reason *reason)
{
    if (import->waiting_bytes + file->bytes > WAITING_BYTES_MAX)
        return reason_set(reason, STATUS_TOO_LARGE,
                          "%s: the pages of one command are over %d bytes: import the lists "
                          "one by one",
                          file->name, WAITING_BYTES_MAX);
    import->waiting_bytes += file->bytes;
    import->waiting = memory_grow(import->waiting, (import->waiting_count + 1) * sizeof(*file));
    import->waiting[import->waiting_count++] = *file;
    arena_init(&file->arena, 0);
    return STATUS_OK;
}

static enum status file_import(struct import *import, const char *name, struct reason *reason)
{
    struct waiting_file file = {.name = name};
    arena_init(&file.arena, CAPTURE_ARENA_BYTES_MAX);
    size_t pages = 0;
    enum status status = file_read(import, &file, reason);
    if (status == STATUS_OK) {
        low_curves_warn(name, &file.capture);
        status = name_file(name, capture_publish(import, &file.capture, &pages, reason),
                           reason);
    }
    if (status == STATUS_OK && pages > 0)
        status = file_keep(import, &file, reason);
    arena_finish(&file.arena);
    return status;
}

/* ---- Pages ---- */

static int compare_pages(const void *a, const void *b)
{
    const struct capture_page *left = a;
    const struct capture_page *right = b;
    return capture_compare(left->ranking, right->ranking);
}

static void missing_warn(const char *file, const struct ranking *ranking,
                         const struct capture_extent *extent)
{
    size_t total = (size_t)extent->total;
    if (total > ranking->hashtag_count)
        warn("%s: holds %zu of %zu hashtags of its list; it is imported as it is", file,
             ranking->hashtag_count, total);
    else if (extent->has_more)
        warn("%s: holds the first %zu hashtags of its list and says that more follow; it is "
             "imported as it is",
             file, ranking->hashtag_count);
}

static enum status pages_publish(struct import *import, struct capture_page *pages,
                                 size_t count, struct reason *reason)
{
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    struct ranking joined;
    struct capture_extent extent;
    TRY(capture_join(pages, count, &arena, &joined, &extent, reason));
    const char *file = pages[count - 1].file_name.at;
    TRY(name_file(file, list_publish(import, &joined, reason), reason));
    missing_warn(file, &joined, &extent);
    return STATUS_OK;
}

static size_t pages_collect(const struct import *import, struct capture_page *pages)
{
    size_t count = 0;
    for (size_t i = 0; i < import->waiting_count; i++) {
        const struct waiting_file *file = &import->waiting[i];
        for (size_t k = 0; k < file->capture.ranking_count; k++) {
            const struct ranking *ranking = &file->capture.rankings[k];
            if (!capture_is_page(ranking, &file->capture.extents[k]))
                continue;
            if (pages)
                pages[count] = (struct capture_page){ranking, file->capture.extents[k],
                                                     text_of(file->name)};
            count++;
        }
    }
    return count;
}

/* Joins what came in pages, list by list. */
static enum cli_exit waiting_import(struct import *import)
{
    enum cli_exit outcome = CLI_DONE;
    size_t count = pages_collect(import, NULL);
    if (count == 0)
        return outcome;
    struct capture_page *pages = memory_take(count * sizeof(*pages));
    (void)pages_collect(import, pages);
    qsort(pages, count, sizeof(*pages), compare_pages);
    for (size_t i = 0; i < count;) {
        size_t length = 1;
        while (i + length < count && compare_pages(&pages[i], &pages[i + length]) == 0)
            length++;
        struct reason reason = {0};
        if (pages_publish(import, pages + i, length, &reason) != STATUS_OK)
            outcome = cli_refuse_for(&reason);
        i += length;
    }
    free(pages);
    return outcome;
}

/* After the captures, so that none that just came in keeps what it comes after from going. */
static enum cli_exit old_remove(struct cli_context *context, struct store *store)
{
    const struct settings *settings;
    struct reason reason = {0};
    int64_t removed;
    if (cli_settings(context, &settings, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    if (settings->retention_days == 0)
        return CLI_DONE;
    struct progress progress CLEANUP(progress_finish);
    progress_init(&progress, "old snapshots removed", 0);
    const struct store_progress shown = {progress_show_of, &progress};
    instant from = store_retention_start(time_now(context->time), settings->retention_days);
    return store_prune(store, from, &shown, &removed, &reason) == STATUS_OK
               ? CLI_DONE
               : cli_refuse_for(&reason);
}

enum cli_exit cli_import(struct cli_context *context, int argc, char **argv)
{
    struct cli_arguments arguments;
    struct import import CLEANUP(import_finish) = {.time = context->time,
                                                   .as_json = context->json};
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &arguments, &over) ||
        !capture_options_read(&arguments, &import.given, &over))
        return over;
    struct reason reason = {0};
    if (cli_store_open(context, &import.store, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    enum cli_exit outcome = CLI_DONE;
    struct progress progress CLEANUP(progress_finish);
    progress_init(&progress, "files", (int64_t)arguments.operand_count);
    for (size_t i = 0; i < arguments.operand_count; i++) {
        if (file_import(&import, arguments.operands[i], &reason) != STATUS_OK) {
            progress_finish(&progress);
            outcome = cli_refuse_for(&reason);
        }
        progress_show(&progress, (int64_t)i + 1);
    }
    progress_finish(&progress);
    if (waiting_import(&import) != CLI_DONE)
        outcome = CLI_REFUSED;
    return old_remove(context, import.store) == CLI_DONE ? outcome : CLI_REFUSED;
}
