/* address: socket addresses as written and as bound, and how many connections each peer has. */
#pragma once

#include "base/reason.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* "[" + IPv6 + "]:" + port + NUL. */
#define ADDRESS_TEXT_BYTES (INET6_ADDRSTRLEN + 10)

/* "127.0.0.1:8080" or "[::1]:8080"; *length is the sockaddr's. */
enum status address_read(struct text written, struct sockaddr_storage *address,
                         socklen_t *length, struct reason *reason);

/* As address_read reads it; room has ADDRESS_TEXT_BYTES. */
struct text address_write(const struct sockaddr_storage *address, char *room);

/* The host alone; IPv4 mapped into IPv6 as IPv4. */
struct text address_write_host(const struct sockaddr_storage *address, char *room);

/* Opens one listening socket a thread, all on one port. The first bind is made without
 * SO_REUSEPORT, so that another program's port is never shared: STATUS_BUSY. *address becomes
 * the one bound, with the port that was picked for port 0. */
enum status address_listen(struct sockaddr_storage *address, socklen_t length, int *sockets,
                           size_t count, struct reason *reason);

/* Whose connections are counted together: an IPv4 address, or an IPv6 network of 64 bits, since
 * one customer holds all of those. */
struct peer {
    uint8_t bytes[16];
};
struct peer peer_of(const struct sockaddr_storage *address);

/* Connections a peer, all loops together. Shared: its own lock. */
struct peer_counts;
struct peer_counts *peer_counts_open(unsigned connections_max);
void peer_counts_close(struct peer_counts *counts);

/* False, and nothing counted, when the peer has per_peer_max already. */
bool peer_counts_add(struct peer_counts *counts, struct peer peer, unsigned per_peer_max);
void peer_counts_remove(struct peer_counts *counts, struct peer peer);
