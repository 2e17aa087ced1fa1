#include "base/instant.h"
#include "catalog/capture.h"
#include "catalog/store.h"
#include "cli/commands.h"
#include "cli/progress.h"

#include <errno.h>

enum { COUNTRY, PERIOD, FORMAT, HISTORY };

static const struct cli_option options[] = {
    {"country", "CODE,...", "Only these countries; ALL: the global list."},
    {"period", "DAYS", "Only this one: 7, 30 or 120."},
    {"format", "json|csv|ndjson", "How it is written; json unless said."},
    {"history", NULL, "Every snapshot that was kept, not the newest of each list alone."},
    {NULL, NULL, NULL},
};

static const struct cli_usage usage = {
    .command = "export",
    .sentence = "Writes the kept lists to standard output, in a form that import reads back "
                "unchanged.",
    .options = options,
};

struct selection {
    bool countries[COUNTRY_COUNT];
    bool periods[PERIOD_COUNT];
    bool with_history;
    enum capture_format format;
    struct snapshot_entry *entries;
    size_t count, capacity;
    size_t newest[LIST_COUNT]; /* place in entries plus 1; 0: none */
};

static bool countries_read(const char *written, struct selection *selection)
{
    struct text rest = text_of(written ? written : "");
    for (size_t i = 0; i < COUNTRY_COUNT; i++)
        selection->countries[i] = !written;
    while (written && rest.at) {
        unsigned index;
        struct text code = text_trim(text_cut(&rest, ','));
        if (country_find(code, &index) != STATUS_OK) {
            (void)cli_misuse("--country %.*s is not known; give codes such as US,MY, or ALL",
                             TEXT_PRINT(code));
            return false;
        }
        selection->countries[index] = true;
    }
    return true;
}

static bool period_read(const char *written, struct selection *selection)
{
    for (size_t i = 0; i < PERIOD_COUNT; i++)
        selection->periods[i] = !written;
    if (!written)
        return true;
    int64_t days;
    unsigned index;
    if (text_read_integer(text_of(written), &days) != STATUS_OK ||
        period_find(days, &index) != STATUS_OK) {
        (void)cli_misuse("--period %s is not known; give 7, 30 or 120", written);
        return false;
    }
    selection->periods[index] = true;
    return true;
}

static bool selection_read(const struct cli_arguments *arguments, struct selection *selection)
{
    const char *format = arguments->values[FORMAT];
    if (format && capture_format_find(text_of(format), &selection->format) != STATUS_OK) {
        (void)cli_misuse("--format %s is not known; give json, csv or ndjson", format);
        return false;
    }
    selection->with_history = arguments->values[HISTORY] != NULL;
    return countries_read(arguments->values[COUNTRY], selection) &&
           period_read(arguments->values[PERIOD], selection);
}

static void entry_add(void *owner, const struct snapshot_entry *entry)
{
    struct selection *selection = owner;
    if (!selection->countries[entry->list.country] || !selection->periods[entry->list.period])
        return;
    size_t *newest = &selection->newest[list_key_index(entry->list)];
    if (*newest && !selection->with_history) {
        struct snapshot_entry *kept = &selection->entries[*newest - 1];
        if (entry->captured_at.us >= kept->captured_at.us)
            *kept = *entry;
        return;
    }
    if (selection->count == selection->capacity) {
        selection->capacity = selection->capacity ? 2 * selection->capacity : 64;
        selection->entries = memory_grow(selection->entries,
                                         selection->capacity * sizeof(*entry));
    }
    selection->entries[selection->count++] = *entry;
    *newest = selection->count;
}

static enum status write_fault(enum status status, struct reason *reason)
{
    return reason_set(reason, status, "cannot write to standard output: %s", strerror(errno));
}

static enum status read_fault(struct store *store, const struct snapshot_entry *entry,
                              enum status status, struct reason *reason)
{
    char room[INSTANT_TEXT_BYTES];
    struct reason inner = *reason;
    return reason_set(
        reason, status,
        "snapshot %lld (the list %.*s, %d days, captured %.*s) in %s cannot be read: %s; what "
        "was written before it is not whole: restore the file from a backup, or leave that "
        "list out with --country and --period",
        (long long)entry->id, TEXT_PRINT(country_at(entry->list.country)->code),
        period_days[entry->list.period], TEXT_PRINT(instant_rfc3339(entry->captured_at, room)),
        store_path(store), inner.sentence);
}

static enum status entry_write(struct store *store, const struct snapshot_entry *entry,
                               struct capture_writer *writer, struct reason *reason)
{
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    struct ranking ranking;
    enum status status = store_read(store, entry->id, &arena, &ranking, reason);
    if (status != STATUS_OK)
        return read_fault(store, entry, status, reason);
    status = capture_write(writer, &ranking);
    return status == STATUS_OK ? STATUS_OK : write_fault(status, reason);
}

static enum status entries_write(struct store *store, const struct selection *selection,
                                 struct capture_writer *writer, struct reason *reason)
{
    struct progress progress CLEANUP(progress_finish);
    progress_init(&progress, "lists", (int64_t)selection->count);
    for (size_t i = 0; i < selection->count; i++) {
        TRY(entry_write(store, &selection->entries[i], writer, reason));
        progress_show(&progress, (int64_t)i + 1);
    }
    return STATUS_OK;
}

static enum status selection_write(struct store *store, const struct selection *selection,
                                   struct reason *reason)
{
    struct capture_writer writer;
    enum status status = capture_write_open(&writer, stdout, selection->format);
    if (status != STATUS_OK)
        (void)write_fault(status, reason);
    else
        status = entries_write(store, selection, &writer, reason);
    if (status != STATUS_OK) {
        capture_write_abandon(&writer);
        return status;
    }
    status = capture_write_close(&writer);
    return status == STATUS_OK ? STATUS_OK : write_fault(status, reason);
}

enum cli_exit cli_export(struct cli_context *context, int argc, char **argv)
{
    struct cli_arguments arguments;
    enum cli_exit over;
    if (!cli_parse(context, &usage, argc, argv, &arguments, &over))
        return over;
    struct selection selection = {0};
    if (!selection_read(&arguments, &selection))
        return CLI_MISUSED;
    struct store *store;
    struct reason reason = {0};
    if (cli_store_open_existing(context, &store, &reason) != STATUS_OK)
        return cli_refuse_for(&reason);
    enum status status = store_visit(store, 0, entry_add, &selection, &reason);
    if (status == STATUS_OK)
        status = selection_write(store, &selection, &reason);
    free(selection.entries);
    store_close(store);
    return status == STATUS_OK ? CLI_DONE : cli_refuse_for(&reason);
}
