/* The history of a list that is made up: the sample is the same for a day whenever it is
 * asked. */
#include "catalog/history_parts.h"
#include "catalog/sample.h"

static struct snapshot_entry sample_entry(const struct ranking *ranking, int64_t day)
{
    struct snapshot_entry entry = {.id = -day,
                                   .list = ranking->list,
                                   .captured_at = ranking->captured_at,
                                   .as_of = ranking_as_of(ranking),
                                   .hashtag_count = ranking->hashtag_count};
    check(ranking->source.length < sizeof(entry.source));
    memcpy(entry.source, ranking->source.at, ranking->source.length);
    return entry;
}

/* Those of that name, or all where it is empty; the last first. */
static void ranking_visit(const struct ranking *ranking, struct text name,
                          const struct appearance_visitor *visitor)
{
    for (size_t i = ranking->hashtag_count; i-- > 0;) {
        const struct hashtag *hashtag = &ranking->hashtags[i];
        if (name.length > 0 && !text_equals_ignoring_case(hashtag->name, name))
            continue;
        visitor->visit(visitor->owner, &(struct appearance){
                                           .captured_at = ranking->captured_at,
                                           .source = ranking->source,
                                           .hashtag_id = hashtag->id,
                                           .hashtag_name = hashtag->name,
                                           .rank = hashtag->rank,
                                           .posts = hashtag->posts,
                                           .views = hashtag->views,
                                       });
    }
}

static enum status day_visit(const struct history_look *look, int64_t day,
                             struct history_collector *collector)
{
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    struct ranking ranking;
    TRY(sample_make(look->list, day, &arena, &ranking));
    struct appearance_visitor visitor = {history_collect_row, collector};
    if (!collector->capture) {
        ranking_visit(&ranking, look->hashtag_name, &visitor);
        return STATUS_OK;
    }
    struct snapshot_entry entry = sample_entry(&ranking, day);
    TRY(history_capture_open(collector, &entry));
    visitor.visit = history_collect_capture;
    ranking_visit(&ranking, TEXT(""), &visitor);
    return STATUS_OK;
}

static enum status movers_sample(const struct history_look *look, int64_t day,
                                 struct history_collector *collector)
{
    int64_t oldest = day - HISTORY_SAMPLE_DAYS + 1;
    int64_t wanted = look->since_us < 0
                         ? day - 1
                         : instant_day((instant){look->since_us + DAY_US / 2 - 1});
    wanted = wanted < oldest ? oldest : wanted >= day ? day - 1 : wanted;
    collector->capture = &collector->found->before;
    TRY(day_visit(look, wanted, collector));
    collector->capture = &collector->found->after;
    return day_visit(look, day, collector);
}

static enum status hashtag_sample(const struct history_look *look, int64_t day,
                                  struct history_collector *collector)
{
    struct history_found *found = collector->found;
    found->capture_count = HISTORY_SAMPLE_DAYS;
    found->rows = arena_take(collector->arena, HISTORY_ROWS_MAX * sizeof(*found->rows));
    if (!found->rows)
        return STATUS_TOO_LARGE;
    for (int64_t back = 0; back < HISTORY_SAMPLE_DAYS; back++)
        TRY(day_visit(look, day - back, collector));
    return STATUS_OK;
}

enum status history_sample(const struct history_look *look, int64_t day, struct arena *arena,
                           struct history_found *found)
{
    struct history_collector collector = {.arena = arena, .found = found};
    *found = (struct history_found){.snapshot_id = -day};
    found->newest = (struct snapshot_entry){.id = -day,
                                            .list = look->list,
                                            .captured_at = {day * DAY_US},
                                            .as_of = {(day - 1) * DAY_US}};
    memcpy(found->newest.source, "sample", sizeof("sample"));
    if (look->kind == HISTORY_OF_HASHTAG)
        TRY(hashtag_sample(look, day, &collector));
    else
        TRY(movers_sample(look, day, &collector));
    return collector.is_full ? STATUS_TOO_LARGE : STATUS_OK;
}
