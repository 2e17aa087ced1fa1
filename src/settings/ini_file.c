#include "settings/ini_file.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <unistd.h>

struct reading {
    struct text rest; /* at is NULL after the last line */
    struct text file_name;
    const struct ini_visitor *visitor;
    struct text section; /* empty before the first */
    unsigned section_line;
    unsigned line;
    enum status status;
    struct reason *reason;
};

static bool is_name(struct text whole)
{
    for (size_t i = 0; i < whole.length; i++) {
        char byte = whole.at[i];
        if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') && byte != '_')
            return false;
    }
    return whole.length > 0;
}

static bool has_control_bytes(struct text whole)
{
    for (size_t i = 0; i < whole.length; i++)
        if ((unsigned char)whole.at[i] < ' ' && whole.at[i] != '\t')
            return true;
    return text_find(whole, '\x7F') < whole.length;
}

static enum status visit(struct reading *reading, const struct ini_entry *entry)
{
    struct reason fault = {0};
    enum status status = reading->visitor->visit(reading->visitor->owner, entry, &fault);
    if (status != STATUS_OK)
        return reason_set(reading->reason, status, "%.*s:%u: %s",
                          TEXT_PRINT(reading->file_name), entry->line, fault.sentence);
    return STATUS_OK;
}

static enum status section_end(struct reading *reading)
{
    if (reading->section.length == 0)
        return STATUS_OK;
    return visit(reading, &(struct ini_entry){.kind = INI_SECTION_END,
                                              .section = reading->section,
                                              .line = reading->section_line});
}

static enum status refuse(const struct reading *reading, const char *what)
{
    return reason_set(reading->reason, STATUS_INVALID, "%.*s:%u: %s",
                      TEXT_PRINT(reading->file_name), reading->line, what);
}

static enum status section_begin(struct reading *reading, struct text line)
{
    struct text name = text_trim(text_slice(line, 1, line.length - 1));
    if (line.at[line.length - 1] != ']' || name.length == 0 ||
        text_find(name, ']') < name.length || text_find(name, '[') < name.length)
        return refuse(reading, "a section is written [NAME], alone on its line");
    if (name.length > INI_SECTION_BYTES_MAX)
        return refuse(reading, "the name of the section is too long");
    TRY(section_end(reading));
    reading->section = name;
    reading->section_line = reading->line;
    return visit(
        reading,
        &(struct ini_entry){.kind = INI_SECTION_BEGIN, .section = name, .line = reading->line});
}

static enum status member_check(const struct reading *reading, struct text line)
{
    size_t equals = text_find(line, '=');
    struct text name = text_trim(text_slice(line, 0, equals));
    if (equals == line.length || !is_name(name))
        return refuse(reading, "the line is neither [section], nor name = value, nor a comment "
                               "that begins with '#'");
    if (name.length > INI_NAME_BYTES_MAX)
        return refuse(reading, "the name is too long to be one");
    if (reading->section.length == 0)
        return refuse(reading, "there must be a [section] above the first name");
    return STATUS_OK;
}

/* Judges one line; *meant is what inih is to see of it, which is nothing of a comment. */
static enum status line_check(struct reading *reading, struct text line, struct text *meant)
{
    struct text inner = text_trim(line);
    *meant = (struct text){0};
    if (inner.length == 0 || inner.at[0] == '#' || inner.at[0] == ';')
        return STATUS_OK;
    if (has_control_bytes(line) || !text_is_utf8(line))
        return refuse(reading, "the line holds control characters or is not UTF-8");
    if (line.at[0] == ' ' || line.at[0] == '\t')
        return refuse(reading, "the line begins with a blank; a value ends with its line");
    if (line.length > INI_LINE_BYTES_MAX)
        return reason_set(
            reading->reason, STATUS_INVALID, "%.*s:%u: the line has %zu bytes, %d are the most",
            TEXT_PRINT(reading->file_name), reading->line, line.length, INI_LINE_BYTES_MAX);
    if (inner.at[0] == '[')
        return section_begin(reading, inner);
    *meant = line;
    return member_check(reading, line);
}

/* What inih calls to get a line, in the manner of fgets. */
static char *line_next(char *room, int size, void *owner)
{
    struct reading *reading = owner;
    if (reading->status != STATUS_OK || !reading->rest.at)
        return NULL;
    struct text line = text_cut(&reading->rest, '\n');
    reading->line++;
    if (line.length > 0 && line.at[line.length - 1] == '\r')
        line.length--;
    struct text meant;
    reading->status = line_check(reading, line, &meant);
    if (reading->status != STATUS_OK)
        return NULL;
    check(meant.length + 2 <= (size_t)size);
    if (meant.length > 0)
        memcpy(room, meant.at, meant.length);
    memcpy(room + meant.length, "\n", 2);
    return room;
}

static int member_found(void *owner, const char *section, const char *name, const char *value)
{
    (void)section; /* inih keeps 49 bytes of it, reading->section all */
    struct reading *reading = owner;
    reading->status = visit(reading, &(struct ini_entry){.kind = INI_MEMBER,
                                                         .section = reading->section,
                                                         .name = text_of(name),
                                                         .value = text_of(value),
                                                         .line = reading->line});
    return reading->status == STATUS_OK;
}

enum status ini_read(struct text bytes, struct text file_name,
                     const struct ini_visitor *visitor, struct reason *reason)
{
    if (text_starts_with(bytes, TEXT("\xEF\xBB\xBF")))
        bytes = text_slice(bytes, 3, bytes.length);
    struct reading reading = {
        .rest = bytes, .file_name = file_name, .visitor = visitor, .reason = reason};
    int refused_line = ini_parse_stream(line_next, &reading, member_found, &reading);
    TRY(reading.status);
    if (refused_line != 0)
        return reason_set(reason, STATUS_INVALID, "%.*s:%d: the line cannot be read",
                          TEXT_PRINT(file_name), refused_line);
    return section_end(&reading);
}

unsigned ini_name_distance(struct text written, struct text known)
{
    bool is_beginning = written.length > 0 && text_starts_with(known, written);
    return is_beginning && known.length > written.length ? 1 : text_distance(written, known);
}

static void file_close(const int *descriptor)
{
    if (*descriptor >= 0)
        (void)close(*descriptor);
}

enum status ini_load(const char *path, struct arena *arena, struct text *bytes,
                     struct reason *reason)
{
    CLEANUP(file_close) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT)
        return reason_set(reason, STATUS_MISSING, "%s: there is no such file", path);
    char *room = arena_take(arena, INI_FILE_BYTES_MAX + 1);
    check(room);
    size_t length = 0;
    ssize_t got = descriptor < 0 ? -1 : 1;
    while (got > 0 && length <= INI_FILE_BYTES_MAX) {
        got = read(descriptor, room + length, INI_FILE_BYTES_MAX + 1 - length);
        length += got > 0 ? (size_t)got : 0;
    }
    if (got < 0)
        return reason_set(reason, STATUS_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (length > INI_FILE_BYTES_MAX)
        return reason_set(reason, STATUS_TOO_LARGE, "%s: is larger than %d bytes", path,
                          INI_FILE_BYTES_MAX);
    *bytes = (struct text){room, length};
    return STATUS_OK;
}
