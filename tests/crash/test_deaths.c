/* A process that dies at its n-th write, sync or truncation, for every n, and what a power
 * failure then leaves: nothing settled is lost, nothing is charged twice. */
#include "crash/deaths.h"
#include "crash/scene.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Below that they are not what they are meant to be. */
#define START_OPERATIONS_MIN 300
#define RUN_OPERATIONS_MIN 300

#define STEP DEATHS_STEP(1)

static void is_exact(bool died)
{
    (void)died;
    assert_int_equal(scene_check(SCENE_EXACT), 0);
}

/* ---- Every n of the first start ---- */

static bool start_dies(void)
{
    return scene_dies(scene_start);
}

static void a_death_of_the_first_start_loses_nothing(void **state)
{
    (void)state;
    const struct deaths start = {scene_clear, start_dies, is_exact, SHIM_KINDS,
                                 START_OPERATIONS_MIN};
    for (int kind = 0; kind < SHIM_KINDS; kind++)
        deaths_are_survived(&start, (enum shim_survivors)kind);
}

/* ---- Every n of a run ---- */

static bool run_dies(void)
{
    return scene_dies(scene_play);
}

static const struct deaths run = {scene_put_back, run_dies, is_exact, SHIM_KINDS,
                                  RUN_OPERATIONS_MIN};

/* Runs are played on a database that was made before: making one takes as many operations. */
static void started_keep(void)
{
    scene_clear();
    shim_order(&(struct shim_orders){0});
    assert_false(start_dies());
    scene_keep();
}

static void every_run_is_survived(enum shim_survivors survivors)
{
    started_keep();
    deaths_are_survived(&run, survivors);
}

static void a_killed_process_loses_nothing(void **state)
{
    (void)state;
    every_run_is_survived(SHIM_ALL);
    print_message("# %zu in a round\n", scene_deaths_in_rounds());
    assert_true(scene_deaths_in_rounds() > 3);
}

static void a_power_failure_loses_nothing_settled(void **state)
{
    (void)state;
    every_run_is_survived(SHIM_SYNCED);
}

static void half_written_sectors_lose_nothing_settled(void **state)
{
    (void)state;
    every_run_is_survived(SHIM_TORN);
}

/* ---- Every n of a restart ---- */

static int64_t every_restart_is_survived(int64_t first_death)
{
    started_keep();
    shim_order(&(struct shim_orders){.dies_at = first_death});
    assert_true(run_dies());
    shim_survive(SHIM_ALL, 0);
    assert_true(scene_stored("SELECT count(*) FROM journal"
                             " WHERE id > (SELECT journal_id FROM fold_mark)") > 0);
    scene_keep();
    bool died = true;
    int64_t n = 1;
    for (; died; n += STEP) {
        scene_put_back();
        shim_order(&(struct shim_orders){.dies_at = n});
        died = scene_dies(scene_resume);
        shim_survive(n % 2 ? SHIM_ALL : SHIM_TORN, (uint64_t)n);
        assert_int_equal(scene_check(SCENE_EXACT), 0);
    }
    return n / STEP;
}

/* Folding before the journal of the killed run was replayed would drop its unfolded rows from the
 * balances for good: so it is killed between every two steps of that. */
static void a_death_between_replay_and_fold_loses_nothing(void **state)
{
    (void)state;
    int64_t deaths = 0;
    for (int64_t first = 240; first < 330; first += 30)
        deaths += every_restart_is_survived(first);
    print_message("# %lld deaths\n", (long long)deaths);
    assert_true(deaths > 100 / STEP);
}

/* ---- Every n while room is made ahead of the log ---- */

#define ROOM_BYTES (1024 * 1024) /* less than what the log has when room was made once */

static int64_t log_bytes(void)
{
    char file[96];
    (void)snprintf(file, sizeof(file), "%s-wal", scene->path);
    struct stat log;
    return stat(file, &log) == 0 ? log.st_size : 0;
}

static bool long_run_dies(int64_t n)
{
    scene_clear();
    scene->has_room = true;
    shim_order(&(struct shim_orders){.dies_at = n});
    return scene_dies(scene_play_long);
}

/* The first n at which the log has more than its first MB, to within a round. */
static int64_t room_found(void)
{
    int64_t n = 200;
    while (long_run_dies(n) && log_bytes() <= ROOM_BYTES)
        n += 40;
    return n;
}

static void a_death_while_room_is_made_loses_nothing(void **state)
{
    (void)state;
    int64_t first = room_found() - 60;
    int64_t last_bytes = 0;
    for (int64_t n = first; n < first + 120; n += STEP) {
        assert_true(long_run_dies(n));
        last_bytes = log_bytes();
        shim_survive(n % 2 ? SHIM_ALL : SHIM_TORN, (uint64_t)n);
        assert_int_equal(scene_check(SCENE_EXACT), 0);
    }
    print_message("# the log had %lld bytes\n", (long long)last_bytes);
    assert_true(last_bytes > ROOM_BYTES);
}

/* ---- Controls: without syncs the same deaths must cost something ---- */

#define CONTROL_STEP 23

static size_t lost_without_syncs(bool is_careless, bool lies)
{
    size_t lost = 0;
    bool died = true;
    for (int64_t n = CONTROL_STEP; died; n += CONTROL_STEP) {
        scene_clear();
        scene->is_careless = is_careless;
        shim_order(&(struct shim_orders){.dies_at = n, .ignores_syncs = lies});
        died = scene_dies(scene_play);
        shim_survive(SHIM_SYNCED, 0);
        scene->is_careless = false;
        memset(scene->is_made, 0, sizeof(scene->is_made)); /* may be lost too */
        lost += scene_check(SCENE_MAY_LOSE);
    }
    print_message("# %zu settled charges lost\n", lost);
    return lost;
}

static void with_synchronous_off_a_power_failure_loses_charges(void **state)
{
    (void)state;
    assert_int_not_equal(lost_without_syncs(true, false), 0);
}

static void a_disk_that_lies_about_syncs_loses_charges(void **state)
{
    (void)state;
    assert_int_not_equal(lost_without_syncs(false, true), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(a_death_of_the_first_start_loses_nothing),
        SCENE_TEST(a_killed_process_loses_nothing),
        SCENE_TEST(a_power_failure_loses_nothing_settled),
        SCENE_TEST(half_written_sectors_lose_nothing_settled),
        SCENE_TEST(a_death_between_replay_and_fold_loses_nothing),
        SCENE_TEST(a_death_while_room_is_made_loses_nothing),
        SCENE_TEST(with_synchronous_off_a_power_failure_loses_charges),
        SCENE_TEST(a_disk_that_lies_about_syncs_loses_charges),
    };
    return scene_main(tests, argc, argv);
}
