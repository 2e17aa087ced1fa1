/* csv: records of comma-separated values, RFC 4180, read one by one.
 *
 * Quoted fields may hold commas, doubled quotes and line ends; records end in CRLF or LF; lines
 * that are empty are passed over. Refused: a quote inside an unquoted field, anything after a
 * closing quote but a comma or the record's end, a quote never closed, a CR on its own. Owned
 * by one thread. */
#pragma once

#include "base/buffer.h"
#include "base/reason.h"

#define CSV_FIELDS_MAX 64
#define CSV_RECORD_BYTES_MAX (2 * 1024 * 1024) /* a hundred creators and their addresses */

struct csv_reader {
    struct text rest; /* what is not read yet */
    size_t next_line;
    struct buffer unquoted;
    size_t starts[CSV_FIELDS_MAX + 1]; /* of the fields, in unquoted */
    struct text fields[CSV_FIELDS_MAX];
    size_t field_count;
    size_t line; /* on which the record begins, from 1 */
};

/* bytes are borrowed until csv_finish. */
void csv_init(struct csv_reader *reader, struct text bytes);
void csv_finish(struct csv_reader *reader);

/* Reads the next record into fields, which live until the next call. *found is false at the end
 * of the bytes. On a fault reason begins with its line: "line 7: a quote is never closed". */
enum status csv_read(struct csv_reader *reader, bool *found, struct reason *reason);

/* Appends a field, in quotes with its quotes doubled. */
void csv_write_field(struct buffer *out, struct text field);
