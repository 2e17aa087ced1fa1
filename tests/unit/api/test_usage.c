/* usage_range.h and usage_counts.h: which hours a range is, what is wrong with one, and how rows
 * become items whose sums are theirs. */
#include "api/usage_counts.h"
#include "api/usage_range.h"
#include "support/unit.h"

static instant at(const char *written)
{
    instant read;
    assert_int_equal(instant_read(text_of(written), &read), STATUS_OK);
    return read;
}

static int64_t hour(const char *written)
{
    return instant_hour(at(written));
}

static struct usage_range ranged(int64_t word, const char *anchor, const char *now)
{
    const struct usage_asked asked = {word, RANGE_ABSENT, RANGE_ABSENT};
    struct billing_period period = billing_period_at(at(anchor), at(now));
    return usage_range_of(&asked, &period, at(now));
}

static void is_range(struct usage_range range, const char *from, const char *to)
{
    assert_int_equal(range.hours_from, hour(from));
    assert_int_equal(range.hours_before, hour(to));
}

static void words_are_days_of_utc(void **state)
{
    (void)state;
    static const char anchor[] = "2024-01-31T10:00:00Z", now[] = "2024-02-29T23:59:59Z";
    is_range(ranged(RANGE_ABSENT, anchor, now), "2024-02-29", "2024-03-31");
    is_range(ranged(RANGE_PERIOD, anchor, "2024-02-28T12:00:00Z"), "2024-01-31", "2024-02-29");
    is_range(ranged(RANGE_PERIOD, anchor, "2023-02-28"), "2024-01-31", "2024-02-29");
    is_range(ranged(RANGE_PERIOD, anchor, "2025-02-27"), "2025-01-31", "2025-02-28");
    is_range(ranged(RANGE_DAY, anchor, now), "2024-02-29", "2024-03-01");
    is_range(ranged(RANGE_DAY, anchor, "2024-03-01"), "2024-03-01", "2024-03-02");
    is_range(ranged(RANGE_WEEK, anchor, now), "2024-02-23", "2024-03-01");
    is_range(ranged(RANGE_MONTH, anchor, "2024-03-31T00:00:00Z"), "2024-03-02", "2024-04-01");
    assert_int_equal(ranged(RANGE_ABSENT, anchor, now).word, RANGE_PERIOD);
}

static struct usage_range custom(const char *from, const char *to, const char *now)
{
    const struct usage_asked asked = {RANGE_ABSENT, at(from).us, to ? at(to).us : RANGE_ABSENT};
    struct billing_period period = billing_period_at(at(now), at(now));
    struct usage_range range = usage_range_of(&asked, &period, at(now));
    assert_int_equal(range.word, RANGE_CUSTOM);
    return range;
}

static void custom_ranges_are_hours(void **state)
{
    (void)state;
    is_range(custom("2024-02-28T23:00:00Z", "2024-02-29T01:00:00Z", "2024-03-01"),
             "2024-02-28T23:00:00Z", "2024-02-29T01:00:00Z");
    is_range(custom("2024-02-29T08:00:00+08:00", NULL, "2024-02-29T13:14:15Z"), "2024-02-29",
             "2024-03-01");
    is_range(custom("1970-01-01", "1970-01-02", "2024-03-01"), "1970-01-01", "1970-01-02");
}

static const struct {
    int64_t word;
    const char *from, *to;
    bool by_hours;
    const char *names[RANGE_FAULTS_MAX];
} faults[] = {
    {RANGE_ABSENT, NULL, NULL, true, {NULL}},
    {RANGE_CUSTOM, NULL, NULL, false, {"from"}},
    {RANGE_ABSENT, NULL, "2024-02-01", false, {"from"}},
    {RANGE_CUSTOM, NULL, "2024-02-01T00:30:00Z", false, {"to", "from"}},
    {RANGE_WEEK, "2024-02-01", "2024-02-02", false, {"from", "to"}},
    {RANGE_PERIOD, NULL, "2024-02-02", false, {"to"}},
    {RANGE_CUSTOM, "2024-02-01", "2024-02-02", false, {NULL}},
    {RANGE_ABSENT, "2024-02-01T00:00:01Z", "2024-02-02T00:59:00Z", false, {"from", "to"}},
    {RANGE_ABSENT, "2024-02-02", "2024-02-02", false, {"from"}},
    {RANGE_ABSENT, "2024-02-03", "2024-02-02", false, {"from"}},
    {RANGE_ABSENT, "2024-03-01", NULL, false, {NULL}},
    {RANGE_ABSENT, "2024-03-02", NULL, false, {"from"}},
    {RANGE_ABSENT, "2024-01-01", "2024-02-01", true, {NULL}},
    {RANGE_ABSENT, "2024-01-01", "2024-02-01T01:00:00Z", true, {"from"}},
    {RANGE_ABSENT, "2023-01-01", "2024-02-05", false, {NULL}},
    {RANGE_ABSENT, "2023-01-01", "2024-02-05T01:00:00Z", false, {"from"}},
    {RANGE_ABSENT, "1970-01-01", "9999-12-31", false, {"from"}},
};

static void every_fault_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(faults); i++) {
        const struct usage_asked asked = {faults[i].word,
                                          faults[i].from ? at(faults[i].from).us : RANGE_ABSENT,
                                          faults[i].to ? at(faults[i].to).us : RANGE_ABSENT};
        struct usage_range_fault found[RANGE_FAULTS_MAX];
        size_t count = usage_range_check(&asked, faults[i].by_hours, at("2024-03-01T10:00:00Z"),
                                         found);
        size_t wanted = 0;
        while (wanted < RANGE_FAULTS_MAX && faults[i].names[wanted])
            wanted++;
        if (count != wanted)
            fail_msg("fault %zu: %zu found, %zu wanted", i, count, wanted);
        for (size_t j = 0; j < count; j++) {
            assert_string_equal(found[j].name, faults[i].names[j]);
            assert_null(strchr(found[j].reason, ';'));
        }
    }
}

/* ---- Rows ---- */

static struct usage_row row_of(int64_t key_id, uint8_t endpoint, int64_t of_hour)
{
    struct usage_row row = {.key_id = key_id, .endpoint = endpoint, .hour = of_hour};
    for (size_t i = 0; i < USAGE_COLUMNS; i++)
        row.sums[i] = (int64_t)i + of_hour % 5 + 1;
    return row;
}

static void outcomes_are_one_of_three(void **state)
{
    (void)state;
    struct usage_row row = row_of(1, 1, 0);
    struct usage_counts counts = usage_counts_of(&row);
    assert_int_equal(counts.requests, usage_calls(&row));
    assert_int_equal(counts.charged + counts.non_billable + counts.failed, counts.requests);
    assert_int_equal(counts.charged, row.sums[CALL_CHARGED]);
    assert_int_equal(counts.non_billable, row.sums[CALL_UNCHANGED] + row.sums[CALL_HEAD] +
                                              row.sums[CALL_EMPTY_PAGE] +
                                              row.sums[CALL_REPLAYED] + row.sums[CALL_FREE]);
}

static struct usage_items gathered(enum usage_grouping grouping, bool by_key)
{
    struct usage_items items = {.grouping = grouping, .by_key = by_key};
    int64_t midnight = hour("2024-02-29");
    for (int64_t key = 1; key <= 2; key++)
        for (uint8_t endpoint = 1; endpoint <= 3; endpoint++)
            for (int64_t i = -2; i < 2; i++) {
                struct usage_row row = row_of(key, endpoint, midnight + i);
                usage_items_add(&items, &row);
            }
    usage_items_merge(&items);
    return items;
}

static void items_hold_every_row_once(void **state)
{
    (void)state;
    static const struct {
        enum usage_grouping grouping;
        bool by_key;
        size_t items;
    } cases[] = {{BY_NOTHING, false, 1}, {BY_ENDPOINT, false, 3}, {BY_HOUR, false, 4},
                 {BY_HOUR, true, 8},     {BY_DAY, false, 2},      {BY_DAY, true, 4}};
    struct usage_items whole = gathered(BY_NOTHING, false);
    assert_int_equal(whole.first_hour, hour("2024-02-28T22:00:00Z"));
    for (size_t i = 0; i < LENGTH_OF(cases); i++) {
        struct usage_items items = gathered(cases[i].grouping, cases[i].by_key);
        struct usage_row sums = {0};
        assert_int_equal(items.count, cases[i].items);
        for (size_t j = 0; j < items.count; j++) {
            usage_row_add(&sums, &items.rows[j]);
            assert_true(j == 0 || items.rows[j].hour >= items.rows[j - 1].hour);
        }
        assert_memory_equal(sums.sums, whole.rows[0].sums, sizeof(sums.sums));
        usage_items_finish(&items);
    }
    usage_items_finish(&whole);
    struct usage_items days = gathered(BY_DAY, false);
    assert_int_equal(days.rows[0].hour, hour("2024-02-28"));
    assert_int_equal(days.rows[1].hour, hour("2024-02-29"));
    usage_items_finish(&days);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_days_of_utc),
        cmocka_unit_test(custom_ranges_are_hours),
        cmocka_unit_test(every_fault_is_named),
        cmocka_unit_test(outcomes_are_one_of_three),
        cmocka_unit_test(items_hold_every_row_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
