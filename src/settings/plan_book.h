/* plan_book: the plans in force, which a reload replaces whole.
 *
 * Shared: its own lock. Readers get a copy (some 8 KB), so that nobody reads a plan file that is
 * half the old one and half the new. */
#pragma once

#include "settings/plans.h"

#include <pthread.h>

struct plan_book {
    pthread_mutex_t lock;
    struct plans plans;
};

void plan_book_init(struct plan_book *book); /* without any plan */
void plan_book_finish(struct plan_book *book);
void plan_book_read(struct plan_book *book, struct plans *plans);
void plan_book_write(struct plan_book *book, const struct plans *plans);
