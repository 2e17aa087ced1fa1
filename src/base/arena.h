/* arena: memory of one call, taken piece by piece and given back all at once.
 *
 * An arena is owned by one thread. What is taken lives until arena_reset or arena_finish. The
 * free part is poisoned under AddressSanitizer. */
#pragma once

#include "base/text.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used_bytes;
    size_t ceiling_bytes;
};

/* ceiling_bytes: the most that may be taken between two resets. Allocates nothing yet. */
void arena_init(struct arena *arena, size_t ceiling_bytes);

/* Zeroed memory aligned for any type, or NULL when the ceiling would be passed. */
void *arena_take(struct arena *arena, size_t bytes);

/* A copy followed by a NUL that is not counted; at is NULL when the ceiling would be passed. */
struct text arena_copy(struct arena *arena, struct text original);

/* Forgets all that was taken and keeps one block for the next call. */
void arena_reset(struct arena *arena);

/* The arena will be taken from soon: has the beginning of its block fetched meanwhile. */
void arena_expect(const struct arena *arena);

void arena_finish(struct arena *arena);
