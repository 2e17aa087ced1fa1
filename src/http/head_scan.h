/* head_scan: the strict look at a request's raw head, before any parser sees it (RFC 9112).
 *
 * Reads each byte once, however the head arrives in pieces, and refuses what parsers are known
 * to read in more than one way: bare CR or LF, control bytes, folded lines, white space around
 * a name, empty or odd names, a request line that is not exactly three words. */
#pragma once

#include "http/refusal.h"
#include "http/server.h"

struct head_scan {
    size_t line_start;   /* of the line being read, from the head's first byte */
    size_t searched;     /* how far that line has been looked at */
    size_t fields_start; /* of the first header line */
    size_t lines;        /* whole lines so far, the request line among them */
};

enum head_progress { HEAD_PARTIAL, HEAD_WHOLE, HEAD_REFUSED };

/* bytes: everything from the head's first byte on, as far as it has arrived; later calls for
 * the same head pass the same bytes and more. scan begins zeroed. HEAD_WHOLE: the head, with
 * its empty line, is the first scan->line_start bytes, and has scan->lines - 1 header lines. */
enum head_progress head_scan_read(struct head_scan *scan, struct text bytes,
                                  const struct http_limits *limits,
                                  struct http_refusal *refusal);
