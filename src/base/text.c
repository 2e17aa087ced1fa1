#include "base/text.h"

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

bool text_same_letters(struct text a, struct text b)
{
    for (size_t i = 0; i < a.length; i++)
        if (a.at[i] != b.at[i] && lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

bool text_starts_with(struct text whole, struct text prefix)
{
    return whole.length >= prefix.length &&
           text_equals(text_slice(whole, 0, prefix.length), prefix);
}

size_t text_find(struct text whole, char byte)
{
    if (whole.length == 0)
        return 0;
    const char *found = memchr(whole.at, byte, whole.length);
    return found ? (size_t)(found - whole.at) : whole.length;
}

struct text text_cut(struct text *rest, char separator)
{
    size_t end = text_find(*rest, separator);
    struct text part = text_slice(*rest, 0, end);
    *rest = end < rest->length ? text_slice(*rest, end + 1, rest->length) : (struct text){0};
    return part;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

int text_hexadecimal(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

struct text text_trim(struct text whole)
{
    while (whole.length > 0 && is_blank(whole.at[0]))
        whole = text_slice(whole, 1, whole.length);
    while (whole.length > 0 && is_blank(whole.at[whole.length - 1]))
        whole.length--;
    return whole;
}

bool text_is_digits(struct text whole)
{
    for (size_t i = 0; i < whole.length; i++)
        if (whole.at[i] < '0' || whole.at[i] > '9')
            return false;
    return whole.length > 0;
}

/* From the last digit to the first, two at a time: a division is what it costs. */
struct text text_of_integer(int64_t value, char room[TEXT_INTEGER_BYTES])
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    size_t start = TEXT_INTEGER_BYTES;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    for (; rest >= 10; rest /= 100) {
        start -= 2;
        memcpy(room + start, pairs + rest % 100 * 2, 2);
    }
    if (rest > 0 || start == TEXT_INTEGER_BYTES)
        room[--start] = (char)('0' + rest);
    if (value < 0)
        room[--start] = '-';
    return (struct text){room + start, TEXT_INTEGER_BYTES - start};
}

enum status text_read_integer(struct text digits, int64_t *value)
{
    bool negative = digits.length > 0 && digits.at[0] == '-';
    if (negative)
        digits = text_slice(digits, 1, digits.length);
    if (!text_is_digits(digits))
        return STATUS_INVALID;
    int64_t sum = 0; /* kept negative: the range of int64 is wider on that side */
    for (size_t i = 0; i < digits.length; i++) {
        int64_t shifted;
        if (__builtin_mul_overflow(sum, 10, &shifted) ||
            __builtin_sub_overflow(shifted, digits.at[i] - '0', &sum) ||
            (!negative && sum == INT64_MIN)) {
            *value = negative ? INT64_MIN : INT64_MAX;
            return STATUS_TOO_LARGE;
        }
    }
    *value = negative ? sum : -sum;
    return STATUS_OK;
}

/* The length of the sequence that lead begins, and the range its second byte must lie in
 * (RFC 3629 section 4); 0 for a byte that begins none. */
static size_t utf8_sequence(unsigned char lead, unsigned char *second_min,
                            unsigned char *second_max)
{
    *second_min = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    *second_max = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF)
        return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

bool text_is_utf8(struct text whole)
{
    size_t i = 0;
    while (i < whole.length) {
        unsigned char second_min;
        unsigned char second_max;
        size_t length = utf8_sequence((unsigned char)whole.at[i], &second_min, &second_max);
        if (length == 0 || length > whole.length - i)
            return false;
        for (size_t k = 1; k < length; k++) {
            unsigned char byte = (unsigned char)whole.at[i + k];
            if (k == 1 ? byte < second_min || byte > second_max : (byte & 0xC0) != 0x80)
                return false;
        }
        i += length;
    }
    return true;
}

/* Of well-formed UTF-8: the character that begins there, and how many bytes it takes. */
static unsigned character_at(struct text whole, size_t at, size_t *length)
{
    unsigned char second_min, second_max, first = (unsigned char)whole.at[at];
    *length = utf8_sequence(first, &second_min, &second_max);
    unsigned character = *length == 1 ? first : first & (0xFFU >> (*length + 1));
    for (size_t k = 1; k < *length; k++)
        character = character << 6 | ((unsigned char)whole.at[at + k] & 0x3FU);
    return character;
}

static bool is_hidden(unsigned character)
{
    static const struct {
        unsigned first, last;
    } hidden[] = {{0, 0x1F},        {0x7F, 0x9F},     {0x61C, 0x61C},   {0x200B, 0x200B},
                  {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x2069}, {0xFEFF, 0xFEFF}};
    for (size_t i = 0; i < LENGTH_OF(hidden); i++)
        if (character >= hidden[i].first && character <= hidden[i].last)
            return true;
    return false;
}

bool text_is_plain(struct text whole)
{
    if (!text_is_utf8(whole))
        return false;
    for (size_t i = 0, length; i < whole.length; i += length)
        if (is_hidden(character_at(whole, i, &length)))
            return false;
    return true;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned text_distance(struct text a, struct text b)
{
    enum { LONGEST = 64 };
    if (a.length > LONGEST || b.length > LONGEST)
        return LONGEST;
    unsigned row[LONGEST + 1];
    for (size_t j = 0; j <= b.length; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a.length; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.length; j++) {
            unsigned replaced = diagonal + (lower(a.at[i - 1]) != lower(b.at[j - 1]));
            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.length];
}

bool text_is_slip(unsigned edits, struct text known)
{
    return edits < known.length && (edits <= 1 || edits <= known.length / 3);
}
