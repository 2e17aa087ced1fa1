/* admin_socket: the address of PATH.sock. */
#pragma once

#include "base/reason.h"

#include <sys/socket.h>
#include <sys/un.h>

struct admin_address {
    struct sockaddr_un socket;
    int folder; /* -1, or open as long as the address is used */
};

/* Derived from the one name of the ledger (path_resolve). A path longer than a socket's may be (107 bytes) is reached through its open folder. */
enum status admin_address_open(struct text ledger_path, struct admin_address *address,
                               struct reason *reason);
void admin_address_close(struct admin_address *address); /* for CLEANUP */
