/* The rules that a captured list must keep to be sold: whole, of its time, of its period. */
#include "catalog/capture_parts.h"

enum { DAILY_DAYS_MAX = 30 }; /* lists of 120 days have weekly points */

static int64_t day_of_point(const struct trend_point *point)
{
    return point->time / DAY_SECONDS;
}

const struct capture_row *capture_row_of_rank(struct capture_row *const *rows, size_t count,
                                              int64_t rank)
{
    size_t i = 0;
    while (i < count && rows[i]->hashtag.rank != rank)
        i++;
    check(i < count);
    return rows[i];
}

int64_t capture_missing_rank(const struct ranking *ranking)
{
    for (size_t i = 1; i < ranking->hashtag_count; i++)
        if (ranking->hashtags[i].rank != ranking->hashtags[i - 1].rank + 1)
            return ranking->hashtags[i - 1].rank + 1;
    return 0;
}

static enum status check_capture_time(struct capture_reader *reader,
                                      const struct ranking *ranking)
{
    instant now = reader->options->now;
    if (now.us == 0 || ranking->captured_at.us <= now.us + DAY_US)
        return STATUS_OK;
    char captured_room[INSTANT_TEXT_BYTES];
    char now_room[INSTANT_TEXT_BYTES];
    return capture_fault(reader, NULL, STATUS_INVALID,
                         CAPTURE_LIST_FORMAT
                         ", is said to be captured at %.*s, but it is %.*s now: give the "
                         "time of the capture, in UTC (or set this machine's clock)",
                         CAPTURE_LIST_PRINT(ranking->list),
                         TEXT_PRINT(instant_rfc3339(ranking->captured_at, captured_room)),
                         TEXT_PRINT(instant_rfc3339(now, now_room)));
}

/* Days end later in the west: a point may be of the day after. */
static enum status check_point_times(struct capture_reader *reader,
                                     const struct capture_row *row,
                                     const struct ranking *ranking)
{
    const struct hashtag *hashtag = &row->hashtag;
    if (hashtag->trend_count == 0)
        return STATUS_OK;
    const struct trend_point *newest = &hashtag->trend[hashtag->trend_count - 1];
    if (day_of_point(newest) <= instant_day(ranking->captured_at) + 1)
        return STATUS_OK;
    char point_room[INSTANT_TEXT_BYTES];
    char captured_room[INSTANT_TEXT_BYTES];
    return capture_fault(
        reader, &row->place, STATUS_INVALID,
        "its newest trend point is of %.*s, but the list is said to be captured on %.*s: give "
        "the time of the capture",
        TEXT_PRINT(instant_date(instant_of_seconds(newest->time), point_room)),
        TEXT_PRINT(instant_date(ranking->captured_at, captured_room)));
}

static enum status check_period(struct capture_reader *reader, const struct capture_row *row,
                                unsigned period)
{
    int64_t span_days = hashtag_span_days(&row->hashtag);
    if (period_is_exceeded(span_days, period))
        return capture_fault(reader, &row->place, STATUS_INVALID,
                             "its curve spans %lld days, but the list's period is %d: it is a "
                             "list of another period",
                             (long long)span_days, period_days[period]);
    if (period_days[period] == 120 && span_days > DAILY_DAYS_MAX &&
        hashtag_has_daily_points(&row->hashtag))
        return capture_fault(
            reader, &row->place, STATUS_INVALID,
            "its curve has a point a day over %lld days, but lists of 120 days have weekly "
            "points: no list of another period is taken for one of 120 days",
            (long long)span_days);
    return STATUS_OK;
}

static int highest_point(const struct hashtag *hashtag)
{
    int highest = 0;
    for (size_t i = 0; i < hashtag->trend_count; i++)
        if (hashtag->trend[i].hundredths > highest)
            highest = hashtag->trend[i].hundredths;
    return highest;
}

/* A curve that is flat at 0 tells no scale. */
static enum status check_scale(struct capture_reader *reader, const struct ranking *ranking)
{
    int highest = 0;
    for (size_t i = 0; i < ranking->hashtag_count && highest < 100; i++) {
        int reached = highest_point(&ranking->hashtags[i]);
        highest = reached > highest ? reached : highest;
    }
    if (highest == 0 || highest == 100)
        return STATUS_OK;
    return capture_fault(reader, NULL, STATUS_INVALID,
                         "no curve of " CAPTURE_LIST_FORMAT
                         ", reaches 1 (the highest has 0.%02d): its values are of another "
                         "scale; divide each curve by its greatest value",
                         CAPTURE_LIST_PRINT(ranking->list), highest);
}

static enum status check_ranks(struct capture_reader *reader, struct capture_row *const *rows,
                               const struct ranking *ranking)
{
    int64_t missing = capture_missing_rank(ranking);
    const struct capture_row *first = capture_row_of_rank(rows, ranking->hashtag_count,
                                                          ranking->hashtags[0].rank);
    if (missing > 0)
        return capture_fault(
            reader, &first->place, STATUS_INVALID,
            CAPTURE_LIST_FORMAT
            ", lacks the rank %lld: only whole lists are imported; capture it again, without "
            "a filter",
            CAPTURE_LIST_PRINT(ranking->list), (long long)missing);
    if (first->facts.page > 1 && first->hashtag.rank == 1)
        return capture_fault(reader, &first->place, STATUS_INVALID,
                             "it is page %lld of its list, but its ranks begin with 1",
                             (long long)first->facts.page);
    return STATUS_OK;
}

enum status capture_check_rules(struct capture_reader *reader, struct capture_row *const *rows,
                                const struct ranking *ranking)
{
    TRY(check_capture_time(reader, ranking));
    TRY(check_ranks(reader, rows, ranking));
    for (size_t i = 0; i < ranking->hashtag_count; i++) {
        TRY(check_point_times(reader, rows[i], ranking));
        TRY(check_period(reader, rows[i], ranking->list.period));
    }
    return check_scale(reader, ranking);
}

void capture_count_curves(const struct capture_reader *reader, struct capture *capture)
{
    for (size_t i = 0; i < reader->row_count; i++) {
        const struct hashtag *hashtag = &reader->rows[i].hashtag;
        capture->curve_count += hashtag->trend_count > 0;
        capture->low_curve_count += hashtag->trend_count > 0 && highest_point(hashtag) < 100;
    }
}
