/* A collector and a file of a folder that die at their n-th write, sync or deletion, for every n: no half
 * list stays, snapshots and appearances agree, what was told kept is there, no request is
 * forgotten, and the next run goes on to the same end. */
#include "base/secret.h"
#include "catalog/capture.h"
#include "catalog/store_history.h"
#include "collector/budget.h"
#include "collector/jobs.h"
#include "collector/known_files.h"
#include "crash/deaths.h"
#include "support/made_ranking.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BEGIN_US (INT64_C(20779) * DAY_US)
#define HOUR_US (INT64_C(3600) * SECOND_US)
#define HASHTAGS 30 /* some pages of appearances each */
#define COLLECTED 2
#define IMPORTED 2
#define RUN_OPERATIONS_MIN 300 /* below that the run is not what it is meant to be */

#define STEP DEATHS_STEP(1)

/* In memory that the parent shares, so that it knows what was told before the death. */
struct told {
    int64_t requests; /* permitted: they may have reached the source */
    int64_t lists;    /* told kept, of both kinds */
    duration later;   /* how long after the first run */
};

static struct told *told;
static char folder[64];
static char path[80];
static struct buffer file; /* that is imported */

static const struct list_key list = {.country = 3};
static const struct budget_limits limits = {TEXT_INITIAL("creative-center"), 1000, 1000};

static instant now_read(void *owner)
{
    (void)owner;
    return (instant){BEGIN_US + 30 * DAY_US + told->later.us};
}

static duration elapsed_read(void *owner)
{
    (void)owner;
    return (duration){HOUR_US + told->later.us};
}

static const struct time_source still = {.now = now_read, .elapsed = elapsed_read, .boot = 1};

static void done(enum status status, const struct reason *reason)
{
    if (status == STATUS_OK || status == STATUS_EXISTS)
        return;
    (void)fprintf(stderr, "%s\n", reason->sentence);
    _exit(1);
}

/* ---- What is played ---- */

/* Captures of one list, with half of the hashtags of the one before, and no rank change told, so
 * that each is reckoned from its predecessor. */
static struct ranking ranking_make(struct arena *arena, struct list_key key, unsigned day)
{
    struct ranking ranking = made_ranking(arena, key, HASHTAGS, 1 + day / 2);
    ranking.captured_at = (instant){BEGIN_US + (int64_t)day * DAY_US};
    for (size_t i = 0; i < ranking.hashtag_count; i++) {
        ranking.hashtags[i].rank_change = RANK_UNTOLD;
        ranking.hashtags[i].rank_diff = 0;
    }
    return ranking;
}

static void list_collect(struct store *store, struct db *db, unsigned day)
{
    struct reason reason = {0};
    int64_t request, snapshot_id;
    duration wait;
    struct job_hindrance hindrance;
    struct source_fare fare = {.succeeded_at = time_now(&still), .lists_new = 1};
    struct job_pause none = {0};
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    struct ranking ranking = ranking_make(&arena, list, day);
    int64_t holder = getpid();
    done(job_take(db, list, holder, time_now(&still), &hindrance, &reason), &reason);
    for (unsigned page = 0; page < 2; page++) {
        done(budget_take(db, &still, &limits, &request, &wait, &reason), &reason);
        told->requests++;
        done(budget_settle(db, &still, request, &reason), &reason);
    }
    done(store_publish(store, &ranking, &snapshot_id, &reason), &reason);
    told->lists++;
    done(budget_write_fare(db, &still, limits.source, &fare, &reason), &reason);
    done(job_release(db, list, holder, &none, &reason), &reason);
}

static const struct seen_file seen = {"lists.json", 1, 2, 3};

/* False: it was read before. */
static bool file_take(struct db *db)
{
    instant until;
    struct reason reason = {0};
    enum status status = known_file_take(db, TEXT("file"), &seen, getpid(), time_now(&still),
                                         &until, &reason);
    done(status, &reason);
    return status == STATUS_OK;
}

static void file_end(struct db *db)
{
    struct reason reason = {0};
    const struct file_end end = {
        .outcome = FILE_IS_KEPT, .lists = IMPORTED, .at = time_now(&still)};
    done(known_file_end(db, TEXT("file"), &seen, getpid(), &end, &reason), &reason);
}

static void file_import(struct store *store, struct db *db)
{
    struct reason reason = {0};
    struct capture capture;
    if (!file_take(db))
        return;
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    const struct capture_options options = {.file_name = TEXT("lists.json")};
    done(capture_read(buffer_text(&file), &options, &arena, &capture, &reason), &reason);
    check(capture.ranking_count == IMPORTED);
    for (size_t i = 0; i < capture.ranking_count; i++) {
        int64_t snapshot_id;
        done(store_publish(store, &capture.rankings[i], &snapshot_id, &reason), &reason);
        told->lists++;
    }
    file_end(db);
}

static void play(void)
{
    struct reason reason = {0};
    struct store *store = NULL;
    struct db *db = NULL;
    struct db_options options = {.journal = DB_JOURNAL_ROLLBACK, .busy_timeout_ms = 10000};
    done(store_open(text_of(path), &still, &store, &reason), &reason);
    done(db_open(text_of(path), &options, &db, &reason), &reason);
    for (unsigned day = 0; day < COLLECTED; day++)
        list_collect(store, db, day);
    file_import(store, db);
    db_close(db);
    store_close(store);
}

static bool dies(void)
{
    int end;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        play();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &end, 0), child);
    assert_true(WIFEXITED(end));
    if (WEXITSTATUS(end) != SHIM_DEATH)
        assert_int_equal(WEXITSTATUS(end), 0);
    return WEXITSTATUS(end) == SHIM_DEATH;
}

/* ---- What is left ---- */

struct found {
    struct store *store;
    int64_t snapshots, rows;
    const struct ranking *ranking; /* whose appearances are visited */
};

static void appearance_check(void *owner, const struct appearance *appearance)
{
    struct found *found = owner;
    assert_true((size_t)found->rows < found->ranking->hashtag_count);
    const struct hashtag *hashtag = &found->ranking->hashtags[found->rows++];
    assert_int_equal(appearance->rank, hashtag->rank);
    assert_int_equal(appearance->views, hashtag->views);
    assert_true(text_equals(appearance->hashtag_id, hashtag->id));
}

static void snapshot_check(void *owner, const struct snapshot_entry *entry)
{
    struct found *found = owner;
    struct ranking ranking;
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    const struct appearance_visitor visitor = {appearance_check, found};
    assert_int_equal(store_read(found->store, entry->id, &arena, &ranking, NULL), STATUS_OK);
    assert_int_equal(ranking.hashtag_count, HASHTAGS);
    found->ranking = &ranking;
    found->rows = 0;
    assert_int_equal(store_visit_appearances(found->store, entry->id, &visitor, NULL),
                     STATUS_OK);
    assert_int_equal(found->rows, HASHTAGS);
    found->snapshots++;
}

static int64_t number_of(struct db *db, const char *sql)
{
    CLEANUP(db_statement_release) struct db_statement *select = NULL;
    bool row;
    assert_int_equal(db_statement_take(db, sql, &select, NULL), STATUS_OK);
    assert_int_equal(db_step(select, &row, NULL), STATUS_OK);
    return db_column_integer(select, 0);
}

/* How many snapshots there are. */
static int64_t file_check(void)
{
    struct reason reason = {0};
    struct found found = {0};
    struct db *db;
    struct source_fare fare;
    struct db_options options = {.journal = DB_JOURNAL_ROLLBACK, .busy_timeout_ms = 10000};
    if (store_open(text_of(path), &still, &found.store, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
    assert_int_equal(store_visit(found.store, 0, snapshot_check, &found, NULL), STATUS_OK);
    assert_int_equal(db_open(text_of(path), &options, &db, NULL), STATUS_OK);
    assert_int_equal(number_of(db, "SELECT count(*) FROM pragma_integrity_check "
                                   "WHERE integrity_check <> 'ok'"),
                     0);
    assert_int_equal(number_of(db, "SELECT count(*) FROM appearance"),
                     found.snapshots * HASHTAGS);
    assert_int_equal(number_of(db, "SELECT count(*) FROM appearance WHERE hashtag NOT IN "
                                   "(SELECT id FROM hashtag)"),
                     0);
    if (number_of(db, "SELECT count(*) FROM source_file WHERE outcome = 1") > 0)
        assert_int_equal(found.snapshots, COLLECTED + IMPORTED); /* it is not read again */
    assert_int_equal(budget_read_fare(db, &still, limits.source, &fare, NULL), STATUS_OK);
    assert_true(fare.used_today >= told->requests);
    assert_true(fare.used_today <= told->requests + 1);
    db_close(db);
    store_close(found.store);
    return found.snapshots;
}

static void files_remove(void)
{
    static const char *const endings[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        char name[96];
        (void)snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        (void)unlink(name);
    }
}

static void scene_clear(void)
{
    files_remove();
    *told = (struct told){0};
}

/* Since the process before was told nothing of the list that it died in, one more may be there. */
static void run_check(bool died)
{
    int64_t kept = file_check();
    assert_true(kept >= told->lists && kept <= told->lists + 1);
    if (!died)
        assert_int_equal(kept, COLLECTED + IMPORTED);
}

static const struct deaths run = {scene_clear, dies, run_check, SHIM_KINDS, RUN_OPERATIONS_MIN};

static void a_killed_collector_leaves_no_half_list(void **state)
{
    (void)state;
    deaths_are_survived(&run, SHIM_ALL);
}

static void a_power_failure_leaves_no_half_list(void **state)
{
    (void)state;
    deaths_are_survived(&run, SHIM_SYNCED);
}

static void half_written_sectors_leave_no_half_list(void **state)
{
    (void)state;
    deaths_are_survived(&run, SHIM_TORN);
}

static void the_next_run_goes_on_after_every_death(void **state)
{
    (void)state;
    bool died = true;
    for (int64_t n = 1; died; n += 7 * STEP) {
        scene_clear();
        shim_order(&(struct shim_orders){.dies_at = n});
        died = dies();
        shim_survive(SHIM_TORN, (uint64_t)n);
        int64_t requests = told->requests;
        (void)file_check();
        *told = (struct told){.requests = requests, .later = {JOB_LEASE_US}};
        shim_order(&(struct shim_orders){0});
        assert_false(dies());
        assert_int_equal(file_check(), COLLECTED + IMPORTED);
    }
}

/* A control: a disk that says synced and is not must leave something amiss. */
static void a_disk_that_lies_about_syncs_loses_lists(void **state)
{
    (void)state;
    scene_clear();
    shim_order(&(struct shim_orders){.dies_at = RUN_OPERATIONS_MIN, .ignores_syncs = true});
    assert_true(dies());
    shim_survive(SHIM_SYNCED, 0);
    assert_true(told->lists > 0);
    struct store *store;
    struct found found = {0};
    if (store_open(text_of(path), &still, &store, NULL) != STATUS_OK)
        return;
    found.store = store;
    assert_int_equal(store_visit(store, 0, snapshot_check, &found, NULL), STATUS_OK);
    store_close(store);
    assert_true(found.snapshots < told->lists);
}

/* ---- The program ---- */

static void file_write(void)
{
    struct arena arena CLEANUP(arena_finish);
    arena_init(&arena, RANKING_ARENA_BYTES_MAX);
    char *bytes = NULL;
    size_t length = 0;
    struct capture_writer writer;
    FILE *memory = open_memstream(&bytes, &length);
    check(memory != NULL);
    check(capture_write_open(&writer, memory, CAPTURE_JSON) == STATUS_OK);
    for (unsigned i = 0; i < IMPORTED; i++) {
        struct list_key key = {.country = (uint8_t)(5 + i)};
        struct ranking ranking = ranking_make(&arena, key, i);
        check(capture_write(&writer, &ranking) == STATUS_OK);
    }
    check(capture_write_close(&writer) == STATUS_OK);
    check(fclose(memory) == 0);
    buffer_init(&file, CAPTURE_BYTES_MAX);
    buffer_append(&file, (struct text){bytes, length});
    free(bytes);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_collector_leaves_no_half_list),
        cmocka_unit_test(a_power_failure_leaves_no_half_list),
        cmocka_unit_test(half_written_sectors_leave_no_half_list),
        cmocka_unit_test(the_next_run_goes_on_after_every_death),
        cmocka_unit_test(a_disk_that_lies_about_syncs_loses_lists),
    };
    secret_start();
    cmocka_set_test_filter(argc > 1 ? argv[1] : NULL);
    told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(told != MAP_FAILED);
    (void)snprintf(folder, sizeof(folder), "%s/trendgate-crash-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    check(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof(path), "%s/x.db-catalog", folder);
    file_write();
    shim_install();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    files_remove();
    check(rmdir(folder) == 0);
    buffer_finish(&file);
    return failed;
}
