#include "base/folder.h"
#include "support/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Private whatever the umask says: a ledger will lie in it. */
static void a_made_folder_is_its_owners_alone(void **state)
{
    (void)state;
    char place[] = "/tmp/trendgate-folder-XXXXXX";
    char folder[64];
    char file[80];
    struct reason reason = {""};
    struct stat found;
    assert_non_null(mkdtemp(place));
    (void)snprintf(folder, sizeof(folder), "%s/new", place);
    (void)snprintf(file, sizeof(file), "%s/x.db", folder);
    mode_t usual = umask(0);
    assert_int_equal(folder_make_for(text_of(file), &reason), STATUS_OK);
    (void)umask(usual);
    assert_int_equal(stat(folder, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0700);
    assert_int_equal(folder_make_for(text_of(file), &reason), STATUS_OK); /* it is there */
    (void)snprintf(file, sizeof(file), "%s/a/b/x.db", folder);
    assert_int_equal(folder_make_for(text_of(file), &reason), STATUS_IO); /* two levels */
    assert_non_null(strstr(reason.sentence, "/a/b"));
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(rmdir(place), 0);
}

static atomic_bool is_over;

static void *come_and_go(void *file)
{
    while (!atomic_load(&is_over)) {
        int made = open(file, O_CREAT | O_WRONLY, 0600);
        if (made < 0 || close(made) != 0 || unlink(file) != 0)
            return NULL;
    }
    return file;
}

/* As a ledger's does while another command makes it; it has the same name at each moment. */
static void a_file_that_comes_meanwhile_is_no_link(void **state)
{
    (void)state;
    enum { LOOKS = 20000 };
    char place[] = "/tmp/trendgate-folder-XXXXXX";
    char file[64], resolved[PATH_BYTES_MAX];
    struct reason reason = {""};
    pthread_t other;
    void *done = NULL;
    assert_non_null(mkdtemp(place));
    (void)snprintf(file, sizeof(file), "%s/x.db", place);
    assert_int_equal(pthread_create(&other, NULL, come_and_go, file), 0);
    enum status status = STATUS_OK;
    for (int i = 0; i < LOOKS && status == STATUS_OK; i++)
        status = path_resolve(text_of(file), resolved, &reason);
    atomic_store(&is_over, true);
    assert_int_equal(pthread_join(other, &done), 0);
    assert_ptr_equal(done, file);
    assert_string_equal(reason.sentence, "");
    assert_string_equal(resolved, file);
    assert_int_equal(rmdir(place), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_made_folder_is_its_owners_alone),
        cmocka_unit_test(a_file_that_comes_meanwhile_is_no_link),
    };
    return cmocka_run_group_tests_name("base/folder", tests, NULL, NULL);
}
