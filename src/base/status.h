/* status: the one closed list of outcomes, and the macros that carry them.
 *
 * A refusal is the caller's fault and is told to the caller. A fault is the world's: it is
 * retried or becomes an honest 503, and is logged once where it happened. A bug is ours: it
 * aborts through check(), in release builds too. Failing to allocate memory is such a bug: every
 * queue and input has a bound in base/limits.h, so running out means that a bound is wrong. */
#pragma once

#include <stddef.h>
#include <stdlib.h>

/* clang-format off */
enum [[nodiscard]] status {
    STATUS_OK = 0,

    /* Refusals. */
    STATUS_INVALID,   /* malformed, or outside its range */
    STATUS_MISSING,   /* what was named does not exist */
    STATUS_EXISTS,    /* what was to be made is there already */
    STATUS_CONFLICT,  /* contradicts what is there, or itself */
    STATUS_TOO_LARGE, /* over a bound of base/limits.h */
    STATUS_FORBIDDEN, /* known, but not permitted */
    STATUS_EXHAUSTED, /* a limit, an allowance or a queue is used up */

    /* Faults. */
    STATUS_BUSY,        /* another holds it, or it is being made: try again */
    STATUS_UNAVAILABLE, /* a part that is needed does not answer */
    STATUS_UNKNOWN,     /* it was lost while it did what it was told: done or not */
    STATUS_IO,          /* the operating system or the store failed */
    STATUS_CORRUPT,     /* stored bytes are not what was stored */
};
/* clang-format on */

/* One lower-case English word for logs; never NULL. */
const char *status_word(enum status status);

/* Returns from the enclosing function when expression is not STATUS_OK. */
#define TRY(expression)                                                                        \
    do {                                                                                       \
        enum status try_status = (expression);                                                 \
        if (try_status != STATUS_OK)                                                           \
            return try_status;                                                                 \
    } while (0)

/* Aborts the program with file, line and condition when condition is false: a bug of ours. */
#define check(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
_Noreturn void check_failed(const char *file, int line, const char *condition);

/* Calls function with the variable's address when the variable goes out of scope. */
#define CLEANUP(function) __attribute__((cleanup(function)))

/* malloc, calloc and realloc that never return NULL: see the opening of this page. */
void *memory_take(size_t bytes);
void *memory_take_zeroed(size_t count, size_t bytes);
void *memory_grow(void *memory, size_t bytes);

#define CACHE_LINE_BYTES 64

/* Has the processor fetch what will be looked at soon; only a hint, and NULL is none. Waiting for memory that
 * other calls have driven out of the caches takes as long as some hundred instructions. */
static inline void memory_expect(const void *memory, size_t bytes)
{
    for (size_t at = 0; memory && at < bytes; at += CACHE_LINE_BYTES)
        __builtin_prefetch((const char *)memory + at);
}

/* The struct of that type whose member this is the address of. */
#define CONTAINER_OF(address, type, member)                                                    \
    ((type *)(void *)((char *)(address)-offsetof(type, member)))

#define LENGTH_OF(array) (sizeof(array) / sizeof((array)[0]))
