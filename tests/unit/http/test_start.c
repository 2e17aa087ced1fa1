/* start: a system that has no descriptor or no thread left is told of, and nothing stays open. */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* How many threads the system still has. */
static unsigned threads_left = UINT32_MAX;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument)
{
    if (threads_left == 0)
        return EAGAIN;
    threads_left--;
    return __real_pthread_create(thread, attributes, run, argument);
}

static enum status open_and_close(unsigned threads, struct reason *reason)
{
    struct http_server *server = NULL;
    struct http_server_options options = {.listen = TEXT("127.0.0.1:0"),
                                          .threads = threads,
                                          .time = time_source_system(),
                                          .limits = harness_limits()};
    enum status status = http_server_open(&options, &server, reason);
    assert_int_equal(server != NULL, status == STATUS_OK);
    http_server_close(server);
    return status;
}

static unsigned open_count(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    assert_int_equal(closedir(folder), 0);
    return count;
}

static void threads_that_cannot_be_started_are_told(void **state)
{
    (void)state;
    enum { THREADS = 3 };
    unsigned before = open_count();
    for (unsigned left = 0; left < THREADS; left++) {
        struct reason reason = {""};
        threads_left = left;
        assert_int_equal(open_and_close(THREADS, &reason), STATUS_IO);
        assert_non_null(strstr(reason.sentence, "thread"));
        assert_int_equal(open_count(), before);
    }
    threads_left = UINT32_MAX;
    struct reason reason = {""};
    assert_int_equal(open_and_close(THREADS, &reason), STATUS_OK);
}

/* With that many descriptors at most. */
static enum status open_within(unsigned descriptors)
{
    struct reason reason = {""};
    struct rlimit usual = open_files_limit(descriptors);
    enum status status = open_and_close(2, &reason);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_int_equal(strlen(reason.sentence) > 0, status != STATUS_OK);
    return status;
}

/* One more each time, until it serves. libuv 1.44 ends the program itself when it cannot have
 * its signal pipe, which the process's first loop opens, so one such loop comes first; and a
 * loop that it cannot make leaves its epoll descriptor open. */
static void descriptors_that_are_missing_are_told(void **state)
{
    (void)state;
    struct reason none = {""};
    assert_int_equal(open_and_close(1, &none), STATUS_OK);
    enum status status = STATUS_IO;
    unsigned descriptors = 0;
    for (; status != STATUS_OK && descriptors < 64; descriptors++) {
        unsigned before = open_count();
        status = open_within(descriptors);
        assert_in_range(open_count(), before, before + 1);
        assert_true(status == STATUS_OK || status == STATUS_IO);
    }
    assert_int_equal(status, STATUS_OK);
    assert_true(descriptors > 4); /* two sockets, and two loops' own */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_that_are_missing_are_told),
        cmocka_unit_test(threads_that_cannot_be_started_are_told),
    };
    return cmocka_run_group_tests_name("http/start", tests, NULL, NULL);
}
