#include "ledger/directory.h"

#include <pthread.h>
#include <stdalign.h>

#define SHARD_COUNT 1024
#define SHARD_FIRST_CAPACITY 8

enum place_mark {
    PLACE_USED = 1,
    PLACE_REVOKED = 2,
    PLACE_SUSPENDED = 4,
    PLACE_ROTATED = 8,
    PLACE_UNPAID = 16
};

/* The digest's first byte is that of its shard, so its room serves the marks. */
struct place {
    uint8_t marks; /* 0: free */
    uint8_t digest_rest[sizeof(struct digest) - 1];
    int64_t key_id;
    int64_t account_id;
    int64_t stops_at_us;
};
_Static_assert(sizeof(struct place) == 56, "the memory budget counts on 56 bytes a key");

/* On a cache line of its own, so that shards do not slow each other down and a look-up fetches no
 * second one: a lock for readers and writers would not leave room. There are so many shards that
 * two threads rarely meet at one. */
struct shard {
    alignas(64) pthread_mutex_t lock;
    struct place *places;
    uint32_t capacity;
    uint32_t used;
};

_Static_assert(sizeof(struct shard) == 64, "a shard is one cache line");

struct directory {
    struct shard shards[SHARD_COUNT];
};

struct directory *directory_open(void)
{
    struct directory *directory = aligned_alloc(alignof(struct directory), sizeof(*directory));
    check(directory != NULL);
    memset(directory, 0, sizeof(*directory));
    for (size_t i = 0; i < SHARD_COUNT; i++)
        check(pthread_mutex_init(&directory->shards[i].lock, NULL) == 0);
    return directory;
}

void directory_close(struct directory *directory)
{
    if (!directory)
        return;
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        check(pthread_mutex_destroy(&directory->shards[i].lock) == 0);
        free(directory->shards[i].places);
    }
    free(directory);
}

static struct shard *shard_of(struct directory *directory, const struct digest *digest)
{
    return &directory->shards[(unsigned)digest->bytes[0] << 2 | digest->bytes[1] >> 6];
}

/* Where the search for a digest begins: its bits past the shard's, scaled to the capacity. */
static uint32_t place_first(const uint8_t *digest_rest, uint32_t capacity)
{
    uint32_t bits;
    memcpy(&bits, digest_rest + 3, sizeof(bits));
    return (uint32_t)((uint64_t)bits * capacity >> 32);
}

/* The place of a digest, or the free one where it would be put. */
static struct place *place_find(const struct shard *shard, const uint8_t *digest_rest)
{
    uint32_t at = place_first(digest_rest, shard->capacity);
    for (;;) {
        struct place *place = &shard->places[at];
        if (!place->marks ||
            memcmp(place->digest_rest, digest_rest, sizeof(place->digest_rest)) == 0)
            return place;
        at = at + 1 == shard->capacity ? 0 : at + 1;
    }
}

/* By a quarter, not by two: a shard is small, and memory counts for more than moving it. */
static void shard_grow(struct shard *shard)
{
    check(shard->capacity < UINT32_MAX / 2);
    struct shard grown = {.capacity = shard->capacity ? shard->capacity + shard->capacity / 4
                                                      : SHARD_FIRST_CAPACITY};
    grown.places = memory_take_zeroed(grown.capacity, sizeof(grown.places[0]));
    for (uint32_t i = 0; i < shard->capacity; i++)
        if (shard->places[i].marks)
            *place_find(&grown, shard->places[i].digest_rest) = shard->places[i];
    free(shard->places);
    shard->places = grown.places;
    shard->capacity = grown.capacity;
}

static unsigned refusal_mark(enum account_refusal refusal)
{
    switch (refusal) {
    case ACCOUNT_ADMITTED: return 0;
    case ACCOUNT_SUSPENDED: return PLACE_SUSPENDED;
    case ACCOUNT_UNPAID: return PLACE_UNPAID;
    }
    check_failed(__FILE__, __LINE__, "the refusal is in the list");
}

void directory_add(struct directory *directory, const struct digest *digest,
                   const struct directory_entry *entry)
{
    struct shard *shard = shard_of(directory, digest);
    check(pthread_mutex_lock(&shard->lock) == 0);
    if ((uint64_t)(shard->used + 1) * 5 > (uint64_t)shard->capacity * 4)
        shard_grow(shard);
    struct place *place = place_find(shard, digest->bytes + 1);
    check(!place->marks);
    place->marks = (uint8_t)(PLACE_USED | (entry->is_revoked ? PLACE_REVOKED : 0) |
                             refusal_mark(entry->refusal) |
                             (entry->is_rotated ? PLACE_ROTATED : 0));
    memcpy(place->digest_rest, digest->bytes + 1, sizeof(place->digest_rest));
    place->key_id = entry->key_id;
    place->account_id = entry->account_id;
    place->stops_at_us = entry->stops_at.us;
    shard->used++;
    check(pthread_mutex_unlock(&shard->lock) == 0);
}

static void marks_change(struct directory *directory, const struct digest *digest,
                         unsigned removed, unsigned added)
{
    struct shard *shard = shard_of(directory, digest);
    check(pthread_mutex_lock(&shard->lock) == 0);
    check(shard->capacity > 0);
    struct place *place = place_find(shard, digest->bytes + 1);
    check(place->marks != 0);
    place->marks = (uint8_t)((place->marks & ~removed) | added);
    check(pthread_mutex_unlock(&shard->lock) == 0);
}

void directory_revoke(struct directory *directory, const struct digest *digest)
{
    marks_change(directory, digest, 0, PLACE_REVOKED);
}

void directory_stop(struct directory *directory, const struct digest *digest, instant stops_at)
{
    struct shard *shard = shard_of(directory, digest);
    check(pthread_mutex_lock(&shard->lock) == 0);
    check(shard->capacity > 0);
    struct place *place = place_find(shard, digest->bytes + 1);
    check(place->marks != 0);
    place->stops_at_us = stops_at.us;
    place->marks |= PLACE_ROTATED;
    check(pthread_mutex_unlock(&shard->lock) == 0);
}

void directory_refuse(struct directory *directory, const struct digest *digest,
                      enum account_refusal refusal)
{
    marks_change(directory, digest, PLACE_SUSPENDED | PLACE_UNPAID, refusal_mark(refusal));
}

bool directory_find(struct directory *directory, const struct digest *digest,
                    struct directory_entry *entry)
{
    struct shard *shard = shard_of(directory, digest);
    check(pthread_mutex_lock(&shard->lock) == 0);
    const struct place *place = shard->capacity ? place_find(shard, digest->bytes + 1) : NULL;
    bool found = place && place->marks;
    if (found)
        *entry = (struct directory_entry){
            .key_id = place->key_id,
            .account_id = place->account_id,
            .stops_at = {place->stops_at_us},
            .is_revoked = (place->marks & PLACE_REVOKED) != 0,
            .refusal = account_refusal((place->marks & PLACE_SUSPENDED) != 0,
                                       (place->marks & PLACE_UNPAID) != 0),
            .is_rotated = (place->marks & PLACE_ROTATED) != 0,
        };
    check(pthread_mutex_unlock(&shard->lock) == 0);
    return found;
}

size_t directory_bytes(struct directory *directory)
{
    size_t bytes = sizeof(*directory);
    for (size_t i = 0; i < SHARD_COUNT; i++) {
        struct shard *shard = &directory->shards[i];
        check(pthread_mutex_lock(&shard->lock) == 0);
        bytes += (size_t)shard->capacity * sizeof(shard->places[0]);
        check(pthread_mutex_unlock(&shard->lock) == 0);
    }
    return bytes;
}
