#include "admin_socket.h"

#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static enum status folder_open(const char *folder, int *opened, struct reason *reason)
{
    int descriptor = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return reason_set(reason, STATUS_IO, "cannot open the folder %s: %s", folder,
                          strerror(errno));
    *opened = descriptor;
    return STATUS_OK;
}

enum status admin_address_open(struct text ledger_path, struct admin_address *address,
                               struct reason *reason)
{
    char path[PATH_BYTES_MAX];
    TRY(path_resolve(ledger_path, path, reason));
    *address = (struct admin_address){.socket = {.sun_family = AF_UNIX}, .folder = -1};
    char *room = address->socket.sun_path;
    size_t room_bytes = sizeof(address->socket.sun_path);
    if (strlen(path) + sizeof(".sock") <= room_bytes) {
        (void)snprintf(room, room_bytes, "%.*s.sock", (int)(room_bytes - sizeof(".sock")),
                       path);
        return STATUS_OK;
    }
    char *slash = strrchr(path, '/');
    check(slash);
    const char *name = slash + 1;
    *slash = '\0';
    TRY(folder_open(path[0] == '\0' ? "/" : path, &address->folder, reason));
    int length = snprintf(room, room_bytes, "/proc/self/fd/%d/%s.sock", address->folder, name);
    if (length < (int)room_bytes)
        return STATUS_OK;
    admin_address_close(address);
    return reason_set(reason, STATUS_TOO_LARGE,
                      "%s is too long a name for a database: shorten it to 80 bytes", name);
}

void admin_address_close(struct admin_address *address)
{
    if (address->folder >= 0)
        check(close(address->folder) == 0);
    address->folder = -1;
}
