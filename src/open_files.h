/* open_files: how many connections the limit of open files (RLIMIT_NOFILE) leaves room for.
 *
 * Without room, accept(2) fails, and libuv then closes clients without a word. So the limit is
 * raised as far as it goes, and connections are bounded below it: one more is answered 503, and
 * the files of the database and the command socket always find a descriptor. */
#pragma once

#include "base/reason.h"

/* Raises the soft limit to the hard one. *fitting is wanted, or what there is room for besides
 * the server's own files, which is logged. own: those of its threads and further listeners. STATUS_EXHAUSTED: there is room for none. Once, before
 * anything is opened. */
enum status open_files_fit(unsigned wanted, unsigned own, unsigned *fitting,
                           struct reason *reason);
