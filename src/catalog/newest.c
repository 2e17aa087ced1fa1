#include "catalog/newest.h"

static struct text source_kept(struct newest_index *index, const char *source)
{
    for (size_t i = 0; i < NEWEST_SOURCES_MAX; i++) {
        char *kept = index->sources[i];
        if (kept[0] == 0)
            memcpy(kept, source, strlen(source));
        if (strcmp(kept, source) == 0)
            return text_of(kept);
    }
    return TEXT("other");
}

static struct newest newest_of(struct newest_index *index, const struct snapshot_entry *entry)
{
    return (struct newest){.snapshot_id = entry->id,
                           .list = entry->list,
                           .captured_at = entry->captured_at,
                           .as_of = entry->as_of,
                           .source = source_kept(index, entry->source),
                           .is_short = entry->is_short};
}

void newest_collect(void *owner, const struct snapshot_entry *entry)
{
    struct newest_found *found = owner;
    if (found->count == found->capacity) {
        found->capacity = found->capacity ? 2 * found->capacity : 64;
        found->entries = memory_grow(found->entries, found->capacity * sizeof(*entry));
    }
    found->entries[found->count++] = *entry;
}

void newest_add(struct newest_index *index, const struct snapshot_entry *entry)
{
    struct newest *newest = &index->lists[list_key_index(entry->list)];
    if (newest->snapshot_id == 0 || entry->captured_at.us >= newest->captured_at.us)
        *newest = newest_of(index, entry);
    index->last_snapshot_id = entry->id;
}

static const struct newest *whole_of(const struct newest_index *index, struct list_key list)
{
    list.industry = INDUSTRY_ALL;
    return &index->lists[list_key_index(list)];
}

struct newest newest_find(const struct newest_index *index, struct list_key list)
{
    const struct newest *own = &index->lists[list_key_index(list)];
    const struct newest *whole = whole_of(index, list);
    if (own->snapshot_id == 0)
        return *whole;
    if (whole->snapshot_id != 0 && whole->captured_at.us > own->captured_at.us)
        return *whole;
    return *own;
}

struct newest newest_sample(instant now)
{
    int64_t day = instant_day(now);
    return (struct newest){.snapshot_id = -day,
                           .captured_at = {day * DAY_US},
                           .as_of = {(day - 1) * DAY_US},
                           .source = TEXT("sample")};
}

bool newest_give_way(struct newest_index *index, const struct newest *damaged,
                     const struct snapshot_entry *before)
{
    struct newest *newest = &index->lists[list_key_index(damaged->list)];
    if (newest->snapshot_id != damaged->snapshot_id)
        return true; /* another counts already */
    if (before) {
        *newest = newest_of(index, before);
        return true;
    }
    if (damaged->list.industry == INDUSTRY_ALL ||
        whole_of(index, damaged->list)->snapshot_id == 0)
        return false;
    *newest = (struct newest){0}; /* derived from now on */
    return true;
}
