/* exchange: what a well-meaning client sees, over real sockets. */
#include "harness.h"

#include <sys/socket.h>

static void one_request_is_answered(void **state)
{
    (void)state;
    struct http_limits limits = harness_limits();
    struct harness *harness = harness_open(2, &limits);
    struct client_answer answer;
    int client = client_open(harness);
    client_send(client, TEXT("GET /hello?a=1 HTTP/1.1\r\nHost: h\r\n\r\n"));
    client_read(client, false, &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "GET /hello ?a=1 host=h fields=1 body=0:\n");
    assert_non_null(strstr(answer.head, "\r\nDate: "));
    assert_non_null(strstr(answer.head, "\r\nContent-Length: "));
    assert_null(strstr(answer.head, "Connection:"));
    client_expect_open(client);
    client_close(client);
    harness_close(harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_request_is_answered),
    };
    return cmocka_run_group_tests_name("http/exchange", tests, NULL, NULL);
}
