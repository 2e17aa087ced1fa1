/* password: how a password is kept: as Argon2id (RFC 9106) with a salt of its own.
 *
 * A hash takes 64 MB of memory and some 50 to 100 ms of a core: never on a loop's thread. Any
 * thread; secret_start must have been called once before. */
#pragma once

#include "base/text.h"

#define PASSWORD_CHARACTERS_MIN 12
#define PASSWORD_BYTES_MAX 1024
#define PASSWORD_HASH_BYTES_MAX 128

struct password_hash {
    char
        characters[PASSWORD_HASH_BYTES_MAX]; /* salt, costs and hash as ASCII, NUL at its end */
};

/* Long enough, not too long, and UTF-8. */
bool password_is_fit(struct text password);

void password_hash(struct text password, struct password_hash *hash);

/* kept: empty, where there is no password: nothing matches, in the same time. */
bool password_matches(struct text password, struct text kept);
