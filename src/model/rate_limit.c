#include "model/rate_limit.h"

#include "base/varint.h"

struct rate_ring {
    int64_t writing; /* see rate_window_wrote */
    uint32_t instants_ms[];
};

void rate_window_finish(struct rate_window *window)
{
    free(window->ring);
    *window = (struct rate_window){0};
}

/* back: 0 for the newest instant, count - 1 for the oldest. */
static const uint32_t *instant_at(const struct rate_window *window, uint32_t back)
{
    uint32_t place = window->newest >= back ? window->newest - back
                                            : window->newest + window->capacity - back;
    return &window->ring->instants_ms[place];
}

static uint32_t age_ms(const struct rate_window *window, uint32_t back, uint32_t now_ms)
{
    return now_ms - *instant_at(window, back);
}

void rate_window_expect(const struct rate_window *window)
{
    if (window->count == 0)
        return;
    memory_expect(instant_at(window, 0), sizeof(uint32_t));
    memory_expect(instant_at(window, window->count - 1), sizeof(uint32_t));
}

/* The clock is read before the lock is held: a reading that others have overtaken since counts as
 * theirs, or their instants would look as old as the clock wraps. */
static uint32_t present_ms(const struct rate_window *window, uint32_t now_ms)
{
    if (window->count == 0 || (int32_t)age_ms(window, 0, now_ms) >= 0)
        return now_ms;
    return window->ring->instants_ms[window->newest];
}

/* How many instants are younger than the window. They stand in order, and each take drops what was
 * older by then: what has grown old since is sought from the oldest on, in doubling steps. */
static uint32_t taken_count(const struct rate_window *window, uint32_t now_ms)
{
    uint32_t low = 0, high = window->count; /* young below low, old from high on */
    for (uint32_t step = 1; low < high; step *= 2) {
        uint32_t back = high - low > step ? high - step : low;
        if (age_ms(window, back, now_ms) >= RATE_WINDOW_MS) {
            high = back;
            continue;
        }
        low = back + 1; /* between the two by halving */
        break;
    }
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (age_ms(window, middle, now_ms) < RATE_WINDOW_MS)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct rate_standing rate_window_look(const struct rate_window *window, uint32_t limit,
                                      uint32_t now_ms)
{
    check(limit >= 1 && limit <= RATE_LIMIT_MAX);
    now_ms = present_ms(window, now_ms);
    uint32_t taken = taken_count(window, now_ms);
    struct rate_standing standing = {.limit = limit, .taken = taken};
    if (taken > 0)
        standing.reset_ms = RATE_WINDOW_MS - (int64_t)age_ms(window, taken - 1, now_ms);
    if (taken < limit)
        standing.remaining = limit - taken;
    else
        standing.retry_ms = RATE_WINDOW_MS - (int64_t)age_ms(window, limit - 1, now_ms);
    return standing;
}

static void ring_resize(struct rate_window *window, uint32_t capacity)
{
    uint32_t kept = window->count;
    check(kept <= window->capacity);
    struct rate_ring *ring = memory_take(sizeof(*ring) +
                                         capacity * sizeof(ring->instants_ms[0]));
    ring->writing = 0;
    for (uint32_t i = 0; i < kept; i++)
        ring->instants_ms[kept - 1 - i] =
            window->ring
                ->instants_ms[(window->newest + window->capacity - i) % window->capacity];
    free(window->ring);
    *window = (struct rate_window){.ring = ring,
                                   .capacity = capacity,
                                   .newest = (kept + capacity - 1) % capacity,
                                   .count = kept};
}

#define CAPACITY_FIRST 4

/* Doubles up to the limit, so that an account that calls rarely keeps a short ring; past it only
 * to restore what was admitted under a higher one. */
static void ring_make_room(struct rate_window *window, uint32_t limit)
{
    if (window->count < window->capacity)
        return;
    uint32_t doubled = window->capacity ? window->capacity * 2 : CAPACITY_FIRST;
    ring_resize(window, doubled > limit && window->count < limit ? limit : doubled);
}

static void instant_add(struct rate_window *window, uint32_t instant_ms)
{
    check(window->count < window->capacity);
    window->newest = window->newest + 1 < window->capacity ? window->newest + 1 : 0;
    window->ring->instants_ms[window->newest] = instant_ms;
    window->count++;
    window->ring->writing = 0;
}

bool rate_window_take(struct rate_window *window, uint32_t limit, uint32_t now_ms,
                      struct rate_standing *standing)
{
    *standing = rate_window_look(window, limit, now_ms);
    if (standing->remaining == 0)
        return false;
    now_ms = present_ms(window, now_ms);
    window->count = standing->taken; /* what is older than the window never counts again */
    ring_make_room(window, limit);
    instant_add(window, now_ms);
    if (standing->taken++ == 0)
        standing->reset_ms = RATE_WINDOW_MS;
    if (--standing->remaining == 0)
        standing->retry_ms = standing->reset_ms;
    return true;
}

void rate_window_restore(struct rate_window *window, uint32_t limit, uint32_t now_ms,
                         int64_t age)
{
    if (age >= RATE_WINDOW_MS)
        return;
    uint32_t younger_ms = age > 0 ? (uint32_t)age : 0;
    if (window->count > 0 && age_ms(window, 0, now_ms) < younger_ms)
        younger_ms = age_ms(window, 0, now_ms);
    ring_make_room(window, limit);
    instant_add(window, now_ms - younger_ms);
}

bool rate_window_is_idle(const struct rate_window *window, uint32_t now_ms)
{
    return window->count == 0 ||
           age_ms(window, 0, present_ms(window, now_ms)) >= RATE_WINDOW_MS;
}

/* ---- As bytes ---- */

void rate_window_write_run(struct buffer *bytes, uint32_t calls, uint32_t before_ms)
{
    varint_put(bytes, calls);
    varint_put(bytes, before_ms);
}

void rate_window_write(const struct rate_window *window, struct buffer *bytes)
{
    if (window->count == 0)
        return;
    uint32_t newest_ms = window->ring->instants_ms[window->newest];
    uint32_t count = taken_count(window, newest_ms), age = 0;
    for (uint32_t back = 0; back < count;) {
        uint32_t calls = 0, run_age = age;
        for (; back < count && (age = age_ms(window, back, newest_ms)) == run_age; back++)
            calls++;
        rate_window_write_run(bytes, calls, age - run_age);
    }
}

struct run {
    uint32_t calls, before_ms;
};

static enum status run_take(struct text *bytes, struct run *run)
{
    uint64_t calls, before_ms;
    TRY(varint_take(bytes, &calls));
    TRY(varint_take(bytes, &before_ms));
    if (calls < 1 || calls > RATE_LIMIT_MAX)
        return STATUS_CORRUPT;
    *run = (struct run){(uint32_t)calls,
                        before_ms < RATE_WINDOW_MS ? (uint32_t)before_ms : RATE_WINDOW_MS};
    return STATUS_OK;
}

/* Of the 60 s up to the newest. */
static enum status calls_count(struct text bytes, uint32_t *count)
{
    struct run run;
    *count = 0;
    for (uint32_t age = 0; bytes.length > 0 && age < RATE_WINDOW_MS; age += run.before_ms) {
        TRY(run_take(&bytes, &run));
        if (run.calls > RATE_LIMIT_MAX - *count)
            return STATUS_CORRUPT;
        *count += run.calls;
    }
    return STATUS_OK;
}

static void ring_fit(struct rate_window *window, uint32_t count, uint32_t limit)
{
    uint32_t capacity = window->capacity ? window->capacity : CAPACITY_FIRST;
    while (capacity < count)
        capacity *= 2;
    if (capacity > window->capacity)
        ring_resize(window, capacity > limit && count <= limit ? limit : capacity);
}

enum status rate_window_read(struct rate_window *window, struct text bytes, uint32_t newest_ms,
                             uint32_t limit)
{
    uint32_t left;
    window->count = 0;
    rate_window_wrote(window, 0);
    TRY(calls_count(bytes, &left));
    if (left == 0)
        return STATUS_OK;
    ring_fit(window, left, limit);
    window->count = left;
    window->newest = left - 1;
    struct run run;
    for (uint32_t instant_ms = newest_ms; left > 0; instant_ms -= run.before_ms) {
        check(run_take(&bytes, &run) == STATUS_OK);
        for (uint32_t i = 0; i < run.calls; i++)
            window->ring->instants_ms[--left] = instant_ms;
    }
    return STATUS_OK;
}

void rate_window_wrote(struct rate_window *window, int64_t writing)
{
    if (window->ring)
        window->ring->writing = writing;
}

int64_t rate_window_writing(const struct rate_window *window)
{
    return window->ring ? window->ring->writing : 0;
}
