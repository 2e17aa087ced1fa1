#include "http/syntax.h"

#include "base/network.h"

#include <endian.h>
#include <sys/socket.h>

/* One letter a byte: 't' tchar, 'r' of a reg-name, 'b' both, '.' neither; NUL past ASCII. */
static const char classes[256] = "................" /* control bytes */
                                 "................" /* control bytes */
                                 ".b.tbtbbrrbbrbb." /* SP to / */
                                 "bbbbbbbbbb.r.r.." /* 0 to ? */
                                 ".bbbbbbbbbbbbbbb" /* @ to O */
                                 "bbbbbbbbbbb...tb" /* P to _ */
                                 "tbbbbbbbbbbbbbbb" /* ` to o */
                                 "bbbbbbbbbbb.t.b." /* p to DEL */;

static inline bool is_reg_name_byte(unsigned char byte)
{
    return classes[byte] == 'b' || classes[byte] == 'r';
}

static inline bool is_token_byte(unsigned char byte)
{
    return classes[byte] == 'b' || classes[byte] == 't';
}

bool syntax_is_token_byte(unsigned char byte)
{
    return is_token_byte(byte);
}

static inline bool is_line_byte(unsigned char byte)
{
    return (byte >= ' ' && byte != 0x7F) || byte == '\t';
}

bool syntax_is_line_byte(unsigned char byte)
{
    return is_line_byte(byte);
}

bool syntax_is_token(struct text whole)
{
    for (size_t i = 0; i < whole.length; i++)
        if (!is_token_byte((unsigned char)whole.at[i]))
            return false;
    return whole.length > 0;
}

/* Eight bytes looked at together, the first one the lowest: which of them are so, as a mark in the highest
 * bit of each. The lowest mark is exact, those above it may be one too many: a borrow carries on.
 * https://graphics.stanford.edu/~seander/bithacks.html, "Determine if a word has a byte less than n" and
 * "has a zero byte". */
#define EVERY_BYTE UINT64_C(0x0101010101010101)

static inline uint64_t eight_bytes(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return le64toh(word);
}

static inline uint64_t marks_less(uint64_t word, unsigned char byte)
{
    return (word - EVERY_BYTE * byte) & ~word & EVERY_BYTE * 0x80;
}

static inline uint64_t marks_of(uint64_t word, unsigned char byte)
{
    return marks_less(word ^ EVERY_BYTE * byte, 1);
}

/* The first of eight bytes that is a control byte; 8: none. HTAB is one here. */
static inline size_t control_find(uint64_t word)
{
    uint64_t marks = marks_less(word, ' ') | marks_of(word, 0x7F);
    return marks ? (size_t)__builtin_ctzll(marks) / 8 : sizeof(word);
}

size_t syntax_line_end(struct text bytes, size_t start)
{
    size_t at = start;
    while (at + sizeof(uint64_t) <= bytes.length) {
        size_t passed = control_find(eight_bytes(bytes.at + at));
        at += passed;
        if (passed == sizeof(uint64_t))
            continue;
        if (bytes.at[at] != '\t')
            return at;
        at++;
    }
    while (at < bytes.length && is_line_byte((unsigned char)bytes.at[at]))
        at++;
    return at;
}

bool syntax_is_target(struct text whole)
{
    size_t at = 0;
    for (; at + sizeof(uint64_t) <= whole.length; at += sizeof(uint64_t)) {
        uint64_t word = eight_bytes(whole.at + at);
        if (marks_less(word, '!') | marks_of(word, 0x7F) | marks_of(word, '#') |
            (word & EVERY_BYTE * 0x80))
            return false;
    }
    for (; at < whole.length; at++)
        if (whole.at[at] <= ' ' || whole.at[at] > '~' || whole.at[at] == '#')
            return false;
    return whole.length > 0;
}

static bool is_reg_name(struct text name)
{
    for (size_t i = 0; i < name.length; i++) {
        unsigned char byte = (unsigned char)name.at[i];
        if (is_reg_name_byte(byte))
            continue;
        if (byte != '%' || name.length - i < 3 || text_hexadecimal(name.at[i + 1]) < 0 ||
            text_hexadecimal(name.at[i + 2]) < 0)
            return false;
        i += 2;
    }
    return true;
}

/* "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ), RFC 3986 section 3.2.2. */
static bool is_ip_future(struct text literal)
{
    size_t dot = text_find(literal, '.');
    if (dot < 2 || literal.length - dot < 2 || (literal.at[0] | 0x20) != 'v')
        return false;
    for (size_t i = 1; i < dot; i++)
        if (text_hexadecimal(literal.at[i]) < 0)
            return false;
    for (size_t i = dot + 1; i < literal.length; i++)
        if (literal.at[i] != ':' && !is_reg_name_byte((unsigned char)literal.at[i]))
            return false;
    return true;
}

static bool is_ip_literal(struct text literal)
{
    struct network address;
    if (network_read_address(literal, &address) == STATUS_OK)
        return address.family == AF_INET6;
    return is_ip_future(literal);
}

static bool is_port(struct text digits)
{
    int64_t port = 0;
    return digits.length == 0 ||
           (text_is_digits(digits) && text_read_integer(digits, &port) == STATUS_OK &&
            port <= 65535);
}

bool syntax_is_authority(struct text whole)
{
    size_t host_end = text_find(whole, ':');
    if (whole.length > 0 && whole.at[0] == '[') {
        size_t bracket = text_find(whole, ']');
        if (bracket == whole.length || !is_ip_literal(text_slice(whole, 1, bracket)))
            return false;
        host_end = bracket + 1;
    } else if (!is_reg_name(text_slice(whole, 0, host_end))) {
        return false;
    }
    if (host_end == whole.length)
        return true;
    return whole.at[host_end] == ':' && is_port(text_slice(whole, host_end + 1, whole.length));
}
