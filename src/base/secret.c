#include "base/secret.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>

static pthread_key_t context_key;
static pthread_once_t context_key_once = PTHREAD_ONCE_INIT;

static void context_close(void *context)
{
    EVP_MD_CTX_free(context);
}

static void context_key_make(void)
{
    check(pthread_key_create(&context_key, context_close) == 0);
}

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
    static _Thread_local char block[DRAWN_BLOCK_BYTES];
    static _Thread_local size_t left;
    check(bytes <= sizeof(block));
    if (left < bytes) {
        randombytes_buf(block, sizeof(block));
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

static EVP_MD_CTX *thread_context(void)
{
    check(pthread_once(&context_key_once, context_key_make) == 0);
    EVP_MD_CTX *context = pthread_getspecific(context_key);
    if (!context) {
        context = EVP_MD_CTX_new();
        check(context != NULL);
        check(EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
        check(pthread_setspecific(context_key, context) == 0);
    }
    return context;
}

struct digest secret_digest(struct text message)
{
    struct digest digest;
    EVP_MD_CTX *context = thread_context();
    check(EVP_DigestInit_ex(context, NULL, NULL) == 1);
    check(EVP_DigestUpdate(context, message.at, message.length) == 1);
    check(EVP_DigestFinal_ex(context, digest.bytes, NULL) == 1);
    return digest;
}

void secret_hex(const uint8_t *bytes, size_t count, char *characters)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        characters[2 * i] = digits[bytes[i] >> 4];
        characters[2 * i + 1] = digits[bytes[i] & 15];
    }
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
