/* json_place: on which line of a JSON text a value stands, for sentences about it.
 *
 * jansson forgets where its values came from. Instead of remembering it for each, the text is
 * scanned once more when there is a fault to report. Pure; any thread. */
#pragma once

#include "base/text.h"

/* Into the member of that name, or, where name is NULL, the element of that index. */
struct json_step {
    const char *name;
    size_t index; /* from 0 */
};

/* The line, from 1, on which the value at the end of the path begins; 0 when there is none.
 * document must be valid JSON; names are compared as they are written, escapes included. */
size_t json_place_line(struct text document, const struct json_step *path, size_t steps);
