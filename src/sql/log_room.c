#include "sql/log_room.h"

#include <string.h>

#define PAGE_BYTES 4096
#define LOG_HEADER_BYTES 32
#define FRAME_BYTES (24 + PAGE_BYTES)

/* Frames after which the log is written back: fewer cost more syncs, more make readers and the
 * next start slower. */
#define CHECKPOINT_FRAMES 4000

#define STEP_BYTES (1024 * 1024)

/* Twice what fits before a checkpoint: readers may hold one off for a while. */
#define ROOM_BYTES_MAX (32 * 1024 * 1024)

static const char zeros[64 * 1024];

static sqlite3_file *log_of(sqlite3 *connection)
{
    sqlite3_file *log = NULL;
    if (sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) !=
        SQLITE_OK)
        return NULL;
    return log && log->pMethods ? log : NULL;
}

/* Room is a matter of speed: where it cannot be made, commits go on without. What was written of
 * it stays, and is used. */
static void room_make(struct log_room *room, sqlite3 *connection, sqlite3_int64 used)
{
    sqlite3_file *log = log_of(connection);
    if (!log)
        return;
    /* Behind all that is there, however long its frames are: a zero on a frame would lose it. */
    if (log->pMethods->xFileSize(log, &room->bytes) != SQLITE_OK)
        return;
    while (room->bytes < used + STEP_BYTES && room->bytes < ROOM_BYTES_MAX) {
        if (log->pMethods->xWrite(log, zeros, sizeof(zeros), room->bytes) != SQLITE_OK)
            return;
        room->bytes += (sqlite3_int64)sizeof(zeros);
    }
}

/* Called after each commit, outside of every lock. What is returned would be the commit's outcome:
 * a checkpoint that fails is tried again after the next. */
static int on_commit(void *owner, sqlite3 *connection, const char *database, int frames)
{
    struct log_room *room = owner;
    sqlite3_int64 used = LOG_HEADER_BYTES + (sqlite3_int64)frames * FRAME_BYTES;
    if (used > STEP_BYTES && (room->bytes == 0 || used + STEP_BYTES / 2 > room->bytes))
        room_make(room, connection, used);
    if (frames >= CHECKPOINT_FRAMES)
        (void)sqlite3_wal_checkpoint(connection, database);
    return SQLITE_OK;
}

void log_room_follow(struct log_room *room, sqlite3 *connection)
{
    *room = (struct log_room){0};
    (void)sqlite3_wal_hook(connection, on_commit, room);
}
