#include "base/reason.h"

#include <stdarg.h>
#include <stdio.h>

/* The last place up to end at which a character begins, so that a cut splits none. */
static size_t cut_before(const char *sentence, size_t end)
{
    while (end > 0 && ((unsigned char)sentence[end] & 0xC0) == 0x80)
        end--;
    return end;
}

enum status reason_set(struct reason *reason, enum status status, const char *format, ...)
{
    if (!reason)
        return status;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(reason->sentence, sizeof(reason->sentence), format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof(reason->sentence))
        memcpy(reason->sentence + cut_before(reason->sentence, sizeof(reason->sentence) - 4),
               "...", 4);
    return status;
}

void reason_shorten(const struct reason *reason, char *room, size_t bytes)
{
    check(bytes >= 4);
    size_t length = strlen(reason->sentence);
    bool is_cut = length >= bytes;
    size_t kept = is_cut ? cut_before(reason->sentence, bytes - 4) : length;
    memcpy(room, reason->sentence, kept);
    memcpy(room + kept, is_cut ? "..." : "", is_cut ? 4 : 1);
}

struct text reason_shown(struct text written)
{
    if (written.length > 60)
        return TEXT("(a long text)");
    for (size_t i = 0; i < written.length; i++)
        if ((unsigned char)written.at[i] < 0x20 || written.at[i] == 0x7F)
            return TEXT("(a text with control characters)");
    return text_is_utf8(written) ? written : TEXT("(a text that is not UTF-8)");
}
