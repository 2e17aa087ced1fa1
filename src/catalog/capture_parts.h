/* capture_parts: what the files that read captures share among themselves.
 *
 * A reader turns bytes into rows: hashtags that each say where they stand and what they tell of
 * their list. capture_assemble then settles what list each belongs to and builds the
 * rankings. */
#pragma once

#include "catalog/capture.h"

#include <jansson.h>

/* An answer of ours wraps the upstream's "data" in another. */
#define CAPTURE_DATA_DEPTH_MAX 2

/* What content tells of a list. */
struct list_facts {
    bool has_country;
    bool has_period;
    bool has_captured_at;
    uint8_t country;
    uint8_t period;
    uint8_t industry; /* INDUSTRY_ALL unless told */
    instant captured_at;
    struct text source; /* in the arena; empty: not told */
    bool is_short;      /* as in struct ranking; our export tells it */
    int64_t page;       /* of the answer; 0: not told */
    struct capture_extent extent;
};

/* Where a row stands: on a line, or as an element of the document's list_index-th list. */
struct row_place {
    size_t line; /* from 1; 0: found from the indexes when it is needed */
    size_t list_index;
    size_t item_index;
};

struct capture_row {
    struct hashtag hashtag;
    struct list_facts facts;
    struct row_place place;
};

struct capture_reader {
    struct text bytes;
    const struct capture_options *options;
    struct arena *arena;
    struct reason *reason;
    struct capture_row *rows; /* malloc'd, grown */
    size_t row_count;
    size_t row_capacity;
    /* Where a JSON document keeps its rows: under so many "data", then under this name (NULL:
     * the document is the array itself), or in "lists", each with a "list". */
    size_t data_depth;
    const char *list_name;
    bool has_lists;
};

/* For sentences. */
#define CAPTURE_FORMATS                                                                        \
    "read are JSON (an upstream's answer, a list, our export), NDJSON and CSV with commas"

/* Fills reason with file, line and the sentence; returns status. */
__attribute__((format(printf, 4, 5))) enum status capture_fault(struct capture_reader *reader,
                                                                const struct row_place *place,
                                                                enum status status,
                                                                const char *format, ...);

/* A copy in the reader's arena. STATUS_TOO_LARGE: its ceiling. */
enum status capture_keep(struct capture_reader *reader, struct text original,
                         struct text *kept);
enum status capture_take(struct capture_reader *reader, size_t bytes, void **taken);

/* Facts that one row or what surrounds it tells; refused when told otherwise before. */
enum status capture_tell_country(struct capture_reader *reader, struct capture_row *row,
                                 struct text code_or_name);
enum status capture_tell_period(struct capture_reader *reader, struct capture_row *row,
                                int64_t days);
enum status capture_tell_captured_at(struct capture_reader *reader, struct capture_row *row,
                                     struct text written);
enum status capture_tell_industry(struct capture_reader *reader, struct capture_row *row,
                                  int64_t id);
enum status capture_tell_source(struct capture_reader *reader, struct capture_row *row,
                                struct text source);

/* Of the hashtag itself: a rank_diff_type as it is written. */
enum status capture_tell_rank_change(struct capture_reader *reader, struct capture_row *row,
                                     int64_t written);

/* Checks the hashtag by itself and keeps the row. */
enum status capture_add_row(struct capture_reader *reader, const struct capture_row *row);

enum status capture_read_json(struct capture_reader *reader);
enum status capture_read_ndjson(struct capture_reader *reader);
enum status capture_read_csv(struct capture_reader *reader);

/* One hashtag as the endpoint writes it, with what it tells of its list; row->place and what
 * surrounds it are set already. */
enum status capture_read_hashtag(struct capture_reader *reader, const json_t *object,
                                 struct capture_row *row);

/* What an object, a row or a list of our export, says of the list; the member of that name
 * holds the id of the list's industry. */
enum status capture_read_facts(struct capture_reader *reader, const json_t *object,
                               const char *industry_name, struct capture_row *row);

/* The array of a hashtag's "trend" and "creators"; NULL and null are none. */
enum status capture_read_trend(struct capture_reader *reader, const json_t *array,
                               struct capture_row *row);
enum status capture_read_creators(struct capture_reader *reader, const json_t *array,
                                  struct capture_row *row);

/* One item of GetHashtagList. */
enum status capture_read_one_item(struct capture_reader *reader, const json_t *object,
                                  struct capture_row *row);

/* What a file's name hints at: MY-7d-2025-10-01.csv, in any order, between any of "-_. ". */
void capture_hint(struct text file_name, struct list_facts *facts);

/* For sentences: "the list MY, 7 days". */
#define CAPTURE_LIST_FORMAT "the list %.*s, %d days"
#define CAPTURE_LIST_PRINT(key)                                                                \
    TEXT_PRINT(country_at((key).country)->code), period_days[(key).period]

/* The rules for lists of capture.h, for a ranking that is valid; rows are its own, in any
 * order. */
enum status capture_check_rules(struct capture_reader *reader, struct capture_row *const *rows,
                                const struct ranking *ranking);

/* Fills curve_count and low_curve_count. */
void capture_count_curves(const struct capture_reader *reader, struct capture *capture);

/* The first rank that is missing between two others; 0: none is. */
int64_t capture_missing_rank(const struct ranking *ranking);

/* Its row; a rank that is none of the ranking's is a bug. */
const struct capture_row *capture_row_of_rank(struct capture_row *const *rows, size_t count,
                                              int64_t rank);

/* Settles the list of every row and builds the rankings. */
enum status capture_assemble(struct capture_reader *reader, struct capture *capture);
