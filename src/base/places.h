/* places: an array whose entries are found by the hash of their keys.
 *
 * The entries, all of one type, stand dense and in the order of adding. They are found by open addressing with 8 bytes a
 * place, so that growing looks at no entry and emptying touches none.
 * Owned by one thread at a time, its entries too: a pointer to one is good until the next is added. Never blocks. */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct places {
    void *entries; /* count of them */
    size_t count, capacity;
    size_t entry_bytes;
    uint64_t *slots;   /* hash, and number + 1 of the entry; 0: free */
    size_t slot_count; /* 0, or a power of two of at least twice the count */
};

/* Takes no memory yet. */
void places_init(struct places *places, size_t entry_bytes);

/* Gives all memory back: as after places_init. */
void places_finish(struct places *places);

/* Whether an entry is the one that is wanted; wanted: as given to places_find. */
typedef bool places_match(const void *entry, const void *wanted);

/* hash: of the wanted one's key. NULL: there is none. */
void *places_find(const struct places *places, uint32_t hash, places_match *matches,
                  const void *wanted);

/* A copy of entry, which is none of its own and whose key is not there yet: at most 2^32 - 2 of them. */
void *places_add(struct places *places, uint32_t hash, const void *entry);

/* What places_find finds, else what places_add adds: wanted is an entry. */
void *places_find_or_add(struct places *places, uint32_t hash, places_match *matches,
                         const void *wanted);

/* The same of entries whose first member is an int64_t, and their key. */
void *places_find_number(const struct places *places, int64_t number);
void *places_add_number(struct places *places, const void *entry);

/* Forgets all entries. The memory stays for as many again; but where there is room for more than kept of them, and less
 * than an eighth of it was used, it is given back. */
void places_clear(struct places *places, size_t kept);

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
