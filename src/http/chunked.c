#include "http/chunked.h"

#include "http/bounds.h"
#include "http/syntax.h"

static enum status malformed(struct http_refusal *refusal)
{
    return refusal_set(refusal, 400, TEXT("The chunked body is malformed."));
}

static enum status size_read(struct chunked *chunked, unsigned char byte,
                             struct http_refusal *refusal)
{
    int digit = text_hexadecimal((char)byte);
    if (digit >= 0) {
        if (++chunked->digits > HTTP_CHUNK_DIGITS_MAX)
            return refusal_set(refusal, 400, TEXT("A chunk's size has too many digits."));
        chunked->left = chunked->left << 4 | (unsigned)digit;
        return STATUS_OK;
    }
    if (chunked->digits == 0 || (byte != '\r' && byte != ';'))
        return malformed(refusal);
    chunked->place = byte == '\r' ? CHUNKED_SIZE_LF : CHUNKED_EXTENSION;
    chunked->extension_bytes = 0;
    return STATUS_OK;
}

static enum status extension_read(struct chunked *chunked, unsigned char byte,
                                  struct http_refusal *refusal)
{
    if (byte == '\r') {
        chunked->place = CHUNKED_SIZE_LF;
        return STATUS_OK;
    }
    if (!syntax_is_line_byte(byte))
        return malformed(refusal);
    if (++chunked->extension_bytes > HTTP_CHUNK_EXTENSION_BYTES_MAX ||
        ++chunked->all_extensions_bytes > HTTP_CHUNK_EXTENSIONS_BYTES_MAX)
        return refusal_set(refusal, 400, TEXT("The chunk extensions are too long."));
    return STATUS_OK;
}

static enum status size_end(struct chunked *chunked, unsigned char byte,
                            const struct http_limits *limits, const struct buffer *body,
                            struct http_refusal *refusal)
{
    if (byte != '\n')
        return malformed(refusal);
    if (chunked->left > limits->body_bytes_max - body->length)
        return refusal_set(refusal, 413, TEXT("The request's body is too large."));
    chunked->place = chunked->left == 0 ? CHUNKED_TRAILER_START : CHUNKED_CONTENT;
    chunked->digits = 0;
    return STATUS_OK;
}

static enum status trailer_count(struct chunked *chunked, const struct http_limits *limits,
                                 struct http_refusal *refusal)
{
    if (++chunked->trailer_bytes > limits->fields_bytes_max ||
        chunked->trailers > limits->fields_max)
        return refusal_set(refusal, 431, TEXT("The trailer lines are too many or too long."));
    return STATUS_OK;
}

/* name ":" value CR LF, then an empty line; a name of at least one byte. */
static enum status trailer_read(struct chunked *chunked, unsigned char byte,
                                const struct http_limits *limits, struct http_refusal *refusal)
{
    bool starts = chunked->place == CHUNKED_TRAILER_START;
    if (starts && byte == '\r') {
        chunked->place = CHUNKED_LAST_LF;
        return STATUS_OK;
    }
    chunked->trailers += starts;
    TRY(trailer_count(chunked, limits, refusal));
    if (chunked->place == CHUNKED_TRAILER_VALUE) {
        if (byte == '\r')
            chunked->place = CHUNKED_TRAILER_LF;
        else if (!syntax_is_line_byte(byte))
            return malformed(refusal);
        return STATUS_OK;
    }
    if (!starts && byte == ':')
        chunked->place = CHUNKED_TRAILER_VALUE;
    else if (syntax_is_token_byte(byte))
        chunked->place = CHUNKED_TRAILER_NAME;
    else
        return malformed(refusal);
    return STATUS_OK;
}

static enum status expect(struct chunked *chunked, unsigned char byte, char expected,
                          enum chunked_place next, struct http_refusal *refusal)
{
    if (byte != (unsigned char)expected)
        return malformed(refusal);
    chunked->place = next;
    return STATUS_OK;
}

static enum status byte_read(struct chunked *chunked, unsigned char byte,
                             const struct http_limits *limits, const struct buffer *body,
                             struct http_refusal *refusal)
{
    switch (chunked->place) {
    case CHUNKED_SIZE: return size_read(chunked, byte, refusal);
    case CHUNKED_EXTENSION: return extension_read(chunked, byte, refusal);
    case CHUNKED_SIZE_LF: return size_end(chunked, byte, limits, body, refusal);
    case CHUNKED_CONTENT_CR: return expect(chunked, byte, '\r', CHUNKED_CONTENT_LF, refusal);
    case CHUNKED_CONTENT_LF: return expect(chunked, byte, '\n', CHUNKED_SIZE, refusal);
    case CHUNKED_TRAILER_START:
    case CHUNKED_TRAILER_NAME:
    case CHUNKED_TRAILER_VALUE: return trailer_read(chunked, byte, limits, refusal);
    case CHUNKED_TRAILER_LF: return expect(chunked, byte, '\n', CHUNKED_TRAILER_START, refusal);
    case CHUNKED_LAST_LF: return expect(chunked, byte, '\n', CHUNKED_END, refusal);
    case CHUNKED_CONTENT:
    case CHUNKED_END: break;
    }
    check(false);
    return STATUS_CORRUPT;
}

static void content_read(struct chunked *chunked, struct text *input, struct buffer *body)
{
    size_t length = chunked->left < input->length ? (size_t)chunked->left : input->length;
    buffer_append(body, text_slice(*input, 0, length));
    *input = text_slice(*input, length, input->length);
    chunked->left -= length;
    if (chunked->left == 0)
        chunked->place = CHUNKED_CONTENT_CR;
}

enum status chunked_read(struct chunked *chunked, struct text *input,
                         const struct http_limits *limits, struct buffer *body,
                         struct http_refusal *refusal)
{
    while (input->length > 0 && chunked->place != CHUNKED_END) {
        if (chunked->place == CHUNKED_CONTENT) {
            content_read(chunked, input, body);
            continue;
        }
        TRY(byte_read(chunked, (unsigned char)input->at[0], limits, body, refusal));
        *input = text_slice(*input, 1, input->length);
    }
    return STATUS_OK;
}
