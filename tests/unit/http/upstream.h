/* upstream: a server on the test's own loop that answers with whatever bytes a test names, well or
 * badly.
 *
 * Each request's path is looked up among the plays; what was asked is kept for the test to see. */
#pragma once

#include "base/text.h"

#include <uv.h>

enum upstream_end {
    UPSTREAM_WAITS,   /* sends, then keeps the connection: further requests are answered */
    UPSTREAM_CLOSES,  /* sends, then closes */
    UPSTREAM_RESETS,  /* sends, then resets */
    UPSTREAM_REPEATS, /* sends the opening, then the piece again and again */
    UPSTREAM_DRIPS,   /* sends the opening, then a byte of the piece every 10 ms, from its start
                         again when it is over */
};

struct upstream_play {
    const char *path;
    struct text opening;
    struct text piece;
    enum upstream_end end;
};

struct upstream {
    uv_loop_t *loop;
    uv_tcp_t listener;
    uint16_t port;
    const struct upstream_play *plays; /* ended by a row without path */
    struct upstream_visit *visits;
    unsigned connections; /* ever */
    unsigned requests;
    char asked[65536]; /* head and body of the newest request, NUL at its end */
};

void upstream_open(struct upstream *upstream, uv_loop_t *loop,
                   const struct upstream_play *plays);
/* The loop must run until it has nothing left. */
void upstream_close(struct upstream *upstream);
