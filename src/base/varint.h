/* varint: integers as few bytes: 7 bits a byte, least first, the high bit set in all but the last.
 *
 * Signed ones are zigzag first, so that small negative numbers are short too. Pure; any thread. */
#pragma once

#include "base/buffer.h"

void varint_put(struct buffer *bytes, uint64_t value);
void varint_put_signed(struct buffer *bytes, int64_t value);

/* Takes one off the beginning of rest. STATUS_CORRUPT: there is none, or it is over 64 bits. */
enum status varint_take(struct text *rest, uint64_t *value);
enum status varint_take_signed(struct text *rest, int64_t *value);
