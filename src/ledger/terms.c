#include "ledger/terms.h"

void terms_book_init(struct terms_book *book)
{
    *book = (struct terms_book){0};
    check(pthread_mutex_init(&book->lock, NULL) == 0);
}

void terms_book_finish(struct terms_book *book)
{
    struct terms *terms = atomic_load(&book->now);
    while (terms) {
        struct terms *older = terms->older;
        free(terms);
        terms = older;
    }
    check(pthread_mutex_destroy(&book->lock) == 0);
}

static enum status slot_find(struct terms_book *book, struct text name, uint8_t *slot)
{
    size_t i = 0;
    while (i < book->name_count && !text_equals_ignoring_case(text_of(book->names[i]), name))
        i++;
    if (i == TERMS_SLOTS_MAX || name.length > PLAN_NAME_BYTES_MAX)
        return STATUS_EXHAUSTED;
    if (i == book->name_count) {
        memcpy(book->names[i], name.at, name.length);
        book->name_count++;
    }
    *slot = (uint8_t)i;
    return STATUS_OK;
}

enum status terms_slot(struct terms_book *book, struct text name, uint8_t *slot)
{
    check(pthread_mutex_lock(&book->lock) == 0);
    enum status status = slot_find(book, name, slot);
    check(pthread_mutex_unlock(&book->lock) == 0);
    return status;
}

const char *terms_slot_name(const struct terms_book *book, uint8_t slot)
{
    return book->names[slot];
}

enum status terms_name(struct terms_book *book, const struct plans *plans)
{
    uint8_t slot;
    for (size_t i = 0; i < plans->plan_count; i++)
        TRY(terms_slot(book, text_of(plans->plans[i].name), &slot));
    return STATUS_OK;
}

enum status terms_add(struct terms_book *book, int64_t version, instant in_force_at,
                      const struct plans *plans)
{
    TRY(terms_name(book, plans));
    struct terms *terms = memory_take_zeroed(1, sizeof(*terms));
    terms->version = version;
    terms->in_force_at = in_force_at;
    terms->plans = *plans;
    for (size_t i = 0; i < plans->plan_count; i++) {
        uint8_t slot;
        check(terms_slot(book, text_of(plans->plans[i].name), &slot) == STATUS_OK);
        terms->by_slot[slot] = &terms->plans.plans[i];
    }
    terms->older = atomic_load(&book->now);
    check(!terms->older || terms->older->in_force_at.us <= in_force_at.us);
    atomic_store_explicit(&book->now, terms, memory_order_release);
    return STATUS_OK;
}

credits terms_price(const struct terms *terms, struct text operation_id, credits otherwise)
{
    const struct plans *plans = &terms->plans;
    for (size_t i = 0; i < plans->price_count; i++)
        if (text_equals(text_of(plans->prices[i].operation_id), operation_id))
            return credits_of(plans->prices[i].credits);
    return otherwise;
}

const struct terms *terms_at(const struct terms_book *book, instant at, uint8_t slot)
{
    const struct terms *found = NULL;
    for (const struct terms *terms = terms_now(book); terms; terms = terms->older) {
        if (!terms->by_slot[slot])
            continue;
        found = terms;
        if (terms->in_force_at.us <= at.us)
            break;
    }
    return found;
}

const struct terms *terms_of_version(const struct terms_book *book, int64_t version)
{
    const struct terms *terms = terms_now(book);
    while (terms && terms->version != version)
        terms = terms->older;
    return terms;
}
