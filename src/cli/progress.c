#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#define QUIET_US SECOND_US
#define INTERVAL_US (SECOND_US / 10)
#define BAR_WIDTH 30

void progress_init(struct progress *progress, const char *what, int64_t total)
{
    *progress = (struct progress){
        .what = what,
        .total = total,
        .begun = time_elapsed(time_source_system()),
        .is_wanted = isatty(STDERR_FILENO) == 1,
    };
}

static void line_write(const struct progress *progress, int64_t done)
{
    if (progress->total <= 0) {
        (void)fprintf(stderr, "\r%lld %s\033[K", (long long)done, progress->what);
        return;
    }
    static const char full[] = "##############################";
    static const char open[] = "..............................";
    _Static_assert(sizeof(full) == BAR_WIDTH + 1 && sizeof(open) == sizeof(full), "bar");
    int64_t reached = done < progress->total ? done : progress->total;
    int filled = (int)(reached * BAR_WIDTH / progress->total);
    (void)fprintf(stderr, "\r[%.*s%.*s] %lld of %lld %s\033[K", filled, full,
                  BAR_WIDTH - filled, open, (long long)done, (long long)progress->total,
                  progress->what);
}

void progress_show(struct progress *progress, int64_t done)
{
    if (!progress->is_wanted)
        return;
    duration now = time_elapsed(time_source_system());
    if (now.us - progress->begun.us < QUIET_US || now.us - progress->shown.us < INTERVAL_US)
        return;
    progress->shown = now;
    progress->is_shown = true;
    line_write(progress, done);
    (void)fflush(stderr);
}

void progress_show_of(void *owner, int64_t done, int64_t total)
{
    struct progress *progress = owner;
    progress->total = total;
    progress_show(progress, done);
}

void progress_finish(struct progress *progress)
{
    if (!progress->is_shown)
        return;
    (void)fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    progress->is_shown = false;
}
