/* capture: lists as files: what was captured elsewhere read into rankings, rankings written
 * out.
 *
 * Read is what importing accepts, told apart by content: JSON (an answer of the upstream's
 * popular-trend list, of its successor's GetHashtagList or of our own endpoint, a bare array of
 * hashtags, our own export), NDJSON (a hashtag a line) and CSV (RFC 4180 with a header row).
 * Pure but for the arena and the file; any thread. */
#pragma once

#include "model/ranking.h"

#include <stdio.h>

/* A file that is read, and a list that is written, must fit in memory several times over. */
#define CAPTURE_BYTES_MAX (64 * 1024 * 1024)
#define CAPTURE_ARENA_BYTES_MAX (256 * 1024 * 1024)

/* What whoever reads a capture knows of it. Zeroes: nothing. */
struct capture_options {
    bool has_country;
    bool has_period;
    bool has_captured_at;
    uint8_t country;       /* index */
    uint8_t period;        /* index */
    instant captured_at;   /* at 00:00 UTC it stands for any time of that day */
    struct text source;    /* where the content names none; lives for ever; empty: "import" */
    struct text file_name; /* for sentences; its last part is a hint: MY-7d-2025-10-01.csv */
    instant now;           /* no capture is more than a day later; 0: the time is not known */
    bool is_kept;          /* the store's: it passed the rules for lists when it came in */
    void (*progress)(void *owner, size_t rows); /* every CAPTURE_PROGRESS_ROWS; NULL: unasked */
    void *owner;
};

#define CAPTURE_PROGRESS_ROWS 1000 /* a few milliseconds apart */

/* How much of its list a ranking is, as the content tells it. */
struct capture_extent {
    int64_t total; /* hashtags of the whole list; 0: not told */
    bool has_more; /* more pages follow this one */
};

/* Rankings are valid (ranking_check) and in order of list, capture time and source. */
struct capture {
    struct ranking *rankings;
    struct capture_extent *extents; /* one a ranking */
    size_t ranking_count;           /* at least 1 */
    size_t curve_count;             /* hashtags that have a trend ... */
    size_t low_curve_count;         /* ... whose greatest value is not 1; kept as captured */
};

/* Reads the whole file or nothing. Country, period and capture time are told, in this order, by
 * the content, by the options, by the curves (the period alone: 7 or 30 points a day apart, or
 * weekly ones) and by the file's name; rows that say different ones become several rankings.
 * The source is that of the options unless the content names one, as our export does; "sample" is
 * refused, so that made-up data never passes for real. Our export tells of a list that it is
 * short; nobody else is thought to.
 *
 * The rules for lists: ranks follow each other without a gap (from 1 on, or it is a page for
 * capture_join); nothing is of the future, neither the capture nor, by more than a day, a trend
 * point of its capture; no curve spans more than its period, and one of a point a day over 30
 * days is none of 120 days; at least one curve of a list reaches 1, else its scale is another.
 *
 * STATUS_INVALID: a fault; reason names file, line and what to do. STATUS_CONFLICT: an option
 * contradicts the content or the file's name. STATUS_MISSING: what list it is stays unknown;
 * reason names the option to give. STATUS_FORBIDDEN: sample data, or an upstream's "not
 * permitted". STATUS_TOO_LARGE: over CAPTURE_BYTES_MAX or the arena's ceiling. Rankings borrow
 * nothing from bytes: all is in arena. */
enum status capture_read(struct text bytes, const struct capture_options *options,
                         struct arena *arena, struct capture *capture, struct reason *reason);

/* A ranking of a capture, and the file that it came from. */
struct capture_page {
    const struct ranking *ranking;
    struct capture_extent extent;
    struct text file_name;
};

/* False for a ranking that is its whole list, or is not known to be less. */
bool capture_is_page(const struct ranking *ranking, const struct capture_extent *extent);

/* -1, 0 (pages of one list, capture time and source) or 1. */
int capture_compare(const struct ranking *a, const struct ranking *b);

/* Makes one ranking of the pages, at least one, of one list, sorting them by rank. The last
 * pages may be missing: *extent then says so. STATUS_INVALID: ranks are missing before or
 * between the pages, or stand there twice; reason names the files. What is joined borrows from
 * the pages. */
enum status capture_join(struct capture_page *pages, size_t count, struct arena *arena,
                         struct ranking *joined, struct capture_extent *extent,
                         struct reason *reason);

enum capture_format { CAPTURE_JSON, CAPTURE_NDJSON, CAPTURE_CSV };

/* "json", "ndjson", "csv". STATUS_MISSING: another word. */
enum status capture_format_find(struct text word, enum capture_format *format);

/* Writes rankings one by one, so that a whole catalogue need not be in memory:
 * capture_write_open, capture_write for each, capture_write_close. What is written reads back
 * as the same rankings; an empty ranking leaves no trace in NDJSON and CSV. Owned by one
 * thread. */
struct capture_writer {
    FILE *file; /* borrowed */
    enum capture_format format;
    size_t ranking_count;
    struct buffer row; /* what is being written */
};

/* Each STATUS_IO: the file refused a write, errno says why. After a failure only abandon. */
enum status capture_write_open(struct capture_writer *writer, FILE *file,
                               enum capture_format format);
enum status capture_write(struct capture_writer *writer, const struct ranking *ranking);

/* Ends the document and flushes the file, but does not close it. */
enum status capture_write_close(struct capture_writer *writer);

/* After a fault: flushes what there is and leaves the document open, so that JSON which lacks
 * lists is no JSON. */
void capture_write_abandon(struct capture_writer *writer);
