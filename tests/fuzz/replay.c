/* replay: runs a fuzz target over files, so that every seed and every find is a test under any
 * compiler. Where the compiler is clang, meson builds the targets for searching too:
 *
 *   build/NAME/tests/fuzz/fuzz_capture -max_total_time=60 FINDS_FOLDER tests/fuzz/seeds/capture
 */
#include "base/status.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

enum { SEED_BYTES_MAX = 1024 * 1024 };

int main(int argument_count, char **arguments)
{
    for (int i = 1; i < argument_count; i++) {
        FILE *file = fopen(arguments[i], "rb");
        check(file);
        uint8_t *room = memory_take(SEED_BYTES_MAX);
        size_t length = fread(room, 1, SEED_BYTES_MAX, file);
        check(length < SEED_BYTES_MAX && !ferror(file));
        check(fclose(file) == 0);
        uint8_t *bytes = memory_take(length + 1); /* of the very size: a read past it is seen */
        memcpy(bytes, room, length);
        free(room);
        (void)LLVMFuzzerTestOneInput(bytes, length);
        free(bytes);
    }
    (void)printf("%d files\n", argument_count - 1);
    return argument_count > 1 ? 0 : 1;
}
