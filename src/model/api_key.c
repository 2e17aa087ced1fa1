#include "model/api_key.h"

#include <zlib.h>

#define PREFIX_LENGTH 8
#define RANDOM_LENGTH 30
#define CHECKSUM_LENGTH 6

_Static_assert(PREFIX_LENGTH + RANDOM_LENGTH + CHECKSUM_LENGTH == API_KEY_LENGTH,
               "API key parts");

static const char key_prefix[PREFIX_LENGTH + 1] = "tg_live_";
static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static void checksum_write(const char *key, char *checksum)
{
    uLong crc = crc32(0, (const Bytef *)key, PREFIX_LENGTH + RANDOM_LENGTH);
    for (size_t i = CHECKSUM_LENGTH; i-- > 0; crc /= 62)
        checksum[i] = digits[crc % 62];
}

struct api_key_text api_key_make(void)
{
    struct api_key_text key;
    memcpy(key.characters, key_prefix, PREFIX_LENGTH);
    secret_base62(key.characters + PREFIX_LENGTH, RANDOM_LENGTH);
    checksum_write(key.characters, key.characters + PREFIX_LENGTH + RANDOM_LENGTH);
    key.characters[API_KEY_LENGTH] = '\0';
    return key;
}

/* Without a branch a byte: letters and digits come in no order that could be foretold. */
static bool is_base62(const char *characters, size_t count)
{
    uint8_t others = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t letter = (uint8_t)((characters[i] | 0x20) - 'a');
        uint8_t digit = (uint8_t)(characters[i] - '0');
        others |= (uint8_t)((letter >= 26) & (digit >= 10));
    }
    return others == 0;
}

bool api_key_is_well_formed(struct text written)
{
    if (written.length != API_KEY_LENGTH ||
        !text_starts_with(written, (struct text){key_prefix, PREFIX_LENGTH}))
        return false;
    if (!is_base62(written.at + PREFIX_LENGTH, API_KEY_LENGTH - PREFIX_LENGTH))
        return false;
    char checksum[CHECKSUM_LENGTH];
    checksum_write(written.at, checksum);
    return memcmp(checksum, written.at + PREFIX_LENGTH + RANDOM_LENGTH, CHECKSUM_LENGTH) == 0;
}
