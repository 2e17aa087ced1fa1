#include "collector/headers_file.h"

#include <errno.h>
#include <stdio.h>

static bool is_left_out(struct text line)
{
    return line.length == 0 || line.at[0] == '#' || line.at[0] == ':';
}

static enum status read_line(struct text line, const struct client_header *before, size_t count,
                             struct client_header *header, struct reason *reason)
{
    struct text rest = line;
    header->name = text_trim(text_cut(&rest, ':'));
    if (!rest.at)
        return reason_set(reason, STATUS_INVALID, "no ':' stands there: write name: value");
    header->value = text_trim(rest);
    TRY(client_header_check(header, reason));
    for (size_t i = 0; i < count; i++)
        if (text_equals_ignoring_case(before[i].name, header->name))
            return reason_set(reason, STATUS_INVALID, "the header %.*s stands there twice",
                              TEXT_PRINT(header->name));
    if (count == CLIENT_HEADERS_MAX)
        return reason_set(reason, STATUS_INVALID, "%d headers are the most",
                          CLIENT_HEADERS_MAX);
    if (header->name.length + header->value.length > CLIENT_HEADER_BYTES_MAX)
        return reason_set(reason, STATUS_INVALID, "it is over %d bytes",
                          CLIENT_HEADER_BYTES_MAX);
    return STATUS_OK;
}

enum status headers_read(struct text bytes, struct text file_name, struct arena *arena,
                         struct client_header **headers, size_t *count, struct reason *reason)
{
    struct text rest = arena_copy(arena, bytes);
    struct client_header *read = arena_take(arena, (CLIENT_HEADERS_MAX + 1) * sizeof(*read));
    size_t found = 0;
    if (!rest.at || !read)
        return reason_set(reason, STATUS_TOO_LARGE, "%.*s: it takes too much memory",
                          TEXT_PRINT(file_name));
    for (unsigned number = 1; rest.at; number++) {
        struct reason fault = {0};
        struct text line = text_cut(&rest, '\n');
        if (line.length > 0 && line.at[line.length - 1] == '\r')
            line.length--;
        line = text_trim(line);
        if (is_left_out(line))
            continue;
        enum status status = read_line(line, read, found, &read[found], &fault);
        if (status != STATUS_OK)
            return reason_set(reason, status, "%.*s:%u: %s", TEXT_PRINT(file_name), number,
                              fault.sentence);
        found++;
    }
    *headers = read;
    *count = found;
    return STATUS_OK;
}

static void close_file(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

enum status headers_load(const char *path, struct arena *arena, struct client_header **headers,
                         size_t *count, struct reason *reason)
{
    FILE *file CLEANUP(close_file) = fopen(path, "rbe");
    if (!file)
        return reason_set(reason, errno == ENOENT ? STATUS_MISSING : STATUS_IO, "%s: %s", path,
                          strerror(errno));
    CLEANUP(buffer_finish) struct buffer bytes;
    buffer_init_secret(&bytes, HEADERS_FILE_BYTES_MAX + 1);
    char *room = buffer_reserve(&bytes, HEADERS_FILE_BYTES_MAX + 1);
    bytes.length = fread(room, 1, HEADERS_FILE_BYTES_MAX + 1, file);
    if (ferror(file))
        return reason_set(reason, STATUS_IO, "%s: %s", path, strerror(errno));
    if (bytes.length > HEADERS_FILE_BYTES_MAX)
        return reason_set(reason, STATUS_TOO_LARGE, "%s: it is over %d bytes", path,
                          HEADERS_FILE_BYTES_MAX);
    return headers_read(buffer_text(&bytes), text_of(path), arena, headers, count, reason);
}
