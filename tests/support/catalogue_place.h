/* catalogue_place: an empty place for a catalogue, in a file or on a PostgreSQL server, so that the same
 * test bodies run on both. */
#pragma once

#include "sql/db.h"
#include "support/unit.h"

/* Of the body at hand. */
extern enum db_kind place_kind;

/* For store_open; until place_release. */
const char *place_take(void);
void place_release(void);

/* Of a program with functions set_up and tear_down, which take and release the place. */
#define SET_UP_ON_BOTH                                                                         \
    static int set_up_in_file(void **state)                                                    \
    {                                                                                          \
        place_kind = DB_SQLITE;                                                                \
        return set_up(state);                                                                  \
    }                                                                                          \
    static int set_up_on_server(void **state)                                                  \
    {                                                                                          \
        place_kind = DB_POSTGRES;                                                              \
        return set_up(state);                                                                  \
    }

#define IN_FILE(function) cmocka_unit_test_setup_teardown(function, set_up_in_file, tear_down)
#define ON_SERVER(function)                                                                    \
    {                                                                                          \
#function "_on_postgres", function, set_up_on_server, tear_down, NULL                  \
    }
#define ON_BOTH(function) IN_FILE(function), ON_SERVER(function)

/* cmocka_run_group_tests; without a server the bodies that begin with on_server count as skipped. start:
 * before all of them; NULL: nothing is. */
int place_run(struct CMUnitTest *tests, size_t count, CMFixtureFunction on_server,
              CMFixtureFunction start);
