#include "call/client_address.h"

#include <arpa/inet.h>

struct network {
    int family;
    uint8_t bytes[16];
    unsigned bits;
};

static enum status address_read(struct text written, struct network *network)
{
    char string[INET6_ADDRSTRLEN];
    if (written.length >= sizeof(string))
        return STATUS_INVALID;
    memcpy(string, written.at, written.length);
    string[written.length] = 0;
    network->family = text_find(written, ':') < written.length ? AF_INET6 : AF_INET;
    network->bits = network->family == AF_INET ? 32 : 128;
    return inet_pton(network->family, string, network->bytes) == 1 ? STATUS_OK : STATUS_INVALID;
}

static enum status network_read(struct text written, struct network *network)
{
    struct text bits = written;
    struct text address = text_cut(&bits, '/');
    TRY(address_read(address, network));
    if (!bits.at)
        return STATUS_OK;
    int64_t count;
    TRY(text_read_integer(bits, &count));
    if (count < 0 || count > network->bits)
        return STATUS_INVALID;
    network->bits = (unsigned)count;
    return STATUS_OK;
}

static bool network_holds(const struct network *network, const struct network *address)
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

static bool is_trusted(struct text written, struct text trusted)
{
    struct network address;
    if (address_read(written, &address) != STATUS_OK)
        return false;
    while (trusted.at) {
        struct network network;
        struct text entry = text_trim(text_cut(&trusted, ','));
        if (network_read(entry, &network) == STATUS_OK && network_holds(&network, &address))
            return true;
    }
    return false;
}

struct text client_address(const struct http_request *request, struct text trusted)
{
    struct text client = request->peer_address;
    if (trusted.length == 0)
        return client;
    struct text chain = http_request_field(request, TEXT("X-Forwarded-For"));
    while (chain.length > 0 && is_trusted(client, trusted)) {
        size_t start = chain.length;
        while (start > 0 && chain.at[start - 1] != ',')
            start--;
        struct text last = text_trim(text_slice(chain, start, chain.length));
        struct network network;
        if (address_read(last, &network) != STATUS_OK)
            break;
        client = last;
        chain = text_slice(chain, 0, start > 0 ? start - 1 : 0);
    }
    return client;
}
