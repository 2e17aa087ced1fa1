#include "console/limits.h"

#include "base/network.h"
#include "base/secret.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

#define WAYS 4 /* places that one hash may use */

static const struct {
    unsigned attempts;
    int64_t window_s;
} rules[LIMIT_KINDS] = {
    [LIMIT_SIGN_IN_ACCOUNT] = {10, 15 * 60}, /* a thousand guesses a day of one password */
    [LIMIT_SIGN_IN_ADDRESS] = {50, 15 * 60}, /* an office behind one address */
    [LIMIT_SIGN_UP_ADDRESS] = {20, 60 * 60},
    [LIMIT_KEYS] = {200, 24 * 3600}, /* 10 times all that may live, each day */
    [LIMIT_BROWSE] = {60, 60},
};

struct place {
    uint64_t hash; /* 0: free */
    int64_t began_us;
    unsigned attempts;
};

struct limits {
    pthread_mutex_t lock;
    const struct time_source *time;
    uint8_t key[32];
    struct place places[LIMITS_PLACES];
};

struct limits *limits_open(const struct time_source *time)
{
    struct limits *limits = memory_take_zeroed(1, sizeof(*limits));
    limits->time = time;
    secret_fill(limits->key, sizeof(limits->key));
    check(pthread_mutex_init(&limits->lock, NULL) == 0);
    return limits;
}

void limits_close(struct limits *limits)
{
    if (!limits)
        return;
    check(pthread_mutex_destroy(&limits->lock) == 0);
    free(limits);
}

static uint64_t hash_of(const struct limits *limits, enum limit_kind kind, struct text who)
{
    struct digest digest = secret_hmac(
        (struct text){(const char *)limits->key, sizeof(limits->key)}, who);
    uint64_t hash;
    memcpy(&hash, digest.bytes, sizeof(hash));
    return (hash ^ ((uint64_t)kind + 1) * UINT64_C(0x9E3779B97F4A7C15)) | 1;
}

/* The place of that hash, or the one that it would take: a free one, or the oldest. */
static struct place *place_find(struct limits *limits, uint64_t hash)
{
    struct place *first = &limits->places[(hash >> 8) % (LIMITS_PLACES / WAYS) * WAYS];
    struct place *oldest = first;
    for (struct place *place = first; place < first + WAYS; place++) {
        if (place->hash == hash)
            return place;
        if (oldest->hash != 0 && (place->hash == 0 || place->began_us < oldest->began_us))
            oldest = place;
    }
    return oldest;
}

/* Inside the lock. */
static int64_t attempt_take(struct limits *limits, enum limit_kind kind, uint64_t hash)
{
    int64_t now_us = time_elapsed(limits->time).us;
    int64_t window_us = rules[kind].window_s * SECOND_US;
    struct place *place = place_find(limits, hash);
    if (place->hash != hash || now_us - place->began_us >= window_us)
        *place = (struct place){.hash = hash, .began_us = now_us};
    if (place->attempts == rules[kind].attempts)
        return (place->began_us + window_us - now_us + SECOND_US - 1) / SECOND_US;
    place->attempts++;
    return 0;
}

int64_t limits_take(struct limits *limits, enum limit_kind kind, struct text who)
{
    uint64_t hash = hash_of(limits, kind, who);
    check(pthread_mutex_lock(&limits->lock) == 0);
    int64_t wait_s = attempt_take(limits, kind, hash);
    check(pthread_mutex_unlock(&limits->lock) == 0);
    return wait_s;
}

void limits_give_back(struct limits *limits, enum limit_kind kind, struct text who)
{
    uint64_t hash = hash_of(limits, kind, who);
    check(pthread_mutex_lock(&limits->lock) == 0);
    struct place *place = place_find(limits, hash);
    if (place->hash == hash && place->attempts > 0)
        place->attempts--;
    check(pthread_mutex_unlock(&limits->lock) == 0);
}

void limits_clear(struct limits *limits, enum limit_kind kind, struct text who)
{
    uint64_t hash = hash_of(limits, kind, who);
    check(pthread_mutex_lock(&limits->lock) == 0);
    struct place *place = place_find(limits, hash);
    if (place->hash == hash)
        *place = (struct place){.hash = 0};
    check(pthread_mutex_unlock(&limits->lock) == 0);
}

#define NETWORK_BYTES 8 /* of an IPv6 address: what one customer of a provider is given */

/* The IPv4 address that a proxy wrote as one of IPv6 (RFC 4291 section 2.5.5.2); else NULL. */
static const uint8_t *mapped_find(const struct network *address)
{
    static const uint8_t before[12] = {[10] = 0xFF, [11] = 0xFF};
    return memcmp(address->bytes, before, sizeof(before)) == 0 ? address->bytes + sizeof(before)
                                                               : NULL;
}

struct text limits_address(struct text address, char room[ADDRESS_ROOM_BYTES])
{
    struct network read;
    if (network_read_address(address, &read) != STATUS_OK || read.family != AF_INET6)
        return address;
    const uint8_t *mapped = mapped_find(&read);
    if (mapped) {
        int length = snprintf(room, ADDRESS_ROOM_BYTES, "%u.%u.%u.%u", mapped[0], mapped[1],
                              mapped[2], mapped[3]);
        return (struct text){room, (size_t)length};
    }
    secret_hex(read.bytes, NETWORK_BYTES, room);
    return (struct text){room, 2 * (size_t)NETWORK_BYTES};
}
