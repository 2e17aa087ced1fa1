#include "base/log.h"

#include "base/instant.h"
#include "base/limits.h"
#include "base/log_writer.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const level_words[] = {
    [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};

/* The last place up to end at which a character begins, so that a cut splits none. */
static size_t character_start(const char *line, size_t end)
{
    while (end > 0 && ((unsigned char)line[end] & 0xC0) == 0x80)
        end--;
    return end;
}

void log_line(enum log_level level, const char *part, const char *format, ...)
{
    char line[LOG_LINE_BYTES_MAX];
    char date[INSTANT_TEXT_BYTES];
    struct text at = instant_rfc3339(time_now(time_source_system()), date);
    int start = snprintf(line, sizeof(line), "%.*s %s %s: ", TEXT_PRINT(at), level_words[level],
                         part);
    check(start > 0 && start < (int)sizeof(line) - 2);
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(line + start, sizeof(line) - (size_t)start - 1, format, arguments);
    va_end(arguments);
    size_t length = strlen(line);
    if (wanted + start > (int)length) {
        length = character_start(line, length - 3);
        memcpy(line + length, "...", 3);
        length += 3;
    }
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
            line[i] = '?';
    line[length++] = '\n';
    log_writer_add((struct text){line, length});
}
