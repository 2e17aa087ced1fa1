/* billing_period: days and billing periods, in UTC and in the proleptic Gregorian calendar.
 *
 * A billing period begins at 00:00 UTC on an account's anchor day of a month, its first day as an
 * account; where a month is too short for that day, on the month's last. So every month begins
 * exactly one, and the month of its beginning names it. Pure and total for the years 1970 to
 * 9999; any thread. */
#pragma once

#include "base/instant.h"

struct civil_date {
    int year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

/* days: since 1970-01-01. */
struct civil_date civil_of_days(int64_t days);
int64_t days_of_civil(struct civil_date date);
int month_length(int year, int month);

#define PERIOD_DAYS_MAX INT64_C(31)

struct billing_period {
    instant start;   /* the first of it */
    instant end;     /* the first after it */
    int year, month; /* of start: the period_key YYYY-MM */
};

/* The period that holds at. anchor: any instant of the anchor day, not after at's day; an at
 * before it counts as the anchor day. */
struct billing_period billing_period_at(instant anchor, instant at);

/* 00:00 UTC after at. */
instant day_end(instant at);

#define PERIOD_KEY_BYTES 8
/* Writes "YYYY-MM" with its NUL. */
void period_key_write(const struct billing_period *period, char key[PERIOD_KEY_BYTES]);
