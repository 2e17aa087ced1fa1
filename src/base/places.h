/* places: finds the entries of an array by the hash of their keys.
 *
 * The array is its owner's, and dense; an entry is named by its number in it. Open addressing with 8 bytes a place, so
 * that a table of large entries grows and is emptied without touching them.
 * Owned: whoever owns the array; one thread at a time. Never blocks. */
#pragma once

#include "base/status.h"

#include <stdint.h>

struct places {
    uint64_t *slots; /* hash, and number + 1 of the entry; 0: free */
    size_t capacity; /* 0, or a power of two of at least twice the count */
    size_t count;
};

/* A zeroed struct is empty. */
void places_finish(struct places *places);

#define PLACES_NONE UINT32_MAX

/* The next entry that was added with this hash, in no order; PLACES_NONE: there is no further one. Which of
 * them has the key is for the caller to see. *step: 0 before the first. */
uint32_t places_seek(const struct places *places, uint32_t hash, size_t *step);

/* entry: under PLACES_NONE; the array's owner knows that its key is not there yet. */
void places_add(struct places *places, uint32_t hash, uint32_t entry);

/* Forgets all entries and keeps the memory. */
void places_clear(struct places *places);

/* ---- Hashing keys of several numbers ---- */

/* sum: 0, then what was returned for the number before. */
static inline uint64_t places_mix(uint64_t sum, int64_t value)
{
    sum = (sum ^ (uint64_t)value) * UINT64_C(0x9E3779B97F4A7C15);
    return sum ^ sum >> 29;
}

/* Of the sum of all numbers. */
static inline uint32_t places_hash(uint64_t sum)
{
    return (uint32_t)(sum >> 32);
}
