#include "base/log.h"
#include "collector/contradictions.h"
#include "collector/fetch.h"

#include <inttypes.h>
#include <stdio.h>

/* A rank is the place in the list, as it is for a file that is imported: what was left out, or
 * never given, leaves no gap. */
static void gaps_close(struct fetch *fetch)
{
    for (size_t i = 0; i < fetch->hashtag_count; i++) {
        struct hashtag *hashtag = &fetch->hashtags[i];
        int64_t place = (int64_t)i + 1;
        if (hashtag->rank > place && fetch->contradictions == 0) {
            fetch->contradictions = 1;
            (void)snprintf(fetch->oddity, sizeof(fetch->oddity),
                           "the rank %" PRId64 " is missing", place);
        }
        hashtag->rank = place;
    }
}

/* Pages of a list that moved between them say things twice, as one page may. What a page left
 * as it is, is found again in the whole: it counts once. */
static void pages_join(struct fetch *fetch)
{
    struct source_page whole = {.hashtags = fetch->hashtags,
                                .hashtag_count = fetch->hashtag_count};
    contradictions_mend(&whole);
    fetch->hashtag_count = whole.hashtag_count;
    if (whole.warnings > fetch->contradictions)
        fetch->contradictions = whole.warnings;
    if (whole.warnings > 0 && fetch->oddity[0] == '\0')
        memcpy(fetch->oddity, whole.warning, sizeof(fetch->oddity));
    gaps_close(fetch);
    for (size_t i = 0; !fetch->tells_change && i < fetch->hashtag_count; i++) {
        fetch->hashtags[i].rank_change = RANK_UNTOLD;
        fetch->hashtags[i].rank_diff = 0;
    }
}

static void contradictions_count(struct fetch *fetch)
{
    const struct list_key list = fetch->list;
    if (fetch->contradictions == 0)
        return;
    fetch->source->state.contradictions += (int64_t)fetch->contradictions;
    log_line(LOG_WARNING, "collector",
             "%s contradicts itself %zu times in the list %.*s, %d days: %s",
             fetch->source->is.source->name, fetch->contradictions,
             TEXT_PRINT(country_at(list.country)->code), period_days[list.period],
             fetch->oddity);
}

static bool hashtags_are_the_same(const struct ranking *a, const struct ranking *b)
{
    if (a->hashtag_count != b->hashtag_count)
        return false;
    for (size_t i = 0; i < a->hashtag_count; i++) {
        const struct hashtag *x = &a->hashtags[i];
        const struct hashtag *y = &b->hashtags[i];
        if (!text_equals(x->id, y->id) || x->rank != y->rank || x->posts != y->posts ||
            x->views != y->views || x->trend_count != y->trend_count)
            return false;
        for (size_t point = 0; point < x->trend_count; point++)
            if (x->trend[point].time != y->trend[point].time ||
                x->trend[point].hundredths != y->trend[point].hundredths)
                return false;
    }
    return true;
}

/* Whether it says what its predecessor says. One that cannot be read says nothing. */
static bool ranking_is_the_same(const struct collector *collector,
                                const struct kept_list *before, const struct ranking *ranking)
{
    if (before->snapshot_id == 0 || before->hashtag_count != ranking->hashtag_count)
        return false;
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    struct ranking kept;
    return store_read(collector->store, before->snapshot_id, &arena, &kept, NULL) ==
               STATUS_OK &&
           text_equals(kept.source, ranking->source) && hashtags_are_the_same(&kept, ranking);
}

static void same_note(struct fetch *fetch, const struct kept_list *before)
{
    int64_t days = (fetch->begun_at.us - before->captured_at.us) / DAY_US;
    if (days < SAME_FOR_DAYS)
        return;
    (void)snprintf(fetch->oddity, sizeof(fetch->oddity),
                   "it has said the same for %" PRId64 " days, and is served as stale", days);
    log_line(LOG_WARNING, "collector", "%s, list %.*s, %d days: %s",
             fetch->source->is.source->name, TEXT_PRINT(country_at(fetch->list.country)->code),
             period_days[fetch->list.period], fetch->oddity);
}

bool list_is_short(size_t hashtags, size_t before, char *sentence, size_t sentence_bytes)
{
    if (hashtags * 2 >= before)
        return false;
    (void)snprintf(
        sentence, sentence_bytes,
        "it has %zu hashtags, and %zu before: less than half, and is served as stale", hashtags,
        before);
    return true;
}

static bool shortness_note(struct fetch *fetch, const struct kept_list *before)
{
    if (!list_is_short(fetch->hashtag_count, before->hashtag_count, fetch->oddity,
                       sizeof(fetch->oddity)))
        return false;
    log_line(LOG_WARNING, "collector", "%s, list %.*s, %d days: %s",
             fetch->source->is.source->name, TEXT_PRINT(country_at(fetch->list.country)->code),
             period_days[fetch->list.period], fetch->oddity);
    return true;
}

static enum collector_outcome ranking_keep(struct fetch *fetch, const struct ranking *ranking,
                                           bool *is_ours)
{
    struct collector *collector = fetch->collector;
    int64_t snapshot_id;
    enum status status = store_publish(collector->store, ranking, &snapshot_id, &fetch->fault);
    if (status == STATUS_OK || status == STATUS_EXISTS)
        return LIST_KEPT;
    *is_ours = true;
    log_line(LOG_ERROR, "collector", "a list that was fetched cannot be kept: %s",
             fetch->fault.sentence);
    return LIST_FAILED;
}

enum collector_outcome fetch_publish(struct fetch *fetch, bool *is_ours)
{
    struct collector *collector = fetch->collector;
    const struct kept_list *before = &collector->kept[list_key_index(fetch->list)];
    if (fetch->hashtag_count == 0) {
        (void)reason_set(&fetch->fault, STATUS_INVALID, "the list is empty");
        return LIST_FAILED;
    }
    pages_join(fetch);
    struct ranking ranking = {.list = fetch->list,
                              .captured_at = fetch->begun_at,
                              .source = text_of(fetch->source->is.source->name),
                              .hashtags = fetch->hashtags,
                              .hashtag_count = fetch->hashtag_count};
    if (ranking_check(&ranking, &fetch->fault) != STATUS_OK)
        return LIST_FAILED;
    contradictions_count(fetch);
    if (ranking_is_the_same(collector, before, &ranking)) {
        same_note(fetch, before);
        return LIST_IS_THE_SAME;
    }
    ranking.is_short = shortness_note(fetch, before);
    return ranking_keep(fetch, &ranking, is_ours);
}
