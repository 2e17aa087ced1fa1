#include "call/query.h"

static enum query_fault fault_of(struct text decoded)
{
    if (text_find(decoded, '\0') < decoded.length)
        return QUERY_NUL;
    return text_is_utf8(decoded) ? QUERY_FINE : QUERY_BAD_UTF8;
}

static enum query_fault decode(struct text written, char *room, struct text *decoded)
{
    size_t length = 0;
    for (size_t i = 0; i < written.length; i++) {
        char byte = written.at[i];
        if (byte == '+') {
            byte = ' ';
        } else if (byte == '%') {
            int high = i + 1 < written.length ? text_hexadecimal(written.at[i + 1]) : -1;
            int low = i + 2 < written.length ? text_hexadecimal(written.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return QUERY_BAD_ESCAPE;
            byte = (char)(high * 16 + low);
            i += 2;
        }
        room[length++] = byte;
    }
    struct text whole = {room, length};
    enum query_fault fault = fault_of(whole);
    if (fault == QUERY_FINE)
        *decoded = whole;
    return fault;
}

/* Every byte stands for itself, and for a whole character: most queries need no decoding, and then no memory
 * either. Without a branch a byte, so that a compiler looks at many at once. */
static bool is_plain(struct text written)
{
    uint8_t others = 0;
    for (size_t i = 0; i < written.length; i++)
        others |= (uint8_t)((written.at[i] <= 0) | (written.at[i] == '%') |
                            (written.at[i] == '+'));
    return others == 0;
}

static enum status decode_in(struct arena *arena, struct text *part, enum query_fault *fault)
{
    if (is_plain(*part))
        return STATUS_OK;
    char *room = arena_take(arena, part->length);
    if (!room)
        return STATUS_TOO_LARGE;
    enum query_fault found = decode(*part, room, part);
    if (found != QUERY_FINE)
        *fault = found;
    return STATUS_OK;
}

enum status query_read(struct text written, struct arena *arena, struct query *query)
{
    query->count = query->unread = 0;
    bool needs_decoding = !is_plain(written);
    struct text rest = written;
    while (rest.at) {
        struct text value = text_cut(&rest, '&');
        if (value.length == 0)
            continue;
        if (query->count == QUERY_PAIRS_MAX) {
            query->unread++;
            continue;
        }
        struct query_pair *pair = &query->pairs[query->count++];
        struct text name = text_cut(&value, '=');
        *pair = (struct query_pair){.name = name, .value = value};
        if (!needs_decoding)
            continue;
        TRY(decode_in(arena, &pair->name, &pair->fault));
        TRY(decode_in(arena, &pair->value, &pair->fault));
    }
    return STATUS_OK;
}

void query_escape(struct text written, struct buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < written.length; i++) {
        unsigned char byte = (unsigned char)written.at[i];
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool is_plain = is_letter || (byte >= '0' && byte <= '9') || strchr("-._~", byte);
        if (is_plain && byte != 0) {
            buffer_append_byte(out, (char)byte);
            continue;
        }
        const char escape[] = {'%', digits[byte >> 4], digits[byte & 15]};
        buffer_append(out, (struct text){escape, sizeof(escape)});
    }
}
