/* sample_words: the stock of words that the names of sample hashtags are made of.
 *
 * Frozen tables; any thread. */
#pragma once

#include "base/text.h"

/* A compound is one word of each column; both counts are even and the same. */
struct sample_language {
    const char *countries; /* where it is spoken: codes with a space after each */
    size_t word_count;     /* in each column */
    const struct text *first;
    const struct text *second;
};

extern const struct sample_language sample_english;

/* The language that a country's own hashtags are written in; English where none is listed. */
const struct sample_language *sample_language_of(struct text country_code);

/* Languages that every list has a hashtag in, whatever the country. */
#define SAMPLE_SCRIPT_COUNT 5
const struct sample_language *sample_script_at(unsigned index);

/* Hashtags of an industry (1 to INDUSTRY_COUNT - 1), three each. */
#define SAMPLE_TOPICS 3
struct text sample_topic(unsigned industry, uint64_t choice);

struct text sample_emoji(uint64_t choice);
struct text sample_question(uint64_t choice);
struct text sample_nick_name(uint64_t choice);
