/* counts: what a server's loops have done, for who watches it.
 *
 * A loop counts for itself, without a lock and without a word to the other loops: each number has
 * one writer, its loop's thread, so that counting is a plain addition. Reading adds the loops up. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

struct http_server;

#define HTTP_STATUS_CLASSES 6 /* by the first digit; no answer is 0xx or 1xx */

struct http_counts {
    int64_t answers[HTTP_STATUS_CLASSES]; /* also to clients who had hung up */
    int64_t accepted;                     /* connections, without those that were turned away */
    int64_t turned_away;                  /* connections over a limit, or that failed at once */
    int64_t open;                         /* accepted, and not over yet */
};

/* Since the server was opened. Any thread; never blocks. Each number is one that was true, but
 * they are not all of one moment. */
void http_server_counts(const struct http_server *server, struct http_counts *counts);

/* ---- The loops' own side ---- */

struct loop_counts {
    _Atomic int64_t answers[HTTP_STATUS_CLASSES], accepted, turned_away;
};

/* Of a number that this thread alone writes. */
static inline void loop_count(_Atomic int64_t *number)
{
    int64_t before = atomic_load_explicit(number, memory_order_relaxed);
    atomic_store_explicit(number, before + 1, memory_order_relaxed);
}
