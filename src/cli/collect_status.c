#include "cli/collect_status.h"

#include "catalog/store.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "collector/budget.h"
#include "collector/collector.h"

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

static json_t *row_make(const struct source *source, const struct source_settings *settings,
                        const struct source_fare *fare, instant now)
{
    char until[INSTANT_TEXT_BYTES];
    char succeeded[INSTANT_TEXT_BYTES];
    char failed[INSTANT_TEXT_BYTES];
    bool waits = fare->paused_until.us > now.us;
    return json_pack("{ss ss ss sI sI sI ss ss ss}", "source", source->name, "state",
                     settings->enabled ? source_state_word(state_of(fare, now)) : "off",
                     "until", instant_shown(waits ? fare->paused_until : (instant){0}, until),
                     "used_today", (json_int_t)fare->used_today, "daily_budget",
                     (json_int_t)settings->daily_budget, "lists", (json_int_t)fare->lists,
                     "last_success", instant_shown(fare->succeeded_at, succeeded),
                     "last_failure", instant_shown(fare->failed_at, failed), "fault",
                     fare->fault);
}

static enum status rows_print(struct cli_context *context, const struct settings *settings,
                              struct db *db, struct reason *reason)
{
    static const char *const members[] = {"source",       "state",        "until",
                                          "used_today",   "daily_budget", "lists",
                                          "last_success", "last_failure", "fault"};
    CLEANUP(json_document_finish) json_t *rows = json_array();
    instant now = time_now(context->time);
    for (size_t i = 0; sources[i]; i++) {
        struct source_fare fare;
        const struct source_settings *row = settings_source(settings, sources[i]->name);
        check(row);
        TRY(budget_read_fare(db, context->time, text_of(sources[i]->name), &fare, reason));
        check(json_array_append_new(rows, row_make(sources[i], row, &fare, now)) == 0);
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
    TRY(cli_store_open_existing(context, &store, reason)); /* brings the file up to date */
    enum status status = db_open_to_read(text_of(store_path(store)), BUSY_TIMEOUT_MS, &db,
                                         reason);
    store_close(store);
    TRY(status);
    status = rows_print(context, settings, db, reason);
    db_close(db);
    return status;
}
