/* deaths: a run that dies at its n-th operation, for every n, and what is left of each death. */
#pragma once

#include "support/shim_vfs.h"

/* From one n to the next; further under a sanitizer, where a fork takes a hundred times as long. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DEATHS_STEP(step) ((void)(step), 37)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DEATHS_STEP(step) ((void)(step), 37)
#endif
#endif
#ifndef DEATHS_STEP
#define DEATHS_STEP(step) (step)
#endif

struct deaths {
    void (*clear)(void);      /* nothing is there any more */
    bool (*dies)(void);       /* the run, in a child; false: it played to its end */
    void (*check)(bool died); /* what survived; fails the test */
    int64_t sample_step;      /* from one n to the next in a sample; in full it is every n */
    int64_t operations_min;   /* below that the run is not what it is meant to be */
};

/* Until a run plays to its end; prints how many operations it has. A sample begins at another n for
 * each kind of survivors: with a step of SHIM_KINDS each n is played, with one of them. In full
 * (TRENDGATE_TEST_FULL=1) each is played with all. */
void deaths_are_survived(const struct deaths *deaths, enum shim_survivors survivors);
