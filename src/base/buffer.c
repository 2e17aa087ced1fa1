#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

void buffer_init(struct buffer *buffer, size_t ceiling_bytes)
{
    *buffer = (struct buffer){.ceiling = ceiling_bytes};
}

void buffer_init_secret(struct buffer *buffer, size_t ceiling_bytes)
{
    *buffer = (struct buffer){.ceiling = ceiling_bytes, .is_secret = true};
}

void buffer_init_on(struct buffer *buffer, char *memory, size_t bytes)
{
    *buffer = (struct buffer){.bytes = memory, .capacity = bytes, .ceiling = bytes};
}

static void wipe(struct buffer *buffer)
{
    if (buffer->is_secret && buffer->bytes)
        explicit_bzero(buffer->bytes, buffer->capacity);
}

void buffer_finish(struct buffer *buffer)
{
    wipe(buffer);
    free(buffer->bytes);
    *buffer = (struct buffer){.ceiling = buffer->ceiling, .is_secret = buffer->is_secret};
}

void buffer_clear(struct buffer *buffer)
{
    wipe(buffer);
    buffer->length = 0;
    buffer->overflowed = false;
}

static void resize(struct buffer *buffer, size_t capacity)
{
    if (buffer->is_secret) { /* realloc would leave a copy behind */
        char *bytes = memory_take(capacity);
        if (buffer->length > 0)
            memcpy(bytes, buffer->bytes, buffer->length);
        wipe(buffer);
        free(buffer->bytes);
        buffer->bytes = bytes;
    } else {
        buffer->bytes = memory_grow(buffer->bytes, capacity);
    }
    buffer->capacity = capacity;
}

void buffer_shrink(struct buffer *buffer)
{
    resize(buffer, buffer->length);
}

char *buffer_reserve(struct buffer *buffer, size_t bytes)
{
    if (buffer->overflowed || bytes > buffer->ceiling - buffer->length) {
        buffer->overflowed = true;
        return NULL;
    }
    size_t needed = buffer->length + bytes;
    if (needed > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity : 256;
        while (capacity < needed)
            capacity *= 2;
        resize(buffer, capacity < buffer->ceiling ? capacity : buffer->ceiling);
    }
    return buffer->bytes + buffer->length;
}

void buffer_append_growing(struct buffer *buffer, struct text bytes)
{
    if (bytes.length == 0)
        return;
    char *room = buffer_reserve(buffer, bytes.length);
    if (!room)
        return;
    memcpy(room, bytes.at, bytes.length);
    buffer->length += bytes.length;
}

void buffer_append_integer(struct buffer *buffer, int64_t value)
{
    char room[TEXT_INTEGER_BYTES];
    buffer_append(buffer, text_of_integer(value, room));
}

void buffer_append_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *formatted = NULL;
    int length = vasprintf(&formatted, format, arguments);
    va_end(arguments);
    check(length >= 0);
    buffer_append(buffer, (struct text){formatted, (size_t)length});
    free(formatted);
}
