#include "call/access_log.h"
#include "support/unit.h"

#include <stdio.h>
#include <unistd.h>

static instant now(void *owner)
{
    (void)owner;
    return (instant){INT64_C(1795373319) * SECOND_US}; /* 2026-11-22T18:48:39Z */
}

static duration elapsed(void *owner)
{
    (void)owner;
    return (duration){1085};
}

static const struct time_source time_source = {.now = now, .elapsed = elapsed, .boot = 1};
static struct pipeline pipeline = {.time = &time_source};
static struct http_request request;
static struct call call;

static int set_up(void **state)
{
    (void)state;
    pipeline.trusted_proxies = TEXT("");
    request = (struct http_request){.method_name = TEXT("GET"),
                                    .path = TEXT("/ping"),
                                    .query = TEXT("secret=1"),
                                    .peer_address = TEXT("127.0.0.1")};
    call = (struct call){.pipeline = &pipeline,
                         .request = &request,
                         .request_id = TEXT("r-1"),
                         .started = {1000}};
    return 0;
}

/* What write does to standard error, kept in a file that has no name. */
static FILE *caught;
static int kept;

static void catch_begin(void)
{
    caught = tmpfile();
    assert_non_null(caught);
    kept = dup(STDERR_FILENO);
    assert_true(kept >= 0);
    assert_true(dup2(fileno(caught), STDERR_FILENO) >= 0);
}

static struct text catch_end(char *room, size_t bytes)
{
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    (void)close(kept);
    rewind(caught);
    size_t length = fread(room, 1, bytes, caught);
    (void)fclose(caught);
    return (struct text){room, length};
}

static void assert_line(unsigned status, size_t bytes, struct text expected)
{
    char room[4096];
    catch_begin();
    access_log_add(&call, status, bytes);
    access_log_flush();
    struct text line = catch_end(room, sizeof(room));
    if (!text_equals(line, expected))
        fail_msg("'%.*s' is not '%.*s'", TEXT_PRINT(line), TEXT_PRINT(expected));
}

static void a_line_tells_one_request(void **state)
{
    (void)state;
    assert_line(200, 1234,
                TEXT("2026-11-22T18:48:39Z request id=r-1 client=127.0.0.1 GET /ping 200 "
                     "bytes=1234 us=85\n"));
    call.key_prefix = TEXT("tg_live_8fQ2");
    call.key.account_id = 7;
    assert_line(404, 0,
                TEXT("2026-11-22T18:48:39Z request id=r-1 client=127.0.0.1 GET /ping 404 "
                     "bytes=0 us=85 key=tg_live_8fQ2 account=7\n"));
}

static void a_tool_is_named_and_its_refusal(void **state)
{
    (void)state;
    const struct endpoint endpoint = {.operation_id = TEXT_INITIAL("lists")};
    const struct failure failure = {.reason = TEXT_INITIAL("rate_limited")};
    const struct refusal refusal = {.failure = &failure};
    struct tool_call tool = {0};
    call.endpoint = &endpoint;
    call.tool = &tool;
    assert_line(200, 7,
                TEXT("2026-11-22T18:48:39Z request id=r-1 client=127.0.0.1 GET /ping 200 "
                     "bytes=7 us=85 tool=lists\n"));
    tool.refusal = &refusal;
    assert_line(200, 7,
                TEXT("2026-11-22T18:48:39Z request id=r-1 client=127.0.0.1 GET /ping 200 "
                     "bytes=7 us=85 tool=lists refused=rate_limited\n"));
}

static void what_was_not_sent_is_not_counted(void **state)
{
    (void)state;
    request.method = HTTP_HEAD;
    request.method_name = TEXT("HEAD");
    assert_line(200, 1234,
                TEXT("2026-11-22T18:48:39Z request id=r-1 client=127.0.0.1 HEAD /ping 200 "
                     "bytes=0 us=85\n"));
}

static void the_client_behind_a_proxy_is_named(void **state)
{
    (void)state;
    struct http_field field = {TEXT("X-Forwarded-For"), TEXT("9.9.9.9")};
    request.fields = &field;
    request.field_count = 1;
    pipeline.trusted_proxies = TEXT("127.0.0.1");
    assert_line(200, 1,
                TEXT("2026-11-22T18:48:39Z request id=r-1 client=9.9.9.9 GET /ping 200 "
                     "bytes=1 us=85\n"));
}

/* Everything as long as it may be: the line is whole but for the path, which says so. */
static void long_paths_are_marked(void **state)
{
    (void)state;
    static char letters[70000];
    memset(letters, 'a', sizeof(letters));
    call.request_id = (struct text){letters, REQUEST_ID_LENGTH_MAX};
    call.key_prefix = TEXT("tg_live_8fQ2");
    call.key.account_id = INT64_MAX;
    call.started.us = INT64_MIN / 2;
    request.method_name = (struct text){letters, 5000};
    request.peer_address = TEXT("1111:2222:3333:4444:5555:6666:255.255.255.255");
    for (size_t length = 255; length < 65536; length += length < 258 ? 1 : 60000) {
        char room[4096];
        request.path = (struct text){letters, length};
        catch_begin();
        access_log_add(&call, 599, SIZE_MAX / 2);
        access_log_flush();
        struct text line = catch_end(room, sizeof(room));
        room[line.length] = 0;
        assert_int_equal(text_find(line, '\n'), line.length - 1);
        assert_non_null(strstr(room, " account=9223372036854775807\n"));
        assert_int_equal(strstr(room, "aaa... 599 ") != NULL, length > 256);
    }
}

#define LINES 2000

/* More than is gathered at once: nothing is lost and no line is torn. */
static void many_lines_come_out_whole_and_in_order(void **state)
{
    (void)state;
    static char room[LINES * 200];
    catch_begin();
    for (unsigned i = 0; i < LINES; i++)
        access_log_add(&call, 200 + i % 300, i);
    access_log_flush();
    struct text rest = catch_end(room, sizeof(room));
    for (unsigned i = 0; i < LINES; i++) {
        char end[64];
        (void)snprintf(end, sizeof(end), " %u bytes=%u us=85", 200 + i % 300, i);
        struct text line = text_cut(&rest, '\n');
        assert_true(line.length > strlen(end));
        assert_true(text_equals(text_slice(line, line.length - strlen(end), line.length),
                                text_of(end)));
    }
    assert_int_equal(rest.length, 0);
}

static void nothing_gathered_writes_nothing(void **state)
{
    (void)state;
    char room[16];
    catch_begin();
    access_log_flush();
    access_log_add(&call, 200, 0);
    assert_int_equal(catch_end(room, sizeof(room)).length, 0);
    catch_begin();
    access_log_flush();
    access_log_flush();
    assert_int_equal(catch_end(room, sizeof(room)).length, sizeof(room));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_line_tells_one_request, set_up),
        cmocka_unit_test_setup(a_tool_is_named_and_its_refusal, set_up),
        cmocka_unit_test_setup(what_was_not_sent_is_not_counted, set_up),
        cmocka_unit_test_setup(the_client_behind_a_proxy_is_named, set_up),
        cmocka_unit_test_setup(long_paths_are_marked, set_up),
        cmocka_unit_test_setup(many_lines_come_out_whole_and_in_order, set_up),
        cmocka_unit_test_setup(nothing_gathered_writes_nothing, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
