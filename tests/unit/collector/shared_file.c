#include "shared_file.h"

#include "catalog/store.h"

struct db *file_of[COLLECTORS];

static const char *path;
static instant wall;
static duration elapsed;

static instant now_read(void *owner)
{
    (void)owner;
    return wall;
}

static duration elapsed_read(void *owner)
{
    (void)owner;
    return elapsed;
}

struct time_source moved_time = {.now = now_read, .elapsed = elapsed_read};

void pass_by(int64_t us)
{
    wall.us += us;
    elapsed.us += us;
}

void wall_clock_step(int64_t us)
{
    wall.us += us;
}

instant wall_now(void)
{
    return wall;
}

static void file_open(unsigned which)
{
    const struct db_options options = store_db_options(10000);
    struct reason reason = {0};
    if (db_open(text_of(path), &options, &file_of[which], &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
}

void collector_restart(unsigned which)
{
    db_close(file_of[which]);
    file_open(which);
}

int shared_file_set_up(void **state)
{
    (void)state;
    struct store *store;
    struct reason reason = {0};
    wall = (instant){BEGIN_US};
    elapsed = (duration){3600 * SECOND_US};
    moved_time.boot = 1;
    path = place_take();
    if (store_open(text_of(path), &moved_time, &store, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    store_close(store);
    for (unsigned i = 0; i < COLLECTORS; i++)
        file_open(i);
    return 0;
}

int shared_file_tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COLLECTORS; i++)
        db_close(file_of[i]);
    place_release();
    return 0;
}
