#include "ledger/key_uses.h"

#include <pthread.h>
#include <stdatomic.h>

#define PLACES (2 * KEY_USES_MAX)
#define MEMOS 4096 /* 64 KB a thread */

struct key_uses {
    pthread_mutex_t lock;
    struct key_use *noted; /* KEY_USES_MAX places; NULL while nothing is */
    uint16_t *places;      /* one more than an index into noted, by the key's number; 0: free */
    size_t count;
    uint32_t serial; /* tells it apart from those that were open before */
};

_Static_assert(KEY_USES_MAX < UINT16_MAX, "a place holds every index");

struct key_uses *key_uses_open(void)
{
    static atomic_uint serials;
    struct key_uses *uses = memory_take_zeroed(1, sizeof(*uses));
    uses->serial = atomic_fetch_add(&serials, 1) + 1;
    check(pthread_mutex_init(&uses->lock, NULL) == 0);
    return uses;
}

static void noted_drop(struct key_uses *uses)
{
    free(uses->places);
    uses->noted = NULL;
    uses->places = NULL;
    uses->count = 0;
}

void key_uses_close(struct key_uses *uses)
{
    if (!uses)
        return;
    free(uses->noted);
    noted_drop(uses);
    check(pthread_mutex_destroy(&uses->lock) == 0);
    free(uses);
}

bool key_uses_is_due(const struct key_uses *uses, int64_t key_id, instant now)
{
    static _Thread_local struct memo {
        int64_t key_id;
        uint64_t minute; /* with the serial before it; 0: of none */
    } memos[MEMOS];
    uint64_t minute = (uint64_t)uses->serial << 32 | (uint32_t)(now.us / MINUTE_US);
    struct memo *memo = &memos[(uint64_t)key_id % MEMOS];
    if (memo->key_id == key_id && memo->minute == minute)
        return false;
    *memo = (struct memo){key_id, minute};
    return true;
}

static uint16_t *place_find(struct key_uses *uses, int64_t key_id)
{
    size_t at = (uint64_t)key_id * UINT64_C(0x9E3779B97F4A7C15) >> 49;
    for (;;) {
        uint16_t *place = &uses->places[at % PLACES];
        if (*place == 0 || uses->noted[*place - 1].key_id == key_id)
            return place;
        at++;
    }
}

/* NULL: there is no room. */
static struct key_use *use_of(struct key_uses *uses, int64_t key_id)
{
    if (!uses->noted) {
        uses->noted = memory_take(KEY_USES_MAX * sizeof(uses->noted[0]));
        uses->places = memory_take_zeroed(PLACES, sizeof(uses->places[0]));
    }
    uint16_t *place = place_find(uses, key_id);
    if (*place == 0) {
        if (uses->count == KEY_USES_MAX)
            return NULL;
        *place = (uint16_t)++uses->count;
    }
    return &uses->noted[*place - 1];
}

void key_uses_note(struct key_uses *uses, int64_t key_id, int64_t account_id, instant now,
                   struct text address)
{
    check(pthread_mutex_lock(&uses->lock) == 0);
    struct key_use *use = use_of(uses, key_id);
    if (use) {
        *use = (struct key_use){
            .key_id = key_id, .account_id = account_id, .at = {now.us - now.us % MINUTE_US}};
        struct text kept = text_slice(address, 0, sizeof(use->address) - 1);
        if (kept.length > 0)
            memcpy(use->address, kept.at, kept.length);
    }
    check(pthread_mutex_unlock(&uses->lock) == 0);
}

struct key_use *key_uses_take(struct key_uses *uses, size_t *count)
{
    check(pthread_mutex_lock(&uses->lock) == 0);
    struct key_use *taken = uses->noted;
    *count = uses->count;
    noted_drop(uses);
    check(pthread_mutex_unlock(&uses->lock) == 0);
    return taken;
}
