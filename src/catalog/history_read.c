/* What the store knows of a question about history. */
#include "catalog/history_parts.h"
#include "sql/db.h"

static bool appearance_keep(struct history_collector *collector,
                            const struct appearance *appearance, struct appearance *kept)
{
    *kept = *appearance;
    kept->source = arena_copy(collector->arena, appearance->source);
    kept->hashtag_id = arena_copy(collector->arena, appearance->hashtag_id);
    kept->hashtag_name = arena_copy(collector->arena, appearance->hashtag_name);
    if (kept->source.at && kept->hashtag_id.at && kept->hashtag_name.at)
        return true;
    collector->is_full = true;
    return false;
}

void history_collect_row(void *owner, const struct appearance *appearance)
{
    struct history_collector *collector = owner;
    struct history_found *found = collector->found;
    found->total++;
    found->first_seen = appearance->captured_at;
    if (found->best_rank == 0 || appearance->rank < found->best_rank)
        found->best_rank = appearance->rank;
    if (found->row_count < HISTORY_ROWS_MAX &&
        appearance_keep(collector, appearance, &found->rows[found->row_count]))
        found->row_count++;
}

void history_collect_capture(void *owner, const struct appearance *appearance)
{
    struct history_collector *collector = owner;
    struct history_capture *capture = collector->capture;
    check(capture->count < RANKING_HASHTAGS_MAX);
    if (appearance_keep(collector, appearance, &capture->rows[capture->count]))
        capture->count++;
}

enum status history_capture_open(struct history_collector *collector,
                                 const struct snapshot_entry *entry)
{
    struct history_capture *capture = collector->capture;
    *capture = (struct history_capture){.entry = *entry};
    capture->rows = arena_take(collector->arena, RANKING_HASHTAGS_MAX * sizeof(*capture->rows));
    return capture->rows ? STATUS_OK : STATUS_TOO_LARGE;
}

static enum status hashtag_read(struct store *store, const struct history_look *look,
                                const struct history_scope *scope,
                                struct history_collector *collector, struct reason *reason)
{
    struct history_found *found = collector->found;
    const struct appearance_visitor visitor = {history_collect_row, collector};
    found->rows = arena_take(collector->arena, HISTORY_ROWS_MAX * sizeof(*found->rows));
    if (!found->rows)
        return reason_set(reason, STATUS_TOO_LARGE, "a history does not fit in memory");
    TRY(store_capture_count(store, scope, &found->capture_count, reason));
    return store_visit_history(store, scope, look->hashtag_name, &visitor, reason);
}

static enum status capture_read(struct store *store, const struct snapshot_entry *entry,
                                struct history_capture *capture,
                                struct history_collector *collector, struct reason *reason)
{
    const struct appearance_visitor visitor = {history_collect_capture, collector};
    collector->capture = capture;
    if (history_capture_open(collector, entry) != STATUS_OK)
        return reason_set(reason, STATUS_TOO_LARGE, "a capture does not fit in memory");
    return store_visit_appearances(store, entry->id, &visitor, reason);
}

static enum status movers_read(struct store *store, const struct history_look *look,
                               const struct history_scope *scope,
                               struct history_collector *collector, struct reason *reason)
{
    struct history_found *found = collector->found;
    instant newest = found->newest.captured_at;
    instant since = look->since_us < 0 ? newest : (instant){look->since_us};
    struct snapshot_entry before;
    TRY(capture_read(store, &found->newest, &found->after, collector, reason));
    enum status status = store_nearest_capture(store, scope, newest, since, &before, reason);
    if (status == STATUS_MISSING)
        return STATUS_OK;
    TRY(status);
    return capture_read(store, &before, &found->before, collector, reason);
}

enum status history_read(struct store *store, const struct history_look *look,
                         struct arena *arena, struct history_found *found,
                         struct reason *reason)
{
    struct history_collector collector = {.arena = arena, .found = found};
    struct history_scope scope = {look->list, look->snapshot_id};
    CLEANUP(db_transaction_finish) struct db_transaction reading = {NULL};
    *found = (struct history_found){0};
    TRY(store_read_begin(store, &reading, reason));
    if (scope.snapshot_id_max == 0)
        TRY(store_last_id(store, &scope.snapshot_id_max, reason));
    found->snapshot_id = scope.snapshot_id_max;
    TRY(store_newest_capture(store, &scope, &found->newest, reason));
    if (look->kind == HISTORY_OF_HASHTAG)
        TRY(hashtag_read(store, look, &scope, &collector, reason));
    else
        TRY(movers_read(store, look, &scope, &collector, reason));
    return collector.is_full
               ? reason_set(reason, STATUS_TOO_LARGE, "a history does not fit in memory")
               : STATUS_OK;
}
