/* json_read: JSON in, through jansson, with bounds of our own.
 *
 * Refused: more than JSON_BYTES_MAX, nesting over JSON_DEPTH_MAX, duplicate names, NUL and
 * invalid UTF-8 in strings, integers outside int64, bytes after the value. The document is owned
 * by the caller (json_document_close, or CLEANUP(json_document_finish)); what is read out of it
 * is borrowed. Any thread; one document belongs to one thread. */
#pragma once

#include "base/reason.h"

#include <jansson.h>

/* On failure reason says line, column and what is wrong there. */
enum status json_document_read(struct text bytes, json_t **document, struct reason *reason);

void json_document_finish(json_t **document); /* *document may be NULL */

/* Members of an object, borrowed. False when object is no object, or the member is missing or of
 * another type; outputs are then untouched. */
bool json_read_text(const json_t *object, const char *name, struct text *value);
bool json_read_integer(const json_t *object, const char *name, int64_t *value);
bool json_read_boolean(const json_t *object, const char *name, bool *value);

/* An integer, or a text of digits (with a '-' before them, if need be): many write either. False:
 * neither, and *whole is then of no use. */
bool json_read_whole(const json_t *value, int64_t *whole);
