/* console: what the console's endpoints work with: threads of their own and their limits.
 *
 * People sign in, look at their usage and care for their keys: it is little beside the calls, and
 * must not slow them. So all that waits for the disk runs on one thread, the desk, and what takes
 * the time of a password on two others, each with a bounded queue. Shared; frozen once it is
 * open, but for its limits, which lock for themselves. */
#pragma once

#include "base/pool.h"
#include "call/call.h"
#include "console/limits.h"

#define CONSOLE_DESK_QUEUE_MAX 1024 /* verbs of some 100 us to 10 ms each */
#define CONSOLE_HASH_QUEUE_MAX 64 /* of some 100 ms each: who waits longer than 3 s gives up */
#define CONSOLE_HASH_THREADS 2    /* 64 MB each, while they hash */

struct console {
    struct pool *desk;
    struct pool *hashers;
    struct limits *limits;
    bool sign_up_is_open;
};

/* STATUS_IO: the system has no threads left. */
enum status console_open(struct console *console, const struct time_source *time,
                         bool sign_up_is_open, struct reason *reason);

/* When nobody asks any more; also after an opening that failed. */
void console_close(struct console *console);

static inline const struct console *console_of(const struct call *call)
{
    return call->pipeline->console;
}
