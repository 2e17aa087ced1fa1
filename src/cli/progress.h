/* progress: one line on a terminal that says how far a long command is.
 *
 * Written to stderr when that is a terminal, from one second after the beginning on, at most ten
 * times a second, and wiped at the end. Owned by one thread. */
#pragma once

#include "base/instant.h"

struct progress {
    const char *what; /* "accounts" */
    int64_t total;    /* 0: unknown */
    duration begun;
    duration shown;
    bool is_wanted; /* stderr is a terminal */
    bool is_shown;
};

void progress_init(struct progress *progress, const char *what, int64_t total);
/* For one whose total is known on the way alone. */
void progress_show_of(void *progress, int64_t done, int64_t total);
void progress_show(struct progress *progress, int64_t done);
void progress_finish(struct progress *progress); /* wipes the line; for CLEANUP too */
