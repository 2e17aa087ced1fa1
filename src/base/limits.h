/* limits: every bound in the program, with its reason. Bytes, counts and milliseconds. */
#pragma once

/* Memory of a call: covers the longest head with room for its decoded arguments. */
#define ARENA_BLOCK_BYTES 4096
#define CALL_ARENA_BYTES_MAX (1024 * 1024)

/* JSON that we read: deeper or longer than any honest list (1,000 hashtags are under 2 MB). */
#define JSON_DEPTH_MAX 32
#define JSON_BYTES_MAX (64 * 1024 * 1024)

/* A sentence for a person: one long line of a terminal log. */
#define REASON_BYTES_MAX 512
#define LOG_LINE_BYTES_MAX 2048

/* Lines for standard error that wait for its reader: some 7,000 calls. At the end of the program
 * a reader who stands still has had time enough. */
#define LOG_QUEUE_BYTES (1024 * 1024)
#define LOG_STOP_MS 1000

/* Catalogue: an arena that holds any valid list while it is read; callers who may wait for cold
 * lists (each costs a parked call, and a render takes milliseconds). */
#define RANKING_ARENA_BYTES_MAX (256 * 1024 * 1024)
#define CATALOG_WAITERS_MAX 4096

/* A path with its NUL, as Linux takes it. */
#define PATH_BYTES_MAX 4096
