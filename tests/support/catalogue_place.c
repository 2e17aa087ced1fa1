#include "support/catalogue_place.h"

#include "support/postgres_database.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum db_kind place_kind;

static char folder[64];
static char file[80];

const char *place_take(void)
{
    if (place_kind == DB_POSTGRES) {
        postgres_clear("catalog");
        return postgres_address();
    }
    (void)snprintf(folder, sizeof(folder), "/tmp/trendgate-catalogue-XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(file, sizeof(file), "%s/t.db-catalog", folder);
    return file;
}

void place_release(void)
{
    if (place_kind == DB_POSTGRES)
        return;
    (void)unlink(file);
    assert_int_equal(rmdir(folder), 0);
}

static void skipped(void **state)
{
    (void)state;
    skip();
}

int place_run(struct CMUnitTest *tests, size_t count, CMFixtureFunction on_server,
              CMFixtureFunction start)
{
    for (size_t i = 0; i < count; i++)
        if (tests[i].setup_func == on_server && !postgres_is_there()) {
            tests[i].test_func = skipped;
            tests[i].setup_func = tests[i].teardown_func = NULL;
        }
    return _cmocka_run_group_tests("catalogue", tests, count, start, NULL);
}
