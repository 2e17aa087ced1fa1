/* folder: the place where a file is to lie. */
#pragma once

#include "base/reason.h"

/* Makes the last folder of a file's path (mode 0700) unless it is there. STATUS_TOO_LARGE: the path
 * is over PATH_BYTES_MAX. STATUS_IO: it cannot be made. Blocks. */
enum status folder_make_for(struct text path, struct reason *reason);
