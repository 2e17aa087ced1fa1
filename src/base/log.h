/* log: lines for the operator, on standard error, one fact a line.
 *
 * "2026-11-22T18:48:39Z warning catalog: sentence". Any thread: lines never mix. Control bytes in
 * a sentence are written as '?'. Never blocks while the log_writer runs. Secrets never go in. */
#pragma once

#include "base/text.h"

enum log_level { LOG_INFO, LOG_WARNING, LOG_ERROR };

/* part: the folder or file that speaks. */
__attribute__((format(printf, 3, 4))) void log_line(enum log_level level, const char *part,
                                                    const char *format, ...);
