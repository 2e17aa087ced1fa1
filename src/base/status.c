#include "base/status.h"

#include <stdio.h>

const char *status_word(enum status status)
{
    switch (status) {
    case STATUS_OK: return "ok";
    case STATUS_INVALID: return "invalid";
    case STATUS_MISSING: return "missing";
    case STATUS_EXISTS: return "exists";
    case STATUS_CONFLICT: return "conflict";
    case STATUS_TOO_LARGE: return "too large";
    case STATUS_FORBIDDEN: return "forbidden";
    case STATUS_EXHAUSTED: return "exhausted";
    case STATUS_BUSY: return "busy";
    case STATUS_UNAVAILABLE: return "unavailable";
    case STATUS_UNKNOWN: return "unknown";
    case STATUS_IO: return "input or output failed";
    case STATUS_CORRUPT: return "corrupt";
    }
    check_failed(__FILE__, __LINE__, "status is in the list");
}

void check_failed(const char *file, int line, const char *condition)
{
    (void)fprintf(stderr, "trendgate: bug: %s:%d: %s\n", file, line, condition);
    abort();
}

void *memory_take(size_t bytes)
{
    void *memory = malloc(bytes ? bytes : 1);
    check(memory != NULL);
    return memory;
}

void *memory_take_zeroed(size_t count, size_t bytes)
{
    void *memory = calloc(count ? count : 1, bytes ? bytes : 1);
    check(memory != NULL);
    return memory;
}

void *memory_grow(void *memory, size_t bytes)
{
    void *grown = realloc(memory, bytes ? bytes : 1);
    check(grown != NULL);
    return grown;
}
