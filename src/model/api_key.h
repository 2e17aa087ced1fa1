/* api_key: what an API key looks like, and how one is told from a typing mistake.
 *
 * "tg_live_", 30 base62 characters of randomness (178 bits), 6 base62 characters of checksum:
 * CRC-32 (IEEE, as zlib's crc32) over the 38 characters before it, written with the digits 0-9
 * A-Z a-z, most significant first, filled up with '0'. Pure but for api_key_make; any thread. */
#pragma once

#include "base/secret.h"

#define API_KEY_LENGTH 44
#define API_KEY_PREFIX_LENGTH 12 /* the first characters, kept for display */
#define API_KEY_SUFFIX_LENGTH 4  /* the last characters, kept for display */
#define API_KEY_LIVE_MAX 20      /* keys an account may have that are active or in grace */
#define API_KEY_NAME_BYTES_MAX 100

struct api_key_text {
    char characters[API_KEY_LENGTH + 1]; /* NUL at its end; a secret: never log or keep it */
};

/* A new one from secret_base62. */
struct api_key_text api_key_make(void);

/* True when written has the length, prefix, alphabet and checksum of a key. */
bool api_key_is_well_formed(struct text written);
