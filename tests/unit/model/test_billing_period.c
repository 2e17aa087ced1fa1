#include "model/billing_period.h"
#include "support/unit.h"

#include <time.h>

static void days_agree_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 2932897; day += day < 80000 ? 1 : 97) {
        time_t seconds = (time_t)(day * DAY_SECONDS);
        struct tm fields;
        assert_non_null(gmtime_r(&seconds, &fields));
        struct civil_date date = civil_of_days(day);
        assert_int_equal(date.year, fields.tm_year + 1900);
        assert_int_equal(date.month, fields.tm_mon + 1);
        assert_int_equal(date.day, fields.tm_mday);
        assert_int_equal(days_of_civil(date), day);
    }
}

struct period_row {
    const char *anchor, *at, *start, *end, *key;
};

static const struct period_row period_rows[] = {
    {"2026-01-15", "2026-01-15", "2026-01-15", "2026-02-15", "2026-01"},
    {"2026-01-15", "2026-02-14T23:59:59Z", "2026-01-15", "2026-02-15", "2026-01"},
    {"2026-01-15", "2026-02-15T00:00:00Z", "2026-02-15", "2026-03-15", "2026-02"},
    {"2026-01-31", "2026-02-27", "2026-01-31", "2026-02-28", "2026-01"},
    {"2026-01-31", "2026-02-28", "2026-02-28", "2026-03-31", "2026-02"},
    {"2026-01-31", "2026-03-30T23:59:59Z", "2026-02-28", "2026-03-31", "2026-02"},
    {"2026-01-31", "2026-04-30", "2026-04-30", "2026-05-31", "2026-04"},
    {"2024-01-31", "2024-02-29", "2024-02-29", "2024-03-31", "2024-02"},
    {"2024-01-31", "2024-02-28", "2024-01-31", "2024-02-29", "2024-01"},
    {"2024-02-29", "2025-02-28", "2025-02-28", "2025-03-29", "2025-02"},
    {"2026-12-31T18:00:00Z", "2026-12-31T17:00:00Z", "2026-12-31", "2027-01-31", "2026-12"},
    {"2026-12-01", "2027-01-01", "2027-01-01", "2027-02-01", "2027-01"},
    {"2026-05-10", "2026-05-01", "2026-05-10", "2026-06-10", "2026-05"},
    {"1999-12-31", "2000-02-29", "2000-02-29", "2000-03-31", "2000-02"},
    {"1999-12-31", "2100-02-28T12:00:00Z", "2100-02-28", "2100-03-31", "2100-02"},
};

static instant read(const char *written)
{
    instant at = {0};
    assert_int_equal(instant_read(text_of(written), &at), STATUS_OK);
    return at;
}

static void periods_begin_on_the_anchor_day(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(period_rows); i++) {
        const struct period_row *row = &period_rows[i];
        struct billing_period period = billing_period_at(read(row->anchor), read(row->at));
        char key[PERIOD_KEY_BYTES];
        period_key_write(&period, key);
        print_message("%s at %s\n", row->anchor, row->at);
        assert_int_equal(period.start.us, read(row->start).us);
        assert_int_equal(period.end.us, read(row->end).us);
        assert_string_equal(key, row->key);
    }
}

/* Whatever the anchor, periods lie end to end, hold every instant once and have keys that rise. */
static void periods_cover_time_without_gaps(void **state)
{
    (void)state;
    for (int64_t anchor_day = 20000; anchor_day < 20400; anchor_day++) {
        instant anchor = {anchor_day * DAY_US + 12345};
        struct billing_period last = billing_period_at(anchor, anchor);
        assert_int_equal(last.start.us, anchor_day * DAY_US);
        for (int month = 0; month < 60; month++) {
            struct billing_period next = billing_period_at(anchor, last.end);
            struct billing_period before = billing_period_at(anchor,
                                                             (instant){last.end.us - 1});
            assert_int_equal(next.start.us, last.end.us);
            assert_int_equal(before.start.us, last.start.us);
            assert_int_equal(next.year * 12 + next.month, last.year * 12 + last.month + 1);
            last = next;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_agree_with_the_c_library),
        cmocka_unit_test(periods_begin_on_the_anchor_day),
        cmocka_unit_test(periods_cover_time_without_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
