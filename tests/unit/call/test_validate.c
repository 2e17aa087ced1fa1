#include "base/json_read.h"
#include "call/call.h"
#include "support/unit.h"

#include <stdio.h>

/* ---- The parts of a call around the step ---- */

static struct arena arena;

struct arena *http_exchange_arena(struct http_exchange *exchange)
{
    (void)exchange;
    return &arena;
}

/* No slot is short here. */
void call_take_slot(struct call *call, enum call_outcome outcome, void (*go_on)(struct call *))
{
    assert_int_equal(outcome, CALL_INVALID);
    go_on(call);
}

static bool idempotency_key_is_fine = true;

bool call_idempotency_key_read(const struct call *call, struct text *key)
{
    (void)call;
    *key = TEXT("key one");
    return idempotency_key_is_fine;
}

static unsigned refusals;
static unsigned refused_status;
static char refused_message[64 * 1024];
static json_t *refused_errors; /* the array errors[] */

void call_refuse(struct call *call, const struct refusal *refusal)
{
    (void)call;
    refusals++;
    refused_status = refusal->failure->status;
    assert_true(text_equals(refusal->failure->reason, TEXT("invalid_input")));
    int length = snprintf(refused_message, sizeof(refused_message), "%.*s",
                          TEXT_PRINT(refusal->message));
    assert_in_range(length, 1, sizeof(refused_message) - 1);
    struct buffer body CLEANUP(buffer_finish);
    buffer_init(&body, 1024 * 1024);
    buffer_append_format(&body, "{%.*s\"end\":0}", TEXT_PRINT(refusal->extra));
    json_t *document CLEANUP(json_document_finish) = NULL;
    struct reason reason = {0};
    if (json_document_read(buffer_text(&body), &document, &reason) != STATUS_OK)
        fail_msg("%s: %.*s", reason.sentence, TEXT_PRINT(buffer_text(&body)));
    json_decref(refused_errors);
    refused_errors = json_incref(json_object_get(document, "errors"));
}

/* ---- An endpoint with a parameter of each kind ---- */

static enum status colour_find(struct text value, unsigned *index)
{
    if (!text_equals(value, TEXT("green")))
        return STATUS_MISSING;
    *index = 5;
    return STATUS_OK;
}

static const struct parameter parameters[] = {
    {.name = TEXT_INITIAL("page"),
     .kind = PARAMETER_CLAMPED,
     .minimum = 1,
     .maximum = 10,
     .absent = 1,
     .refusal = TEXT_INITIAL("must be an integer")},
    {.name = TEXT_INITIAL("period"),
     .kind = PARAMETER_ONE_OF,
     .one_of = {7, 30, 120},
     .absent = 7,
     .refusal = TEXT_INITIAL("must be 7, 30 or 120")},
    {.name = TEXT_INITIAL("filter_by"),
     .kind = PARAMETER_WORD,
     .word = TEXT_INITIAL("new_on_board"),
     .absent = 0,
     .refusal = TEXT_INITIAL("must be new_on_board")},
    {.name = TEXT_INITIAL("colour_code"),
     .aliases = {"hue", "colour"},
     .kind = PARAMETER_KNOWN,
     .known = colour_find,
     .absent = 3,
     .refusal = TEXT_INITIAL("must be a colour")},
};
enum { PAGE, PERIOD, FILTER, COLOUR };

static const struct endpoint endpoint = {.parameters = parameters,
                                         .parameter_count = LENGTH_OF(parameters)};

static struct http_request request;
static struct call call;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, CALL_ARENA_BYTES_MAX);
    refusals = 0;
    call = (struct call){.request = &request, .endpoint = &endpoint};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    json_decref(refused_errors);
    refused_errors = NULL;
    arena_finish(&arena);
    return 0;
}

static enum status validate(struct text query)
{
    request.query = query;
    refusals = 0;
    memset(&call.arguments, 0xAA, sizeof(call.arguments));
    enum status status = call_validate(&call);
    assert_int_equal(refusals, status == STATUS_OK ? 0 : 1);
    if (status != STATUS_OK)
        assert_int_equal(refused_status, 400);
    return status;
}

struct good_row {
    struct text query;
    int64_t values[LENGTH_OF(parameters)];
};

static const struct good_row good_rows[] = {
    {{NULL, 0}, {1, 7, 0, 3}},
    {TEXT_INITIAL(""), {1, 7, 0, 3}},
    {TEXT_INITIAL("page=&period=&filter_by=&colour_code="), {1, 7, 0, 3}},
    {TEXT_INITIAL("page&period"), {1, 7, 0, 3}},
    {TEXT_INITIAL("page=3"), {3, 7, 0, 3}},
    {TEXT_INITIAL("page=0"), {1, 7, 0, 3}},
    {TEXT_INITIAL("page=-5"), {1, 7, 0, 3}},
    {TEXT_INITIAL("page=11"), {10, 7, 0, 3}},
    {TEXT_INITIAL("page=9223372036854775808"), {10, 7, 0, 3}},
    {TEXT_INITIAL("page=99999999999999999999999999999999"), {10, 7, 0, 3}},
    {TEXT_INITIAL("page=-99999999999999999999999999999999"), {1, 7, 0, 3}},
    {TEXT_INITIAL("p%61ge=%35"), {5, 7, 0, 3}},
    {TEXT_INITIAL("period=7"), {1, 7, 0, 3}},
    {TEXT_INITIAL("period=30"), {1, 30, 0, 3}},
    {TEXT_INITIAL("period=120"), {1, 120, 0, 3}},
    {TEXT_INITIAL("filter_by=new_on_board"), {1, 7, 1, 3}},
    {TEXT_INITIAL("colour_code=green"), {1, 7, 0, 5}},
    {TEXT_INITIAL("colour_code=green&filter_by=new_on_board&period=30&page=2"), {2, 30, 1, 5}},
};

static void good_arguments_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(good_rows); i++) {
        print_message("'%.*s'\n", TEXT_PRINT(good_rows[i].query));
        assert_int_equal(validate(good_rows[i].query), STATUS_OK);
        for (size_t k = 0; k < LENGTH_OF(parameters); k++)
            assert_true(call.arguments.values[k] == good_rows[i].values[k]);
    }
}

struct bad_row {
    const char *query, *parameter, *value, *reason;
};

static const struct bad_row bad_rows[] = {
    {"page=x", "page", "x", "must be an integer"},
    {"page=1.5", "page", "1.5", "must be an integer"},
    {"page=+1", "page", " 1", "must be an integer"}, /* the plus is a blank */
    {"page=%2B1", "page", "+1", "must be an integer"},
    {"page=%22", "page", "\"", "must be an integer"},
    {"period=8", "period", "8", "must be 7, 30 or 120"},
    {"period=0", "period", "0", "must be 7, 30 or 120"},
    {"period=-7", "period", "-7", "must be 7, 30 or 120"},
    {"period=seven", "period", "seven", "must be 7, 30 or 120"},
    {"period=99999999999999999999", "period", "99999999999999999999", "must be 7, 30 or 120"},
    {"filter_by=new", "filter_by", "new", "must be new_on_board"},
    {"filter_by=NEW_ON_BOARD", "filter_by", "NEW_ON_BOARD", "must be new_on_board"},
    {"colour_code=red", "colour_code", "red", "must be a colour"},
    {"page=1&page=1", "page", "1", "is given more than once"},
    {"page=&page=2", "page", "2", "is given more than once"},
    {"page=%zz", "page", "%zz", "'%'"},
    {"page=%00", "page", "%00", "NUL"},
    {"page=%ff", "page", "%ff", "UTF-8"},
    {"%zz=1", "%zz", "1", "'%'"},
    {"colour=green", "colour", "green", "did you mean colour_code?"},
    {"HUE=green", "HUE", "green", "(did you mean colour_code?)"},
    {"peroid=7", "peroid", "7", "did you mean period?"},
    {"Page=7", "Page", "7", "did you mean page?"},
    {"pages=7", "pages", "7", "did you mean page?"},
    {"zzzzzzzz=1", "zzzzzzzz", "1", "known are page, period, filter_by, colour_code"},
    {"days=7", "days", "7", "known are page, period, filter_by, colour_code"},
    {"pagination=7", "pagination", "7", "known are page"},
    {"=1", "", "1", "known are page, period, filter_by, colour_code"},
    {"api_key=tg_live_x", "api_key", "tg_live_x", "is not a parameter of this endpoint"},
};

static void assert_error(size_t index, const struct bad_row *row)
{
    const json_t *error = json_array_get(refused_errors, index);
    struct text parameter, value, reason;
    assert_true(json_read_text(error, "parameter", &parameter));
    assert_true(json_read_text(error, "value", &value));
    assert_true(json_read_text(error, "reason", &reason));
    assert_true(text_equals(parameter, text_of(row->parameter)));
    assert_true(text_equals(value, text_of(row->value)));
    if (!strstr(reason.at, row->reason))
        fail_msg("'%s' lacks '%s'", reason.at, row->reason);
    assert_non_null(strstr(refused_message, reason.at));
    assert_null(strchr(reason.at, ';'));
    if (parameter.length == 0)
        assert_non_null(strstr(refused_message, "(empty name) is not a parameter"));
}

static void each_fault_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(bad_rows); i++) {
        print_message("%s\n", bad_rows[i].query);
        assert_int_equal(validate(text_of(bad_rows[i].query)), STATUS_INVALID);
        assert_int_equal(json_array_size(refused_errors), 1);
        assert_error(0, &bad_rows[i]);
    }
}

static void all_faults_are_told_at_once(void **state)
{
    (void)state;
    struct buffer query CLEANUP(buffer_finish);
    buffer_init(&query, 4096);
    static const size_t rows[] = {0, 5, 10, 12, 19, 23};
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        buffer_append_format(&query, "%s%s", i ? "&" : "", bad_rows[rows[i]].query);
    assert_int_equal(validate(buffer_text(&query)), STATUS_INVALID);
    assert_int_equal(json_array_size(refused_errors), LENGTH_OF(rows));
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        assert_error(i, &bad_rows[rows[i]]);
}

static void parameters_past_the_bound_are_counted(void **state)
{
    (void)state;
    struct buffer query CLEANUP(buffer_finish);
    buffer_init(&query, 4096);
    for (int i = 0; i < 64; i++)
        buffer_append_format(&query, "p%d=&", i);
    assert_int_equal(validate(buffer_text(&query)), STATUS_INVALID);
    assert_int_equal(json_array_size(refused_errors), 64);
    buffer_append(&query, TEXT("one_more="));
    assert_int_equal(validate(buffer_text(&query)), STATUS_INVALID);
    assert_int_equal(json_array_size(refused_errors), 65);
    assert_non_null(strstr(refused_message, "p63 is not a parameter"));
    assert_non_null(
        strstr(refused_message, "query has more than 64 parameters (1 more is not"));
}

/* The longest request line that the settings allow, in the form that grows most when told. */
static void the_longest_faults_are_told_whole(void **state)
{
    (void)state;
    struct buffer query CLEANUP(buffer_finish);
    buffer_init(&query, 65536);
    for (int i = 0; i < 64; i++) {
        buffer_append_format(&query, "%s%02d", i ? "&" : "", i);
        while (query.length < (size_t)(i + 1) * 1023)
            buffer_append(&query, TEXT("%01"));
    }
    assert_false(query.overflowed);
    assert_int_equal(validate(buffer_text(&query)), STATUS_INVALID);
    assert_int_equal(json_array_size(refused_errors), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(good_arguments_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_fault_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_faults_are_told_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parameters_past_the_bound_are_counted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_longest_faults_are_told_whole, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
