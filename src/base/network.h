/* network: IPv4 and IPv6 addresses and networks as people write them.
 *
 * Pure values; any thread. */
#pragma once

#include "base/text.h"

struct network {
    int family; /* AF_INET or AF_INET6 */
    uint8_t bytes[16];
    unsigned bits; /* of the prefix; 32 or 128 for a single address */
};

/* STATUS_INVALID: "127.0.0.1" and "::1" are addresses; names, brackets and zones are none. */
enum status network_read_address(struct text written, struct network *address);

/* An address, with or without a /PREFIX: "10.0.0.0/8". */
enum status network_read(struct text written, struct network *network);

/* 0 to 65535, in at most five digits. */
enum status network_read_port(struct text written, uint16_t *port);

/* "127.0.0.1:8080" or "[::1]:8080" with a port. */
enum status network_read_endpoint(struct text written, struct network *address, uint16_t *port);

bool network_holds(const struct network *network, const struct network *address);
