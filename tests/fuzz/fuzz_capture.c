/* fuzz_capture: no bytes crash the reading of captures, and whatever is accepted is valid and
 * survives being written and read again. See replay.c for how to run it. */
#include "catalog/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* The name settles what the bytes leave open, so that more of them get through. */
static const struct capture_options options = {
    .file_name = TEXT_INITIAL("US-7d-2025-10-01.json")};

static void check_reads_back(const struct capture *capture, enum capture_format format)
{
    char *written = NULL;
    size_t length = 0;
    struct capture_writer writer;
    struct capture again;
    struct arena arena;
    FILE *file = open_memstream(&written, &length);
    check(file);
    check(capture_write_open(&writer, file, format) == STATUS_OK);
    for (size_t i = 0; i < capture->ranking_count; i++)
        check(capture_write(&writer, &capture->rankings[i]) == STATUS_OK);
    check(capture_write_close(&writer) == STATUS_OK);
    check(fclose(file) == 0);
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    check(capture_read((struct text){written, length}, &options, &arena, &again, NULL) ==
          STATUS_OK);
    check(again.ranking_count == capture->ranking_count);
    for (size_t i = 0; i < again.ranking_count; i++)
        check(again.rankings[i].hashtag_count == capture->rankings[i].hashtag_count);
    arena_finish(&arena);
    free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct capture capture;
    struct arena arena;
    struct reason reason = {0};
    struct text read = {(const char *)bytes, length};
    arena_init(&arena, CAPTURE_ARENA_BYTES_MAX);
    if (capture_read(read, &options, &arena, &capture, &reason) == STATUS_OK) {
        for (size_t i = 0; i < capture.ranking_count; i++)
            check(ranking_check(&capture.rankings[i], NULL) == STATUS_OK);
        check_reads_back(&capture, CAPTURE_JSON);
        check_reads_back(&capture, CAPTURE_NDJSON);
        check_reads_back(&capture, CAPTURE_CSV);
    } else {
        check(reason.sentence[0] != '\0');
    }
    arena_finish(&arena);
    return 0;
}
