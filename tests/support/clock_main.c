/* clock_main: trendgate with a clock that the test moves; all but the clock is the real program.
 *
 * TRENDGATE_TEST_CLOCK names a unix socket on which the test listens. The test writes a line
 * "WALL_US ELAPSED_US BOOT" whenever time is to move, the first as soon as the program connects,
 * and each is answered "ok" once it is what the clocks say. In between both stand still. Several
 * programs may hang on one test's clock (support/clock.py). */
#include "program.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LINE_BYTES_MAX 80 /* three integers of 64 bits */

static int test = -1;
static _Atomic int64_t wall_us, elapsed_us;
static struct time_source moved = {.boot = 0};

static instant wall_now(void *owner)
{
    (void)owner;
    return (instant){atomic_load(&wall_us)};
}

static duration elapsed_now(void *owner)
{
    (void)owner;
    return (duration){atomic_load(&elapsed_us)};
}

/* False: the test has gone. */
static bool line_read(char *line)
{
    for (size_t length = 0; length < LINE_BYTES_MAX; length++) {
        ssize_t got;
        do
            got = recv(test, &line[length], 1, 0);
        while (got < 0 && errno == EINTR);
        if (got <= 0)
            return false;
        if (line[length] == '\n') {
            line[length] = '\0';
            return true;
        }
    }
    check_failed(__FILE__, __LINE__, "the test writes lines that end");
}

/* boot: as the line says. */
static bool clocks_set(int64_t *boot)
{
    char line[LINE_BYTES_MAX];
    if (!line_read(line))
        return false;
    struct text rest = text_of(line);
    int64_t numbers[3];
    for (size_t i = 0; i < LENGTH_OF(numbers); i++)
        check(text_read_integer(text_cut(&rest, ' '), &numbers[i]) == STATUS_OK);
    atomic_store(&wall_us, numbers[0]);
    atomic_store(&elapsed_us, numbers[1]);
    *boot = numbers[2];
    return send(test, "ok\n", 3, MSG_NOSIGNAL) == 3;
}

static void *follow(void *owner)
{
    int64_t boot;
    while (clocks_set(&boot))
        check(boot == moved.boot); /* a machine that is booted anew takes its programs along */
    return owner;
}

static void clocks_begin(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    check(length > 0 && length < (int)sizeof(address.sun_path));
    test = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(test >= 0 && connect(test, (const struct sockaddr *)&address, sizeof(address)) == 0);
    check(clocks_set(&moved.boot));
    moved.now = wall_now;
    moved.elapsed = elapsed_now;
    pthread_t follower;
    check(pthread_create(&follower, NULL, follow, NULL) == 0);
    check(pthread_detach(follower) == 0);
}

int main(int argc, char **argv)
{
    const char *path = getenv("TRENDGATE_TEST_CLOCK");
    check(path);
    clocks_begin(path);
    return program_run(&moved, argc, argv);
}
