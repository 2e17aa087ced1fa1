/* hashtag_read: one hashtag out of JSON, in the two dialects of the upstream: that of its
 * popular-trend list, which our endpoint and export write too, and that of GetHashtagList.
 *
 * Shared by captures, which are files, and by sources. A hashtag by itself is read, not judged:
 * ranking_check does that. Pure but for the arena; any thread. */
#pragma once

#include "base/json_read.h"
#include "model/ranking.h"

struct hashtag_reader {
    struct arena *arena; /* all that is read is copied there */
    struct reason *reason;
    /* An id of an industry that is not known counts for none; else it is a fault. */
    bool takes_unknown_industries;
    size_t unknown_industries;
};

/* Each STATUS_INVALID: reason says which member is wrong. STATUS_TOO_LARGE: the arena's
 * ceiling. *hashtag is then of no use. */
enum status hashtag_read(struct hashtag_reader *reader, const json_t *object,
                         struct hashtag *hashtag);

/* One item of GetHashtagList, whose curve has any scale: its greatest value becomes 1. */
enum status hashtag_read_one(struct hashtag_reader *reader, const json_t *object,
                             struct hashtag *hashtag);

/* Parts of the above: the arrays "trend" and "creators" (NULL and null are none) and the number
 * "rank_diff_type". */
enum status hashtag_read_trend(struct hashtag_reader *reader, const json_t *array,
                               struct hashtag *hashtag);
enum status hashtag_read_creators(struct hashtag_reader *reader, const json_t *array,
                                  struct hashtag *hashtag);
enum status hashtag_set_rank_change(struct hashtag_reader *reader, int64_t written,
                                    struct hashtag *hashtag);

/* For further dialects. The id is a text, or an integer; a real number has lost digits. */
enum status hashtag_read_id(struct hashtag_reader *reader, const json_t *value,
                            struct hashtag *hashtag);
enum status hashtag_read_name(struct hashtag_reader *reader, const json_t *object,
                              const char *member, struct hashtag *hashtag);
enum status hashtag_read_whole(struct hashtag_reader *reader, const json_t *object,
                               const char *member, int64_t *whole);
enum status hashtag_take_trend(struct hashtag_reader *reader, size_t count,
                               struct hashtag *hashtag); /* zeroed points, to be filled */

/* Heights of any scale, one a point, become hundredths: the greatest 100. */
void hashtag_scale_trend(struct hashtag *hashtag, const double *heights);
