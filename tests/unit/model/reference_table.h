/* reference_table: the rows of a table of tab-separated values, for the tests of this folder. */
#pragma once

#include "support/shared_files.h"

/* Calls see with the first two cells of every row but the first; false when it is absent. */
static inline bool reference_table_visit(const char *path,
                                         void (*see)(struct text first, struct text second))
{
    struct text bytes;
    if (!shared_file_read(path, &bytes))
        return false;
    struct text rest = bytes;
    (void)text_cut(&rest, '\n');
    while (rest.at && rest.length > 0) {
        struct text row = text_cut(&rest, '\n');
        struct text first = text_cut(&row, '\t');
        see(first, text_cut(&row, '\t'));
    }
    free((char *)bytes.at);
    return true;
}
