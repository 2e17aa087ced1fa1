/* folder: the place where a file is to lie, and the one name it has there. */
#pragma once

#include "base/limits.h"
#include "base/reason.h"

/* Makes the last folder of a file's path (mode 0700) unless it is there. STATUS_TOO_LARGE: the path
 * is over PATH_BYTES_MAX. STATUS_IO: it cannot be made. Blocks. */
enum status folder_make_for(struct text path, struct reason *reason);

/* The one name of a file, however it was written: absolute, every symbolic link followed, also
 * when the file is not there yet. Files that lie beside one another are named from it, so that
 * two names of one file cannot lead to two sets of companions. STATUS_IO: its folder is not
 * there, or it is a link that leads nowhere. Blocks. */
enum status path_resolve(struct text path, char resolved[PATH_BYTES_MAX],
                         struct reason *reason);
