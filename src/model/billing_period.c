#include "model/billing_period.h"

#include <stdio.h>

int month_length(int year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    check(month >= 1 && month <= 12);
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return lengths[month - 1] + (month == 2 && is_leap);
}

/* Days from 0000-03-01 to the first of March of year: the leap day is then the last of a year. */
static int64_t days_to_march(int64_t year)
{
    return 365 * year + year / 4 - year / 100 + year / 400;
}

#define DAYS_TO_1970 719468 /* from 0000-03-01 to 1970-01-01 */

/* month: 0 for March to 11 for February; months alternate 31 and 30 days but for July/August
 * and December/January: 153 days every five months. */
static int64_t days_to_month(int64_t month)
{
    return (153 * month + 2) / 5;
}

int64_t days_of_civil(struct civil_date date)
{
    int64_t month = (date.month + 9) % 12;
    int64_t year = date.year - (date.month <= 2);
    return days_to_march(year) + days_to_month(month) + date.day - 1 - DAYS_TO_1970;
}

struct civil_date civil_of_days(int64_t days)
{
    int64_t since = days + DAYS_TO_1970;
    int64_t year = since * 400 / 146097 + 1; /* by mean length: up to two too large */
    while (days_to_march(year) > since)
        year--;
    int64_t in_year = since - days_to_march(year);
    int64_t month = (5 * in_year + 2) / 153;
    return (struct civil_date){.year = (int)(year + (month >= 10)),
                               .month = (int)(month < 10 ? month + 3 : month - 9),
                               .day = (int)(in_year - days_to_month(month) + 1)};
}

static instant period_start(int anchor_day, int year, int month)
{
    int length = month_length(year, month);
    struct civil_date date = {year, month, anchor_day < length ? anchor_day : length};
    return (instant){days_of_civil(date) * DAY_US};
}

struct billing_period billing_period_at(instant anchor, instant at)
{
    int anchor_day = civil_of_days(instant_day(anchor)).day;
    int64_t day = instant_day(at.us < anchor.us ? anchor : at);
    struct civil_date date = civil_of_days(day);
    int months = date.year * 12 + date.month - 1;
    if (instant_day(period_start(anchor_day, date.year, date.month)) > day)
        months--;
    struct billing_period period = {.year = months / 12, .month = months % 12 + 1};
    period.start = period_start(anchor_day, period.year, period.month);
    period.end = period_start(anchor_day, (months + 1) / 12, (months + 1) % 12 + 1);
    return period;
}

instant day_end(instant at)
{
    return (instant){(instant_day(at) + 1) * DAY_US};
}

void period_key_write(const struct billing_period *period, char key[PERIOD_KEY_BYTES])
{
    int length = snprintf(key, PERIOD_KEY_BYTES, "%04d-%02d", period->year, period->month);
    check(length == PERIOD_KEY_BYTES - 1);
}
