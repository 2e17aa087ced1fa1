/* json_write: JSON written straight into a buffer, commas and escapes taken care of.
 *
 * Follows RFC 8259: text goes out as the UTF-8 it is, with only '"', '\' and the control bytes
 * escaped. Owned by one thread. The caller opens and closes objects and arrays in pairs; the
 * nesting is not checked here but by the tests that read every document back. */
#pragma once

#include "base/buffer.h"

struct json_writer {
    struct buffer *out; /* borrowed */
    bool comma_due;
};

static inline struct json_writer json_writer_on(struct buffer *out)
{
    return (struct json_writer){.out = out};
}

void json_object_open(struct json_writer *writer);
void json_object_close(struct json_writer *writer);
void json_array_open(struct json_writer *writer);
void json_array_close(struct json_writer *writer);

/* The name of the member whose value is written next. */
void json_name(struct json_writer *writer, struct text name);

/* UTF-8, checked by who reads. */
void json_write_text(struct json_writer *writer, struct text value);
/* What stands between the two '"' of a text, for one that is written in pieces. */
void json_escape(struct buffer *out, struct text value);
/* json_integer, json_boolean and json_null are names of jansson. */
void json_write_integer(struct json_writer *writer, int64_t value);
void json_write_boolean(struct json_writer *writer, bool value);

/* Bytes that are a JSON value already. */
void json_write_raw(struct json_writer *writer, struct text value);

/* A name and its value in one. */
void json_member_text(struct json_writer *writer, struct text name, struct text value);
void json_member_integer(struct json_writer *writer, struct text name, int64_t value);
void json_member_boolean(struct json_writer *writer, struct text name, bool value);
