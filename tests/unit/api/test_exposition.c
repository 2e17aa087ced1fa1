#include "api/exposition.h"
#include "support/unit.h"

static struct buffer out;

static void assert_written(const char *expected)
{
    struct text written = buffer_text(&out);
    assert_false(out.overflowed);
    assert_int_equal(written.length, strlen(expected));
    assert_memory_equal(written.at, expected, written.length);
    buffer_finish(&out);
}

static int begin(void **state)
{
    (void)state;
    buffer_init(&out, 4096);
    return 0;
}

static void a_family_says_help_and_type(void **state)
{
    (void)state;
    exposition_family(&out, TEXT("a_total"), METRIC_COUNTER, TEXT("How often."));
    exposition_family(&out, TEXT("b"), METRIC_GAUGE, TEXT("How much."));
    assert_written("# HELP a_total How often.\n# TYPE a_total counter\n"
                   "# HELP b How much.\n# TYPE b gauge\n");
}

static void help_escapes_backslash_and_line_feed_only(void **state)
{
    (void)state;
    exposition_family(&out, TEXT("a"), METRIC_GAUGE, TEXT("\\ \n \" \xC3\xA9"));
    assert_written("# HELP a \\\\ \\n \" \xC3\xA9\n# TYPE a gauge\n");
}

static void labels_escape_double_quotes_too(void **state)
{
    (void)state;
    const struct metric_label labels[] = {{TEXT("x"), TEXT("\\n\n\"")}, {TEXT("y"), TEXT("")}};
    exposition_sample(&out, TEXT("a"), (struct metric_labels){labels, 2}, -7);
    assert_written("a{x=\"\\\\n\\n\\\"\",y=\"\"} -7\n");
}

static void a_sample_without_labels_has_no_braces(void **state)
{
    (void)state;
    exposition_sample(&out, TEXT("a"), NO_LABELS, INT64_MAX);
    exposition_sample(&out, TEXT("a"), NO_LABELS, INT64_MIN);
    assert_written("a 9223372036854775807\na -9223372036854775808\n");
}

static void seconds_keep_every_microsecond(void **state)
{
    (void)state;
    exposition_sample_seconds(&out, TEXT("s"), NO_LABELS, 0);
    exposition_sample_seconds(&out, TEXT("s"), NO_LABELS, 1000001);
    exposition_sample_seconds(&out, TEXT("s"), NO_LABELS, INT64_C(1795391546799705));
    exposition_sample_seconds(&out, TEXT("s"), NO_LABELS, -1);
    exposition_sample_seconds(&out, TEXT("s"), NO_LABELS, INT64_MIN);
    assert_written("s 0.000000\ns 1.000001\ns 1795391546.799705\ns -0.000001\n"
                   "s -9223372036854.775808\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_family_says_help_and_type, begin),
        cmocka_unit_test_setup(help_escapes_backslash_and_line_feed_only, begin),
        cmocka_unit_test_setup(labels_escape_double_quotes_too, begin),
        cmocka_unit_test_setup(a_sample_without_labels_has_no_braces, begin),
        cmocka_unit_test_setup(seconds_keep_every_microsecond, begin),
    };
    return cmocka_run_group_tests_name("api/exposition", tests, NULL, NULL);
}
