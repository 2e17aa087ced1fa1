/* rate_limit: at most N calls in any 60,000 ms, exactly.
 *
 * A ring keeps the instants of the last calls admitted: a call is admitted when the N-th last is
 * 60,000 ms old, or there is none. Never one more, never refused while fewer than N were made. A
 * slot takes 4 bytes: milliseconds of a clock that never steps, counted from the process's
 * beginning, modulo 2^32; an idle window must be given back (rate_window_is_idle) before 24 days
 * have passed, so that ages stay clear of the wrap.
 *
 * Owned: whoever holds the account's lock. Never blocks. */
#pragma once

#include "base/buffer.h"

#define RATE_WINDOW_MS 60000
#define RATE_LIMIT_MAX 1000000 /* calls a minute */

struct rate_ring;

struct rate_window {
    struct rate_ring *ring; /* NULL until the first call */
    uint32_t capacity;      /* slots of the ring */
    uint32_t newest;        /* place of the newest instant */
    uint32_t count;         /* instants in the ring */
};

/* A zeroed struct is an empty window. */
void rate_window_finish(struct rate_window *window);

/* What a window says at one instant. */
struct rate_standing {
    uint32_t limit;
    uint32_t taken;     /* calls of the last minute; past limit after it was lowered */
    uint32_t remaining; /* calls that may follow at once */
    int64_t reset_ms;   /* until the oldest slot returns; 0 when none is taken */
    int64_t retry_ms;   /* until a call would be admitted; 0: now */
};

/* A call will be decided soon: has what it looks at fetched meanwhile. */
void rate_window_expect(const struct rate_window *window);

/* limit: 1 to RATE_LIMIT_MAX. now_ms: one that lies before the newest instant counts as that.
 * Takes nothing. */
struct rate_standing rate_window_look(const struct rate_window *window, uint32_t limit,
                                      uint32_t now_ms);

/* Takes a slot when one is free; false, and nothing taken, when not. standing: what the window says then. A
 * limit that was lowered keeps its longer ring as long as instants of the last 60 s need it, so that raising it
 * again grants nothing twice. */
bool rate_window_take(struct rate_window *window, uint32_t limit, uint32_t now_ms,
                      struct rate_standing *standing);

/* Puts in a call admitted age_ms ago, as read from the journal; oldest first. Ages of 60 s and
 * more leave no trace; one that is older than the call before it, as a stepped clock may tell,
 * counts as no older. */
void rate_window_restore(struct rate_window *window, uint32_t limit, uint32_t now_ms,
                         int64_t age_ms);

/* True when no instant is younger than 60 s: the ring may be given back. */
bool rate_window_is_idle(const struct rate_window *window, uint32_t now_ms);

/* ---- As bytes, for who keeps windows outside of memory ----
 *
 * Runs of calls in one millisecond, the newest first: how many they were, and how many milliseconds before
 * them the next run was, as base/varint.h. So calls that are added change no byte that was there, and what
 * grew older than 60 s may stay at the end: nobody reads so far. The instant of the newest run is kept beside
 * the bytes. */

/* Appends all calls of the 60 s up to the newest one. */
void rate_window_write(const struct rate_window *window, struct buffer *bytes);

/* Appends the run that comes before the bytes of a window whose newest call was before_ms earlier. */
void rate_window_write_run(struct buffer *bytes, uint32_t calls, uint32_t before_ms);

/* Makes window what was written, its newest call at newest_ms; what it held is forgotten, its ring is used
 * again. STATUS_CORRUPT: bytes are none of the above; the window is empty then. */
enum status rate_window_read(struct rate_window *window, struct text bytes, uint32_t newest_ms,
                             uint32_t limit);

/* A number of their keeper's, over 0, for the bytes that have these very calls: it is forgotten with any
 * change, and with the ring. Without a ring it is not remembered. */
void rate_window_wrote(struct rate_window *window, int64_t writing);

/* That number; 0: none. */
int64_t rate_window_writing(const struct rate_window *window);
