/* placement: which server holds the rows of a bucket, and a connection to each of those servers.
 *
 * Citus spreads the tables over servers and knows the way to each row on every one of them: whoever asks
 * the wrong one is right, and slower. So the map that is kept here may be old. It is read from the tables
 * under the view citus_shards, which would ask each server for sizes: pg_dist_placement and pg_dist_node lie
 * on the coordinator, and answer while a server is down, when a new map is needed most. Owned by the thread
 * of a lane; blocks on the databases. */
#pragma once

#include "base/instant.h"
#include "sql/db.h"

/* A map is read anew when it is that old, as buckets are moved to new servers by and by. */
#define PLACEMENT_LIFE_US (INT64_C(60) * SECOND_US)

struct placement;

/* home: the coordinator; it and options outlive the placement. */
struct placement *placement_open(struct db *home, const struct db_options *options);
void placement_close(struct placement *placement);

/* Where the bucket is, to the best of our knowledge; borrowed until the next call. now: by a clock that
 * never steps. A map that cannot be read anew is used on. STATUS_UNAVAILABLE: there is none, or that server is
 * not there; STATUS_MISSING: no server has the bucket. */
enum status placement_find(struct placement *placement, int64_t bucket, duration now,
                           struct db **db, struct reason *reason);

/* Something failed there: the next call reads the map anew. */
void placement_doubt(struct placement *placement);

/* What Citus calls a server, in the address of another: the same user, database and options, at that host
 * and port. Longer than the room: STATUS_TOO_LARGE. */
enum status placement_address(const char *home, struct text host, int64_t port, char *room,
                              size_t room_bytes);
