/* The room ahead in the log, over real files: it is there, bounded, and worth nothing to a reader
 * of the log. */
#include "sql/db.h"
#include "support/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MB (1024 * 1024)

static char folder[] = "/tmp/trendgate-log-room-XXXXXX";
static char path[64], log_path[72], copied_path[72], copied_log_path[80];

static int folder_make(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof(path), "%s/a.db", folder);
    (void)snprintf(log_path, sizeof(log_path), "%s-wal", path);
    (void)snprintf(copied_path, sizeof(copied_path), "%s/copied.db", folder);
    (void)snprintf(copied_log_path, sizeof(copied_log_path), "%s-wal", copied_path);
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    const char *const files[] = {path, log_path, copied_path, copied_log_path};
    for (size_t i = 0; i < LENGTH_OF(files); i++) {
        (void)unlink(files[i]);
        char shared[96];
        (void)snprintf(shared, sizeof(shared), "%s-shm", files[i]);
        (void)unlink(shared);
    }
    return rmdir(folder);
}

static struct db *opened(const char *file)
{
    const struct db_options options = {.journal = DB_JOURNAL_WAL};
    struct db *db = NULL;
    assert_int_equal(db_open(text_of(file), &options, &db, NULL), STATUS_OK);
    return db;
}

static void ran(struct db *db, const char *sql)
{
    struct reason reason = {""};
    if (db_execute(db, sql, &reason) != STATUS_OK)
        fail_msg("%s", reason.sentence);
}

static int64_t rows_of(struct db *db)
{
    CLEANUP(db_statement_release) struct db_statement *count = NULL;
    bool row = false;
    assert_int_equal(db_statement_take(db, "SELECT count(*) FROM kept", &count, NULL),
                     STATUS_OK);
    assert_int_equal(db_step(count, &row, NULL), STATUS_OK);
    return db_column_integer(count, 0);
}

static off_t bytes_of(const char *file)
{
    struct stat found;
    assert_int_equal(stat(file, &found), 0);
    return found.st_size;
}

/* As a power cut would leave the file: the zeros included. */
static void copy(const char *from, const char *to)
{
    char command[256];
    (void)snprintf(command, sizeof(command), "cp '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

static void room_is_made_ahead_and_not_for_ever(void **state)
{
    (void)state;
    struct db *db = opened(path);
    ran(db, "PRAGMA synchronous=OFF; CREATE TABLE kept (number INTEGER PRIMARY KEY, bytes)");
    assert_true(bytes_of(log_path) < MB); /* a short log has none */
    off_t before = 0;
    unsigned grown = 0;
    for (unsigned row = 0; row < 3000; row++) {
        ran(db, "INSERT INTO kept (bytes) VALUES (zeroblob(9000))");
        grown += bytes_of(log_path) != before;
        before = bytes_of(log_path);
    }
    assert_in_range(before, 16 * MB, 32 * MB);
    assert_in_range(grown, 16, 3000 / 8); /* by a step at a time; at first by each commit */
    copy(path, copied_path);
    copy(log_path, copied_log_path);
    struct db *copied = opened(copied_path);
    assert_int_equal(rows_of(copied), 3000);
    ran(copied, "INSERT INTO kept (bytes) VALUES (1)");
    ran(copied, "PRAGMA integrity_check");
    db_close(copied);
    copied = opened(copied_path);
    assert_int_equal(rows_of(copied), 3001);
    db_close(copied);
    assert_int_equal(rows_of(db), 3000);
    db_close(db);
}

/* A file that another program made: its frames are longer than ours, and none may be lost. */
static void frames_of_other_pages_are_left_alone(void **state)
{
    (void)state;
    (void)unlink(path);
    sqlite3 *made = NULL;
    assert_int_equal(sqlite3_open(path, &made), SQLITE_OK);
    assert_int_equal(sqlite3_exec(made,
                                  "PRAGMA page_size=16384; CREATE TABLE kept"
                                  " (number INTEGER PRIMARY KEY, bytes)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(made), SQLITE_OK);
    struct db *db = opened(path);
    ran(db, "PRAGMA synchronous=OFF");
    for (unsigned row = 0; row < 600; row++)
        ran(db, "INSERT INTO kept (bytes) VALUES (zeroblob(9000))");
    assert_true(bytes_of(log_path) > 8 * MB);
    copy(path, copied_path);
    copy(log_path, copied_log_path);
    struct db *copied = opened(copied_path);
    assert_int_equal(rows_of(copied), 600);
    db_close(copied);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_is_made_ahead_and_not_for_ever),
        cmocka_unit_test(frames_of_other_pages_are_left_alone),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
