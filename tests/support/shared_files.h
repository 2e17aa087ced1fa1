/* shared_files: the reference tables and captures that lie beside a checkout, for tests that
 * compare with them and pass, aloud, where they are absent. */
#pragma once

#include "base/text.h"

/* The bytes of a file under the folder that the environment's TRENDGATE_SHARED names, else under
 * ../shared of the source tree. The caller frees bytes->at. False, with a line on standard error
 * that says what is not tested, when there is no such file. */
bool shared_file_read(const char *path, struct text *bytes);
