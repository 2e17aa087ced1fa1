/* headers_file: the operator's own request headers, "name: value" one a line, as a browser's
 * tools show them.
 *
 * Empty lines, lines that begin with '#' and the pseudo-headers of HTTP/2 (":path: ...") are
 * left out. The values are secrets: no sentence shows them. Any thread; blocks on the disk. */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "http/client.h"

#define HEADERS_FILE_BYTES_MAX (64 * 1024)

/* STATUS_INVALID: a line that is no header, a name twice, a header that the client sets itself
 * or a control character; reason names file and line. */
enum status headers_read(struct text bytes, struct text file_name, struct arena *arena,
                         struct client_header **headers, size_t *count, struct reason *reason);

/* Reads the file. STATUS_MISSING: there is none. STATUS_TOO_LARGE: over HEADERS_FILE_BYTES_MAX.
 * STATUS_IO: it cannot be read. */
enum status headers_load(const char *path, struct arena *arena, struct client_header **headers,
                         size_t *count, struct reason *reason);
