#include "base/places.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 16

void places_init(struct places *places, size_t entry_bytes)
{
    *places = (struct places){.entry_bytes = entry_bytes};
}

void places_finish(struct places *places)
{
    free(places->entries);
    free(places->slots);
    places_init(places, places->entry_bytes);
}

static void *entry_at(const struct places *places, size_t number)
{
    return (char *)places->entries + number * places->entry_bytes;
}

void *places_find(const struct places *places, uint32_t hash, places_match *matches,
                  const void *wanted)
{
    if (places->count == 0)
        return NULL;
    uint64_t slot;
    for (size_t at = hash; (slot = places->slots[at & (places->slot_count - 1)]) != 0; at++) {
        if (slot >> 32 != hash)
            continue;
        void *entry = entry_at(places, (uint32_t)slot - 1);
        if (matches(entry, wanted))
            return entry;
    }
    return NULL;
}

static void slot_put(struct places *places, uint64_t slot)
{
    size_t at = (size_t)(slot >> 32);
    while (places->slots[at & (places->slot_count - 1)] != 0)
        at++;
    places->slots[at & (places->slot_count - 1)] = slot;
}

static void grow(struct places *places)
{
    struct places old = *places;
    places->capacity = old.capacity ? 2 * old.capacity : CAPACITY_FIRST;
    places->slot_count = 2 * places->capacity;
    places->entries = memory_grow(places->entries, places->capacity * places->entry_bytes);
    places->slots = memory_take_zeroed(places->slot_count, sizeof(places->slots[0]));
    for (size_t i = 0; i < old.slot_count; i++)
        if (old.slots[i] != 0)
            slot_put(places, old.slots[i]);
    free(old.slots);
}

void *places_add(struct places *places, uint32_t hash, const void *entry)
{
    check(places->entry_bytes > 0 && places->count < UINT32_MAX - 1);
    if (places->count == places->capacity)
        grow(places);
    void *added = entry_at(places, places->count++);
    memcpy(added, entry, places->entry_bytes);
    slot_put(places, (uint64_t)hash << 32 | places->count);
    return added;
}

void *places_find_or_add(struct places *places, uint32_t hash, places_match *matches,
                         const void *wanted)
{
    void *found = places_find(places, hash, matches, wanted);
    return found ? found : places_add(places, hash, wanted);
}

static int64_t number_of(const void *entry)
{
    return *(const int64_t *)entry;
}

static bool is_number(const void *entry, const void *wanted)
{
    return number_of(entry) == number_of(wanted);
}

static uint32_t hash_of_number(int64_t number)
{
    return places_hash(places_mix(0, number));
}

void *places_find_number(const struct places *places, int64_t number)
{
    return places_find(places, hash_of_number(number), is_number, &number);
}

void *places_add_number(struct places *places, const void *entry)
{
    return places_add(places, hash_of_number(number_of(entry)), entry);
}

void places_clear(struct places *places, size_t kept)
{
    if (places->capacity > kept && places->count < places->capacity / 8) {
        places_finish(places);
    } else if (places->count > 0) {
        memset(places->slots, 0, places->slot_count * sizeof(places->slots[0]));
        places->count = 0;
    }
}
