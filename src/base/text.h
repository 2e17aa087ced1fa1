/* text: borrowed runs of bytes, with their length beside them.
 *
 * A text owns nothing and lives as long as what it was cut from. C strings exist only at the
 * edges to libraries. Every function is pure, total and callable from any thread. Numbers are
 * decimal; case is ASCII case. */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *at;
    size_t length; /* bytes */
};

/* A text of a string literal or char array, for expressions and for static tables. */
#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
/* clang-format off */
#define TEXT_INITIAL(literal) {(literal), sizeof(literal) - 1}
/* clang-format on */

/* For printf's "%.*s". */
#define TEXT_PRINT(text) (int)(text).length, (text).at

static inline struct text text_of(const char *string)
{
    return (struct text){string, string ? strlen(string) : 0};
}

static inline bool text_equals(struct text a, struct text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

/* The bytes from start up to, not including, end; both are clamped to the text. A NULL at stays
 * NULL: C forbids adding even 0 to it. */
static inline struct text text_slice(struct text whole, size_t start, size_t end)
{
    if (!whole.at)
        return whole;
    if (end > whole.length)
        end = whole.length;
    if (start > end)
        start = end;
    return (struct text){whole.at + start, end - start};
}

/* Of two texts of the same length. */
bool text_same_letters(struct text a, struct text b);

static inline bool text_equals_ignoring_case(struct text a, struct text b)
{
    return a.length == b.length && (text_equals(a, b) || text_same_letters(a, b));
}

bool text_starts_with(struct text whole, struct text prefix);

/* The place of the first such byte, or whole.length when there is none. */
size_t text_find(struct text whole, char byte);

/* Cuts the part before the first separator off *rest and returns it; *rest keeps what follows
 * the separator. Without a separator the whole is returned and *rest becomes empty with a NULL
 * at, which is how a loop over parts ends: while (rest.at) part = text_cut(&rest, ','). */
struct text text_cut(struct text *rest, char separator);

/* The value of a hexadecimal digit in either case; -1 for any other byte. */
int text_hexadecimal(char digit);

/* Without the spaces and tabs at both ends. */
struct text text_trim(struct text whole);

#define TEXT_INTEGER_BYTES 20 /* INT64_MIN with its sign */

/* The digits, at the end of room. */
struct text text_of_integer(int64_t value, char room[TEXT_INTEGER_BYTES]);

/* An optional '-' and digits only. STATUS_INVALID: not an integer. STATUS_TOO_LARGE: an integer
 * outside int64; *value is then INT64_MIN or INT64_MAX by its sign (the one function here that
 * writes its output on failure, so that a caller may clamp). */
enum status text_read_integer(struct text digits, int64_t *value);

/* True when every byte is one of '0'..'9' and there is at least one. */
bool text_is_digits(struct text whole);

/* Well-formed UTF-8 of RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF. */
bool text_is_utf8(struct text whole);

/* UTF-8 on one line, in which everything shows and stands where it is written: no control
 * characters and line ends (also those of U+0080 and on), none that turn the direction of writing
 * (Unicode Standard Annex 9, section 2), no spaces without width. */
bool text_is_plain(struct text whole);

/* Edits (insert, delete, replace) between two texts, for "did you mean"; texts over 64 bytes
 * count as 64 apart. */
unsigned text_distance(struct text a, struct text b);

/* Whether so many edits from a known name are a slip in writing it: one, or up to a third of its
 * length. More would suggest what was never meant. */
bool text_is_slip(unsigned edits, struct text known);
