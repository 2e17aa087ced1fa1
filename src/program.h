/* program: all of trendgate but the choice of its clock, which is main's. */
#pragma once

#include "base/instant.h"

/* Picks the command and runs it to its end. time: what the command, or the server, goes by; only
 * the stamps of log lines, progress on a terminal, timers and deadlines of connections do not.
 * Returns the exit code. On the main thread, once. */
int program_run(const struct time_source *time, int argc, char **argv);
