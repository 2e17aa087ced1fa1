#include "base/places.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 64

void places_finish(struct places *places)
{
    free(places->slots);
    *places = (struct places){0};
}

uint32_t places_seek(const struct places *places, uint32_t hash, size_t *step)
{
    while (places->capacity > 0) {
        uint64_t slot = places->slots[(hash + (*step)++) & (places->capacity - 1)];
        if (slot == 0)
            break;
        if (slot >> 32 == hash)
            return (uint32_t)slot - 1;
    }
    return PLACES_NONE;
}

static void slot_put(struct places *places, uint64_t slot)
{
    size_t at = (size_t)(slot >> 32);
    while (places->slots[at & (places->capacity - 1)] != 0)
        at++;
    places->slots[at & (places->capacity - 1)] = slot;
}

static void grow(struct places *places)
{
    struct places old = *places;
    places->capacity = old.capacity ? 2 * old.capacity : CAPACITY_FIRST;
    places->slots = memory_take_zeroed(places->capacity, sizeof(places->slots[0]));
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i] != 0)
            slot_put(places, old.slots[i]);
    free(old.slots);
}

void places_add(struct places *places, uint32_t hash, uint32_t entry)
{
    check(entry != PLACES_NONE);
    if (2 * (places->count + 1) > places->capacity)
        grow(places);
    slot_put(places, (uint64_t)hash << 32 | (entry + 1));
    places->count++;
}

void places_clear(struct places *places)
{
    if (places->count > 0)
        memset(places->slots, 0, places->capacity * sizeof(places->slots[0]));
    places->count = 0;
}
