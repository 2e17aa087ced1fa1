/* sql_array: an array as a text that PostgreSQL reads (manual, section 8.15.2), for parameters that
 * carry a whole batch. Written by one thread; sql_array_text ends it. */
#pragma once

#include "base/buffer.h"

struct sql_array {
    struct buffer text;
    size_t count;
};

void sql_array_init(struct sql_array *array);
void sql_array_finish(struct sql_array *array);

/* Empty again; the memory is kept. */
void sql_array_clear(struct sql_array *array);

void sql_array_add(struct sql_array *array, int64_t value);
/* UTF-8 without NUL. */
void sql_array_add_text(struct sql_array *array, struct text value);

/* "{...}"; nothing may be added before it is cleared. Borrowed until then. */
struct text sql_array_text(struct sql_array *array);
