#include "base/varint.h"

void varint_put(struct buffer *bytes, uint64_t value)
{
    while (value >= 0x80) {
        buffer_append_byte(bytes, (char)(value | 0x80));
        value >>= 7;
    }
    buffer_append_byte(bytes, (char)value);
}

void varint_put_signed(struct buffer *bytes, int64_t value)
{
    varint_put(bytes, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

enum status varint_take(struct text *rest, uint64_t *value)
{
    uint64_t read = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (rest->length == 0)
            return STATUS_CORRUPT;
        uint8_t byte = (uint8_t)rest->at[0];
        *rest = text_slice(*rest, 1, rest->length);
        if (shift == 63 && byte > 1)
            return STATUS_CORRUPT;
        read |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *value = read;
            return STATUS_OK;
        }
    }
    return STATUS_CORRUPT;
}

enum status varint_take_signed(struct text *rest, int64_t *value)
{
    uint64_t zigzag;
    TRY(varint_take(rest, &zigzag));
    *value = (int64_t)(zigzag >> 1) ^ -(int64_t)(zigzag & 1);
    return STATUS_OK;
}
