/* Makes one list of the pages that an upstream gave it in. */
#include "catalog/capture_parts.h"

static int64_t first_rank(const struct ranking *ranking)
{
    return ranking->hashtag_count > 0 ? ranking->hashtags[0].rank : 1;
}

static int64_t last_rank(const struct ranking *ranking)
{
    return first_rank(ranking) + (int64_t)ranking->hashtag_count - 1;
}

bool capture_is_page(const struct ranking *ranking, const struct capture_extent *extent)
{
    return first_rank(ranking) > 1 || extent->has_more || extent->total > last_rank(ranking);
}

static int compare_integers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

int capture_compare(const struct ranking *a, const struct ranking *b)
{
    int order = compare_integers((int64_t)list_key_index(a->list),
                                 (int64_t)list_key_index(b->list));
    if (order == 0)
        order = compare_integers(a->captured_at.us, b->captured_at.us);
    if (order == 0)
        order = compare_integers((int64_t)a->source.length, (int64_t)b->source.length);
    if (order == 0)
        order = memcmp(a->source.at, b->source.at, a->source.length);
    return order;
}

static int compare_pages(const void *a, const void *b)
{
    const struct capture_page *left = a;
    const struct capture_page *right = b;
    return compare_integers(first_rank(left->ranking), first_rank(right->ranking));
}

static enum status check_first(const struct capture_page *page, struct reason *reason)
{
    int64_t first = first_rank(page->ranking);
    if (first == 1)
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID,
                      "%.*s: " CAPTURE_LIST_FORMAT
                      ", begins with rank %lld there: give the pages with the ranks 1 to %lld "
                      "in the same command",
                      TEXT_PRINT(page->file_name), CAPTURE_LIST_PRINT(page->ranking->list),
                      (long long)first, (long long)first - 1);
}

static enum status check_next(const struct capture_page *page, const struct capture_page *next,
                              struct reason *reason)
{
    int64_t last = last_rank(page->ranking);
    int64_t first = first_rank(next->ranking);
    if (first == last + 1)
        return STATUS_OK;
    if (first <= last)
        return reason_set(reason, STATUS_INVALID,
                          "%.*s and %.*s both hold rank %lld of " CAPTURE_LIST_FORMAT
                          ": give each page once, and pages of one capture only",
                          TEXT_PRINT(page->file_name), TEXT_PRINT(next->file_name),
                          (long long)first, CAPTURE_LIST_PRINT(page->ranking->list));
    return reason_set(reason, STATUS_INVALID,
                      "the ranks %lld to %lld of " CAPTURE_LIST_FORMAT
                      ", are missing between %.*s and %.*s: give that page too",
                      (long long)last + 1, (long long)first - 1,
                      CAPTURE_LIST_PRINT(page->ranking->list), TEXT_PRINT(page->file_name),
                      TEXT_PRINT(next->file_name));
}

/* Between the captures of two pages the list may have moved: a hashtag is on both then. */
static enum status check_joined(const struct capture_page *pages, size_t count,
                                struct ranking *joined, struct reason *reason)
{
    struct reason inner = {0};
    enum status status = ranking_check(joined, &inner);
    if (status == STATUS_OK)
        return STATUS_OK;
    return reason_set(reason, status,
                      "%.*s to %.*s are no pages of one list (%s): capture them again, one "
                      "right after the other",
                      TEXT_PRINT(pages[0].file_name), TEXT_PRINT(pages[count - 1].file_name),
                      inner.sentence);
}

enum status capture_join(struct capture_page *pages, size_t count, struct arena *arena,
                         struct ranking *joined, struct capture_extent *extent,
                         struct reason *reason)
{
    check(count > 0);
    qsort(pages, count, sizeof(pages[0]), compare_pages);
    TRY(check_first(&pages[0], reason));
    struct ranking ranking = *pages[0].ranking;
    struct capture_extent whole = {.has_more = pages[count - 1].extent.has_more};
    size_t hashtag_count = 0;
    for (size_t i = 0; i < count; i++) {
        check(capture_compare(pages[0].ranking, pages[i].ranking) == 0);
        if (i > 0)
            TRY(check_next(&pages[i - 1], &pages[i], reason));
        hashtag_count += pages[i].ranking->hashtag_count;
        if (pages[i].extent.total > whole.total)
            whole.total = pages[i].extent.total;
    }
    ranking.hashtags = arena_take(arena, hashtag_count * sizeof(struct hashtag));
    if (!ranking.hashtags)
        return reason_set(reason, STATUS_TOO_LARGE, "the pages do not fit in memory");
    ranking.hashtag_count = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < pages[i].ranking->hashtag_count; k++)
            ranking.hashtags[ranking.hashtag_count++] = pages[i].ranking->hashtags[k];
    TRY(check_joined(pages, count, &ranking, reason));
    *joined = ranking;
    *extent = whole;
    return STATUS_OK;
}
