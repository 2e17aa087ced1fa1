#include "base/json_read.h"
#include "catalog/capture_parts.h"
#include "catalog/json_place.h"

#include <stdarg.h>
#include <stdio.h>

enum { STEPS_MAX = CAPTURE_DATA_DEPTH_MAX + 4 };

/* The line of a row of a JSON document, found by walking to it. */
static size_t row_line(const struct capture_reader *reader, const struct row_place *place)
{
    struct json_step path[STEPS_MAX];
    size_t steps = 0;
    check(reader->data_depth <= CAPTURE_DATA_DEPTH_MAX);
    for (size_t i = 0; i < reader->data_depth; i++)
        path[steps++] = (struct json_step){.name = "data"};
    if (reader->has_lists) {
        path[steps++] = (struct json_step){.name = "lists"};
        path[steps++] = (struct json_step){.index = place->list_index};
    }
    if (reader->list_name)
        path[steps++] = (struct json_step){.name = reader->list_name};
    if (reader->list_name || !reader->has_lists)
        path[steps++] = (struct json_step){.index = place->item_index};
    return json_place_line(reader->bytes, path, steps);
}

/* ", line 123, list 2, item 17", as much of it as there is. */
static void append_place(struct buffer *where, const struct capture_reader *reader,
                         const struct row_place *place)
{
    if (!place)
        return;
    if (place->line > 0) {
        buffer_append_format(where, ", line %zu", place->line);
        return;
    }
    buffer_append_format(where, ", line %zu", row_line(reader, place));
    if (reader->has_lists)
        buffer_append_format(where, ", list %zu", place->list_index + 1);
    if (reader->list_name || !reader->has_lists)
        buffer_append_format(where, ", item %zu", place->item_index + 1);
}

enum status capture_fault(struct capture_reader *reader, const struct row_place *place,
                          enum status status, const char *format, ...)
{
    char sentence[REASON_BYTES_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof(sentence), format, arguments);
    va_end(arguments);
    CLEANUP(buffer_finish) struct buffer where;
    buffer_init(&where, REASON_BYTES_MAX);
    append_place(&where, reader, place);
    struct text name = reader->options->file_name;
    if (name.length == 0)
        name = TEXT("the file");
    return reason_set(reader->reason, status, "%.*s%.*s: %s", TEXT_PRINT(name),
                      TEXT_PRINT(buffer_text(&where)), sentence);
}

enum status capture_take(struct capture_reader *reader, size_t bytes, void **taken)
{
    void *memory = arena_take(reader->arena, bytes);
    if (!memory)
        return capture_fault(reader, NULL, STATUS_TOO_LARGE,
                             "it holds more than %zu bytes of lists; split it",
                             reader->arena->ceiling_bytes);
    *taken = memory;
    return STATUS_OK;
}

enum status capture_keep(struct capture_reader *reader, struct text original, struct text *kept)
{
    void *memory = NULL;
    TRY(capture_take(reader, original.length + 1, &memory));
    check(memory);
    if (original.length > 0)
        memcpy(memory, original.at, original.length);
    *kept = (struct text){memory, original.length};
    return STATUS_OK;
}

enum status capture_add_row(struct capture_reader *reader, const struct capture_row *row)
{
    if (reader->row_count == reader->row_capacity) {
        reader->row_capacity = reader->row_capacity ? 2 * reader->row_capacity : 128;
        reader->rows = memory_grow(reader->rows, reader->row_capacity * sizeof(*row));
    }
    struct capture_row *kept = &reader->rows[reader->row_count];
    *kept = *row;
    struct ranking alone = {
        .source = TEXT("import"), .hashtags = &kept->hashtag, .hashtag_count = 1};
    struct reason reason = {0};
    enum status status = ranking_check(&alone, &reason);
    if (status != STATUS_OK)
        return capture_fault(reader, &row->place, status, "%s", reason.sentence);
    reader->row_count++;
    const struct capture_options *options = reader->options;
    if (options->progress && reader->row_count % CAPTURE_PROGRESS_ROWS == 0)
        options->progress(options->owner, reader->row_count);
    return STATUS_OK;
}

/* Bytes that are wrong wherever they stand are reported by their line before anything is
 * read. */
static enum status check_bytes(struct capture_reader *reader)
{
    if (reader->bytes.length > CAPTURE_BYTES_MAX)
        return capture_fault(reader, NULL, STATUS_TOO_LARGE, "it is over %d bytes; split it",
                             CAPTURE_BYTES_MAX);
    struct row_place place = {0};
    struct text rest = reader->bytes;
    while (rest.at) {
        struct text line = text_cut(&rest, '\n');
        place.line++;
        if (!text_is_utf8(line))
            return capture_fault(reader, &place, STATUS_INVALID,
                                 "not UTF-8: save the file in that encoding");
        if (text_find(line, '\0') < line.length)
            return capture_fault(reader, &place, STATUS_INVALID, "a NUL byte stands there");
    }
    return STATUS_OK;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct text without_leading_space(struct text whole)
{
    while (whole.length > 0 && is_space(whole.at[0]))
        whole = text_slice(whole, 1, whole.length);
    return whole;
}

/* The first line is an object by itself and something follows it. */
static bool is_ndjson(struct text bytes)
{
    struct text rest = without_leading_space(bytes);
    struct text first = text_cut(&rest, '\n');
    if (first.length == 0 || first.at[0] != '{' || without_leading_space(rest).length == 0)
        return false;
    CLEANUP(json_document_finish) json_t *document = NULL;
    return json_document_read(first, &document, NULL) == STATUS_OK;
}

/* Files of other kinds, by their first bytes. */
static const struct {
    struct text opening;
    const char *looks_like;
} other_kinds[] = {
    {TEXT_INITIAL("<"), "HTML or XML"},
    {TEXT_INITIAL("\x1F\x8B"), "gzip (unpack it first)"},
    {TEXT_INITIAL("PK\x03\x04"), "a ZIP archive or a spreadsheet"},
    {TEXT_INITIAL("%PDF"), "PDF"},
};

static enum status other_kind(struct capture_reader *reader, const char *looks_like)
{
    return capture_fault(reader, NULL, STATUS_INVALID, "it looks like %s; " CAPTURE_FORMATS,
                         looks_like);
}

static enum status check_kind(struct capture_reader *reader, struct text content)
{
    for (size_t i = 0; i < LENGTH_OF(other_kinds); i++)
        if (text_starts_with(content, other_kinds[i].opening))
            return other_kind(reader, other_kinds[i].looks_like);
    return STATUS_OK;
}

/* What is neither an object nor an array is taken for CSV, unless it is none by its first
 * line. */
static enum status check_csv(struct capture_reader *reader, struct text content)
{
    CLEANUP(json_document_finish) json_t *document = NULL;
    struct text rest = content;
    struct text first = text_cut(&rest, '\n');
    if (json_document_read(content, &document, NULL) == STATUS_OK)
        return other_kind(reader,
                          "JSON without a list: a lone number, text, true, false or null");
    if (text_find(first, ',') < first.length)
        return STATUS_OK;
    if (text_find(first, ';') < first.length)
        return other_kind(reader, "CSV with semicolons");
    if (text_find(first, '\t') < first.length)
        return other_kind(reader, "CSV with tabs");
    return STATUS_OK;
}

static enum status read_rows(struct capture_reader *reader)
{
    struct text content = without_leading_space(reader->bytes);
    TRY(check_kind(reader, content));
    TRY(check_bytes(reader));
    if (content.length == 0)
        return capture_fault(reader, NULL, STATUS_INVALID, "it is empty");
    if (content.at[0] != '{' && content.at[0] != '[') {
        TRY(check_csv(reader, content));
        return capture_read_csv(reader);
    }
    return is_ndjson(reader->bytes) ? capture_read_ndjson(reader) : capture_read_json(reader);
}

enum status capture_read(struct text bytes, const struct capture_options *options,
                         struct arena *arena, struct capture *capture, struct reason *reason)
{
    static const struct text byte_order_mark = TEXT_INITIAL("\xEF\xBB\xBF");
    if (text_starts_with(bytes, byte_order_mark))
        bytes = text_slice(bytes, byte_order_mark.length, bytes.length);
    struct capture_reader reader = {
        .bytes = bytes, .options = options, .arena = arena, .reason = reason};
    enum status status = read_rows(&reader);
    if (status == STATUS_OK)
        status = capture_assemble(&reader, capture);
    free(reader.rows);
    return status;
}
