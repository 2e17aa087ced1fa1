#include "call/client_address.h"

#include "base/network.h"

static bool is_trusted(struct text written, struct text trusted)
{
    struct network address;
    if (network_read_address(written, &address) != STATUS_OK)
        return false;
    while (trusted.at) {
        struct network network;
        struct text entry = text_trim(text_cut(&trusted, ','));
        if (network_read(entry, &network) == STATUS_OK && network_holds(&network, &address))
            return true;
    }
    return false;
}

/* What is left of X-Forwarded-For, read from its end. */
struct chain {
    const struct http_field *fields;
    size_t fields_left;
    struct text line;
};

/* Cuts the last address off the chain; false at its beginning. Several lines are one list in the
 * order of the lines (RFC 9110 section 5.3): a proxy may add its own below what a client made up. */
static bool chain_take_last(struct chain *chain, struct text *last)
{
    while (chain->line.length == 0) {
        if (chain->fields_left == 0)
            return false;
        const struct http_field *field = &chain->fields[--chain->fields_left];
        if (text_equals_ignoring_case(field->name, TEXT("X-Forwarded-For")))
            chain->line = field->value;
    }
    size_t start = chain->line.length;
    while (start > 0 && chain->line.at[start - 1] != ',')
        start--;
    *last = text_trim(text_slice(chain->line, start, chain->line.length));
    chain->line = text_slice(chain->line, 0, start > 0 ? start - 1 : 0);
    return true;
}

struct text client_address(const struct http_request *request, struct text trusted)
{
    struct text client = request->peer_address;
    if (trusted.length == 0)
        return client;
    struct chain chain = {request->fields, request->field_count, {0}};
    struct text last;
    struct network network;
    while (is_trusted(client, trusted) && chain_take_last(&chain, &last)) {
        if (network_read_address(last, &network) != STATUS_OK)
            break;
        client = last;
    }
    return client;
}
