#include "base/folder.h"

#include <errno.h>
#include <sys/stat.h>

enum status folder_make_for(struct text path, struct reason *reason)
{
    size_t end = path.length;
    while (end > 0 && path.at[end - 1] != '/')
        end--;
    if (end <= 1)
        return STATUS_OK;
    char folder[PATH_BYTES_MAX];
    if (end > sizeof(folder))
        return reason_set(reason, STATUS_TOO_LARGE, "a path is over %d bytes long; shorten it",
                          PATH_BYTES_MAX);
    memcpy(folder, path.at, end - 1);
    folder[end - 1] = '\0';
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return reason_set(reason, STATUS_IO, "cannot make the folder %s: %s", folder,
                          strerror(errno));
    return STATUS_OK;
}
