/* secret: randomness that nobody can guess, and the digest that keys are stored as.
 *
 * Any thread. secret_start must have been called once before. */
#pragma once

#include "base/text.h"

/* SHA-256, FIPS 180-4. */
struct digest {
    uint8_t bytes[32];
};

/* Prepares libsodium; once, first thing in main. */
void secret_start(void);

/* Fills memory from the operating system's generator. */
void secret_fill(void *memory, size_t bytes);

/* For ids that are drawn often and never secret for long: each thread takes a block at a time from
 * OpenSSL's generator (RAND_bytes(3)), which the operating system's seeds: a tenth of its cost. */
void secret_draw(void *memory, size_t bytes);

/* count random characters of 0-9 A-Z a-z, each of the 62 equally likely; no NUL is added. */
void secret_base62(char *characters, size_t count);

/* About 0.1 us for a key, where the processor has instructions for it. */
struct digest secret_digest(struct text message);

/* HMAC-SHA256, RFC 2104: only who knows key can tell it. */
struct digest secret_hmac(struct text key, struct text message);

/* In a time that does not tell where they differ. */
bool secret_equals(struct text a, struct text b);

/* Lower-case hexadecimal of bytes, 2 characters each; no NUL is added. */
void secret_hex(const uint8_t *bytes, size_t count, char *characters);

/* Back again: the bytes that are written so. False, and bytes are of no use: 2 * count characters that secret_hex
 * would not have written. */
bool secret_unhex(const char *characters, size_t count, uint8_t *bytes);

/* Puts "***" in the place of every password of a URL: SCHEME://USER:PASSWORD@..., ?password=...
 * For whatever is shown of what a person wrote; the line gets no longer than it was. */
void secret_mask(char *line);
