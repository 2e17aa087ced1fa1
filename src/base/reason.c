#include "base/reason.h"

#include <stdarg.h>
#include <stdio.h>

enum status reason_set(struct reason *reason, enum status status, const char *format, ...)
{
    if (!reason)
        return status;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(reason->sentence, sizeof(reason->sentence), format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof(reason->sentence))
        memcpy(reason->sentence + sizeof(reason->sentence) - 4, "...", 4);
    return status;
}
