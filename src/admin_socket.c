#include "admin_socket.h"

#include "base/limits.h"

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
    *address = (struct admin_address){.socket = {.sun_family = AF_UNIX}, .folder = -1};
    char *room = address->socket.sun_path;
    size_t room_bytes = sizeof(address->socket.sun_path);
    if (ledger_path.length + sizeof(".sock") <= room_bytes) {
        (void)snprintf(room, room_bytes, "%.*s.sock", TEXT_PRINT(ledger_path));
        return STATUS_OK;
    }
    char path[PATH_BYTES_MAX];
    if (ledger_path.length >= sizeof(path))
        return reason_set(reason, STATUS_TOO_LARGE, "the path of the database has %zu bytes",
                          ledger_path.length);
    memcpy(path, ledger_path.at, ledger_path.length);
    path[ledger_path.length] = '\0';
    char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (slash)
        *slash = '\0';
    TRY(folder_open(!slash ? "." : path[0] == '\0' ? "/" : path, &address->folder, reason));
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
