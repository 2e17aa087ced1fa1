/* reason: the sentence that tells a person what is wrong and what to do about it.
 *
 * A function that can be refused takes a struct reason * last and fills it when it fails; the
 * caller shows or logs it. A sentence over REASON_BYTES_MAX ends in "...". Owned by one thread. */
#pragma once

#include "base/limits.h"
#include "base/text.h"

struct reason {
    char sentence[REASON_BYTES_MAX]; /* NUL at its end; empty until something failed */
};

/* Sets the sentence, printf-style, and returns status, so that a function may end with
 * return reason_set(reason, STATUS_INVALID, "..."). reason may be NULL. */
__attribute__((format(printf, 3, 4))) enum status reason_set(struct reason *reason,
                                                             enum status status,
                                                             const char *format, ...);

/* The sentence in less room, which has at least 4 bytes: one that is longer ends in "...", and no
 * character is cut. NUL at its end. */
void reason_shorten(const struct reason *reason, char *room, size_t bytes);

static inline struct text reason_text(const struct reason *reason)
{
    return text_of(reason->sentence);
}

/* What somebody else wrote, for a sentence: the text, or a stand-in where it is long, holds control
 * bytes or is not UTF-8. */
struct text reason_shown(struct text written);
