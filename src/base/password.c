#include "base/password.h"

#include <assert.h>
#include <sodium.h>

/* RFC 9106 recommends 64 MB where memory is dear; libsodium's costs for interactive use. */
#define OPERATIONS crypto_pwhash_OPSLIMIT_INTERACTIVE
#define MEMORY_BYTES crypto_pwhash_MEMLIMIT_INTERACTIVE

static_assert(crypto_pwhash_STRBYTES <= PASSWORD_HASH_BYTES_MAX, "a hash has its room");

static size_t characters_of(struct text password)
{
    size_t count = 0;
    for (size_t i = 0; i < password.length; i++)
        count += ((unsigned char)password.at[i] & 0xC0) != 0x80;
    return count;
}

bool password_is_fit(struct text password)
{
    return password.length <= PASSWORD_BYTES_MAX && text_is_utf8(password) &&
           characters_of(password) >= PASSWORD_CHARACTERS_MIN;
}

void password_hash(struct text password, struct password_hash *hash)
{
    check(crypto_pwhash_str_alg(hash->characters, password.at, password.length, OPERATIONS,
                                MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) == 0);
}

/* Of the same costs; whether or not anything matches it does not matter. */
static const char decoy[] = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"
                            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool password_matches(struct text password, struct text kept)
{
    char hash[PASSWORD_HASH_BYTES_MAX] = {0};
    struct text compared = kept.length > 0 ? kept : TEXT(decoy);
    check(compared.length < sizeof(hash));
    memcpy(hash, compared.at, compared.length);
    const char *written = password.at ? password.at : "";
    bool matches = crypto_pwhash_str_verify(hash, written, password.length) == 0;
    return matches && kept.length > 0;
}
