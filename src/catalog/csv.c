#include "catalog/csv.h"

void csv_init(struct csv_reader *reader, struct text bytes)
{
    *reader = (struct csv_reader){.rest = bytes, .next_line = 1};
    buffer_init(&reader->unquoted, CSV_RECORD_BYTES_MAX);
}

void csv_finish(struct csv_reader *reader)
{
    buffer_finish(&reader->unquoted);
}

static bool at_byte(const struct csv_reader *reader, char byte)
{
    return reader->rest.length > 0 && reader->rest.at[0] == byte;
}

static void skip(struct csv_reader *reader, size_t bytes)
{
    reader->rest = text_slice(reader->rest, bytes, reader->rest.length);
}

/* Passes an LF or a CRLF. */
static bool take_line_end(struct csv_reader *reader)
{
    if (text_starts_with(reader->rest, TEXT("\r\n")))
        skip(reader, 2);
    else if (at_byte(reader, '\n'))
        skip(reader, 1);
    else
        return false;
    reader->next_line++;
    return true;
}

static enum status fault(const struct csv_reader *reader, struct reason *reason,
                         const char *sentence)
{
    return reason_set(reason, STATUS_INVALID, "line %zu: %s", reader->line, sentence);
}

/* The opening quote is passed already; passes the closing one. */
static enum status read_quoted(struct csv_reader *reader, struct reason *reason)
{
    for (;;) {
        size_t end = text_find(reader->rest, '"');
        if (end == reader->rest.length)
            return fault(reader, reason, "a quote is never closed");
        struct text part = text_slice(reader->rest, 0, end);
        buffer_append(&reader->unquoted, part);
        for (size_t i = text_find(part, '\n'); i < part.length; i = text_find(part, '\n')) {
            reader->next_line++;
            part = text_slice(part, i + 1, part.length);
        }
        skip(reader, end + 1);
        if (!at_byte(reader, '"'))
            return STATUS_OK;
        buffer_append_byte(&reader->unquoted, '"');
        skip(reader, 1);
    }
}

static enum status read_plain(struct csv_reader *reader, struct reason *reason)
{
    size_t end = 0;
    while (end < reader->rest.length && !memchr(",\r\n", reader->rest.at[end], 3)) {
        if (reader->rest.at[end] == '"')
            return fault(reader, reason,
                         "a quote stands inside a field that does not begin with one");
        end++;
    }
    buffer_append(&reader->unquoted, text_slice(reader->rest, 0, end));
    skip(reader, end);
    return STATUS_OK;
}

static enum status read_field(struct csv_reader *reader, struct reason *reason)
{
    if (reader->field_count == CSV_FIELDS_MAX)
        return reason_set(reason, STATUS_INVALID, "line %zu: there are over %d fields",
                          reader->line, CSV_FIELDS_MAX);
    if (at_byte(reader, '"')) {
        skip(reader, 1);
        TRY(read_quoted(reader, reason));
    } else {
        TRY(read_plain(reader, reason));
    }
    reader->starts[++reader->field_count] = reader->unquoted.length;
    return STATUS_OK;
}

static enum status read_fields(struct csv_reader *reader, struct reason *reason)
{
    for (;;) {
        TRY(read_field(reader, reason));
        if (reader->rest.length == 0 || take_line_end(reader))
            return STATUS_OK;
        if (at_byte(reader, '\r'))
            return fault(reader, reason, "a carriage return stands there without a line feed");
        if (!at_byte(reader, ','))
            return fault(reader, reason,
                         "something follows a closing quote: quotes inside a "
                         "field are doubled");
        skip(reader, 1);
    }
}

enum status csv_read(struct csv_reader *reader, bool *found, struct reason *reason)
{
    while (take_line_end(reader))
        ;
    *found = reader->rest.length > 0;
    if (!*found)
        return STATUS_OK;
    reader->line = reader->next_line;
    reader->field_count = 0;
    buffer_clear(&reader->unquoted);
    TRY(read_fields(reader, reason));
    if (reader->unquoted.overflowed)
        return reason_set(reason, STATUS_INVALID, "line %zu: the record is over %d bytes",
                          reader->line, CSV_RECORD_BYTES_MAX);
    struct text all = buffer_text(&reader->unquoted);
    for (size_t i = 0; i < reader->field_count; i++)
        reader->fields[i] = text_slice(all, reader->starts[i], reader->starts[i + 1]);
    return STATUS_OK;
}

void csv_write_field(struct buffer *out, struct text field)
{
    buffer_append_byte(out, '"');
    while (field.length > 0) {
        size_t end = text_find(field, '"');
        buffer_append(out, text_slice(field, 0, end));
        if (end < field.length)
            buffer_append(out, TEXT("\"\""));
        field = text_slice(field, end + 1, field.length);
    }
    buffer_append_byte(out, '"');
}
