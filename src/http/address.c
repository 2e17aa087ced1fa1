#include "http/address.h"

#include "base/network.h"
#include "http/bounds.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

static enum status malformed(struct text written, struct reason *reason)
{
    return reason_set(reason, STATUS_INVALID,
                      "'%.*s' is no address to listen on; write one like 127.0.0.1:8080 or "
                      "[::1]:8080",
                      TEXT_PRINT(written));
}

enum status address_read(struct text written, struct sockaddr_storage *address,
                         socklen_t *length, struct reason *reason)
{
    struct network host;
    uint16_t port;
    if (network_read_endpoint(written, &host, &port) != STATUS_OK)
        return malformed(written, reason);
    struct sockaddr_storage read = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&read;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&read;
    if (host.family == AF_INET6) {
        *six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
        memcpy(&six->sin6_addr, host.bytes, sizeof(six->sin6_addr));
    } else {
        *four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        memcpy(&four->sin_addr, host.bytes, sizeof(four->sin_addr));
    }
    *address = read;
    *length = host.family == AF_INET6 ? sizeof(*six) : sizeof(*four);
    return STATUS_OK;
}

static const struct in6_addr *six_of(const struct sockaddr_storage *address)
{
    return &((const struct sockaddr_in6 *)address)->sin6_addr;
}

struct text address_write_host(const struct sockaddr_storage *address, char *room)
{
    bool six = address->ss_family == AF_INET6;
    const void *binary = six ? (const void *)six_of(address)
                             : (const void *)&((const struct sockaddr_in *)address)->sin_addr;
    int family = six ? AF_INET6 : AF_INET;
    if (six && IN6_IS_ADDR_V4MAPPED(six_of(address))) {
        binary = six_of(address)->s6_addr + 12;
        family = AF_INET;
    }
    if (!inet_ntop(family, binary, room, ADDRESS_TEXT_BYTES))
        return TEXT("unknown");
    return text_of(room);
}

struct text address_write(const struct sockaddr_storage *address, char *room)
{
    bool six = address->ss_family == AF_INET6;
    in_port_t port = six ? ((const struct sockaddr_in6 *)address)->sin6_port
                         : ((const struct sockaddr_in *)address)->sin_port;
    char host[ADDRESS_TEXT_BYTES];
    struct text written = address_write_host(address, host);
    bool bracketed = text_find(written, ':') < written.length;
    int length = snprintf(room, ADDRESS_TEXT_BYTES, "%s%.*s%s:%u", bracketed ? "[" : "",
                          TEXT_PRINT(written), bracketed ? "]" : "", (unsigned)ntohs(port));
    check(length > 0 && length < ADDRESS_TEXT_BYTES);
    return (struct text){room, (size_t)length};
}

static bool option_set(int descriptor, int level, int option)
{
    int on = 1;
    return setsockopt(descriptor, level, option, &on, sizeof(on)) == 0;
}

static enum status fault(const struct sockaddr_storage *address, const char *verb, int error,
                         struct reason *reason)
{
    char room[ADDRESS_TEXT_BYTES];
    struct text written = address_write(address, room);
    if (error == EADDRINUSE)
        return reason_set(reason, STATUS_BUSY,
                          "cannot listen on %.*s: the address is in use by another program; "
                          "stop that one or choose another port",
                          TEXT_PRINT(written));
    return reason_set(reason, STATUS_IO, "cannot %s %.*s: %s", verb, TEXT_PRINT(written),
                      strerror(error));
}

/* SO_REUSEADDR lets a restart pass over connections in TIME_WAIT; two listeners still collide.
 * SO_REUSEPORT comes after the first bind: the kernel looks at both sockets' present options
 * when the later ones bind. TCP_NODELAY is inherited by what is accepted. */
static enum status socket_open(struct sockaddr_storage *address, socklen_t length, bool first,
                               int *opened, struct reason *reason)
{
    int descriptor = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                            IPPROTO_TCP);
    if (descriptor < 0)
        return fault(address, "open a socket for", errno, reason);
    const char *verb = "prepare";
    bool ok = option_set(descriptor, SOL_SOCKET, SO_REUSEADDR) &&
              option_set(descriptor, IPPROTO_TCP, TCP_NODELAY) &&
              (first || option_set(descriptor, SOL_SOCKET, SO_REUSEPORT));
    if (ok) {
        verb = "listen on";
        ok = bind(descriptor, (struct sockaddr *)address, length) == 0 &&
             (!first || option_set(descriptor, SOL_SOCKET, SO_REUSEPORT)) &&
             listen(descriptor, HTTP_BACKLOG) == 0 &&
             getsockname(descriptor, (struct sockaddr *)address, &length) == 0;
    }
    if (!ok) {
        enum status status = fault(address, verb, errno, reason);
        close(descriptor);
        return status;
    }
    *opened = descriptor;
    return STATUS_OK;
}

enum status address_listen(struct sockaddr_storage *address, socklen_t length, int *sockets,
                           size_t count, struct reason *reason)
{
    for (size_t i = 0; i < count; i++) {
        enum status status = socket_open(address, length, i == 0, &sockets[i], reason);
        if (status == STATUS_OK)
            continue;
        while (i-- > 0)
            close(sockets[i]);
        return status;
    }
    return STATUS_OK;
}
