#include "support/shared_files.h"

#include <stdio.h>

bool shared_file_read(const char *path, struct text *bytes)
{
    const char *folder = getenv("TRENDGATE_SHARED");
    char *name = NULL;
    check(asprintf(&name, "%s/%s", folder ? folder : TRENDGATE_SOURCE_ROOT "/../shared", path) >
          0);
    FILE *file = fopen(name, "rb");
    if (!file) {
        (void)fprintf(stderr, "SKIPPED: %s is absent: set TRENDGATE_SHARED to its folder\n",
                      name);
        free(name);
        return false;
    }
    free(name);
    enum { BYTES_MAX = 1024 * 1024 };
    char *read = memory_take(BYTES_MAX);
    size_t length = fread(read, 1, BYTES_MAX, file);
    check(length < BYTES_MAX && !ferror(file));
    (void)fclose(file);
    *bytes = (struct text){read, length};
    return true;
}
