/* made_ranking: valid lists of any length, told apart by a number, for tests of the catalogue. */
#pragma once

#include "model/ranking.h"

/* count hashtags with every trait of a real list; the ids of two seeds under 1,000,000 never
 * meet. Source "import"; captured_at is the caller's to change. Aborts when arena is full. */
struct ranking made_ranking(struct arena *arena, struct list_key list, size_t count,
                            unsigned seed);

/* The id of its hashtag at rank. */
int64_t made_hashtag_id(unsigned seed, size_t rank);
