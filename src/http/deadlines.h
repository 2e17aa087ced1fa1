/* deadlines: when each connection's patience ends, one timer a loop for all of them.
 *
 * Each kind has one length, so its connections stand in a list in the order in which they end,
 * and setting a deadline is two pointer writes. Owned by the loop's thread. */
#pragma once

#include "http/server.h"

#include <uv.h>

enum deadline_kind {
    DEADLINE_NONE,
    DEADLINE_IDLE,
    DEADLINE_HEAD,
    DEADLINE_BODY,
    DEADLINE_WRITE,
    DEADLINE_LINGER,
    DEADLINE_KINDS,
};

/* Part of what it is a deadline for; begins zeroed. */
struct deadline {
    struct deadline *earlier;
    struct deadline *later;
    uint64_t at_ms; /* by uv_now */
    enum deadline_kind kind;
};

struct deadline_list {
    struct deadline *first;
    struct deadline *last;
    uint64_t length_ms;
};

struct deadlines {
    uv_timer_t timer;
    struct deadline_list lists[DEADLINE_KINDS];
    uint64_t armed_ms; /* when the timer fires; UINT64_MAX: never */
    void (*passed)(struct deadline *deadline, enum deadline_kind kind);
};

/* passed is called on the loop's thread with the deadline already cleared. */
void deadlines_init(struct deadlines *deadlines, uv_loop_t *uv,
                    const struct http_limits *limits,
                    void (*passed)(struct deadline *deadline, enum deadline_kind kind));

/* From now on, in place of the one before; DEADLINE_NONE clears it. */
void deadline_set(struct deadlines *deadlines, struct deadline *deadline,
                  enum deadline_kind kind);
