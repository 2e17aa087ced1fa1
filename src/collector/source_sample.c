/* sample: made-up lists, clearly marked, where there is no capture.
 *
 * They are made where they are served and are stored nowhere (catalog/sample.h): nothing is asked,
 * nothing can fail, and no list is ever due. */
#include "collector/source_answer.h"

static enum status accepts(const struct source_options *options, struct reason *reason)
{
    (void)options;
    (void)reason;
    return STATUS_OK;
}

const struct source source_sample = {
    .name = "sample",
    .preference = 5,
    .accepts = accepts,
    .gives = source_gives_none,
};
