/* ranking: one captured list of hashtags, in order of rank, and the rules that make it valid.
 *
 * A ranking owns nothing: its hashtags, texts, points and creators live in the arena that it was
 * read into. Pure; any thread. */
#pragma once

#include "base/arena.h"
#include "base/instant.h"
#include "base/json_write.h"
#include "base/reason.h"
#include "model/country.h"
#include "model/industry.h"

#define PERIOD_COUNT 3
extern const int period_days[PERIOD_COUNT]; /* 7, 30, 120 */

/* STATUS_MISSING: days is none of period_days. */
enum status period_find(int64_t days, unsigned *index);

/* Which list: indexes into the tables of country.h, period_days and industry.h. */
struct list_key {
    uint8_t country;
    uint8_t period;
    uint8_t industry; /* INDUSTRY_ALL: the list over all industries */
};

#define LIST_COUNT (COUNTRY_COUNT * PERIOD_COUNT * INDUSTRY_COUNT)

/* 0 to LIST_COUNT - 1, one a list. */
size_t list_key_index(struct list_key list);
struct list_key list_key_of_index(size_t index);

#define RANKING_HASHTAGS_MAX 1000 /* page 10 of 100 is the last that can be asked for */
#define HASHTAG_ID_DIGITS_MAX 19
#define HASHTAG_NAME_BYTES_MAX 512
#define HASHTAG_TREND_MAX 400
#define HASHTAG_CREATORS_MAX 100
#define CREATOR_NAME_BYTES_MAX 1024
#define CREATOR_URL_BYTES_MAX 4096 /* signed picture addresses run to 400 */
#define RANKING_SOURCE_BYTES_MAX 31

/* RANK_UNTOLD: the capture does not say. A ranking of which no hashtag says it gets its changes from
 * our own history when it is kept; what stays untold is written as unchanged. */
enum rank_change { RANK_UNTOLD, RANK_UP, RANK_UNCHANGED, RANK_DOWN, RANK_NEW };

/* As rank_diff_type: 1 up, 2 unchanged, or nothing is known, 3 down, 4 new. */
int rank_change_number(enum rank_change change);

struct trend_point {
    int64_t time;   /* unix seconds, 00:00 UTC */
    int hundredths; /* 0 to 100 */
};

struct creator {
    struct text nick_name;
    struct text avatar_url;
};

struct hashtag {
    struct text id; /* 1 to 19 digits, kept as written */
    struct text name;
    unsigned industry; /* index, INDUSTRY_ALL for none */
    bool is_promoted;
    enum rank_change rank_change;
    int64_t rank; /* from 1 */
    int64_t rank_diff;
    int64_t posts;
    int64_t views;
    struct trend_point *trend;
    size_t trend_count;
    struct creator *creators;
    size_t creator_count;
};

struct ranking {
    struct list_key list;
    instant captured_at;
    struct text source; /* "import", "sample", "creative-center", ...: a-z, 0-9 and '-' */
    struct hashtag *hashtags;
    size_t hashtag_count;
    bool is_short; /* of less than half of its predecessor's length: not served as fresh */
};

/* Sorts by rank and each trend by time, then refuses (STATUS_INVALID, with the hashtag and what
 * is wrong with it) what is no valid list: a rank or hashtag id twice, a count below 0, an
 * unknown rank change, a difference on a rank that is new, unchanged or untold, a trend time twice or not at
 * 00:00 UTC, an empty name, a control character in a name, invalid UTF-8, a bound of this page
 * passed. Indexes outside their tables are a bug. */
enum status ranking_check(struct ranking *ranking, struct reason *reason);

/* Days from the first to the last point of its trend, both counted; 0: no points. The trend is
 * sorted. */
int64_t hashtag_span_days(const struct hashtag *hashtag);

/* Whether some points of its trend, sorted, are a day apart: lists of 120 days have weekly ones. */
bool hashtag_has_daily_points(const struct hashtag *hashtag);

/* A curve may miss days of its period, but has none outside it; weeks may begin before it. */
bool period_is_exceeded(int64_t span_days, unsigned period);

/* The newest trend point of any hashtag, or captured_at where there is none. */
instant ranking_as_of(const struct ranking *ranking);

/* The hashtag as one JSON object, the fields in the order of the endpoint's page. industry_info
 * is left out where there is none, creators likewise; trend is [] where there is none. */
void hashtag_write(struct json_writer *writer, const struct hashtag *hashtag, unsigned country);

/* The arrays of its members trend and creators alone. */
void trend_write(struct json_writer *writer, const struct hashtag *hashtag);
void creators_write(struct json_writer *writer, const struct hashtag *hashtag);
