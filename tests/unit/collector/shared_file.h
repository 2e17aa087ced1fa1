/* shared_file: an empty catalogue that several collectors have open, and the clocks that all of
 * them go by. */
#pragma once

#include "base/instant.h"
#include "sql/db.h"
#include "support/catalogue_place.h"

#define COLLECTORS 2

extern struct db *file_of[COLLECTORS]; /* a connection each */
extern struct time_source moved_time;  /* of the boot 1 */

#define BEGIN_US (INT64_C(20000) * DAY_US) /* what the wall clock says first: a midnight */
#define HOUR_US (INT64_C(3600) * SECOND_US)

/* Time goes by on both clocks; the wall clock alone is set. */
void pass_by(int64_t us);
void wall_clock_step(int64_t us);
instant wall_now(void);

int shared_file_set_up(void **state);
int shared_file_tear_down(void **state);

/* Closes and opens a connection, as a collector that was restarted. */
void collector_restart(unsigned which);
