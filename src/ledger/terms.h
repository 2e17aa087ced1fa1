/* terms: what each plan grants, by version: every load of a changed plan file is a new version.
 *
 * What is loaded is frozen and lives as long as its book, so that whoever found it may keep it. A
 * version that comes back, as when a price is set back, is loaded once more. Plans are told apart
 * by a slot, a small number that a plan's name keeps through all loads. The book is shared: its
 * own lock; terms_now is one atomic read, and what it leads to may be read by any thread. */
#pragma once

#include "base/instant.h"
#include "model/account.h"
#include "model/credits.h"
#include "settings/plans.h"

#include <pthread.h>
#include <stdatomic.h>

#define TERMS_SLOTS_MAX 256 /* names of plans that a ledger ever knew */

struct terms {
    int64_t version;
    instant in_force_at; /* never before that of the load before */
    struct plans plans;
    const struct plan *by_slot[TERMS_SLOTS_MAX]; /* NULL: this version lacks it */
    struct terms *older;
};

struct terms_book {
    pthread_mutex_t lock;
    char names[TERMS_SLOTS_MAX][PLAN_NAME_BYTES_MAX + 1];
    size_t name_count;
    struct terms *_Atomic now;
};

void terms_book_init(struct terms_book *book);
void terms_book_finish(struct terms_book *book);

/* The slot of a name, in any letter case; made when it is new. STATUS_EXHAUSTED: no more slots. */
enum status terms_slot(struct terms_book *book, struct text name, uint8_t *slot);

/* The name of a slot; lives as long as the book. */
const char *terms_slot_name(const struct terms_book *book, uint8_t slot);

/* Makes a slot for the name of each plan. STATUS_EXHAUSTED: no more slots. */
enum status terms_name(struct terms_book *book, const struct plans *plans);

/* In force from now on: no earlier in_force_at may follow. STATUS_EXHAUSTED: no more slots. */
enum status terms_add(struct terms_book *book, int64_t version, instant in_force_at,
                      const struct plans *plans);

/* What a call of that operation costs under these terms; otherwise: what they do not name. */
credits terms_price(const struct terms *terms, struct text operation_id, credits otherwise);

/* NULL before the first terms_add. Any thread. */
static inline const struct terms *terms_now(const struct terms_book *book)
{
    return atomic_load_explicit(&book->now, memory_order_acquire);
}

/* The load that was in force at that instant and has the slot; where none was, as for an account
 * made before its plan file was first loaded, the next one that has it. NULL: no load has. */
const struct terms *terms_at(const struct terms_book *book, instant at, uint8_t slot);

/* The newest load of a version; NULL: the book has none. */
const struct terms *terms_of_version(const struct terms_book *book, int64_t version);
