#include "cli/collect_status.h"

#include "catalog/store.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "collector/budget.h"
#include "collector/collector.h"
#include "collector/known_files.h"

#define BUSY_TIMEOUT_MS 10000

static enum source_state state_of(const struct source_fare *fare, instant now)
{
    bool is_put_off = now.us >= fare->paused_from.us && now.us < fare->paused_until.us;
    return fare->is_shut ? SOURCE_IS_SHUT : is_put_off ? SOURCE_PAUSES : SOURCE_WORKS;
}

static const char *instant_shown(instant at, char *room)
{
    if (at.us == 0)
        return "";
    struct text shown = instant_rfc3339(at, room);
    room[shown.length] = '\0';
    return room;
}

/* What is told of a source. */
struct told {
    struct source_fare fare;
    int64_t short_lists;
    struct refused_files refused;
};

static json_t *row_make(const struct source *source, const struct source_settings *settings,
                        const struct told *told, instant now)
{
    char until[INSTANT_TEXT_BYTES];
    char succeeded[INSTANT_TEXT_BYTES];
    char failed[INSTANT_TEXT_BYTES];
    const struct source_fare *fare = &told->fare;
    bool waits = fare->paused_until.us > now.us;
    const char *fault = fare->fault[0] ? fare->fault : told->refused.sentence;
    return json_pack("{ss ss ss sI sI sI sI sI ss ss ss}", "source", source->name, "state",
                     settings->enabled ? source_state_word(state_of(fare, now)) : "off",
                     "until", instant_shown(waits ? fare->paused_until : (instant){0}, until),
                     "used_today", (json_int_t)fare->used_today, "daily_budget",
                     (json_int_t)settings->daily_budget, "lists", (json_int_t)fare->lists,
                     "short_lists", (json_int_t)told->short_lists, "refused_files",
                     (json_int_t)told->refused.count, "last_success",
                     instant_shown(fare->succeeded_at, succeeded), "last_failure",
                     instant_shown(fare->failed_at, failed), "fault", fault);
}

/* Lists that are served from a short capture of that source. */
static enum status short_lists_count(struct db *db, struct text source, int64_t *count,
                                     struct reason *reason)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    TRY(db_statement_take(db,
                          "SELECT count(*) FROM snapshot WHERE is_short = 1 AND source = $1 "
                          "AND NOT EXISTS (SELECT 1 FROM snapshot AS newer "
                          "WHERE newer.list_id = snapshot.list_id "
                          "AND (newer.captured_at, newer.id) > "
                          "(snapshot.captured_at, snapshot.id))",
                          &select, reason));
    db_bind_text(select, 1, source);
    bool row;
    TRY(db_step(select, &row, reason));
    check(row);
    *count = db_column_integer(select, 0);
    return STATUS_OK;
}

static enum status told_read(struct db *db, const struct time_source *time, struct text source,
                             struct told *told, struct reason *reason)
{
    TRY(budget_read_fare(db, time, source, &told->fare, reason));
    TRY(short_lists_count(db, source, &told->short_lists, reason));
    return known_files_refused(db, source, &told->refused, reason);
}

static enum status rows_print(struct cli_context *context, const struct settings *settings,
                              struct db *db, struct reason *reason)
{
    static const char *const members[] = {
        "source",      "state",         "until",        "used_today",   "daily_budget", "lists",
        "short_lists", "refused_files", "last_success", "last_failure", "fault"};
    CLEANUP(json_document_finish) json_t *rows = json_array();
    for (size_t i = 0; sources[i]; i++) {
        const struct source_settings *row = settings_source(settings, sources[i]->name);
        check(row);
        struct told told;
        TRY(told_read(db, context->time, text_of(sources[i]->name), &told, reason));
        check(json_array_append_new(
                  rows, row_make(sources[i], row, &told, time_now(context->time))) == 0);
    }
    struct cli_table table = {members, LENGTH_OF(members), {0}, false};
    cli_table_print(&table, context, rows);
    return STATUS_OK;
}

enum status collect_status_print(struct cli_context *context, const struct settings *settings,
                                 struct reason *reason)
{
    struct store *store;
    struct db *db;
    char path[PATH_BYTES_MAX];
    const struct db_options options = store_db_options(BUSY_TIMEOUT_MS);
    TRY(cli_store_open_existing(context, &store, reason)); /* brings it up to date */
    store_close(store);
    TRY(store_path_of(settings->database_url, path, reason));
    TRY(db_open_to_read(text_of(path), &options, &db, reason));
    enum status status = rows_print(context, settings, db, reason);
    db_close(db);
    return status;
}
