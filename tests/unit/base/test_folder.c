#include "base/folder.h"
#include "support/unit.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_made_folder_is_its_owners_alone)};
    return cmocka_run_group_tests_name("base/folder", tests, NULL, NULL);
}
