#include "base/secret.h"

/* The functions behind EVP, which since OpenSSL 3 costs more than a digest of one block. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <assert.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <sodium.h>

void secret_start(void)
{
    check(sodium_init() >= 0);
}

void secret_fill(void *memory, size_t bytes)
{
    randombytes_buf(memory, bytes);
}

#define DRAWN_BLOCK_BYTES 4096

void secret_draw(void *memory, size_t bytes)
{
    static _Thread_local unsigned char block[DRAWN_BLOCK_BYTES];
    static _Thread_local size_t left;
    check(bytes <= sizeof(block));
    if (left < bytes) {
        check(RAND_bytes(block, sizeof(block)) == 1);
        left = sizeof(block);
    }
    left -= bytes;
    memcpy(memory, block + left, bytes);
}

void secret_base62(char *characters, size_t count)
{
    static const char alphabet[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    /* 248 is the largest multiple of 62 in a byte: what is above it would favour some characters.
     * One fill serves a whole key: each is a system call. */
    uint8_t random[64];
    size_t left = 0;
    for (size_t i = 0; i < count;) {
        if (left == 0) {
            secret_fill(random, sizeof(random));
            left = sizeof(random);
        }
        uint8_t byte = random[--left];
        if (byte < 248)
            characters[i++] = alphabet[byte % 62];
    }
    explicit_bzero(random, sizeof(random));
}

struct digest secret_digest(struct text message)
{
    struct digest digest;
    SHA256_CTX context;
    check(SHA256_Init(&context) == 1);
    check(SHA256_Update(&context, message.at, message.length) == 1);
    check(SHA256_Final(digest.bytes, &context) == 1);
    return digest;
}

/* libsodium wants an address for nothing too. */
static const unsigned char *bytes_of(struct text text)
{
    return (const unsigned char *)(text.at ? text.at : "");
}

struct digest secret_hmac(struct text key, struct text message)
{
    struct digest digest;
    crypto_auth_hmacsha256_state state;
    static_assert(sizeof(digest.bytes) == crypto_auth_hmacsha256_BYTES, "one digest");
    (void)crypto_auth_hmacsha256_init(&state, bytes_of(key), key.length);
    (void)crypto_auth_hmacsha256_update(&state, bytes_of(message), message.length);
    (void)crypto_auth_hmacsha256_final(&state, digest.bytes);
    explicit_bzero(&state, sizeof(state));
    return digest;
}

bool secret_equals(struct text a, struct text b)
{
    return a.length == b.length && sodium_memcmp(bytes_of(a), bytes_of(b), a.length) == 0;
}

/* Without a table, so that a compiler writes many digits at once; and as a sum, for digits are random: where it is left a
 * choice a profile has it take a branch, which is wrong each other time. */
static inline char hex_digit(uint8_t nibble)
{
    int is_letter = (nibble + 6) >> 4;
    return (char)(nibble + '0' + (-is_letter & ('a' - '9' - 1)));
}

void secret_hex(const uint8_t *bytes, size_t count, char *characters)
{
    for (size_t i = 0; i < count; i++) {
        characters[2 * i] = hex_digit(bytes[i] >> 4);
        characters[2 * i + 1] = hex_digit(bytes[i] & 15);
    }
}

/* What a digit stands for; over 15: for nothing. As a sum likewise. */
static inline uint8_t hex_nibble(char digit)
{
    uint8_t number = (uint8_t)(digit - '0');
    uint8_t letter = (uint8_t)(digit - 'a');
    int is_number = number < 10, is_letter = letter < 6;
    return (uint8_t)(is_number * number + is_letter * (letter + 10) -
                     !(is_number | is_letter)); /* 255 */
}

bool secret_unhex(const char *characters, size_t count, uint8_t *bytes)
{
    uint8_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t high = hex_nibble(characters[2 * i]), low = hex_nibble(characters[2 * i + 1]);
        seen |= high | low;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return seen < 16;
}

/* What stands between start and end becomes "***", or as much of it as there is room for. */
static void hide(char *start, char *end)
{
    for (size_t i = 0; i < 3 && start < end; i++)
        *start++ = '*';
    memmove(start, end, strlen(end) + 1);
}

void secret_mask(char *line)
{
    static const char scheme_end[] = "://", password[] = "password=", ends_url[] = " \t'\"<>";
    for (char *at = line; (at = strstr(at, scheme_end)); at++) {
        char *start = at + strlen(scheme_end);
        size_t length = strcspn(start, ends_url);
        char *host = memrchr(start, '@', length);
        char *colon = host ? memchr(start, ':', (size_t)(host - start)) : NULL;
        if (colon)
            hide(colon + 1, host);
    }
    for (char *at = line; (at = strstr(at, password)); at++) {
        char *start = at + strlen(password);
        hide(start, start + strcspn(start, "& \t'\"<>"));
    }
}
