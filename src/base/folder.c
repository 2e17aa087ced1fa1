#include "base/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static enum status refuse_long(struct reason *reason)
{
    return reason_set(reason, STATUS_TOO_LARGE, "a path is over %d bytes long; shorten it",
                      PATH_BYTES_MAX);
}

enum status folder_make_for(struct text path, struct reason *reason)
{
    size_t end = path.length;
    while (end > 0 && path.at[end - 1] != '/')
        end--;
    if (end <= 1)
        return STATUS_OK;
    char folder[PATH_BYTES_MAX];
    if (end > sizeof(folder))
        return refuse_long(reason);
    memcpy(folder, path.at, end - 1);
    folder[end - 1] = '\0';
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return reason_set(reason, STATUS_IO, "cannot make the folder %s: %s", folder,
                          strerror(errno));
    return STATUS_OK;
}

/* Of a file that is not there: the name of its folder, and its own after it. */
static enum status name_in_folder(char *path, char resolved[PATH_BYTES_MAX],
                                  struct reason *reason)
{
    char room[PATH_BYTES_MAX];
    char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (slash)
        *slash = '\0';
    const char *folder = !slash ? "." : path[0] == '\0' ? "/" : path;
    if (!realpath(folder, room))
        return reason_set(reason, STATUS_IO, "cannot find the folder %s: %s", folder,
                          strerror(errno));
    bool is_root = room[1] == '\0';
    int length = snprintf(resolved, PATH_BYTES_MAX, "%s/%s", is_root ? "" : room, name);
    return length < PATH_BYTES_MAX ? STATUS_OK : refuse_long(reason);
}

enum status path_resolve(struct text path, char resolved[PATH_BYTES_MAX], struct reason *reason)
{
    char written[PATH_BYTES_MAX];
    char room[PATH_BYTES_MAX];
    struct stat kept;
    if (path.length == 0)
        return reason_set(reason, STATUS_INVALID, "a path is empty; write the name of a file");
    if (path.length >= sizeof(written))
        return refuse_long(reason);
    memcpy(written, path.at, path.length);
    written[path.length] = '\0';
    if (realpath(written, room)) {
        memcpy(resolved, room, sizeof(room));
        return STATUS_OK;
    }
    if (errno != ENOENT)
        return reason_set(reason, STATUS_IO, "cannot find %s: %s", written, strerror(errno));
    if (lstat(written, &kept) == 0 && S_ISLNK(kept.st_mode)) /* else it has come meanwhile */
        return reason_set(reason, STATUS_IO,
                          "%s is a link that leads nowhere: remove it, or make what it names",
                          written);
    return name_in_folder(written, resolved, reason);
}
