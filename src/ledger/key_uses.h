/* key_uses: when and from where keys were used last, on its way into the ledger's file.
 *
 * A loop notes a key once a minute: a small memory of its thread says whether it did, so that
 * every other call of that minute takes no lock and writes nothing. What is noted waits, at most
 * KEY_USES_MAX keys of it, for who writes it into the file; past that, uses are not noted until
 * then. Shared: its own lock, the lowest of the ledger's. */
#pragma once

#include "base/instant.h"
#include "base/text.h"

#define KEY_USES_MAX 16384 /* keys; 1.3 MB when all are there */
#define KEY_USE_ADDRESS_BYTES_MAX                                                              \
    46 /* the longest IPv6 address with an IPv4 one in it, and a NUL */
#define MINUTE_US (60 * SECOND_US)

struct key_uses;

struct key_use {
    int64_t key_id;
    int64_t account_id;
    instant at; /* the beginning of a minute */
    char address[KEY_USE_ADDRESS_BYTES_MAX];
};

struct key_uses *key_uses_open(void);
void key_uses_close(struct key_uses *uses);

/* Whether this thread has not noted that key in the minute of now; true is said once a minute,
 * but for keys that share a place in its memory. */
bool key_uses_is_due(const struct key_uses *uses, int64_t key_id, instant now);

/* address: as much of it as has room. */
void key_uses_note(struct key_uses *uses, int64_t key_id, int64_t account_id, instant now,
                   struct text address);

/* All that waits, as an array for free(); NULL when nothing does. It waits no longer. */
struct key_use *key_uses_take(struct key_uses *uses, size_t *count);
