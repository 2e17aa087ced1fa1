#include "base/log_writer.h"

#include "base/buffer.h"
#include "base/instant.h"
#include "base/limits.h"

#include <errno.h>
#include <linux/limits.h> /* <limits.h> is found as base/limits.h */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define LOOK_MS 100 /* how soon a stop is seen while nobody reads */

/* Standard error is the process's one, and so is its writer. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    pthread_t thread;
    bool runs;
    bool stops;
    struct buffer waiting;
    struct buffer writing; /* the writer's alone */
    uint64_t dropped;      /* lines, not yet told */
} writer = {.lock = PTHREAD_MUTEX_INITIALIZER, .arrived = PTHREAD_COND_INITIALIZER};

/* ---- Writing ---- */

/* False when standard error takes nothing at all any more. */
static bool write_some(struct text *left, size_t bytes)
{
    ssize_t count = write(STDERR_FILENO, left->at, bytes);
    if (count < 0)
        return errno == EINTR || errno == EAGAIN;
    *left = text_slice(*left, (size_t)count, left->length);
    return count > 0;
}

static void write_all(struct text lines)
{
    while (lines.length > 0 && write_some(&lines, lines.length))
        continue;
}

/* The whole lines that a pipe which poll calls writable takes without blocking (POSIX: as much
 * as PIPE_BUF); a longer line is cut. */
static size_t piece_bytes(struct text lines)
{
    size_t bytes = lines.length < PIPE_BUF ? lines.length : PIPE_BUF;
    size_t end = bytes;
    while (end > 0 && lines.at[end - 1] != '\n')
        end--;
    return end > 0 ? end : bytes;
}

static bool is_to_stop(void)
{
    check(pthread_mutex_lock(&writer.lock) == 0);
    bool stops = writer.stops;
    check(pthread_mutex_unlock(&writer.lock) == 0);
    return stops;
}

/* Waits for the reader as long as it takes, and LOG_STOP_MS once the program stops. */
static void write_patiently(struct text lines)
{
    int stood_ms = 0;
    while (lines.length > 0 && stood_ms < LOG_STOP_MS) {
        struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
        int ready = poll(&room, 1, LOOK_MS);
        if (ready > 0 && !write_some(&lines, piece_bytes(lines)))
            return;
        if (ready == 0 && is_to_stop())
            stood_ms += LOOK_MS;
    }
}

/* ---- The thread ---- */

static void say_dropped(struct buffer *lines, uint64_t dropped)
{
    char date[INSTANT_TEXT_BYTES];
    buffer_append(lines, instant_rfc3339(time_now(time_source_system()), date));
    buffer_append(lines, TEXT(" warning log: "));
    buffer_append_integer(lines, (int64_t)dropped);
    buffer_append(lines, TEXT(" lines were dropped: standard error is not read in time\n"));
}

/* Waits for lines and takes them all; false when there are none and there will be none. */
static bool lines_take(void)
{
    check(pthread_mutex_lock(&writer.lock) == 0);
    while (writer.waiting.length == 0 && !writer.stops)
        check(pthread_cond_wait(&writer.arrived, &writer.lock) == 0);
    struct buffer taken = writer.waiting;
    uint64_t dropped = writer.dropped;
    writer.waiting = writer.writing;
    writer.dropped = 0;
    check(pthread_mutex_unlock(&writer.lock) == 0);
    writer.writing = taken;
    if (dropped > 0)
        say_dropped(&writer.writing, dropped);
    return writer.writing.length > 0;
}

static void *work(void *unused)
{
    (void)unused;
    while (lines_take()) {
        write_patiently(buffer_text(&writer.writing));
        buffer_clear(&writer.writing);
    }
    return NULL;
}

/* ---- The outside ---- */

/* Signals are the main thread's. */
static int thread_start(void)
{
    sigset_t blocked;
    sigset_t before;
    sigfillset(&blocked);
    check(pthread_sigmask(SIG_SETMASK, &blocked, &before) == 0);
    int outcome = pthread_create(&writer.thread, NULL, work, NULL);
    check(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return outcome;
}

enum status log_writer_start(struct reason *reason)
{
    check(!writer.runs);
    buffer_init(&writer.waiting, LOG_QUEUE_BYTES + LOG_LINE_BYTES_MAX); /* for say_dropped */
    buffer_init(&writer.writing, LOG_QUEUE_BYTES + LOG_LINE_BYTES_MAX);
    writer.stops = false;
    writer.dropped = 0;
    writer.runs = true;
    int outcome = thread_start();
    if (outcome == 0)
        return STATUS_OK;
    writer.runs = false;
    return reason_set(reason, STATUS_IO, "the log's thread cannot be started: %s",
                      strerror(outcome));
}

static uint64_t lines_in(struct text lines)
{
    uint64_t count = 0;
    for (size_t i = 0; i < lines.length; i++)
        count += lines.at[i] == '\n';
    return count;
}

void log_writer_add(struct text lines)
{
    check(pthread_mutex_lock(&writer.lock) == 0);
    bool runs = writer.runs;
    if (runs && writer.waiting.length + lines.length <= LOG_QUEUE_BYTES) {
        buffer_append(&writer.waiting, lines);
        check(pthread_cond_signal(&writer.arrived) == 0);
    } else if (runs) {
        writer.dropped += lines_in(lines);
    }
    check(pthread_mutex_unlock(&writer.lock) == 0);
    if (!runs)
        write_all(lines);
}

void log_writer_stop(void)
{
    check(pthread_mutex_lock(&writer.lock) == 0);
    bool runs = writer.runs;
    writer.stops = true;
    check(pthread_cond_signal(&writer.arrived) == 0);
    check(pthread_mutex_unlock(&writer.lock) == 0);
    if (!runs)
        return;
    check(pthread_join(writer.thread, NULL) == 0);
    check(pthread_mutex_lock(&writer.lock) == 0);
    writer.runs = false;
    buffer_finish(&writer.waiting);
    buffer_finish(&writer.writing);
    check(pthread_mutex_unlock(&writer.lock) == 0);
}
