/* collecting: the collector as the settings want it; for serve and `trendgate collect` alike. */
#pragma once

#include "collector/collector.h"
#include "settings/settings.h"

struct collecting {
    struct arena memory; /* of the sources' headers and tokens */
    struct collector_source sources[COLLECTOR_SOURCES_MAX];
    size_t source_count; /* those that are enabled */
    bool is_collected[LIST_COUNT];
};

/* What the command line narrows; NULL: nothing. */
struct collecting_choice {
    const char *source;    /* this one alone */
    const char *countries; /* instead of [collect] countries */
    const char *periods;
    bool is_demo; /* the sample is on, whatever the settings say */
};

/* Reads the files that the settings name. STATUS_MISSING: no source is called that, or is on.
 * STATUS_INVALID: a setting, or a file, is not what it should be. */
enum status collecting_init(const struct settings *settings,
                            const struct collecting_choice *choice,
                            struct collecting *collecting, struct reason *reason);
void collecting_finish(struct collecting *collecting);
