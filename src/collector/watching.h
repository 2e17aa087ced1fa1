/* watching: a source that is watched: its looks, its files one after the other, and what they hold
 * kept in the catalogue.
 *
 * A file is read by one collector at a time and once until it changes (known_files.h). It is
 * refused whole, or each of its lists is kept in a transaction of its own; what was kept when the
 * collector died is recognised by the next one. A list is what the file says it is: the same as
 * its predecessor too. That it is short is told of it as of a list that was fetched. All of it
 * belongs to the collector's thread. */
#pragma once

#include "collector/collector_parts.h"

#define WATCH_LOOK_TURNS 50    /* of COLLECTOR_LOOK_MS: once a second */
#define WATCH_LISTS_A_TURN 8   /* some 4 ms each, with their sync */
#define WATCH_KNOWN_A_TURN 256 /* files that were read before: some 20 us each */
#define WATCH_ONCE_LOOKS 120   /* so long does --once wait for a file that moves */

struct watching *watching_open(struct collector *collector, struct asked_source *source);

/* What is being read is left to the next collector. */
void watching_close(struct watching *watching);

/* A look, the reading of one file, or the keeping of some lists; called every
 * COLLECTOR_LOOK_MS. Blocks on the disk. */
void watching_turn(struct watching *watching);

/* For --once: all that was seen is read, or it was given up. */
bool watching_is_done(const struct watching *watching);
