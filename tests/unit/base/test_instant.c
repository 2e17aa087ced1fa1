#include "base/instant.h"
#include "support/unit.h"

#include <stdio.h>

#define UNTOUCHED INT64_C(-12345)

/* Days are counted year by year and month by month, which is slow and cannot be wrong. */
static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

struct day {
    int year, month, of_month, of_week; /* of_week: 0 is a Sunday */
};

static struct day day_after(struct day day)
{
    day.of_week = (day.of_week + 1) % 7;
    if (++day.of_month <= days_of_month(day.year, day.month))
        return day;
    day.of_month = 1;
    if (++day.month <= 12)
        return day;
    day.month = 1;
    day.year++;
    return day;
}

static const char *const day_names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static void assert_text(struct text found, const char *expected)
{
    if (!text_equals(found, text_of(expected)))
        fail_msg("'%.*s' is not '%s'", TEXT_PRINT(found), expected);
}

static int64_t http_date(const char *written)
{
    instant at = {UNTOUCHED};
    return instant_read_http_date(text_of(written), &at) == STATUS_OK ? at.us : UNTOUCHED;
}

static void assert_day(struct day day, int64_t number, int second_of_day)
{
    instant at = {number * DAY_US + second_of_day * SECOND_US + 999999};
    int64_t whole_second = at.us - 999999;
    int hour = second_of_day / 3600;
    int minute = second_of_day / 60 % 60;
    int second = second_of_day % 60;
    char date[64];
    char expected[160];
    char room[INSTANT_TEXT_BYTES];
    instant back = {UNTOUCHED};

    assert_true(instant_day(at) == number);
    (void)snprintf(date, sizeof(date), "%04d-%02d-%02d", day.year, day.month, day.of_month);
    assert_text(instant_date(at, room), date);
    assert_int_equal(instant_read(text_of(date), &back), STATUS_OK);
    assert_true(back.us == number * DAY_US);

    (void)snprintf(expected, sizeof(expected), "%sT%02d:%02d:%02dZ", date, hour, minute,
                   second);
    assert_text(instant_rfc3339(at, room), expected);
    assert_int_equal(instant_read(text_of(expected), &back), STATUS_OK);
    assert_true(back.us == whole_second);

    (void)snprintf(expected, sizeof(expected), "%.3s, %02d %s %04d %02d:%02d:%02d GMT",
                   day_names[day.of_week], day.of_month, month_names[day.month - 1], day.year,
                   hour, minute, second);
    assert_text(instant_http_date(at, room), expected);
    assert_true(http_date(expected) == whole_second);

    (void)snprintf(expected, sizeof(expected), "%.3s %s %2d %02d:%02d:%02d %04d",
                   day_names[day.of_week], month_names[day.month - 1], day.of_month, hour,
                   minute, second, day.year);
    assert_true(http_date(expected) == whole_second);

    if (day.year < 1977 || day.year > 2076)
        return;
    (void)snprintf(expected, sizeof(expected), "%s, %02d-%s-%02d %02d:%02d:%02d GMT",
                   day_names[day.of_week], day.of_month, month_names[day.month - 1],
                   day.year % 100, hour, minute, second);
    assert_true(http_date(expected) == whole_second);
}

/* Deterministic: the next number of a linear congruential generator (Knuth's MMIX). */
static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(*seed >> 33);
}

/* 1970 to 9999: the month ends, and one day in a hundred at random. */
static void days_agree_with_a_calendar_told_by_hand(void **state)
{
    (void)state;
    struct day day = {1970, 1, 1, 4};
    uint64_t seed = 20261122;
    int64_t number = 0;
    for (; day.year <= 9999; day = day_after(day), number++) {
        bool is_edge = day.month == 2 && day.of_month >= 28 && day.year % 100 < 5;
        if (is_edge || number < 400 || next_random(&seed) % 100 == 0)
            assert_day(day, number, (int)(next_random(&seed) % DAY_SECONDS));
    }
    assert_int_equal(number, 2932897);
}

struct reading {
    const char *written;
    const char *means; /* RFC 3339; NULL: invalid */
    int us;
};

static const struct reading readings[] = {
    {"1970-01-01", "1970-01-01T00:00:00Z", 0},
    {"2000-02-29", "2000-02-29T00:00:00Z", 0},
    {"2024-02-29", "2024-02-29T00:00:00Z", 0},
    {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z", 0},
    {"2025-10-21T14:22:31Z", "2025-10-21T14:22:31Z", 0},
    {"2025-10-21t14:22:31z", "2025-10-21T14:22:31Z", 0},
    {"2025-10-21 14:22:31Z", "2025-10-21T14:22:31Z", 0},
    {"2025-10-21T14:22:31+00:00", "2025-10-21T14:22:31Z", 0},
    {"2025-10-21T14:22:31-00:00", "2025-10-21T14:22:31Z", 0},
    {"2025-10-21T14:22:31+08:00", "2025-10-21T06:22:31Z", 0},
    {"2025-10-21T14:22:31-09:30", "2025-10-21T23:52:31Z", 0},
    {"2025-01-01T00:00:00+14:00", "2024-12-31T10:00:00Z", 0},
    {"2024-12-31T23:00:00-01:00", "2025-01-01T00:00:00Z", 0},
    {"1970-01-01T08:00:00+08:00", "1970-01-01T00:00:00Z", 0},
    {"2025-10-21T14:22:31.5Z", "2025-10-21T14:22:31Z", 500000},
    {"2025-10-21T14:22:31.000001Z", "2025-10-21T14:22:31Z", 1},
    {"2025-10-21T14:22:31.123456Z", "2025-10-21T14:22:31Z", 123456},
    {"2025-10-21T14:22:31.123456999999999999999Z", "2025-10-21T14:22:31Z", 123456},
    {"2025-10-21T14:22:31.25+08:00", "2025-10-21T06:22:31Z", 250000},
    {"", NULL, 0},
    {"2025", NULL, 0},
    {"2025-10", NULL, 0},
    {"2025-10-", NULL, 0},
    {"25-10-21", NULL, 0},
    {"02025-10-21", NULL, 0},
    {"2025/10/21", NULL, 0},
    {"2025-1-21", NULL, 0},
    {"2025-10-2", NULL, 0},
    {"2025-10-211", NULL, 0},
    {" 2025-10-21", NULL, 0},
    {"2025-10-21 ", NULL, 0},
    {"+2025-10-21", NULL, 0},
    {"2025-00-21", NULL, 0},
    {"2025-13-21", NULL, 0},
    {"2025-10-00", NULL, 0},
    {"2025-10-32", NULL, 0},
    {"2025-04-31", NULL, 0},
    {"2025-02-29", NULL, 0},
    {"2100-02-29", NULL, 0},
    {"1969-12-31", NULL, 0},
    {"0000-01-01", NULL, 0},
    {"2025-10-21T", NULL, 0},
    {"2025-10-21T14:22:31", NULL, 0},
    {"2025-10-21T14:22Z", NULL, 0},
    {"2025-10-21T24:00:00Z", NULL, 0},
    {"2025-10-21T14:60:00Z", NULL, 0},
    {"2025-10-21T14:22:60Z", NULL, 0},
    {"2025-10-21T1:22:31Z", NULL, 0},
    {"2025-10-21T14:22:31.Z", NULL, 0},
    {"2025-10-21T14:22:31,5Z", NULL, 0},
    {"2025-10-21T14:22:31ZZ", NULL, 0},
    {"2025-10-21T14:22:31+8", NULL, 0},
    {"2025-10-21T14:22:31+0800", NULL, 0},
    {"2025-10-21T14:22:31+24:00", NULL, 0},
    {"2025-10-21T14:22:31+08:60", NULL, 0},
    {"2025-10-21T14:22:31 +08:00", NULL, 0},
    {"2025-10-21_14:22:31Z", NULL, 0},
    {"2025-10-21Z", NULL, 0},
    /* An offset may not lead out of the years that dates are told in. */
    {"1970-01-01T00:00:00+08:00", NULL, 0},
    {"9999-12-31T23:59:59-00:01", NULL, 0},
};

static void written_instants(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(readings); i++) {
        const struct reading *row = &readings[i];
        print_message("'%s'\n", row->written);
        instant at = {UNTOUCHED};
        enum status outcome = instant_read(text_of(row->written), &at);
        if (!row->means) {
            assert_int_equal(outcome, STATUS_INVALID);
            assert_true(at.us == UNTOUCHED);
            continue;
        }
        char room[INSTANT_TEXT_BYTES];
        assert_int_equal(outcome, STATUS_OK);
        assert_int_equal(at.us % SECOND_US, row->us);
        assert_text(instant_rfc3339(at, room), row->means);
    }
    instant at = {UNTOUCHED};
    assert_int_equal(instant_read((struct text){0}, &at), STATUS_INVALID);
    assert_int_equal(instant_read(TEXT("2025-10-21\0"), &at), STATUS_INVALID);
    assert_true(at.us == UNTOUCHED);
}

#define NOV_6_1994 INT64_C(784111777)

struct http_date_row {
    const char *written;
    int64_t seconds; /* 0: invalid */
};

static const struct http_date_row http_date_rows[] = {
    /* The examples of RFC 9110 section 5.6.7. */
    {"Sun, 06 Nov 1994 08:49:37 GMT", NOV_6_1994},
    {"Sunday, 06-Nov-94 08:49:37 GMT", NOV_6_1994},
    {"Sun Nov  6 08:49:37 1994", NOV_6_1994},
    {"Thu Jan  1 00:00:01 1970", 1},
    {"Wed Nov 16 08:49:37 1994", NOV_6_1994 + 10 * DAY_SECONDS},
    {"Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799)},
    {"Thursday, 01-Jan-26 00:00:00 GMT", INT64_C(1767225600)},
    {"", 0},
    {"Sun", 0},
    {"Sun,", 0},
    {"Sun, 6 Nov 1994 08:49:37 GMT", 0},
    {"Sun, 06 Nov 94 08:49:37 GMT", 0},
    {"Sun, 06-Nov-1994 08:49:37 GMT", 0},
    {"Sun,06 Nov 1994 08:49:37 GMT", 0},
    {"Sun, 06 Nov 1994 08:49:37 UTC", 0},
    {"Sun, 06 Nov 1994 08:49:37", 0},
    {"Sun, 06 Nov 1994 08:49:37 GMT ", 0},
    {"Sun, 06 Nov 1994 08:49:37 +0000", 0},
    {"Sun, 06 nov 1994 08:49:37 GMT", 0},
    {"Sun, 06 Foo 1994 08:49:37 GMT", 0},
    {"Sun, 31 Nov 1994 08:49:37 GMT", 0},
    {"Sun, 00 Nov 1994 08:49:37 GMT", 0},
    {"Sun, 06 Nov 1994 24:49:37 GMT", 0},
    {"Sun, 06 Nov 1969 08:49:37 GMT", 0},
    {"Sun, 06 Nov 1994 8:49:37 GMT", 0},
    {"Foo, 06 Nov 1994 08:49:37 GMT", 0},
    {"Sun.day, 06-Nov-94 08:49:37 GMT", 0},
    {", 06-Nov-94 08:49:37 GMT", 0},
    {"Sunday, 06-Nov-94 08:49:37", 0},
    {"Sunday, 06-Nov-1994 08:49:37 GMT", 0},
    {"Foo Nov  6 08:49:37 1994", 0},
    {"SunxNov  6 08:49:37 1994", 0},
    {"Sun Nov 6 08:49:37 1994", 0},
    {"Sun Nov 006 08:49:37 1994", 0},
    {"Sun Nov  6 08:49:37 1994 GMT", 0},
    {"Sun Nov  6 08:49:37 94", 0},
    {"784111777", 0},
    {"1994-11-06T08:49:37Z", 0},
};

static void http_dates_of_three_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(http_date_rows); i++) {
        const struct http_date_row *row = &http_date_rows[i];
        print_message("'%s'\n", row->written);
        assert_true(http_date(row->written) ==
                    (row->seconds ? row->seconds * SECOND_US : UNTOUCHED));
    }
    instant at = {UNTOUCHED};
    assert_int_equal(instant_read_http_date((struct text){0}, &at), STATUS_INVALID);
    assert_true(at.us == UNTOUCHED);
}

static void days_round_toward_the_past(void **state)
{
    (void)state;
    static const int64_t rows[][2] = {
        {0, 0},   {1, 0},        {DAY_US - 1, 0},   {DAY_US, 1},
        {-1, -1}, {-DAY_US, -1}, {-DAY_US - 1, -2}, {INT64_MIN, INT64_MIN / DAY_US - 1}};
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        assert_true(instant_day((instant){rows[i][0]}) == rows[i][1]);
    char room[INSTANT_TEXT_BYTES];
    assert_text(instant_rfc3339((instant){-1}, room), "1969-12-31T23:59:59Z");
}

static void the_system_clocks_run(void **state)
{
    (void)state;
    const struct time_source *time = time_source_system();
    duration before = time_elapsed(time);
    assert_true(time_now(time).us > 20000 * DAY_US); /* 2024 */
    assert_true(time_elapsed(time).us >= before.us);
    assert_true(time_about(time).us <= time_now(time).us);
    instant earlier = time_now(time);
    assert_true(time_about(time).us > earlier.us - SECOND_US); /* a tick is some milliseconds */
}

static instant fixed_now(void *owner)
{
    (void)owner;
    return (instant){5};
}

static void a_clock_without_ticks_tells_the_moment(void **state)
{
    (void)state;
    const struct time_source time = {.now = fixed_now};
    assert_int_equal(time_about(&time).us, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_agree_with_a_calendar_told_by_hand),
        cmocka_unit_test(written_instants),
        cmocka_unit_test(http_dates_of_three_forms),
        cmocka_unit_test(days_round_toward_the_past),
        cmocka_unit_test(the_system_clocks_run),
        cmocka_unit_test(a_clock_without_ticks_tells_the_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
