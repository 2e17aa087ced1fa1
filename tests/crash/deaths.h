/* deaths: a run that dies at its n-th operation, for every n, and what is left of each death. */
#pragma once

#include "support/shim_vfs.h"

/* From one n to the next; further under a sanitizer, where a fork takes a hundred times as long. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DEATHS_STEP(step) 37
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DEATHS_STEP(step) 37
#endif
#endif
#ifndef DEATHS_STEP
#define DEATHS_STEP(step) (step)
#endif

struct deaths {
    void (*clear)(void);      /* nothing is there any more */
    bool (*dies)(void);       /* the run, in a child; false: it played to its end */
    void (*check)(bool died); /* what survived; fails the test */
    int64_t step;             /* from one n to the next */
    int64_t operations_min;   /* below that the run is not what it is meant to be */
    int64_t passed_over;      /* operations before the first n */
};

/* Until a run plays to its end; prints how many operations it has. */
void deaths_are_survived(const struct deaths *deaths, enum shim_survivors survivors);
