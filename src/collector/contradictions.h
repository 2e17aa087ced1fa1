/* contradictions: what a source says twice, or both ways, mended so that the list is valid, and
 * counted.
 *
 * Sources are known for it: a rank twice, a hashtag on two pages of a list that moved
 * meanwhile, two hashtags that came from one rank. The list is of use all the same. Pure; any
 * thread. */
#pragma once

#include "collector/source.h"

#define CONTRADICTION_RANK_MAX INT64_C(1000000) /* no rank and no difference is beyond it */

/* Sorts page->hashtags by rank (of one rank, the earlier comes first) and, of what contradicts,
 * believes what stands first: a hashtag that is there already is left out, a rank that is taken
 * becomes the next one, a difference below 0 loses its sign, one on a new or unchanged rank
 * goes. Two hashtags with one former rank are left as they are. Each adds to page->warnings.
 * Ids are digits already, ranks and differences within CONTRADICTION_RANK_MAX, hashtag_count
 * within RANKING_HASHTAGS_MAX.
 *
 * Called for each page by its reader, and for the list that the pages make by who joins
 * them. */
void contradictions_mend(struct source_page *page);
