#include "ledger/sql_array.h"

#define ARRAY_BYTES_MAX                                                                        \
    (64 * 1024 * 1024) /* a batch of the longest windows is under half of it */

void sql_array_init(struct sql_array *array)
{
    buffer_init(&array->text, ARRAY_BYTES_MAX);
    sql_array_clear(array);
}

void sql_array_finish(struct sql_array *array)
{
    buffer_finish(&array->text);
}

void sql_array_clear(struct sql_array *array)
{
    buffer_clear(&array->text);
    array->count = 0;
}

static void element_begin(struct sql_array *array)
{
    buffer_append_byte(&array->text, array->count++ > 0 ? ',' : '{');
}

void sql_array_add(struct sql_array *array, int64_t value)
{
    element_begin(array);
    buffer_append_integer(&array->text, value);
}

void sql_array_add_text(struct sql_array *array, struct text value)
{
    element_begin(array);
    buffer_append_byte(&array->text, '"');
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] == '"' || value.at[i] == '\\')
            buffer_append_byte(&array->text, '\\');
        buffer_append_byte(&array->text, value.at[i]);
    }
    buffer_append_byte(&array->text, '"');
}

struct text sql_array_text(struct sql_array *array)
{
    if (array->count == 0)
        buffer_append_byte(&array->text, '{');
    buffer_append_byte(&array->text, '}');
    check(!array->text.overflowed);
    return buffer_text(&array->text);
}
