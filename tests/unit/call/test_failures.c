/* The tables that refusals, documents and pages share. */
#include "call/answer_headers.h"
#include "call/failures.h"
#include "support/unit.h"

static const struct endpoint open_endpoint = {.kind = ENDPOINT_OPEN},
                             account_endpoint = {.kind = ENDPOINT_ACCOUNT},
                             free_endpoint = {.kind = ENDPOINT_PRODUCT},
                             list_endpoint = {
                                 .kind = ENDPOINT_PRODUCT, .credits = 8, .answers_list = true};

static void rows_are_whole_and_in_order(void **state)
{
    (void)state;
    unsigned before = 400;
    for (size_t i = 0; i < FAILURE_COUNT; i++) {
        const struct failure *failure = &failures[i];
        assert_in_range(failure->status, before, 599);
        before = failure->status;
        assert_in_range(failure->reason.length, 1, 40);
        assert_int_equal(failure->meaning.at[failure->meaning.length - 1], '.');
        assert_int_not_equal(failure->places, 0);
        assert_in_range(failure_status_line(failure->status).length, 1, 60);
        assert_true(failure->status != 503 || failure->retry_after > 0);
    }
}

static void a_reason_of_one_status_is_there_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < FAILURE_COUNT; i++)
        for (size_t j = 0; j < i; j++)
            assert_false(failures[i].status == failures[j].status &&
                         text_equals(failures[i].reason, failures[j].reason));
}

static bool is_at(enum failure_id id, const struct endpoint *endpoint)
{
    return failure_is_at(&failures[id], endpoint);
}

static void places_follow_the_endpoint(void **state)
{
    (void)state;
    assert_true(is_at(FAILURE_INVALID_INPUT, &open_endpoint));
    assert_false(is_at(FAILURE_MISSING_KEY, &open_endpoint));
    assert_true(is_at(FAILURE_MISSING_KEY, &account_endpoint));
    assert_false(is_at(FAILURE_RATE_LIMITED, &account_endpoint));
    assert_true(is_at(FAILURE_RATE_LIMITED, &free_endpoint));
    assert_false(is_at(FAILURE_SPEND_LIMIT, &free_endpoint));
    assert_false(is_at(FAILURE_NO_DATA, &free_endpoint));
    assert_true(is_at(FAILURE_SPEND_LIMIT, &list_endpoint));
    assert_true(is_at(FAILURE_NO_DATA, &list_endpoint));
    assert_false(is_at(FAILURE_NOT_FOUND, &list_endpoint));
}

static void what_http_refuses_has_a_row(void **state)
{
    (void)state;
    const unsigned statuses[] = {400, 408, 413, 414, 417, 431, 501, 503, 505};
    for (size_t i = 0; i < LENGTH_OF(statuses); i++)
        assert_int_equal(failure_of_syntax(statuses[i])->status, statuses[i]);
    assert_ptr_equal(failure_of_syntax(503), &failures[FAILURE_OVERLOADED]);
}

static bool is_on(enum answer_header_id id, const struct endpoint *endpoint, unsigned status)
{
    return answer_header_is_on(&answer_headers[id], endpoint, status);
}

static void headers_follow_the_answer(void **state)
{
    (void)state;
    assert_true(is_on(HEADER_REQUEST_ID, &open_endpoint, 400));
    assert_false(is_on(HEADER_RATE, &open_endpoint, 200));
    assert_false(is_on(HEADER_RATE, &account_endpoint, 200));
    assert_true(is_on(HEADER_RATE, &free_endpoint, 429));
    assert_false(is_on(HEADER_RATE, &list_endpoint, 401));
    assert_true(is_on(HEADER_RATE, &list_endpoint, 503));
    assert_false(is_on(HEADER_RATE, &free_endpoint, 503));
    assert_false(is_on(HEADER_CHARGE_ID, &free_endpoint, 200));
    assert_true(is_on(HEADER_CHARGE_ID, &list_endpoint, 200));
    assert_true(is_on(HEADER_ETAG, &list_endpoint, 304));
    assert_false(is_on(HEADER_ETAG, &list_endpoint, 400));
    assert_true(is_on(HEADER_RETRY_AFTER, &list_endpoint, 402));
    assert_true(is_on(HEADER_CHALLENGE, &account_endpoint, 401));
}

static void lines_are_written_with_their_names(void **state)
{
    (void)state;
    char room[256];
    struct buffer lines;
    buffer_init_on(&lines, room, sizeof(room));
    answer_header_number(&lines, HEADER_RETRY_AFTER, 41);
    answer_header_text(&lines, HEADER_TREND_STALE, TEXT("1"));
    assert_true(
        text_equals(buffer_text(&lines), TEXT("Retry-After: 41\r\nX-Trend-Stale: 1\r\n")));
    for (size_t i = 0; i < HEADER_COUNT; i++) {
        assert_in_range(answer_headers[i].name.length, 1, 40);
        assert_in_range(answer_headers[i].example.length, 1, 80);
        assert_in_range(answer_header_place_words(answer_headers[i].place).length, 1, 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_whole_and_in_order),
        cmocka_unit_test(a_reason_of_one_status_is_there_once),
        cmocka_unit_test(places_follow_the_endpoint),
        cmocka_unit_test(what_http_refuses_has_a_row),
        cmocka_unit_test(headers_follow_the_answer),
        cmocka_unit_test(lines_are_written_with_their_names),
    };
    return cmocka_run_group_tests_name("call/failures", tests, NULL, NULL);
}
