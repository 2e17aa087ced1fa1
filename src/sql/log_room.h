/* log_room: room in SQLite's write-ahead log, made before commits need it.
 *
 * A commit that makes the log longer has to write the file's inode beside its pages, which costs
 * as much again as its sync. A log that has grown past its first megabyte is therefore filled
 * with zeros a step ahead of its writer; SQLite takes zeros behind the last frame for nothing.
 * Owned by the thread that owns the connection. */
#pragma once

#include <sqlite3.h>

struct log_room {
    sqlite3_int64 bytes; /* of the log, as far as known; 0: not looked at yet */
};

/* Makes room after commits of that connection from now on, and checkpoints in place of
 * wal_autocheckpoint, which uses the same hook. room lives as long as the connection. */
void log_room_follow(struct log_room *room, sqlite3 *connection);
