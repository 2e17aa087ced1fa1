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

static void append_escape(struct buffer *out, unsigned char byte)
{
    switch (byte) {
    case '"': buffer_append(out, TEXT("\\\"")); break;
    case '\\': buffer_append(out, TEXT("\\\\")); break;
    case '\n': buffer_append(out, TEXT("\\n")); break;
    case '\r': buffer_append(out, TEXT("\\r")); break;
    case '\t': buffer_append(out, TEXT("\\t")); break;
    default: buffer_append_format(out, "\\u%04x", byte); break;
    }
}

static bool needs_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7F;
}

void json_escape(struct buffer *out, struct text value)
{
    size_t plain = 0;
    for (size_t i = 0; i < value.length; i++) {
        unsigned char byte = (unsigned char)value.at[i];
        if (!needs_escape(byte))
            continue;
        buffer_append(out, text_slice(value, plain, i));
        append_escape(out, byte);
        plain = i + 1;
    }
    buffer_append(out, text_slice(value, plain, value.length));
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
