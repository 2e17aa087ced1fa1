#include "collector/schedule.h"

#define DOUBLINGS_MAX 16 /* of the pause: past its ceiling long before */

struct entry {
    instant captured_at; /* 0: never */
    instant checked_at;  /* the last fetch that ended well; 0: none */
    instant tried_at;    /* the last fetch at all, or postponement */
    instant asked_at;    /* 0: not since the capture */
    instant pause_begin, pause_end;
    int64_t failures; /* one after the other */
    bool is_awaited;
    bool is_collected;
    bool is_begun;
};

struct schedule {
    duration time_to_live;
    uint64_t random; /* xorshift64*, Vigna 2016: jitter needs no secret */
    struct entry entries[LIST_COUNT];
};

struct schedule *schedule_open(const struct schedule_options *options)
{
    struct schedule *schedule = memory_take_zeroed(1, sizeof(*schedule));
    schedule->time_to_live = options->time_to_live;
    schedule->random = options->seed ? options->seed : 1;
    for (size_t i = 0; options->is_collected && i < LIST_COUNT; i++)
        schedule->entries[i].is_collected = options->is_collected[i];
    return schedule;
}

void schedule_close(struct schedule *schedule)
{
    free(schedule);
}

static struct entry *entry_of(struct schedule *schedule, struct list_key list)
{
    return &schedule->entries[list_key_index(list)];
}

static uint64_t random_below(struct schedule *schedule, uint64_t bound)
{
    schedule->random ^= schedule->random >> 12;
    schedule->random ^= schedule->random << 25;
    schedule->random ^= schedule->random >> 27;
    return (schedule->random * UINT64_C(2685821657736338717)) % bound;
}

void schedule_captured(struct schedule *schedule, struct list_key list, instant captured_at)
{
    struct entry *entry = entry_of(schedule, list);
    if (captured_at.us < entry->captured_at.us)
        return;
    entry->captured_at = captured_at;
    entry->is_awaited = false;
    if (entry->asked_at.us <= captured_at.us)
        entry->asked_at = (instant){0};
}

void schedule_asked(struct schedule *schedule, struct list_key list, instant now)
{
    entry_of(schedule, list)->asked_at = now;
}

void schedule_awaited(struct schedule *schedule, struct list_key list)
{
    entry_of(schedule, list)->is_awaited = true;
}

void schedule_begun(struct schedule *schedule, struct list_key list)
{
    struct entry *entry = entry_of(schedule, list);
    check(!entry->is_begun);
    entry->is_begun = true;
}

void schedule_done(struct schedule *schedule, struct list_key list, instant now)
{
    struct entry *entry = entry_of(schedule, list);
    entry->is_begun = entry->is_awaited = false;
    entry->failures = 0;
    entry->checked_at = entry->tried_at = now;
    entry->asked_at = entry->pause_begin = entry->pause_end = (instant){0};
}

static void pause_set(struct entry *entry, instant now, instant end)
{
    entry->is_begun = false;
    entry->tried_at = entry->pause_begin = now;
    entry->pause_end = end;
}

instant schedule_failed(struct schedule *schedule, struct list_key list, instant now,
                        instant not_before)
{
    struct entry *entry = entry_of(schedule, list);
    int64_t doublings = entry->failures < DOUBLINGS_MAX ? entry->failures : DOUBLINGS_MAX;
    int64_t most = SCHEDULE_PAUSE_BASE_US << doublings;
    if (most > SCHEDULE_PAUSE_MAX_US)
        most = SCHEDULE_PAUSE_MAX_US;
    int64_t end = now.us + 1 + (int64_t)random_below(schedule, (uint64_t)most);
    entry->failures++;
    entry->is_awaited = false;
    pause_set(entry, now, (instant){end > not_before.us ? end : not_before.us});
    return entry->pause_end;
}

void schedule_postponed(struct schedule *schedule, struct list_key list, instant now,
                        instant not_before)
{
    pause_set(entry_of(schedule, list), now, not_before);
}

void schedule_dropped(struct schedule *schedule, struct list_key list)
{
    struct entry *entry = entry_of(schedule, list);
    entry->is_begun = entry->is_awaited = entry->is_collected = false;
    entry->asked_at = (instant){0};
}

void schedule_restored(struct schedule *schedule, struct list_key list, int64_t failures,
                       instant now, instant not_before)
{
    struct entry *entry = entry_of(schedule, list);
    entry->failures = failures;
    entry->pause_begin = now;
    entry->pause_end = not_before;
}

int64_t schedule_failures(const struct schedule *schedule, struct list_key list)
{
    return schedule->entries[list_key_index(list)].failures;
}

static bool entry_pauses(const struct entry *entry, instant now)
{
    return now.us >= entry->pause_begin.us && now.us < entry->pause_end.us;
}

bool schedule_pauses(const struct schedule *schedule, struct list_key list, instant now)
{
    return entry_pauses(&schedule->entries[list_key_index(list)], now);
}

/* The same instant; 0: it lies so far ahead that the clock was wrong then. */
static int64_t fresh_from(const struct schedule *schedule, instant from, instant now)
{
    return from.us > now.us + schedule->time_to_live.us + DAY_US ? 0 : from.us;
}

/* When it may be fetched, of a list that somebody wants; in the past: now. */
static instant entry_due_at(const struct schedule *schedule, const struct entry *entry,
                            instant now)
{
    int64_t captured = fresh_from(schedule, entry->captured_at, now);
    int64_t checked = fresh_from(schedule, entry->checked_at, now);
    int64_t fresh = captured > checked ? captured : checked;
    int64_t due = fresh > 0 ? fresh + schedule->time_to_live.us : 0;
    if (entry_pauses(entry, now) && entry->pause_end.us > due)
        due = entry->pause_end.us;
    return (instant){due};
}

/* 0: nobody wants it, or it is being fetched. Higher comes first. */
static int entry_class(const struct entry *entry)
{
    if (entry->is_begun)
        return 0;
    return entry->is_awaited ? 3 : entry->asked_at.us > 0 ? 2 : entry->is_collected ? 1 : 0;
}

static bool comes_before(const struct entry *a, const struct entry *b)
{
    if (entry_class(a) != entry_class(b))
        return entry_class(a) > entry_class(b);
    if (a->captured_at.us != b->captured_at.us)
        return a->captured_at.us < b->captured_at.us;
    return a->tried_at.us < b->tried_at.us;
}

bool schedule_next(const struct schedule *schedule, instant now, struct list_key *list,
                   instant *next_at)
{
    const struct entry *best = NULL;
    int64_t earliest = INT64_MAX;
    for (size_t i = 0; i < LIST_COUNT; i++) {
        const struct entry *entry = &schedule->entries[i];
        if (entry_class(entry) == 0)
            continue;
        int64_t due = entry_due_at(schedule, entry, now).us;
        if (due < earliest)
            earliest = due;
        if (due <= now.us && (!best || comes_before(entry, best)))
            best = entry;
    }
    if (best)
        *list = list_key_of_index((size_t)(best - schedule->entries));
    else
        *next_at = (instant){earliest == INT64_MAX ? 0 : earliest};
    return best != NULL;
}

bool schedule_is_due(const struct schedule *schedule, struct list_key list, instant now)
{
    const struct entry *entry = &schedule->entries[list_key_index(list)];
    return entry_class(entry) > 0 && entry_due_at(schedule, entry, now).us <= now.us;
}

size_t schedule_due(const struct schedule *schedule, instant now)
{
    size_t count = 0;
    for (size_t i = 0; i < LIST_COUNT; i++) {
        const struct entry *entry = &schedule->entries[i];
        count += entry_class(entry) > 0 &&
                 (entry_pauses(entry, now) || entry_due_at(schedule, entry, now).us <= now.us);
    }
    return count;
}
