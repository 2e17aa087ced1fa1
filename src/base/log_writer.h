/* log_writer: standard error with a thread of its own, so that whoever logs never waits.
 *
 * A pipe that nobody reads would otherwise stop the thread that writes to it. Lines wait in a
 * queue of LOG_QUEUE_BYTES; those for which there is no room are dropped, counted, and the
 * count is said when there is room again. Shared: its own lock, lowest of all in lock order. */
#pragma once

#include "base/reason.h"

/* Until then, and after log_writer_stop, lines are written where they are made. STATUS_IO when
 * the system has no thread left. */
enum status log_writer_start(struct reason *reason);

/* Whole lines, each with its newline. While the writer runs: never blocks. */
void log_writer_add(struct text lines);

/* Writes what waits, and gives up on a reader who stands still for LOG_STOP_MS. Does nothing
 * when it was not started. */
void log_writer_stop(void);
