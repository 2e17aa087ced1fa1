#include "base/json_write.h"

static void value_begins(struct json_writer *writer)
{
    if (writer->comma_due)
        buffer_append_byte(writer->out, ',');
    writer->comma_due = true;
}

static void nest(struct json_writer *writer, char bracket)
{
    value_begins(writer);
    buffer_append_byte(writer->out, bracket);
    writer->comma_due = false;
}

static void unnest(struct json_writer *writer, char bracket)
{
    buffer_append_byte(writer->out, bracket);
    writer->comma_due = true;
}

void json_object_open(struct json_writer *writer)
{
    nest(writer, '{');
}

void json_object_close(struct json_writer *writer)
{
    unnest(writer, '}');
}

void json_array_open(struct json_writer *writer)
{
    nest(writer, '[');
}

void json_array_close(struct json_writer *writer)
{
    unnest(writer, ']');
}

static bool is_control(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7F;
}

/* Escaped by a backslash before itself. */
static bool is_marked(unsigned char byte)
{
    return byte == '"' || byte == '\\';
}

/* What follows the backslash of a control byte, 'u' and four digits where it has no letter. */
static struct text control_escape(unsigned char byte, char room[5])
{
    static const char digits[] = "0123456789abcdef";
    switch (byte) {
    case '\n': return TEXT("n");
    case '\r': return TEXT("r");
    case '\t': return TEXT("t");
    default:
        memcpy(room, "u00", 3);
        room[3] = digits[byte >> 4];
        room[4] = digits[byte & 0xF];
        return (struct text){room, 5};
    }
}

static size_t escaped_bytes(struct text value)
{
    char room[5];
    size_t bytes = value.length, controls = 0;
    for (size_t i = 0; i < value.length; i++) {
        bytes += is_marked((unsigned char)value.at[i]);
        controls += is_control((unsigned char)value.at[i]);
    }
    for (size_t i = 0; controls > 0; i++) {
        if (!is_control((unsigned char)value.at[i]))
            continue;
        bytes += control_escape((unsigned char)value.at[i], room).length;
        controls--;
    }
    return bytes;
}

/* Whether a byte is marked cannot be foreseen in JSON that is quoted, so nothing branches on it. */
void json_escape(struct buffer *out, struct text value)
{
    size_t bytes = escaped_bytes(value);
    char *at = buffer_reserve(out, bytes);
    if (!at)
        return;
    out->length += bytes;
    for (size_t i = 0; i < value.length; i++) {
        unsigned char byte = (unsigned char)value.at[i];
        *at = '\\';
        if (is_control(byte)) {
            struct text escape = control_escape(byte, at + 1);
            memmove(at + 1, escape.at, escape.length);
            at += 1 + escape.length;
            continue;
        }
        at += is_marked(byte);
        *at++ = (char)byte;
    }
}

static void append_quoted(struct buffer *out, struct text value)
{
    buffer_append_byte(out, '"');
    json_escape(out, value);
    buffer_append_byte(out, '"');
}

void json_name(struct json_writer *writer, struct text name)
{
    value_begins(writer);
    append_quoted(writer->out, name);
    buffer_append_byte(writer->out, ':');
    writer->comma_due = false;
}

void json_write_text(struct json_writer *writer, struct text value)
{
    value_begins(writer);
    append_quoted(writer->out, value);
}

void json_write_integer(struct json_writer *writer, int64_t value)
{
    value_begins(writer);
    buffer_append_integer(writer->out, value);
}

void json_write_boolean(struct json_writer *writer, bool value)
{
    json_write_raw(writer, value ? TEXT("true") : TEXT("false"));
}

void json_write_raw(struct json_writer *writer, struct text value)
{
    value_begins(writer);
    buffer_append(writer->out, value);
}

void json_member_text(struct json_writer *writer, struct text name, struct text value)
{
    json_name(writer, name);
    json_write_text(writer, value);
}

void json_member_integer(struct json_writer *writer, struct text name, int64_t value)
{
    json_name(writer, name);
    json_write_integer(writer, value);
}

void json_member_boolean(struct json_writer *writer, struct text name, bool value)
{
    json_name(writer, name);
    json_write_boolean(writer, value);
}
