#include "http/address.h"

#include <pthread.h>
#include <unistd.h>

struct peer_count {
    struct peer_count *next;
    struct peer peer;
    unsigned connections;
};

struct peer_counts {
    pthread_mutex_t lock;
    uint64_t seed[2]; /* so that nobody can choose addresses that share a bucket */
    size_t mask;
    struct peer_count *buckets[];
};

enum { BUCKETS_MIN = 64, BUCKETS_MAX = 65536, PREFIX_BYTES = 8 };

struct peer peer_of(const struct sockaddr_storage *address)
{
    struct peer peer = {0};
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        peer.bytes[10] = peer.bytes[11] = 0xFF;
        memcpy(peer.bytes + 12, &four->sin_addr, 4);
        return peer;
    }
    const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;
    memcpy(peer.bytes, six, IN6_IS_ADDR_V4MAPPED(six) ? sizeof(peer.bytes) : PREFIX_BYTES);
    return peer;
}

struct peer_counts *peer_counts_open(unsigned connections_max)
{
    size_t buckets = BUCKETS_MIN;
    while (buckets < connections_max && buckets < BUCKETS_MAX)
        buckets *= 2;
    struct peer_counts *counts = memory_take_zeroed(
        1, sizeof(*counts) + buckets * sizeof(struct peer_count *));
    counts->mask = buckets - 1;
    check(getentropy(counts->seed, sizeof(counts->seed)) == 0);
    check(pthread_mutex_init(&counts->lock, NULL) == 0);
    return counts;
}

void peer_counts_close(struct peer_counts *counts)
{
    if (!counts)
        return;
    for (size_t i = 0; i <= counts->mask; i++) {
        while (counts->buckets[i]) {
            struct peer_count *next = counts->buckets[i]->next;
            free(counts->buckets[i]);
            counts->buckets[i] = next;
        }
    }
    pthread_mutex_destroy(&counts->lock);
    free(counts);
}

/* The finalizer of splitmix64: every bit of the input moves every bit of the output. */
static uint64_t mix(uint64_t bits)
{
    bits = (bits ^ bits >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94D049BB133111EB);
    return bits ^ bits >> 31;
}

/* The link that points at the peer's count, or at the NULL where it would stand. */
static struct peer_count **place(struct peer_counts *counts, const struct peer *peer)
{
    uint64_t halves[2];
    memcpy(halves, peer->bytes, sizeof(halves));
    uint64_t hash = mix(mix(halves[0] ^ counts->seed[0]) ^ halves[1] ^ counts->seed[1]);
    struct peer_count **link = &counts->buckets[hash & counts->mask];
    while (*link && memcmp((*link)->peer.bytes, peer->bytes, sizeof(peer->bytes)) != 0)
        link = &(*link)->next;
    return link;
}

bool peer_counts_add(struct peer_counts *counts, struct peer peer, unsigned per_peer_max)
{
    check(pthread_mutex_lock(&counts->lock) == 0);
    struct peer_count **link = place(counts, &peer);
    bool fits = per_peer_max > (*link ? (*link)->connections : 0);
    if (fits && !*link) {
        *link = memory_take_zeroed(1, sizeof(**link));
        (*link)->peer = peer;
    }
    if (fits)
        (*link)->connections++;
    check(pthread_mutex_unlock(&counts->lock) == 0);
    return fits;
}

void peer_counts_remove(struct peer_counts *counts, struct peer peer)
{
    check(pthread_mutex_lock(&counts->lock) == 0);
    struct peer_count **link = place(counts, &peer);
    struct peer_count *count = *link;
    check(count && count->connections > 0);
    if (--count->connections == 0) {
        *link = count->next;
        free(count);
    }
    check(pthread_mutex_unlock(&counts->lock) == 0);
}
