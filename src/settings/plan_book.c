#include "settings/plan_book.h"

void plan_book_init(struct plan_book *book)
{
    *book = (struct plan_book){0};
    check(pthread_mutex_init(&book->lock, NULL) == 0);
}

void plan_book_finish(struct plan_book *book)
{
    check(pthread_mutex_destroy(&book->lock) == 0);
}

void plan_book_read(struct plan_book *book, struct plans *plans)
{
    check(pthread_mutex_lock(&book->lock) == 0);
    *plans = book->plans;
    check(pthread_mutex_unlock(&book->lock) == 0);
}

void plan_book_write(struct plan_book *book, const struct plans *plans)
{
    check(pthread_mutex_lock(&book->lock) == 0);
    book->plans = *plans;
    check(pthread_mutex_unlock(&book->lock) == 0);
}
