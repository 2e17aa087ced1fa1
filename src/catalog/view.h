/* view: one list under one filter, rendered once, and the pages cut from it.
 *
 * A view is one buffer of rendered hashtags with an offset each, so that any page is a slice of
 * it. Views and pages are immutable counted shares; a page holds a share of its view. Making
 * them takes 0.1 to 10 ms and belongs on a pool thread; taking and releasing are for any
 * thread. */
#pragma once

#include "catalog/catalog.h"

struct view;

/* Renders those hashtags of ranking that are in list.industry (all, for INDUSTRY_ALL and for a
 * ranking of that very industry) and, with new_only, new on the list; ranks are kept.
 * snapshot_id as in struct catalog_page. Borrows nothing from ranking. One share. */
struct view *view_render(const struct ranking *ranking, struct list_key list, bool new_only,
                         int64_t snapshot_id);
struct view *view_take(struct view *view); /* one more share */
void view_release(struct view *view);      /* NULL is fine */

int64_t view_snapshot_id(const struct view *view);
size_t view_bytes(const struct view *view); /* of memory, without its pages */

/* One share; page and limit as in struct page_request. */
const struct catalog_page *view_page_make(struct view *view, unsigned page, unsigned limit,
                                          bool compressed);
/* What a page says that is no slice of a view: an answer made for one call. */
struct page_facts {
    size_t item_count; /* 0: the answer is empty, and costs nothing */
    int64_t snapshot_id;
    instant captured_at;
    instant as_of;
    struct text source; /* borrowed for the call; under 32 bytes */
    bool is_short;
};

/* One share; content becomes data.data, one JSON value, and is taken over: it is empty then. */
const struct catalog_page *page_make_whole(struct buffer *content,
                                           const struct page_facts *facts, bool compressed);
size_t catalog_page_bytes(const struct catalog_page *page); /* of memory, without its view */
void catalog_page_take(const struct catalog_page *page);    /* one more share */
