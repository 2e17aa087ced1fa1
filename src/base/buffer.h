/* buffer: bytes that grow as they are written, up to a ceiling.
 *
 * Owned by one thread. An append that would pass the ceiling changes nothing but the overflowed
 * mark, which stays: write everything, then look at it once. */
#pragma once

#include "base/text.h"

struct buffer {
    char *bytes;
    size_t length;
    size_t capacity; /* never over ceiling */
    size_t ceiling;
    bool overflowed;
    bool is_secret;
};

void buffer_init(struct buffer *buffer, size_t ceiling_bytes);

/* For what may hold API keys: whatever memory it used is wiped before it is left, also when the
 * buffer grows, is cleared or finished. */
void buffer_init_secret(struct buffer *buffer, size_t ceiling_bytes);

/* Writes into memory that somebody else owns and never grows past it; needs no buffer_finish. */
void buffer_init_on(struct buffer *buffer, char *memory, size_t bytes);

void buffer_finish(struct buffer *buffer);

/* Forgets the bytes and the overflow, keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* Gives back the memory that was not written to: for what is kept long. */
void buffer_shrink(struct buffer *buffer);

/* What buffer_append does where there is no room yet. */
void buffer_append_growing(struct buffer *buffer, struct text bytes);

/* Inlined, so that a literal costs a few moves and no call. */
__attribute__((always_inline)) static inline void buffer_append(struct buffer *buffer,
                                                                struct text bytes)
{
    if (bytes.length > 0 && bytes.length <= buffer->capacity - buffer->length &&
        !buffer->overflowed) {
        memcpy(buffer->bytes + buffer->length, bytes.at, bytes.length);
        buffer->length += bytes.length;
    } else {
        buffer_append_growing(buffer, bytes);
    }
}

static inline void buffer_append_byte(struct buffer *buffer, char byte)
{
    buffer_append(buffer, (struct text){&byte, 1});
}

void buffer_append_integer(struct buffer *buffer, int64_t value);
__attribute__((format(printf, 2, 3))) void buffer_append_format(struct buffer *buffer,
                                                                const char *format, ...);

/* Room for that many more bytes at the end, or NULL past the ceiling; the caller fills it and
 * then adds to length what it wrote. */
char *buffer_reserve(struct buffer *buffer, size_t bytes);

/* Borrowed: valid until the next append. */
static inline struct text buffer_text(const struct buffer *buffer)
{
    return (struct text){buffer->bytes, buffer->length};
}
