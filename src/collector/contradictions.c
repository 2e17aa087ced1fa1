#include "collector/contradictions.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 2, 3))) static void warn(struct source_page *page,
                                                       const char *format, ...)
{
    va_list arguments;
    page->warnings++;
    if (page->warning[0])
        return;
    va_start(arguments, format);
    int length = vsnprintf(page->warning, sizeof(page->warning), format, arguments);
    va_end(arguments);
    check(length > 0 && (size_t)length < sizeof(page->warning));
}

static void mend_difference(struct source_page *page, struct hashtag *hashtag)
{
    if (hashtag->rank_diff < 0) {
        warn(page, "the hashtag %.*s moved by %lld ranks", TEXT_PRINT(hashtag->id),
             (long long)hashtag->rank_diff);
        hashtag->rank_diff = -hashtag->rank_diff;
    }
    bool moved = hashtag->rank_change == RANK_UP || hashtag->rank_change == RANK_DOWN;
    if (!moved && hashtag->rank_diff > 0) {
        warn(page, "the hashtag %.*s is new or unchanged, but moved by %lld ranks",
             TEXT_PRINT(hashtag->id), (long long)hashtag->rank_diff);
        hashtag->rank_diff = 0;
    }
}

/* By rank; of one rank, by place. */
static int compare_places(const void *a, const void *b)
{
    const struct hashtag *left = *(const struct hashtag *const *)a;
    const struct hashtag *right = *(const struct hashtag *const *)b;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return (left > right) - (left < right);
}

static void sort_by_rank(struct source_page *page)
{
    const struct hashtag *order[RANKING_HASHTAGS_MAX];
    for (size_t i = 0; i < page->hashtag_count; i++)
        order[i] = &page->hashtags[i];
    qsort(order, page->hashtag_count, sizeof(const struct hashtag *), compare_places);
    struct hashtag *sorted = memory_take(page->hashtag_count * sizeof(*sorted));
    for (size_t i = 0; i < page->hashtag_count; i++)
        sorted[i] = *order[i];
    memcpy(page->hashtags, sorted, page->hashtag_count * sizeof(*sorted));
    free(sorted);
}

/* The rank that it had; 0: it had none, or none is known. */
static int64_t former_rank(const struct hashtag *hashtag)
{
    switch (hashtag->rank_change) {
    case RANK_UP: return hashtag->rank + hashtag->rank_diff;
    case RANK_DOWN: return hashtag->rank - hashtag->rank_diff;
    case RANK_UNCHANGED: return hashtag->rank;
    case RANK_UNTOLD:
    case RANK_NEW: return 0;
    }
    return 0;
}

static void count_former_ranks(struct source_page *page)
{
    int64_t former[RANKING_HASHTAGS_MAX];
    for (size_t i = 0; i < page->hashtag_count; i++) {
        former[i] = former_rank(&page->hashtags[i]);
        for (size_t k = 0; k < i && former[i] != 0; k++) {
            if (former[k] != former[i])
                continue;
            warn(page, "the hashtags %.*s and %.*s both come from rank %lld",
                 TEXT_PRINT(page->hashtags[k].id), TEXT_PRINT(page->hashtags[i].id),
                 (long long)former[i]);
            break;
        }
    }
}

static bool is_there(const struct source_page *page, size_t count, struct text id)
{
    for (size_t i = 0; i < count; i++)
        if (text_equals(page->hashtags[i].id, id))
            return true;
    return false;
}

static void leave_out_repeated(struct source_page *page)
{
    size_t kept = 0;
    for (size_t i = 0; i < page->hashtag_count; i++) {
        const struct hashtag *hashtag = &page->hashtags[i];
        if (is_there(page, kept, hashtag->id)) {
            warn(page, "the hashtag %.*s is there twice", TEXT_PRINT(hashtag->id));
            continue;
        }
        page->hashtags[kept++] = *hashtag;
    }
    page->hashtag_count = kept;
}

/* A rank that is only pushed on by one above it contradicts nothing. */
static void part_ranks(struct source_page *page)
{
    int64_t told_above = page->hashtags[0].rank;
    for (size_t i = 1; i < page->hashtag_count; i++) {
        int64_t above = page->hashtags[i - 1].rank;
        struct hashtag *hashtag = &page->hashtags[i];
        int64_t told = hashtag->rank;
        if (told == told_above)
            warn(page, "the rank %lld is there twice", (long long)told);
        if (told <= above)
            hashtag->rank = above + 1;
        told_above = told;
    }
}

void contradictions_mend(struct source_page *page)
{
    check(page->hashtag_count <= RANKING_HASHTAGS_MAX);
    if (page->hashtag_count == 0)
        return;
    for (size_t i = 0; i < page->hashtag_count; i++)
        mend_difference(page, &page->hashtags[i]);
    sort_by_rank(page);
    leave_out_repeated(page);
    if (page->tells_change)
        count_former_ranks(page);
    part_ranks(page);
}
