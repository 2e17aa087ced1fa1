/* ini_file: ini files read strictly, each fault named by file and line.
 *
 * The format is [section] and name = value, one a line; '#' or ';' opens a comment line, and ';'
 * after a blank a comment behind a value. A name is made of a-z, 0-9 and '_'. The values are
 * taken apart by inih; what that library would cut off, join or let pass is refused before it
 * sees the line: lines over INI_LINE_BYTES_MAX, continuation lines, names before the first
 * section, text behind a ']', control bytes, invalid UTF-8. */
#pragma once

#include "base/arena.h"
#include "base/reason.h"

#define INI_LINE_BYTES_MAX 196   /* Debian's libinih reads 200 bytes with CR, LF and NUL */
#define INI_SECTION_BYTES_MAX 80 /* "endpoint " and the longest operation id */
#define INI_NAME_BYTES_MAX 40    /* libinih keeps 49 */
#define INI_FILE_BYTES_MAX 65536 /* ten times the longest honest file */

enum ini_kind {
    INI_SECTION_BEGIN, /* name and value are empty */
    INI_MEMBER,
    INI_SECTION_END, /* name and value are empty; line is that of the beginning */
};

/* Borrowed for the time of the visit. */
struct ini_entry {
    enum ini_kind kind;
    struct text section;
    struct text name;
    struct text value; /* without the blanks around it; may be empty */
    unsigned line;     /* from 1 */
};

struct ini_visitor {
    /* Anything but STATUS_OK ends the reading; the sentence gets "FILE:LINE: " before it. */
    enum status (*visit)(void *owner, const struct ini_entry *entry, struct reason *reason);
    void *owner;
};

/* bytes: a whole file; file_name: for faults. STATUS_INVALID with the first fault. */
enum status ini_read(struct text bytes, struct text file_name,
                     const struct ini_visitor *visitor, struct reason *reason);

/* How far a name that does not exist is from one that does: text_distance, but 1 where the known
 * name begins with it. */
unsigned ini_name_distance(struct text written, struct text known);

/* Reads a whole file into arena. STATUS_MISSING: there is none. STATUS_TOO_LARGE: over
 * INI_FILE_BYTES_MAX. STATUS_IO: it cannot be read. */
enum status ini_load(const char *path, struct arena *arena, struct text *bytes,
                     struct reason *reason);
