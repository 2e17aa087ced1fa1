#include "base/network.h"

#include <arpa/inet.h>

static unsigned bits_of(int family)
{
    return family == AF_INET ? 32 : 128;
}

enum status network_read_address(struct text written, struct network *address)
{
    char string[INET6_ADDRSTRLEN]; /* inet_pton wants a C string */
    if (written.length == 0 || written.length >= sizeof(string) ||
        text_find(written, '\0') < written.length)
        return STATUS_INVALID;
    memcpy(string, written.at, written.length);
    string[written.length] = '\0';
    struct network read = {0};
    read.family = text_find(written, ':') < written.length ? AF_INET6 : AF_INET;
    read.bits = bits_of(read.family);
    if (inet_pton(read.family, string, read.bytes) != 1)
        return STATUS_INVALID;
    *address = read;
    return STATUS_OK;
}

/* Digits alone, no more than the largest needs. */
static enum status number_read(struct text digits, int64_t most, int64_t *number)
{
    if (digits.length > 5 || !text_is_digits(digits))
        return STATUS_INVALID;
    TRY(text_read_integer(digits, number));
    return *number <= most ? STATUS_OK : STATUS_INVALID;
}

enum status network_read(struct text written, struct network *network)
{
    struct text digits = written;
    struct text host = text_cut(&digits, '/');
    struct network read;
    TRY(network_read_address(host, &read));
    int64_t bits = read.bits;
    if (digits.at)
        TRY(number_read(digits, read.bits, &bits));
    read.bits = (unsigned)bits;
    *network = read;
    return STATUS_OK;
}

enum status network_read_port(struct text written, uint16_t *port)
{
    int64_t number;
    TRY(number_read(written, UINT16_MAX, &number));
    *port = (uint16_t)number;
    return STATUS_OK;
}

enum status network_read_endpoint(struct text written, struct network *address, uint16_t *port)
{
    bool bracketed = text_starts_with(written, TEXT("["));
    size_t end = text_find(written, bracketed ? ']' : ':');
    size_t colon = end + bracketed;
    struct network read;
    if (colon >= written.length || written.at[colon] != ':')
        return STATUS_INVALID;
    TRY(network_read_address(text_slice(written, bracketed, end), &read));
    if (bracketed != (read.family == AF_INET6))
        return STATUS_INVALID;
    TRY(network_read_port(text_slice(written, colon + 1, written.length), port));
    *address = read;
    return STATUS_OK;
}

bool network_holds(const struct network *network, const struct network *address)
{
    if (network->family != address->family)
        return false;
    unsigned whole = network->bits / 8;
    unsigned rest = network->bits % 8;
    if (memcmp(network->bytes, address->bytes, whole) != 0)
        return false;
    unsigned mask = 0xFF00u >> rest & 0xFFu;
    return rest == 0 || ((network->bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}
